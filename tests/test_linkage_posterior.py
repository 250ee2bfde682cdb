"""Groups of records: probabilities of all ways to part them, the odds of links, draws, counting."""

import itertools

import numpy as np
import pytest
from scipy import stats

from estimation.linkage.gather import gather
from estimation.linkage.grouping import grouping
from estimation.linkage.links import Links
from estimation.linkage.odds import expected_links, list_odds, pair_odds, possible_pairs
from estimation.linkage.posterior import Groups
from estimation.linkage.review import Judged
from estimation.linkage.tally import Labels, tally
from estimation.randomness import stream
from tests.pairs_by_hand import blocks_of, pairs_of, parted


def _groups(lists, evidence, number=2):
    """Return groups of records, given the list of each."""
    lists, evidence = np.asarray(lists), np.asarray(evidence)
    held = (lists[..., None] == np.arange(number)).astype(np.int64)
    return Groups(np.arange(lists.size).reshape(lists.shape), held, evidence)


def _evidence(size, number, generator, spread=3.0):
    found = generator.normal(0, spread, (number, 1 << size))
    found[:, [subset for subset in range(1 << size) if subset.bit_count() < 2]] = 0
    return found


# -- probabilities ---------------------------------------------------------------------------------


def _prior(held, odds):
    """Return the prior weight of a person with so many records on each list, by hand."""
    on = np.flatnonzero(held)
    whole = 1.0
    for one in on:
        if held[one] > 1:
            whole *= np.exp(odds[one, one] * (held[one] - 1))
    if len(on) > 1:
        records = [one for one in on for _ in range(held[one])]
        between = [odds[one, other] for one, other in itertools.combinations(records, 2)
                   if one != other]  # fmt: skip
        whole *= np.exp((len(on) - 1) * np.mean(between))
    return whole


@pytest.mark.parametrize(("size", "slope"), [(2, 1.0), (3, 0.6), (4, 1.0), (5, 1.3)])
def test_probabilities_and_pairs_are_those_of_brute_force(size, slope):
    generator = stream(2, "brute force", str(size))
    number, lists = 4, 3
    place = generator.integers(0, lists, (number, size))
    place[1:, :2] = 1  # of a list on which nobody stands twice
    held = (place[..., None] == np.arange(lists)).astype(np.int64)
    held[0] += generator.integers(0, 2, (size, lists))  # units of several records
    held[0, :, 1] = 0
    held[0, :, 0] += held[0].sum(axis=1) == 0
    evidence = _evidence(size, number, generator)
    groups = Groups(np.arange(number * size).reshape(number, size), held, evidence)
    odds = generator.normal(-1, 1, (lists, lists))
    odds = (odds + odds.T) / 2
    odds[1, 1] = -np.inf
    chances, together = groups.probabilities(odds, slope), groups.together(odds, slope)
    assert chances.sum(axis=1) == pytest.approx(1)
    impossible = 0
    for group in range(number):
        weight = {}
        for way in parted(list(range(size))):
            whole = 1.0
            for block in way:
                subset = sum(1 << one for one in block)
                whole *= np.exp(slope * evidence[group, subset])
                whole *= _prior(held[group, block].sum(axis=0), odds)
            weight[frozenset(map(frozenset, way))] = whole
        impossible += sum(value == 0 for value in weight.values())
        total = sum(weight.values())
        for row, chance in zip(groups.partitions.blocks.tolist(), chances[group], strict=True):
            assert chance == pytest.approx(weight[blocks_of(row)] / total, abs=1e-12)
        for one, other in itertools.combinations(range(size), 2):
            both = sum(value for way, value in weight.items()
                       if any({one, other} <= block for block in way))  # fmt: skip
            assert together[group, one, other] == pytest.approx(both / total, abs=1e-12)
            assert together[group, other, one] == together[group, one, other]
    assert impossible > 0


# -- odds of links ---------------------------------------------------------------------------------

#: Links, and compared pairs that are none: between the lists, and within the second.
_LINKS, _OTHERS = np.array([1500, 300]), np.array([3000, 700])
_TRIPLES, _SURE = 50, 200
_NOT_ONCE, _ONCE = np.array([False, False]), np.array([False, True])
_START = -8.0


