"""Patterns: how many persons are on exactly these lists and on none of the others.

The table is sparse: a pattern that is not in it has no person, which is knowledge.  A pattern whose
count is *not known*, or only at most so large, stands in the table and is marked.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InvalidValueError, NotEstimableError

#: More lists are refused: 2^30 patterns, and no table knows that much.
MOST_LISTS = 30

#: Up to so many lists all patterns fit a dense table.
DENSE_LISTS = 16

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


@dataclasses.dataclass(frozen=True, eq=False)
class Patterns:
    """Counts of persons by the lists on which they are.

    Parameters
    ----------
    lists : tuple of str
        Names of the lists, 1 to 30.
    on : (n_pattern, n_list) booleans
        Which lists a pattern is on; no row is all false.
    counts : (n_pattern,) integers, persons
        How many persons have the pattern (and stratum).
    strata : tuple of str, optional
        Names of strata.
    stratum : (n_pattern,) integers, optional
        Place of the stratum of each row in `strata`; -1 where the label is not recorded.
    unknown : (n_pattern,) booleans, optional
        Patterns whose count is not known: `counts` is 0 there and says nothing.
    at_most : (n_pattern,) booleans, optional
        Patterns whose count is an upper bound: some of these persons may not belong.

    Raises
    ------
    InvalidValueError
        If shapes or values do not fit, or a pattern stands twice.
    """

    lists: tuple[str, ...]
    on: BoolArray
    counts: IntArray
    strata: tuple[str, ...] = ()
    stratum: IntArray | None = None
    unknown: BoolArray | None = None
    at_most: BoolArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "lists", tuple(self.lists))
        object.__setattr__(self, "strata", tuple(self.strata))
        on = np.array(self.on, dtype=bool)
        given = np.asarray(self.counts)
        if given.dtype.kind not in "iu":
            raise InvalidValueError("must be whole numbers", where="counts",
                                    why="they count persons")  # fmt: skip
        _check_lists(self.lists, on, given)
        rows = on.shape[0]
        stratum = self.stratum
        if self.strata and stratum is None:
            raise InvalidValueError("is missing", where="stratum", why="strata are named")
        stratum = np.array(np.zeros(rows) if stratum is None else stratum, dtype=np.int64)
        if stratum.shape != (rows,):
            raise InvalidValueError(f"must have {rows} rows", where="stratum")
        if stratum.size and (stratum.min() < -1 or stratum.max() >= max(len(self.strata), 1)):
            raise InvalidValueError(
                "points to no stratum", where="stratum",
                remedy="places from 0, or -1 where it is not recorded",
            )  # fmt: skip
        found = {"on": on, "counts": given.astype(np.int64), "stratum": stratum}
        for name in ("unknown", "at_most"):
            marked = getattr(self, name)
            found[name] = np.array(np.zeros(rows) if marked is None else marked, dtype=bool)
            if found[name].shape != (rows,):
                raise InvalidValueError(f"must have {rows} rows", where=name)
        if (found["unknown"] & found["at_most"]).any():
            raise InvalidValueError("a count is both unknown and a bound", where="unknown")
        if (found["counts"][found["unknown"]] != 0).any():
            raise InvalidValueError("an unknown count has a number", where="unknown")
        # a row of zero persons is what a row that is not there says; in a fixed order, so that the
        # order of rows changes no number
        found["at_most"] &= found["counts"] > 0  # at most none is none
        keep = (found["counts"] > 0) | found["unknown"] | found["at_most"]
        order = np.lexsort((found["stratum"], *on.T[::-1]))
        order = order[keep[order]]
        for name, values in found.items():
            values = np.ascontiguousarray(values[order])
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        self._refuse_twice()

    def _refuse_twice(self) -> None:
        same = (self.on[1:] == self.on[:-1]).all(axis=1)
        same &= self.stratum_of[1:] == self.stratum_of[:-1]
        if same.any():
            which = self.label(int(np.flatnonzero(same)[0]))
            raise InvalidValueError(f"the pattern {which} stands twice", where="patterns",
                                    why="its persons would count twice or be lost",
                                    remedy="add the two counts, or keep one row")  # fmt: skip

    # -- parts ----------------------------------------------------------------------------------

    @property
    def stratum_of(self) -> IntArray:
        """Return the place of the stratum of each row, -1 if not recorded, (n_pattern,)."""
        if self.stratum is None:
            raise TypeError("strata are set at construction")
        return self.stratum

    @property
    def counted(self) -> BoolArray:
        """Return which rows hold a count that is known, (n_pattern,)."""
        return ~(self.is_unknown | self.is_bound)

    @property
    def is_unknown(self) -> BoolArray:
        """Return which rows hold no count, (n_pattern,)."""
        return np.zeros(len(self.counts), dtype=bool) if self.unknown is None else self.unknown

    @property
    def is_bound(self) -> BoolArray:
        """Return which rows hold an upper bound, (n_pattern,)."""
        return np.zeros(len(self.counts), dtype=bool) if self.at_most is None else self.at_most

    @property
    def complete(self) -> bool:
        """Return whether all counts are known."""
        return bool(self.counted.all())

    @functools.cached_property
    def observed(self) -> int:
        """Return the number of persons of known patterns, those on any list."""
        return int(self.counts[self.counted].sum())

    @functools.cached_property
    def list_totals(self) -> IntArray:
        """Return the number of persons on each list, (n_list,)."""
        return self.pairs.diagonal().copy()

    @functools.cached_property
    def pairs(self) -> IntArray:
        """Return the number of persons on both of two lists, (n_list, n_list)."""
        on = self.on[self.counted].astype(np.int64)
        return np.asarray(on.T @ (on * self.counts[self.counted, None]))

    @functools.cached_property
    def captures(self) -> IntArray:
        """Return how many persons are on 0, 1, ... of the lists, (n_list + 1,); the first is 0."""
        sizes = self.on[self.counted].sum(axis=1)
        weights = self.counts[self.counted]
        return np.bincount(sizes, weights=weights, minlength=len(self.lists) + 1).astype(np.int64)

    def label(self, row: int) -> str:
        """Return a row in words: the lists that it is on, and its stratum."""
        names = "+".join(name for name, on in zip(self.lists, self.on[row], strict=True) if on)
        if not self.strata:
            return names
        place = self.stratum_of[row]
        return f"{names} of {self.strata[place] if place >= 0 else 'no recorded stratum'}"

    def dense(self) -> IntArray:
        """Return counts of all patterns, (2^n_list,); the first list is the highest bit.

        Strata are summed; place 0, on no list, is 0.  Ask `complete` first.
        """
        if len(self.lists) > DENSE_LISTS:
            raise InvalidValueError(
                f"2^{len(self.lists)} patterns are too many for a dense table", where="lists"
            )  # fmt: skip
        places = self.on @ (1 << np.arange(len(self.lists))[::-1])
        weights = np.where(self.counted, self.counts, 0)
        found = np.bincount(places, weights=weights, minlength=2 ** len(self.lists))
        return found.astype(np.int64)

    # -- other tables ---------------------------------------------------------------------------

    def pooled(self) -> Patterns:
        """Return the table without strata: their persons, and those without a label, together."""
        if not self.strata:
            return self
        return self._grouped(self.lists, self.on, np.zeros_like(self.stratum_of), ())

    def only(self, stratum: str) -> Patterns:
        """Return the rows of one stratum, without strata.

        Raises
        ------
        NotEstimableError
            If persons have no stratum: some of them belong here.
        """
        if stratum not in self.strata:
            raise InvalidValueError(f"no stratum {stratum!r}", where="strata",
                                    remedy=f"one of {', '.join(self.strata)}")  # fmt: skip
        if (self.stratum_of < 0).any():
            raise NotEstimableError(
                "the stratum of some persons is not recorded", where="strata",
                why="a stratum without them is too small", remedy="fit all strata together",
            )  # fmt: skip
        rows = self.stratum_of == self.strata.index(stratum)
        return Patterns(self.lists, self.on[rows], self.counts[rows],
                        unknown=self.is_unknown[rows], at_most=self.is_bound[rows])  # fmt: skip

    def without_empty(self) -> Patterns:
        """Return the table without the lists on which nobody is."""
        empty = [name for name, some in zip(self.lists, self.on.any(axis=0), strict=True)
                 if not some]  # fmt: skip
        return self.leave_out(empty) if 0 < len(empty) < len(self.lists) else self

    def leave_out(self, names: Iterable[str]) -> Patterns:
        """Return the table as it would be without some lists: who was on them alone is gone."""
        out = self._places(names)
        keep = [place for place in range(len(self.lists)) if place not in out]
        if not keep:
            raise InvalidValueError("no list would be left", where="lists")
        lists = tuple(self.lists[place] for place in keep)
        return self._grouped(lists, self.on[:, keep], self.stratum_of, self.strata)

    def merge(self, groups: Mapping[str, Sequence[str]]) -> Patterns:
        """Return the table with several lists made one: on it is who was on any of them.

        Parameters
        ----------
        groups : mapping of str to sequence of str
            New names, and the lists that they take the place of.
        """
        used: set[int] = set()
        columns: list[tuple[int, str, BoolArray]] = []
        for new, names in groups.items():
            places = self._places(names)
            if used & set(places):
                raise InvalidValueError("a list is to be merged twice", where=f"merge.{new}")
            used |= set(places)
            columns.append((min(places), new, self.on[:, places].any(axis=1)))
        columns += [
            (place, name, self.on[:, place])
            for place, name in enumerate(self.lists) if place not in used
        ]  # fmt: skip
        columns.sort(key=lambda one: one[0])
        lists = tuple(name for _, name, _ in columns)
        on = np.column_stack([column for _, _, column in columns])
        return self._grouped(lists, on, self.stratum_of, self.strata)

    def on_list(self, name: str) -> Patterns:
        """Return the persons of one list, by the others: a population whose size is known.

        Who is on that list alone is on none of the others, and so not in the table.
        """
        (place,) = self._places([name])
        rows = self.on[:, place]
        others = [other for other in range(len(self.lists)) if other != place]
        inside = Patterns(
            self.lists, self.on[rows], self.counts[rows], self.strata, self.stratum_of[rows],
            self.is_unknown[rows], self.is_bound[rows],
        )  # fmt: skip
        lists = tuple(self.lists[other] for other in others)
        return inside._grouped(lists, inside.on[:, others], inside.stratum_of, inside.strata)

    def _places(self, names: Iterable[str]) -> list[int]:
        found = []
        for name in names:
            if name not in self.lists:
                raise InvalidValueError(f"no list {name!r}", where="lists",
                                        remedy=f"one of {', '.join(self.lists)}")  # fmt: skip
            found.append(self.lists.index(name))
        if not found:
            raise InvalidValueError("names no list", where="lists")
        return found

    def _grouped(
        self, lists: tuple[str, ...], on: BoolArray, stratum: IntArray, strata: tuple[str, ...]
    ) -> Patterns:
        """Return the table with alike rows added up.

        Raises
        ------
        NotEstimableError
            If a count that is not known would be added to one that is.
        """
        seen = on.any(axis=1)
        key = np.column_stack([on[seen], stratum[seen]]).astype(np.int64)
        rows, place = np.unique(key, axis=0, return_inverse=True)
        place = place.reshape(-1)

        def marked(values: BoolArray) -> BoolArray:
            return np.bincount(place, weights=values[seen], minlength=len(rows)) > 0

        unknown, bound = marked(self.is_unknown), marked(self.is_bound)
        mixed = (unknown | bound) & (marked(self.counted) | (unknown & bound))
        if mixed.any():
            row = rows[int(np.flatnonzero(mixed)[0]), :-1].astype(bool)
            label = "+".join(name for name, one in zip(lists, row, strict=True) if one)
            raise NotEstimableError(
                f"a count that is not known would be added to one that is, on {label}",
                where="patterns", why="the persons who are known would be lost",
                remedy="leave the list out whose count is not known, or drop the mark",
            )  # fmt: skip
        summed = np.bincount(place, weights=self.counts[seen], minlength=len(rows))
        counts = np.where(unknown, 0, summed).astype(np.int64)
        return Patterns(lists, rows[:, :-1].astype(bool), counts, strata, rows[:, -1], unknown,
                        bound)  # fmt: skip

    def content(self) -> dict[str, Any]:
        """Return the numbers: no names of lists or strata."""
        return {
            "on": self.on.astype(int).tolist(), "counts": self.counts.tolist(),
            "stratum": self.stratum_of.tolist(), "strata": len(self.strata),
            "unknown": self.is_unknown.tolist(), "at_most": self.is_bound.tolist(),
        }  # fmt: skip


def _check_lists(lists: tuple[str, ...], on: BoolArray, counts: IntArray) -> None:
    if not lists or len(set(lists)) < len(lists):
        raise InvalidValueError("names of lists must be there, and differ", where="lists")
    if len(lists) > MOST_LISTS:
        raise InvalidValueError(
            f"{len(lists)} lists are too many", where="lists",
            why=f"at most {MOST_LISTS} are taken: with more, hardly two persons are alike",
            remedy="merge lists of the same origin, or leave small ones out",
        )  # fmt: skip
    if on.ndim != 2 or on.shape[1] != len(lists):
        raise InvalidValueError(f"must have a column for each of {len(lists)} lists", where="on")
    if counts.shape != (on.shape[0],):
        raise InvalidValueError(f"must have {on.shape[0]} rows", where="counts")
    if counts.size and counts.min() < 0:
        raise InvalidValueError("must be 0 or more", where="counts", why="they count persons")
    if not on.any(axis=1).all():
        raise InvalidValueError(
            "a row is on no list", where="on",
            why="how many persons are on none is what is to be estimated",
            remedy="leave that row out",
        )  # fmt: skip
