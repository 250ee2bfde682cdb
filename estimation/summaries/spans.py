"""Spans of time: a year, a month, a week, a day, or a range, and the periods that lie in one."""

from __future__ import annotations

import dataclasses
import datetime
import re

from estimation.errors import DataError
from models.cells import next_period

_DAY = datetime.timedelta(days=1)

_FORMS = "2024, 2024-03, 2024-W10, 2024-03-05, or two of them as in 2024-09..2024-11"


@dataclasses.dataclass(frozen=True)
class Span:
    """Days from `first` to `last`, both included; `words` is how it was written."""

    first: datetime.date
    last: datetime.date
    words: str

    @property
    def days(self) -> int:
        """Return its length in days."""
        return (self.last - self.first).days + 1


def parse_span(words: object, where: str = "period") -> Span:
    """Return the span that words name.

    Parameters
    ----------
    words : str or datetime.date
        A year, month, ISO week or day, or two of them with ".." between.
    where : str
        The place, for messages.

    Raises
    ------
    DataError
        If the words name no span, or one that ends before it begins.
    """
    words = words if isinstance(words, str) else str(words)  # TOML has dates and numbers too
    head, dots, tail = words.partition("..")
    first = _part(head.strip(), where)
    last = _part(tail.strip(), where) if dots else first
    if last[1] < first[0]:
        raise DataError(f"{words!r} ends before it begins", where=where)
    return Span(first[0], last[1], words)


def _part(word: str, where: str) -> tuple[datetime.date, datetime.date]:
    try:
        if re.fullmatch(r"\d{4}", word):
            return datetime.date(int(word), 1, 1), datetime.date(int(word), 12, 31)
        if re.fullmatch(r"\d{4}-\d{2}", word):
            first = datetime.date.fromisoformat(f"{word}-01")
            return first, next_period(first, "month") - _DAY
        if re.fullmatch(r"\d{4}-W\d{2}", word):
            first = datetime.date.fromisoformat(f"{word}-1")
            return first, first + 6 * _DAY
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
            day = datetime.date.fromisoformat(word)
            return day, day
    except (ValueError, OverflowError):
        pass
    raise DataError(f"{word!r} is no period", where=where, remedy=f"write {_FORMS}")


def last_day(first: datetime.date, step: str) -> datetime.date:
    """Return the last day of a period."""
    return next_period(first, step) - _DAY


def middle_day(first: datetime.date, step: str) -> datetime.date:
    """Return the day by which a period belongs to a longer one: that of most of its days."""
    return first + (last_day(first, step) - first) // 2


def parent(first: datetime.date, step: str, longer: str) -> datetime.date:
    """Return the first day of the week, month or year that a period belongs to."""
    day = middle_day(first, step)
    if longer == "week":
        return day - day.weekday() * _DAY  # ISO weeks begin on Mondays
    return day.replace(day=1) if longer == "month" else day.replace(month=1, day=1)
