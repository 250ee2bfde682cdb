"""What figures find, told in a sentence: each of its own section, target and scenarios."""

import numpy as np
import pytest

from estimation.report.beliefs import _head
from estimation.report.html.findings import finding
from estimation.report.html.run_folder import RunFolder, Table
from estimation.report.html.stated import Stated, StatedModel
from estimation.summaries.beliefs import BeliefFound

STATED = Stated("Valley", (StatedModel("base", "as stated"), StatedModel("late", "Late names")))


def _folder(*tables, estimates=()):
    record = {"seed": 1, "settings": {"command": "run", "prob": 0.95}}
    summary = {"estimates": list(estimates), "notes": [], "published": [],
               "diagnostics": {"verdict": "pass", "checks": []}, "prob": 0.95}  # fmt: skip
    return RunFolder("run", record, summary, {one.name: one for one in tables}, {})


def _scenarios(study, estimand, medians, **fields):
    """Return rows: the first as stated, then one for each value of each field or pair of fields."""
    values = [{}, *({key: value for key, value in zip(fields, some, strict=True) if value}
                    for some in zip(*fields.values(), strict=True))]  # fmt: skip
    return [
        {"study": study, "scenario": str(place), **dict.fromkeys(fields, ""), **changed,
         "estimand": estimand, "median": f"{median}", "low": f"{median - 1}",
         "high": f"{median + 1}"}
        for place, (changed, median) in enumerate(zip(values, medians, strict=True))
    ]  # fmt: skip


LOW, STEP = "names.coverage.low", "losses.step"


@pytest.fixture(scope="module")
def found():
    fields = {LOW: ("0.4", "0.5", "0.6", "0.6"), STEP: ("", "", "", "9")}
    rows = [*_scenarios("two", "total", (30, 40, 30, 20, 90), **fields),
            *_scenarios("two", "rise", (3, 4, 3, 2, 9), **fields),
            *_scenarios("two-more", "total", (500, 600, 500, 400, 500), **fields)]  # fmt: skip
    parts = [{"study": "two", "target": target, "name": part, "share": value}
             for target, part, value in (("total", "coverage", "0.9"), ("total", "noise", "0.1"),
                                         ("rise", "coverage", "0.2"))]  # fmt: skip
    says = [{"study": "two", "model": "base", "method": method, "says": f"best of {method}"}
            for method in ("loo", "future")]  # fmt: skip
    tips = [{"study": study, "estimand": of, "says": f"{study} {of} tips"}
            for study, of in (("two", "total"), ("two", "rise"),
                              ("two-more", "total"))]  # fmt: skip
    return _folder(*(
        Table(name, tuple(some[0]), tuple(some))
        for name, some in (("sensitivity", rows), ("anatomy", parts), ("comparison", says),
                           ("tipping", tips))
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("stem", "said"),
    [
        ("tornado-two-1", "The median of total is 30 as stated, and goes from 20 to 90 over all 5 "
                          "scenarios. two total tips."),
        ("tornado-two-2", "The median of rise is 3 as stated, and goes from 2 to 9 over all 5 "
                          "scenarios. two rise tips."),
        # the section whose name begins like that of another
        ("tornado-two-more", "The median of total is 500 as stated, and goes from 400 to 600 over "
                             "all 5 scenarios. two-more total tips."),
        ("anatomy-two-2", "Shares of the width of the interval of rise: coverage 20 %."),
        # the others as stated: not the scenario in which the step is another too
        ("curve-two-names-coverage-low-2", "Median and interval of rise by names.coverage.low. "
                                           "At 0.4: 4 (3 to 5); at 0.6: 2 (1 to 3)."),
        ("comparison-two-future", "Models by what they predict. base: best of future."),
    ],
)  # fmt: skip
def test_a_figure_tells_of_its_own_rows(found, stem, said):
    assert finding(found, STATED, stem) == said


def test_all_totals_are_those_that_are_drawn():
    ends = {"low": 90.0, "median": 100.0, "high": 120.0}
    rows = [{"name": "total", "index": {}, **ends},
            {"name": "total", "index": {"model": "late"}, **ends},
            {"name": "eventual", "index": {"model": "late"}, **ends}]  # fmt: skip
    said = finding(_folder(estimates=rows), STATED, "forest")
    assert said == "All totals, median and 95 % interval. as stated: 100 (90 to 120)."


def test_no_contraction_is_rounded_to_a_certainty():
    moved = {"model": "base", "belief": "step", "unmoved": "False", "prior_low": "0",
             "prior_high": "2", "low": "0.9", "high": "1.1"}  # fmt: skip
    rows = [moved | {"contraction": value} for value in ("0.998", "-0.001", "1.0")]
    said = finding(_folder(Table("beliefs", tuple(rows[0]), tuple(rows))), STATED, "beliefs")
    assert [part.partition(")")[0] for part in said.split("contraction ")[1:]] == [
        "more than 0.99", "0.00", "1.00",
    ]  # fmt: skip


def test_who_is_on_no_list_is_the_answer_less_who_was_seen():
    ends = {"low": 90.0, "median": 100.0, "high": 120.0}
    rows = [{"lists": lists, "count": count, "known": known}
            for lists, count, known in (("A", "30", "True"), ("A+B", "40", "True"),
                                        ("B", "99", "False"))]  # fmt: skip
    seen = "Persons by the lists that they are on: A+B 40; A 30."
    found = _folder(Table("patterns", tuple(rows[0]), tuple(rows)),
                    estimates=[{"name": "total", "index": {}, **ends}])  # fmt: skip
    # what is known of a group at most, or not at all, is no count of it
    assert finding(found, STATED, "patterns") == f"{seen} On no list, as estimated: 30 (20 to 50)."
    found.summary["methods"] = [{"method": "chao", "observed": 80, "bound": True}]
    said = f"{seen} On no list: at least about 20, a lower bound."
    assert finding(found, STATED, "patterns") == said


def test_what_nothing_was_learned_of_is_told_as_the_figure_tells_it():
    row = {"model": "base", "belief": "beyond_missing", "unmoved": "True", "prior_low": "6718",
           "prior_high": "66989", "low": "6760", "high": "64700", "contraction": "0"}  # fmt: skip
    said = finding(_folder(Table("beliefs", tuple(row), (row,))), STATED, "beliefs")
    assert said.endswith("the posterior is the prior: beyond missing 6,720 to 67,000.")
    values = np.array([6718.0, 20_000.0, 66_989.0])
    found = BeliefFound("beyond_missing", "missing", "deaths", values, values, True)
    assert "6,720 to 67,000" in _head(found, 0.9999999, 9.0)
