"""The section ``[[eventual]]``: names of a span known on later dates, and what they will become."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from estimation.errors import DataError, RefusedError, UndercountError
from estimation.study.sections import refuse_unknown
from estimation.summaries.eventual import (
    Eventual,
    Foreseen,
    LaterCount,
    complete_count,
    foresee,
)
from estimation.summaries.losses import Losses
from estimation.summaries.report_places import report_place, rows_inside
from estimation.summaries.spans import parse_span
from estimation.words import suggestion
from models.model import Model
from models.triangle import Triangle

_KEYS = tuple(field.name for field in dataclasses.fields(LaterCount))
_NEEDED = ("name", "period", "count", "as_of")


@dataclasses.dataclass(frozen=True)
class EventualFound:
    """What was found of all later counts.

    Parameters
    ----------
    counts : tuple of Eventual
    foreseen : tuple of Foreseen
        Each count but the first of a span and model, as the one before it foretold it.
    failed : dict of str
        Reasons, by what failed.
    """

    counts: tuple[Eventual, ...] = ()
    foreseen: tuple[Foreseen, ...] = ()
    failed: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def rows(self, prob: float) -> list[dict[str, Any]]:
        """Return rows of estimates."""
        of_counts = [row for one in self.counts for row in one.rows(prob)]
        return of_counts + [row for told in self.foreseen for row in told.rows(prob)]

    def of(self, model: str) -> tuple[list[Eventual], list[Foreseen]]:
        """Return what was found by the delays of a model; "base" is the main one."""
        name = "" if model == "base" else model
        return (
            [one for one in self.counts if one.later.model == name],
            [one for one in self.foreseen if one.later.model == name],
        )


def read_eventual(
    table: Mapping[str, Any], where: str, models: Mapping[str, Model]
) -> LaterCount:  # fmt: skip
    """Return the later count that a section states.

    Parameters
    ----------
    table : mapping
        Keys: those of `LaterCount`.
    where : str
        The place, for messages.
    models : mapping of Model
        The further models of the study by name, and the main one by "".

    Raises
    ------
    DataError
        If a key is unknown or missing, or span or date lie outside of the triangle.
    RefusedError
        If the model has no triangle.
    NotEstimableError
        If the count is zero.
    """
    refuse_unknown(table, _KEYS, where)
    for key in _NEEDED:
        if key not in table:
            raise DataError(f"{key!r} is missing", where=where)
    name = table.get("model", "")
    if name not in models:
        further = [one for one in models if one]
        raise DataError(f"no model {name!r}", where=f"{where}.model",
                        remedy=suggestion(str(name), further) if further
                        else "add a section [models.NAME]")  # fmt: skip
    try:
        later = LaterCount(**table)
        _refuse_outside(later, models[name])
    except UndercountError as error:
        raise error.inside(where) from None
    return later


def refuse_twice(found: Sequence[LaterCount]) -> None:
    """Refuse two counts of one span, model and date: rows of results could not be told apart."""
    spans: dict[tuple[Any, ...], str] = {}
    for one in found:
        span = parse_span(one.period)
        key = (one.model, span.first, span.last, one.as_of)
        if key in spans:
            raise DataError(
                f"{spans[key]!r} and {one.name!r} count {one.period} on {one.as_of}",
                where="eventual", why="which of them holds cannot be told", remedy="keep one",
            )  # fmt: skip
        spans[key] = one.name


def _refuse_outside(later: LaterCount, model: Model) -> None:
    """Refuse what the fit could not answer before anything is fitted."""
    triangle = model.base
    if not isinstance(triangle, Triangle):
        raise RefusedError(
            f"the model has no late reports ({model.base_name!r} is a {triangle.kind})",
            where="model", why="nothing in it tells how late names come",
            remedy='name a model whose evidence has kind = "triangle"',
        )  # fmt: skip
    if not triangle.horizon:
        raise DataError(
            f"{model.base_name!r} has no horizon", where="model",
            why="without one the model tells the shares of today only",
            remedy="set horizon, in periods of report",
        )  # fmt: skip
    reports = triangle.reports
    rows_inside(later.period, reports.periods, reports.step)
    report_place(later.as_of, triangle.as_of, reports.step, triangle.horizon)


def complete_all(
    asked: Sequence[LaterCount], losses: Mapping[str, Losses], failed: Mapping[str, str], *,
    prob: float, seed: int,
) -> EventualFound:  # fmt: skip
    """Complete all later counts, and foretell each from the one before it.

    Parameters
    ----------
    asked : sequence of LaterCount
    losses : mapping of Losses
        Of the fits of the study by name; the main one is "base".
    failed : mapping of str
        Why others have none.
    prob : float
        Level of the intervals.
    seed : int
    """
    found: list[Eventual] = []
    reasons: dict[str, str] = {}
    for later in asked:
        name = later.model or "base"
        if name in losses:
            found.append(complete_count(later, losses[name], seed))
        else:
            why = failed.get(name, "it was not fitted")
            reasons[f"eventual {later.name}"] = f"the model {name} has no fit to report: {why}"

    def place(one: Eventual) -> tuple[Any, ...]:
        span = parse_span(one.later.period)
        return one.later.model, span.first, span.last, one.later.as_of

    pairs = itertools.pairwise(sorted(found, key=place))
    foreseen = tuple(
        foresee(earlier, later, prob, seed)
        for earlier, later in pairs
        if place(earlier)[:3] == place(later)[:3]
    )
    return EventualFound(tuple(found), foreseen, reasons)


def eventual_rows(found: EventualFound, prob: float) -> list[dict[str, Any]]:
    """Return the rows of eventual.csv: a count each, and how the one before it foretold it."""
    foretold = {one.later.name: one for one in found.foreseen}
    rows = []
    for one in found.counts:
        names, share = one.rows(prob)
        before = foretold.get(one.later.name)
        later = one.later
        rows.append({
            "name": later.name, "title": later.title or later.name, "model": later.model or "base",
            "period": later.period, "as_of": later.as_of.isoformat(), "count": later.count,
            **{f"share_{key}": share[key] for key in ("median", "low", "high")},
            **{f"eventual_{key}": names[key] for key in ("median", "low", "high")},
            "foreseen_from": before.earlier.as_of.isoformat() if before else "",
            **{f"foreseen_{key}": getattr(before, key) if before else ""
               for key in ("median", "low", "high")},
            "count_is": before.verdict if before else "", "source": later.source,
        })  # fmt: skip
    return rows
