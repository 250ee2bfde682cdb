"""Sums over the subsets and the supersets of every set of lists."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

#: For so many lists a matrix product is the faster way; the others are added one by one.
MATRIX_LISTS = 7


@functools.lru_cache(maxsize=MATRIX_LISTS + 1)
def containing(lists: int) -> FloatArray:
    """Return whether the set of the row contains that of the column, (2^n, 2^n) of 0 and 1."""
    sets = np.arange(2**lists)
    found: FloatArray = ((sets[:, None] & sets) == sets).astype(np.float64)
    found.setflags(write=False)
    return found


def subset_sums(values: FloatArray) -> FloatArray:
    """Return for every set the sum of the values of its subsets, (..., 2^n)."""
    return _summed(values, up=True)


def superset_sums(values: FloatArray) -> FloatArray:
    """Return for every set the sum of the values of the sets that contain it, (..., 2^n)."""
    return _summed(values, up=False)


def _summed(values: FloatArray, *, up: bool) -> FloatArray:
    lists = values.shape[-1].bit_length() - 1
    low = min(lists, MATRIX_LISTS)
    matrix = containing(low).T if up else containing(low)
    found: FloatArray = (values.reshape(-1, 2**low) @ matrix).reshape(values.shape)
    source, target = (0, 1) if up else (1, 0)
    for step in range(low, lists):
        halves = found.reshape(-1, 2, 1 << step)
        halves[:, target] += halves[:, source]
    return found
