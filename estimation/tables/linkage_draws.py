"""``read_linkage_draws``: draws of a linkage, each a table of the same records."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.errors import DataError
from estimation.tables.captures import is_captures
from estimation.tables.pattern_columns import (
    check_count_column,
    list_columns,
    names_of,
    read_bounded_counts,
    read_flags,
)
from estimation.tables.pattern_rows import known_lists
from estimation.tables.patterns import DRAW, REACH, holds_draws, read_patterns
from estimation.tables.source import Table
from estimation.tables.wide import open_wide
from estimation.words import listed
from models.lists.patterns import Patterns

if TYPE_CHECKING:
    import pandas as pd

#: Draws of the same records do not differ by this factor, in persons or on any list.
_ABSURD = 2.0

#: Lists with fewer persons may well have twice as many in another draw.
_FEW = 20

#: Draws are no more than this; what is longer was never meant as one.
_MOST_DRAWS = 100_000

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


@dataclasses.dataclass(frozen=True, eq=False)
class LinkageDraws:
    """Draws of a linkage: the same records, linked in ways that all may be true.

    Parameters
    ----------
    draws : tuple of Patterns
        Draws 1 to D in order, all with the same lists and strata.
    reach : (D,) numbers in (0, 1], optional
        Share of true links that blocking let through, as each draw takes it; the counts of the
        draw are corrected for it already.
    name : str
        Name of the file; "table" for a DataFrame.
    notes : tuple of str
        What was left out, and what is to be known of the draws.
    """

    draws: tuple[Patterns, ...]
    reach: NDArray[np.float64] | None
    name: str
    notes: tuple[str, ...]

    @property
    def middle(self) -> int:
        """Return the place of a draw whose number of persons is the median."""
        order = np.argsort([one.observed for one in self.draws], kind="stable")
        return int(order[(len(order) - 1) // 2])


def has_draws(source: str | Path | pd.DataFrame | Table) -> bool:
    """Return whether a table holds draws of a linkage: it has a column `draw`.

    Parameters
    ----------
    source : path, str, pandas.DataFrame or Table
        The table.
    """
    return holds_draws(open_wide(source))


def read_linkage_draws(
    source: str | Path | pd.DataFrame | Table, *, count: str = "count",
    strata: str | Sequence[str] = (), merge: Mapping[str, Sequence[str]] | None = None,
    leave_out: str | Sequence[str] = (), at_most: str | Sequence[str] = (),
) -> LinkageDraws:  # fmt: skip
    """Read draws of a linkage: columns of lists, `draw`, `reach` (or none), strata and counts.

    Parameters
    ----------
    source : path, str, pandas.DataFrame or Table
        As of `read_patterns`.
    count, strata, merge, leave_out, at_most
        As of `read_patterns`; a pattern that is bounded may be missing from some draws.

    Raises
    ------
    DataError
        If draws are not numbered 1 to D, one lacks a list, reach is no share or differs within a
        draw, or draws cannot be of the same records.
    InvalidValueError, NotEstimableError
        As of `read_patterns`.
    """
    table = open_wide(source)
    columns = names_of(table, strata, "stratum")
    _refuse_other_use(table, count, columns)
    table.column(DRAW, "draw of a linkage")
    check_count_column(table, count, columns)
    draw = _numbers(table)
    reach = _reach(table, draw) if REACH in table.frame.columns else None
    own = [DRAW, REACH] if REACH in table.frame.columns else [DRAW]
    table = dataclasses.replace(table, frame=table.frame.drop(columns=own))
    names = list_columns(table, None, count, columns)
    # all rows at once: messages then say of how many rows they are the first
    read_bounded_counts(table, count)
    bounded = _bounded(read_flags(table, names), names, at_most)
    order = np.argsort(draw, kind="stable")
    edges = np.searchsorted(draw[order], np.arange(1, draw.max() + 2))
    found = []
    for number in range(1, int(draw.max()) + 1):
        rows = order[edges[number - 1] : edges[number]]
        part = dataclasses.replace(
            table, frame=table.frame.iloc[rows], label=f"{table.label}, draw {number},"
        )
        marked = [name for name, hit in bounded.items() if hit[rows].any() or not hit.any()]
        found.append(read_patterns(part, count=count, strata=columns, merge=merge,
                                   leave_out=leave_out, at_most=marked))  # fmt: skip
    draws = _same_strata([one.patterns for one in found])
    _refuse_unlike(table, draws)
    read = LinkageDraws(tuple(draws), reach, table.name, ())
    notes = _notes(read, [one.notes for one in found])
    return dataclasses.replace(read, notes=tuple(notes))


def _refuse_other_use(table: Table, count: str, strata: Sequence[str]) -> None:
    for name in (DRAW, REACH):
        if name in strata or name == count:
            raise DataError(
                f"{name!r} is named as {'count' if name == count else 'stratum'}",
                where=table.label, why="it belongs to the draws of a linkage",
                remedy="leave it out there, or give a column of another meaning another name",
            )  # fmt: skip
    if is_captures(table):
        raise DataError(
            "holds how often each was captured, and draws of a linkage", where=table.label,
            why="who is on which list together cannot be told from it",
            remedy="give the patterns of each draw",
        )  # fmt: skip


def _numbers(table: Table) -> IntArray:
    """Return the number of the draw of each row; they must be 1, 2, ... without a gap."""
    given = table.frame[DRAW]
    good = given.str.fullmatch(r"\+?0*[1-9][0-9]{0,5}(?:\.0*)?").to_numpy(bool)
    why = "draws of a linkage are numbered 1, 2, 3, ..."
    if not good.all():
        bad = given[~good]
        first = str(bad.iloc[0])
        raise table.fault(
            [int(line) for line in bad.index], DRAW,
            f"{first!r} is no number of a draw" if first else "is empty", why=why,
            remedy="number them; if it is a list, give it another name",
        )  # fmt: skip
    numbers = given.str.split(".").str[0].astype(np.int64).to_numpy()
    there = np.unique(numbers)
    if there[-1] > _MOST_DRAWS:
        raise DataError(f"has a draw {there[-1]:,}", where=table.label, why=why,
                        remedy=f"at most {_MOST_DRAWS:,} draws are read")  # fmt: skip
    if len(there) < there[-1]:
        missing = np.setdiff1d(np.arange(1, there[-1] + 1), there)
        raise DataError(
            f"draws {listed([str(one) for one in missing], most=3)} are missing of "
            f"{there[-1]:,}", where=table.label,
            why="draws that are left out by what they say would bend the answer",
            remedy="give the whole file, or number the draws anew",
        )  # fmt: skip
    return np.asarray(numbers, dtype=np.int64)


def _reach(table: Table, draw: IntArray) -> NDArray[np.float64]:
    """Return the reach of each draw, (D,)."""
    import pandas as pd

    values = pd.to_numeric(table.frame[REACH], errors="coerce").to_numpy(float)
    good = (values > 0) & (values <= 1)  # what is no number is neither
    if not good.all():
        bad = table.frame[REACH][~good]
        first = str(bad.iloc[0])
        raise table.fault(
            [int(line) for line in bad.index], REACH,
            f"{first!r} is no share above 0 and up to 1" if first else "is empty",
            why="reach is the share of true links that blocking let through",
            remedy="leave the column out if it is not known",
        )  # fmt: skip
    found = np.zeros(draw.max())
    found[draw - 1] = values
    differs = np.abs(found[draw - 1] - values) > 1e-9
    if differs.any():
        lines = [int(line) for line in table.frame.index[differs]]
        number = int(draw[np.flatnonzero(differs)[0]])
        raise table.fault(lines, REACH, f"draw {number} has different values",
                          why="reach belongs to a draw as a whole",
                          remedy="write the same number in all of its rows")  # fmt: skip
    return found


def _bounded(
    on: BoolArray, lists: Sequence[str], at_most: str | Sequence[str]
) -> dict[str, BoolArray]:  # fmt: skip
    """Return the rows of patterns that are named as bounds, by name."""
    found = {}
    for name in [at_most] if isinstance(at_most, str) else at_most:
        parts = [name] if name in lists else [part.strip() for part in name.split("+")]
        exactly = np.zeros(len(lists), dtype=bool)
        exactly[known_lists(parts, lists, "at_most")] = True
        found[name] = (on == exactly).all(axis=1)
    return found


def _same_strata(draws: Sequence[Patterns]) -> list[Patterns]:
    """Return draws with the strata of all: in one draw nobody may be left in one of them."""
    strata = tuple(sorted({name for one in draws for name in one.strata}))
    found = []
    for one in draws:
        if one.strata == strata:
            found.append(one)
            continue
        place = np.array([strata.index(name) for name in one.strata] + [-1], dtype=np.int64)
        found.append(
            Patterns(one.lists, one.on, one.counts, strata, place[one.stratum_of],
                     one.is_unknown, one.is_bound)
        )  # fmt: skip
    return found


def _refuse_unlike(table: Table, draws: Sequence[Patterns]) -> None:
    """Refuse draws that cannot be of the same records."""
    every = tuple(dict.fromkeys(name for one in draws for name in one.lists))
    for number, one in enumerate(draws, 1):
        missing = [name for name in every if name not in one.lists]
        if missing:
            raise DataError(
                f"draw {number} has nobody on {listed(missing)}, and other draws have",
                where=table.label, why="every draw links the records of all lists",
                remedy=f"give draw {number} whole, or leave that list out of all draws",
            )  # fmt: skip
    persons = np.array([[one.observed, *one.list_totals] for one in draws])
    for name, totals in zip(("any list", *every), persons.T, strict=True):
        low, high = int(totals.argmin()), int(totals.argmax())
        if totals[high] >= max(_ABSURD * totals[low], _FEW):
            raise DataError(
                f"draw {high + 1} has {totals[high]:,} persons on {name} and draw {low + 1} has "
                f"{totals[low]:,}", where=table.label,
                why="however they are linked, the same records do not make so many more persons",
                remedy="give draws of one linkage",
            )  # fmt: skip


def _notes(read: LinkageDraws, notes: Sequence[Sequence[str]]) -> list[str]:
    number = len(read.draws)
    common = [note for note in notes[0] if all(note in one for one in notes)]
    middle = [f"Draw {read.middle + 1}, one in the middle: {note}"
              for note in notes[read.middle] if note not in common]  # fmt: skip
    if number == 1:
        return [
            "There is one draw of the linkage only: nothing tells how sure its links are, and the "
            "interval takes them as certain.", *common
        ]  # fmt: skip
    return [*common, *middle]
