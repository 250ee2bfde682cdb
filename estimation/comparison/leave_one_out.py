"""Leave-one-out cross-validation: PSIS by ArviZ, integrated where that is possible, refits else."""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from estimation.comparison.integrated import integrated_log_likelihood, is_integrable
from estimation.comparison.masked import UNKNOWNS, Settings, fit_is_sound
from estimation.comparison.refusals import refuse_incomparable, refuse_unassigned
from estimation.errors import InvalidValueError, RefusedError, UndercountError, UsageError
from estimation.fit.batch import carry_out
from estimation.fit.engine import as_store
from estimation.fit.key import canonical
from estimation.fit.nuts import TUNE
from estimation.fit.store import Refit, Store
from estimation.progress import Tell, silent
from estimation.randomness import stream
from models.beliefs.base import FloatArray
from models.field import Field
from models.field_density import POINTWISE
from models.model import Model

if TYPE_CHECKING:
    import pandas
    import xarray

#: Points up to which all of them are left out by refits, unless PSIS is asked for.
FEW_POINTS = 20

#: Draws of a fit whose log rates are integrated out.
INTEGRATED_DRAWS = 2_000

#: Refits a model for influential points; above that it is not ranked.
MOST_REFITS = 20


@dataclasses.dataclass(frozen=True)
class LeftOneOut:
    """One model with each point left out once.

    Parameters
    ----------
    kind : {"integrated", "conditional", "refits"}
        Whether log rates were integrated out before importance sampling; or all points refitted.
        All three estimate the same density of a count given all others.
    elpd : arviz_stats.ELPDData or None
        ArviZ's result, refits put in; None if there is no fit.
    influential : int
        Points whose Pareto k was above the threshold, before any refit.
    refits : int
        Points that were left out by a refit.
    failed : str
        Why the number is not reliable; empty if it is.
    """

    kind: str
    elpd: Any
    influential: int
    refits: int
    failed: str = ""

    @property
    def reliable(self) -> bool:
        """Return whether the model can be ranked."""
        return not self.failed


@dataclasses.dataclass(frozen=True)
class LeaveOneOut:
    """Leave-one-out densities of models of one table.

    Parameters
    ----------
    models : dict of LeftOneOut
        By name.
    points : int
        Cells that were left out, one at a time.
    table : pandas.DataFrame or None
        `arviz_stats.compare` of the reliable models, by stacking, not rounded; None if they are
        fewer than two.
    warnings : tuple of str
        What ArviZ said of the comparison.
    """

    models: dict[str, LeftOneOut]
    points: int
    table: pandas.DataFrame | None
    warnings: tuple[str, ...] = ()


def leave_one_out(
    models: Mapping[str, Model], *, fits: Mapping[str, xarray.DataTree] | None = None,
    method: Literal["auto", "psis", "refit"] = "auto", most_refits: int = MOST_REFITS,
    draws: int | None = None, chains: int = 4, tune: int = TUNE, seed: int = 1,
    cores: int | None = None, store: Store | str | Path | None = None,
    refit: Refit = "on_change", executor: Executor | None = None, tell: Tell = silent,
) -> LeaveOneOut:  # fmt: skip
    """Compare models by the density of each cell given all other cells.

    Parameters
    ----------
    models : mapping of Model
        By name; of one table.
    fits : mapping, optional
        Fits of these models that exist already; others are made.
    method : {"auto", "psis", "refit"}
        "psis": importance sampling, and exact refits for influential points.  "refit": a refit for
        each point.  "auto": refits up to `FEW_POINTS` points, importance sampling above.
    most_refits : int
        Influential points of a model above which it is called unreliable instead of refitted.
    draws, chains, tune, seed, cores, store, refit
        See `estimation.fit.engine.fit`.
    executor : concurrent.futures.Executor, optional
        Makes fits and refits side by side; the numbers do not depend on it.
    tell : callable
        Told how far fits and refits are.

    Raises
    ------
    RefusedError
        If a ranking would be made up: see `estimation.comparison.refusals`; or if the table is too
        large, or holds names in one cell only.
    UsageError
        If a setting is out of range.
    """
    refuse_incomparable(models)
    refuse_unassigned(models, "leave-one-out")
    if method not in ("auto", "psis", "refit"):
        raise UsageError(f"no method {method!r}", where="method", remedy="auto, psis or refit")
    if isinstance(most_refits, bool) or not isinstance(most_refits, int) or most_refits < 0:
        raise UsageError(f"must be 0 or more, not {most_refits!r}", where="most_refits")
    settings = Settings(draws, chains, tune, seed, cores, as_store(store), refit, executor, tell)
    points = _points(models)
    every = method == "refit" or (method == "auto" and points.size <= FEW_POINTS)
    trees = _fits(models, dict(fits or {}), settings)
    found = {
        name: _left_one_out(model, trees[name], points, every, most_refits, settings)
        for name, model in models.items()
    }
    table, said = _compared({name: one.elpd for name, one in found.items() if one.reliable})
    return LeaveOneOut(found, int(points.size), table, said)


