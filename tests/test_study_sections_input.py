"""Sections of a study that say what cannot be: told in one line, with the right exit code."""

import pytest

from estimation import read_study
from estimation.cli import main
from estimation.errors import UndercountError
from tests.valley import MODEL, study

__all__ = ["study"]  # a fixture


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
