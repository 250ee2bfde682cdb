"""What a replay asks: which dates, what was known at each, and what is known now."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import NoReturn

from estimation.errors import (
    DataError,
    NotEstimableError,
    RefusedError,
    UndercountError,
    UsageError,
)
from estimation.nowcasts.windows import (
    Scope,
    choose_scope,
    counted,
    refuse_without_delays,
    within,
)
from estimation.tables.report_rows import ReportRows
from models.reports import Reports, period_after


@dataclasses.dataclass(frozen=True, eq=False)
class Question:
    """One date: what was known then, and which of its periods can be scored."""

    reports: Reports
    periods: tuple[datetime.date, ...]


def replay_dates(
    rows: ReportRows, first: datetime.date, last: datetime.date, every: int
) -> list[datetime.date]:
    """Return every so many periods a date, from the first to the last at most.

    Raises
    ------
    UsageError
        If the last is before the first, or `every` is below 1.
    DataError
        If one of them is outside of the table.
    """
    if last < first:
        raise UsageError(
            f"{last} is before {first}", where="dates", remedy="give the earlier date first"
        )
    if every < 1:
        raise UsageError(f"{every} periods between dates", where="every", remedy="1 or more")
    refuse_outside(rows, first)
    if last > rows.as_of and last >= period_after(rows.as_of, 1, rows.step):
        raise DataError(
            f"{last} is after the end of {rows.label}: the file ends at {rows.as_of}",
            where="dates", why="what was known then is not in it", remedy="take an earlier date",
        )  # fmt: skip
    found = [first]
    while (day := period_after(first, len(found) * every, rows.step)) <= last:
        found.append(day)
    return found


def refuse_back_dated(rows: ReportRows, accept: str | None) -> list[str]:
    """Refuse periods that were dated later than known, or return the reason to accept it."""
    if rows.dating != "obituary":
        return []
    if accept and accept.strip():
        return [f"Dated by obituary, and replayed all the same: {accept.strip()}"]
    raise RefusedError(
        "periods are those of the obituary", where=rows.label,
        why="names were dated later than they were known: the past looks better than it was",
        remedy="take snapshots as they were, or accept it with a reason",
    )  # fmt: skip


def refuse_outside(rows: ReportRows, day: datetime.date) -> None:
    """Refuse a date that is none of the table's."""
    # where little was known, the date will say so itself
    with contextlib.suppress(NotEstimableError):
        rows.reports(day, max_delay=0, window=2)


def replay_scope(
    rows: ReportRows, days: Sequence[datetime.date], max_delay: int | None, window: int | None
) -> Scope:
    """Return the scope of the first date at which anything can be told."""
    for day in days[:-1]:
        try:
            return choose_scope(rows, day, max_delay, window)
        except UndercountError as error:
            if not isinstance(error, NotEstimableError):
                raise
    return choose_scope(rows, days[-1], max_delay, window)


def final_counts(rows: ReportRows, max_delay: int) -> dict[datetime.date, int]:
    """Return the names known now of each period that has had time for all delays."""
    final = rows.reports(max_delay=max_delay)
    counts = final.counts.sum(axis=(1, 2)).tolist()
    complete = final.n_report - max_delay
    return dict(zip(final.periods[: max(complete, 0)], counts, strict=False))


def questions(
    rows: ReportRows, days: Sequence[datetime.date], scope: Scope, last: int,
    scorable: set[datetime.date],
) -> tuple[dict[str, Question], dict[str, str], int]:  # fmt: skip
    """Return what was known at each date, why it failed, and how many periods have no final."""
    found: dict[str, Question] = {}
    failed: dict[str, str] = {}
    unscored = 0
    for day in days:
        try:
            known = rows.reports(day, max_delay=scope.max_delay, window=scope.window)
            reports = within(known)
            refuse_without_delays(reports)
        except UndercountError as error:
            failed[day.isoformat()] = str(error)
            continue
        targets = reports.periods[-last:]
        periods = tuple(one for one in targets if one in scorable)
        unscored += len(targets) - len(periods)
        if periods:
            found[day.isoformat()] = Question(reports, periods)
    return found, failed, unscored


def refuse_empty(rows: ReportRows, max_delay: int, failed: Mapping[str, str]) -> NoReturn:
    """Say why no date can be scored."""
    if failed:
        day, why = next(iter(failed.items()))
        raise NotEstimableError(f"none can be replayed; the first, {day}: {why}", where="dates")
    raise NotEstimableError(
        f"no date has a period whose final count is known: {rows.label} ends at {rows.as_of}",
        where="dates", why=f"names may still come {counted(max_delay, rows.step)} after the period",
        remedy="take earlier dates, or a smaller max_delay",
    )  # fmt: skip
