"""Groups of records with the evidence of all their pairs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.evidence import joined, subset_evidence
from estimation.linkage.grouping import Grouping
from estimation.linkage.pairs import Pairs
from estimation.linkage.partitions import members
from estimation.linkage.posterior import Groups

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def gather(
    found: Grouping, pairs: Pairs, lists: IntArray, number: int, filled: BoolArray
) -> tuple[list[Groups], list[IntArray]]:
    """Return groups that may be parted, by size, and records that are one person for sure.

    Parameters
    ----------
    found : Grouping
    pairs : Pairs
        Among them all pairs within the groups.
    lists : (record,) integers
    number : int
        Of lists.
    filled : (record, field) booleans
        Whether a record has the field.

    Raises
    ------
    ValueError
        If pairs of a group were not compared.
    """
    plain: dict[int, list[IntArray]] = {}
    mixed: dict[int, list[list[IntArray]]] = {}
    certain: list[IntArray] = []
    several = np.bincount(found.unit)[found.unit] > 1
    blocks = _blocks(found.group)
    contracted = np.zeros(int(found.group.max(initial=0)) + 1, dtype=bool)
    contracted[found.group[several]] = True
    for size, records in blocks.items():
        out = contracted[found.group[records[:, 0]]]
        if (~out).any():
            plain[size] = [records[~out]]
        for row in records[out]:
            units = [row[found.unit[row] == one] for one in np.unique(found.unit[row])]
            if len(units) == 1:
                certain.append(row)
            else:
                mixed.setdefault(len(units), []).append(units)
    lookup = _Weights(pairs, lists, filled, found.group)
    groups = [lookup.plain(records[0], number) for _, records in sorted(plain.items())]
    groups += [lookup.mixed(units, number) for _, units in sorted(mixed.items())]
    return groups, certain


def _blocks(group: IntArray) -> dict[int, IntArray]:
    """Return the records of groups of two and more, by size: (group, size)."""
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group)
    ends = np.cumsum(sizes)
    found = {}
    for size in np.unique(sizes[sizes > 1]):
        starts = ends[sizes == size] - size
        found[int(size)] = np.sort(order[starts[:, None] + np.arange(size)], axis=1)
    return found


class _Weights:
    """Weights of pairs, found by their records."""

    def __init__(
        self, pairs: Pairs, lists: IntArray, filled: BoolArray, group: IntArray
    ) -> None:  # fmt: skip
        inside = pairs.take(group[pairs.left] == group[pairs.right])
        of = group[inside.left]
        order = np.argsort(of, kind="stable")
        self._pairs, self._lists, self._filled = inside.take(order), lists, filled
        self._group, self._ends = group, np.cumsum(np.bincount(of, minlength=1 + int(group.max())))
        self._place = np.full(len(lists), -1, dtype=np.int64)
        self._column = np.zeros(len(lists), dtype=np.int64)

    def _within(self, group: int) -> Pairs:
        """Return the pairs of one group."""
        start = int(self._ends[group - 1]) if group else 0
        return self._pairs.take(np.arange(start, int(self._ends[group])))

    def _of(self, records: IntArray, pairs: Pairs) -> tuple[FloatArray, BoolArray]:
        """Return weights (group, field, record, record) and filled (group, field, record)."""
        number, size = records.shape
        self._place[records] = np.arange(number)[:, None]
        self._column[records] = np.arange(size)
        left, right = self._place[pairs.left], self._place[pairs.right]
        some = pairs.take((left >= 0) & (left == right))
        group = self._place[some.left]
        one, other = self._column[some.left], self._column[some.right]
        self._place[records] = -1
        weights = np.zeros((number, self._filled.shape[1], size, size))
        compared = np.zeros((number, size, size), dtype=bool)
        weights[group, :, one, other] = some.weights
        weights[group, :, other, one] = some.weights
        compared[group, one, other] = compared[group, other, one] = True
        if compared.sum() < number * size * (size - 1):
            raise ValueError("pairs of a group were not compared")
        return weights, self._filled[records].transpose(0, 2, 1)

    def plain(self, records: IntArray, lists: int) -> Groups:
        """Return groups in which each unit is one record."""
        weights, filled = self._of(records, self._pairs)
        held = np.zeros((*records.shape, lists), dtype=np.int64)
        np.put_along_axis(held, self._lists[records][..., None], 1, axis=2)
        return Groups(records, held, subset_evidence(weights, filled))

    def mixed(self, groups: list[list[IntArray]], lists: int) -> Groups:
        """Return groups of units of several records."""
        size = len(groups[0])
        units = np.empty((len(groups), size), dtype=object)
        held = np.zeros((len(groups), size, lists), dtype=np.int64)
        evidence = np.zeros((len(groups), 1 << size))
        for row, group in enumerate(groups):
            for place, unit in enumerate(group):
                units[row, place] = unit
                held[row, place] = np.bincount(self._lists[unit], minlength=lists)
            evidence[row] = self._mixed_evidence(group)
        return Groups(units, held, evidence)

    def _mixed_evidence(self, group: list[IntArray]) -> FloatArray:
        records = np.concatenate(group)
        within = self._within(int(self._group[records[0]]))
        weights, filled = self._of(records[None, :], within)
        found = np.zeros(1 << len(group))
        for subset, places in _subsets(group):
            part = weights[:, :, places][:, :, :, places]
            found[subset] = joined(part, filled[:, :, places])[0]
        return found


def _subsets(group: list[IntArray]) -> Iterator[tuple[int, list[int]]]:
    """Yield each subset of units, and the places of its records one after the other."""
    ends = np.cumsum([len(unit) for unit in group])
    for subset, some in enumerate(members(len(group))):
        if some:
            yield subset, [
                place for one in some for place in range(ends[one] - len(group[one]), ends[one])
            ]  # fmt: skip
