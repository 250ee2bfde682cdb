"""Which records are one person: the distribution over all ways to part groups of records."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.evidence import subset_evidence
from estimation.linkage.pairs import Groups, Pairs
from estimation.linkage.partitions import Partitions, members, partitions

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: Log weight of what cannot be; finite, since it is multiplied by zero.
_NEVER = -1e6


@dataclasses.dataclass(frozen=True, eq=False)
class GroupEvidence:
    """Groups of one size, with the evidence of each subset of their records.

    Parameters
    ----------
    groups : Groups
    evidence : (group, 2^size) numbers
        As of `estimation.linkage.evidence.subset_evidence`.
    lists : (group, size) integers
        The list of each record.
    fixed : (group, 2^size) booleans, optional
        Subsets that judged pairs rule out.
    """

    groups: Groups
    evidence: FloatArray
    lists: IntArray
    fixed: NDArray[np.bool_] | None = None

    def take(self, rows: IntArray) -> GroupEvidence:
        """Return some of the groups."""
        fixed = None if self.fixed is None else self.fixed[rows]
        return GroupEvidence(
            Groups(self.groups.records[rows]), self.evidence[rows], self.lists[rows], fixed
        )  # fmt: skip

    def locate(
        self, left: IntArray, right: IntArray
    ) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Return group, first and second column, and row of the pairs that lie within a group."""
        records = self.groups.records
        flat = records.ravel()
        order = np.argsort(flat)
        found = []
        for ends in (left, right):
            at = np.minimum(np.searchsorted(flat, ends, sorter=order), len(flat) - 1)
            place = order[at]
            found.append(np.where(flat[place] == ends, place, -1))
        size = self.groups.size
        inside = (found[0] >= 0) & (found[1] >= 0) & (found[0] // size == found[1] // size)
        rows = np.flatnonzero(inside)
        return found[0][rows] // size, found[0][rows] % size, found[1][rows] % size, rows

    def forced(self, left: IntArray, right: IntArray, same: NDArray[np.bool_]) -> GroupEvidence:
        """Return the groups with pairs that were judged to be one person, or two."""
        group, one, other, row = self.locate(left, right)
        fixed = np.zeros(self.evidence.shape, dtype=bool)
        subset = np.arange(self.evidence.shape[1])
        has_one = subset[None, :] >> one[:, None] & 1 == 1
        has_other = subset[None, :] >> other[:, None] & 1 == 1
        # one person: no subset holds one of them alone; two: none holds both
        out = np.where(same[row][:, None], has_one != has_other, has_one & has_other)
        np.logical_or.at(fixed, group, out)
        return dataclasses.replace(self, fixed=fixed)

    @property
    def partitions(self) -> Partitions:
        """Return the ways to part a group."""
        return partitions(self.groups.size)

    @functools.cached_property
    def subsets(self) -> tuple[tuple[int, ...], ...]:
        """Return the members of each subset."""
        return members(self.groups.size)

    def prior(self, odds: FloatArray) -> FloatArray:
        """Return the log prior weight of each subset, (group, 2^size).

        Parameters
        ----------
        odds : (list, list) numbers
            Log odds that two random records of these lists are one person; minus infinity where
            that cannot be.  Each record beyond the first counts the mean over pairs.
        """
        size = self.groups.size
        pairwise = np.maximum(odds[self.lists[:, :, None], self.lists[:, None, :]], _NEVER)
        found = np.zeros((len(self.lists), 1 << size))
        for subset, some in enumerate(self.subsets):
            if len(some) > 1:
                places = np.array(some)
                upper = np.triu_indices(len(some), 1)
                part = pairwise[:, places[upper[0]], places[upper[1]]]
                mean = part.mean(axis=1)
                mean[(part <= _NEVER).any(axis=1)] = _NEVER
                found[:, subset] = (len(some) - 1) * mean
        return found

    def log_weights(self, odds: FloatArray, slope: float = 1.0) -> FloatArray:
        """Return the log weight of each partition up to a constant, (group, partition).

        Parameters
        ----------
        odds : (list, list) numbers
        slope : float
            By which the evidence is multiplied: below one where it is too sure of itself.
        """
        weight = slope * self.evidence + self.prior(odds)
        if self.fixed is not None:
            weight = np.where(self.fixed, _NEVER, weight)
        return np.asarray(weight @ self.partitions.incidence.T)

    def probabilities(self, odds: FloatArray, slope: float = 1.0) -> FloatArray:
        """Return the probability of each partition, (group, partition)."""
        weights = self.log_weights(odds, slope)
        weights -= weights.max(axis=1, keepdims=True)
        np.exp(weights, out=weights)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def together(self, odds: FloatArray, slope: float = 1.0) -> FloatArray:
        """Return the probability of each pair of records to be one person, (group, size, size)."""
        return self.pairs_of(self.probabilities(odds, slope) @ self.partitions.incidence)

    def pairs_of(self, blocks: FloatArray) -> FloatArray:
        """Return weights of pairs from those of subsets, (group, size, size)."""
        size = self.groups.size
        found = np.zeros((len(blocks), size, size))
        for subset, some in enumerate(self.subsets):
            if len(some) > 1:
                found[:, np.array(some)[:, None], np.array(some)] += blocks[:, subset, None, None]
        return found


def group_evidence(
    groups: Groups, pairs: Pairs, lists: IntArray, filled: NDArray[np.bool_]
) -> GroupEvidence:
    """Return groups with their evidence.

    Parameters
    ----------
    groups : Groups
    pairs : Pairs
        Among them all pairs within the groups.
    lists : (record,) integers
    filled : (record, field) booleans
        Whether a record has the field.

    Raises
    ------
    ValueError
        If pairs of a group were not compared.
    """
    records = groups.records
    number, size = records.shape
    place = np.full(len(lists), -1, dtype=np.int64)
    place[records] = np.arange(number)[:, None]
    column = np.zeros(len(lists), dtype=np.int64)
    column[records] = np.arange(size)
    inside = (place[pairs.left] >= 0) & (place[pairs.left] == place[pairs.right])
    some = pairs.take(inside)
    weights = np.zeros((number, filled.shape[1], size, size))
    compared = np.zeros((number, size, size), dtype=bool)
    group, one, other = place[some.left], column[some.left], column[some.right]
    weights[group, :, one, other] = some.weights
    weights[group, :, other, one] = some.weights
    compared[group, one, other] = True
    if compared.sum() < number * size * (size - 1) // 2:
        raise ValueError("pairs of a group were not compared")
    evidence = subset_evidence(weights, filled[records].transpose(0, 2, 1))
    return GroupEvidence(groups, evidence, lists[records])


def expected_links(
    groups: Sequence[GroupEvidence], odds: FloatArray, slope: float = 1.0
) -> FloatArray:
    """Return how many pairs of records are expected to be one person, by lists, (list, list).

    The matrix is symmetric; the diagonal counts pairs within a list once.
    """
    number = len(odds)
    found = np.zeros((number, number))
    for one in groups:
        together = one.together(odds, slope)
        for left in range(one.groups.size):
            for right in range(left + 1, one.groups.size):
                pair = np.sort(one.lists[:, [left, right]], axis=1)
                code = pair[:, 0] * number + pair[:, 1]
                found += np.bincount(
                    code, weights=together[:, left, right], minlength=number * number
                ).reshape(number, number)
    return np.asarray(found + np.triu(found, 1).T)


def list_odds(
    groups: Sequence[GroupEvidence], sizes: IntArray, start: FloatArray, *, slope: float = 1.0,
    rounds: int = 60,
) -> FloatArray:  # fmt: skip
    """Return log odds that two random records of two lists are one person, (list, list).

    By expectation and maximization: the odds are those under which as many links are expected.

    Parameters
    ----------
    groups : sequence of GroupEvidence
    sizes : (list,) integers
        Records of each list.
    start : (list, list) numbers
        Log odds to begin with; minus infinity where two records cannot be one person.
    slope : float
        By which the evidence is multiplied.
    rounds : int
        At most so many; it ends when no odds change by more than a thousandth.
    """
    possible = sizes[:, None] * sizes[None, :].astype(float)
    np.fill_diagonal(possible, sizes * (sizes - 1) / 2.0)
    never = ~np.isfinite(start)
    odds = start
    for _ in range(rounds):
        # half a link more: a list without any keeps odds
        share = (expected_links(groups, odds, slope) + 0.5) / (possible + 1.0)
        share = np.minimum(share, 0.999)  # lists of a few records
        changed = np.where(never, -np.inf, np.log(share / (1 - share)))
        moved = np.abs(changed - odds)[~never].max(initial=0.0)
        odds = changed
        if moved < 1e-3:
            break
    return odds
