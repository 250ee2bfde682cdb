"""The NUTS engine: the PyMC graph sampled by nutpie, the total completed afterwards."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import numpy as np

from estimation.errors import UndercountError
from estimation.fit.exact import defined
from estimation.fit.session import session
from estimation.progress import Watch
from estimation.randomness import integer, stream
from models.learned import Learned
from models.lists.form import POOLED
from models.lists.lists import FEW_LISTS
from models.model import Model
from models.overlapping import Overlapping
from models.triangle import Triangle

#: Defaults: the gate asks for an effective size of 400 in bulk and tails.
CHAINS, DRAWS, TUNE = 4, 1000, 1000

#: Tables of up to so many cells are sampled in less time than their graph is compiled: twice the
#: draws cost next to nothing, and few periods or strata leave scales with long tails.
SMALL_TABLE, SMALL_TABLE_DRAWS = 1000, 2000

#: Mean acceptance: for the same reason small tables get small steps of the sampler.
_ACCEPT, _ACCEPT_SMALL_TABLE = 0.8, 0.95

#: Late reports come in coordinates that need little warm-up; scales near zero need small steps.
TUNE_LATE, _ACCEPT_LATE = 500, 0.95

#: Draws where coverage is learned: a few more, for biases and shares have heavy tails.
LEARNED_DRAWS = 2000

#: Overlapping lists: classes come and go, which takes small steps and many draws; both are cheap.
#: The upper limit stands in a tail of index two, whose quantiles take so many draws to settle.
#: Free captures, and classes that few lists leave to their prior, have sharper corners.
LISTS_DRAWS, _ACCEPT_LISTS, _ACCEPT_SHARP = 6000, 0.95, 0.99

#: Triangles of so few published cells leave scales open: they take smaller steps, and more draws.
SPARSE, SPARSE_DRAWS, _ACCEPT_SPARSE = 200, 3000, 0.99


def default_draws(model: Model) -> int:
    """Return how many draws a chain a model gets if nobody says."""
    if isinstance(model.joint, Learned):
        return LEARNED_DRAWS
    if isinstance(model.joint, Overlapping):
        return LISTS_DRAWS
    if _is_sparse(model):
        return SPARSE_DRAWS
    return SMALL_TABLE_DRAWS if _is_small_table(model) else DRAWS


def default_tune(model: Model) -> int:
    """Return how many warm-up draws a chain a model gets if nobody says."""
    anchored = isinstance(model.base, Triangle) or isinstance(model.joint, Learned)
    return TUNE_LATE if anchored else TUNE


def _published(triangle: Triangle) -> int:
    return int(triangle.reports.published_cells.sum()) * triangle.reports.shape[2]


def _is_sparse(model: Model) -> bool:
    return isinstance(model.base, Triangle) and _published(model.base) <= SPARSE


def _is_small_table(model: Model) -> bool:
    if isinstance(model.base, Triangle):
        return _published(model.base) <= SMALL_TABLE
    cells = model.base.cells
    return cells is not None and cells.counts.size <= SMALL_TABLE


def _accept(model: Model) -> float:
    if isinstance(model.joint, Learned):
        return _ACCEPT_LATE
    if isinstance(model.joint, Overlapping):
        form = model.joint.form
        sharp = form.captures != POOLED or form.lists <= FEW_LISTS
        return _ACCEPT_SHARP if sharp else _ACCEPT_LISTS
    if isinstance(model.base, Triangle):
        return _ACCEPT_SPARSE if _is_sparse(model) else _ACCEPT_LATE
    return _ACCEPT_SMALL_TABLE if _is_small_table(model) else _ACCEPT


@dataclasses.dataclass(frozen=True, eq=False)
class Sampled:
    """What the sampler returned for a graph.

    Parameters
    ----------
    free : dict of (chain * draw, ...) arrays
        Variables of the graph.
    statistics : xarray.Dataset
        The sampler's statistics a draw.
    """

    free: dict[str, np.ndarray]
    statistics: Any


def sample_graph(
    model: Model, draws: int = DRAWS, *, tune: int = TUNE, chains: int = CHAINS,
    cores: int | None = None, seed: int = 1,
    progress: Watch | None = None, target_accept: float | None = None,
) -> Sampled:  # fmt: skip
    """Sample the graph of a model; what lies outside the graph does not matter.

    Parameters
    ----------
    model : Model
        Any model with a graph.
    draws, tune, chains, cores : int
        Kept draws and warm-up draws a chain, chains, and processor cores (all by default).
    seed : int
        Seed of the run.
    progress : callable, optional
        Told how far each chain is; see `estimation.progress`.
    target_accept : float, optional
        Mean acceptance; by default what suits the model.
    """
    tree = session.sample(
        model, draws=draws, tune=tune, chains=chains, cores=cores or os.cpu_count() or 1,
        seed=integer(seed, "nuts"), progress=progress,
        target_accept=target_accept or _accept(model),
    )  # fmt: skip
    free = {}
    for name, values in tree["posterior"].data_vars.items():
        flat = values.to_numpy()
        free[str(name)] = flat.reshape(chains * draws, *flat.shape[2:])
        if not np.isfinite(flat).all():
            raise UndercountError(f"the sampler returned {name} that is not finite", where="nuts")
    return Sampled(free, tree["sample_stats"].to_dataset())


def completed(
    model: Model, sampled: Sampled, seed: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return estimands and unknowns, (chain * draw, ...) arrays each, given draws of the graph.

    Parameters
    ----------
    model : Model
        The one that was sampled, or one that differs from it outside the graph only.
    sampled : Sampled
    seed : int
        Seed of the run.
    """
    estimands, unknowns = model.complete(sampled.free, stream(seed, "nuts", "completion"))
    return defined(estimands), unknowns


def nuts_draws(
    model: Model, draws: int = DRAWS, **options: Any
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], Any]:
    """Sample and complete; see `sample_graph` for the options.

    Returns
    -------
    estimands, unknowns : dict of (chain * draw, ...) arrays
        What is reported, and what the densities are functions of.
    statistics : xarray.Dataset
        The sampler's statistics a draw.
    """
    sampled = sample_graph(model, draws, **options)
    return (*completed(model, sampled, options.get("seed", 1)), sampled.statistics)
