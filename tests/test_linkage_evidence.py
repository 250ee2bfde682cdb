"""Ways to part records into persons, and what several records say for their being one."""

import itertools

import numpy as np
import pytest

from estimation.linkage.evidence import joined
from estimation.linkage.pairs import Groups
from estimation.linkage.partitions import MOST_ENUMERATED, members, partitions
from estimation.linkage.posterior import group_evidence
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
        if filled[one] and filled[other]:
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


def test_each_subset_of_a_group_has_the_evidence_of_its_records():
    generator = stream(1, "subsets")
    lists = np.array([0, 1, 1, 0, 0, 1])
    groups = Groups(np.array([[0, 2, 3], [1, 4, 5]]))
    some = {pair: generator.normal(size=2) for row in groups.records.tolist()
            for pair in itertools.combinations(row, 2)}  # fmt: skip
    filled = np.ones((6, 2), dtype=bool)
    filled[2, 1] = False
    for pair in some:
        if 2 in pair:
            some[pair][1] = 0.0
    found = group_evidence(groups, pairs_of({**some, (0, 1): [9.0, 9.0]}), lists, filled)
    assert found.lists.tolist() == [[0, 1, 0], [1, 0, 1]]
    assert found.evidence[0, 0b011] == pytest.approx(some[0, 2].sum(), abs=1e-6)
    assert found.evidence[1, 0b110] == pytest.approx(some[4, 5].sum(), abs=1e-6)
    one = some[1, 4] + some[1, 5], some[1, 4] + some[4, 5], some[1, 5] + some[4, 5]
    assert found.evidence[1, 0b111] == pytest.approx(np.max(one, axis=0).sum(), abs=1e-6)
    first = max(some[0, 2][0] + some[0, 3][0], some[0, 2][0] + some[2, 3][0],
                some[0, 3][0] + some[2, 3][0])  # fmt: skip
    assert found.evidence[0, 0b111] == pytest.approx(first + some[0, 3][1], abs=1e-6)
    with pytest.raises(ValueError, match="not compared"):
        group_evidence(groups, pairs_of({(0, 2): [1.0, 1.0]}), lists, filled)