def scored_tree(
    model: Model, tree: xarray.DataTree, points: NDArray[np.intp]
) -> tuple[xarray.DataTree, str]:
    """Return a fit with log likelihoods of some cells along "point", and of what kind they are.

    Parameters
    ----------
    model : Model
    tree : xarray.DataTree
        Its fit.
    points : (point,) integers
        Cells in the order of the table's rows.
    """
    import xarray

    field = _field(model)
    posterior = tree["posterior"].to_dataset()
    if is_integrable(field):
        kind = "integrated"
        posterior = _thinned(posterior)
        theta = _unknowns(field, posterior, int(tree.attrs["seed"]))
        values = integrated_log_likelihood(field, theta, points.tolist())
    else:
        kind = "conditional"
        likelihood = tree["log_likelihood"][model.base_name].to_numpy()
        values = likelihood.reshape(-1, field.cells.counts.size)[:, points]
    shape = (posterior.sizes["chain"], posterior.sizes["draw"], points.size)
    log_likelihood = xarray.Dataset(
        {model.base_name: (("chain", "draw", "point"), values.reshape(shape))},
        coords={"chain": posterior["chain"], "draw": posterior["draw"],
                "point": np.arange(points.size)},
    )  # fmt: skip
    groups = {"posterior": posterior, "log_likelihood": log_likelihood}
    return xarray.DataTree.from_dict(groups), kind


def _left_one_out(
    model: Model, tree: xarray.DataTree | UndercountError, points: NDArray[np.intp], every: bool,
    most_refits: int, settings: Settings,
) -> LeftOneOut:  # fmt: skip
    from arviz_stats import loo, reloo

    from estimation.comparison.wrapper import Refits, refit_without

    if isinstance(tree, UndercountError):
        return LeftOneOut("", None, 0, 0, f"no fit: {tree}")
    scored, kind = scored_tree(model, tree, points)
    with warnings.catch_warnings():
        # that points are influential is counted and told in words of our own
        warnings.filterwarnings("ignore", message="Estimated shape parameter")
        elpd = loo(scored, pointwise=True)
    high = np.flatnonzero(~(elpd.pareto_k.to_numpy() <= elpd.good_k))
    failed = _failures(tree)
    if not every and high.size > most_refits:
        failed = failed or (
            f"too many influential points ({high.size} of {points.size}); use leave-future-out"
        )
    chosen = np.arange(points.size) if every else high
    if failed or not chosen.size:
        return LeftOneOut(kind, elpd, int(high.size), 0, failed)
    refits = refit_without(model, {int(i): int(points[i]) for i in chosen}, settings)
    broken = [one.failed for one in refits.values() if one.failed]
    if broken:
        failed = f"{len(broken)} of {len(refits)} refits failed, the first because {broken[0]}"
        return LeftOneOut(kind, elpd, int(high.size), 0, failed)
    limit = -np.inf if every else elpd.good_k
    again = reloo(Refits(scored, refits), loo_orig=elpd, k_threshold=limit, pointwise=True)
    return LeftOneOut("refits" if every else kind, again, int(high.size), len(refits))


