"""Ways to part records into persons, what several say for their being one, and their groups."""

import itertools

import numpy as np
import pytest

from estimation.errors import NotEstimableError
from estimation.linkage.evidence import joined
from estimation.linkage.gather import gather
from estimation.linkage.grouping import Grouping, grouping
from estimation.linkage.pairs import hang_together
from estimation.linkage.partitions import MOST_ENUMERATED, members, partitions
from estimation.randomness import stream
from tests.pairs_by_hand import blocks_of, pairs_of, parted

# -- partitions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "bell"), [(1, 1), (2, 2), (3, 5), (4, 15), (5, 52), (7, 877)])
def test_each_partition_stands_once(size, bell):
    found = partitions(size)
    ways = {blocks_of(row) for row in found.blocks.tolist()}
    assert len(found.blocks) == len(ways) == bell
    by_hand = {frozenset(map(frozenset, one)) for one in parted(list(range(size)))}
    assert ways == by_hand
    assert all(len(one) == 1 for one in blocks_of(found.blocks[0].tolist()))
    for row, marked in zip(found.blocks, found.incidence, strict=True):
        assert sorted(row[row > 0]) == np.flatnonzero(marked).tolist()


def test_only_so_many_records_are_parted_in_all_ways():
    with pytest.raises(ValueError, match="records"):
        partitions(MOST_ENUMERATED + 1)
    assert [len(one) for one in members(3)] == [0, 1, 1, 2, 1, 2, 2, 3]


# -- evidence --------------------------------------------------------------------------------------

#: Shares of the values a, b, c and of all others, and of records that hold any value by error.
_SHARES, _ERROR = np.array([0.01, 0.02, 0.005, 0.965]), 0.06


def _exact(values):
    """Return the log ratio of one person to several: a true value is unseen, copies err."""
    truth = np.arange(len(_SHARES))
    whole = _SHARES.copy()
    for value in values:
        whole *= (1 - _ERROR) * (truth == value) / _SHARES[value] + _ERROR
    return np.log(whole.sum())


def _by_joined(values, there=None):
    size = len(values)
    filled = np.ones(size, dtype=bool) if there is None else np.array(there)
    weights = np.zeros((size, size))
    for one, other in itertools.permutations(range(size), 2):
        weights[one, other] = _exact([values[one], values[other]])
    adding = np.triu(weights, 1).sum()
    return joined(weights[None, None], filled[None, None])[0], adding


@pytest.mark.parametrize("values", [[0, 0], [0, 1], [2, 2]])
def test_the_evidence_of_two_records_is_their_ratio(values):
    found, _ = _by_joined(values)
    assert found == pytest.approx(_exact(values), abs=1e-12)


@pytest.mark.parametrize(
    ("values", "odd", "adding_is_off"),
    [([0, 0, 0], 0, 4), ([0, 0, 1], 1, 1), ([0, 1, 2], 2, 1.5), ([0, 0, 1, 1], 2, 0.3),
     ([0, 0, 0, 1], 1, 0.7), ([0, 0, 0, 0], 0, 12), ([0, 0, 1, 2], 2, 4)],
)  # fmt: skip
def test_the_evidence_of_several_records_is_close_to_that_of_an_unseen_truth(
    values, odd, adding_is_off
):
    exact = _exact(values)
    for order in set(itertools.permutations(values)):
        found, adding = _by_joined(list(order))
        # of two that differ either may be the one in error: up to a factor of two for each that
        # differs from the most frequent
        assert -0.15 < found - exact < np.log(2) * odd + 0.15
        assert abs(adding - exact) > adding_is_off


def test_a_record_without_the_field_says_nothing():
    with_it, _ = _by_joined([0, 0, 1])
    assert _by_joined([0, 0, 1, 3], [True, True, True, False])[0] == pytest.approx(with_it)
    alone, _ = _by_joined([0, 1, 2], [True, False, False])
    nobody, _ = _by_joined([0, 1], [False, False])
    assert alone == nobody == 0


def _gathered(group, some, lists, filled, unit=None):
    group = np.array(group)
    unit = np.arange(len(group)) if unit is None else np.array(unit)
    return gather(Grouping(group, unit, 0.0), pairs_of(some), np.array(lists), 2, filled)


def test_each_subset_of_a_group_has_the_evidence_of_its_records():
    generator = stream(1, "subsets")
    some = {pair: generator.normal(size=2) for row in ([0, 2, 3], [1, 4, 5])
            for pair in itertools.combinations(row, 2)}  # fmt: skip
    filled = np.ones((8, 2), dtype=bool)
    filled[2, 1] = False
    for pair in some:
        if 2 in pair:
            some[pair][1] = 0.0
    group, lists = [0, 1, 0, 0, 1, 1, 2, 3], [0, 1, 1, 0, 0, 1, 0, 0]
    (found,), certain = _gathered(group, {**some, (0, 1): [9.0, 9.0]}, lists, filled)
    assert certain == []
    assert found.units.tolist() == [[0, 2, 3], [1, 4, 5]]
    assert found.held.argmax(axis=2).tolist() == [[0, 1, 0], [1, 0, 1]]
    assert (found.held.sum(axis=2) == 1).all()
    assert found.evidence[0, 0b011] == pytest.approx(some[0, 2].sum(), abs=1e-6)
    assert found.evidence[1, 0b110] == pytest.approx(some[4, 5].sum(), abs=1e-6)
    ways = some[1, 4] + some[1, 5], some[1, 4] + some[4, 5], some[1, 5] + some[4, 5]
    assert found.evidence[1, 0b111] == pytest.approx(np.max(ways, axis=0).sum(), abs=1e-6)
    first = max(some[0, 2][0] + some[0, 3][0], some[0, 2][0] + some[2, 3][0],
                some[0, 3][0] + some[2, 3][0])  # fmt: skip
    assert found.evidence[0, 0b111] == pytest.approx(first + some[0, 3][1], abs=1e-6)
    del some[2, 3]
    with pytest.raises(ValueError, match="not compared"):
        _gathered(group, some, lists, filled)


