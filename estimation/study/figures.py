"""The figures of a run: totals, and what each further model tells by period and stratum."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.report.eventual import draw_eventual
from estimation.report.figures import draw_totals, missing_plotting
from estimation.report.forest import Row, draw_forest
from estimation.report.periods import draw_coverage, draw_periods, draw_rises
from estimation.report.strata import draw_rates
from estimation.study.fit_checks import (
    FitChecks,
    check_fits,
    draw_fit_checks,
    has_own_figures,
    is_list_alone,
    prefix_of,
)
from estimation.summaries.agreement import Published
from estimation.summaries.cell_rows import rates, scalar_draws
from estimation.summaries.changes import month_on_month

if TYPE_CHECKING:
    from estimation.study.run import Fitted, Outcome

_DATES = {
    "death": "date of death",
    "obituary": "date of death, or of the obituary where that is unknown",
    "report": "date of report",
}


def draw_run(outcome: Outcome, folder: Path, checked: FitChecks | None = None) -> str:
    """Draw the figures of a run where matplotlib is installed.

    Parameters
    ----------
    outcome : Outcome
    folder : Path
        Of the run; "figures" is made in it.
    checked : FitChecks, optional
        Its chains and beliefs, if they are at hand.

    Returns
    -------
    str
        In words, what was drawn or not.
    """
    missing = missing_plotting()
    if missing:
        return missing
    place = folder / "figures"
    place.mkdir()
    draws = [
        (one.scenario.title, one.losses.deaths.sum(axis=(1, 2), dtype=np.int64))
        for one in outcome.fitted
        if not one.scenario.further
    ]
    published = outcome.study.published[0] if outcome.study.published else None
    draw_totals(draws, published, outcome.prob, outcome.study.title, place / "totals")
    drawn = ["totals", *_draw_forest(outcome, published, place)]
    for one in outcome.fitted:
        if not has_own_figures(one.scenario):
            continue  # would be drawn over the figures of the model as stated
        prefix = prefix_of(one.scenario.name)
        drawn += [prefix + name for name in _draw_model(one, outcome, place, prefix)]
    drawn += draw_fit_checks(check_fits(outcome) if checked is None else checked, outcome, place)
    return ", ".join(f"figures/{name}.svg, figures/{name}.png" for name in drawn)


def _draw_forest(outcome: Outcome, published: Published | None, place: Path) -> Iterator[str]:
    """Draw all totals below each other, where there are models beside the readings of one."""
    tails = [(1 - outcome.prob) / 2, 0.5, (1 + outcome.prob) / 2]
    rows = []
    for one in outcome.fitted:
        if not _is_list_alone(one):
            low, middle, high = np.quantile(scalar_draws(one.losses)["total"], tails).tolist()
            rows.append(Row(one.scenario.title, low, middle, high, one.scenario.further))
    failed = [one.title for one in outcome.study.scenarios if one.name in outcome.failed]
    if any(row.further for row in rows):
        draw_forest(rows, published, outcome.prob, f"All totals: {outcome.study.title}",
                    place / "forest", failed)  # fmt: skip
        yield "forest"


def _is_list_alone(one: Fitted) -> bool:
    """Return whether a model of late reports says nothing of who will never be on the list."""
    return one.losses.late and is_list_alone(one.scenario.model)


def _draw_model(one: Fitted, outcome: Outcome, place: Path, prefix: str) -> Iterator[str]:
    losses, prob = one.losses, outcome.prob
    title = one.scenario.title if one.scenario.further else outcome.study.title
    if losses.periods:
        dated = len(losses.periods)
        deaths = losses.deaths.sum(axis=2, dtype=np.int64)[:, :dated]
        named = losses.observed.sum(axis=2, dtype=np.int64)[:, :dated]
        options: dict[str, Any] = {
            "unit": losses.step, "by": _DATES[losses.dating],
            # names still to come are in the estimate of late reports
            "as_of": None if losses.late else losses.as_of,
        }  # fmt: skip
        periods = np.array(losses.periods, "datetime64[D]")
        # where coverage is left out, deaths are the list in the end, which has a figure of its own
        if not _is_list_alone(one):
            draw_periods(periods, deaths, np.median(named, axis=0), prob, title,
                         place / f"{prefix}periods", **options)  # fmt: skip
            yield "periods"
            shares = named / np.maximum(deaths, 1)
            low, middle, high = np.quantile(shares, [(1 - prob) / 2, 0.5, (1 + prob) / 2], axis=0)
            draw_coverage(periods, low, middle, high, prob, f"Realized coverage: {title}",
                          place / f"{prefix}coverage", **options)  # fmt: skip
            yield "coverage"
        if losses.eventual is not None:
            counts = outcome.eventual.of(one.scenario.name)
            draw_eventual(
                periods, np.median(named, axis=0), losses.eventual.sum(axis=2, dtype=np.int64),
                *counts, prob, title, place / f"{prefix}eventual", unit=losses.step,
                by=options["by"],
            )  # fmt: skip
            yield "eventual"
        reason = one.scenario.accept_maturity
        if (
            (reason or losses.late)
            and not _is_list_alone(one)
            and losses.step in ("day", "week", "month")
            and len(losses.rows("month")) > 1
        ):
            found = month_on_month(losses, accept_maturity=reason)
            months = np.array(found.months, "datetime64[D]")
            draw_rises(months, found.probability, found.all_at_once, title,
                       place / f"{prefix}rises", as_of=options["as_of"])  # fmt: skip
            yield "rises"
    by_stratum = rates(losses)
    if len(by_stratum) > 1:
        names = list(by_stratum)
        where = [losses.strata.index(name) for name in names]
        at_risk = losses.exposure[where] if losses.exposure is not None else np.ones(len(where))
        confirmed = np.median(losses.observed[:, :, where].sum(axis=1), axis=0) / at_risk
        draw_rates(names, np.stack(list(by_stratum.values()), axis=1), prob, title,
                   place / f"{prefix}rates", confirmed=10_000 * confirmed)  # fmt: skip
        yield "rates"
