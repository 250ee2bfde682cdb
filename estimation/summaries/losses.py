"""Losses of a fit over periods and strata: sums from joint draws, never of bounds."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.diagnostics.gate import require, tree_verdict
from estimation.diagnostics.verdicts import Verdict
from estimation.errors import DataError
from estimation.summaries.spans import Span, last_day, middle_day, parent, parse_span
from estimation.words import suggestion

if TYPE_CHECKING:
    import xarray

#: The label of names without a period or stratum.
UNKNOWN = "unknown"

_LENGTHS = {"day": 0, "week": 1, "month": 2, "year": 3}


@dataclasses.dataclass(frozen=True, eq=False)
class Selection:
    """Cells that were asked for.

    Parameters
    ----------
    deaths, observed : (draw,) integers
        All who died, and those of them who are on the list.
    periods : tuple of datetime.date
        First days of the periods in it; empty if it was not chosen by time.
    days : int
        Length of those periods together; 0 if it was not chosen by time.
    """

    deaths: np.ndarray
    observed: np.ndarray
    periods: tuple[datetime.date, ...]
    days: int


class Losses:
    """Deaths of a fit by period and stratum.

    Parameters
    ----------
    posterior : xarray.DataTree
        What `fit` returned.
    prob : float
        Level of the intervals that will be reported; the checks of the fit depend on it.
    accept : str, optional
        Reason to go on although the fit failed its checks.
    verdict : Verdict, optional
        Of that fit at that level, if it was judged already.

    Attributes
    ----------
    deaths, observed : (draw, n_period, n_stratum) integers
        A model without periods or strata has one.
    periods : tuple of datetime.date
        First days; names of an unknown period stand in one more row at the end.
    strata : tuple of str
    step : str
        Length of a period.
    as_of : datetime.date or None
    dating : {"death", "obituary", "report"}
    partial : bool
    exposure : (n_stratum,) numbers or None
        Persons at risk; NaN for strata that are apart.
    late : bool
        Whether late reports are part of the model, so that periods of any age compare.
    eventual : (draw, n_period, n_stratum) integers or None
        With late reports: names that will ever be on the list; none without a period.

    Raises
    ------
    GateError
        If the fit failed its checks and no reason was given.
    """

    def __init__(
        self, posterior: xarray.DataTree, prob: float = 0.95, *, accept: str | None = None,
        verdict: Verdict | None = None,
    ) -> None:  # fmt: skip
        self.verdict = require(verdict or tree_verdict(posterior, prob), accept)
        self.prob = prob
        self.posterior = posterior
        table: dict[str, Any] = json.loads(posterior.attrs.get("table", "null")) or {}
        variables = posterior["posterior"]
        flat = variables["total"].to_numpy().reshape(-1)
        if table:
            cells = variables["deaths"]
            self.deaths = _shaped(cells)
            self.observed = self._observed(posterior, table)
            labels = [str(x) for x in cells["period"].to_numpy()] if "period" in cells.dims else []
            self.strata = tuple(
                map(str, cells["stratum"].to_numpy()) if "stratum" in cells.dims else ()
            )
        else:
            self.deaths = flat[:, None, None]
            self.observed = variables["observed"].to_numpy().reshape(-1, 1, 1)
            labels, self.strata = [], ()
        self.periods = tuple(datetime.date.fromisoformat(x) for x in labels if x != UNKNOWN)
        self.step: str = table.get("step", "")
        self.dating: str = table.get("dating", "death")
        self.partial: bool = table.get("partial", False)
        self.late: bool = table.get("late", False)
        self.eventual = _shaped(variables["eventual_names"]) if self.late else None
        self.exposure = None
        if table.get("exposure"):
            apart = [name in table["apart"] for name in self.strata]
            self.exposure = np.where(apart, np.nan, table["exposure"])
        as_of = posterior.attrs.get("as_of", "")
        self.as_of = datetime.date.fromisoformat(as_of) if as_of else None

    def _observed(self, posterior: xarray.DataTree, table: dict[str, Any]) -> np.ndarray:
        if "confirmed" in posterior["posterior"]:
            return _shaped(posterior["posterior"]["confirmed"])
        if "known" in table:
            known = np.asarray(table["known"]).reshape(self.deaths.shape[1:])
            return np.broadcast_to(known, self.deaths.shape)
        counts = posterior["observed_data"][table["names"]].to_numpy()
        found = np.asarray(counts).reshape(-1, self.deaths.shape[2])
        # names of an unknown period are what is left of the table's own total
        rest = self.deaths.shape[1] - found.shape[0]
        if rest:
            undated = np.asarray(json.loads(posterior.attrs["model"])["evidence"][table["names"]]
                                 ["count"]["undated"])  # fmt: skip
            found = np.concatenate([found, undated[None, :]])
        return np.broadcast_to(found, self.deaths.shape)

    # -- choosing cells -------------------------------------------------------------------------

    def select(
        self, period: str | Span | None = None, stratum: str | Sequence[str] | None = None
    ) -> Selection:
        """Return the deaths of the cells in a span of time and in strata.

        Parameters
        ----------
        period : str or Span, optional
            As in "2024" or "2024-09..2024-11"; a week belongs where most of its days lie.  All
            periods by default, names without a period too.
        stratum : str or sequence of str, optional
            All by default.

        Raises
        ------
        DataError
            If the model has no such periods or strata.
        """
        columns = self._columns(stratum)
        if period is None:
            rows: Any = slice(None)
            chosen: tuple[datetime.date, ...] = self.periods
        else:
            span = parse_span(period) if not isinstance(period, Span) else period
            inside = [
                i for i, day in enumerate(self.periods)
                if span.first <= middle_day(day, self.step) <= span.last
            ]  # fmt: skip
            if self._shorter(span):
                raise DataError(
                    f"{span.words} is shorter than a {self.step}, the step of the table",
                    where="period",
                )  # fmt: skip
            if not inside:
                raise DataError(f"no period of the table lies in {span.words}", where="period",
                                remedy=self._range())  # fmt: skip
            rows, chosen = inside, tuple(self.periods[i] for i in inside)
        days = sum(self.days(day) for day in chosen)
        whole = (self.deaths[:, rows], self.observed[:, rows])
        sums = [values[:, :, columns].sum(axis=(1, 2), dtype=np.int64) for values in whole]
        return Selection(sums[0], sums[1], chosen, days)

    def _columns(self, stratum: str | Sequence[str] | None) -> Any:
        if stratum is None:
            return slice(None)
        # a stratum that is named twice holds no more deaths
        names = [stratum] if isinstance(stratum, str) else list(dict.fromkeys(stratum))
        if not names:
            raise DataError("names no stratum", where="stratum")
        for name in names:
            if name not in self.strata:
                raise DataError(f"no stratum {name!r}", where="stratum",
                                remedy=suggestion(str(name), self.strata) if self.strata
                                else "this model has none")  # fmt: skip
        return [self.strata.index(name) for name in names]

    def _shorter(self, span: Span) -> bool:
        """Return whether a span is shorter than each period of the table that it touches."""
        touched = [
            self.days(day) for day in self.periods
            if day <= span.last and span.first <= last_day(day, self.step)
        ]  # fmt: skip
        return bool(touched) and span.days < min(touched)

    def _range(self) -> str:
        if not self.periods:
            return "this model has no periods"
        return f"the table runs from {self.periods[0]} to {last_day(self.periods[-1], self.step)}"

    def days(self, first: datetime.date) -> int:
        """Return the length of a period of the table."""
        return (last_day(first, self.step) - first).days + 1

    # -- tables of longer periods ---------------------------------------------------------------

    def by(self, longer: str) -> dict[datetime.date, np.ndarray]:
        """Return deaths by longer period: its first day and (draw,) integers.

        Parameters
        ----------
        longer : {"day", "week", "month", "year"}
            The step of the table itself gives its periods.
        """
        found: dict[datetime.date, np.ndarray] = {}
        for first, rows in self.rows(longer).items():
            found[first] = self.deaths[:, rows].sum(axis=(1, 2), dtype=np.int64)
        return found

    def rows(self, longer: str) -> dict[datetime.date, list[int]]:
        """Return which periods of the table belong to each longer one."""
        if not self.periods:
            raise DataError("this model has no periods", where="period")
        if longer not in _LENGTHS or _LENGTHS[longer] < _LENGTHS[self.step]:
            raise DataError(
                f"periods of a {self.step} cannot be told by {longer}", where="step",
                remedy="one of " + ", ".join(w for w in _LENGTHS if _LENGTHS[w] >= _LENGTHS[
                    self.step]),
            )  # fmt: skip
        found: dict[datetime.date, list[int]] = {}
        for i, day in enumerate(self.periods):
            first = day if longer == self.step else parent(day, self.step, longer)
            found.setdefault(first, []).append(i)
        return found

    def by_stratum(self) -> dict[str, np.ndarray]:
        """Return deaths by stratum, (draw,) integers each."""
        sums = self.deaths.sum(axis=1, dtype=np.int64)
        return {name: sums[:, i] for i, name in enumerate(self.strata)}


def _shaped(values: Any) -> np.ndarray:
    """Return (draw, n_period, n_stratum) with axes of length one where there are none."""
    if "dated_period" in values.dims:
        values = values.rename(dated_period="period")
    for dim in ("period", "stratum"):
        if dim not in values.dims:
            values = values.expand_dims(dim)
    ordered = values.transpose("chain", "draw", "period", "stratum").to_numpy()
    return np.asarray(ordered).reshape(-1, *ordered.shape[2:])
