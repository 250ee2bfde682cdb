"""All records that may be one person, with the probability of each way to part them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from estimation.errors import NotEstimableError
from estimation.linkage.pairs import Pairs, groups_by_size, split_large
from estimation.linkage.partitions import MOST_ENUMERATED
from estimation.linkage.posterior import GroupEvidence, group_evidence, list_odds
from estimation.linkage.review import Judged

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: Slopes for which the odds of links are computed; between them they are interpolated.
_SLOPES = np.exp(np.linspace(-0.9, 0.9, 7))

#: Records that may be one person for sure; more are a value that stands for "not known".
_MOST_CERTAIN = 60


@dataclasses.dataclass(frozen=True, eq=False)
class Links:
    """Groups of records, and what is believed of who is one person.

    Parameters
    ----------
    groups : tuple of GroupEvidence
        By size.
    certain : tuple of integer arrays
        Records that are one person for sure: too many to be parted in all ways, all joined by
        overwhelming evidence.
    odds : (list, list) numbers
        Log odds that two random records of two lists are one person, at a slope of one.
    by_slope : (slope, list, list) numbers
        The same at other slopes.
    sizes : (list,) integers
        Records.
    cut : float
        Expected links that were cut to keep groups small.
    """

    groups: tuple[GroupEvidence, ...]
    certain: tuple[IntArray, ...]
    odds: FloatArray
    by_slope: FloatArray
    sizes: IntArray
    cut: float

    def odds_at(self, slope: float) -> FloatArray:
        """Return the log odds of links between lists, where the evidence is multiplied so."""
        logs = np.log(_SLOPES)
        at = float(np.clip(np.log(slope), logs[0], logs[-1]))
        upper = int(np.clip(np.searchsorted(logs, at), 1, len(logs) - 1))
        share = (at - logs[upper - 1]) / (logs[upper] - logs[upper - 1])
        low, high = self.by_slope[upper - 1], self.by_slope[upper]
        with np.errstate(invalid="ignore"):
            mixed = (1 - share) * low + share * high
        return np.asarray(np.where(np.isfinite(low), mixed, -np.inf))

    def draw(self, shift: float, slope: float, generator: np.random.Generator) -> list[IntArray]:
        """Return a partition of each group, by size.

        Parameters
        ----------
        shift, slope : float
            The odds of a link are exp(shift) odds^slope.
        generator : numpy.random.Generator
        """
        odds = self.odds_at(slope)
        # how many links there are is itself known no better than by so many
        expected = expected_links_fast(self.groups, odds, self.sizes)
        noise = np.log(generator.gamma(expected + 0.5) / (expected + 0.5))
        noise = np.triu(noise) + np.triu(noise, 1).T
        odds = np.where(np.isfinite(odds), odds + shift + noise, -np.inf)
        found = []
        for one in self.groups:
            chances = one.probabilities(odds, slope)
            edges = np.cumsum(chances, axis=1)
            point = generator.random(len(chances))[:, None] * edges[:, -1:]
            found.append((edges < point).sum(axis=1))
        return found

    def together(self, shift: float, slope: float) -> list[FloatArray]:
        """Return the probabilities of pairs to be one person, by size, (group, size, size)."""
        odds = self.odds_at(slope)
        odds = np.where(np.isfinite(odds), odds + shift, -np.inf)
        return [one.together(odds, slope) for one in self.groups]

    def judged(self, judged: Judged) -> Links:
        """Return links in which judged pairs are kept as they were judged."""
        groups = tuple(one.forced(judged.left, judged.right, judged.same) for one in self.groups)
        return dataclasses.replace(self, groups=groups)

    def judged_odds(self, judged: Judged) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Return the log odds of judged pairs to be links, before they were judged.

        Pairs in no group are left out: nobody doubts them.
        """
        found, same = [], []
        for one in self.groups:
            free = dataclasses.replace(one, fixed=None)
            group, left, right, row = one.locate(judged.left, judged.right)
            if len(row):
                some = free.take(np.unique(group))
                at = np.searchsorted(np.unique(group), group)
                chance = some.together(self.odds)[at, left, right]
                chance = np.clip(chance, 1e-9, 1 - 1e-9)
                found.append(np.log(chance / (1 - chance)))
                same.append(judged.same[row])
        if not found:
            return np.zeros(0), np.zeros(0, dtype=bool)
        return np.concatenate(found), np.concatenate(same)

    def likeliest(self, shift: float, slope: float) -> list[IntArray]:
        """Return the likeliest partition of each group, by size."""
        odds = self.odds_at(slope)
        odds = np.where(np.isfinite(odds), odds + shift, -np.inf)
        return [one.log_weights(odds, slope).argmax(axis=1) for one in self.groups]


