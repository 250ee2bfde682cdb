"""Groups of records: probabilities of all ways to part them, the odds of links, draws, counting."""

import itertools

import numpy as np
import pytest
from scipy import stats

from estimation.linkage.links import Links, find_groups, gather
from estimation.linkage.pairs import Groups, Pairs, groups_by_size, split_large
from estimation.linkage.posterior import GroupEvidence, expected_links, list_odds
from estimation.linkage.review import Judged
from estimation.linkage.tally import Labels, tally
from estimation.randomness import stream
from tests.pairs_by_hand import blocks_of, pairs_of, parted


def _some_groups(size, number, lists, generator, spread=3.0):
    records = np.arange(size * number).reshape(number, size)
    evidence = generator.normal(0, spread, (number, 1 << size))
    evidence[:, [subset for subset in range(1 << size) if subset.bit_count() < 2]] = 0
    return GroupEvidence(Groups(records), evidence, lists)


# -- probabilities ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "slope"), [(2, 1.0), (3, 0.6), (4, 1.0), (5, 1.3)])
def test_probabilities_and_pairs_are_those_of_brute_force(size, slope):
    generator = stream(2, "brute force", str(size))
    number = 3
    lists = generator.integers(0, 3, (number, size))
    groups = _some_groups(size, number, lists, generator)
    odds = generator.normal(-1, 1, (3, 3))
    odds = (odds + odds.T) / 2
    odds[1, 1] = -np.inf
    chances, together = groups.probabilities(odds, slope), groups.together(odds, slope)
    assert chances.sum(axis=1) == pytest.approx(1)
    for group in range(number):
        weight = {}
        for way in parted(list(range(size))):
            whole = 1.0
            for block in way:
                both = [odds[lists[group, one], lists[group, other]]
                        for one, other in itertools.combinations(block, 2)]  # fmt: skip
                if both:
                    subset = sum(1 << one for one in block)
                    whole *= np.exp(slope * groups.evidence[group, subset]
                                    + (len(block) - 1) * np.mean(both))  # fmt: skip
            weight[frozenset(map(frozenset, way))] = whole
        total = sum(weight.values())
        for row, chance in zip(groups.partitions.blocks.tolist(), chances[group], strict=True):
            assert chance == pytest.approx(weight[blocks_of(row)] / total, abs=1e-12)
        for one, other in itertools.combinations(range(size), 2):
            both = sum(value for way, value in weight.items()
                       if any({one, other} <= block for block in way))  # fmt: skip
            assert together[group, one, other] == pytest.approx(both / total, abs=1e-12)
            assert together[group, other, one] == together[group, one, other]


# -- odds of links ---------------------------------------------------------------------------------

#: Links, and compared pairs that are none: between the lists, and within the second.
_LINKS, _OTHERS = np.array([1500, 300]), np.array([3000, 700])
_CERTAIN_TRIPLES = 50


def _simulated(generator):
    """Return groups of a list without and one with duplicates, sizes and the true odds."""
    sizes = np.array([6000, 9000])
    possible = np.array([sizes[0] * sizes[1], sizes[1] * (sizes[1] - 1) / 2])
    evidence, lists = [], []
    for place, (one, other) in enumerate([(0, 1), (1, 1)]):
        separation = 2.0  # standard deviations; the log ratio of two normals is itself
        same = generator.normal(separation**2 / 2, separation, _LINKS[place])
        apart = generator.normal(-(separation**2) / 2, separation, _OTHERS[place])
        # that keys bring a pair of two persons together is rare, and tells too
        found = np.concatenate([same, apart]) + np.log(possible[place] / _OTHERS[place])
        evidence.append(found)
        lists += [[one, other]] * len(found)
    weights = np.zeros((len(lists), 4))
    weights[:, 3] = np.concatenate(evidence)
    pairs = GroupEvidence(Groups(np.arange(2 * len(lists)).reshape(-1, 2)), weights,
                          np.array(lists))  # fmt: skip
    weights = np.zeros((_CERTAIN_TRIPLES, 8))
    weights[:, 7] = 60.0
    records = 2 * len(lists) + np.arange(3 * _CERTAIN_TRIPLES).reshape(-1, 3)
    triples = GroupEvidence(Groups(records), weights, np.tile([0, 1, 1], (_CERTAIN_TRIPLES, 1)))
    truth = _LINKS + _CERTAIN_TRIPLES * np.array([2, 1])
    return [pairs, triples], sizes, np.log(truth / (possible - truth)), possible


