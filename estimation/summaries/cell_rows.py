"""Rows of estimates by cell: by period, by longer period, by stratum."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from estimation.diagnostics.gate import LARGEST_TABLE
from estimation.summaries.estimands import PER
from estimation.summaries.estimates import estimate_rows
from estimation.summaries.losses import Losses

#: Longer periods that totals are told by, beside the table's own.
_LONGER = {"day": ("month", "year"), "week": ("month", "year"), "month": ("year",), "year": ()}


def scalar_draws(losses: Losses) -> dict[str, np.ndarray]:
    """Return the estimands without a period or stratum.

    The total comes first, then the total with what no source sees and its parts.

    Parameters
    ----------
    losses : Losses
        Of a fit.
    """
    variables = losses.posterior["posterior"].data_vars
    found = {str(name): values.to_numpy() for name, values in variables.items() if values.ndim == 2}
    first = ["total", "total_with_beyond", *(name for name in found if name.startswith("beyond_"))]
    return {name: found[name] for name in dict.fromkeys([*first, *found]) if name in found}


def cell_rows(
    losses: Losses, prob: float, *, moment_orders: Mapping[str, float] | None = None,
    index: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the rows of a table's totals.

    Parameters
    ----------
    losses : Losses
        Of a fit.
    prob : float
        Level of the intervals.
    moment_orders : mapping, optional
        See `estimation.summaries.estimates.estimate_rows`; that of the total holds for all but
        eventual names.
    index : mapping, optional
        What tells the rows of this model apart.

    Returns
    -------
    list of dict
        "total" by period and stratum as far as the table has them and is not too large to be told
        cell by cell; by month and year ("step" says which); "rate" per 10,000 at risk, and
        "coverage", by stratum; with late reports "eventual" by period, month and year; where
        coverage drifts, "period_coverage" by period; where lists overlap, "list_coverage" by list.
    """
    order = {"total": (moment_orders or {}).get("total", np.inf)}
    order["rate"] = order["total"]
    order["eventual"] = (moment_orders or {}).get("eventual", np.inf)
    rows = []
    for name, place, draws in _cells(losses):
        rows += estimate_rows(
            {name: draws}, prob, moment_orders=order, index={**(index or {}), **place}
        )
    return rows


def _cells(losses: Losses) -> Iterator[tuple[str, dict[str, str], np.ndarray]]:
    if losses.periods:
        for longer in (*_LONGER[losses.step], losses.step):
            for first, deaths in losses.by(longer).items():
                step = {} if longer == losses.step else {"step": longer}
                yield "total", {"period": first.isoformat(), **step}, deaths
        if losses.deaths.shape[1] > len(losses.periods):
            undated = losses.deaths[:, -1].sum(axis=1, dtype=np.int64)
            yield "total", {"period": "unknown"}, undated
    yield from _eventual(losses)
    yield from _period_coverage(losses)
    yield from _strata(losses)
    yield from _list_coverage(losses)
    if losses.periods and losses.strata and losses.deaths[0].size <= LARGEST_TABLE:
        for i, first in enumerate(losses.periods):
            for j, stratum in enumerate(losses.strata):
                place = {"period": first.isoformat(), "stratum": stratum}
                yield "total", place, losses.deaths[:, i, j]


def _eventual(losses: Losses) -> Iterator[tuple[str, dict[str, str], np.ndarray]]:
    """Yield names that will ever be on the list, beside what is known of them by now."""
    if losses.eventual is None:
        return
    for longer in (*_LONGER[losses.step], losses.step):
        for first, rows in losses.rows(longer).items():
            step = {} if longer == losses.step else {"step": longer}
            names = losses.eventual[:, rows].sum(axis=(1, 2), dtype=np.int64)
            yield "eventual", {"period": first.isoformat(), **step}, names


def _period_coverage(losses: Losses) -> Iterator[tuple[str, dict[str, str], np.ndarray]]:
    variables = losses.posterior["posterior"]
    if "period_coverage" in variables:
        shares = variables["period_coverage"].to_numpy().reshape(-1, len(losses.periods))
        for i, first in enumerate(losses.periods):
            yield "period_coverage", {"period": first.isoformat()}, shares[:, i]


def _strata(losses: Losses) -> Iterator[tuple[str, dict[str, str], np.ndarray]]:
    deaths = losses.by_stratum()
    for name, total in deaths.items():
        yield "total", {"stratum": name}, total
    for name, rate in rates(losses).items():
        yield "rate", {"stratum": name}, rate
    variables = losses.posterior["posterior"]
    if "stratum_coverage" in variables:
        shares = variables["stratum_coverage"].to_numpy().reshape(-1, len(losses.strata))
        for i, name in enumerate(losses.strata):
            yield "coverage", {"stratum": name}, shares[:, i]


def _list_coverage(losses: Losses) -> Iterator[tuple[str, dict[str, str], np.ndarray]]:
    shares = losses.posterior["posterior"].get("list_coverage")
    if shares is not None:
        for name in shares["list"].to_numpy():
            yield "list_coverage", {"list": str(name)}, shares.sel(list=name).to_numpy().reshape(-1)


def rates(losses: Losses, among: Collection[str] = ()) -> dict[str, np.ndarray]:
    """Return deaths per 10,000 at risk by stratum, (draw,) each, where that is known."""
    if losses.exposure is None:
        return {}
    at_risk = dict(zip(losses.strata, losses.exposure, strict=True))
    return {
        name: PER * deaths / at_risk[name]
        for name, deaths in losses.by_stratum().items()
        if np.isfinite(at_risk[name]) and (not among or name in among)
    }
