"""Periods of a table: one form of date in a column, first days, bounds of the user."""

from __future__ import annotations

import contextlib
import datetime
import re
from typing import TYPE_CHECKING

from estimation.errors import DataError
from estimation.tables.source import Table, is_unknown
from models.cells import STEPS, next_period

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

_FORMS = {
    "a date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "an ISO week": re.compile(r"[0-9]{4}-W[0-9]{2}"),
    "a month": re.compile(r"[0-9]{4}-[0-9]{2}"),
    "a year": re.compile(r"[0-9]{4}"),
}
_FITS = {
    "day": ("a date",),
    "week": ("a date", "an ISO week"),
    "month": ("a date", "a month"),
    "year": ("a date", "a year"),
}
_EXAMPLES = {
    "day": "2024-01-15",
    "week": "2024-01-15 or 2024-W03",
    "month": "2024-01",
    "year": "2024",
}
#: Day and month could be swapped in these, and a two-digit year could be a day.
_AMBIGUOUS = re.compile(r"[0-9]{1,4}([/.])[0-9]{1,2}\1[0-9]{1,4}|[0-9]{1,2}-[0-9]{1,2}-[0-9]{2,4}")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def check_step(period: str | None, step: str | None) -> str:
    """Return the step; a table with periods must state it, one without has none."""
    if period is None:
        if step is not None:
            raise DataError(
                f"{step!r} is given without a column of periods", where="step",
                remedy="name the column: period = ...",
            )  # fmt: skip
        return ""
    if step not in STEPS:
        raise DataError(
            "no step is given" if step is None else f"no step {step!r}", where="step",
            why=f"the length of the periods in {period!r} cannot be told from their dates: gaps "
            "look like longer periods",
            remedy="step = one of " + ", ".join(STEPS),
        )  # fmt: skip
    return str(step)


def infer_step(table: Table, column: str) -> str:
    """Return the step that the dates of a column have; empty if there are too few to tell."""
    values = table.column(column, "period")
    texts = values[~is_unknown(values)].unique()
    forms = {_form(text) for text in texts}
    for form, step in (("a year", "year"), ("a month", "month"), ("an ISO week", "week")):
        if form in forms:
            return step
    days = sorted(day for text in texts if _form(text) and (day := _first_day(text)))
    if len(days) < 2:
        return ""
    if all(day.day == 1 for day in days):
        return "year" if all(day.month == 1 for day in days) else "month"
    whole = all((day - days[0]).days % 7 == 0 for day in days)
    return "week" if whole else "day"


def refuse_times(table: Table, column: str) -> None:
    """Refuse dates with a time of day or a time zone."""
    values = table.column(column, "period")
    bad = values[values.str.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].+")]
    if len(bad):
        raise table.fault(
            [int(line) for line in bad.index], column,
            f"{bad.iloc[0]!r} has a time of day or a time zone",
            why="which day is meant depends on the place", remedy="write dates only: 2024-01-15",
        )  # fmt: skip


def read_periods(table: Table, column: str, step: str) -> dict[int, datetime.date | None]:
    """Return the first day of the period of each line; none where it is not known.

    Parameters
    ----------
    table : Table
        The rows.
    column : str
        The column of periods.
    step : {"day", "week", "month", "year"}
        Length of a period.

    Raises
    ------
    DataError
        If a value is ambiguous, of another form than the first, not of the calendar, or does not
        begin a period.
    """
    values = table.column(column, "period")
    found: dict[int, datetime.date | None] = dict.fromkeys(map(int, values.index))
    known = values[~is_unknown(values)]
    if known.empty:
        raise DataError(
            "no row has a known period", where=f"{table.label}, column {column}",
            remedy="leave the column of periods out",
        )  # fmt: skip
    _check_forms(table, column, known, step)
    days = {text: _first_day(text) for text in known.unique()}
    _refuse(table, column, known, lambda text: days[text] is None, "is no {unit} of the calendar")
    begins = known.map(lambda text: _begins(days[text], step))
    odd = begins[begins != begins.iloc[0]] if step == "week" else begins[begins != ""]
    if len(odd):
        line = int(odd.index[0])
        text = known[line]
        rule = (
            f"a {odd.iloc[0]} where {table.unit} {begins.index[0]} has a {begins.iloc[0]}"
            if step == "week"
            else f"not the first day of a {step}"
        )
        raise table.fault(
            [int(one) for one in odd.index], column, f"{text!r} is {rule}",
            why="the date of a period is its first day, and periods must not overlap",
        )  # fmt: skip
    found.update({int(line): days[text] for line, text in known.items()})  # type: ignore[call-overload]
    return found


