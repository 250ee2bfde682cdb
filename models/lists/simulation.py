"""Simulated unknowns and tables of overlapping lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit

from models.beliefs.base import FloatArray
from models.errors import RefusedError
from models.lists import expected
from models.lists.form import SCALE
from models.lists.patterns import Patterns
from models.losses import Flat, GammaPrior, Pooled
from models.overlapping import Overlapping
from models.thinning import LARGEST_MEAN

if TYPE_CHECKING:
    from models.lists.lists import Lists

#: Prior draws from which those that agree with a belief on coverage are taken, per draw; and how
#: many of them must count as much as single draws.
_CANDIDATES, _FEWEST = 40, 0.5


def prior_latent(
    overlapping: Overlapping, rng: np.random.Generator, draws: int
) -> tuple[FloatArray, FloatArray]:
    """Draw unknowns from their priors, the levels at 0, and log rates of deaths up to a level.

    Parameters
    ----------
    overlapping : Overlapping
    rng : numpy.random.Generator
    draws : int

    Returns
    -------
    latent : (draw, n_unknown) numbers
    effects : (draw, n_stratum) numbers
        Log rates of strata, their level left out.

    Raises
    ------
    RefusedError
        If hardly any draw of the classes agrees with the belief on coverage.
    """
    belief = overlapping.lists.coverage
    if not overlapping.lists.has_belief:
        latent = _free_latent(overlapping, rng, draws)
        return latent, _effects(overlapping, latent, rng)
    # the product of two opinions: candidates of the one, taken by the density of the other
    parts = []
    for some in expected.chunks(draws * _CANDIDATES):
        latent = _free_latent(overlapping, rng, some.stop - some.start)
        effects = _effects(overlapping, latent, rng)
        share = np.clip(_coverage(overlapping, latent, effects), 1e-12, 1 - 1e-12)
        parts.append((latent, effects, belief.log_density(share)))
    latent, effects, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
    chance = np.exp(weight - weight.max())
    chance /= chance.sum()
    if 1 / (chance**2).sum() < _FEWEST * draws:
        raise RefusedError(
            "contradicts what the classes imply", where=f"{overlapping.name}.coverage",
            why="hardly any draw of their prior agrees with it", remedy="take pooled captures, "
            "fewer lists, or a wider belief",
        )  # fmt: skip
    chosen = rng.choice(len(latent), draws, p=chance)
    return latent[chosen], effects[chosen]


def _free_latent(overlapping: Overlapping, rng: np.random.Generator, draws: int) -> FloatArray:
    form = overlapping.form
    latent = np.zeros((draws, form.size))
    for name, block in form.blocks.items():
        shape = (draws, block.stop - block.start)
        if name in form.logistic:
            latent[:, block] = rng.logistic(size=shape)
        elif name.startswith(SCALE):
            latent[:, block] = np.arcsinh(np.log(np.abs(rng.standard_normal(shape))))
        elif name in overlapping.beliefs:
            share = np.clip(overlapping.beliefs[name].draw(rng, draws), 1e-12, 1 - 1e-12)
            latent[:, block] = (np.log(share) - np.log1p(-share))[:, None]
        elif name != "level":
            latent[:, block] = rng.standard_normal(shape)
    return latent


def _effects(overlapping: Overlapping, latent: FloatArray, rng: np.random.Generator) -> FloatArray:
    if not isinstance(overlapping.losses, Pooled):
        return np.zeros((len(latent), 1))
    spread = expected.scale_of(overlapping, "rate", latent)
    effects = spread * rng.standard_normal((len(latent), overlapping.form.strata))
    return np.asarray(effects + np.log(overlapping.exposure))


def implied_coverage(lists: Lists, rng: np.random.Generator, draws: int) -> FloatArray:
    """Draw the share of deaths on any list that the priors of classes imply, strata alike."""
    losses = Pooled() if lists.strata else Flat()
    overlapping = Overlapping(losses, {"lists": lists}, "lists")
    found = []
    for some in expected.chunks(draws):
        latent = _free_latent(overlapping, rng, some.stop - some.start)
        found.append(_coverage(overlapping, latent, np.zeros((len(latent), 1))))
    return np.concatenate(found)


def _coverage(overlapping: Overlapping, latent: FloatArray, effects: FloatArray) -> FloatArray:
    """Return the share of all deaths on any list, (draw,)."""
    missed = _missed(overlapping, latent)
    weight = np.exp(effects - effects.max(axis=1, keepdims=True)) * np.ones_like(missed)
    return np.asarray((expit(-missed) * weight).sum(axis=1) / weight.sum(axis=1))


def _missed(overlapping: Overlapping, latent: FloatArray) -> FloatArray:
    classes = expected.classes_of(overlapping, latent)
    return expected.log_odds_missed(classes, overlapping.lists.dependence)


def simulate(
    overlapping: Overlapping, rng: np.random.Generator, draws: int, rate: Any
) -> dict[str, np.ndarray]:
    """Simulate unknowns and tables.

    Parameters
    ----------
    overlapping : Overlapping
    rng : numpy.random.Generator
    draws : int
    rate : float or (draw,) array, optional
        Expected persons on any list, of a stratum on (geometric) average; needed where the prior of
        rates is improper.  Deaths fixed instead would make small coverage go with few listed
        persons, from which the free level learns nothing: no posterior would be calibrated.

    Returns
    -------
    dict of (draw, ...) arrays
        latent, total, seen, unseen, coverage, count (persons on any list); `seed`, from which
        `simulated_data` draws the table; medians of registers, by name.

    Raises
    ------
    RefusedError
        If the prior of the rate is improper and no rate is given, or classes contradict a belief.
    """
    latent, effects = prior_latent(overlapping, rng, draws)
    missed = _missed(overlapping, latent)
    prior = overlapping.losses.prior if isinstance(overlapping.losses, Flat) else None
    if isinstance(prior, GammaPrior) and rate is None:
        deaths = np.log(prior.draw(rng, draws))[:, None]
    elif rate is None:
        raise RefusedError(
            "the scale prior cannot be simulated from", where="losses.prior",
            why="it is improper", remedy="fix the rate",
        )  # fmt: skip
    else:
        level = np.log(np.broadcast_to(np.asarray(rate, dtype=float), (draws,)))[:, None]
        shape = effects - np.logaddexp(0.0, missed)
        deaths = effects + level - shape.mean(axis=1, keepdims=True)
    listed = deaths - np.logaddexp(0.0, missed)
    center, width = overlapping.level_center
    latent[:, overlapping.form.blocks["level"]] = (listed - center) / width
    seen = rng.poisson(np.exp(listed))
    unseen = rng.poisson(np.minimum(np.exp(listed + missed), LARGEST_MEAN / listed.shape[1]))
    deaths, odds = expected.log_coverage(listed, missed)
    found: dict[str, np.ndarray] = {
        "latent": latent, "seen": seen, "count": seen.sum(axis=1),
        "unseen": unseen.sum(axis=1), "total": (seen + unseen).sum(axis=1),
        "coverage": expit(odds), "rate": np.exp(np.logaddexp.reduce(deaths, axis=1)),
        "seed": rng.integers(2**62, size=draws),
    }  # fmt: skip
    if overlapping.lists.strata:
        found["deaths"] = seen + unseen
    for name, register in overlapping.registers.items():
        logs_of, bias = overlapping.register_center(name, latent, deaths)
        found[name] = register.simulate(logs_of, bias, rng)
    return found | overlapping.register_unknowns(latent)


def simulated_data(
    overlapping: Overlapping, simulated: Mapping[str, np.ndarray], index: int
) -> dict[str, Any]:
    """Return the data of one simulation, by evidence; every person is drawn with a class."""
    import dataclasses

    patterns = overlapping.lists.patterns
    one = np.asarray(simulated["latent"])[index : index + 1]
    classes = expected.classes_of(overlapping, one)
    rng = np.random.default_rng(int(simulated["seed"][index]))
    rows, strata = [], []
    for stratum, number in enumerate(np.atleast_1d(simulated["seen"][index])):
        rows.append(draw_listed(classes, stratum, int(number), rng))
        strata.append(np.full(len(rows[-1]), stratum))
    found: dict[str, Any] = {
        overlapping.name: tabulated(patterns.lists, np.concatenate(rows), patterns.strata,
                                    np.concatenate(strata))
    }  # fmt: skip
    for name, register in overlapping.registers.items():
        found[name] = dataclasses.replace(register.estimates, central=simulated[name][index])
    return found


def draw_listed(
    classes: expected.Classes, stratum: int, number: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw persons who are on at least one list, (number, n_list) booleans.

    Parameters
    ----------
    classes : Classes
        Of one draw.
    stratum, number : int
    rng : numpy.random.Generator
    """
    odds = classes.capture[0] + classes.reach[0, stratum]
    chance = expit(odds)
    # class given that one is listed, then the first list, then the others: no rejection
    none = -np.logaddexp(0.0, odds)
    log_weight = classes.log_weight[0, stratum] + np.log(-np.expm1(none.sum(axis=1)))
    weight = np.exp(log_weight - log_weight.max())
    which = rng.choice(len(weight), number, p=weight / weight.sum())
    before = np.exp(np.cumsum(none, axis=1) - none)  # on none of the lists before
    first = (before * chance)[which]
    place = (np.cumsum(first, axis=1) < rng.random((number, 1)) * first.sum(1, keepdims=True)).sum(
        1
    )
    on = rng.random((number, odds.shape[1])) < chance[which]
    columns = np.arange(odds.shape[1])
    return np.where(columns < place[:, None], False, on | (columns == place[:, None]))


def tabulated(
    lists: tuple[str, ...], on: np.ndarray, strata: tuple[str, ...] = (),
    stratum: np.ndarray | None = None,
) -> Patterns:  # fmt: skip
    """Return persons, one row each, as a table of patterns."""
    place = np.zeros(len(on), dtype=np.int64) if stratum is None else stratum
    key = np.column_stack([on.astype(np.int64), place])
    rows, counts = np.unique(key, axis=0, return_counts=True)
    return Patterns(lists, rows[:, :-1].astype(bool), counts, strata, rows[:, -1])
