"""Independent draws of plain walks and plain pooling by grids: a sampler without compilation."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import xarray
from scipy import special, stats

from estimation.fit.nuts import Sampled
from models import Model
from models.beliefs.base import FloatArray
from models.cells import Cells
from models.field import Field

#: Log rates and steps (in scales of their prior) of the grid of a walk.
_RATES, _STEPS = 200, (np.arange(50) + 0.5) / 12

#: Proposals and spreads (in scales of their prior) of pooled strata.
_PROPOSALS, _SPREADS = 30_000, (np.arange(200) + 0.5) / 20


def weekly(counts: Any, missing: Any = None) -> Cells:
    """Return a table of weeks without strata."""
    first = datetime.date(2024, 1, 1)
    days = tuple(first + datetime.timedelta(weeks=i) for i in range(len(counts)))
    return Cells(np.asarray(counts)[:, None], periods=days, step="week", missing=missing)


def sample_by_hand(
    model: Model, draws: int = 500, *, chains: int = 4, seed: int = 1, **_: Any
) -> Sampled:
    """Return what `estimation.fit.nuts.sample_graph` would, but for Monte Carlo error.

    Parameters
    ----------
    model : Model
        A walk without drift, or pooled strata of one period.
    draws, chains, seed : int
        As of `sample_graph`.
    """
    field, rng = model.joint, np.random.default_rng(seed)
    assert isinstance(field, Field)
    size = chains * draws
    free = _walk(field, size, rng) if field.pooled is None else _pooled(field, size, rng)
    return Sampled(free, sound_statistics(chains, draws, rng))


def sound_statistics(chains: int, draws: int, rng: np.random.Generator) -> xarray.Dataset:
    """Return statistics of a sampler that met no difficulty."""
    dims, never = ("chain", "draw"), np.zeros((chains, draws), bool)
    return xarray.Dataset(
        {"diverging": (dims, never), "maxdepth_reached": (dims, never),
         "energy": (dims, rng.normal(size=(chains, draws)))}
    )  # fmt: skip


def _walk(field: Field, size: int, rng: np.random.Generator) -> dict[str, FloatArray]:
    """Filter forward on a grid of log rates for each step, and draw backward."""
    assert field.walk is not None
    counts, seen = np.asarray(field.cells.counts)[:, 0], field.cells.observed[:, 0]
    logs = np.log(counts[seen] + 0.5) - field.log_base[0]
    grid = np.linspace(logs.min() - 1.5, logs.max() + 1.5, _RATES)
    log_rate = grid + field.log_base[0]
    likelihood = np.where(
        seen[:, None], np.exp(stats.poisson.logpmf(counts[:, None], np.exp(log_rate))), 1.0
    )
    apart = np.arange(_RATES)[:, None] - np.arange(_RATES)
    distances = np.abs(apart) * (grid[1] - grid[0])
    steps = field.walk.step * _STEPS
    moves = [_moves(distances[0], one, field.walk.tail)[np.abs(apart)] for one in steps]
    filtered, evidence = np.empty((len(steps), *likelihood.shape)), -0.5 * _STEPS**2
    for i, move in enumerate(moves):
        state = np.full(_RATES, 1 / _RATES)
        for period, one in enumerate(likelihood):
            state = (state if period == 0 else move @ state) * one
            evidence[i] += np.log(state.sum())
            state = state / state.sum()
            filtered[i, period] = state
    picked = np.sort(rng.choice(len(steps), size, p=special.softmax(evidence)))
    place = np.empty((size, len(counts)), int)
    for i in np.unique(picked):
        rows = picked == i
        weights = np.repeat(filtered[i, -1][:, None], rows.sum(), axis=1)
        for period in reversed(range(len(counts))):
            heights = np.cumsum(weights, axis=0)
            place[rows, period] = (heights < heights[-1] * rng.random(rows.sum())).sum(axis=0)
            if period:
                weights = filtered[i, period - 1][:, None] * moves[i][:, place[rows, period]]
    # within its cell of the grid a value may be anywhere
    walk = grid[place] + (rng.random(place.shape) - 0.5) * (grid[1] - grid[0])
    step = steps[picked] + (rng.random(size) - 0.5) * (steps[1] - steps[0])
    order = rng.permutation(size)
    return {"log_walk": walk[order], "step": step[order]}


def _moves(distances: FloatArray, step: float, tail: float) -> FloatArray:
    """Return probabilities of moves by whole cells: steps may be smaller than these."""
    half = (distances[1] - distances[0]) / 2
    ends = np.append(distances - half, distances[-1] + half) / step
    return np.asarray(np.diff(stats.t.cdf(ends, tail)))


def _pooled(field: Field, size: int, rng: np.random.Generator) -> dict[str, FloatArray]:
    """Weight rates that know only their own counts by how alike the strata are."""
    assert field.pooled is not None
    counts, seen = np.asarray(field.cells.counts)[0], field.cells.observed[0]
    told = seen & field.cells.pooled
    log_rate = np.log(rng.gamma(np.maximum(counts, 0.5), size=(_PROPOSALS, counts.size)))
    # no names alone tell no rate: half a name more was drawn from
    excess = 0.5 * log_rate[:, told & (counts == 0)].sum(axis=1)
    log_rate -= field.log_base
    spreads = field.pooled.spread * _SPREADS
    others = log_rate[:, told].var(axis=1, keepdims=True) * told.sum()
    log_weights = (
        -0.5 * _SPREADS**2 - (told.sum() - 1) * np.log(spreads) - 0.5 * others / spreads**2
    )
    total = special.logsumexp(log_weights, axis=1) - excess
    chosen = rng.choice(_PROPOSALS, size, p=special.softmax(total))
    cumulative = np.cumsum(special.softmax(log_weights[chosen], axis=1), axis=1)
    picked = (cumulative < rng.random((size, 1))).sum(axis=1)
    spread = spreads[np.minimum(picked, len(spreads) - 1)]
    rates = log_rate[chosen]
    scale = spread[:, None] * np.sqrt(1 + 1 / told.sum())
    unseen = field.cells.pooled & ~seen
    drawn = scale * rng.standard_normal((size, int(unseen.sum())))
    rates[:, unseen] = rates[:, told].mean(axis=1, keepdims=True) + drawn
    level = rates[:, field.cells.pooled].mean(axis=1)
    return {"log_level": level, "effect": rates - level[:, None], "spread": spread}
