"""All ways to part a few records into persons."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from numpy.typing import NDArray

#: Groups of up to so many records are parted in all ways (877); larger ones are sampled.
MOST_ENUMERATED = 7

IntArray = NDArray[np.int64]


@dataclasses.dataclass(frozen=True, eq=False)
class Partitions:
    """All partitions of `size` records.

    A subset of the records is a number whose bits are its members.

    Parameters
    ----------
    size : int
    blocks : (n_partition, size) integers
        Subsets that a partition consists of; 0 beyond the last.  Row 0 has each record alone.
    incidence : (n_partition, 2^size) numbers
        1 where a subset is a block of the partition.
    """

    size: int
    blocks: IntArray
    incidence: NDArray[np.float64]


@functools.cache
def partitions(size: int) -> Partitions:
    """Return all partitions of so many records, at most `MOST_ENUMERATED`."""
    if not 1 <= size <= MOST_ENUMERATED:
        raise ValueError(f"1 to {MOST_ENUMERATED} records, not {size}")
    found: list[list[int]] = [[]]
    for record in range(size):
        grown = []
        for blocks in found:
            grown.append([*blocks, 1 << record])
            for place, block in enumerate(blocks):
                grown.append([*blocks[:place], block | 1 << record, *blocks[place + 1 :]])
        found = grown
    found.sort(key=len, reverse=True)
    blocks_of = np.zeros((len(found), size), dtype=np.int64)
    incidence = np.zeros((len(found), 1 << size))
    for row, blocks in enumerate(found):
        blocks_of[row, : len(blocks)] = blocks
        incidence[row, blocks] = 1.0
    for values in (blocks_of, incidence):
        values.setflags(write=False)
    return Partitions(size, blocks_of, incidence)


@functools.cache
def members(size: int) -> tuple[tuple[int, ...], ...]:
    """Return the members of each subset of so many records, (2^size,)."""
    return tuple(
        tuple(record for record in range(size) if subset >> record & 1)
        for subset in range(1 << size)
    )  # fmt: skip
