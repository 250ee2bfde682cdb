"""The estimate by an average over graphs, as every estimate from overlapping lists."""

import numpy as np
import pytest

from estimation.classical.graphical import graphical
from estimation.errors import InvalidValueError, NotEstimableError
from models.lists.patterns import Patterns

#: Spina bifida in upstate New York, 1969-74: Madigan and York (1997); 626 children.
COUNTS = {"100": 247, "010": 49, "001": 60, "110": 142, "101": 112, "011": 4, "111": 12}


def table(counts: dict[str, int], lists: tuple[str, ...]) -> Patterns:
    on = [[digit == "1" for digit in pattern] for pattern in counts]
    return Patterns(lists, np.array(on), np.array([*counts.values()]))


@pytest.fixture
def spina() -> Patterns:
    return table(COUNTS, ("births", "deaths", "rehabilitation"))


def test_what_it_holds(spina):
    found = graphical(spina)
    assert (found.method, found.engine, found.bound) == ("graphical", "exact", False)
    assert found.observed == 626
    assert found.estimate == 731  # dga, with the saturated graph: 731 (694-787)
    assert len(found.draws) == 20_000
    row = found.row()
    assert (row["median"], row["low"], row["high"]) == pytest.approx((731, 694, 787), abs=1.5)
    interval = found.details["interval"]
    assert (interval["low"], interval["high"]) == pytest.approx((694, 787), abs=1)
    top = found.details["graphs"][0]
    assert top["edges"] == [["deaths", "rehabilitation"]]
    assert top["cliques"] == [["births"], ["deaths", "rehabilitation"]]
    assert top["weight"] == pytest.approx(0.724, abs=0.001)
    assert sum(graph["weight"] for graph in found.details["graphs"]) == pytest.approx(1, abs=2e-3)
    assert found.details["visited"] == 7


def test_a_seed_gives_its_draws(spina):
    one, same, other = (graphical(spina, seed=seed, draws=50).draws for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_options_reach_the_average(spina):
    plain = graphical(spina)
    full = graphical(spina, saturated=True)
    assert full.details["visited"] == 8
    assert graphical(spina, delta=1).details["graphs"][0]["weight"] < 0.7
    narrow = graphical(spina, prob=0.5).details["interval"]
    assert narrow["prob"] == 0.5
    assert narrow["low"] > plain.details["interval"]["low"]


def test_what_no_number_of_missing_bounds():
    """Nobody on C is on A or B: without a prior any total would be possible."""
    patterns = table({"100": 40, "010": 40, "110": 10, "001": 1}, ("A", "B", "C"))
    assert graphical(patterns).estimate < 1_000
    with pytest.raises(NotEstimableError, match="lies beyond"):
        graphical(patterns, delta=1e-8)


@pytest.mark.parametrize(("option", "value"), [("draws", 0), ("prob", 1.0), ("delta", -1.0)])
def test_bad_options(spina, option, value):
    with pytest.raises(InvalidValueError, match=option):
        graphical(spina, **{option: value})
