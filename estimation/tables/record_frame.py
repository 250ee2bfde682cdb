"""From the text of a list of persons to days, years and sexes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from estimation.errors import DataError
from estimation.tables.record_columns import NAMES
from estimation.tables.record_dates import read_dates
from estimation.tables.record_rows import Rows, counted, places
from estimation.tables.record_values import (
    read_ages,
    read_birth_years,
    read_sexes,
    refuse_impossible_lives,
)

if TYPE_CHECKING:
    import pandas as pd


def without_empty(rows: Rows, notes: list[str]) -> Rows:
    """Return rows without fields and rows in which nothing stands.

    Parameters
    ----------
    rows : Rows
        The list.
    notes : list of str
        Takes what is left out.

    Raises
    ------
    DataError
        If too little is left.
    """
    full = {field: (rows.frame[field] != "").to_numpy(bool) for field in rows.frame.columns}
    empty = [field for field, there in full.items() if not there.any()]
    for field in empty:
        notes.append(f"{rows.label}: {rows.column(field)} is empty in every row and not used")
    if not any(full[field].any() for field in full if field in ("name", "surname")):
        raise DataError(
            "no row has a name", where=rows.label, why="records without names cannot be linked",
            remedy="state the column that holds the name",
        )  # fmt: skip
    useful = set(full) - set(empty) - {*NAMES, "id"}
    if useful <= {"age"}:
        raise DataError(
            "every column but the names is empty or of no use", where=rows.label,
            why="nothing tells persons of the same name apart (an age does with a date of death)",
            remedy="add the date of birth or death, the place or the sex",
        )  # fmt: skip
    rows = rows.without(empty)
    filled = np.column_stack([full[field] for field in full if field != "id"]).any(axis=1)
    if not filled.all():
        left = rows.lines[~filled]
        notes.append(
            f"{rows.label}: {counted(len(left), 'row')} in which nothing (or only an id) stands "
            f"{'is' if len(left) == 1 else 'are'} left out ({places(left, rows.unit)})"
        )
        rows = rows.kept(filled)
    return rows


def person_frame(rows: Rows, forms: Sequence[str], notes: list[str]) -> pd.DataFrame:
    """Return one row a record, as `Records` has it.

    Parameters
    ----------
    rows : Rows
        The list.
    forms : sequence of str
        Stated forms of dates.
    notes : list of str
        Takes what is not used, or was not certain at once.

    Raises
    ------
    DataError
        If a value is none of its field, or values of a record contradict each other.
    """
    import pandas as pd

    size, fields = len(rows.lines), set(rows.frame.columns)
    nothing = np.full(size, np.nan)
    birth = read_dates(rows, "birth_date", forms) if "birth_date" in fields else None
    death = read_dates(rows, "death_date", forms) if "death_date" in fields else None
    ages = read_ages(rows) if "age" in fields else None
    years = birth.years if birth is not None else nothing
    if "birth_year" in fields:
        years = read_birth_years(rows, birth)
    refuse_impossible_lives(rows, birth, years, death, ages)
    _refuse_repeated_ids(rows, notes)
    slack = np.zeros(size, np.int64)
    if ages is not None:
        from_age = (death.years if death is not None else nothing) - ages
        derived = np.isnan(years) & ~np.isnan(from_age)
        years, slack = np.where(derived, from_age, years), derived.astype(np.int64)
        unused = int((np.isnan(years) & ~np.isnan(ages)).sum())
        if unused:
            notes.append(f"{rows.label}: {counted(unused, 'age')} without a date of death "
                         f"{'is' if unused == 1 else 'are'} not used")  # fmt: skip
    for dated, field in ((birth, "birth_date"), (death, "death_date")):
        if dated is not None:
            notes.extend(dated.notes)
            known = int(dated.partly.sum())
            use = "only the year is used" if dated is birth else "used only with an age"
            if known:
                notes.append(f"{rows.label}: {rows.column(field)} has {counted(known, 'date')} "
                             f"without a day: {use}")  # fmt: skip
    empty = pd.Series([""], dtype="str").repeat(size).reset_index(drop=True)
    text = {one: rows.frame.get(one, empty) for one in ("id", *NAMES, "place")}
    nameless = int(((text["name"] == "") & (text["surname"] == "")).sum())
    if nameless:
        notes.append(f"{rows.label}: {counted(nameless, 'record')} without a name or surname")
    return pd.DataFrame(
        {
            "line": rows.lines, **text,
            "birth_day": birth.days if birth is not None else nothing,
            "death_day": death.days if death is not None else nothing,
            "birth_year": years, "birth_year_slack": slack,
            "sex": read_sexes(rows) if "sex" in fields else empty,
        }
    )  # fmt: skip


def _refuse_repeated_ids(rows: Rows, notes: list[str]) -> None:
    if "id" not in rows.frame:
        return
    there = (rows.frame["id"] != "").to_numpy(bool)
    bad = rows.frame["id"].duplicated(keep=False).to_numpy(bool) & there
    if bad.any():
        raise rows.fault(bad, "id", "ids that several records have",
                         why="an id must name one record", remedy="make them different, or do not "
                         "read the column (columns: id is '')")  # fmt: skip
    missing = int((~there).sum())
    if missing:
        notes.append(f"{rows.label}: {counted(missing, 'record')} without an id")