def _simulated(generator):
    """Return groups of a list without and one with duplicates, sizes and the true odds."""
    sizes = np.array([7000, 9000])
    possible = possible_pairs(sizes)[[0, 1], [1, 1]]
    evidence, lists = [], []
    for place, ends in enumerate([(0, 1), (1, 1)]):
        separation = 2.0  # of two normals; the log ratio of these is distributed as they are
        same = generator.normal(separation**2 / 2, separation, _LINKS[place])
        apart = generator.normal(-(separation**2) / 2, separation, _OTHERS[place])
        # that keys bring a pair of two persons together is rare, and tells too
        evidence.append(np.concatenate([same, apart]) + np.log(possible[place] / _OTHERS[place]))
        lists += [ends] * len(evidence[-1])
    weights = np.zeros((len(lists), 4))
    weights[:, 3] = np.concatenate(evidence)
    triples = np.zeros((_TRIPLES, 8))
    triples[:, 7] = 60.0
    groups = [_groups(lists, weights), _groups(np.tile([0, 1, 1], (_TRIPLES, 1)), triples)]
    truth = _LINKS + _TRIPLES * np.array([2, 1]) + [_SURE, 0]
    return groups, sizes, np.log(truth / (possible - truth)), possible


def test_odds_of_links_are_found_for_pairs_made_under_them():
    groups, sizes, truth, possible = _simulated(stream(3, "odds"))
    sure = np.array([[0.0, _SURE], [_SURE, 0.0]])
    found = list_odds(groups, sizes, _NOT_ONCE, _START, sure)
    # 3 standard errors of so many links, which can be told from others only in part
    assert found[0, 1] == found[1, 0] == pytest.approx(truth[0], abs=0.12)
    assert found[1, 1] == pytest.approx(truth[1], abs=0.25)
    assert found[0, 0] < -17  # half a link among 24 million pairs
    # a fixed point, from wherever it is reached
    assert list_odds(groups, sizes, _NOT_ONCE, -12.0, sure) == pytest.approx(found, abs=5e-3)
    links = (expected_links(groups, found, 2) + sure)[[0, 1], [1, 1]]
    implied = possible / (1 + np.exp(-found[[0, 1], [1, 1]]))
    assert implied == pytest.approx(links + 0.5, rel=2e-3)
    # pairs taken alone tell the same where they are alone
    pairs = pairs_of({(int(one), int(other)): [evidence] for (one, other), evidence in
                      zip(groups[0].units, groups[0].evidence[:, 3], strict=True)})  # fmt: skip
    alone = pair_odds(pairs, groups[0].held.argmax(axis=2).ravel(), sizes, _NOT_ONCE, _START)
    assert alone == pytest.approx(list_odds(groups[:1], sizes, _NOT_ONCE, _START, 0 * sure),
                                  abs=5e-3)  # fmt: skip


def test_lists_without_duplicates_have_no_link_within():
    groups, sizes, _, _ = _simulated(stream(3, "odds"))
    found = list_odds(groups, sizes, _ONCE, _START, np.zeros((2, 2)))
    assert found[1, 1] == -np.inf
    assert expected_links(groups, found, 2)[1, 1] == 0
    assert expected_links(groups, found, 2)[0, 1] > 1000  # others remain
    links = Links(tuple(groups), (), found, sizes, 0.0)
    made = np.zeros((2, 2))
    for one, part in zip(groups, links.draw(0.5, 0.8, stream(3, "draw")), strict=True):
        made += one.by_lists(one.pairs_of(one.partitions.incidence[part]))
    assert made[1, 1] == 0
    assert made[0, 1] > 1000


# -- judged pairs ----------------------------------------------------------------------------------

_RECORDS = 30 * 4 + 30 * 3 + 60 * 2


