"""``replay``: nowcasts at past dates, from what was known then, against what is known now."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimation.classical.nowcast import classical_nowcast
from estimation.diagnostics.verdicts import PASS
from estimation.errors import NotEstimableError, UndercountError, UsageError
from estimation.fit.batch import run_tasks
from estimation.fit.engine import as_store
from estimation.fit.store import Refit, Store
from estimation.nowcasts import fits
from estimation.nowcasts.answer import METHODS, Method
from estimation.nowcasts.nowcast import ALIKE, title_of
from estimation.nowcasts.pasts import AS_REPORTED, CHAIN_LADDER, MODEL, Past, Replay
from estimation.nowcasts.questions import (
    Question,
    final_counts,
    questions,
    refuse_back_dated,
    refuse_empty,
    refuse_outside,
    replay_scope,
)
from estimation.nowcasts.windows import Scope, counted, default_last
from estimation.progress import Progress, Tell, silent
from estimation.tables.report_rows import ReportRows
from estimation.words import suggestion
from models.checks import whole
from models.reports import steps_between

#: Draws of the chain ladder at each date.
_CLASSICAL_DRAWS = 4000


def replay(
    rows: ReportRows, dates: Sequence[datetime.date], *, method: Method = "model",
    last: int | None = None, max_delay: int | None = None, window: int | None = None,
    drift: float | None = None, draws: int = 500, chains: int = 2, tune: int = 400, seed: int = 1,
    store: Store | str | Path | None = None, refit: Refit = "on_change",
    executor: Executor | None = None, cores: int | None = None, accept: str | None = None,
    tell: Tell = silent,
) -> Replay:  # fmt: skip
    """Return the nowcasts of past dates with the counts that are known now.

    Each date sees the rows that were reported by then, and no others.  What is forecast are the
    names with delays up to the longest; a period is scored if that much time has passed since.
    All dates share a compilation.

    Parameters
    ----------
    rows : ReportRows
        From ``read_reports`` or ``read_snapshots``.
    dates : sequence of datetime.date
        First days of report periods.
    method : {"model", "chain-ladder"}
        The chain ladder alone needs no fit; with the model both are there.
    last : int, optional
        How many of the last periods of each date are scored; those that still fill, at most 14
        days or 6 weeks, months or years, by default.
    max_delay, window : int, optional
        As of ``nowcast``; chosen from what was known at the first date.
    drift : float, optional
        Scale of the change of delays in calendar time; none by default.
    draws, chains, tune, seed, store, refit, cores
        See `estimation.fit.engine.fit`; each date is kept, so that a replay can go on.
    executor : concurrent.futures.Executor, optional
        Works on the dates; each fit then takes one core.
    accept : str, optional
        Why a table that was dated by obituary is replayed all the same.
    tell : callable
        Told how far the batch is.

    Raises
    ------
    RefusedError
        If periods are those of the obituary: they were dated later than they were known.
    DataError
        If a date is none of the table's.
    NotEstimableError
        If no date has a period whose final count is known.
    """
    if method not in METHODS:
        raise UsageError(
            f"no method {method!r}", where="method", remedy=suggestion(str(method), METHODS)
        )
    notes = refuse_back_dated(rows, accept)
    days = sorted(set(dates))
    if not days:
        raise UsageError("there are none", where="dates", remedy="give one or more")
    for day in (days[0], days[-1]):
        refuse_outside(rows, day)
    scope = replay_scope(rows, days, max_delay, window)
    shown = default_last(rows.step, scope.max_delay) if last is None else last
    shown = whole(shown, "last", low=1, why="it counts periods")
    truth = final_counts(rows, scope.max_delay)
    asked, failed, unscored = questions(rows, days, scope, shown, set(truth))
    if not asked:
        refuse_empty(rows, scope.max_delay, failed)
    sampler = fits.Sampler(chains, draws, tune, seed)
    answers: dict[str, Any] = {}
    if method == "model":
        tasks = {
            name: (one.reports, scope.window, drift, sampler, as_store(store), refit,
                   cores if executor is None else 1)
            for name, one in asked.items()
        }  # fmt: skip
        answers = _answers(tasks, executor, as_store(store), tell)
        failed |= {name: str(one) for name, one in answers.items() if _is_error(one)}
    pasts, lame = [], 0
    for name, one in asked.items():
        if name in failed:
            continue
        past = _past(one, truth, answers.get(name), seed)
        lame += CHAIN_LADDER not in past.draws
        if method == "model" or CHAIN_LADDER in past.draws:
            pasts.append(past)
    if not pasts:
        raise next((one for one in answers.values() if _is_error(one)), _undefined())
    notes += [*rows.notes, *scope.notes, *_told(pasts, unscored, lame, scope, rows)]
    gaps = [steps_between(a, b, rows.step) for a, b in itertools.pairwise(days)]
    return Replay(
        title_of(rows), tuple(pasts), failed, scope.max_delay, scope.window, shown, rows.step,
        max(min(gaps, default=1), 1), seed, tuple(notes), _assumed(method, drift, asked),
    )  # fmt: skip


def _assumed(
    method: Method, drift: float | None, asked: Mapping[str, Question]
) -> tuple[Mapping[str, str], ...]:
    """Return what the forecasts assume; it is the same at all dates."""
    if method != "model":
        return (ALIKE,)
    model = fits.late_model(next(iter(asked.values())).reports, drift)
    return tuple(dataclasses.asdict(one) for one in model.assumptions())


def _answers(
    tasks: Mapping[str, tuple[Any, ...]], executor: Executor | None, store: Store | None,
    tell: Tell,
) -> dict[str, Any]:  # fmt: skip
    counted_so_far = 0

    def done(name: str, result: Any) -> None:
        nonlocal counted_so_far
        counted_so_far += 1
        stage = "failed" if _is_error(result) else result[2]
        tell(Progress(name, stage, counted_so_far, len(tasks)))

    return run_tasks(fits.keep_names, tasks, executor=executor, store=store, done=done)


def _past(one: Question, truth: Mapping[datetime.date, int], answer: Any, seed: int) -> Past:
    reports = one.reports
    places = [reports.periods.index(day) for day in one.periods]
    known = reports.known.sum(axis=1)[places]
    draws: dict[str, NDArray[np.int64]] = {}
    verdict = None
    if answer is not None:
        names, verdict, _ = answer
        draws[MODEL] = names[:, places]
    try:
        classical = classical_nowcast(reports, draws=_CLASSICAL_DRAWS, seed=seed)
        draws[CHAIN_LADDER] = classical.eventual[:, places]
    except UndercountError:
        pass  # told once, with the number of such dates
    draws[AS_REPORTED] = known[None]
    final = np.array([truth[day] for day in one.periods], np.int64)
    return Past(reports.as_of, one.periods, known, final, draws, verdict)


def _is_error(result: Any) -> bool:
    return isinstance(result, UndercountError)


def _undefined() -> NotEstimableError:
    return NotEstimableError("the chain ladder is defined at none of the dates", where="dates")


def _told(
    pasts: Sequence[Past], unscored: int, lame: int, scope: Scope, rows: ReportRows
) -> list[str]:
    scored = {day for past in pasts for day in past.periods}
    final = rows.reports(max_delay=scope.max_delay)
    places = [place for place, day in enumerate(final.periods) if day in scored]
    late = int(final.extra("beyond")[places].sum())
    found = [
        f"Scored are names with delays up to {counted(scope.max_delay, rows.step)}, from the last "
        f"{counted(scope.window, rows.step)} before each date; {late:,} of "
        f"{int(final.known[places].sum()):,} names of the scored periods came later and are in no "
        "score."
    ]
    if unscored:
        found.append(
            f"Left out, for their final counts are not known yet: {unscored:,} periods of dates."
        )
    if lame:
        found.append(
            f"At {lame:,} of {len(pasts):,} dates the chain ladder is not defined: its scores are "
            "those of the others, and differences too."
        )
    unsound = sum(one.verdict is not None and one.verdict.verdict != PASS for one in pasts)
    if unsound:
        found.append(
            f"Of {len(pasts):,} fits {unsound:,} did not pass all checks (limits milder than those "
            "of a nowcast). They are scored: leaving out what is hard would flatter."
        )
    return found
