"""Studies with late reports: their tables, later counts, what check says, a run and its repeat."""

import csv
import datetime
import json
import shutil
from pathlib import Path

import jsonschema
import pytest

from estimation.cli import main
from estimation.errors import UndercountError
from estimation.study.read import parse_study, read_study
from estimation.study.report_tables import read_triangle
from models.beliefs import Known
from models.triangle import Triangle
from tests.late_by_hand import COUNTS, sample_late_by_hand
from tests.test_command_line import _schema

TABLE = 'table = { source = "data/reports.csv", step = "month" }'
STUDY = f"""
title = "a study"
seed = 7

[losses]
kind = "walk"

[evidence.names]
kind = "triangle"
horizon = 3
{TABLE}
"""
LATER = """
[[eventual]]
name = "june"
title = "the first quarter, in June"
period = "2024-01..2024-03"
count = 300
as_of = 2024-06-15
source = "an article"
"""
JULY = LATER.replace("june", "july").replace("300", "310").replace("06-15", "07-31")


@pytest.fixture
def place(tmp_path):
    """Return a folder with reports by month, and the same as snapshots."""
    (tmp_path / "data").mkdir()
    reports = ["event_period,report_period,count"]
    snapshots = ["period,as_of,count"]
    for month, row in enumerate(COUNTS.tolist(), start=1):
        for delay, count in enumerate(row[: 5 - month]):
            reports.append(f"2024-0{month},2024-0{month + delay},{count}")
            day = [31, 29, 31, 30][month + delay - 1]
            total = sum(row[: delay + 1])
            snapshots.append(f"2024-0{month},2024-0{month + delay}-{day},{total}")
    (tmp_path / "data" / "reports.csv").write_text("\n".join(reports))
    (tmp_path / "data" / "snapshots.csv").write_text("\n".join(snapshots))
    (tmp_path / "dates.csv").write_text("report_period\n2024-01\n2024-02\n2024-03\n2024-04\n")
    return tmp_path


def refused(text, place):
    """Return the message of a study that is refused, which is one line, and its code."""
    with pytest.raises(UndercountError) as caught:
        parse_study(text, "s.toml", place)
    said = str(caught.value)
    assert said.startswith("s.toml: ")
    assert "\n" not in said
    return said, caught.value.exit_code


def test_a_table_of_reports_becomes_a_triangle(place):
    more = """
delays = { drift = 0.09, step = 0.4 }
tail = { kind = "between", low = 0.01, high = 0.05, mass = 0.9 }
tail_length = 6
coverage = { kind = "known", value = 0.5 }
"""
    study = parse_study(STUDY + more, "s.toml", place)
    triangle = study.model.base
    assert isinstance(triangle, Triangle)
    assert triangle.reports.counts[:, :, 0].tolist() == COUNTS.tolist()
    assert (triangle.delays.drift, triangle.delays.step, triangle.delays.noise) == (0.09, 0.4, 0.5)
    assert triangle.tail.quantile(0.95) == pytest.approx(0.05)
    assert (triangle.tail_length, triangle.horizon) == (6, 3)
    assert triangle.coverage == Known(0.5)
    assert list(study.files) == ["data/reports.csv"]


def test_the_state_at_a_date_may_be_asked_for(place):
    early = TABLE.replace("}", ", as_of = 2024-03-01, max_delay = 1, window = 2 }")
    study = parse_study(STUDY.replace(TABLE, early).replace("= 3", "= 1"), "s.toml", place)
    reports = study.model.base.reports
    assert reports.periods == (datetime.date(2024, 2, 1), datetime.date(2024, 3, 1))
    assert reports.counts[:, :, 0].tolist() == [[70, 30], [66, 0]]


@pytest.mark.parametrize("more", [", snapshots = true", ""])
def test_snapshots_are_told_or_recognized(place, more):
    source = f'table = {{ source = "data/snapshots.csv", first = "keep"{more} }}'
    reports = parse_study(STUDY.replace(TABLE, source), "s.toml", place).model.base.reports
    assert reports.counts[:, :, 0].tolist() == COUNTS.tolist()


def test_columns_of_snapshots_may_have_other_names(place):
    path = place / "data" / "snapshots.csv"
    path.write_text(path.read_text().replace("as_of", "listed"))
    section = {"source": "data/snapshots.csv", "snapshots": True, "as_of_column": "listed",
               "as_of": "2024-03-31", "first": "keep"}  # fmt: skip
    _, reports = read_triangle(section, "table", place)
    assert reports.as_of == datetime.date(2024, 3, 1)
    assert reports.known[:, 0].tolist() == [100, 100, 66]


