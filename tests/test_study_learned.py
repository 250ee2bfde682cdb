"""Studies whose coverage is learned: registers, tables of deaths, audits, what no source sees."""

import datetime
import json
import shutil

import jsonschema
import numpy as np
import pytest

from estimation.cli import main
from estimation.notes import contraction, notes
from estimation.study.read import parse_study, read_study
from estimation.summaries.agreement import Division
from estimation.summaries.cell_rows import cell_rows, scalar_draws
from models import Baseline, Excess, Register
from models.triangle import Triangle
from tests.late_by_hand import late_losses, sample_late_by_hand
from tests.learned_study import AUDITS, BEYOND, DRIFT, EVERYTHING, NAMES, REGISTER, write_files
from tests.test_command_line import _schema

DAY = datetime.date
ROWS = REGISTER[REGISTER.index("estimates") : REGISTER.index("row_error")]


@pytest.fixture
def place(tmp_path):
    """Return a folder with the tables of the study."""
    write_files(tmp_path)
    return tmp_path


@pytest.fixture
def by_hand(monkeypatch):
    """Draw without a sampler, and no figures."""
    for module in ("estimation.fit.nuts", "estimation.sensitivity.posteriors"):
        monkeypatch.setattr(f"{module}.sample_graph", sample_late_by_hand)
    monkeypatch.setattr("estimation.study.figures.missing_plotting", lambda: "not drawn")
    monkeypatch.setattr("estimation.study.sensitivity_write.missing_plotting", lambda: "not drawn",
                        raising=False)  # fmt: skip


def test_every_kind_of_evidence_is_read(place):
    study = parse_study(EVERYTHING, "s.toml", place)
    model = study.model
    register, table, audits = (model.evidence[name] for name in ("probate", "civil", "graves"))
    assert model.base_name == "names"
    assert model.base.coverage_drift == 0.3
    assert register.estimates.central == pytest.approx([19000, np.sqrt(15500 * 18500)])
    widths = np.log([20500 / 17500, 18500 / 15500]) / 2
    assert register.estimates.errors == pytest.approx(widths / [1.644854, 1.959964])
    # the last day is written, and the day after it is kept
    assert register.estimates.end == (DAY(2023, 1, 1), DAY(2024, 1, 1))
    assert (register.estimates.correlation, register.row_error) == (0.5, 0.01)
    assert register.share.quantile(0.05) == pytest.approx(0.95)
    assert table.deaths.affected[0].tolist() == [8520, 8520]
    assert table.baseline == Baseline(drift=0.05)
    assert (audits.begin, audits.end, audits.places[0]) == (
        DAY(2022, 1, 1), DAY(2023, 1, 1), "north",
    )  # fmt: skip
    assert model.beyond["militia"].as_of == DAY(2024, 1, 31)
    assert list(study.files) == ["data/names.csv", "data/deaths.csv", "data/disease.csv"]
    assert study.notes == (
        "probate: estimate 2 of 2: no level is stated, read as 95 %",
        "civil: Deaths in disease.csv were taken off both sexes first.",
    )


def test_fields_of_evidence_are_varied_in_scenarios(place):
    more = """
[[scenario]]
name = "fields"
set."probate.bias" = 0.2
set."probate.share" = { kind = "between", low = 0.8, high = 0.9, mass = 0.9 }
set."civil.share.low" = 0.2
set."civil.baseline" = { slope = 0.3 }
set."civil.baseline.noise" = 0.2
set."graves.end" = 2023-06-30
set."militia.high" = 2000
[[scenario]]
name = "whole"
set."probate" = { kind = "register", estimates = [{ low = 1e4, high = 4e4 }] }
set."militia" = { low = 5, high = 6, mass = 0.5 }
"""
    _, fields, whole = (one.model for one in parse_study(EVERYTHING + more, "s", place).scenarios)
    assert (fields.evidence["probate"].bias, fields.beyond["militia"].high) == (0.2, 2000)
    assert fields.evidence["probate"].share.stated == (0.8, 0.9, 0.9)
    assert fields.evidence["civil"].share.stated == (0.2, 0.6, 0.9)
    assert fields.evidence["civil"].baseline == Baseline(slope=0.3, noise=0.2)
    assert fields.evidence["graves"].end == DAY(2023, 7, 1)
    assert whole.evidence["probate"].estimates.central == pytest.approx([2e4])
    assert whole.beyond["militia"].low == 5


