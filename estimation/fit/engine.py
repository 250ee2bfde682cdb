"""Fit a model: exact where that exists, else the graph under NUTS; or take the fit from a store."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from estimation.errors import InvalidValueError, UsageError
from estimation.fit import exact, nuts
from estimation.fit.record import Record
from estimation.fit.store import Refit, Store, obtain
from estimation.fit.tree import from_record, ingredients, labeled, to_record, to_tree
from estimation.progress import Watch
from models.model import Model

if TYPE_CHECKING:
    import xarray

Engine = Literal["auto", "exact", "nuts"]


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be fitted, and how: a value that can be sent to another process.

    Parameters
    ----------
    model : Model
    engine : {"exact", "nuts"}
    settings : dict
        chains and draws; for NUTS also tune.
    seed : int
    """

    model: Model
    engine: str
    settings: dict[str, int]
    seed: int

    def made_of(self) -> dict[str, Any]:
        """Return everything that the numbers depend on."""
        return ingredients(self.model, self.engine, self.seed, self.settings)

    def carry_out(self, cores: int | None = None, progress: Watch | None = None) -> xarray.DataTree:
        """Draw from the posterior."""
        chains, size = self.settings["chains"], self.settings["draws"]
        statistics = None
        if self.engine == "exact":
            draws = exact.exact_draws(self.model, chains * size, self.seed)
            unknowns = draws
        else:
            draws, unknowns, statistics = nuts.nuts_draws(
                self.model, size, tune=self.settings["tune"], chains=chains, cores=cores,
                seed=self.seed, progress=progress,
            )  # fmt: skip
        return to_tree(
            self.model, draws, unknowns, statistics, engine=self.engine, seed=self.seed,
            settings=self.settings,
        )  # fmt: skip

    def obtain(
        self, store: Store | None, refit: Refit, cores: int | None = None,
        progress: Watch | None = None,
    ) -> tuple[xarray.DataTree, str]:  # fmt: skip
        """Return the fit, and whether it was "stored" or "made"; see `estimation.fit.store`."""
        fresh: list[xarray.DataTree] = []
        made_of = self.made_of()

        def make() -> Record:
            fresh.append(self.carry_out(cores, progress))
            return to_record(fresh[0], made_of)

        record, origin = obtain(store, refit, made_of, make)
        return (fresh[0] if fresh else labeled(from_record(record), self.model)), origin


def plan(
    model: Model, engine: Engine = "auto", *, draws: int | None = None, chains: int = 4,
    tune: int | None = None, seed: int = 1,
) -> Plan:  # fmt: skip
    """Return how a model will be fitted; the arguments are those of `fit`."""
    if not isinstance(model, Model):
        raise InvalidValueError(f"must be a Model, not {model!r}", where="model")
    if engine not in ("auto", "exact", "nuts"):
        raise UsageError(f"no engine {engine!r}", where="engine", remedy="auto, exact or nuts")
    if engine == "exact" and not model.joint.exact:
        what, why = f"{model.losses.kind} losses have", "the rates of cells depend on each other"
        if len(model.evidence) > 1:
            what, why = "a model of several sources has", "they inform coverage together"
        raise UsageError(f"{what} no exact draws", where="engine", why=why, remedy="auto or nuts")
    chosen = engine if engine != "auto" else "exact" if model.joint.exact else "nuts"
    size = draws
    if size is None:
        size = exact.DRAWS if chosen == "exact" else nuts.default_draws(model)
    warm = nuts.default_tune(model) if tune is None else tune
    lowest = {"draws": (size, 4), "chains": (chains, 1), "tune": (warm, 1), "seed": (seed, 0)}
    for name, (value, low) in lowest.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise UsageError(f"must be a whole number, {low} or more, not {value!r}", where=name)
    settings = {"chains": chains, "draws": size}
    if chosen == "nuts":
        settings["tune"] = warm
    return Plan(model, chosen, settings, seed)


def fit(
    model: Model,
    engine: Engine = "auto",
    *,
    draws: int | None = None,
    chains: int = 4,
    tune: int | None = None,
    cores: int | None = None,
    seed: int = 1,
    store: Store | str | Path | None = None,
    refit: Refit = "on_change",
    progress: Watch | None = None,
) -> xarray.DataTree:
    """Draw from the posterior of a model.

    Parameters
    ----------
    model : Model
        What happened and how it came to be seen.
    engine : {"auto", "exact", "nuts"}
        "auto" takes exact draws where they exist: flat losses with one count and nothing else.
    draws : int, optional
        Draws a chain: 25,000 exact; by NUTS 1,000, or 2,000 for a table of 1,000 cells or fewer.
    chains : int
        Chains; of independent draws, just rows.
    tune : int, optional
        Warm-up draws a chain (NUTS): 1,000, or 500 for late reports.
    cores : int, optional
        Processor cores (NUTS); all by default.  The draws do not depend on it.
    seed : int
        Seed, 0 or more.
    store : Store, str or Path, optional
        Where fits are kept and found again; nothing is kept by default.
    refit : {"never", "on_change", "always"}
        With a store: take the fit from there or refuse; fit if model, data, settings, seed or
        library versions are new; fit anew in any case.
    progress : callable, optional
        Told how far each chain is, while NUTS runs; see `estimation.progress`.

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
    RefusedError
        If nothing may be fitted and the store has no such fit.
    DataError
        If the store cannot be read or written.
    """
    planned = plan(model, engine, draws=draws, chains=chains, tune=tune, seed=seed)
    return planned.obtain(as_store(store), refit, cores, progress)[0]


def as_store(store: Store | str | Path | None) -> Store | None:
    """Return a store, given one or the name of its folder."""
    return store if store is None or isinstance(store, Store) else Store(store)
