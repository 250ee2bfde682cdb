"""From draws of the unknowns to deaths, where lists overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, gammaincc

from models.beliefs.base import FloatArray
from models.lists import expected
from models.thinning import LARGEST_MEAN

if TYPE_CHECKING:
    from models.overlapping import Overlapping


def complete(
    overlapping: Overlapping, latent: FloatArray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw deaths.

    Parameters
    ----------
    overlapping : Overlapping
    latent : (draw, n_unknown) numbers
    rng : numpy.random.Generator

    Returns
    -------
    dict
        total, unseen (on no list, or in a cell whose count is not known), observed,
        realized_coverage, coverage, rate (draw,); list_coverage (draw, n_list): share of deaths on
        each list, expected; with strata deaths and stratum_coverage (draw, n_stratum); biases and
        shares of registers (draw,).
    """
    lists = overlapping.lists
    classes = expected.classes_of(overlapping, latent)
    missed = expected.log_odds_missed(classes, lists.dependence)
    listed = expected.log_listed(overlapping, latent)
    deaths, odds = expected.log_coverage(listed, missed)
    draws, strata = listed.shape
    largest = LARGEST_MEAN / strata
    unseen = rng.poisson(np.minimum(np.exp(listed + missed), largest))
    seen = np.broadcast_to(lists.counts.sum(axis=0), (draws, strata)).astype(np.int64)
    if lists.unlabeled.any() or lists.open.any():
        log_p = expected.log_patterns(classes, lists.unique)
        rates = (listed - expected.log_seen(classes))[:, None] + log_p
        seen = seen + _labeled(lists.unlabeled, rates, rng)
        unseen = unseen + _open_cells(lists.open, lists.bounds, rates, rng)
    total, observed = (seen + unseen).sum(axis=1), seen.sum(axis=1)
    found: dict[str, np.ndarray] = {
        "total": total, "unseen": total - observed, "observed": observed,
        "realized_coverage": observed / total, "coverage": expit(odds),
        "rate": np.exp(np.logaddexp.reduce(deaths, axis=1)),
        "list_coverage": _list_coverage(classes, deaths, missed),
    }  # fmt: skip
    if lists.strata:
        found |= {"deaths": seen + unseen, "confirmed": seen}
        found["stratum_coverage"] = expit(-missed)
    return found | overlapping.register_unknowns(latent)


def _labeled(unlabeled: np.ndarray, rates: FloatArray, rng: np.random.Generator) -> np.ndarray:
    """Draw the strata of persons whose stratum is not recorded, (draw, n_stratum)."""
    found = np.zeros((rates.shape[0], rates.shape[2]), dtype=np.int64)
    for pattern in np.flatnonzero(unlabeled):
        some = rates[:, pattern]
        share = np.exp(some - np.logaddexp.reduce(some, axis=1)[:, None])
        found += rng.multinomial(unlabeled[pattern], share / share.sum(axis=1, keepdims=True))
    return found


def _open_cells(
    cells: np.ndarray, bounds: np.ndarray, rates: FloatArray, rng: np.random.Generator
) -> np.ndarray:
    """Draw the persons of cells without a known count, (draw, n_stratum)."""
    found = np.zeros((rates.shape[0], rates.shape[2]), dtype=np.int64)
    for pattern, stratum in np.argwhere(cells):
        mean = np.minimum(np.exp(rates[:, pattern, stratum]), LARGEST_MEAN)
        bound = bounds[pattern, stratum]
        if bound < 0:
            found[:, stratum] += rng.poisson(mean)
        else:
            found[:, stratum] += _bounded_poisson(mean, int(bound), rng)
    return found


def _bounded_poisson(mean: FloatArray, bound: int, rng: np.random.Generator) -> np.ndarray:
    """Draw Poisson numbers that are at most `bound`, by inverting their distribution."""
    whole = gammaincc(bound + 1, mean)
    wanted = rng.random(mean.size) * whole
    low, high = np.full(mean.size, -1), np.full(mean.size, bound)  # P(X <= low) < wanted <= high
    while (high - low > 1).any():
        middle = (low + high) // 2
        enough = np.where(middle >= 0, gammaincc(middle + 1, mean) >= wanted, False)
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return np.where(whole > 0, high, bound)  # so far below the mean all lies at the bound


def _list_coverage(classes: expected.Classes, deaths: FloatArray, missed: FloatArray) -> np.ndarray:
    """Return the share of all deaths on each list, (draw, n_list)."""
    weight = np.exp(deaths - np.logaddexp.reduce(deaths, axis=1)[:, None])
    # shares among deaths that the classes describe, then among all: beyond them nobody is listed
    ratio = np.exp(-np.logaddexp(0.0, missed) - expected.log_seen(classes))
    odds = classes.capture[:, None] + classes.reach[:, :, None]
    share = (np.exp(classes.log_weight)[..., None] * expit(odds)).sum(axis=2)
    return np.asarray((share * (weight * ratio)[..., None]).sum(axis=1))
