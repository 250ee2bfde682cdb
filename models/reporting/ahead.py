"""Report periods to come: what is due and not yet known, drawn outside the graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.reporting.curves import Curves, FloatArray, Layout, curves, log_unreported
from models.reports import Reports
from models.thinning import LARGEST_MEAN

#: Sums of names over all cells that still fit a 64-bit integer safely.
_LARGEST_SUM = 1e18


def calendar_ahead(
    layout: Layout, reports: Reports, latent: FloatArray, found: Curves, rng: np.random.Generator
) -> FloatArray:
    """Return effects of report periods, those to come too, (draw, n_report + n_delay).

    Shocks of publications to come are new draws, weekdays go on, a drift walks on from its end.
    """
    form, blocks, draws = layout.form, layout.form.blocks, latent.shape[0]
    ahead = rng.standard_t(layout.priors["shock_tail"], (draws, form.delays))
    ahead = ahead * np.exp(latent[:, blocks["log_shock"]]) * published_ahead(reports)
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


def published_ahead(reports: Reports) -> NDArray[np.bool_]:
    """Return in which report periods to come something will be published, (n_delay,).

    Days of the week go on as in the last week; otherwise publications come at the median distance
    of those so far.
    """
    past, ahead = reports.extra("published"), reports.n_delay
    found = np.zeros(ahead, bool)
    if past.all():
        return ~found
    if reports.step == "day" and past[-7:].any():
        return np.asarray(np.resize(past[-7:], ahead) if past.size >= 7 else ~found)
    at = np.flatnonzero(past)
    distance = max(1, round(float(np.median(np.diff(at)))) if at.size > 1 else 1)
    index = at[-1] + distance * np.arange(1, ahead + past.size) - past.size
    found[index[(index >= 0) & (index < ahead)]] = True
    if not found.any():
        found[0] = True
    return found


def publications_of(reports: Reports, period: int) -> NDArray[np.int64]:
    """Return by delay still to come which publication brings its names, counted from 0.

    All that follows the last publication that is foreseen comes together.
    """
    told = int(reports.told[period])
    first = period + told - reports.n_report  # of a report period, below 0 if it is past
    published = np.concatenate([np.zeros(max(-first, 0), bool), published_ahead(reports)])
    start = max(first, 0)
    flags = published[start : start + reports.n_delay - told]
    return np.concatenate([[0], np.cumsum(flags)[:-1]]).astype(np.int64)


def share_ahead(
    layout: Layout, reports: Reports, latent: FloatArray, horizon: int, rng: np.random.Generator
) -> FloatArray:
    """Return the share of names that will have been published some report periods from now.

    Parameters
    ----------
    layout : Layout
    reports : Reports
    latent : (draw, n_unknown) numbers
    horizon : int
        At most the number of delays.
    rng : numpy.random.Generator

    Returns
    -------
    (draw, horizon + 1, n_period, n_stratum) numbers
        Of the names within the longest delay; now, after one more report period if something is
        published in it, ...
    """
    form, told = layout.form, reports.told
    found = curves(layout, latent)
    calendar = calendar_ahead(layout, reports, latent, found, rng)
    share = np.ones((latent.shape[0], horizon + 1, form.periods, form.strata))
    for period in range(form.periods):
        left = np.exp(log_unreported(found, period, calendar))
        for ahead in range(horizon + 1):
            delays = form.reports - period + ahead if ahead else int(told[period])
            if delays < form.delays:
                share[:, ahead, period] = 1 - left[:, delays]
    return share


def draw_ahead(
    layout: Layout, reports: Reports, latent: FloatArray, rng: np.random.Generator
) -> tuple[np.ndarray, FloatArray, FloatArray, FloatArray]:
    """Draw the names that are still to be reported within the longest delay.

    Parameters
    ----------
    layout : Layout
    reports : Reports
    latent : (draw, n_unknown) numbers
    rng : numpy.random.Generator

    Returns
    -------
    ahead : (draw, n_period, n_stratum) integers
    reported : (draw, n_period, n_stratum) numbers
        Probability of a name to have been reported by now.
    masked : (draw, n_period, n_stratum) numbers
        Probability of a name to have come in a cell that is masked.
    rate : (draw, n_period, n_stratum) numbers
        Expected names within the longest delay, cut off where they cannot be represented.
    """
    form = layout.form
    found = curves(layout, latent)
    calendar = calendar_ahead(layout, reports, latent, found, rng)
    largest = min(LARGEST_MEAN, _LARGEST_SUM / (form.periods * form.strata))
    rate = np.exp(np.minimum(found.log_rate, np.log(largest)))
    inverse = np.exp(2 * latent[:, form.blocks["log_noise"]])[:, :, None]
    ahead, reported = np.zeros(rate.shape, np.int64), np.ones(rate.shape)
    masked, hidden = np.zeros(rate.shape), reports.extra("masked").sum(axis=1)
    for period in np.flatnonzero((reports.told < form.delays) | (hidden > 0)):
        told = int(reports.told[period])
        left = np.exp(log_unreported(found, int(period), calendar))
        masked[:, period] = 1 - left[:, hidden[period]]
        reported[:, period] = 1 - left[:, told]
        if told == form.delays:
            continue
        mean = rate[:, None, period] * (left[:, told:-1] - left[:, told + 1 :])
        # names that come together share their noise, as in the likelihood
        which = publications_of(reports, int(period))
        lumped = np.zeros((mean.shape[0], int(which[-1]) + 1, mean.shape[2]))
        for delay, publication in enumerate(which):
            lumped[:, publication] += mean[:, delay]
        mixed = lumped * rng.standard_gamma(1 / inverse, lumped.shape) * inverse
        drawn = rng.poisson(np.minimum(mixed, largest / lumped.shape[1]))
        ahead[:, period] = drawn.sum(axis=1)
    return ahead, reported, masked, rate