def test_shipped_tables_tell_their_source_and_how_they_were_read():
    text = """
[losses]
kind = "walk"
[evidence.names]
kind = "count"
table = { source = "named_by_week" }
coverage = { kind = "between", low = 0.45, high = 0.65, mass = 0.5 }
coverage_drift = 1.0
[evidence.probate]
kind = "register"
table = { source = "probate_by_week", central = "probate_deaths", low = "probate_low", \
high = "probate_high", group = "year", until = 2024-11-24 }
correlation = 1.0
row_error = 0.05
[evidence.civil]
kind = "excess"
table = { source = "deaths_by_age_sex", remove = "hiv_deaths_by_age_sex", \
base = [2015, 2019], first_year = 2022, pandemic = [2020, 2021] }
"""
    study = parse_study(text, "s.toml")
    register, table = study.model.evidence["probate"], study.model.evidence["civil"]
    assert isinstance(register, Register)
    assert isinstance(table, Excess)
    assert register.estimates.central == pytest.approx([19116, 52919, 79567], rel=1e-4)
    assert register.source.startswith("Mediazona and Meduza")
    assert table.source.startswith("Rosstat")
    assert table.deaths.war_years == (2022, 2023)
    assert "probate: the source states no level: read as 95 %" in study.notes
    assert "civil: Deaths in hiv_deaths_by_age_sex.csv were taken off both sexes first." in (
        study.notes
    )
    assert study.files == {}


def test_draws_from_elsewhere_and_tables_of_audits(place):
    spans = "[{ begin = 2022-01-01, end = 2022-12-31 }, { begin = 2023-01-01, end = 2023-12-31 }]"
    text = NAMES + DRIFT + REGISTER.replace(ROWS, f'draws = "data/draws.csv"\nspans = {spans}\n')
    lists = AUDITS[AUDITS.index("found") : AUDITS.index("begin")]
    text += AUDITS.replace(lists, 'table = { source = "data/audits.csv" }\n')
    study = parse_study(text, "s.toml", place)
    estimates, audits = study.model.evidence["probate"].estimates, study.model.evidence["graves"]
    assert estimates.central == pytest.approx([19000, 17000], rel=0.02)
    assert estimates.covariance.shape == (2, 2)
    assert estimates.begin == (DAY(2022, 1, 1), DAY(2023, 1, 1))
    assert (audits.found, audits.checked, audits.places) == ((14, 9), (20, 20), ("north", "south"))
    assert list(study.files) == ["data/names.csv", "data/draws.csv", "data/audits.csv"]


def test_further_models_have_evidence_and_beyond_of_their_own(place):
    section = "[models.learned.losses]\nkind = 'walk'\n"
    own = NAMES[NAMES.index("[evidence") :] + REGISTER + BEYOND
    section += own.replace("[evidence.", "[models.learned.evidence.").replace(
        "[beyond.", "[models.learned.beyond."
    )
    flat = "[losses]\nkind = 'flat'\n[evidence.names]\nkind = 'count'\ncount = 50\n"
    flat += "coverage = { kind = 'uniform', low = 0.4, high = 0.6 }\n"
    study = parse_study(flat + section, "s.toml", place)
    (_, further) = study.scenarios
    assert set(further.model.evidence) == {"names", "probate"}
    assert set(further.model.beyond) == {"militia"}
    assert study.notes[0].startswith("models.learned.evidence.probate: estimate 2 of 2")


