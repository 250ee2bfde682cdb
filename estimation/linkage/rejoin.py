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
    counts: IntArray, sizes: IntArray, missed: FloatArray, generator: np.random.Generator
) -> IntArray:  # fmt: skip
    """Return a draw's counts with missed links put back.

    Parameters
    ----------
    counts : (code,) integers
        As of `estimation.linkage.tally.Tally`.
    sizes : (list,) integers
        Records of each list.
    missed : (list, list) shares
    generator : numpy.random.Generator

    Notes
    -----
    A person on n lists loses one record to the counts if that is missed with all n - 1 others; the
    probability is a moment of a beta distribution whose mean is the missed share.  Of three lists
    all may fall apart; that four and more fall into other parts is neglected.  A record that
    stands twice in a list, and whose link there was missed, is a person too many of that list.
    """
    lists = len(sizes)
    table = counts.reshape(-1, 1 << lists).copy()  # (stratum, lists)
    _drop_twice(table, sizes, missed, generator)
    patterns = np.flatnonzero(table.sum(axis=0))
    for pattern in sorted(patterns, key=lambda one: -int(one).bit_count()):
        members = [one for one in range(lists) if pattern >> one & 1]
        if len(members) > 1:
            parts = _ways_apart(missed, members)
            whole = max(1.0 - sum(share for _, share in parts), 1e-3)
            for stratum in np.flatnonzero(table[:, pattern]):
                found = int(table[stratum, pattern])  # before any is put back
                for pieces, share in parts:
                    number = _negative_binomial(generator, found, share / whole)
                    _join(table[stratum], int(pattern), pieces, number)
    return table.reshape(-1)


def _drop_twice(
    table: IntArray, sizes: IntArray, missed: FloatArray, generator: np.random.Generator
) -> None:
    """Take away persons of one list who are records of somebody else there, in place."""
    pattern = np.arange(table.shape[1])
    for place, size in enumerate(sizes):
        surplus = int(size - table[:, pattern >> place & 1 == 1].sum())
        share = float(missed[place, place])
        number = _negative_binomial(generator, max(surplus, 0), share / max(1 - share, 1e-9))
        cell = table[:, 1 << place]
        number = min(number, int(cell.sum()))
        if number:
            cell -= generator.multivariate_hypergeometric(cell, number, method="marginals")


def _ways_apart(missed: FloatArray, members: list[int]) -> list[tuple[list[int], float]]:
    """Return into which parts persons of some lists fall, and how probable each way is."""
    bits = [1 << one for one in members]
    if len(members) == 2:
        return [(bits, float(missed[members[0], members[1]]))]
    whole = sum(bits)
    alone = [_moment([missed[one, other] for other in members if other != one]) for one in members]
    if len(members) > 3:
        return [([bit, whole - bit], one) for bit, one in zip(bits, alone, strict=True)]
    # all three apart is part of each being apart from the two others
    first, second, third = members
    apart = _moment([missed[first, second], missed[first, third], missed[second, third]])
    found = [([bit, whole - bit], one - apart) for bit, one in zip(bits, alone, strict=True)]
    return [*found, (bits, apart)]


def _moment(shares: list[float]) -> float:
    """Return the probability that all of some links are missed, which go wrong together."""
    mean = min(float(np.mean(shares)), 0.999)
    size = 1.0 / CORRELATION - 1.0
    found = 1.0
    for place in range(len(shares)):
        found *= (mean * size + place) / (size + place)
    return found


def _negative_binomial(generator: np.random.Generator, found: int, odds: float) -> int:
    """Return how many were lost, where so many were found and the odds of loss are known."""
    if found == 0 or odds <= 0:
        return 0
    return int(generator.negative_binomial(found, 1.0 / (1.0 + odds)))


def _join(row: IntArray, pattern: int, pieces: list[int], number: int) -> None:
    """Make persons of several parts one, in place."""
    number = min(number, *(int(row[one]) for one in pieces))
    for one in pieces:
        row[one] -= number
    row[pattern] += number
