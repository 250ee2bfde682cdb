"""Two vintages of one list by the same periods, and what the change of their names consists of.

Rises R and falls F of single periods net out as far as M = min(R, F): so many names at least were
moved to another period (*re-dating*), unless names were taken off the list.  M is shared out among
the falls in proportion to them, and among the rises; what is left of a change is *new deaths* in
periods that are said to hold some, else *late names* (below 0 where names were taken off).
"unknown" is a period like any other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from estimation.comparison.vintages import UNKNOWN, Vintage, refuse_overlap, span_of
from estimation.errors import DataError
from estimation.words import suggestion
from models.beliefs.base import FloatArray
from models.thinning import IntArray

#: The parts of a change, in the order in which they are shown.
NEW, LATE, MOVED, BELIEF, CHANCE = (
    "new deaths", "late names", "re-dating", "changed belief", "chance",
)  # fmt: skip
PARTS = (NEW, LATE, MOVED, BELIEF, CHANCE)


@dataclasses.dataclass(frozen=True, eq=False)
class Aligned:
    """The names of two vintages by the same periods.

    Parameters
    ----------
    periods : tuple of str
        Labels of the later vintage in its order, then those that only the earlier one has.
    before, after : (n_period,) integers
        Names on the earlier and on the later list.
    new : (n_period,) booleans
        Whether what was added holds new deaths.
    renamed : dict of str to tuple of str
        Labels of the earlier vintage that stand for a period of another label.
    """

    periods: tuple[str, ...]
    before: IntArray
    after: IntArray
    new: np.ndarray
    renamed: dict[str, tuple[str, ...]]

    @property
    def added(self) -> IntArray:
        """Return the change of names, (n_period,)."""
        return self.after - self.before

    @property
    def moved(self) -> int:
        """Return how many names at least were moved, if none were taken off the list."""
        return min(int(np.maximum(self.added, 0).sum()), int(np.maximum(-self.added, 0).sum()))

    def names(self, part: str) -> FloatArray:
        """Return the names of a part by period, (n_period,); of belief and chance none.

        Those of re-dating sum to 0; those of new deaths, late names and re-dating to `added`.
        """
        if part in (BELIEF, CHANCE):
            return np.zeros(self.added.size)
        share = self.moved / np.maximum(np.where(self.added > 0, *self._sums()), 1)
        if part == MOVED:
            return self.added * share
        mine = self.new if part == NEW else ~self.new
        return np.where(mine, self.added * (1 - share), 0.0)

    def bounds(self, part: str, period: str | None = None) -> tuple[int, int]:
        """Return the fewest and most names of new deaths or late names if just M were moved.

        Parameters
        ----------
        part : str
            `NEW` or `LATE`.
        period : str, optional
            One period; all by default.
        """
        mine = self.new if part == NEW else ~self.new
        if period is not None:
            mine = mine & (np.array(self.periods) == period)
        rises, falls = self._sums()
        rise = int(np.maximum(self.added, 0)[mine].sum())
        fall = int(np.maximum(-self.added, 0)[mine].sum())
        came = max(0, self.moved - (rises - rise)), min(self.moved, rise)
        went = max(0, self.moved - (falls - fall)), min(self.moved, fall)
        return rise - came[1] - fall + went[0], rise - came[0] - fall + went[1]

    def _sums(self) -> tuple[int, int]:
        return int(np.maximum(self.added, 0).sum()), int(np.maximum(-self.added, 0).sum())


def align(
    earlier: Vintage, later: Vintage, new: Sequence[str] | None = None,
    same: Mapping[str, str | Sequence[str]] | None = None,
) -> Aligned:  # fmt: skip
    """Put two vintages of one list side by side.

    Parameters
    ----------
    earlier, later : Vintage
    new : sequence of str, optional
        Periods whose added names are new deaths; by default those that the earlier list has not,
        unless they ended by its date or are "unknown".
    same : mapping of str to str or sequence of str, optional
        By label of the later vintage: what the earlier one calls the same period.

    Raises
    ------
    DataError
        If the later list is older, has another scope, or labels do not fit together.
    """
    if later.as_of < earlier.as_of:
        raise DataError(f"the later list ({later.as_of}) is older than the earlier one "
                        f"({earlier.as_of})", where="later.as_of", remedy="swap them")  # fmt: skip
    scopes = [" ".join(one.scope.split()).casefold() for one in (earlier, later)]
    if all(scopes) and scopes[0] != scopes[1]:
        raise DataError(
            f"another scope: {later.scope!r}, the earlier list has {earlier.scope!r}",
            where="later.scope", why="a change of whom a list means is no change of deaths",
            remedy="compare lists of the same persons",
        )  # fmt: skip
    renamed = _renamed(earlier, later, same or {})
    taken = {old: label for label, labels in renamed.items() for old in labels}
    before = dict.fromkeys(later.names, 0)
    for label, names in earlier.names.items():
        place = taken.get(label, label)
        if label not in taken and place in renamed:
            raise DataError(
                f"the earlier list has {label!r} too", where=f"same.{label}",
                why="the same label would hold two periods",
                remedy=f"name {label!r} among the labels that it stands for",
            )  # fmt: skip
        before[place] = before.get(place, 0) + names
    refuse_overlap(before, "names of both lists")
    periods = tuple(before)
    return Aligned(
        periods, np.array(list(before.values()), np.int64),
        np.array([later.names.get(label, 0) for label in periods], np.int64),
        _new(earlier, later, periods, new, had={taken.get(one, one) for one in earlier.names}),
        {label: old for label, old in renamed.items() if old != (label,)},
    )  # fmt: skip


def _renamed(
    earlier: Vintage, later: Vintage, same: Mapping[str, str | Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    taken: dict[str, str] = {}
    for label, stated in same.items():
        where = f"same.{label}"
        if label not in later.names:
            raise DataError(f"the later list has no period {label!r}", where=where,
                            remedy=suggestion(label, later.names))  # fmt: skip
        labels = (stated,) if isinstance(stated, str) else tuple(stated)
        for old in labels:
            if old not in earlier.names:
                raise DataError(f"the earlier list has no period {old!r}", where=where,
                                remedy=suggestion(str(old), earlier.names))  # fmt: skip
            if old in taken:
                raise DataError(
                    f"{old!r} of the earlier list already stands for {taken[old]!r}", where=where,
                    why="its names would be counted twice", remedy="name the same label once",
                )  # fmt: skip
            taken[old] = label
        found[label] = labels
    return found


def _new(
    earlier: Vintage, later: Vintage, periods: Sequence[str], new: Sequence[str] | None, *,
    had: set[str],
) -> np.ndarray:  # fmt: skip
    def over(label: str) -> bool:
        span = span_of(label)
        return label == UNKNOWN or (span is not None and span.last <= earlier.as_of)

    if new is None:
        grown = later.as_of > earlier.as_of
        return np.array([grown and one not in had and not over(one) for one in periods])
    for label in new:
        if label not in later.names:
            raise DataError(f"the later list has no period {label!r}", where="new",
                            remedy=suggestion(str(label), later.names))  # fmt: skip
        if over(label):
            raise DataError(
                f"{label!r} can hold no new deaths", where="new",
                why="it has no date" if label == UNKNOWN
                else f"it was over on {earlier.as_of}, the date of the earlier list",
                remedy="leave it out: what was added there are late names",
            )  # fmt: skip
    if len(set(new)) < len(new):
        raise DataError("names the same label twice", where="new", remedy="name each once")
    return np.array([one in new for one in periods])
