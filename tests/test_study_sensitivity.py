"""Sections of a study on sensitivity, audits and comparisons, and their commands."""

import csv
import json

import jsonschema
import pytest

from estimation.cli import main
from tests.test_command_line import _schema
from tests.valley import FEW, MIX, MODEL, VARY, study

__all__ = ["study"]  # a fixture

#: What draws figures.
DRAWING = ("study.figures", "study.sensitivity_write", "study.comparison_write")


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def read(capsys, *words, code=0):
    """Run a command with --json and return the object, which must fit the schema."""
    assert main([*words, "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, _schema())
    return found


def test_a_run_carries_out_every_section_and_draws_it(study, tmp_path, capsys):
    assert main(["run", study(), "--out", str(tmp_path / "out"), *FEW]) == 0
    said = capsys.readouterr().out
    for words in ("7 scenarios", "low end = 0.3 ", "above 2,500 where names.coverage is below 0.48",
                  "names.coverage", "counting noise", "Sobol index of", "power scaling of",
                  "deaths looked up", "hours", "Mixture of the totals"):  # fmt: skip
        assert words in said
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"sensitivity.csv", "tipping.csv", "anatomy.csv", "indices.csv", "power_scaling.csv",
            "information.csv", "mixture.csv"} <= names  # fmt: skip
    figures = {path.stem for path in (tmp_path / "out" / "figures").glob("*.svg")}
    assert {"tornado-shares", "anatomy-shares", "curve-shares-names-coverage-low",
            "information-base", "mixture-both"} <= figures  # fmt: skip
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert {"tipping.csv", "figures/tornado-shares.png"} <= set(record["files"])


@pytest.fixture
def without_figures(monkeypatch):
    """Draw nothing, as where matplotlib is not installed: figures take time, and others look."""
    for module in DRAWING:
        monkeypatch.setattr(f"estimation.{module}.missing_plotting", lambda: "not drawn")


@pytest.mark.usefixtures("without_figures")
def test_a_run_repeats_to_the_last_digit_sections_included(study, tmp_path):
    record = str(tmp_path / "one" / "provenance.json")
    assert main(["run", study(), "--out", str(tmp_path / "one"), "--quiet", *FEW]) == 0
    assert main(["run", record, "--out", str(tmp_path / "two"), "--quiet"]) == 0
    for name in ("sensitivity", "tipping", "anatomy", "indices", "power_scaling", "information",
                 "mixture"):  # fmt: skip
        one, two = ((tmp_path / run / f"{name}.csv").read_bytes() for run in ("one", "two"))
        assert one == two


@pytest.mark.usefixtures("without_figures")
def test_sensitivity_as_json_and_as_files(study, tmp_path, capsys):
    found = read(capsys, "sensitivity", study(), "--out", str(tmp_path / "out"), *FEW)
    assert len(found["estimates"]) == 7
    first, second = found["estimates"][:2]
    assert first["index"] == {"study": "shares", "scenario": "0"}
    assert second["index"]["names.coverage.low"] == "0.3"
    assert second["high"] > first["high"]
    assert {part["name"] for part in found["anatomy"]} == {"names.coverage", "counting noise"}
    assert sum(part["share"] for part in found["anatomy"]) == pytest.approx(1)
    assert len(found["indices"]) == 8
    tips = {tip["question"]: float(tip["at_median"]) for tip in found["tipping"]}
    assert tips["out of the report, low end"] == pytest.approx(1204 / 1700, rel=0.01)
    assert tips["above 2,500"] == pytest.approx(1204 / 2500, rel=0.01)
    table = rows_of(tmp_path / "out" / "sensitivity.csv")
    assert [row["names.coverage.low"] for row in table][:2] == ["", "0.3"]
    assert float(table[1]["high"]) == second["high"]
    # the folder of a study is a run: it can be taken up again
    record = str(tmp_path / "out" / "provenance.json")
    assert main(["sensitivity", record, "--quiet", *FEW]) == 0


def test_check_says_what_a_run_would_find(study, capsys):
    assert main(["check", study()]) == 0
    said = capsys.readouterr().out
    assert "- sensitivity shares (base): 7 scenarios, 3 tipping points, Sobol indices" in said
    assert "- audit plan base (base): 20, 80 deaths looked up" in said
    assert "- comparison both (base, hard): mixture" in said


def test_a_study_without_the_section_still_has_an_anatomy(study, capsys):
    assert main(["sensitivity", study(MODEL)]) == 0
    said = capsys.readouterr().out
    assert "counting noise" in said
    assert "No fields are varied" in said


def test_audit_plan_takes_sizes_and_costs_from_the_command_line(study, capsys):
    found = read(capsys, "audit-plan", study(), "--sizes", "10,50,1,000".replace("1,000", "1000"),
                 "--cost", "2")  # fmt: skip
    (plan,) = found["information"]
    assert [audit["size"] for audit in plan["audits"]] == [10, 50, 1000]
    assert [audit["cost"] for audit in plan["audits"]] == [20, 100, 2000]
    widths = [plan["now"], *(audit["expected_width"] for audit in plan["audits"]), plan["limit"]]
    assert widths == sorted(widths, reverse=True)


def test_audit_plan_needs_no_section_but_a_belief_that_can_learn(study, capsys):
    assert main(["audit-plan", study(MODEL), "--sizes", "10", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["audit-plan", study(MODEL), "--model", "hard"]) == 4
    said = capsys.readouterr().err
    assert "hard range" in said
    assert said.count("\n") == 1


def test_compare_mixes_by_stated_weights(study, capsys):
    found = read(capsys, "compare", study())
    (row,) = found["estimates"]
    assert (row["method"], row["index"]) == ("mixture", {"comparison": "both"})
    (mixture,) = found["mixture"]
    assert mixture["weights"] == {"base": 0.75, "hard": 0.25}
    assert 0 < mixture["share_between"] < 0.05


def test_evidence_weighs_proper_priors(study, capsys):
    proper = MODEL.replace(
        'kind = "flat"',
        'kind = "flat"\nprior = { kind = "gamma_between", low = 1000, high = 4000 }',
    )
    section = '\n[[comparison]]\nmodels = ["base", "hard"]\nmethods = ["evidence"]\n'
    found = read(capsys, "compare", study(proper + section + 'weights = "evidence"\n'))
    rows = found["comparison"][0]["models"]
    assert sum(row["weight"] for row in rows) == pytest.approx(1)
    assert found["mixture"][0]["weights"] == pytest.approx(
        {row["model"]: row["weight"] for row in rows}
    )


@pytest.mark.parametrize("methods", ['"loo"', '"evidence"', '"future"'])
def test_one_count_under_the_scale_prior_is_not_ranked(study, capsys, methods):
    section = f'\n[[comparison]]\nmodels = ["base", "hard"]\nmethods = [{methods}]\n'
    assert main(["compare", study(MODEL + section)]) == 4
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "cannot rank" in said or "improper" in said or "same" in said


def test_a_study_with_a_failing_scenario_is_partly_done(study, capsys):
    text = (
        MODEL
        + """
[[sensitivity]]
anatomy = false
power_scaling = false
vary = [{ field = "names.coverage.low", values = [0.3, 0.8, 0.5] }]
"""
    )
    assert main(["sensitivity", study(text)]) == 6
    out, err = capsys.readouterr()
    assert "3 scenarios, 1 more failed" in out
    assert "scenario 2 failed: names.coverage" in err
    found = read(capsys, "sensitivity", study(text), code=6)
    assert [row["index"]["scenario"] for row in found["estimates"]] == ["0", "1", "3"]
    assert list(found["failed"]) == ["sensitivity base, scenario 2"]
    assert found["diagnostics"]["verdict"] == "fail"


def test_what_another_command_wrote_is_not_replaced(study, tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["audit-plan", study(), "--out", out, "--quiet"]) == 0
    assert main(["audit-plan", study(), "--out", out, "--quiet"]) == 0
    for command in ("compare", "run"):
        assert main([command, study(), "--out", out]) == 3
        assert "holds what 'audit-plan' has written" in capsys.readouterr().err
    assert (tmp_path / "out" / "information.csv").exists()


def test_what_was_accepted_is_said(study, capsys):
    words = ["sensitivity", study(MODEL + VARY.replace("indices = 16", "")), "--draws", "4",
             "--accept", "a trial"]  # fmt: skip
    found = read(capsys, *words, code=0)
    assert found["diagnostics"]["verdict"] == "fail"
    assert found["diagnostics"]["accepted"] == "a trial"
    assert main(words) == 0
    assert "Accepted although checks may have failed: a trial" in capsys.readouterr().out


def test_the_object_of_a_run_holds_the_sections_and_what_failed(study, tmp_path, capsys):
    text = (
        MODEL
        + MIX
        + """
[[sensitivity]]
anatomy = false
power_scaling = false
vary = [{ field = "names.coverage", values = [2] }]
"""
    )
    found = read(capsys, "run", study(text), "--out", str(tmp_path / "out"), *FEW, code=6)
    assert found["mixture"][0]["weights"] == {"base": 0.75, "hard": 0.25}
    assert "must lie in (0, 1]" in found["failed"]["sensitivity base, scenario 1"]
    assert found["estimates"][0]["name"] == "total"
    assert (tmp_path / "out" / "sensitivity.csv").exists()


def test_totals_of_different_lists_are_not_mixed(study, capsys):
    text = (
        MODEL
        + """
[[comparison]]
models = ["base"]
variant = [{ name = "other", set = { "names.count" = 1300 } }]
weights = { base = 0.5, other = 0.5 }
"""
    )
    assert main(["compare", study(text)]) == 4
    assert "about different lists" in capsys.readouterr().err
