"""Simulated late reports: unknowns from their priors, and a triangle made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.reporting.ahead import calendar_ahead, publications_of
from models.reporting.completion import Shares, tail_visible
from models.reporting.curves import FloatArray, Layout, curves, log_unreported
from models.reporting.density import scale_name
from models.reporting.form import HEAVY
from models.reports import Reports
from models.thinning import LARGEST_MEAN

if TYPE_CHECKING:
    from models.late import Late


def prior_latent(layout: Layout, rng: np.random.Generator, draws: int) -> FloatArray:
    """Draw all unknowns from their priors, the level at its typical value, (draw, n_unknown)."""
    found = np.zeros((draws, layout.form.size))
    for name, block in layout.form.blocks.items():
        shape = (draws, block.stop - block.start)
        if name.startswith("log_"):
            found[:, block] = np.log(np.abs(rng.normal(0, layout.priors[name], shape)))
        elif name in HEAVY:
            raw = rng.standard_t(layout.priors[f"{name}_tail"], shape)
            found[:, block] = np.arcsinh(raw)
        elif name != "level":
            found[:, block] = rng.standard_normal(shape)
    return found


def _ends(reports: Reports, period: int) -> np.ndarray:
    """Return with which delays to come a publication ends, (n_delay,) booleans."""
    found = np.zeros(reports.n_delay, bool)
    told = int(reports.told[period])
    if told < reports.n_delay:
        which = publications_of(reports, period)
        found[told:] = np.append(np.diff(which) > 0, True)
    return found


def simulate_counts(
    layout: Layout, reports: Reports, latent: FloatArray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate triangles.

    Parameters
    ----------
    layout : Layout
    reports : Reports
        Its counts are not read; which dates are published, and what is past, stays.
    latent : (draw, n_unknown) numbers
    rng : numpy.random.Generator

    Returns
    -------
    counts : (draw, n_period, n_delay, n_stratum) integers
        Names known by now, by the delay of the publication that brought them.
    eventual : (draw, n_period, n_stratum) integers
        All names within the longest delay.
    """
    form, draws = layout.form, latent.shape[0]
    found = curves(layout, latent)
    calendar = calendar_ahead(layout, reports, latent, found, rng)
    inverse = np.exp(2 * latent[:, form.blocks["log_noise"]])[:, :, None]
    published = reports.published_cells
    counts = np.zeros((draws, *reports.shape), np.int64)
    eventual = np.zeros((draws, form.periods, form.strata), np.int64)
    largest = LARGEST_MEAN / (form.periods * form.delays * form.strata)
    for period in range(form.periods):
        left = np.exp(log_unreported(found, period, calendar))
        rate = np.exp(np.minimum(found.log_rate[:, period], np.log(LARGEST_MEAN)))
        mean = rate[:, None] * (left[:, :-1] - left[:, 1:])
        waiting = np.zeros((draws, form.strata))
        told = _ends(reports, period)
        for delay in range(form.delays):
            waiting = waiting + mean[:, delay]
            # one cell of noise for all that comes together, as in the likelihood
            if not published[period, delay] and not told[delay]:
                continue
            mixed = waiting * rng.standard_gamma(1 / inverse[:, 0], waiting.shape) * inverse[:, 0]
            names = rng.poisson(np.minimum(mixed, largest))
            waiting = np.zeros_like(waiting)
            eventual[:, period] += names
            if published[period, delay]:
                counts[:, period, delay] = names
    return counts, eventual


def simulate_deaths(
    late: Late, latent: FloatArray, shares: Shares, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Simulate triangles, names and deaths.

    Parameters
    ----------
    late : Late
        Its counts are not read.
    latent : (draw, n_unknown) numbers
    shares : Shares
    rng : numpy.random.Generator

    Returns
    -------
    dict of (draw, ...) arrays
        See `models.late.Late.simulate`.
    """
    counts, eventual = simulate_counts(late.layout, late.reports, latent, rng)
    within = np.exp(np.minimum(curves(late.layout, latent).log_rate, np.log(LARGEST_MEAN)))
    coming = within * (shares.tail / (1 - shares.tail))[:, None, None]
    visible = tail_visible(late)[0][:, None]
    largest = LARGEST_MEAN / within[0].size
    beyond = rng.poisson(np.minimum(coming * visible, largest))
    eventual = eventual + beyond + rng.poisson(np.minimum(coming * (1 - visible), largest))
    known = counts.sum(axis=2) + beyond
    precision = shares.precision[:, None, None]
    rates = (within + coming) * precision
    confirmed = rng.binomial(known, precision)
    true = confirmed + rng.binomial(eventual - known, precision)
    deaths = true + rng.poisson(np.minimum(rates * shares.odds[:, :, None], largest))
    total, names = deaths.sum(axis=(1, 2)), eventual.sum(axis=(1, 2))
    seen = confirmed.sum(axis=(1, 2))
    scales = {
        scale_name(name): np.exp(latent[:, block.start])
        for name, block in late.layout.form.blocks.items() if name.startswith("log_")
    }  # fmt: skip
    return scales | {
        "coverage": shares.coverage, "precision": shares.precision, "count": counts,
        "beyond": beyond, "eventual_names": late.squeezed(eventual),
        "deaths": late.squeezed(deaths), "eventual": names, "total": total, "seen": seen,
        "unseen": total - seen,
    }  # fmt: skip
