"""Latent classes of overlapping lists without a sampler: hardly more than one class, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from estimation.fit.nuts import Sampled
from models import Model
from models.beliefs.base import FloatArray
from models.lists.form import POOLED, SCALE
from models.lists.links import independent_total
from models.overlapping import Overlapping
from tests.drawn_by_hand import sound_statistics

#: How far unknowns are from where all classes are alike: the total is that of independent lists.
_NEAR = 0.03


def sample_lists_by_hand(
    model: Model, draws: int = 500, *, chains: int = 4, seed: int = 1, **_: Any
) -> Sampled:
    """Return independent draws about the independence model, in place of `sample_graph`.

    Parameters
    ----------
    model : Model
        Of overlapping lists.
    draws, chains, seed : int
        As of `sample_graph`.
    """
    rng = np.random.default_rng(seed)
    latent = _drawn(_joint(model), chains * draws, rng)
    return Sampled({"latent": latent}, sound_statistics(chains, draws, rng))


def sample_disagreeing(model: Model, draws: int = 500, *, chains: int = 4, **rest: Any) -> Sampled:
    """Return the same, but that each chain has found another number of the unseen."""
    sampled = sample_lists_by_hand(model, draws, chains=chains, **rest)
    latent = sampled.free["latent"].reshape(chains, draws, -1).copy()
    latent[:, :, _joint(model).form.blocks["center"]] -= np.arange(chains)[:, None, None]
    return Sampled({"latent": latent.reshape(chains * draws, -1)}, sampled.statistics)


def _joint(model: Model) -> Overlapping:
    assert isinstance(model.joint, Overlapping)
    return model.joint


def _drawn(joint: Overlapping, size: int, rng: np.random.Generator) -> FloatArray:
    form, patterns = joint.form, joint.lists.patterns
    totals, observed = patterns.list_totals.astype(float), float(patterns.observed)
    share = np.clip(totals / max(independent_total(totals, observed), observed * 1.001), 1e-6, 0.99)
    odds = np.log(share / (1 - share))
    latent = _NEAR * rng.standard_normal((size, form.size))
    latent[:, form.blocks["level"]] = rng.standard_normal((size, form.strata))
    if form.captures == POOLED:
        latent[:, form.blocks["center"]] += (odds.mean() - joint.center(np.zeros(1))) / (
            joint.center(np.ones(1)) - joint.center(np.zeros(1))
        )
        latent[:, form.blocks["list"]] += (odds - odds.mean()) / joint.priors[f"{SCALE}list"]
    else:
        latent[:, form.blocks["capture"]] += np.tile(odds, form.classes)
    return latent
