"""Pairs of records that were compared."""

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

    def plus(self, other: Pairs) -> Pairs:
        """Return these pairs and others."""
        return Pairs(*(
            np.concatenate([getattr(self, name), getattr(other, name)])
            for name in ("left", "right", "weights", "hits")
        ))  # fmt: skip


def hang_together(records: int, left: IntArray, right: IntArray) -> IntArray:
    """Return the number of the group of each record that pairs join, (record,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(left), dtype=np.int8)
    graph = coo_array((ones, (left, right)), shape=(records, records))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
