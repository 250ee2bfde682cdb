"""Persons at risk by stratum, from a table of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from estimation.errors import DataError
from estimation.tables.checks import read_populations
from estimation.tables.grid import Row
from estimation.tables.source import Table, is_unknown, open_table
from estimation.words import suggestion

_KEYS = ("table", "column", "stratum")


def read_exposure(
    exposure: Mapping[str, object], stratum: str, counts: Table, rows: Sequence[Row],
    strata: Sequence[str], apart: Sequence[str],
) -> NDArray[np.float64]:  # fmt: skip
    """Return the persons at risk of each stratum; 1 for those apart, where nobody reads it.

    Parameters
    ----------
    exposure : mapping
        "table" (what `read_cells` takes as source), "column", and "stratum" if the column of
        strata has another name than in the counts.
    stratum : str
        Column of strata of the counts.
    counts : Table
        The counts, for the place in messages.
    rows : sequence of Row
        Their rows.
    strata, apart : sequence of str
        Names of all strata, and of those without exposure.

    Raises
    ------
    DataError
        If a stratum is not in the table, is there twice, or has more dead than persons.
    """
    population = _population(exposure, stratum)
    first_line = {row.stratum: row.line for row in reversed(rows)}
    absent = [name for name in strata if name not in apart and name not in population]
    if absent:
        line, name = min((first_line[name], name) for name in absent)
        near = suggestion(name, population)
        raise DataError(
            f"{name!r} is not in the exposure table"
            + (f", the first of {len(absent)} strata" if len(absent) > 1 else ""),
            where=counts.place(line, stratum), why="its rate would have no persons to refer to",
            remedy=(f"{near} If not, " if near.startswith("did") else "")
            + "add it there, or put it apart",
        )  # fmt: skip
    _refuse_more_dead(counts, stratum, rows, population, apart)
    return np.array([1.0 if name in apart else population[name] for name in strata])


def _population(exposure: Mapping[str, object], stratum: str) -> dict[str, float]:
    if not isinstance(exposure, Mapping):
        raise DataError(
            f"must be a table of {', '.join(_KEYS)}, not {exposure!r}", where="exposure"
        )
    for key in exposure:
        if key not in _KEYS:
            raise DataError(
                f"unknown key {key!r}", where="exposure", why="it would be ignored",
                remedy=suggestion(str(key), _KEYS),
            )  # fmt: skip
    for key in ("table", "column"):
        if key not in exposure:
            raise DataError(
                f"{key!r} is missing", where="exposure", why="the persons at risk stand there"
            )
    table = open_table(exposure["table"])
    names = table.column(str(exposure.get("stratum", stratum)), "stratum of the exposure")
    persons = read_populations(table, str(exposure["column"]))
    found: dict[str, float] = {}
    lines: dict[str, int] = {}
    for line, name in names[~is_unknown(names)].items():
        place, label = int(str(line)), str(name)
        if label in lines:
            raise DataError(
                f"{label!r} stands there a second time; {table.unit} {lines[label]} has it",
                where=table.place(place, str(names.name)), why="which number holds is not clear",
                remedy="keep one of the two rows",
            )  # fmt: skip
        lines[label] = place
        number = persons[place]
        if number is not None:
            found[label] = number
    return found


def _refuse_more_dead(
    counts: Table, stratum: str, rows: Sequence[Row], population: Mapping[str, float],
    apart: Sequence[str],
) -> None:  # fmt: skip
    """Name the row with which the dead of a stratum become more than its persons."""
    dead: dict[str | None, int] = {}
    for row in rows:
        dead[row.stratum] = dead.get(row.stratum, 0) + (row.count or 0)
        if row.stratum is None or row.stratum in apart:
            continue
        if dead[row.stratum] > population[row.stratum]:
            raise DataError(
                f"with this row {row.stratum!r} has {dead[row.stratum]:,} confirmed deaths and "
                f"{population[row.stratum]:,.0f} persons",
                where=counts.place(row.line, stratum),
                why="the population is wrong, or the counts are not of the killed",
            )