def _linked(generator):
    """Return links of groups of two to four records, as `link` makes them."""
    records = iter(range(_RECORDS))
    some = {}
    for size in [4] * 30 + [3] * 30 + [2] * 60:
        own = [next(records) for _ in range(size)]
        for pair in itertools.combinations(own, 2):
            some[pair] = generator.normal(3.0, 2.0, 2)
    pairs = pairs_of(some)
    lists = generator.integers(0, 2, _RECORDS)
    found = grouping(_RECORDS, pairs, np.full(len(pairs), 0.5), 7)
    assert found.cut == 0
    groups, certain = gather(found, pairs, lists, 2, np.ones((_RECORDS, 2), dtype=bool))
    assert certain == []
    assert [(one.size, len(one)) for one in groups] == [(2, 60), (3, 30), (4, 30)]
    odds = np.full((2, 2), -6.0)
    return Links(tuple(groups), (), odds, np.bincount(lists), 0.0), pairs


def _person_of(links, chosen):
    person = -np.ones(_RECORDS, dtype=int)
    at = itertools.count()
    for one, part in zip(links.groups, chosen, strict=True):
        for group, blocks in enumerate(one.partitions.blocks[part].tolist()):
            for block in blocks:
                if block:
                    person[one.records_of(group, block)] = next(at)
    assert (person >= 0).all()
    return person


def test_judged_pairs_are_so_in_all_draws():
    generator = stream(4, "judged")
    links, pairs = _linked(generator)
    assert all(0.05 < chance.mean() < 0.9 for chance in links.together(0.0, 1.0))
    # the first pair of each group, against what the evidence says
    first = np.unique(np.searchsorted(pairs.left, pairs.left), return_index=True)[1]
    first = first[np.isin(pairs.left[first], [one.min() for some in links.groups
                                               for one in some.units])]  # fmt: skip
    left, right = pairs.left[first], pairs.right[first]
    assert len(first) == 120
    said = Judged(left, right, pairs.evidence[first] < 6)
    assert 30 < said.same.sum() < 90
    judged = links.judged(said)
    against = 0
    for _ in range(20):
        person = _person_of(judged, judged.draw(0.0, 1.0, generator))
        assert ((person[left] == person[right]) == said.same).all()
        other = _person_of(links, links.draw(0.0, 1.0, generator))
        against += int(((other[left] == other[right]) != said.same).sum())
    assert against > 500
    likeliest = _person_of(judged, judged.likeliest(0.0, 1.0))
    assert ((likeliest[left] == likeliest[right]) == said.same).all()
    # what the model thought of them before is not changed by the judgment
    odds, same = judged.judged_odds(said)
    before, _ = links.judged_odds(said)
    assert odds == pytest.approx(before)
    assert odds[same].mean() < odds[~same].mean()
    assert len(same) == 120


def test_pairs_are_located_where_they_stand():
    plain = Groups(np.array([[5, 9, 11], [2, 3, 20]]), np.ones((2, 3, 1), dtype=int),
                   np.zeros((2, 8)))  # fmt: skip
    left, right = np.array([2, 5, 9, 0, 3]), np.array([20, 9, 20, 1, 4])
    group, one, other, row = plain.locate(left, right)
    assert row.tolist() == [0, 1]  # the others lie in two groups or none
    assert plain.units[group, one].tolist() == [2, 5]
    assert plain.units[group, other].tolist() == [20, 9]
    units = np.empty((1, 2), dtype=object)
    units[0, 0], units[0, 1] = np.array([4, 6, 8]), np.array([5])
    mixed = Groups(units, np.array([[[3], [1]]]), np.zeros((1, 4)))
    group, one, other, row = mixed.locate(np.array([4, 5, 6]), np.array([6, 8, 7]))
    assert (group.tolist(), one.tolist(), other.tolist(), row.tolist()) == ([0], [1], [0], [1])


# -- draws -----------------------------------------------------------------------------------------


def test_draws_are_as_frequent_as_they_are_probable():
    generator = stream(6, "frequencies")
    number = 20_000
    evidence = np.repeat(_evidence(4, 1, generator, spread=2.0), number, axis=0)
    many = _groups(np.tile([0, 1, 1, 0], (number, 1)), evidence)
    odds = np.array([[-1.0, 0.5], [0.5, -0.7]])
    links = Links((many,), (), odds, np.array([number, number]), 0.0)
    vars(links)["told"] = np.full((2, 2), 1e14)  # as if the number of links were known
    (chosen,) = links.draw(-0.3, 0.8, generator)
    expected = number * many.probabilities(0.8 * odds - 0.3, 0.8)[0]
    enough = expected > 5
    assert enough.sum() > 8
    found = np.bincount(chosen, minlength=15)[enough]
    assert stats.chisquare(found, expected[enough], sum_check=False).pvalue > 0.01
    other = number * many.probabilities(odds, 1.0)[0][enough]
    assert stats.chisquare(found, other, sum_check=False).pvalue < 1e-6


