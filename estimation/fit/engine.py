"""Fit a model: exact where that exists, else the graph under NUTS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from estimation.errors import InvalidValueError, UsageError
from estimation.fit import exact, nuts
from estimation.fit.tree import to_tree
from models.model import Model

if TYPE_CHECKING:
    import xarray


def fit(
    model: Model,
    engine: Literal["auto", "exact", "nuts"] = "auto",
    *,
    draws: int | None = None,
    chains: int = 4,
    tune: int = nuts.TUNE,
    cores: int | None = None,
    seed: int = 1,
    progress: bool = False,
) -> xarray.DataTree:
    """Draw from the posterior of a model.

    Parameters
    ----------
    model : Model
        What happened and how it came to be seen.
    engine : {"auto", "exact", "nuts"}
        "auto" takes exact draws, which every flat model with one count has.
    draws : int, optional
        Draws a chain: 25,000 exact or 1,000 by NUTS.
    chains : int
        Chains; of independent draws, just rows.
    tune : int
        Warm-up draws a chain (NUTS).
    cores : int, optional
        Processor cores (NUTS); all by default.
    seed : int
        Seed, 0 or more.
    progress : bool
        Whether NUTS draws a progress bar.

    Returns
    -------
    xarray.DataTree
        Groups posterior, log_likelihood, log_prior, sample_stats, observed_data, constant_data;
        attributes engine, seed, settings, model, hash, versions.

    Raises
    ------
    UsageError
        If the engine is unknown or a setting is out of range.
    NotEstimableError
        If prior and data contradict each other.
    """
    if not isinstance(model, Model):
        raise InvalidValueError(f"must be a Model, not {model!r}", where="model")
    if engine not in ("auto", "exact", "nuts"):
        raise UsageError(f"no engine {engine!r}", where="engine", remedy="auto, exact or nuts")
    chosen = "exact" if engine == "auto" else engine
    size = draws if draws is not None else {"exact": exact.DRAWS, "nuts": nuts.DRAWS}[chosen]
    for name, value, low in (("draws", size, 4), ("chains", chains, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise UsageError(f"must be a whole number, {low} or more, not {value!r}", where=name)
    if chosen == "exact":
        flat = exact.exact_draws(model, chains * size, seed)
        shaped = {name: value.reshape(chains, size) for name, value in flat.items()}
        settings = {"chains": chains, "draws": size}
        return to_tree(model, shaped, None, engine=chosen, seed=seed, settings=settings)
    found, statistics = nuts.nuts_draws(
        model, size, tune=tune, chains=chains, cores=cores, seed=seed, progress=progress
    )
    settings = {"chains": chains, "draws": size, "tune": tune}
    return to_tree(model, found, statistics, engine=chosen, seed=seed, settings=settings)
