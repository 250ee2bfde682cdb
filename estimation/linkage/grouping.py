"""Which records may be one person: groups that can be parted in all ways.

Records hang together where pairs may be links.  A group of more records than can be parted in all
ways is made smaller from both ends: records that are surely one person become a unit, which is not
parted any more, and links that are hardly any are cut.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from estimation.errors import NotEstimableError
from estimation.linkage.pairs import Pairs, hang_together

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: How improbable it must be that records are two persons to make them a unit, and how probable a
#: link to be kept, step by step.  A wrong unit is wrong in all draws: first weak links are cut.
_STEPS = (
    (1e-8, 0.0), (1e-6, 0.01), (1e-6, 0.02), (1e-5, 0.05), (1e-5, 0.1), (1e-5, 0.2), (1e-4, 0.35),
    (1e-4, 0.5), (1e-4, 0.7), (1e-3, 0.8), (1e-3, 0.9), (0.01, 0.95), (0.03, 0.97), (0.5, 0.99),
)  # fmt: skip

#: More records that all look like one person are a value that stands for "not known".
_MOST_ALIKE = 60


@dataclasses.dataclass(frozen=True, eq=False)
class Grouping:
    """Groups of records, and units within them.

    Parameters
    ----------
    group : (record,) integers
        The group of each record.
    unit : (record,) integers
        The unit of each record; records of a unit are one person.
    cut : float
        Expected links that were cut.
    """

    group: IntArray
    unit: IntArray
    cut: float

    @property
    def sizes(self) -> IntArray:
        """Return how many records the group of each record has, (record,)."""
        return np.bincount(self.group)[self.group]


def grouping(records: int, pairs: Pairs, probability: FloatArray, most: int) -> Grouping:
    """Return groups of at most so many units.

    Parameters
    ----------
    records : int
    pairs : Pairs
        Pairs that may be links.
    probability : (pair,) shares
        That they are, each taken alone.
    most : int
        Units of a group.

    Raises
    ------
    NotEstimableError
        If many records all look like one person.
    """
    group = hang_together(records, pairs.left, pairs.right)
    unit = np.arange(records)
    for apart, weak in _STEPS:
        large = _units_of(group, unit) > most
        if not large.any():
            break
        inside = group[pairs.left] == group[pairs.right]
        joins = inside & (~large[pairs.left] | (probability >= weak))
        group = hang_together(records, pairs.left[joins], pairs.right[joins])
        sure = inside & large[pairs.left] & (probability >= 1.0 - apart)
        sure |= unit[pairs.left] == unit[pairs.right]
        unit = hang_together(records, pairs.left[sure], pairs.right[sure])
    sizes = np.bincount(group)
    if sizes.max(initial=1) > _MOST_ALIKE:
        raise NotEstimableError(
            f"{int(sizes.max()):,} records all look like one person", where="linkage",
            why="a name or date stands in many records that may mean 'not known'",
            remedy="leave such values empty, or map more columns",
        )  # fmt: skip
    cut = float(probability[group[pairs.left] != group[pairs.right]].sum())
    return Grouping(group, unit, cut)


def _units_of(group: IntArray, unit: IntArray) -> IntArray:
    """Return how many units the group of each record has, (record,)."""
    first = np.unique(unit, return_index=True)[1]
    return np.bincount(group[first], minlength=int(group.max(initial=0)) + 1)[group]
