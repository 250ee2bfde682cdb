"""Sections of a study on sensitivity, audits and comparisons, and their commands."""

import csv
import json

import jsonschema
import pytest

from estimation import read_study
from estimation.cli import main
from estimation.errors import UndercountError
from tests.test_command_line import _schema

MODEL = """
title = "Deaths in the valley"
seed = 3
[losses]
kind = "flat"
[evidence.names]
kind = "count"
count = 1204
coverage = { kind = "between", low = 0.4, high = 0.7, mass = 0.9 }
[[scenario]]
name = "hard"
set."names.coverage" = { kind = "uniform", low = 0.4, high = 0.7 }
[[published]]
name = "report"
low = 1700
high = 3000
"""

VARY = """
[[sensitivity]]
name = "shares"
vary = [
  { field = "names.coverage.low", low = 0.3, high = 0.5, steps = 4, title = "low end" },
  { field = "names.precision", values = [0.9, { kind = "uniform", low = 0.9, high = 1.0 }] },
]
indices = 16

[[sensitivity.tipping]]
title = "out of the report"
field = "names.coverage"
low = 0.3
high = 0.9
published = "report"

[[sensitivity.tipping]]
title = "above 2,500"
field = "names.coverage"
low = 0.3
high = 0.9
above = 2500
"""

AUDIT = """
[[audit_plan]]
sizes = [20, 80]
cost = 3.5
unit = "hours"
"""

MIX = """
[[comparison]]
name = "both"
models = ["base", "hard"]
weights = { base = 0.75, hard = 0.25 }
"""

#: Draws a chain: enough for these beliefs.
FEW = ("--draws", "4000")

ALL = MODEL + VARY + AUDIT + MIX


@pytest.fixture
def study(tmp_path):
    """Write a study and return its path."""

    def write(text=ALL):
        path = tmp_path / "valley.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


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


def test_a_run_repeats_to_the_last_digit_sections_included(study, tmp_path):
    record = str(tmp_path / "one" / "provenance.json")
    assert main(["run", study(), "--out", str(tmp_path / "one"), "--quiet", *FEW]) == 0
    assert main(["run", record, "--out", str(tmp_path / "two"), "--quiet"]) == 0
    for name in ("sensitivity", "tipping", "anatomy", "indices", "power_scaling", "information",
                 "mixture"):  # fmt: skip
        one, two = ((tmp_path / run / f"{name}.csv").read_bytes() for run in ("one", "two"))
        assert one == two


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


def test_values_of_any_kind_fail_by_themselves(study, capsys):
    text = (
        MODEL
        + """
[[sensitivity]]
anatomy = false
power_scaling = false
vary = [
  { field = "names.coverage.low", values = [[1], "x", 0.5] },
  { field = "losses.clustering", values = [{ a = 1 }, true] },
]
"""
    )
    assert main(["sensitivity", study(text)]) == 6
    out, err = capsys.readouterr()
    assert "2 scenarios, 4 more failed" in out
    assert err.count("\n") == 4
    assert "scenario 1 failed: names.coverage.low: must be a number, not [1]" in err


