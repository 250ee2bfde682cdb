"""Report periods to come: what is due and not yet known, drawn outside the graph."""

from __future__ import annotations

import numpy as np

from models.reporting.curves import Curves, FloatArray, Layout, curves, log_unreported
from models.reporting.past import Past
from models.thinning import LARGEST_MEAN


def calendar_ahead(
    layout: Layout, latent: FloatArray, found: Curves, rng: np.random.Generator
) -> FloatArray:
    """Return effects of report periods, those to come too, (draw, n_report + n_delay).

    Shocks to come are new draws, weekdays go on, and a drift walks on from where it is.
    """
    form, blocks, draws = layout.form, layout.form.blocks, latent.shape[0]
    ahead = rng.standard_t(layout.priors["shock_tail"], (draws, form.delays))
    ahead = ahead * np.exp(latent[:, blocks["log_shock"]])
    if form.weekly:
        whole = layout.weekly(
            latent, "report_weekday", "report_weekday", form.reports + form.delays
        )
        ahead += whole[:, form.reports :]
    if form.drift:
        size = np.exp(latent[:, blocks["log_drift"]])
        drift = np.pad(np.cumsum(size * latent[:, blocks["drift"]], axis=1), ((0, 0), (1, 0)))
        last = drift[:, -1:] - drift.mean(axis=1, keepdims=True)
        steps = rng.standard_normal((draws, form.delays)) * size
        ahead += last + np.cumsum(steps, axis=1)
    return np.concatenate([found.calendar, ahead], axis=1)


def share_ahead(
    layout: Layout, latent: FloatArray, horizon: int, rng: np.random.Generator
) -> FloatArray:
    """Return the share of names that will have been reported some report periods from now.

    Parameters
    ----------
    layout : Layout
    latent : (draw, n_unknown) numbers
    horizon : int
        At most the number of delays.
    rng : numpy.random.Generator

    Returns
    -------
    (draw, horizon + 1, n_period, n_stratum) numbers
        Of the names within the longest delay; now, after one more report period, ...
    """
    form = layout.form
    found = curves(layout, latent)
    calendar = calendar_ahead(layout, latent, found, rng)
    share = np.ones((latent.shape[0], horizon + 1, form.periods, form.strata))
    for period in range(form.periods):
        left = np.exp(log_unreported(found, period, calendar))
        for ahead in range(horizon + 1):
            delays = form.reports - period + ahead
            if delays < form.delays:
                share[:, ahead, period] = 1 - left[:, delays]
    return share


def told_until(layout: Layout, past: Past, published: np.ndarray) -> np.ndarray:
    """Return the number of delays of each period whose names have been published, (n_period,)."""
    found = np.zeros(layout.form.periods, int)
    for period, delay in zip(past.period, past.delay, strict=True):
        if published[period + delay]:
            found[period] = delay + 1
    return found


def draw_ahead(
    layout: Layout, latent: FloatArray, told: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, FloatArray, FloatArray]:
    """Draw the names that are still to be reported within the longest delay.

    Parameters
    ----------
    layout : Layout
    latent : (draw, n_unknown) numbers
    told : (n_period,) integers
        Delays of each period whose names have been published.
    rng : numpy.random.Generator

    Returns
    -------
    ahead : (draw, n_period, n_stratum) integers
    reported : (draw, n_period, n_stratum) numbers
        Probability of a name to have been reported by now.
    rate : (draw, n_period, n_stratum) numbers
        Expected names within the longest delay, cut off where they cannot be represented.
    """
    form = layout.form
    found = curves(layout, latent)
    calendar = calendar_ahead(layout, latent, found, rng)
    rate = np.exp(np.minimum(found.log_rate, np.log(LARGEST_MEAN)))
    inverse = np.exp(2 * latent[:, form.blocks["log_noise"]])[:, :, None]
    ahead = np.zeros(rate.shape, np.int64)
    reported = np.ones(rate.shape)
    for period in np.flatnonzero(told < form.delays):
        left = np.exp(log_unreported(found, int(period), calendar))[:, told[period] :]
        # names due on dates without publication come with the next: in sum that is all the same
        mean = rate[:, None, period] * (left[:, :-1] - left[:, 1:])
        mixed = mean * rng.standard_gamma(1 / inverse, mean.shape) * inverse
        ahead[:, period] = rng.poisson(np.minimum(mixed, LARGEST_MEAN / form.delays)).sum(axis=1)
        reported[:, period] = 1 - left[:, 0]
    return ahead, reported, rate