def test_check_tells_all_evidence(place, capsys):
    path = place / "s.toml"
    path.write_text(EVERYTHING)
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    for words in (
        "probate (register; a register)", "2022-01-01 to 2022-12-31   19,000      17,291",
        "civil (excess; civil registers)", "years 2015 to 2023: usual 2015-2019, kept apart 2020",
        "war from 2022; ages 20-24, 25-29", "together     43       85",
        "deaths of 2022-01-01 to 2022-12-31", "What no source of the model sees",
        "militia, reason: no list holds them", "share_probate", "bias_graves",
        "Other evidence (probate, civil, graves) is left out",
        "What no source sees (militia) is not in it", "How tables were read",
        "- civil: Deaths in disease.csv were taken off both sexes first.",
        "total_with_beyond = total + beyond_militia",
    ):  # fmt: skip
        assert words in said, words
    assert main(["check", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    names, register, table, audits = found["data"]
    assert (names["kind"], names["periods"]) == ("count", 24)
    assert register["rows"][0]["end"] == "2022-12-31"
    assert register["rows"][1]["low"] == pytest.approx(15500)
    assert (table["ages"], table["first_year"], table["affected"][-1]) == (
        ["20-24", "25-29"], 2022, 24020,
    )  # fmt: skip
    assert audits["rows"][1] == {"place": "south", "found": 9, "checked": 20}
    assert (found["beyond"][0]["mass"], len(found["notes"])) == (0.9, 2)


def test_a_run_reports_what_was_learned_and_repeats(place, capsys, monkeypatch, by_hand):
    path, out, again = place / "s.toml", place / "out", place / "again"
    spans = "[{ begin = 2022-01-01, end = 2022-12-31 }, { begin = 2023-01-01, end = 2023-12-31 }]"
    text = NAMES + DRIFT + REGISTER.replace(ROWS, f'draws = "data/draws.csv"\nspans = {spans}\n')
    claim = f"""
[[published]]
low = {18232 / 0.7:.0f}
high = {18232 / 0.3:.0f}
[[claim]]
statement = "fewer died in the second year"
estimand = "ratio"
period = 2023
over_period = 2022
high = 1.0
accept_maturity = "how complete the list is by period is learned"
"""
    alone = parse_study(NAMES + claim, "s.toml", place)
    assert Division.of(alone.model.stated_division()).gives(alone.published[0])
    path.write_text(text + BEYOND + claim)
    assert main(["run", str(path), "--out", str(out), "--draws", "800"]) == 0
    said = capsys.readouterr().out
    assert "probate (register) moved its 95 % range from 0.266-0.734 to 0." in said
    assert "a belief that nothing here informs, added in total_with_beyond only: militia" in said
    assert "fewer died in the second year" in said
    assert "same assumption" not in said
    found = json.loads((out / "summary.json").read_text())
    jsonschema.validate(found, _schema())
    rows = [row for row in found["estimates"] if not row["index"]]
    assert [row["name"] for row in rows][:3] == ["total", "total_with_beyond", "beyond_militia"]
    assert {"coverage", "bias_probate", "share_probate"} <= {row["name"] for row in rows}
    assert 1100 < rows[1]["median"] - rows[0]["median"] < 1400
    covered = [row for row in found["estimates"] if row["name"] == "period_coverage"]
    assert len(covered) == 24
    assert covered[0]["index"] == {"period": "2022-01-01"}
    # inside what was believed of all, although it may drift
    assert 0.266 < covered[0]["low"] < covered[0]["high"] < 0.734
    shutil.rmtree(place / "data")
    path.unlink()
    assert (out / "tables" / "draws.csv").exists()
    assert set(read_study(out / "provenance.json").model.evidence) == {"names", "probate"}
    assert main(["run", str(out / "provenance.json"), "--out", str(again), "--refit=never"]) == 0
    assert "the same as in the recorded run" in capsys.readouterr().out


def test_copies_of_all_tables_are_found_again(place):
    study = parse_study(EVERYTHING, "s.toml", place)
    for path in study.files.values():
        shutil.copyfile(path, place / path.name)
    copied = parse_study(EVERYTHING, "s.toml", place, copied=True)
    assert copied.model.content() == study.model.content()
    assert {path.parent for path in copied.files.values()} == {place}


ASKED = """
[[scenario]]
name = "biased"
set."probate.bias" = 0.3
[[sensitivity]]
name = "usual"
vary = [{ field = "probate.bias", values = [0.05] }, { field = "militia.high", values = [9e3] }]
estimands = ["total", "total_with_beyond"]
[[sensitivity]]
name = "apart"
anatomy = true
power_scaling = false
[[audit_plan]]
[[comparison]]
name = "mixed"
models = ["base", "biased"]
weights = { base = 0.5, biased = 0.5 }
[[comparison]]
name = "ranked"
models = ["base", "biased"]
methods = ["loo"]
"""


def test_analyses_work_or_say_why_not(place, capsys, by_hand):
    path = place / "s.toml"
    path.write_text(NAMES + REGISTER + BEYOND + ASKED)
    assert main(["sensitivity", str(path), "--draws", "800"]) == 6
    said, wrong = capsys.readouterr()
    for words in ("probate.bias = 0.05", "militia.high = 9000", "share_probate", "bias_probate"):
        assert words in said
    (line,) = wrong.splitlines()
    assert "apart, anatomy of total failed: model: coverage is learned from other" in line
    assert main(["audit-plan", str(path), "--draws", "500"]) == 4
    assert 'evidence of kind "audits"' in capsys.readouterr().err
    assert main(["compare", str(path), "--draws", "800"]) == 6
    said, wrong = capsys.readouterr()
    assert "Mixture of the totals" in said
    (line,) = wrong.splitlines()
    assert "other evidence stands beside its list (probate)" in line
    assert main(["run", str(path), "--engine", "exact", "--out", str(place / "out")]) == 2
    assert "a model of several sources has no exact draws" in capsys.readouterr().err


def test_late_reports_may_be_learned_from_too(place):
    rows = ["event_period,report_period,count"]
    for month, counts in enumerate(([60, 30, 10, 5], [70, 30, 12], [66, 35], [80]), start=1):
        rows += [f"2024-0{month},2024-0{month + i},{one}" for i, one in enumerate(counts)]
    (place / "reports.csv").write_text("\n".join(rows))
    text = """
[losses]
kind = "walk"
[evidence.names]
kind = "triangle"
table = { source = "reports.csv", step = "month" }
coverage = { kind = "between", low = 0.3, high = 0.7, mass = 0.9 }
coverage_drift = 0.5
[evidence.probate]
kind = "register"
estimates = [{ low = 300, high = 500, begin = 2024-01-01, end = 2024-02-29, level = 0.9 }]
[beyond.others]
low = 10
high = 20
mass = 0.9
"""
    model = parse_study(text, "s.toml", place).model
    assert isinstance(model.base, Triangle)
    losses = late_losses(model, 400)
    draws = scalar_draws(losses)
    assert list(draws)[:3] == ["total", "total_with_beyond", "beyond_others"]
    assert 0.2 < contraction(model, "coverage", draws["coverage"]) < 1
    assert "probate (register) moved its 95 % range" in notes(model, draws)[0]
    names = {row["name"] for row in cell_rows(losses, 0.95)}
    assert {"total", "eventual", "period_coverage"} <= names