def test_odds_of_links_are_found_for_pairs_made_under_them():
    groups, sizes, truth, possible = _simulated(stream(3, "odds"))
    start = np.full((2, 2), -8.0)
    found = list_odds(groups, sizes, start)
    # 3 standard errors of so many links that can be told from others only in part
    assert found[0, 1] == found[1, 0] == pytest.approx(truth[0], abs=0.12)
    assert found[1, 1] == pytest.approx(truth[1], abs=0.25)
    assert found[0, 0] < -17  # half a link among 18 million pairs
    # a fixed point, from wherever it is reached
    assert list_odds(groups, sizes, found) == pytest.approx(found, abs=2e-3)
    assert list_odds(groups, sizes, start + 4) == pytest.approx(found, abs=1e-2)
    links = expected_links(groups, found)
    implied = possible / (1 + np.exp(-np.array([found[0, 1], found[1, 1]])))
    assert implied == pytest.approx([links[0, 1] + 0.5, links[1, 1] + 0.5], rel=2e-3)
    assert links[0, 1] == links[1, 0]


def test_lists_without_duplicates_have_no_link_within():
    groups, sizes, _, _ = _simulated(stream(3, "odds"))
    start = np.array([[-8.0, -8.0], [-8.0, -np.inf]])
    with np.errstate(invalid="ignore"):
        found = list_odds(groups, sizes, start)
    assert found[1, 1] == -np.inf
    assert expected_links(groups, found)[1, 1] == 0
    assert expected_links(groups, found)[0, 1] > 1000  # others remain
    links = Links(tuple(groups), (), found, sizes, 0.0)
    for one, part in zip(groups, links.draw(0.5, 0.8, stream(3, "draw")), strict=True):
        blocks = one.partitions.blocks[part]
        for row, lists in zip(blocks[-900:], one.lists[-900:], strict=True):
            for block in blocks_of(row.tolist()):
                assert [lists[record] for record in block].count(1) <= 1


# -- judged pairs ----------------------------------------------------------------------------------


def _linked(generator):
    """Return links of groups of two to four records, as `link` makes them."""
    shapes = [4] * 30 + [3] * 30 + [2] * 60
    records = iter(range(sum(shapes)))
    some = {}
    for size in shapes:
        own = [next(records) for _ in range(size)]
        for pair in itertools.combinations(own, 2):
            some[pair] = generator.normal(6.0, 3.0, 2)
    pairs = pairs_of(some)
    number = sum(shapes)
    lists = generator.integers(0, 2, number)
    labels, large, cut = find_groups(pairs, lists, np.full(len(pairs), 0.5), 0.005)
    assert cut == 0
    assert (large > 0).sum() == 30 * 7
    filled = np.ones((number, 2), dtype=bool)
    links = gather(labels, pairs, pairs, lists, 2, filled, np.zeros(2, dtype=bool), -6.0, cut)
    return links, pairs


def _person_of(links, chosen, records):
    person = -np.ones(records, dtype=int)
    at = 0
    for one, part in zip(links.groups, chosen, strict=True):
        for row, blocks in zip(one.groups.records, one.partitions.blocks[part], strict=True):
            for block in blocks_of(blocks.tolist()):
                person[row[list(block)]] = at
                at += 1
    return person


