"""The ArviZ form of a fit, so that a user can go on with ArviZ alone; and its form as a record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.fit.key import canonical, code_digest, content_key, engine_versions
from estimation.fit.record import Record
from models.lists.lists import Lists
from models.model import Model
from models.triangle import Triangle

if TYPE_CHECKING:
    import xarray


def ingredients(model: Model, engine: str, seed: int, settings: dict[str, int]) -> dict[str, Any]:
    """Return everything that the numbers of a fit depend on: what its key is made of."""
    return {
        "kind": "fit",
        "model": model.content(),
        "engine": engine,
        "seed": seed,
        "settings": settings,
        "versions": engine_versions(engine),
        "code": code_digest(),
    }


def to_tree(
    model: Model, draws: dict[str, np.ndarray], unknowns: dict[str, np.ndarray], statistics: Any, *,
    engine: str, seed: int, settings: dict[str, int], densities: bool = True,
) -> xarray.DataTree:  # fmt: skip
    """Return a DataTree with posterior, densities, statistics, data and attributes.

    Parameters
    ----------
    model : Model
        What was fitted.
    draws : dict of (chain * draw, ...) arrays
        The estimands.
    unknowns : dict of (chain * draw, ...) arrays
        What the densities of prior and likelihood are functions of.
    statistics : xarray.Dataset or None
        The sampler's statistics; None for independent draws.
    engine : {"exact", "nuts"}
    seed : int
    settings : dict
        Settings of the engine.
    densities : bool
        Whether the groups log_prior and log_likelihood are filled; not needed for totals.

    Returns
    -------
    xarray.DataTree
    """
    import xarray

    dims, labels = model.dims(), model.coords()
    sampled = {"chain": np.arange(settings["chains"]), "draw": np.arange(settings["draws"])}

    def dataset(values: dict[str, np.ndarray]) -> xarray.Dataset:
        shape = (settings["chains"], settings["draws"])
        own = {name: dims[name] if value.ndim > 1 else () for name, value in values.items()}
        used = {dim for one in own.values() for dim in one}
        return xarray.Dataset(
            {name: (("chain", "draw", *own[name]), value.reshape(*shape, *value.shape[1:]))
             for name, value in values.items()},
            coords=sampled | {dim: label for dim, label in labels.items() if dim in used},
        )  # fmt: skip

    log_prior = model.log_prior(unknowns) if densities else {}
    log_likelihood = model.log_likelihood(unknowns) if densities else {}
    if statistics is None and densities:
        statistics = dataset({"lp": np.asarray(sum(log_prior.values(), *log_likelihood.values()))})
    data = {key: np.asarray(value) for key, value in model.graph_data().items()}
    counted = [key for key in data if key.endswith("_count")]
    observed = {
        key.removesuffix("_count"): _with_dims(data.pop(key), dims.get(key, ())) for key in counted
    }
    made_of = ingredients(model, engine, seed, settings)
    tree = xarray.DataTree.from_dict(
        {
            "posterior": dataset(draws),
            "log_likelihood": dataset(log_likelihood),
            "log_prior": dataset(log_prior),
            "sample_stats": _plain(statistics) if statistics is not None else xarray.Dataset(),
            "observed_data": xarray.Dataset(observed),
            "constant_data": xarray.Dataset(
                {
                    key: (tuple(f"{key}_dim_{i}" for i in range(value.ndim)), value)
                    for key, value in data.items()
                }
            ),
        }
    )
    tree.attrs = {
        "engine": engine,
        "seed": seed,
        "settings": json.dumps(settings),
        "model": json.dumps(canonical(model.content())),
        "hash": content_key(**made_of),
        "versions": json.dumps(made_of["versions"]),
        "constants": json.dumps(sorted(model.constants())),
        "moment_orders": json.dumps(
            {key: order for key, order in model.moment_orders().items() if np.isfinite(order)}
        ),
        **_labels(model),
    }
    return tree


def _labels(model: Model) -> dict[str, str]:
    """Return attributes that say what the numbers are about; a kept fit gets those of its asker."""
    cells, base = model.base.cells, model.base
    table: dict[str, Any] | None = None
    if cells is not None:
        table = {
            "step": cells.step, "dating": cells.dating, "partial": cells.partial,
            "apart": cells.apart, "names": model.base_name,
            "exposure": np.asarray(cells.exposure).tolist() if cells.has_exposure else None,
        }  # fmt: skip
        if isinstance(base, Triangle):
            # the data are cells of period and delay: names known by now are sums of them
            table |= {"late": True, "known": known_by_now(base)}
    elif isinstance(base, Lists) and base.strata:
        # persons without a stratum belong to none for certain: they are in deaths alone
        table = {
            "step": "", "names": model.base_name, "apart": [],
            "known": base.counts.sum(axis=0, keepdims=True).tolist(),
            "exposure": None if base.exposure is None else list(base.exposure),
        }  # fmt: skip
    return {
        "division": json.dumps(model.stated_division()),
        "table": json.dumps(table),
        "as_of": base.as_of.isoformat() if base.as_of else "",
    }


def known_by_now(triangle: Triangle) -> list[list[int]]:
    """Return names known by period and stratum; those without a period last, if there are any."""
    rows = np.asarray(triangle.reports.known).tolist()
    undated = triangle.reports.extra("undated").sum(axis=0)
    return [*rows, undated.tolist()] if undated.any() else rows


def labeled(tree: xarray.DataTree, model: Model) -> xarray.DataTree:
    """Return a kept fit with the labels of a model of the same numbers.

    Dates and names do not count for the key of a fit, so that it may have been made with others.
    """
    import xarray

    labels = model.coords()
    groups = {}
    for group, node in tree.children.items():
        dataset = node.to_dataset()
        own = {dim: label for dim, label in labels.items() if dim in dataset.dims}
        groups[group] = dataset.assign_coords(own)
    found = xarray.DataTree.from_dict(groups)
    found.attrs = dict(tree.attrs) | _labels(model)
    return found


def _with_dims(value: np.ndarray, dims: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
    """Return dims and values, without the axes of length one that a graph keeps for all tables."""
    single = [axis for axis, size in enumerate(value.shape) if size == 1]
    return dims, value.squeeze(tuple(single[: value.ndim - len(dims)])) if dims else value


def _plain(statistics: xarray.Dataset) -> xarray.Dataset:
    """Return the sampler's statistics without times, and with messages as texts, not objects."""
    statistics = statistics.drop_attrs()
    objects = [name for name, values in statistics.data_vars.items() if values.dtype == object]
    texts = {name: statistics[name].where(statistics[name].notnull(), "") for name in objects}
    return statistics.assign({name: values.astype(str) for name, values in texts.items()})


def to_record(tree: xarray.DataTree, made_of: dict[str, Any]) -> Record:
    """Return a fit as plain data: every variable an array, everything else in `meta`."""
    arrays: dict[str, np.ndarray] = {}
    groups: dict[str, Any] = {}
    for group, node in tree.children.items():
        plan = node.to_dataset().to_dict(data="array")
        for section in ("coords", "data_vars"):
            for name, variable in plan[section].items():
                arrays[f"{group}/{name}"] = variable.pop("data")
        groups[group] = plan
    return Record(made_of, {"attrs": dict(tree.attrs), "groups": groups}, arrays)


def from_record(record: Record) -> xarray.DataTree:
    """Return the fit that `to_record` was given."""
    import xarray

    groups = {}
    for group, plan in record.meta["groups"].items():
        filled = {
            section: {
                name: {**variable, "data": record.arrays[f"{group}/{name}"]}
                for name, variable in plan[section].items()
            }
            for section in ("coords", "data_vars")
        }
        groups[group] = xarray.Dataset.from_dict({**plan, **filled})
    tree = xarray.DataTree.from_dict(groups)
    tree.attrs = dict(record.meta["attrs"])
    return tree
