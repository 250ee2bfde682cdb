"""Put draws into the ArviZ form, so that a user can go on with ArviZ alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.fit.key import canonical, content_key, engine_versions
from models.model import Model

if TYPE_CHECKING:
    import xarray


def to_tree(
    model: Model, draws: dict[str, np.ndarray], statistics: Any, *, engine: str, seed: int,
    settings: dict[str, int],
) -> xarray.DataTree:  # fmt: skip
    """Return a DataTree with posterior, densities, statistics, data and attributes.

    Parameters
    ----------
    model : Model
        What was fitted.
    draws : dict of (chain, draw) arrays
        The estimands.
    statistics : xarray.Dataset or None
        The sampler's statistics; None for independent draws.
    engine : {"exact", "nuts"}
    seed : int
    settings : dict
        Settings of the engine.

    Returns
    -------
    xarray.DataTree
    """
    import xarray

    coords = {"chain": np.arange(settings["chains"]), "draw": np.arange(settings["draws"])}

    def dataset(values: dict[str, np.ndarray]) -> xarray.Dataset:
        return xarray.Dataset(
            {name: (("chain", "draw"), value) for name, value in values.items()}, coords=coords
        )

    log_prior = model.log_prior(draws)
    log_likelihood = model.log_likelihood(draws)
    if statistics is None:
        statistics = dataset({"lp": np.asarray(sum(log_prior.values(), log_likelihood))})
    data = {key: np.asarray(value) for key, value in model.graph_data().items()}
    name = model.base_name
    observed = {name: data.pop(f"{name}_count")}
    versions = engine_versions(engine)
    tree = xarray.DataTree.from_dict(
        {
            "posterior": dataset(draws),
            "log_likelihood": dataset({name: log_likelihood}),
            "log_prior": dataset(log_prior),
            "sample_stats": statistics,
            "observed_data": xarray.Dataset(observed),
            "constant_data": xarray.Dataset(
                {key: ((f"{key}_dim",) if value.ndim else (), value) for key, value in data.items()}
            ),
        }
    )
    tree.attrs = {
        "engine": engine,
        "seed": seed,
        "settings": json.dumps(settings),
        "model": json.dumps(canonical(model.content())),
        "hash": content_key(
            model=model.content(), engine=engine, seed=seed, settings=settings, versions=versions
        ),
        "versions": json.dumps(versions),
        "constants": json.dumps(sorted(model.constants())),
        "moment_orders": json.dumps(
            {key: order for key, order in model.moment_orders().items() if np.isfinite(order)}
        ),
        "division": json.dumps(model.stated_division()),
    }
    return tree
