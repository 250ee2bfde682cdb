"""The date that one text of a list stands for, by its shape or by stated forms."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Sequence

from estimation.errors import UsageError

EARLIEST_YEAR = 1850
_EPOCH = datetime.date(1970, 1, 1).toordinal()

_YEAR_FIRST = re.compile(r"(\d{4})([-./])(\d{1,2})\2(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-./])(\d{1,2})\2(\d{4})(?: 0?0:00(?::00)?)?")
_PARTLY = re.compile(r"(?:(\d{1,2})[-./])?(\d{4})|(\d{4})[-./](\d{1,2})")
_TWO_DIGITS = re.compile(r"\d{1,2}[-./]\d{1,2}[-./]\d{2}")
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")
_DIRECTIVES = frozenset("dmYHMSfbB%")


@dataclasses.dataclass
class DateValue:
    """A date that may be known in part.

    Parameters
    ----------
    form : str
        As `datetime.strptime` has it; ``?/`` or ``?-`` if day and month are not told apart; empty
        if the day is not told.
    year, month, day : int
        0 where not known.
    fault : str
        What is wrong with it.
    """

    form: str = ""
    year: int = 0
    month: int = 0
    day: int = 0
    fault: str = ""


def check_forms(dates: Sequence[str] | None) -> tuple[str, ...]:
    """Return stated forms of dates, which `datetime.strptime` must know.

    Parameters
    ----------
    dates : sequence of str, optional
        Such as ``["%d.%m.%Y", "%Y-%m-%d"]``.

    Raises
    ------
    UsageError
        If a form has no year of four digits, or something that no date has.
    """
    if dates is None:
        return ()
    if isinstance(dates, str):
        raise UsageError("must be a list of forms", where="dates", remedy=f"write [{dates!r}]")
    for form in dates:
        used = re.findall(r"%(.?)", form) if isinstance(form, str) else []
        if "Y" not in used or not _DIRECTIVES.issuperset(used) or len(set(used)) < len(used):
            raise UsageError(
                f"{form!r} is no form of dates that is read", where="dates",
                remedy="use %d, %m (or %b, %B) and %Y once each, such as '%d.%m.%Y'",
            )  # fmt: skip
    return tuple(dates)


def by_shape(text: str) -> DateValue:
    """Return a date by its shape; which of day and month comes first may be open.

    Parameters
    ----------
    text : str
        What stands in the cell; empty where missing.
    """
    if not text:
        return DateValue()
    if match := _YEAR_FIRST.fullmatch(text):
        year, mark, month, day = match.groups()
        return DateValue(f"%Y{mark}%m{mark}%d", int(year), int(month), int(day))
    if match := _YEAR_LAST.fullmatch(text):
        day, mark, month, year = match.groups()
        form = "%d.%m.%Y" if mark == "." else f"?{mark}"
        return DateValue(form, int(year), int(month), int(day))
    if _TWO_DIGITS.fullmatch(text):
        return DateValue(fault="two digits")
    if _SERIAL.fullmatch(text):
        return DateValue(fault="serial")
    return _partly(text) or DateValue(fault="unknown")


def _partly(text: str) -> DateValue | None:
    """Return a date of which the day is not told, or told as 0."""
    if match := _PARTLY.fullmatch(text):
        month, year, first_year, second_month = match.groups()
        value = DateValue("", int(year or first_year), int(month or second_month or 1))
        return value if value.month else dataclasses.replace(value, month=1)
    return None


def by_forms(text: str, forms: Sequence[str]) -> DateValue:
    """Return the date that the stated forms agree on.

    Parameters
    ----------
    text : str
        What stands in the cell; empty where missing.
    forms : sequence of str
        Stated forms.
    """
    if not text:
        return DateValue()
    found = {}
    for form in forms:
        try:
            date = datetime.datetime.strptime(text, form)
        except ValueError:
            continue
        day = date.day if "%d" in form else 0
        found[date.year, date.month, day] = DateValue(form, date.year, date.month, day)
    if len(found) > 1:
        return DateValue(fault="several")
    if found:
        return next(iter(found.values()))
    shape = by_shape(text)
    if shape.form and not (shape.day and shape.month):
        return shape
    return _partly(text) or DateValue(
        fault="impossible" if _impossible(shape, forms) else "unstated"
    )


def _impossible(shape: DateValue, forms: Sequence[str]) -> bool:
    """Return whether a value has a stated form but a day that is not there."""
    return shape.form in forms or any(
        shape.form == f"?{mark}" and form in (f"%d{mark}%m{mark}%Y", f"%m{mark}%d{mark}%Y")
        for mark in "-/" for form in forms
    )  # fmt: skip


def check_day(value: DateValue) -> None:
    """Set the fault of a date that is not in the calendar, too early or not yet come.

    Parameters
    ----------
    value : DateValue
        The date; a day or month of 0 stands for an unknown one.
    """
    if not value.year or value.fault:
        return
    if value.month == 0 or value.day == 0:  # 00.05.1990 stands for some day of May
        value.day = 0
        value.month = value.month or 1
    today = datetime.date.today()
    try:
        date = datetime.date(value.year, value.month, value.day or 1)
    except ValueError:
        value.fault = "impossible"
        return
    if date.year < EARLIEST_YEAR:
        value.fault = "early"
    elif (date if value.day else date.replace(month=1, day=1)) > today:
        value.fault = "future"


def day_number(value: DateValue) -> float:
    """Return the days since 1970-01-01, not a number where the day is not known.

    Parameters
    ----------
    value : DateValue
        A date without fault.
    """
    if not value.day or value.fault:
        return float("nan")
    return float(datetime.date(value.year, value.month, value.day).toordinal() - _EPOCH)
