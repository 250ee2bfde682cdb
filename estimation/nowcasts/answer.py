"""``Nowcast``: draws of what will be known of each period, and their rows of estimates."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from estimation.diagnostics.verdicts import Verdict
from estimation.result import Result
from estimation.summaries.estimates import estimate_rows
from models.reports import Reports

Method = Literal["model", "chain-ladder"]

METHODS: tuple[Method, ...] = ("model", "chain-ladder")


@dataclasses.dataclass(frozen=True, eq=False)
class Nowcast:
    """What will be known of each period, from what was known at one date.

    Parameters
    ----------
    title : str
        What the list is of.
    method : {"model", "chain-ladder"}
    reports : Reports
        The periods of the window, as known then.
    total : (draw,) integers, deaths
        All names that will ever be on the list, those of periods before the window and those
        without a period too.
    names : (draw, n_period, n_stratum) integers, deaths
        Those of each period of the window; one column without strata.
    reported : (draw, n_period, n_stratum) probabilities or None
        That a name has been reported by now; not of the chain ladder.
    earlier : (n_stratum,) integers, deaths
        Names known of periods before the window, and without a period.
    max_delay : int
    last : int
        How many of the last periods are shown together.
    prob : float
        Level of the intervals.
    seed : int
    verdict : Verdict
    notes : tuple of str
        What a reader must know beside the numbers.
    assumptions : tuple of mapping
        statement, if_false and because of each.
    versions : dict of str to str
    moment_order : float
        Order below which moments of names exist.
    dates_of : str
        What the periods are dates of, in words.
    """

    title: str
    method: Method
    reports: Reports
    total: NDArray[np.int64]
    names: NDArray[np.int64]
    reported: NDArray[np.float64] | None
    earlier: NDArray[np.int64]
    max_delay: int
    last: int
    prob: float
    seed: int
    verdict: Verdict
    notes: tuple[str, ...]
    assumptions: tuple[Mapping[str, str], ...]
    versions: dict[str, str]
    moment_order: float = np.inf
    dates_of: str = "date of death"

    @property
    def as_of(self) -> datetime.date:
        """Return the first day of the last report period that was seen."""
        return self.reports.as_of

    @property
    def known(self) -> NDArray[np.int64]:
        """Return the names known of each period, (n_period,)."""
        found: NDArray[np.int64] = self.reports.known.sum(axis=1)
        return found

    @property
    def total_known(self) -> int:
        """Return all names known, those before the window and without a period too."""
        return int(self.known.sum() + self.earlier.sum())

    @property
    def by_period(self) -> NDArray[np.int64]:
        """Return draws of the names of each period, (draw, n_period)."""
        found: NDArray[np.int64] = self.names.sum(axis=2)
        return found

    def rows(self) -> list[dict[str, Any]]:
        """Return rows of estimates.

        First all names that will ever be known, then those of the last periods together, of each
        period, of each stratum, and of each period and stratum; then what is known already
        (``known``, without width) and ``reported_by_now``.
        """
        days = [day.isoformat() for day in self.reports.periods]
        strata = self.reports.strata if self.names.shape[2] == len(self.reports.strata) else ()
        by_period = self.by_period
        rows = self._row("eventual", self.total, {})
        rows += self._row(
            "eventual", by_period[:, -self.last :].sum(axis=1), {"last": str(self.last)}
        )
        for place, day in enumerate(days):
            rows += self._row("eventual", by_period[:, place], {"period": day})
        for column, name in enumerate(strata):
            values = self.names[:, :, column].sum(axis=1) + self.earlier[column]
            rows += self._row("eventual", values, {"stratum": name})
        for place, day in enumerate(days):
            for column, name in enumerate(strata):
                index = {"period": day, "stratum": name}
                rows += self._row("eventual", self.names[:, place, column], index)
        for place, day in enumerate(days):
            # twice, for a standard deviation
            rows += self._row("known", np.repeat(self.known[place], 2), {"period": day})
        if self.reported is not None:
            for place, day in enumerate(days):
                for column, name in enumerate(strata or ("",)):
                    index = {"period": day} | ({"stratum": name} if name else {})
                    rows += self._row("reported_by_now", self.reported[:, place, column], index)
        return rows

    def _row(self, name: str, values: np.ndarray, index: dict[str, str]) -> list[dict[str, Any]]:
        method = "" if self.method == "model" else "over_dispersed_poisson"
        orders = {"eventual": self.moment_order}
        return estimate_rows(
            {name: values}, self.prob, method=method, index=index, moment_orders=orders
        )

    def result(self) -> Result:
        """Return the object that every estimating command prints."""
        return Result(
            "nuts" if self.method == "model" else "classical", self.seed, self.prob, self.rows(),
            self.verdict, (), self.notes, self.versions,
        )  # fmt: skip
