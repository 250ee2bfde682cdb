"""Simulated unknowns and data of a model whose coverage is learned."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from models.beliefs.base import FloatArray
from models.learning import expected
from models.learning.completion import evidence_unknowns, shares_of
from models.learning.form import SCALE

if TYPE_CHECKING:
    from models.learned import Learned


def prior_latent(learned: Learned, rng: np.random.Generator, draws: int) -> FloatArray:
    """Draw all unknowns from their priors, the level at 0, (draw, n_unknown)."""
    latent = np.zeros((draws, learned.form.size))
    learned.listed.prior_latent(latent, learned.form.blocks, rng)
    for name, block in learned.form.own.items():
        shape = (draws, block.stop - block.start)
        if name in learned.beliefs:
            share = np.clip(learned.beliefs[name].draw(rng, draws), 1e-12, 1 - 1e-12)
            latent[:, block] = (np.log(share) - np.log1p(-share))[:, None]
        elif name.startswith(SCALE):
            latent[:, block] = np.arcsinh(np.log(np.abs(rng.standard_normal(shape))))
        else:
            latent[:, block] = rng.standard_normal(shape)
    return latent


def simulate(
    learned: Learned, rng: np.random.Generator, draws: int, rate: FloatArray
) -> dict[str, np.ndarray]:
    """Simulate unknowns and the data of all evidence.

    Parameters
    ----------
    learned : Learned
    rng : numpy.random.Generator
    draws : int
    rate : float or (draw,) array
        Expected deaths of a period, on average.

    Returns
    -------
    dict of (draw, ...) arrays
        latent, biases, shares and scales; what the list simulates (`count` and deaths); for each
        other evidence its data, by its name.
    """
    latent = prior_latent(learned, rng, draws)
    deaths, *_ = expected.log_deaths(learned, latent)
    highest = deaths.max(axis=1)
    mean = highest + np.log(np.exp(deaths - highest[:, None]).mean(axis=1))
    level = learned.form.blocks["level"]
    latent[:, level] += (np.log(np.broadcast_to(np.asarray(rate, float), (draws,))) - mean)[:, None]
    shares = shares_of(learned, latent)
    found = learned.listed.simulate(latent, learned.form.blocks, shares, rng)
    deaths, names, missed = expected.log_deaths(learned, latent)
    for name, register in learned.registers.items():
        logs = expected.register_logs(learned, name, latent, deaths)
        bias = expected.register_bias(learned, name, latent)
        found[name] = register.simulate(logs, bias, rng)
    for name, audits in learned.audits.items():
        odds = expected.audit_log_odds(learned, name, latent, missed, names)
        found[name] = audits.simulate(odds, rng)
    for name in learned.excess:
        center, sd = expected.excess_moments(learned, name, latent, deaths)
        found[name] = np.maximum(np.rint(rng.normal(center, sd)), 0).astype(np.int64)
    if learned.form.knots:
        found["period_coverage"] = 1 / (1 + shares.odds)
    return {"latent": latent} | evidence_unknowns(learned, latent) | found


def simulated_data(
    learned: Learned, simulated: Mapping[str, np.ndarray], index: int
) -> dict[str, Any]:
    """Return the data of one simulation, by evidence."""
    found: dict[str, Any] = {learned.name: learned.listed.data(simulated, index)}
    for name, register in learned.registers.items():
        found[name] = dataclasses.replace(register.estimates, central=simulated[name][index])
    for name in learned.audits:
        found[name] = tuple(int(one) for one in simulated[name][index])
    for name, table in learned.excess.items():
        affected = np.array(table.deaths.affected)
        affected[table.used] = simulated[name][index]
        found[name] = dataclasses.replace(table.deaths, affected=affected)
    return found
