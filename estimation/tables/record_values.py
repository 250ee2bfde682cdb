"""Values of persons: what is missing, what may not stand in a cell, sexes and ages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.tables.record_columns import NAMES
from estimation.tables.record_date_forms import EARLIEST_YEAR
from estimation.tables.record_dates import Dates, years_in
from estimation.tables.record_rows import Rows, counted

if TYPE_CHECKING:
    import pandas as pd

#: What stands where nothing is known; in names "Na" and "None" are names.
_WORDS = (
    "-", "--", "\u2013", "\u2014", "unknown", "неизвестно", "неизвестен", "неизвестна",
    "нет данных", "невідомо",
)  # fmt: skip
_SHORT = ("na", "n/a", "nan", "null", "none")
_SHORT_IN_NAMES = ("NA", "N/A", "NaN", "NULL")
_BLANKS = "[\\s\u00a0\u2000-\u200a\u202f\u3000]+"
_FORMULA = "[-=+@\uff1d\uff0b\uff20]"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"

_SEXES = {
    **dict.fromkeys(("m", "male", "man", "м", "муж", "мужской", "мужчина", "ч", "чол",
                     "чоловік", "чоловіча"), "m"),
    **dict.fromkeys(("f", "female", "w", "woman", "ж", "жен", "женский", "женщина", "жін",
                     "жінка", "жіноча"), "f"),
}  # fmt: skip
_OLDEST = 120


def clean(rows: Rows) -> tuple[Rows, list[str]]:
    """Return rows with single blanks and empty cells where words stand for nothing, and notes.

    Parameters
    ----------
    rows : Rows
        The list as it is in the file.

    Raises
    ------
    DataError
        If a cell holds control characters or letters that are lost, or a name is a formula.
    """
    import pandas as pd

    columns, words = {}, 0
    for field in rows.frame.columns:
        codes, different = pd.factorize(rows.frame[field])
        texts = pd.Series(different, dtype="str")
        for pattern, what, remedy in (
            (_CONTROL, "control characters", "remove them"),
            ("\ufffd", "signs for letters that are lost", "export the list anew, as UTF-8"),
        ):
            bad = texts.str.contains(pattern, regex=True).to_numpy(bool)[codes]
            if bad.any():
                raise rows.fault(bad, field, what, remedy=remedy)
        plain = texts.str.replace(_BLANKS, " ", regex=True).str.strip()
        small = plain.str.lower()
        short = plain.isin(_SHORT_IN_NAMES) if field in NAMES else small.isin(_SHORT)
        missing = small.isin(_WORDS) | short | plain.str.fullmatch(r"\?+")
        words += int(missing.to_numpy(bool)[codes].sum())
        plain = plain.mask(missing, "")
        if field in (*NAMES, "place", "id"):
            bad = plain.str.match(_FORMULA).to_numpy(bool)[codes]
            if bad.any():
                raise rows.fault(
                    bad, field, "cells that begin with =, +, - or @",
                    why="a spreadsheet would run them", remedy="remove the sign",
                )  # fmt: skip
        columns[field] = plain.take(codes).reset_index(drop=True)
    notes = []
    if words:
        notes.append(f"{rows.label}: {counted(words, 'cell')} with a word or sign for unknown "
                     f"{'is' if words == 1 else 'are'} read as empty")  # fmt: skip
    cleaned = Rows(pd.DataFrame(columns), rows.lines, rows.positions, rows.label, rows.unit)
    return cleaned, notes


def read_sexes(rows: Rows) -> pd.Series[str]:
    """Return "m", "f" or nothing.

    Parameters
    ----------
    rows : Rows
        A list with the field sex.

    Raises
    ------
    DataError
        If something else than a word for a man or a woman stands there.
    """
    words = rows.frame["sex"].str.lower().str.rstrip(".")
    known = words.map({**_SEXES, "": ""})
    bad = known.isna().to_numpy(bool)
    if bad.any():
        raise rows.fault(bad, "sex", "neither m nor f", remedy="write m or f, or leave it empty")
    return known.astype("str")


def read_ages(rows: Rows) -> NDArray[np.float64]:
    """Return whole years, not a number where missing.

    Parameters
    ----------
    rows : Rows
        A list with the field age.

    Raises
    ------
    DataError
        If an age is no number from 0 to 120.
    """
    values = rows.frame["age"]
    number = values.str.fullmatch(r"\d{1,3}(?:[.,]\d+)?").to_numpy(bool)
    ages = np.full(len(values), np.nan)
    ages[number] = np.floor(values[number].str.replace(",", ".").astype(float).to_numpy())
    bad = ~number & (values != "").to_numpy(bool) | (ages > _OLDEST)
    if bad.any():
        raise rows.fault(bad, "age", f"ages that are no numbers from 0 to {_OLDEST}",
                         remedy="write completed years, or leave them empty")  # fmt: skip
    return ages


def read_birth_years(rows: Rows, dated: Dates | None) -> NDArray[np.float64]:
    """Return years of birth, which must be those of the dates of birth.

    Parameters
    ----------
    rows : Rows
        A list with the field birth_year.
    dated : Dates, optional
        Dates of birth.

    Raises
    ------
    DataError
        If a year is none, or contradicts the date.
    """
    from datetime import date

    years = years_in(rows.frame["birth_year"])
    bad = (years < EARLIEST_YEAR) | (years > date.today().year)
    if bad.any():
        raise rows.fault(
            bad, "birth_year", f"what is no year from {EARLIEST_YEAR} to now",
            remedy="write years with four digits, or leave them empty",
        )  # fmt: skip
    if dated is not None:
        bad = np.abs(years - dated.years) > 0
        if bad.any():
            raise rows.fault(bad, ("birth_year", "birth_date"), "the year is not that of the date",
                             remedy="correct one, or leave it empty")  # fmt: skip
        years = np.where(np.isnan(years), dated.years, years)
    return years


def refuse_impossible_lives(
    rows: Rows, birth: Dates | None, years: NDArray[np.float64], death: Dates | None,
    ages: NDArray[np.float64] | None,
) -> None:  # fmt: skip
    """Refuse deaths before births, lives of more than 120 years, and ages that contradict dates.

    Parameters
    ----------
    rows : Rows
        The list.
    birth, death : Dates, optional
        Dates of birth and death.
    years : (row,) floats
        Years of birth, not a number where missing.
    ages : (row,) floats, years, optional
        Stated ages at death.
    """
    if death is None or (birth is None and np.isnan(years).all()):
        return
    born = "birth_date" if birth is not None else "birth_year"
    lived = death.years - years
    days = death.days - birth.days if birth is not None else np.full(len(lived), np.nan)
    with np.errstate(invalid="ignore"):
        bad = (lived < 0) | (days < 0)
        if bad.any():
            raise rows.fault(bad, (born, "death_date"), "deaths before births",
                             remedy="correct one of the dates, or leave it empty")  # fmt: skip
        bad = (lived > _OLDEST + 1) | (days > 365.25 * (_OLDEST + 1))
        if bad.any():
            raise rows.fault(
                bad, (born, "death_date"), f"lives of more than {_OLDEST} years",
                remedy="correct one of the dates, or leave it empty",
            )  # fmt: skip
        if ages is None:
            return
        # completed years are those between the years, or one less
        least = np.where(np.isnan(days), lived - 1, np.floor(days / 365.2425))
        most = np.where(np.isnan(days), lived, np.floor(days / 365.2425))
        bad = (ages < least - 1) | (ages > most + 1)
    if bad.any():
        raise rows.fault(
            bad, ("age", born, "death_date"), "ages that contradict the dates by more than a year",
            remedy="correct one of them, or leave it empty",
        )  # fmt: skip