def test_judged_pairs_are_so_in_all_draws():
    generator = stream(4, "judged")
    links, pairs = _linked(generator)
    assert all(0.05 < chance.mean() < 1 for chance in links.together(0.0, 1.0))
    # one pair of each group, against what the evidence says
    group = {int(record): number for number, one in enumerate(
        row for some in links.groups for row in some.groups.records) for record in one}  # fmt: skip
    first = np.unique([group[one] for one in pairs.left.tolist()], return_index=True)[1]
    left, right = pairs.left[first], pairs.right[first]
    same = pairs.evidence[first] < 12
    assert 10 < same.sum() < len(same) - 10
    judged = links.judged(Judged(left, right, same))
    free, kept = 0, 0
    for _ in range(20):
        person = _person_of(judged, judged.draw(0.0, 1.0, generator), 330)
        kept += int((person[left] == person[right]).sum())
        assert ((person[left] == person[right]) == same).all()
        other = _person_of(links, links.draw(0.0, 1.0, generator), 330)
        free += int((other[left] == other[right]).sum())
    assert free != kept
    likeliest = _person_of(judged, judged.likeliest(0.0, 1.0), 330)
    assert ((likeliest[left] == likeliest[right]) == same).all()
    # what the model thought of them before is not changed by the judgment
    odds, said = judged.judged_odds(Judged(left, right, same))
    before, _ = links.judged_odds(Judged(left, right, same))
    assert odds == pytest.approx(before)
    assert len(said) == len(same)


def test_pairs_are_located_where_they_stand():
    records = np.array([[5, 9, 11], [2, 3, 20]])
    groups = GroupEvidence(Groups(records), np.zeros((2, 8)), np.zeros((2, 3), dtype=int))
    left, right = np.array([2, 5, 9, 0, 3]), np.array([20, 9, 20, 1, 4])
    group, one, other, row = groups.locate(left, right)
    assert row.tolist() == [0, 1]  # the others lie in two groups or none
    assert records[group, one].tolist() == [2, 5]
    assert records[group, other].tolist() == [20, 9]


# -- large groups ----------------------------------------------------------------------------------


def test_large_groups_are_cut_where_they_are_weakest():
    chain = [0.9, 0.99, 0.9, 0.3, 0.99, 0.9, 0.99, 0.15, 0.9, 0.99, 0.9]
    ends = {(place, place + 1): [1.0] for place in range(len(chain))}
    small = {(20, 21): 0.01, (21, 22): 0.02}
    pairs = pairs_of({**ends, **{pair: [1.0] for pair in small}})
    probability = np.array([*chain, *small.values()])
    labels, kept = split_large(30, pairs, probability, 8)
    assert np.bincount(labels).max() == 8
    assert np.flatnonzero(~kept).tolist() == [7]  # and a small group keeps its weak pairs
    labels, kept = split_large(30, pairs, probability, 4)
    assert np.bincount(labels).max() == 4
    assert np.flatnonzero(~kept).tolist() == [3, 7]
    assert len({labels[20], labels[21], labels[22]}) == 1


def test_no_group_is_above_the_limit():
    generator = stream(5, "large")
    ends = np.sort(generator.integers(0, 400, (700, 2)), axis=1)
    ends = np.unique(ends[ends[:, 0] < ends[:, 1]], axis=0)
    pairs = Pairs(ends[:, 0], ends[:, 1], np.ones((len(ends), 1), dtype=np.float32),
                  np.ones(len(ends), dtype=np.int64))  # fmt: skip
    probability = generator.beta(0.5, 0.5, len(ends))
    whole, _ = split_large(400, pairs, probability, 400)
    assert np.bincount(whole).max() > 100
    labels, kept = split_large(400, pairs, np.minimum(probability, 0.9999), 7)
    assert np.bincount(labels).max() <= 7
    assert ((labels[ends[:, 0]] == labels[ends[:, 1]]) == kept).all()
    found = groups_by_size(labels)
    assert sum(size * len(one.records) for size, one in found.items()) == (
        np.bincount(labels)[labels] > 1).sum()  # fmt: skip


# -- draws -----------------------------------------------------------------------------------------


