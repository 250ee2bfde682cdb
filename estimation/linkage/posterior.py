"""Which records are one person: the distribution over all ways to part groups of records."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.partitions import Partitions, members, partitions

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

#: Log weight of what cannot be; finite, since it is multiplied by zero.
NEVER = -1e6


@dataclasses.dataclass(frozen=True, eq=False)
class Groups:
    """Groups with equally many units, and the evidence of each subset of them.

    A unit is a record, or several that are surely one person.  A subset is a number whose bits are
    its units.

    Parameters
    ----------
    units : (group, size) arrays of integers, or (group, size) integers
        The records of each unit; plain integers where each unit is one record.
    held : (group, size, list) integers
        Records of each unit by list.
    evidence : (group, 2^size) numbers
        As of `estimation.linkage.evidence.subset_evidence`.
    fixed : (group, 2^size) booleans, optional
        Subsets that judged pairs rule out.
    """

    units: NDArray[np.generic]
    held: IntArray
    evidence: FloatArray
    fixed: BoolArray | None = None

    @property
    def size(self) -> int:
        """Return how many units a group has."""
        return int(self.held.shape[1])

    @property
    def lists(self) -> int:
        """Return how many lists there are."""
        return int(self.held.shape[2])

    def __len__(self) -> int:
        return len(self.held)

    @property
    def single(self) -> bool:
        """Return whether each unit is one record."""
        return self.units.dtype != object

    @property
    def partitions(self) -> Partitions:
        """Return the ways to part a group."""
        return partitions(self.size)

    @property
    def subsets(self) -> tuple[tuple[int, ...], ...]:
        """Return the units of each subset."""
        return members(self.size)

    def take(self, rows: IntArray) -> Groups:
        """Return some of the groups."""
        fixed = None if self.fixed is None else self.fixed[rows]
        return Groups(self.units[rows], self.held[rows], self.evidence[rows], fixed)

    def records_of(self, group: int, subset: int) -> IntArray:
        """Return the records of a subset of a group."""
        some = [np.atleast_1d(self.units[group, unit]) for unit in self.subsets[subset]]
        return np.concatenate(some).astype(np.int64)

    @functools.cached_property
    def subset_held(self) -> NDArray[np.int16]:
        """Return the records of each subset by list, (group, 2^size, list)."""
        inside = np.array([[unit in some for unit in range(self.size)] for some in self.subsets])
        held = self.held.astype(np.int16)
        return np.asarray(np.einsum("su,gul->gsl", inside.astype(np.int16), held))

    @functools.cached_property
    def inner(self) -> FloatArray:
        """Return pairs of records within units, by lists; symmetric, (list, list)."""
        held = self.held.reshape(-1, self.lists).astype(float)
        found = held.T @ held - np.diag(held.sum(axis=0))
        np.fill_diagonal(found, found.diagonal() / 2.0)
        return np.asarray(found)

    def prior(self, odds: FloatArray) -> FloatArray:
        """Return the log prior weight of each subset, (group, 2^size).

        A person on several lists counts, for each list beyond the first, the mean log odds of
        links between them, and for each record beyond the first of a list the log odds of links
        within it: exact where lists are independent.

        Parameters
        ----------
        odds : (list, list) numbers
            Log odds that two random records of these lists are one person; minus infinity where
            that cannot be.
        """
        found = np.zeros((len(self), 1 << self.size))
        within = np.maximum(odds.diagonal(), NEVER)
        between = np.maximum(odds, NEVER) * (1.0 - np.eye(self.lists))
        for subset in range(1, 1 << self.size):
            held = self.subset_held[:, subset].astype(float)
            on = (held > 0).astype(float)
            # pairs of records on two lists, and their mean odds
            weighted = ((held @ between) * held).sum(axis=1)
            number = held.sum(axis=1) ** 2 - (held**2).sum(axis=1)
            mean = weighted / np.maximum(number, 1.0)
            extra = np.where(held > 1, held - 1.0, 0.0) @ within
            found[:, subset] = (on.sum(axis=1) - 1.0) * mean + extra
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
            weight = np.where(self.fixed, NEVER, weight)
        return np.asarray(weight @ self.partitions.incidence.T)

    def probabilities(self, odds: FloatArray, slope: float = 1.0) -> FloatArray:
        """Return the probability of each partition, (group, partition)."""
        weights = self.log_weights(odds, slope)
        weights -= weights.max(axis=1, keepdims=True)
        np.exp(weights, out=weights)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def together(self, odds: FloatArray, slope: float = 1.0) -> FloatArray:
        """Return the probability of each two units to be one person, (group, size, size)."""
        return self.pairs_of(self.probabilities(odds, slope) @ self.partitions.incidence)

    def pairs_of(self, blocks: FloatArray) -> FloatArray:
        """Return weights of pairs of units from those of subsets; the diagonal is 0."""
        found = np.zeros((len(blocks), self.size, self.size))
        for subset, some in enumerate(self.subsets):
            if len(some) > 1:
                found[:, np.array(some)[:, None], np.array(some)] += blocks[:, subset, None, None]
        found[:, np.arange(self.size), np.arange(self.size)] = 0.0
        return found

    def by_lists(self, weights: FloatArray) -> FloatArray:
        """Return weights of pairs of units as sums over pairs of records, by lists.

        Parameters
        ----------
        weights : (group, size, size) numbers
            Symmetric, the diagonal 0.

        Returns
        -------
        (list, list) numbers
            Symmetric; the diagonal counts pairs within a list once.
        """
        held = self.held.astype(float)
        found = np.einsum("gul,guv,gvm->lm", held, weights, held, optimize=True)
        found[np.diag_indices(self.lists)] /= 2.0
        return np.asarray(found)

    def locate(
        self, left: IntArray, right: IntArray
    ) -> tuple[IntArray, IntArray, IntArray, IntArray]:  # fmt: skip
        """Return group, first and second unit, and row of pairs that lie within a group.

        Pairs within a unit are not among them.
        """
        counts = self.held.sum(axis=2).ravel()
        flat = (
            np.concatenate([np.atleast_1d(one) for one in self.units.ravel()]).astype(np.int64)
            if not self.single else self.units.ravel().astype(np.int64)
        )  # fmt: skip
        slot = np.repeat(np.arange(len(counts)), counts)
        order = np.argsort(flat)
        found = []
        for ends in (left, right):
            at = np.minimum(np.searchsorted(flat, ends, sorter=order), len(flat) - 1)
            place = order[at]
            found.append(np.where(flat[place] == ends, slot[place], -1))
        one, other = found
        inside = (one >= 0) & (other >= 0) & (one // self.size == other // self.size)
        rows = np.flatnonzero(inside & (one != other))
        return one[rows] // self.size, one[rows] % self.size, other[rows] % self.size, rows

    def forced(self, left: IntArray, right: IntArray, same: BoolArray) -> Groups:
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
