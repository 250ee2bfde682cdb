"""Rows of overlapping lists: lists left out or made one, rows given twice, what notes must tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from estimation.errors import InvalidValueError, NotEstimableError
from estimation.tables.pattern_columns import RowCounts
from estimation.tables.source import Table
from estimation.words import listed, suggestion
from models.lists.patterns import Patterns

#: Notes name so many lists.
_NAMED = 8

#: Lists with fewer persons lie within another by chance.
_FEW = 5

#: Lists a word of 64 bits holds.
_WORD = 62

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


def pattern_name(lists: Sequence[str], on: BoolArray) -> str:
    """Return a pattern in words: the lists that it is on."""
    return "+".join(name for name, there in zip(lists, on, strict=True) if there)


def known_lists(names: str | Sequence[str], lists: Sequence[str], where: str) -> list[int]:
    """Return the places of lists; an unknown one is told with the nearest."""
    places = []
    for name in [names] if isinstance(names, str) else names:
        if name not in lists:
            raise InvalidValueError(
                f"no list {name!r}", where=where, remedy=suggestion(name, lists)
            )
        places.append(list(lists).index(name))
    return places


def words_of(on: BoolArray, *more: IntArray) -> IntArray:
    """Return rows packed into whole numbers, (n_row, n_word): alike rows have the same ones."""
    columns = [
        on[:, start : start + _WORD] @ (1 << np.arange(min(_WORD, on.shape[1] - start)))
        for start in range(0, on.shape[1], _WORD)
    ]
    return np.column_stack([*columns, *more]).astype(np.int64)


def mark_bounds(
    table: Table, lists: Sequence[str], on: BoolArray, rows: RowCounts,
    at_most: str | Sequence[str],
) -> None:  # fmt: skip
    """Mark the rows of patterns that are named as bounds."""
    for name in [at_most] if isinstance(at_most, str) else at_most:
        parts = [name] if name in lists else [part.strip() for part in name.split("+")]
        exactly = np.zeros(len(lists), dtype=bool)
        exactly[known_lists(parts, lists, "at_most")] = True
        hit = (on == exactly).all(axis=1)
        if not hit.any():
            raise InvalidValueError(
                f"no row is on exactly {name}", where="at_most",
                why=f"{table.label} has no such row, and so no person to bound",
                remedy="name the lists of a row, with + between them",
            )  # fmt: skip
        rows.at_most[hit] = True


def refuse_twice(
    table: Table, lists: Sequence[str], on: BoolArray, stratum: IntArray,
    unread: Sequence[str],
) -> None:  # fmt: skip
    """Refuse a pattern that two rows give; both are named."""
    import pandas as pd

    keys = pd.DataFrame(words_of(on, stratum))
    again = keys.duplicated().to_numpy()
    if not again.any():
        return
    place = int(np.flatnonzero(again)[0])
    same = (keys == keys.iloc[place]).all(axis=1).to_numpy()
    first = table.frame.index[int(np.flatnonzero(same)[0])]
    name = pattern_name(lists, on[place]) or "on no list"
    remedy = "add the two counts, or keep one row"
    if unread:
        remedy += f"; if {listed(unread, most=3)} tells them apart, name it as stratum, and use "
        remedy += "leave_out for a list that is not wanted"
    raise table.fault(
        [int(line) for line in table.frame.index[again]], "",
        f"gives the pattern {name} a second time ({table.unit} {first} gives it too)",
        why="its persons would count twice or be lost", remedy=remedy,
    )  # fmt: skip


def refuse_unseen(table: Table, on: BoolArray, rows: RowCounts, column: str) -> list[str]:
    """Refuse persons on no list; return the note that a row without persons is left out."""
    none = ~on.any(axis=1)
    if not none.any():
        return []
    bad = none & (rows.counts > 0)
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        raise table.fault(
            [int(line) for line in table.frame.index[bad]], column,
            f"{int(rows.counts[place]):,} on no list",
            why="how many are on none is what is to be estimated",
            remedy="leave that row out; if a list is missing, add its column",
        )  # fmt: skip
    return ["The row of those on no list has no count and is left out."]


def reduced_lists(
    lists: tuple[str, ...], on: BoolArray, merge: Mapping[str, Sequence[str]] | None,
    leave_out: str | Sequence[str],
) -> tuple[tuple[str, ...], BoolArray]:  # fmt: skip
    """Return the lists, and who is on them, after some are left out and some made one.

    As ``Patterns.leave_out`` and ``Patterns.merge`` do, which cannot hold more than 30 lists.
    """
    gone = set(known_lists(leave_out, lists, "leave_out"))
    columns: list[tuple[int, str, BoolArray]] = []
    for new, names in (merge or {}).items():
        where = f"merge.{new}"
        places = known_lists(names, lists, where)
        if not places:
            raise InvalidValueError("names no list", where=where, remedy="name the lists to merge")
        if gone & set(places):
            place = min(gone & set(places))
            raise InvalidValueError(
                f"{lists[place]} is left out, or part of another merged list, already", where=where,
                remedy="name each list once",
            )  # fmt: skip
        gone |= set(places)
        columns.append((min(places), new, on[:, places].any(axis=1)))
    columns += [
        (place, name, on[:, place]) for place, name in enumerate(lists) if place not in gone
    ]
    columns.sort(key=lambda one: one[0])
    found = tuple(name for _, name, _ in columns)
    twice = next((name for name in found if found.count(name) > 1), None)
    if twice is not None:
        raise InvalidValueError(f"{twice} is a list of its own too", where=f"merge.{twice}",
                                remedy="give the merged list another name")  # fmt: skip
    if not columns:
        return (), on[:, :0]
    return found, np.column_stack([column for _, _, column in columns])


def added_up(
    on: BoolArray, stratum: IntArray, rows: RowCounts
) -> tuple[BoolArray, IntArray, RowCounts]:  # fmt: skip
    """Return the table with alike rows added up; who is on no list is gone.

    Raises
    ------
    NotEstimableError
        If a count that is not known would be added to one that is.
    """
    import pandas as pd

    seen = on.any(axis=1)
    on, stratum = on[seen], stratum[seen]
    keys = pd.DataFrame(words_of(on, stratum))
    codes = keys.groupby(list(keys.columns), sort=False).ngroup().to_numpy()
    first = np.flatnonzero(~keys.duplicated().to_numpy())
    counts = np.zeros(len(first), dtype=np.int64)
    np.add.at(counts, codes, rows.counts[seen])

    def marked(values: BoolArray) -> BoolArray:
        return np.bincount(codes, weights=values[seen], minlength=len(first)) > 0

    unknown, bounds = marked(rows.unknown), marked(rows.at_most & ~rows.unknown)
    known = marked(~(rows.unknown | rows.at_most))
    if ((unknown | bounds) & (known | (unknown & bounds))).any():
        raise NotEstimableError(
            "a count that is not known would be added to one that is", where="lists",
            why="the persons who are known would be lost",
            remedy="leave the list out whose count is not known, or drop the mark",
        )  # fmt: skip
    counts[unknown] = 0
    return on[first], stratum[first], RowCounts(counts, unknown, bounds)


def lists_alike(patterns: Patterns) -> list[str]:
    """Return notes on lists that hold the same persons, and on lists within another."""
    on = patterns.on.astype(np.float32)  # integers are not multiplied by BLAS
    # rows of one list that are not of the other: whether there are any is all that is asked
    outside = on.T @ (1 - on)
    names = patterns.lists
    same: list[str] = []
    inside: list[str] = []
    totals = patterns.counts @ patterns.on
    for place, name in enumerate(names):
        for other in range(len(names)):
            if other == place or outside[place, other]:
                continue
            if outside[other, place]:
                # that a list of two or three persons lies within another is chance
                if totals[place] >= _FEW:
                    inside.append(f"{name} in {names[other]}")
            elif place < other:
                same.append(f"{name} and {names[other]}")
    notes = []
    if same:
        notes.append(
            f"Lists that hold the same persons: {listed(same, most=_NAMED)}. Two such lists say no "
            "more than one; if one was copied from the other, leave one out."
        )
    if inside:
        notes.append(
            f"Lists that lie within another: {listed(inside, most=_NAMED)}. If one was made from "
            "the other they are not independent: merge them or leave one out."
        )
    return notes
