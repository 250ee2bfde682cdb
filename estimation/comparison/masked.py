"""Fits without some cells, and what they say of the counts that were held out.

The cells are marked missing in a table of the same shape, so that the compiled graph is used again.
What is kept is small: log densities and predictive counts, not the fit.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from estimation.comparison.integrated import is_integrable
from estimation.comparison.predicting import cell_density, future, stratum_total
from estimation.comparison.refusals import counted
from estimation.diagnostics.gate import tree_verdict
from estimation.errors import UndercountError
from estimation.fit.batch import run_tasks
from estimation.fit.engine import Plan, plan
from estimation.fit.nuts import TUNE, nuts_draws
from estimation.fit.record import Record
from estimation.fit.store import Refit, Store, obtain
from estimation.progress import Progress, Tell, silent
from estimation.randomness import stream
from models.beliefs.base import FloatArray
from models.cells import Cells
from models.field import Field
from models.model import Model

#: What predictions depend on; of coverage and totals they do not.
UNKNOWNS = ("step", "drift", "spread", "own_step", "log_walk", "effect")

#: Level of the intervals whose Monte Carlo error the gate looks at.
_PROB = 0.95


@dataclasses.dataclass(frozen=True)
class Settings:
    """How fits are made, and where they are kept; see `estimation.fit.engine.fit`."""

    draws: int | None = None
    chains: int = 4
    tune: int = TUNE
    seed: int = 1
    cores: int | None = None
    store: Store | None = None
    refit: Refit = "on_change"
    executor: Executor | None = None
    tell: Tell = silent

    def plan(self, model: Model) -> Plan:
        """Return how a model will be fitted."""
        return plan(
            model, "nuts", draws=self.draws, chains=self.chains, tune=self.tune, seed=self.seed
        )


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """A fit without some cells, and the counts that it is to predict.

    Parameters
    ----------
    plan : Plan
        Of the model without them.
    cells : Cells
        The table with them.
    kind : {"cell", "future", "stratum"}
    index : int
        The cell in the order of the table's rows; the first period, or the stratum, held out.
    horizon : int
        Of the future: periods.
    """

    plan: Plan
    cells: Cells
    kind: Literal["cell", "future", "stratum"]
    index: int
    horizon: int = 0

    def made_of(self) -> dict[str, Any]:
        """Return everything that the result depends on."""
        asked = {"what": self.kind, "index": self.index, "horizon": self.horizon}
        held = {"cells": self.cells.content(), "code": _code_digest()}
        return self.plan.made_of() | {"kind": "held out", **asked, "held": held}


@dataclasses.dataclass(frozen=True)
class Found:
    """What a fit says of held-out counts: arrays by name, or why it says nothing."""

    arrays: dict[str, np.ndarray]
    failed: str = ""


def without(model: Model, hidden: NDArray[np.bool_]) -> Model:
    """Return a model of the same table with more cells missing.

    Raises
    ------
    UndercountError
        If what is left determines nothing.
    """
    cells = _cells(model)
    missing = np.asarray(cells.missing) | hidden
    return model.replace(f"{model.base_name}.count", dataclasses.replace(cells, missing=missing))


def carry_out_held_out[Name](
    asked: dict[Name, HeldOut | UndercountError], settings: Settings
) -> dict[Name, Found]:
    """Return what all fits say, in the order asked; what could not be fitted says why."""
    cores = None if settings.executor is None else 1
    tasks = {
        name: (one, settings.store, settings.refit, cores or settings.cores)
        for name, one in asked.items() if isinstance(one, HeldOut)
    }  # fmt: skip
    counted = 0

    def done(name: Name, result: Any) -> None:
        nonlocal counted
        counted += 1
        words = ", ".join(map(str, name)) if isinstance(name, tuple) else f"cell {name}"
        stage = "failed" if isinstance(result, UndercountError) else "made"
        settings.tell(Progress(words, stage, counted, len(tasks)))

    results: dict[Any, Any] = run_tasks(
        _carry_out_one, tasks, executor=settings.executor, store=settings.store, done=done
    )
    results |= {name: one for name, one in asked.items() if isinstance(one, UndercountError)}
    return {
        name: Found({}, str(results[name])) if isinstance(results[name], UndercountError)
        else results[name]
        for name in asked
    }  # fmt: skip


def fit_is_sound(unknowns: dict[str, FloatArray], statistics: Any, settings: dict[str, int]) -> str:
    """Return why predictions of a fit are not to be trusted; nothing if they are.

    Parameters
    ----------
    unknowns : dict of (draw, ...) arrays
        Unknowns by name; others than `UNKNOWNS` are not looked at.
    statistics : xarray.Dataset
        The sampler's.
    settings : dict
        chains and draws.
    """
    import xarray

    shape = (settings["chains"], settings["draws"])
    posterior = xarray.Dataset(
        {
            name: (("chain", "draw", *[f"{name}_{i}" for i in range(value.ndim - 1)]),
                   value.reshape(*shape, *value.shape[1:]))
            for name, value in unknowns.items() if name in UNKNOWNS
        },
        coords={f"{name}_{i}": np.arange(size) for name, value in unknowns.items()
                if name in UNKNOWNS for i, size in enumerate(value.shape[1:])},
    )  # fmt: skip
    tree = xarray.DataTree.from_dict({"posterior": posterior, "sample_stats": statistics})
    tree.attrs = {"engine": "nuts", "constants": "[]"}
    return "; ".join(check.says for check in tree_verdict(tree, _PROB).failed())


def _carry_out_one(held: HeldOut, store: Store | None, refit: Refit, cores: int | None) -> Found:
    made_of = held.made_of()

    def make() -> Record:
        arrays, failed = _predicted(held, cores)
        return Record(made_of, {"failed": failed}, arrays)

    record, _ = obtain(store, refit, made_of, make)
    return Found(record.arrays, record.meta["failed"])


def _predicted(held: HeldOut, cores: int | None) -> tuple[dict[str, np.ndarray], str]:
    planned = held.plan
    settings = planned.settings
    _, unknowns, statistics = nuts_draws(
        planned.model, settings["draws"], tune=settings["tune"], chains=settings["chains"],
        cores=cores, seed=planned.seed,
    )  # fmt: skip
    field = with_counts(planned.model, held.cells)
    failed = fit_is_sound(_depended_on(held, field, unknowns), statistics, settings)
    if held.kind == "cell":
        density = cell_density(field, unknowns, held.index)
        return {"log_density": density.reshape(settings["chains"], settings["draws"])}, failed
    rng = stream(planned.seed, "held out", held.kind, str(held.index))
    if held.kind == "future":
        return future(field, unknowns, held.index, held.horizon, rng), failed
    return stratum_total(field, unknowns, held.index, rng), failed


def _depended_on(
    held: HeldOut, field: Field, unknowns: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    """Return unknowns without those that are integrated out, or drawn anew from the others.

    They may have two modes (a jump before or after a missing week) or tails that mix slowly.
    """
    found = dict(unknowns)
    if held.kind == "future":
        found["log_walk"] = found["log_walk"][:, : held.index]
    elif held.kind == "stratum" or is_integrable(field):
        name = "log_walk" if field.pooled is None else "effect"
        found[name] = np.delete(found[name], held.index, axis=1)
    return found


def with_counts(model: Model, cells: Cells) -> Field:
    """Return the joint of a model with a fuller table, but with the level that the model has.

    The walk is told against the mean count of the cells that were fitted.
    """
    losses: Any = model.losses
    count = counted(model, f"evidence.{model.base_name}")
    fitted = Field(losses, count, _cells(model), model.base_name)
    field = Field(losses, count, cells, model.base_name)
    field.__dict__["log_base"] = fitted.log_base  # where the cached value stands
    return field


def _cells(model: Model) -> Cells:
    cells = model.base.cells
    if cells is None:
        raise TypeError("a single number has no cells")
    return cells


@functools.cache
def _code_digest() -> str:
    """Return a hash of the code that predicts, which no version tells apart."""
    digest = hashlib.sha256()
    for name in ("masked", "predicting", "integrated"):
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes() + b"\0")
    return digest.hexdigest()