def test_draws_are_as_frequent_as_they_are_probable():
    generator = stream(6, "frequencies")
    number = 20_000
    one = _some_groups(4, 1, np.array([[0, 1, 1, 0]]), generator, spread=2.0)
    many = GroupEvidence(Groups(np.arange(4 * number).reshape(-1, 4)),
                         np.repeat(one.evidence, number, axis=0),
                         np.repeat(one.lists, number, axis=0))  # fmt: skip
    odds = np.array([[-1.0, 0.5], [0.5, -0.7]])
    # of so large lists the number of links is known
    links = Links((many,), (), odds, np.array([10**8, 10**8]), 0.0)
    (chosen,) = links.draw(-0.3, 0.8, generator)
    expected = number * one.probabilities(0.8 * odds - 0.3, 0.8)[0]
    enough = expected > 5
    assert enough.sum() > 8
    found = np.bincount(chosen, minlength=15)
    assert stats.chisquare(found[enough], expected[enough], sum_check=False).pvalue > 0.01
    other = number * one.probabilities(odds, 1.0)[0]
    assert stats.chisquare(found[enough], other[enough], sum_check=False).pvalue < 1e-6


def test_few_links_are_less_certain():
    generator = stream(7, "few")
    weights = np.zeros((400, 4))
    pairs = GroupEvidence(Groups(np.arange(800).reshape(-1, 2)), weights, np.tile([0, 1], (400, 1)))

    def spread(sizes, odds):
        links = Links((pairs,), (), np.full((2, 2), odds), np.array(sizes), 0.0)
        return np.std([links.draw(0.0, 1.0, generator)[0].sum() for _ in range(200)])

    binomial = np.sqrt(400 * 0.1 * 0.9)
    assert spread([10**6, 10**6], np.log(1 / 9)) == pytest.approx(binomial, rel=0.25)
    assert spread([20, 20], np.log(1 / 9)) > 1.2 * binomial  # forty links, themselves a count


# -- counting --------------------------------------------------------------------------------------


def test_persons_are_counted_by_lists_and_stratum():
    #         group of three  | pair | alone | sure
    lists = np.array([2, 0, 1, 0, 1, 2, 0, 0, 1, 1])
    labels = Labels(("f", "m"), np.array([1, 0, 1, -1, -1, 0, -1, 1, 0, 1]))
    three = GroupEvidence(Groups(np.array([[0, 1, 2]])), np.zeros((1, 8)), lists[None, [0, 1, 2]])
    pair = GroupEvidence(Groups(np.array([[3, 4]])), np.zeros((1, 4)), lists[None, [3, 4]])
    counted = tally([pair, three], lists, 3, labels, [np.array([7, 8, 9])])

    def code(on, stratum):
        return sum(1 << one for one in on) + ({"": 0, "f": 1, "m": 2}[stratum] << 3)

    def row(one, ways):
        return [blocks_of(some) for some in one.partitions.blocks.tolist()].index(
            frozenset(map(frozenset, ways))
        )

    always = {code([2], "f"): 1, code([0], ""): 1, code([0, 1], "m"): 1}  # two of three say m
    cases = [
        ([[0], [1]], [[0, 1, 2]], {code([0], ""): 2, code([1], ""): 1, code([0, 1, 2], "m"): 1}),
        # one says m on list 2, one f on list 0: the earlier list is believed
        ([[0, 1]], [[0, 1], [2]], {code([0, 1], ""): 1, code([0, 2], "f"): 1, code([1], "m"): 1}),
        ([[0, 1]], [[0], [1, 2]], {code([0, 1], ""): 1, code([2], "m"): 1, code([0, 1], "f"): 1}),
    ]
    for first, second, known in cases:
        found = counted.counts(
            [pair, three], [np.array([row(pair, first)]), np.array([row(three, second)])]
        )
        expected = {**always, **known}
        assert {int(one): int(found[one]) for one in np.flatnonzero(found)} == expected
    assert len(found) == counted.size == 24
