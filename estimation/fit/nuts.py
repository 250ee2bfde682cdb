"""The NUTS engine: the PyMC graph sampled by nutpie, the total completed afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from estimation.errors import UndercountError
from estimation.fit.exact import defined
from estimation.fit.session import session
from estimation.randomness import integer, stream
from models.exact import Draws
from models.model import Model
from models.thinning import complete_total, draw_mixing

#: Defaults: the gate asks for an effective size of 400 in bulk and tails.
CHAINS, DRAWS, TUNE = 4, 1000, 1000


def nuts_draws(
    model: Model,
    draws: int = DRAWS,
    *,
    tune: int = TUNE,
    chains: int = CHAINS,
    cores: int | None = None,
    seed: int = 1,
    progress: Callable[[int, int, int], None] | None = None,
) -> tuple[dict[str, np.ndarray], Any]:
    """Sample and complete.

    Parameters
    ----------
    model : Model
        Any model with a graph.
    draws, tune, chains, cores : int
        Kept draws and warm-up draws a chain, chains, and processor cores (all by default).
    seed : int
        Seed of the run.
    progress : callable, optional
        Told draws done, all draws, and divergences.

    Returns
    -------
    draws : dict of (chain, draw) arrays
        All estimands.
    statistics : xarray.Dataset
        The sampler's statistics a draw.
    """
    tree = session.sample(
        model, draws=draws, tune=tune, chains=chains, cores=cores or os.cpu_count() or 1,
        seed=integer(seed, "nuts"), progress=progress,
    )  # fmt: skip
    posterior = tree["posterior"]
    shape = (chains, draws)
    base = model.base

    def share(name: str) -> np.ndarray:
        if name in posterior:
            return np.asarray(posterior[name]).reshape(-1)
        return np.full(chains * draws, getattr(base, name).value)

    rate = posterior["rate"].to_numpy().reshape(-1)
    coverage, precision = share("coverage"), share("precision")
    if not np.isfinite(rate).all():
        raise UndercountError("the sampler returned rates that are not finite", where="nuts")
    rng = stream(seed, "nuts", "completion")
    mixing = draw_mixing(base.count, rate * coverage / precision, model.losses.clustering, rng)
    exactly_one = "precision" in model.constants()
    observed, total = complete_total(
        rate * mixing * (1 - coverage), base.count, None if exactly_one else precision, rng
    )
    named = Draws(rate, coverage, precision, observed, total).named()
    shaped = {name: value.reshape(shape) for name, value in named.items()}
    return defined(shaped), tree["sample_stats"].to_dataset()
