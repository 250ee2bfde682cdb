"""Overlapping lists: what is refused, with a reason and a way out."""

import datetime
import functools

import numpy as np
import pytest

from models import (
    Audits,
    Count,
    Estimates,
    Excess,
    Flat,
    InvalidValueError,
    Lists,
    Model,
    NotEstimableError,
    Patterns,
    Pooled,
    RefusedError,
    Register,
    Triangle,
    Walk,
    between,
    known,
    uniform,
    walk_pooled,
)
from models.lists.lists import MOST_PATTERNS
from tests.contract.late_reference import triangle
from tests.contract.learned_reference import mortality
from tests.contract.lists_reference import HEPATITIS, PATTERNS, SPINA, by_stratum, three_lists

BELIEF = between(0.3, 0.7, 0.9)


def table(on, counts):
    on = np.array(on, dtype=bool)
    return Patterns(tuple("abcdefghijklmnopqrst"[: on.shape[1]]), on, np.array(counts))


def beside(losses=None, table=None, **evidence):
    """Return how to make a model of the lists of hepatitis, or others, and more evidence."""
    lists = Lists(three_lists(HEPATITIS) if table is None else table, source="clinics")
    return functools.partial(Model, losses or Flat(), {"names": lists, **evidence})


def lists(patterns, **more):
    return functools.partial(Lists, patterns, **more)


def many(number):
    """Return as many different patterns of 15 lists."""
    bits = np.arange(1, number + 1)[:, None] >> np.arange(15)
    return table(bits & 1, np.ones(number, dtype=int))


def opened(stratum, unlabeled=True):
    """Return a table where a cell has no known count, and some persons have no label."""
    of = by_stratum(unlabeled=unlabeled)
    unknown = (of.stratum_of == stratum) & of.on.all(axis=1)
    return Patterns(of.lists, of.on, np.where(unknown, 0, of.counts), of.strata, of.stratum_of,
                    unknown)  # fmt: skip


def unlabeled_mark(kind):
    """Return a table where a count without a label is marked as not known, or as a bound."""
    of = by_stratum()
    marked = of.stratum_of < 0
    counts = np.where(marked & (kind == "unknown"), 0, of.counts)
    return Patterns(of.lists, of.on, counts, of.strata, of.stratum_of, **{kind: marked})


TOTAL = Estimates([500.0], [0.2])
GROUPS = [(1, 1, 0, 0), (1, 0, 0, 0), (0, 0, 1, 1), (0, 0, 0, 1)]
FIRST_DAY = (datetime.date(1995, 1, 1),)