def _points(models: Mapping[str, Model]) -> NDArray[np.intp]:
    """Return the cells that are left out, in the order of the table's rows."""
    usable = np.ones(1, bool)
    for model in models.values():
        field = _field(model)
        cells = field.cells
        if cells.counts.size > POINTWISE:
            raise RefusedError(
                f"{cells.counts.size:,} cells are too many to leave out one at a time",
                where="models", why=f"log densities are kept by cell up to {POINTWISE:,} only",
                remedy="compare by leave-future-out",
            )  # fmt: skip
        here = cells.observed.copy()
        if field.walk is None:  # nothing predicts a stratum that is apart
            here &= cells.pooled
        usable = usable & here
        _refuse_single_cells(field)
    return np.flatnonzero(usable)


def _refuse_single_cells(field: Field) -> None:
    """Refuse tables of which a part has all its names in one cell: the rest has no posterior."""
    counts = np.asarray(field.cells.counts)
    apart = [] if field.walk is None else list(np.flatnonzero(~field.cells.pooled))
    for part in [counts[:, field.cells.pooled], *[counts[:, [column]] for column in apart]]:
        if np.count_nonzero(part) < 2:
            raise RefusedError(
                "all names stand in one cell", where="models",
                why="without it there is nothing left to predict it from",
                remedy="compare models of a table with names in several cells",
            )  # fmt: skip


def _fits(
    models: Mapping[str, Model], given: dict[str, xarray.DataTree], settings: Settings
) -> dict[str, xarray.DataTree | UndercountError]:
    for name, tree in given.items():
        if name not in models:
            raise InvalidValueError(f"no model {name!r}", where="fits")
        if tree.attrs.get("model") != json.dumps(canonical(models[name].content())):
            raise InvalidValueError(
                "is a fit of another model", where=f"fits[{name!r}]",
                why="its densities would be those of other numbers",
            )  # fmt: skip
    plans = {name: settings.plan(model) for name, model in models.items() if name not in given}
    made = carry_out(
        plans, store=settings.store, refit=settings.refit, executor=settings.executor,
        cores=settings.cores, tell=settings.tell,
    )  # fmt: skip
    fresh = {
        name: one if isinstance(one, UndercountError) else one[0] for name, one in made.items()
    }
    return {**given, **fresh}


def _failures(tree: xarray.DataTree) -> str:
    sizes = tree["posterior"].sizes
    unknowns = {
        name: tree["posterior"][name].to_numpy().reshape(-1, *tree["posterior"][name].shape[2:])
        for name in UNKNOWNS if name in tree["posterior"]
    }  # fmt: skip
    shape = {"chains": sizes["chain"], "draws": sizes["draw"]}
    failed = fit_is_sound(unknowns, tree["sample_stats"].to_dataset(), shape)
    return f"the fit failed its checks: {failed}" if failed else ""


def _thinned(posterior: xarray.Dataset) -> xarray.Dataset:
    """Return every so many-th draw: each costs an integral a point, and neighbors say the same."""
    every = max(posterior.sizes["chain"] * posterior.sizes["draw"] // INTEGRATED_DRAWS, 1)
    return posterior.isel(draw=slice(None, None, every))


def _unknowns(field: Field, posterior: xarray.Dataset, seed: int) -> dict[str, FloatArray]:
    """Return unknowns as (draw, ...) arrays; the level of pooled strata is drawn anew.

    Fits do not keep it.  Given effects, exp(level) is gamma with the number of names as its shape.
    """
    found = {
        name: posterior[name].to_numpy().reshape(-1, *posterior[name].shape[2:])
        for name in UNKNOWNS if name in posterior
    }  # fmt: skip
    if field.walk is None:
        seen = field.cells.observed[0]
        names = int(np.asarray(field.cells.counts)[0, seen].sum())
        weights = np.exp(found["effect"] + field.log_base)[:, seen].sum(axis=1)
        rng = stream(seed, "leave one out", "level")
        found["log_level"] = np.log(rng.standard_gamma(names, weights.size) / weights)
    return found


def _compared(
    found: Mapping[str, Any],
) -> tuple[pandas.DataFrame | None, tuple[str, ...]]:
    from arviz_stats import compare

    if len(found) < 2:
        return None, ()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = compare(dict(found), method="stacking", round_to="none")
    return table, tuple(dict.fromkeys(str(one.message) for one in caught))


def _field(model: Model) -> Field:
    joint = model.joint
    if not isinstance(joint, Field):
        raise TypeError("the model has no table")
    return joint
