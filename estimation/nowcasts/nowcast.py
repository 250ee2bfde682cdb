"""``nowcast``: how many names of each period a list that is still filling will ever have."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from estimation.classical.nowcast import classical_nowcast
from estimation.datasets.load import dataset_names, describe_dataset
from estimation.diagnostics.gate import exact_verdict, require, tree_verdict
from estimation.errors import UsageError
from estimation.fit import nuts
from estimation.fit.engine import as_store
from estimation.fit.key import engine_versions
from estimation.fit.store import Refit, Store
from estimation.nowcasts import fits
from estimation.nowcasts.answer import METHODS, Method, Nowcast
from estimation.nowcasts.windows import (
    choose_scope,
    counted,
    default_last,
    refuse_without_delays,
)
from estimation.progress import Watch
from estimation.tables.report_rows import ReportRows
from estimation.words import suggestion
from models.reports import Reports

#: Draws of the chain ladder: they cost next to nothing.
_CLASSICAL_DRAWS = 10_000

#: What the chain ladder assumes.
ALIKE = {
    "statement": "delays of the last periods are those of all periods of the window",
    "if_false": "either",
    "because": "slower reports now than before make it too low, faster ones too high, and its "
    "intervals do not know it",
}

_EVER = (
    "Eventual are the names that will ever be on the list: deaths that never come to be on it are "
    "not in it."
)


def nowcast(
    rows: ReportRows, as_of: str | datetime.date | None = None, *, method: Method = "model",
    max_delay: int | None = None, window: int | None = None, drift: float | None = None,
    prob: float = 0.95, draws: int | None = None, chains: int = nuts.CHAINS,
    tune: int | None = None, seed: int = 1, store: Store | str | Path | None = None,
    refit: Refit = "on_change", cores: int | None = None, accept: str | None = None,
    progress: Watch | None = None,
) -> Nowcast:  # fmt: skip
    """Return how many names of each period will ever be known, from what was known at a date alone.

    Periods before the window count as complete.  Of all names (``total``) they are a part.

    Parameters
    ----------
    rows : ReportRows
        From ``read_reports`` or ``read_snapshots``.
    as_of : ISO date, optional
        First day of the last report period that was seen; the last of the table by default.
    method : {"model", "chain-ladder"}
        The model of late reports, or the chain ladder: an answer in milliseconds.
    max_delay : int, optional
        The longest delay, in steps, with cells of its own; by default the one by which 99.5 % of
        names come, see `estimation.nowcasts.windows.default_delay`.
    window : int, optional
        How many of the last periods are looked at; by default ``max(max_delay + 21, 52)``.
    drift : float, optional
        Scale of the change of delays in calendar time; none by default.
    prob : float
        Level of the intervals.
    draws, chains, tune, seed, store, refit, cores, progress
        See `estimation.fit.engine.fit`.
    accept : str, optional
        Why a fit that failed its checks is reported all the same.

    Raises
    ------
    DataError
        If the date is none of the table's, or nothing was known by then.
    NotEstimableError
        If there was one period only, or no name at all.
    GateError
        If the fit failed its checks and no reason was given to accept that.
    """
    if method not in METHODS:
        raise UsageError(
            f"no method {method!r}", where="method", remedy=suggestion(str(method), METHODS)
        )
    scope = choose_scope(rows, as_of, max_delay, window)
    full = rows.reports(as_of, max_delay=scope.max_delay)
    reports = full.window(scope.window)
    refuse_without_delays(reports)
    dropped = len(full.periods) - len(reports.periods)
    earlier = full.known[:dropped].sum(axis=0) + full.extra("undated").sum(axis=0)
    notes = [*rows.told(reports), *scope.notes, _EVER, *_before(full, reports)]
    notes += _dated(rows, full)
    if method == "model":
        sampler = fits.Sampler(chains, draws, tune, seed)
        tree, assumptions = fits.fit_tree(
            reports, drift, sampler, store=as_store(store), refit=refit, cores=cores,
            progress=progress,
        )  # fmt: skip
        found = fits.drawn(tree)
        verdict = tree_verdict(tree, prob)
        versions = json.loads(tree.attrs["versions"])
        # the window's own undated names are in the fit already
        total, names = found.total + (full.total - reports.total), found.names
        reported: NDArray[np.float64] | None = found.reported
        order = found.moment_order
    else:
        classical = classical_nowcast(reports, draws=_CLASSICAL_DRAWS, seed=seed)
        names, reported, order = classical.eventual[:, :, None], None, np.inf
        total = classical.total + (full.total - reports.total)
        verdict = exact_verdict({"eventual": total}, (), prob)
        versions, assumptions = engine_versions("exact"), (ALIKE,)
        notes += [note for note in classical.notes[1:] if note not in notes]
    return Nowcast(
        title_of(rows), method, reports, total, names, reported, earlier, scope.max_delay,
        min(default_last(rows.step, scope.max_delay), len(reports.periods)), prob, seed,
        require(verdict, accept), tuple(notes), assumptions, versions, order,
        dates_of(rows),
    )  # fmt: skip


def title_of(rows: ReportRows) -> str:
    """Return what a table is of: the title of a shipped one, else its name."""
    return describe_dataset(rows.name).title if rows.name in dataset_names() else rows.name


def dates_of(rows: ReportRows) -> str:
    """Return what the periods of a table are dates of, in words."""
    if rows.name in dataset_names() and describe_dataset(rows.name).dating is None:
        return "date of the event"  # shipped tables of patients
    return f"date of {'the ' if rows.dating != 'death' else ''}{rows.dating}"


def _before(full: Reports, reports: Reports) -> list[str]:
    dropped = len(full.periods) - len(reports.periods)
    if not dropped:
        return []
    names = int(full.known[:dropped].sum())
    return [
        f"Delays are learned from the last {counted(len(reports.periods), full.step)}, from "
        f"{reports.periods[0]} on. Earlier periods are taken as complete: their {names:,} names "
        "are part of the sum, without a row of their own."
    ]


def _dated(rows: ReportRows, full: Reports) -> list[str]:
    if rows.dating == "death" or full.as_of == rows.as_of:
        return []
    return [
        f"Periods are those of the {rows.dating}: what the table gives for {full.as_of} may have "
        "been dated later than that, and is then not what was known."
    ]