CASES = {
    "one list": (lists(table([(1,)], [9])), NotEstimableError, "there is one list only"),
    "one list used": (
        lists(table([(1, 0)], [9])), NotEstimableError, "one list only.*second list",
    ),
    "nobody": (lists(table(np.eye(2), [0, 0])), NotEstimableError, "no person is on any list"),
    "disjoint": (lists(table(np.eye(2), [50, 60])), NotEstimableError, "no person is on two lists"),
    "groups": (lists(table(GROUPS, [5, 6, 3, 2])), NotEstimableError, "any other list"),
    "too many patterns": (
        lists(many(MOST_PATTERNS + 1)), RefusedError, "20,001 different patterns are too many",
    ),
    "no patterns": (lists(np.array(HEPATITIS)), InvalidValueError, "must be Patterns"),
    "hard coverage": (
        lists(three_lists(HEPATITIS), coverage=uniform(0.3, 0.6)), RefusedError,
        "hard range.*between",
    ),
    "known coverage": (
        lists(three_lists(HEPATITIS), coverage=known(0.5)), RefusedError,
        "is known.*overlap would say nothing",
    ),
    "no belief": (lists(three_lists(HEPATITIS), coverage=0.5), InvalidValueError, "a belief"),
    "exposure without strata": (
        lists(three_lists(HEPATITIS), exposure=(1.0, 2.0)), InvalidValueError, "exposure.*strata",
    ),
    "no exposure": (
        lists(by_stratum(), exposure=(1.0, 0.0)), InvalidValueError, r"exposure\[1\].*above 0",
    ),
    "classes": (lists(three_lists(HEPATITIS), classes=31), InvalidValueError, "classes.*30"),
    "captures": (
        lists(three_lists(HEPATITIS), captures="beta"), InvalidValueError, "pooled or uniform",
    ),
    "dependence": (
        lists(three_lists(HEPATITIS), dependence=0.0), InvalidValueError, "dependence.*above 0",
    ),
    "flat losses with strata": (
        beside(table=by_stratum()), InvalidValueError, "names.patterns: has strata.*pooled",
    ),
    "pooled losses without strata": (
        beside(Pooled()), InvalidValueError, "two strata or more.*flat losses",
    ),
    "walk": (beside(Walk()), InvalidValueError, "walk losses need periods"),
    "walk by stratum": (
        beside(walk_pooled(), by_stratum()), InvalidValueError, "walk_pooled losses need periods",
    ),
    "clustering": (beside(Flat(clustering=5.0)), RefusedError, "losses.clustering.*leave it out"),
    "count": (
        beside(other=Count(300, BELIEF)), NotEstimableError, "2 lists of names.*Lists",
    ),
    "triangle": (
        beside(Walk(), other=Triangle(triangle(), BELIEF)), NotEstimableError, "2 lists of names",
    ),
    "two tables": (
        beside(other=Lists(three_lists(HEPATITIS))), NotEstimableError, "2 lists of names",
    ),
    "audits": (
        beside(graves=Audits(found=(3,), checked=(5,))), RefusedError, "graves: is audits.*belief",
    ),
    "excess": (
        beside(excess=Excess(mortality(2023))), RefusedError, "excess: is excess.*registers",
    ),
    "register with a span": (
        beside(census=Register(Estimates([500.0], [0.2], 0.0, FIRST_DAY, (None,)))),
        InvalidValueError, "census.*has bounds",
    ),
    "hard share": (
        lambda: beside(census=Register(TOTAL, share=uniform(0.3, 0.6)))(), RefusedError,
        "hard range",
    ),
    "same source": (
        beside(census=Register(TOTAL, derived_from=("clinics",))), RefusedError,
        "'clinics' stands behind 'names' and 'census'",
    ),
    "no count and no label": (
        lambda: Lists(unlabeled_mark("unknown")), NotEstimableError, "has no stratum",
    ),
    "bound without label": (
        lambda: Lists(unlabeled_mark("at_most")), NotEstimableError, "has no stratum",
    ),
    "stratum of nobody": (
        lists(by_stratum((SPINA[0], (0,) * 7), ("largest", "empty"), unlabeled=False)),
        NotEstimableError, "no person is recorded in empty",
    ),
    "linked by what is not known alone": (
        lists(Patterns(("a", "b"), np.array([(1, 0), (0, 1), (1, 1)], dtype=bool),
                       np.array([5, 6, 0]), unknown=np.arange(3) == 2)),
        NotEstimableError, "no person is on two lists",
    ),
    "only what is not known": (
        lists(three_lists((0,) * 7, unknown=np.ones(7, dtype=bool))), NotEstimableError,
        "no person is on two lists",
    ),
    "large bound": (
        lists(three_lists((9, 30_000, *HEPATITIS[2:]), at_most=np.arange(7) == 1)), RefusedError,
        "30,000 is too large",
    ),
    "open and without label": (
        beside(Pooled(), opened(0)), RefusedError, "persons without a stratum.*leave either out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(CASES))
def test_refused_with_a_reason(case):
    make, kind, message = CASES[case]
    with pytest.raises(kind, match=message) as found:
        make()
    assert type(found.value) is kind
    assert "\n" not in str(found.value)


def test_what_stands_next_to_the_refused_is_taken():
    assert len(Lists(many(MOST_PATTERNS)).unique) == MOST_PATTERNS
    for make in (
        beside(census=Register(TOTAL, share=BELIEF, source="census")),
        beside(Pooled(), by_stratum(SPINA)),
        beside(Pooled(), opened(0, unlabeled=False)),
        beside(table=by_stratum().pooled()),
        lists(three_lists(HEPATITIS), coverage=BELIEF, classes=30, dependence=1e-3),
    ):
        make()
    links = [(1, 1, 0, 0), (0, 1, 1, 0), (0, 0, 1, 1), (0, 0, 0, 1)]  # one after the other
    assert Lists(table(links, [5, 6, 3, 2])).names == 16
    # an unknown cell may hold the persons that link two lists
    unknown = np.array(PATTERNS)[:, 0] & np.array(PATTERNS)[:, 2]
    counts = np.array(HEPATITIS) * np.array([1, 1, 1, 1, 0, 0, 0])
    linked = three_lists(counts, unknown=unknown)
    assert Lists(linked).open.sum() == 2