def test_links_that_are_hardly_told_are_of_an_uncertain_number():
    generator = stream(7, "few")
    doubt = _groups(np.tile([0, 1], (400, 1)), np.zeros((400, 4)))
    clear = _groups(np.tile([0, 1], (3000, 1)), np.tile([0.0, 0.0, 0.0, 30.0], (3000, 1)))
    odds = np.full((2, 2), np.log(1 / 9))

    def drawn(*groups):
        links = Links(groups, (), odds, np.array([5000, 5000]), 0.0)
        return np.array([links.draw(0.0, 1.0, generator)[0].sum() for _ in range(200)])

    binomial = np.sqrt(400 * 0.1 * 0.9)
    sure, unsure = drawn(doubt, clear), drawn(doubt)
    assert sure.mean() == pytest.approx(40, abs=3)
    assert sure.std() == pytest.approx(binomial, rel=0.25)
    assert unsure.std() > 1.5 * binomial


# -- counting --------------------------------------------------------------------------------------


def test_persons_are_counted_by_lists_and_stratum():
    #  records: three that may be one, a pair, one alone, three that are surely one
    lists = np.array([2, 0, 1, 0, 1, 2, 0, 0, 1, 1])
    labels = Labels(("f", "m"), np.array([1, 0, 1, -1, -1, 0, -1, 1, 0, 1]))
    held = np.eye(3, dtype=np.int64)[lists]
    three = Groups(np.array([[0, 1, 2]]), held[None, [0, 1, 2]], np.zeros((1, 8)))
    pair = Groups(np.array([[3, 4]]), held[None, [3, 4]], np.zeros((1, 4)))
    counted = tally([pair, three], lists, 3, labels, [np.array([7, 8, 9])])

    def code(on, stratum):
        return sum(1 << one for one in on) + ({"": 0, "f": 1, "m": 2}[stratum] << 3)

    def row(one, ways):
        found = [blocks_of(some) for some in one.partitions.blocks.tolist()]
        return np.array([found.index(frozenset(map(frozenset, ways)))])

    always = {code([2], "f"): 1, code([0], ""): 1, code([0, 1], "m"): 1}  # two of three say m
    cases = [
        ([[0], [1]], [[0, 1, 2]], {code([0], ""): 2, code([1], ""): 1, code([0, 1, 2], "m"): 1}),
        # one says m on list 2, one f on list 0: the earlier list is believed
        ([[0, 1]], [[0, 1], [2]], {code([0, 1], ""): 1, code([0, 2], "f"): 1, code([1], "m"): 1}),
        ([[0, 1]], [[0], [1, 2]], {code([0, 1], ""): 1, code([2], "m"): 1, code([0, 1], "f"): 1}),
    ]
    for first, second, known in cases:
        found = counted.counts([pair, three], [row(pair, first), row(three, second)])
        expected = {**always, **known}
        assert {int(one): int(found[one]) for one in np.flatnonzero(found)} == expected
    assert len(found) == counted.size == 24


def test_units_are_counted_as_persons():
    units = np.empty((1, 2), dtype=object)
    units[0, 0], units[0, 1] = np.array([0, 2]), np.array([1])
    held = np.array([[[1, 1], [1, 0]]])
    labels = Labels(("x",), np.array([-1, -1, 0, -1]))
    one = Groups(units, held, np.zeros((1, 4)))
    counted = tally([one], np.array([0, 0, 1, 1]), 2, labels)
    apart = [blocks_of(row) for row in one.partitions.blocks.tolist()].index(
        frozenset({frozenset({0}), frozenset({1})})
    )
    # codes: unknown 1 (list 0), 2 (list 1), 3 (both); x from 4
    assert np.flatnonzero(counted.counts([one], [np.array([apart])])).tolist() == [1, 2, 7]
    assert np.flatnonzero(counted.counts([one], [np.array([1 - apart])])).tolist() == [2, 7]