def expected_links_fast(
    groups: Sequence[GroupEvidence], odds: FloatArray, sizes: IntArray
) -> FloatArray:
    """Return how many links the odds stand for: those under which as many are expected."""
    possible = sizes[:, None] * sizes[None, :].astype(float)
    np.fill_diagonal(possible, sizes * (sizes - 1) / 2.0)
    return np.asarray(possible / (1.0 + np.exp(np.minimum(-odds, 700.0))))


def find_groups(
    pairs: Pairs, lists: IntArray, probability: FloatArray, least: float
) -> tuple[IntArray, IntArray, float]:
    """Return groups of records that may be one person.

    Parameters
    ----------
    pairs : Pairs
    lists : (record,) integers
    probability : (pair,) shares
        That a pair is a link, taken alone.
    least : float
        Pairs below it join nothing.

    Returns
    -------
    labels : (record,) integers
        The group of each record.
    large : (record,) integers
        From 1 the groups of three and more records, all of whose pairs must be scored; else 0.
    cut : float
        Expected links that were cut.
    """
    strong = probability >= least
    some = pairs.take(strong)
    labels, kept = split_large(len(lists), some, probability[strong], MOST_ENUMERATED)
    cut = float(probability[strong][~kept].sum())
    sizes = np.bincount(labels)[labels]
    if sizes.max(initial=1) > _MOST_CERTAIN:
        raise NotEstimableError(
            f"{int(sizes.max()):,} records all look like one person", where="linkage",
            why="a name or date stands in many records that may mean 'not known'",
            remedy="leave such values empty, or map more columns",
        )  # fmt: skip
    large = np.where((sizes > 2) & (sizes <= MOST_ENUMERATED), labels + 1, 0)
    return labels, large, cut


def gather(
    labels: IntArray, pairs: Pairs, within: Pairs, lists: IntArray, number: int,
    filled: NDArray[np.bool_], once: NDArray[np.bool_], start: float, cut: float,
) -> Links:  # fmt: skip
    """Return the links of groups.

    Parameters
    ----------
    labels : (record,) integers
    pairs, within : Pairs
        All that keys join; all within groups of three and more.
    lists : (record,) integers
    number : int
        Of lists.
    filled : (record, field) booleans
    once : (list,) booleans
        Lists on which nobody stands twice.
    start : float
        Log odds of a link to begin with.
    cut : float
    """
    found, certain = [], []
    for size, groups in groups_by_size(labels).items():
        if size > MOST_ENUMERATED:
            certain += list(groups.records)
            continue
        found.append(group_evidence(groups, pairs if size == 2 else within, lists, filled))
    sizes = np.bincount(lists, minlength=number)
    begin = np.full((number, number), start)
    begin[np.diag(once)] = -np.inf
    odds = list_odds(found, sizes, begin)
    by_slope = np.stack([odds_of_slope(found, odds, sizes, slope) for slope in _SLOPES])
    return Links(tuple(found), tuple(certain), odds, by_slope, sizes, cut)


def odds_of_slope(
    groups: Sequence[GroupEvidence], odds: FloatArray, sizes: IntArray, slope: float
) -> FloatArray:
    """Return the odds of links where the evidence is multiplied by a slope."""
    if not groups:
        return odds
    return list_odds(groups, sizes, odds, slope=slope)
