"""Nowcasts by chain ladder, in the form of all estimates: how many of each period will be known."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from estimation.classical.mack import MackError, mack_error
from estimation.classical.over_dispersed_poisson import (
    OverDispersedPoisson,
    over_dispersed_poisson,
)
from estimation.classical.predictive import joint_counts
from estimation.errors import NotEstimableError, UsageError
from estimation.randomness import stream
from estimation.summaries.estimates import estimate_rows
from estimation.words import suggestion

Method = Literal["over_dispersed_poisson", "mack"]

_ALIKE = (
    "The chain ladder gives the last periods the delays of all periods before them, weighted by "
    "their counts: where delays have changed, it errs by as much, and its intervals do not know it."
)


_SILENT = (
    "Nothing was published on the last date: the chain ladder takes that for no names, so that the "
    "last periods are too low."
)


class TriangleReports(Protocol):
    """What is read of `models.reports.Reports`."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """New names, (n_period, n_delay, n_stratum)."""

    @property
    def reported(self) -> NDArray[np.bool_]:
        """Cells that are past, (n_period, n_delay)."""

    @property
    def masked(self) -> NDArray[np.bool_] | None:
        """Cells whose true delay is not known, (n_period, n_delay)."""

    @property
    def published(self) -> NDArray[np.bool_] | None:
        """Whether anything was published, (n_report,)."""

    @property
    def beyond(self) -> NDArray[np.int64] | None:
        """Names known with a longer delay, (n_period, n_stratum)."""

    @property
    def undated(self) -> NDArray[np.int64] | None:
        """Names without a period, (n_report, n_stratum)."""

    @property
    def periods(self) -> tuple[datetime.date, ...]:
        """First days."""


@dataclasses.dataclass(frozen=True, eq=False)
class ClassicalNowcast:
    """Predictive draws of what will be known of each period.

    Parameters
    ----------
    method : str
        Whose spread it is.
    periods : tuple of datetime.date
        First days.
    known : (n_period,) integers, deaths
        Known by now.
    eventual : (draw, n_period) integers, deaths
        Joint draws; never below `known`.
    undated : int
        Names without a period: they are part of the total alone.
    seed : int
    notes : tuple of str
        What a reader must know beside the numbers.
    """

    method: Method
    periods: tuple[datetime.date, ...]
    known: NDArray[np.int64]
    eventual: NDArray[np.int64]
    undated: int
    seed: int
    notes: tuple[str, ...]

    @property
    def total(self) -> NDArray[np.int64]:
        """Draws of the sum over all periods, names without a period included, (draw,)."""
        found: NDArray[np.int64] = self.eventual.sum(axis=1) + self.undated
        return found

    def rows(self, prob: float = 0.95) -> list[dict[str, Any]]:
        """Return rows of estimates: the total, then each period.

        Parameters
        ----------
        prob : float
            Level of the equal-tailed interval.
        """
        found = estimate_rows({"eventual": self.total}, prob, method=self.method)
        for place, first in enumerate(self.periods):
            draws = {"eventual": self.eventual[:, place]}
            index = {"period": first.isoformat()}
            found += estimate_rows(draws, prob, method=self.method, index=index)
        return found


def classical_nowcast(
    reports: TriangleReports, method: Method = "over_dispersed_poisson",
    *, draws: int = 4000, seed: int = 0,
) -> ClassicalNowcast:  # fmt: skip
    """Return a nowcast by chain ladder.

    What is still to come of a period has the mean of the chain ladder and the variance of the
    method, estimation of the factors included; it is drawn as negative binomial, correlated between
    periods as the shared factors say. Strata are pooled. A window of the reports gives factors from
    the last periods alone. Nothing is expected beyond the longest delay, nor where a factor is not
    defined: ``notes`` says so.

    Parameters
    ----------
    reports : models.reports.Reports
        Counts by period and delay, as known on one day.
    method : {"over_dispersed_poisson", "mack"}
        Where the variance comes from.
    draws : int
        How many.
    seed : int

    Raises
    ------
    UsageError
        If the method is not known.
    NotEstimableError
        If too little is known for a variance.
    InvalidValueError
        If masked cells are not the first ones of their periods.

    References
    ----------
    .. [1] England, P. D. and Verrall, R. J. (2002). Stochastic claims reserving in general
       insurance. British Actuarial Journal 8(3), 443-518.
       https://doi.org/10.1017/S1357321700003809
    """
    if method not in get_args(Method):
        raise UsageError(
            f"no method {method!r}", where="method",
            remedy=suggestion(str(method), get_args(Method)),
        )  # fmt: skip
    triangle = (reports.counts.sum(axis=2), reports.reported, reports.masked)
    found: MackError | OverDispersedPoisson
    found = mack_error(*triangle) if method == "mack" else over_dispersed_poisson(*triangle)
    reserve = found.fitted.reserve
    if not np.isfinite(found.covariance).all() and reserve.any():
        raise NotEstimableError(
            f"{len(reports.periods)} periods leave no degree of freedom for a variance",
            where="reports",
            why="an interval needs more cells than the regression has terms",
            remedy="add earlier periods, or take a smaller longest delay",
        )
    generator = stream(seed, "classical", method)
    ahead = joint_counts(reserve, found.covariance, draws, generator)
    beyond, undated = _sum(reports.beyond), _sum(reports.undated)
    known = found.fitted.triangle.latest.astype(np.int64)
    if reports.beyond is not None:
        known = known + reports.beyond.sum(axis=1)
    notes = (_ALIKE, *found.fitted.notes, *_left_out(beyond, undated, reports.reported.shape[1]))
    if reports.published is not None and not reports.published[-1]:
        notes += (_SILENT,)
    return ClassicalNowcast(
        method, tuple(reports.periods), known, known + ahead, undated, seed, notes
    )


def _left_out(beyond: int, undated: int, delays: int) -> tuple[str, ...]:
    found = []
    if beyond:
        found.append(
            f"{beyond:,} known names came {delays} or more periods after theirs: they count where "
            "they are known, and none such is expected of younger periods, whose counts are too "
            "low by as many."
        )
    if undated:
        found.append(f"{undated:,} names without a period are part of the total alone.")
    return tuple(found)


def _sum(values: NDArray[np.int64] | None) -> int:
    return 0 if values is None else int(values.sum())