def test_units_keep_the_evidence_of_all_their_records():
    generator = stream(1, "units")
    group, unit, lists = [0, 0, 0, 0, 1, 1], [0, 1, 0, 2, 3, 3], [0, 0, 1, 1, 1, 1]
    some = {pair: generator.normal(size=1) for pair in itertools.combinations(range(4), 2)}
    some[4, 5] = np.array([20.0])
    filled = np.ones((6, 1), dtype=bool)
    (mixed,), certain = _gathered(group, some, lists, filled, unit)
    (_, plain), _ = _gathered(group, some, lists, filled)
    assert [one.tolist() for one in certain] == [[4, 5]]
    assert [one.tolist() for one in mixed.units[0]] == [[0, 2], [1], [3]]
    assert mixed.held[0].tolist() == [[1, 1], [1, 0], [0, 1]]
    for subset, records in ((0b001, 0b0101), (0b011, 0b0111), (0b110, 0b1010), (0b111, 0b1111)):
        assert mixed.evidence[0, subset] == pytest.approx(plain.evidence[0, records])
    assert mixed.records_of(0, 0b101).tolist() == [0, 2, 3]
    assert mixed.inner.tolist() == [[0, 1], [1, 0]]


# -- grouping --------------------------------------------------------------------------------------


def test_large_groups_are_cut_where_they_are_weakest():
    chain = [0.9, 0.95, 0.9, 0.34, 0.95, 0.9, 0.95, 0.15, 0.9, 0.95, 0.9]
    small = {(20, 21): 0.01, (21, 22): 0.02}
    ends = {(place, place + 1): [1.0] for place in range(len(chain))}
    pairs = pairs_of({**ends, **{pair: [1.0] for pair in small}})
    chance = np.array([*chain, *small.values()])
    for most, cut in ((12, []), (8, [7]), (4, [3, 7])):
        found = grouping(30, pairs, chance, most)
        assert found.sizes.max() == most
        apart = found.group[pairs.left] != found.group[pairs.right]
        assert np.flatnonzero(apart).tolist() == cut  # and a small group keeps its weak pairs
        assert found.cut == pytest.approx(chance[cut].sum())


def test_records_that_are_surely_one_person_become_a_unit():
    # nine records, of which six are one person, and links in doubt to three more
    sure = dict.fromkeys(itertools.combinations(range(6), 2), 1 - 1e-10)
    doubt = {(0, 6): 0.5, (5, 7): 0.6, (7, 8): 0.7}
    pairs = pairs_of({pair: [1.0] for pair in [*sure, *doubt]})
    both = {**sure, **doubt}
    chance = np.array([both[pair] for pair in zip(pairs.left, pairs.right, strict=True)])
    found = grouping(10, pairs, chance, 7)
    assert len(set(found.group[:9].tolist())) == 1
    assert found.cut == 0
    assert len(set(found.unit[:6].tolist())) == 1
    assert len(set(found.unit.tolist())) == 5
    whole = grouping(10, pairs, chance, 9)
    assert len(set(whole.unit.tolist())) == 10  # nothing is made one without need


def test_no_group_has_more_units_than_can_be_parted():
    generator = stream(5, "large")
    ends = np.sort(generator.integers(0, 400, (700, 2)), axis=1)
    ends = np.unique(ends[ends[:, 0] < ends[:, 1]], axis=0)
    pairs = pairs_of({(int(one), int(other)): [1.0] for one, other in ends})
    chance = generator.beta(0.5, 0.5, len(ends))
    chance = np.where(generator.random(len(ends)) < 0.6, 0.3 * chance, chance)
    assert np.bincount(hang_together(400, pairs.left, pairs.right)).max() > 100
    found = grouping(400, pairs, chance, 7)
    units = [len(set(found.unit[found.group == one].tolist())) for one in set(found.group.tolist())]
    assert max(units) <= 7
    inside = found.group[pairs.left] == found.group[pairs.right]
    assert found.cut == pytest.approx(chance[~inside].sum())
    for one in set(found.unit.tolist()):
        assert len(set(found.group[found.unit == one].tolist())) == 1


def test_many_records_that_look_like_one_person_are_refused():
    records = 80
    pairs = pairs_of({pair: [1.0] for pair in itertools.combinations(range(records), 2)})
    with pytest.raises(NotEstimableError, match="80 records all look like one person"):
        grouping(records, pairs, np.full(len(pairs), 1 - 1e-12), 7)
