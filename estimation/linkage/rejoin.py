"""Links that were never compared are put back into a draw's counts.

Somebody on lists A and B whose two records no key joined stands in the counts as a person of A and
a person of B.  How many such there are is not seen; given the share of links that are missed, they
are drawn from the persons who were found on both, and two persons are made one.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Correlation of two misses of one record: a careless record fails with one list and with another.
#: In generated worlds it was 0.17; it matters only for persons on three lists and more.
CORRELATION = 0.2


@dataclasses.dataclass(frozen=True, eq=False)
class Reach:
    """The belief on which share of links was compared at all.

    Parameters
    ----------
    missed : (list, list) shares
        Of links between (on the diagonal: within) lists that no key joins: the middle.
    spread : float
        Standard deviation of the log odds of being missed, common to all lists.
    overall : float
        Share missed of all links, in the middle.
    """

    missed: FloatArray
    spread: float
    overall: float

    def draw(self, generator: np.random.Generator) -> tuple[FloatArray, float]:
        """Return missed shares by lists, and the share of all links that is reached."""
        move = self.spread * generator.standard_normal()
        return _moved(self.missed, move), float(1.0 - _moved(np.array(self.overall), move))


def _moved(share: FloatArray, move: float) -> FloatArray:
    odds = share / np.maximum(1.0 - share, 1e-12) * np.exp(move)
    return np.asarray(odds / (1.0 + odds))


def rejoined(
    counts: IntArray, lists: int, missed: FloatArray, generator: np.random.Generator
) -> IntArray:  # fmt: skip
    """Return a draw's counts with missed links put back.

    Parameters
    ----------
    counts : (code,) integers
        As of `estimation.linkage.tally.Tally`.
    lists : int
    missed : (list, list) shares
    generator : numpy.random.Generator

    Notes
    -----
    A person on n lists loses one record to the counts if that is missed with all n - 1 others; the
    probability is a moment of a beta distribution whose mean is the missed share.  That two parts
    of two records and more fall apart is neglected.
    """
    table = counts.reshape(-1, 1 << lists).copy()  # (stratum, lists)
    patterns = np.flatnonzero(table.sum(axis=0))
    for pattern in sorted(patterns, key=lambda one: -int(one).bit_count()):
        members = [one for one in range(lists) if pattern >> one & 1]
        if len(members) < 2:
            continue
        lost = np.array([_detached(missed, one, members) for one in members])
        if len(members) == 2:
            lost = lost.mean(keepdims=True)  # either of the two: one way to fall apart
        whole = max(1.0 - lost.sum(), 1e-3)
        for share, record in zip(lost, members, strict=False):
            for stratum in np.flatnonzero(table[:, pattern]):
                number = _negative_binomial(generator, int(table[stratum, pattern]), share / whole)
                _join(table[stratum], int(pattern), record, number)
    return table.reshape(-1)


def _detached(missed: FloatArray, record: int, members: list[int]) -> float:
    others = [one for one in members if one != record]
    mean = min(float(np.mean([missed[record, one] for one in others])), 0.999)
    size = 1.0 / CORRELATION - 1.0
    found = 1.0
    for place in range(len(others)):
        found *= (mean * size + place) / (size + place)
    return found


def _negative_binomial(generator: np.random.Generator, found: int, odds: float) -> int:
    """Return how many were lost, where so many were found and the odds of loss are known."""
    if found == 0 or odds <= 0:
        return 0
    return int(generator.negative_binomial(found, 1.0 / (1.0 + odds)))


def _join(row: IntArray, pattern: int, record: int, number: int) -> None:
    """Make persons of the record alone and persons of the other lists one, in place."""
    single, rest = 1 << record, pattern & ~(1 << record)
    number = min(number, int(row[single]), int(row[rest]))
    row[single] -= number
    row[rest] -= number
    row[pattern] += number