def test_dates_of_publication_may_be_a_table(place):
    dated = TABLE.replace("}", ', published = "dates.csv" }')
    study = parse_study(STUDY.replace(TABLE, dated), "s.toml", place)
    assert list(study.files) == ["data/reports.csv", "dates.csv"]
    assert study.model.base.reports.published.all()


def test_fields_of_delays_are_varied_in_scenarios(place):
    more = """
[[scenario]]
name = "drift"
set."names.delays.drift" = 0.1
[[scenario]]
name = "other"
set."names.delays" = { shock = 0.2 }
"""
    _, drift, other = parse_study(STUDY + more, "s.toml", place).scenarios
    assert drift.model.base.delays.drift == 0.1
    assert (other.model.base.delays.shock, other.model.base.delays.drift) == (0.2, None)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (TABLE, "", "evidence.names: 'table' is missing (triangle needs it)"),
        (TABLE, "reports = 5", "evidence.names.reports: cannot be written into a study"),
        (TABLE, "table = 5", "evidence.names.table: must be a table"),
        (TABLE, "table = { step = 'month' }", "evidence.names.table: 'source' is missing"),
        ('"month" }', '"moon" }', "evidence.names.table"),
        ('step = "month"', "step = 5", "evidence.names.table.step"),
        ('step = "month"', "stepp = 5", "evidence.names.table (reports): unknown key 'stepp'"),
        ('step = "month"', "snapshots = 1", "table.snapshots: must be true or false"),
        ('step = "month"', "increments = 1", "table.increments: must be true or false"),
        ('step = "month"', "as_of_column = 'x'", "(reports): unknown key 'as_of_column'"),
        ('step = "month"', "published = 5", "table.published: must be a list of dates or a table"),
        ('step = "month"', "select = 5", "table.select: must be a table"),
        ('step = "month"', "max_delay = -1", "evidence.names.table.max_delay: must be 0 or more"),
        ('step = "month"', "window = 1", "evidence.names.table.window: must be 2 or more"),
        ('step = "month"', "as_of = 2024-03-05", "evidence.names.table.as_of: 2024-03-05 begins"),
        ('step = "month"', "as_of = 2031-03-01", "evidence.names.table.as_of: 2031-03-01 is after"),
        ('step = "month"', "count = 'n'", "evidence.names.table: "),
        ("reports.csv", "none.csv", "none.csv: there is no such file"),
        ("horizon = 3", "horizon = 9", "evidence.names.horizon"),
        ("horizon = 3", "delays = 5", "evidence.names.delays: must be a table"),
        ("horizon = 3", "delays = { drft = 1 }", "evidence.names.delays: unknown key 'drft'"),
        ("horizon = 3", "delays = { drift = 0 }", "evidence.names.delays.drift: must be above 0"),
        ("horizon = 3", "tail = 0.1", "evidence.names.tail: must be a table"),
        ("horizon = 3", "as_of = 2024-01-01", "evidence.names: unknown key 'as_of'"),
        ('kind = "walk"', 'kind = "flat"', "flat losses take one number, not a triangle"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_triangle_is_told_with_its_place(place, old, new, words):
    said, code = refused(STUDY.replace(old, new), place)
    assert words in said
    assert code in (2, 3, 4)


def test_the_shipped_snapshots_tell_of_the_list_of_2024():
    study = read_study(Path(__file__).parent / "late.toml")
    triangle = study.model.base
    assert isinstance(triangle, Triangle)
    assert (triangle.names, len(triangle.reports.periods), triangle.horizon) == (95_880, 35, 9)
    assert triangle.reports.extra("published").nonzero()[0].tolist() == [10, 22, 34]
    assert [(one.period, one.count) for one in study.eventual] == [
        ("2024", 45_287), ("2024", 49_896), ("2023", 37_633), ("2023", 38_686),
    ]  # fmt: skip


def test_nothing_late_is_no_triangle(place):
    text = STUDY.replace('"month" }', '"month", max_delay = 0 }').replace("horizon = 3", "")
    said, code = refused(text, place)
    assert "evidence.names.reports: has one delay only" in said
    assert code == 4


def test_what_is_wrong_with_rows_names_file_and_line(place):
    path = place / "data" / "reports.csv"
    path.write_text(path.read_text().replace("2024-01,2024-01,60", "2024-01,2023-12,60"))
    said, code = refused(STUDY, place)
    assert "evidence.names.table: reports.csv line 2" in said
    assert code == 3


@pytest.mark.parametrize(
    ("old", "new", "words", "code"),
    [
        ('name = "june"', "", "eventual[1]: 'name' is missing", 3),
        ("count = 300", "cout = 300", "eventual[1]: unknown key 'cout'", 3),
        ("count = 300", "count = 0", "eventual[1].count: a count of zero", 4),
        ("count = 300", "count = 0.5", "eventual[1].count: must be a whole number", 3),
        ("2024-06-15", '"soon"', "eventual[1].as_of: must be a date", 3),
        ("2024-06-15", "2024-04-29", "2024-04-29 is before the date of the triangle", 3),
        ("2024-06-15", "2024-08-01", "after the horizon of the model, 2024-07-31", 3),
        ("2024-01..2024-03", "2024", "eventual[1].period: 2024 is not all in the triangle", 3),
        ('"an article"', '"x"\nmodel = "gone"', "eventual[1].model: no model 'gone'", 3),
        ('"june"', '"a b"', "'a b' is no name", 3),
    ],
)
def test_what_is_wrong_with_a_later_count(place, old, new, words, code):
    said, found = refused(STUDY + LATER.replace(old, new, 1), place)
    assert words in said
    assert found == code


def test_later_counts_need_a_triangle_with_a_horizon(place):
    said, code = refused(STUDY.replace("horizon = 3", "") + LATER, place)
    assert "eventual[1].model: 'names' has no horizon" in said
    assert code == 3
    flat = """
[losses]
kind = "flat"
[evidence.names]
kind = "count"
count = 100
coverage = { kind = "uniform", low = 0.4, high = 0.6 }
"""
    said, code = refused(flat + LATER, place)
    assert "eventual[1].model: the model has no late reports ('names' is a count)" in said
    assert code == 4
    assert "two are named 'june'" in refused(STUDY + LATER + LATER, place)[0]


def test_check_tells_the_triangle_and_later_counts(place, capsys):
    path = place / "s.toml"
    path.write_text(STUDY + LATER)
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    for words in (
        "table: 4 months from 2024-01-01 to 2024-04-01; known to the end of 2024-04-30",
        "delays of 0 to 3 months", "4 publications in 4 months", "names[t, d] ~ NegBinomial",
        "delay_step", "300 names of 2024-01..2024-03 known on 2024-06-15",
        "Names still to come are left out",
    ):  # fmt: skip
        assert words in said
    assert main(["check", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (data,) = found["data"]
    assert (data["kind"], data["count"], data["as_of"]) == ("triangle", COUNTS.sum(), "2024-04-01")
    assert (data["delays"], data["horizon"], data["beyond"]) == (4, 3, 0)
    assert found["eventual"][0]["as_of"] == "2024-06-15"


def test_a_run_completes_later_counts_and_repeats_from_its_folder(place, capsys, monkeypatch):
    """Draws are by hand; all else is a run."""
    monkeypatch.setattr("estimation.fit.nuts.sample_graph", sample_late_by_hand)
    path, out, again = place / "s.toml", place / "out", place / "again"
    path.write_text(STUDY + LATER + JULY)
    assert main(["run", str(path), "--out", str(out), "--draws", "2000"]) == 0
    said = capsys.readouterr().out
    assert "the first quarter, in June" in said
    assert "2024-01..2024-03 on 2024-07-31, seen from 2024-06-15" in said
    assert "late reports are part of the model" in said
    assert "eventual.csv" in said
    with (out / "eventual.csv").open() as file:
        june, july = csv.DictReader(file)
    assert (june["count"], june["foreseen_from"], july["foreseen_from"]) == (
        "300", "", "2024-06-15",
    )  # fmt: skip
    assert 0.5 < float(june["share_median"]) < float(july["share_median"]) <= 1
    assert float(june["eventual_low"]) >= 300
    found = json.loads((out / "summary.json").read_text())
    jsonschema.validate(found, _schema())
    index = {"period": "2024-01..2024-03", "as_of": "2024-06-15"}
    assert [row["name"] for row in found["estimates"] if row["index"] == index] == [
        "eventual", "reported_share",
    ]  # fmt: skip
    with (out / "summary.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["name"] == "foreseen"]
    assert [(row["as_of"], row["seen_from"]) for row in rows] == [("2024-07-31", "2024-06-15")]
    drawn = {one.name for one in (out / "figures").glob("*.png")}
    # coverage is left out: there are no deaths beside the list to draw
    assert drawn == {"totals.png", "eventual.png", "beliefs.png", "chains.png"}
    monkeypatch.setattr("estimation.study.figures.missing_plotting", lambda: "not drawn")
    shutil.rmtree(place / "data")
    path.unlink()
    assert read_study(out / "provenance.json").model.base.names == COUNTS.sum()
    assert main(["run", str(out / "provenance.json"), "--out", str(again), "--refit=never"]) == 0
    assert "the same as in the recorded run" in capsys.readouterr().out
    for name in ("summary.csv", "eventual.csv", "tables/reports.csv"):
        assert (again / name).read_bytes() == (out / name).read_bytes()