def _check_forms(table: Table, column: str, known: pd.Series[str], step: str) -> None:
    """Refuse values without a form, of mixed forms, and of forms that the step does not have."""
    write = f"write {_EXAMPLES[step]}"
    _refuse(
        table, column, known, lambda text: bool(_AMBIGUOUS.fullmatch(text)),
        "can be read as more than one day", why="day and month may be swapped",
        remedy=f"write ISO, year first: {_EXAMPLES[step]}",
    )  # fmt: skip
    _refuse(table, column, known, lambda text: not _form(text), "is no period", remedy=write)
    first = _form(known.iloc[0])
    _refuse(
        table, column, known, lambda text: _form(text) != first,
        f"is {{form}} where {table.unit} {known.index[0]} has {first}",
        why="one column holds one form of period", remedy=write,
    )  # fmt: skip
    _refuse(
        table, column, known, lambda text: _form(text) not in _FITS[step],
        f"is {{form}}, which is no {step}", why=f"step is {step!r}", remedy=write,
    )  # fmt: skip


def _refuse(
    table: Table, column: str, known: pd.Series[str], wrong: Callable[[str], bool], what: str,
    *, why: str = "", remedy: str = "",
) -> None:  # fmt: skip
    """Refuse the first value that is wrong; `what` may name its {form} or {unit}."""
    verdicts = {text: wrong(text) for text in known.unique()}
    bad = known[known.map(verdicts)]
    if len(bad):
        form = _form(bad.iloc[0])
        said = what.format(form=form, unit=form.removeprefix("an ").removeprefix("a "))
        lines = [int(line) for line in bad.index]
        raise table.fault(lines, column, f"{bad.iloc[0]!r} {said}", why=why, remedy=remedy)


def _form(text: str) -> str:
    return next((form for form, pattern in _FORMS.items() if pattern.fullmatch(text)), "")


def _first_day(text: str) -> datetime.date | None:
    if text > "9999":  # the period after it would have no date
        return None
    try:
        if "W" in text:
            return datetime.date.fromisocalendar(int(text[:4]), int(text[6:]), 1)
        year, month, day = [*map(int, text.split("-")), 1, 1][:3]
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _begins(day: datetime.date | None, step: str) -> str:
    """Return the weekday of a week, or what is wrong with the first day of a month or year."""
    if day is None or step == "day":
        return ""
    if step == "week":
        return _WEEKDAYS[day.weekday()]
    first = day.day == 1 and (step == "month" or day.month == 1)
    return "" if first else "late"


def read_bound(value: object, name: str) -> datetime.date | None:
    """Return a bound of the user as a date."""
    if value is None or (
        isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
    ):
        return value
    if isinstance(value, str) and _FORMS["a date"].fullmatch(value):
        with contextlib.suppress(ValueError):
            return datetime.date.fromisoformat(value)
    raise DataError(f"{value!r} is no ISO date", where=name, remedy="write it like 2024-01-15")


def inside(
    day: datetime.date, step: str, first: datetime.date | None, last: datetime.date | None
) -> bool:
    """Return whether a whole period lies between two bounds, both included."""
    if first is not None and day < first:
        return False
    return last is None or next_period(day, step) - datetime.timedelta(days=1) <= last
