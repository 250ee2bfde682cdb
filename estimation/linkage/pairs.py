"""Pairs of records that were compared, and the groups that they hang together in."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Pairs:
    """Compared pairs of records.

    Parameters
    ----------
    left, right : (pair,) integers
        Places of the records; left < right.
    weights : (pair, field) numbers
        Log of how much more probable the agreement of a field is for one person than for two; 0
        where the field is missing in one of them.
    hits : (pair,) integers
        How many blocking rules brought the pair together; 0 of pairs scored for their group only.
    """

    left: IntArray
    right: IntArray
    weights: NDArray[np.float32]
    hits: IntArray

    @property
    def evidence(self) -> FloatArray:
        """Return the log ratio over all fields, (pair,)."""
        return np.asarray(self.weights.sum(axis=1, dtype=np.float64))

    def __len__(self) -> int:
        return len(self.left)

    def take(self, rows: NDArray[np.bool_] | IntArray) -> Pairs:
        """Return some of the pairs."""
        return Pairs(self.left[rows], self.right[rows], self.weights[rows], self.hits[rows])


@dataclasses.dataclass(frozen=True, eq=False)
class Groups:
    """Groups of equally many records that may be one person.

    Parameters
    ----------
    records : (group, size) integers
        Places of the records, ascending.
    """

    records: IntArray

    @property
    def size(self) -> int:
        """Return how many records a group has."""
        return int(self.records.shape[1])


def hang_together(records: int, left: IntArray, right: IntArray) -> IntArray:
    """Return the number of the group of each record that pairs join, (record,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(left), dtype=np.int8)
    graph = coo_array((ones, (left, right)), shape=(records, records))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def groups_by_size(labels: IntArray) -> dict[int, Groups]:
    """Return groups of two records and more, by their size."""
    order = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels)
    ends = np.cumsum(sizes)
    found = {}
    for size in np.unique(sizes[sizes > 1]):
        starts = ends[sizes == size] - size
        found[int(size)] = Groups(np.sort(order[starts[:, None] + np.arange(size)], axis=1))
    return found


def split_large(
    records: int, pairs: Pairs, probability: FloatArray, largest: int
) -> tuple[IntArray, NDArray[np.bool_]]:
    """Return the group of each record, with groups that are too large cut where links are weakest.

    Parameters
    ----------
    records : int
    pairs : Pairs
    probability : (pair,) shares
        That the two are one person, the pair taken alone.
    largest : int
        Records that a group may have.

    Returns
    -------
    labels : (record,) integers
    kept : (pair,) booleans
        Pairs within a group.
    """
    labels = hang_together(records, pairs.left, pairs.right)
    # from weak to strong links, only in groups that are still too large
    for least in (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 0.95, 0.99, 0.999, 0.9999, 1 - 1e-6):
        large = np.bincount(labels)[labels] > largest
        if not large.any():
            break
        inside = labels[pairs.left] == labels[pairs.right]
        joins = inside & (~large[pairs.left] | (probability >= least))
        labels = hang_together(records, pairs.left[joins], pairs.right[joins])
    return labels, np.asarray(labels[pairs.left] == labels[pairs.right])
