"""Rates and hazards as functions of the unknowns, with NumPy, for many draws at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.reporting.form import Form, weekday_contrasts

FloatArray = NDArray[np.float64]

#: Log hazard that stands for "reported for certain".
CERTAIN = 40.0

_CONTRASTS = weekday_contrasts()


@dataclasses.dataclass(frozen=True, eq=False)
class Layout:
    """What rates and hazards depend on beside the unknowns.

    Parameters
    ----------
    form : Form
    priors : mapping of str to float
        Numbers of the priors; see `models.reporting.form.PRIORS`.
    typical : float
        Log of a typical count of a period and stratum: where the level is counted from.
    weekday : int
        Weekday of the first period, Monday 0; not read unless the form is weekly.
    published : (n_report,) booleans
        Whether anything was published: a date without publication has no shock of its own, which
        could not be told from that of the next publication.
    """

    form: Form
    priors: Mapping[str, float]
    typical: float
    weekday: int
    published: NDArray[np.bool_]

    def weekdays(self, length: int) -> NDArray[np.int64]:
        """Return the weekdays of the first periods, (length,)."""
        return np.asarray((self.weekday + np.arange(length)) % 7)

    def weekly(self, latent: FloatArray, block: str, scale: str, length: int) -> FloatArray:
        """Return effects of weekdays by period, (draw, length)."""
        effects = latent[:, self.form.blocks[block]] @ _CONTRASTS.T * self.priors[scale]
        return np.asarray(effects[:, self.weekdays(length)])


@dataclasses.dataclass(frozen=True, eq=False)
class Curves:
    """Rates and parts of the hazards of draws.

    Parameters
    ----------
    log_rate : (draw, n_period, n_stratum)
        Log of the expected names that will be reported within the longest delay.
    base : (draw, n_delay - 1)
        Logit hazard by delay; at the longest delay all the rest is reported.
    calendar : (draw, n_report)
        What a report period adds to the logit of all hazards.
    event : (draw, n_period)
        What the weekday of the death adds.
    early : (draw, n_early, n_period)
        What it adds for the first delays, beside that.
    stratum : (draw, n_stratum)
        What a stratum adds.
    """

    log_rate: FloatArray
    base: FloatArray
    calendar: FloatArray
    event: FloatArray
    early: FloatArray
    stratum: FloatArray


def curves(layout: Layout, latent: FloatArray) -> Curves:
    """Return rates and parts of the hazards.

    Parameters
    ----------
    layout : Layout
    latent : (draw, n_unknown) numbers
    """
    form, priors, blocks = layout.form, layout.priors, layout.form.blocks
    draws = latent.shape[0]

    def block(name: str) -> FloatArray:
        return latent[:, blocks[name]]

    def scale(name: str) -> FloatArray:
        return np.exp(block(name))

    steps = scale("log_step") * np.sinh(block("step"))
    if form.walk_drift:
        steps = steps + priors["walk_drift"] * block("walk_drift")
    path = _path(steps)
    walk = layout.typical + block("level") + path - path.mean(axis=1, keepdims=True)
    shocks = scale("log_shock") * np.sinh(block("shock"))
    calendar = np.zeros((draws, form.reports))
    calendar[:, layout.published] = shocks if form.sparse else shocks[:, layout.published]
    event = np.zeros((draws, form.periods))
    early = np.zeros((draws, form.early, form.periods))
    if form.weekly:
        walk = walk + layout.weekly(latent, "event_weekday", "event_weekday", form.periods)
        calendar = calendar + layout.weekly(
            latent, "report_weekday", "report_weekday", form.reports
        )
        event = layout.weekly(latent, "delay_weekday", "delay_weekday", form.periods)
        for delay in range(form.early):
            early[:, delay] = layout.weekly(
                latent, f"delay_weekday_{delay}", "delay_weekday", form.periods
            )
    if form.drift:
        drift = _path(scale("log_drift") * block("drift"))
        calendar = calendar + drift - drift.mean(axis=1, keepdims=True)
    base = priors["first"] + priors["first_spread"] * block("first")
    if form.delays > 2:
        base = base + _path(scale("log_delay_step") * np.sinh(block("delay")))
    log_rate = np.repeat(walk[:, :, None], form.strata, axis=2)
    stratum = np.zeros((draws, form.strata))
    if form.strata > 1:
        log_rate = log_rate + (scale("log_spread") * block("effect"))[:, None, :]
        stratum = scale("log_stratum_delay") * block("stratum_delay")
    if form.own:
        own = block("own").reshape(draws, form.periods - 1, form.strata)
        own = (own - own.mean(axis=2, keepdims=True)) * scale("log_own_step")[:, :, None]
        log_rate = log_rate + np.pad(np.cumsum(own, axis=1), ((0, 0), (1, 0), (0, 0)))
    return Curves(np.asarray(log_rate), base, calendar, event, early, stratum)


def _path(steps: FloatArray) -> FloatArray:
    """Return the sums of steps, beginning with 0, (draw, n_step + 1)."""
    return np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0)))


def log_unreported(found: Curves, period: int, calendar: FloatArray) -> FloatArray:
    """Return the log probability to be reported later than each delay, of names of one period.

    Parameters
    ----------
    found : Curves
    period : int
        Index of the period of death.
    calendar : (draw, n) numbers, n >= period + n_delay - 1
        Effects of report periods, those to come too.

    Returns
    -------
    (draw, n_delay + 1, n_stratum) numbers
        Before the first report (0), after delay 0, 1, ...; after the longest delay nothing is left.
    """
    delays = found.base.shape[1] + 1
    hazard = found.base + calendar[:, period : period + delays - 1] + found.event[:, period, None]
    for delay in range(found.early.shape[1]):
        hazard[:, delay] += found.early[:, delay, period]
    whole = hazard[:, :, None] + found.stratum[:, None, :]
    left = -np.cumsum(np.logaddexp(0.0, whole), axis=1)
    return np.pad(
        np.concatenate([left, np.full_like(left[:, :1], -np.inf)], axis=1),
        ((0, 0), (1, 0), (0, 0)),
    )  # fmt: skip
