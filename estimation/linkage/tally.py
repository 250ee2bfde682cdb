"""Persons by the lists that they are on, counted in each draw of the linkage."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.posterior import Groups

IntArray = NDArray[np.int64]


@dataclasses.dataclass(frozen=True, eq=False)
class Labels:
    """Strata of records.

    Parameters
    ----------
    names : tuple of str
        Names of strata; empty if there are none.
    of : (record,) integers
        Place of the stratum of each record, -1 where it is not known.
    """

    names: tuple[str, ...]
    of: IntArray


@dataclasses.dataclass(frozen=True, eq=False)
class Tally:
    """How groups are counted: a code of lists and stratum for each subset of each group.

    A code is stratum + 1, times 2^list, plus the lists as bits.

    Parameters
    ----------
    lists : int
    strata : int
    codes : list of (group, 2^size) integers
        Of each size of groups.
    alone : (code,) integers
        Persons with one record, who are in no group.
    """

    lists: int
    strata: int
    codes: list[IntArray]
    alone: IntArray

    @property
    def size(self) -> int:
        """Return how many codes there are."""
        return (self.strata + 1) << self.lists

    def counts(self, groups: Sequence[Groups], chosen: Sequence[IntArray]) -> IntArray:
        """Return persons by code, (code,).

        Parameters
        ----------
        groups : sequence of Groups
        chosen : sequence of (group,) integers
            The partition of each group, by size.
        """
        found = self.alone.copy()
        for one, codes, part in zip(groups, self.codes, chosen, strict=True):
            blocks = one.partitions.blocks[part]  # (group, size); 0 beyond the last
            code = np.take_along_axis(codes, blocks, axis=1)
            found += np.bincount(code[blocks > 0], minlength=self.size)
        return found


def tally(
    groups: Sequence[Groups], lists: IntArray, number: int, labels: Labels,
    certain: Sequence[IntArray] = (),
) -> Tally:  # fmt: skip
    """Return how groups are counted.

    Parameters
    ----------
    groups : sequence of Groups
    lists : (record,) integers
    number : int
        Of lists.
    labels : Labels
        The stratum of a person is that of most of his records that tell it; of the earliest list
        if as many tell another.
    certain : sequence of integer arrays
        Records that are one person for sure, each array a person.
    """
    bits = 1 << lists
    strata = len(labels.names)
    grouped = np.zeros(len(lists), dtype=bool)

    def code_of(records: IntArray) -> IntArray:
        """Return the codes of persons, each with its records, (person, record)."""
        label = _common(labels.of[records], lists[records])
        on = np.bitwise_or.reduce(bits[records], axis=1)
        return np.asarray(on + ((label + 1) << number))

    codes = []
    for one in groups:
        code = np.zeros((len(one), 1 << one.size), dtype=np.int64)
        for subset, some in enumerate(one.subsets):
            if some and one.single:
                code[:, subset] = code_of(one.units[:, list(some)].astype(np.int64))
            elif some:
                rows = (one.records_of(group, subset) for group in range(len(one)))
                code[:, subset] = [int(code_of(row[None, :])[0]) for row in rows]
        for group in range(0 if one.single else len(one)):
            grouped[one.records_of(group, (1 << one.size) - 1)] = True
        if one.single:
            grouped[one.units.astype(np.int64)] = True
        codes.append(code)
    alone = np.zeros((strata + 1) << number, dtype=np.int64)
    for records in certain:
        grouped[records] = True
        alone[int(code_of(records[None, :])[0])] += 1
    single = bits[~grouped] + ((labels.of[~grouped] + 1) << number)
    alone += np.bincount(single, minlength=len(alone))
    return Tally(number, strata, codes, alone)


def _common(labels: IntArray, lists: IntArray) -> IntArray:
    """Return the stratum that most records tell, of the earliest list if several do, (group,)."""
    known = labels >= 0
    votes = ((labels[:, :, None] == labels[:, None, :]) & known[:, None, :]).sum(axis=2)
    rank = np.where(known, votes * 64 - lists, -10_000)
    best = rank.argmax(axis=1)
    return np.asarray(np.take_along_axis(labels, best[:, None], axis=1)[:, 0])
