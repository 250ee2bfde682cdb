"""Estimands that a claim or an analyst asks for, as draws: totals, ratios, rates, events."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Sequence

import numpy as np

from estimation.errors import DataError
from estimation.randomness import stream
from estimation.summaries.losses import UNKNOWN, Losses, Selection
from estimation.summaries.maturity import compare_maturity
from estimation.summaries.spans import parse_span
from estimation.words import suggestion
from models.checks import ordered, positive

#: Kinds that compare the chosen cells with others.
_COMPARED = ("ratio", "daily_ratio", "rise")

#: Kinds that happen or do not.
_EVENTS = ("rise", "rises", "largest", "largest_rate")

#: What rates are for.
PER = 10_000


@dataclasses.dataclass(frozen=True)
class Area:
    """A known or uncertain area: uniform between `low` and `high` square kilometers."""

    low: float
    high: float

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            object.__setattr__(self, name, positive(getattr(self, name), f"area.{name}"))
        ordered(self.low, self.high, "area")

    def draw(self, draws: int) -> np.ndarray:
        """Return draws, (draw,) square kilometers; the same ones at each call."""
        return stream(0, "estimand", "area").uniform(self.low, self.high, draws)


@dataclasses.dataclass(frozen=True)
class Estimand:
    """What is asked for.

    Parameters
    ----------
    kind : str
        "total" or "observed" (deaths, names); "ratio" (of totals, the chosen cells to those of
        `over`); "daily_ratio" (of totals a day); "share" (of the total of all cells); "rate" (per
        10,000 at risk); "per_area" (per square kilometer); "peak_to_trough" (largest to smallest
        month, a day); and events: "rise" (more deaths a day than in `over`), "rises" (each month
        above the one before), "largest" (the chosen stratum has the most deaths of those in
        `among`), "largest_rate" (the same for each person at risk).
    period, stratum : str, optional
        The chosen cells; all by default.
    over_period, over_stratum : str, optional
        The cells compared with; `over_stratum` is that of the chosen ones by default.
    among : sequence of str, optional
        The strata compared with; all but "unknown" by default.
    area : Area, optional
        For "per_area".
    """

    kind: str
    period: str | None = None
    stratum: str | None = None
    over_period: str | None = None
    over_stratum: str | None = None
    among: tuple[str, ...] = ()
    area: Area | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DataError(f"no estimand {self.kind!r}", where="estimand",
                            remedy=suggestion(self.kind, KINDS))  # fmt: skip
        for name in ("period", "over_period"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, parse_span(getattr(self, name), name).words)
        object.__setattr__(self, "among", tuple(self.among))
        self._refuse_unused()

    @property
    def event(self) -> bool:
        """Return whether it happens or not, and is no number."""
        return self.kind in _EVENTS

    def _refuse_unused(self) -> None:
        """Refuse cells that this kind would ignore, and comparisons with nothing."""
        compared = self.over_period is not None or self.over_stratum is not None
        over, largest = self.kind in _COMPARED, self.kind in ("largest", "largest_rate")
        if over and not compared:
            raise DataError(f"{self.kind} compares with nothing", where="estimand",
                            remedy="give over_period or over_stratum")  # fmt: skip
        unused = ["over_period or over_stratum"] * (compared and not over)
        unused += ["among"] * (bool(self.among) and not largest)
        unused += ["area"] * (self.area is not None and self.kind != "per_area")
        if unused:
            raise DataError(f"{self.kind} does not use {unused[0]}", where="estimand",
                            why="it would be ignored", remedy="leave it out")  # fmt: skip
        if largest and self.stratum is None:
            raise DataError(f"{self.kind} needs a stratum", where="estimand")
        if self.kind == "per_area" and self.area is None:
            raise DataError("per_area needs an area", where="estimand")


@dataclasses.dataclass(frozen=True, eq=False)
class Evaluated:
    """An estimand of a fit.

    Parameters
    ----------
    draws : (draw,) numbers, or truth values of an event
    event : bool
        Whether it happens or not.
    bias : str
        How it errs if names are still to come: "", "too low", "too high" or "either".
    """

    draws: np.ndarray
    event: bool
    bias: str


def evaluate(
    estimand: Estimand, losses: Losses, *, accept_maturity: str | None = None
) -> Evaluated:
    """Return draws of an estimand.

    Parameters
    ----------
    estimand : Estimand
    losses : Losses
        Of a fit.
    accept_maturity : str, optional
        Reason to compare periods of unequal maturity.

    Raises
    ------
    UnequalMaturityError
        If periods of unequal maturity are compared and no reason was given.
    DataError
        If the model has no such cells, or no exposure where one is needed.
    """
    return KINDS[estimand.kind](estimand, losses, accept_maturity)


def _chosen(e: Estimand, losses: Losses) -> Selection:
    return losses.select(e.period, e.stratum)


def _both(e: Estimand, losses: Losses, accept: str | None) -> tuple[Selection, Selection, str]:
    stratum = e.over_stratum if e.over_stratum is not None else e.stratum
    chosen, over = _chosen(e, losses), losses.select(e.over_period or e.period, stratum)
    bias = _maturity(chosen.periods, over.periods, losses, accept)
    return chosen, over, bias


def _maturity(
    chosen: Sequence[datetime.date], over: Sequence[datetime.date], losses: Losses,
    accept: str | None,
) -> str:  # fmt: skip
    return compare_maturity(
        chosen, over, losses.step, losses.as_of, accept=accept, late=losses.late
    )


def _total(e: Estimand, losses: Losses, _: str | None) -> Evaluated:
    return Evaluated(_chosen(e, losses).deaths, False, "")


def _observed(e: Estimand, losses: Losses, _: str | None) -> Evaluated:
    return Evaluated(_chosen(e, losses).observed, False, "")


def _ratio(e: Estimand, losses: Losses, accept: str | None) -> Evaluated:
    chosen, over, bias = _both(e, losses, accept)
    return Evaluated(chosen.deaths / np.maximum(over.deaths, 1), False, bias)


def _daily_ratio(e: Estimand, losses: Losses, accept: str | None) -> Evaluated:
    chosen, over, bias = _both(e, losses, accept)
    if not chosen.days:
        raise DataError("needs periods", where="estimand")
    return Evaluated(
        (chosen.deaths / chosen.days) / (np.maximum(over.deaths, 1) / over.days), False, bias
    )


def _rise(e: Estimand, losses: Losses, accept: str | None) -> Evaluated:
    found = _daily_ratio(e, losses, accept)
    return Evaluated(found.draws > 1, True, found.bias)


def _share(e: Estimand, losses: Losses, accept: str | None) -> Evaluated:
    chosen, over = _chosen(e, losses), losses.select()
    bias = _maturity(chosen.periods, over.periods, losses, accept)
    return Evaluated(chosen.deaths / np.maximum(over.deaths, 1), False, bias)


def _rate(e: Estimand, losses: Losses, _: str | None) -> Evaluated:
    names = [e.stratum] if e.stratum else [
        name for name, at_risk in zip(losses.strata, _exposure(losses), strict=True)
        if np.isfinite(at_risk)
    ]  # fmt: skip
    deaths = losses.select(e.period, names).deaths
    return Evaluated(PER * deaths / sum(_at_risk(losses, name) for name in names), False, "")


def _exposure(losses: Losses) -> np.ndarray:
    if losses.exposure is None:
        raise DataError("this model has no persons at risk", where="estimand",
                        remedy="give the table an exposure")  # fmt: skip
    return losses.exposure


def _at_risk(losses: Losses, name: str) -> float:
    """Return the persons at risk in a stratum that the model has."""
    at_risk = float(_exposure(losses)[losses.strata.index(name)])
    if not np.isfinite(at_risk):
        raise DataError(f"{name!r} has no persons at risk", where="stratum",
                        why="it is apart")  # fmt: skip
    return at_risk


def _per_area(e: Estimand, losses: Losses, _: str | None) -> Evaluated:
    deaths = _chosen(e, losses).deaths
    if e.area is None:
        raise DataError("needs an area", where="per_area")
    return Evaluated(deaths / e.area.draw(deaths.size), False, "")


def daily_by_month(
    losses: Losses, period: str | None, stratum: str | None = None
) -> tuple[list[datetime.date], np.ndarray, list[datetime.date]]:
    """Return deaths a day by month.

    Returns
    -------
    months : list of datetime.date
        First days.
    daily : (draw, n_month) numbers
        Deaths a day; months hold other numbers of weeks, so that their sums would not compare.
    periods : list of datetime.date
        The periods of the table in them.
    """
    inside = set(losses.select(period, stratum).periods)
    strata = range(losses.deaths.shape[2]) if stratum is None else [losses.strata.index(stratum)]
    months, columns, used = [], [], []
    for month, rows in losses.rows("month").items():
        rows = [i for i in rows if losses.periods[i] in inside]
        if not rows:
            continue
        days = sum(losses.days(losses.periods[i]) for i in rows)
        months.append(month)
        deaths = losses.deaths[:, rows][:, :, strata]
        columns.append(deaths.sum(axis=(1, 2), dtype=np.int64) / days)
        used += [losses.periods[i] for i in rows]
    return months, np.stack(columns, axis=1), used


def _months(e: Estimand, losses: Losses, accept: str | None) -> tuple[np.ndarray, str]:
    _, daily, periods = daily_by_month(losses, e.period, e.stratum)
    if daily.shape[1] < 2:
        raise DataError("needs two months or more", where="period")
    # with late reports in the model no direction is left
    bias = _maturity(periods[-1:], periods[:1], losses, accept) and "either"
    return daily, bias


def _rises(e: Estimand, losses: Losses, accept: str | None) -> Evaluated:
    daily, bias = _months(e, losses, accept)
    # every later month is the younger of its pair
    return Evaluated((np.diff(daily, axis=1) > 0).all(axis=1), True, bias and "too low")


def _peak_to_trough(e: Estimand, losses: Losses, accept: str | None) -> Evaluated:
    daily, bias = _months(e, losses, accept)
    # a month without deaths counts as one with a single one, as in ratios
    return Evaluated(daily.max(axis=1) / np.maximum(daily.min(axis=1), 1 / 31), False, bias)


def _largest(e: Estimand, losses: Losses, _: str | None, *, rate: bool = False) -> Evaluated:
    if e.stratum is None:
        raise DataError("needs a stratum", where="estimand")
    at_risk = _exposure(losses) if rate else np.ones(len(losses.strata))
    among: Sequence[str] = e.among or [
        name for name, n in zip(losses.strata, at_risk, strict=True)
        if np.isfinite(n) and name != UNKNOWN
    ]  # fmt: skip

    def of(name: str) -> np.ndarray:
        deaths = losses.select(e.period, name).deaths
        return deaths / _at_risk(losses, name) if rate else deaths

    others = [of(name) for name in among if name != e.stratum]
    if not others:
        raise DataError("has nothing to compare with", where="among")
    return Evaluated(of(e.stratum) > np.max(others, axis=0), True, "")


def _largest_rate(e: Estimand, losses: Losses, accept: str | None) -> Evaluated:
    return _largest(e, losses, accept, rate=True)


KINDS: dict[str, Callable[[Estimand, Losses, str | None], Evaluated]] = {
    "total": _total, "observed": _observed, "ratio": _ratio, "daily_ratio": _daily_ratio,
    "share": _share, "rate": _rate, "per_area": _per_area, "peak_to_trough": _peak_to_trough,
    "rise": _rise, "rises": _rises, "largest": _largest, "largest_rate": _largest_rate,
}  # fmt: skip