BAD = {
    "field": (MODEL + '[[sensitivity]]\nvary = [{ field = "names.covrage", values = [1] }]',
              "sensitivity[1].vary[1].model: no field 'names.covrage'; one of losses, names"),
    "empty values": (MODEL + '[[sensitivity]]\nvary = [{ field = "names.count", values = [] }]',
                     "the grid is empty"),
    "empty grid": (MODEL + "[[sensitivity]]\nvary = []", "the grid is empty"),
    "design without fields": (MODEL + '[[sensitivity]]\ndesign = "full"', "the grid is empty"),
    "design": (MODEL + '[[sensitivity]]\ndesign = "ful"\nvary = [{ field = "names.count", '
               'values = [1] }]', "did you mean 'full'"),
    "model": (MODEL + '[[sensitivity]]\nmodel = "hrad"', "did you mean 'hard'"),
    "key": (MODEL + "[[sensitivity]]\nvari = []", "did you mean 'vary'"),
    "table": (MODEL + "[sensitivity]\nvary = []", "[[sensitivity]]"),
    "belief": (MODEL + '[[sensitivity]]\nvary = [{ field = "names.coverage", '
               'values = [{ kind = "uniform", low = 2, high = 3 }] }]', "vary[1].values[1].low"),
    "estimand": (MODEL + '[[sensitivity]]\nestimands = [{ period = 2024 }]',
                 "'estimand' is missing"),
    "estimands": (MODEL + '[[sensitivity]]\nestimands = "total"', "must be a list of estimands"),
    "threshold": (MODEL + '[[sensitivity]]\ntipping = [{ field = "names.coverage", low = 0.1, '
                  "high = 0.9 }]", "needs one threshold"),
    "published": (MODEL + '[[sensitivity]]\ntipping = [{ field = "names.coverage", low = 0.1, '
                  'high = 0.9, published = "raport" }]', "did you mean 'report'"),
    "published list": (
        MODEL + '[[sensitivity]]\ntipping = [{ field = "names.coverage", low = 0.1, high = 0.9, '
        "published = [1] }]",
        "published: must be text",
    ),
    "tipping without estimand": (
        MODEL + '[[sensitivity]]\ntipping = [{ field = "names.coverage", low = 0.1, high = 0.9, '
        "above = 1, period = 2024 }]",
        "'period' belongs to an estimand",
    ),
    "overlapping fields": (
        MODEL + '[[sensitivity]]\nvary = [{ field = "names.coverage.low", values = [0.3] }, '
        '{ field = "names.coverage", values = [0.5] }]',
        "is part of 'names.coverage'",
    ),
    "indices of one field": (
        MODEL + '[[sensitivity]]\nindices = 64\nvary = [{ field = "names.count", values = [1] }]',
        "two fields or more",
    ),
    "too many": (
        MODEL + '[[sensitivity]]\ndesign = "full"\nvary = [{ field = "names.coverage.low", '
        "low = 0.1, high = 0.4, steps = 100000 }, "
        '{ field = "names.coverage.high", low = 0.5, high = 0.9, steps = 100000 }]',
        "10,000,000,001 scenarios are too many",
    ),
    "recall": (MODEL + "[[audit_plan]]\nrecall = 2", "audit_plan[1].recall"),
    "same size": (MODEL + "[[audit_plan]]\nsizes = [3, 3]", "names a size twice"),
    "anatomy": (MODEL + '[[sensitivity]]\nanatomy = "no"', "must be true or false"),
    "indices": (MODEL + "[[sensitivity]]\nindices = 64", "needs fields to vary"),
    "twice": (MODEL + "[[sensitivity]]\n[[sensitivity]]", "two are named 'base'"),
    "name": (MODEL + '[[sensitivity]]\nname = "a/b"', "is no name"),
    "sizes": (MODEL + "[[audit_plan]]\nsizes = []", "must be a list of numbers"),
    "size": (MODEL + "[[audit_plan]]\nsizes = [0]", "must be 1 or more"),
    "cost": (MODEL + "[[audit_plan]]\ncost = -1", "must be 0 or more"),
    "one model": (MODEL + '[[comparison]]\nmodels = ["base"]\nmethods = ["loo"]', "fewer than two"),
    "unknown model": (MODEL + '[[comparison]]\nmodels = ["base", "soft"]', "no model 'soft'"),
    "method": (MODEL + '[[comparison]]\nmodels = ["base", "hard"]\nmethods = ["lo"]',
               "did you mean 'loo'"),
    "nothing": (MODEL + '[[comparison]]\nmodels = ["base", "hard"]', "has nothing to do"),
    "weights": (MODEL + '[[comparison]]\nmodels = ["base", "hard"]\nweights = { base = 0.5, '
                "hard = 0.6 }", "1.1"),
    "weights of nobody": (MODEL + '[[comparison]]\nmodels = ["base", "hard"]\n'
                          'weights = { base = 0.5, soft = 0.5 }', "soft"),
    "computed weights": (MODEL + '[[comparison]]\nmodels = ["base", "hard"]\n'
                         'weights = "stacking"', "needs the method 'loo'"),
    "variant": (MODEL + '[[comparison]]\nmodels = ["base"]\nmethods = ["loo"]\n'
                'variant = [{ name = "v", set = { "names.covrage" = 1 } }]', "no field"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_bad_sections_are_told_in_one_line(study, capsys, text, words):
    with pytest.raises(UndercountError) as error:
        read_study(study(text))
    assert words in str(error.value)
    code = main(["check", study(text)])
    assert code == error.value.exit_code in (3, 4)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "valley.toml: " in said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["sensitivity", "nowhere.toml"], 3, "cannot be read"),
        (["audit-plan", "STUDY", "--sizes", ","], 2, "names no size"),
        (["audit-plan", "STUDY", "--sizes", "10,ten"], 2, "no whole number"),
        (["audit-plan", "STUDY", "--sizes", "0"], 2, "1 or more"),
        (["audit-plan", "STUDY", "--cost", "-2"], 2, "0 or more"),
        (["audit-plan", "STUDY", "--recall", "1.5"], 2, "above 0 and at most 1"),
        (["audit-plan", "STUDY", "--model", "nobody"], 2, "no model 'nobody'"),
        (["sensitivity", "STUDY", "--executor", "clouds"], 2, "no executor 'clouds'"),
    ],
)
def test_bad_words_on_the_command_line(study, capsys, words, code, said):
    words = [study() if word == "STUDY" else word for word in words]
    try:
        found = main(words)
    except SystemExit as stopped:
        found = stopped.code
    printed = capsys.readouterr().err
    assert (found, said in printed) == (code, True), printed
    assert "Traceback" not in printed


def test_compare_without_a_section_says_where_to_add_it(study, capsys):
    assert main(["compare", study(MODEL)]) == 3
    assert "has no section [[comparison]]" in capsys.readouterr().err
