"""Carry out the sensitivity studies of a study."""

from __future__ import annotations

import dataclasses
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from estimation.errors import UndercountError
from estimation.fit.engine import Engine, plan
from estimation.fit.store import Refit, Store
from estimation.progress import Tell, silent, watch
from estimation.sensitivity.anatomy import Anatomy, Part, anatomy
from estimation.sensitivity.indices import Index, sobol_indices
from estimation.sensitivity.kept import kept
from estimation.sensitivity.posteriors import Posteriors, Target
from estimation.sensitivity.power_scaling import Scaled, power_scaling
from estimation.sensitivity.scenarios import BUDGET, Scenarios, run_scenarios
from estimation.sensitivity.tipping import Question, Tipping, tipping_point
from models.model import Model

if TYPE_CHECKING:
    import xarray

    from estimation.study.sensitivity import SensitivityPlan


@dataclasses.dataclass(frozen=True)
class Options:
    """How the studies beside the fits are carried out; see `estimation.study.run.fit_study`."""

    seed: int
    prob: float
    engine: Engine = "auto"
    accept: str | None = None
    draws: int | None = None
    store: Store | None = None
    refit: Refit = "on_change"
    executor: Executor | None = None
    confirmed: bool = False
    tell: Tell = silent

    def posteriors(self, model: Model) -> Posteriors:
        """Return posteriors of a model and its relatives; an engine it lacks is not asked for."""
        engine: Engine = "auto" if self.engine == "exact" and not model.joint.exact else self.engine
        return Posteriors(engine=engine, draws=self.draws, seed=self.seed, prob=self.prob,
                          accept=self.accept, tell=self.tell)  # fmt: skip

    def fit(self, model: Model) -> xarray.DataTree:
        """Return the fit of a model, from the store if it has it."""
        engine = self.posteriors(model).engine
        planned = plan(model, engine, draws=self.draws, seed=self.seed)
        watched = watch(self.tell, "model as stated")
        return planned.obtain(self.store, self.refit, progress=watched)[0]


@dataclasses.dataclass(frozen=True, eq=False)
class SensitivityFound:
    """What a sensitivity study found.

    Parameters
    ----------
    plan : SensitivityPlan
    prob : float
    engine : {"exact", "nuts"}
    scenarios : Scenarios or None
    alone : Scenarios or None
        Each field varied alone, all else being as stated: what a tornado shows.
    indices : tuple of Index
    tipping : tuple of Tipping
    anatomy : tuple of Anatomy
        One a target.
    scaled : tuple of Scaled
        Power scaling.
    failed : dict of str
        Reasons of what could not be found, by what it is.
    """

    plan: SensitivityPlan
    prob: float
    engine: str
    scenarios: Scenarios | None
    alone: Scenarios | None
    indices: tuple[Index, ...]
    tipping: tuple[Tipping, ...]
    anatomy: tuple[Anatomy, ...]
    scaled: tuple[Scaled, ...]
    failed: dict[str, str]


def vary(asked: SensitivityPlan, options: Options) -> SensitivityFound:
    """Carry out one sensitivity study.

    Parameters
    ----------
    asked : SensitivityPlan
    options : Options

    Raises
    ------
    UndercountError
        If the model as stated fails; what else fails is kept with its reason.
    """
    posteriors = options.posteriors(asked.model)
    failed: dict[str, str] = {}
    scenarios = alone = None
    indices: list[Index] = []
    if asked.design is not None:
        design = dataclasses.replace(asked.design, seed=options.seed)
        common: dict[str, Any] = {
            "engine": posteriors.engine, "draws": options.draws, "accept": options.accept,
            "store": options.store, "refit": options.refit, "executor": options.executor,
            "confirmed": options.confirmed, "tell": options.tell, "prob": options.prob,
            "seed": options.seed,
        }  # fmt: skip
        scenarios = run_scenarios(asked.model, design, targets=asked.targets, **common)
        alone = scenarios
        if design.kind != "one_at_a_time":
            each = dataclasses.replace(design, kind="one_at_a_time", points=None)
            share = BUDGET * each.size // design.size
            alone = run_scenarios(
                asked.model, each, targets=asked.targets, budget=share, **common
            )  # fmt: skip
        failed |= {f"scenario {i}": reason for i, reason in scenarios.failed.items()}
        if asked.indices is not None:
            for target in asked.targets:
                try:
                    indices += sobol_indices(
                        asked.model, design.axes, asked.indices, target=target, **common,
                    )  # fmt: skip
                except UndercountError as error:
                    failed[f"indices of {target.name}"] = str(error)
    tipping = _tipping(asked, options, posteriors, failed)
    numbers = [one for one in asked.targets if not one.event]
    parts = []
    for target in numbers if asked.anatomy else ():
        try:
            parts.append(_anatomy(asked.model, target, options, posteriors))
        except UndercountError as error:
            failed[f"anatomy of {target.name}"] = str(error)
    scaled = _scaled(asked, options, posteriors) if asked.power_scaling else []
    engine = posteriors.plan(asked.model).engine
    return SensitivityFound(
        asked, options.prob, engine, scenarios, alone, tuple(indices), tuple(tipping), tuple(parts),
        tuple(scaled), failed,
    )  # fmt: skip


def _tipping(
    asked: SensitivityPlan, options: Options, posteriors: Posteriors, failed: dict[str, str]
) -> list[Tipping]:
    found = []
    for number, question in enumerate(asked.questions, 1):
        parts = {"question": _plain(question)}

        def find(question: Question = question) -> dict[str, Any]:
            tipping = tipping_point(posteriors, asked.model, question)
            return {key: getattr(tipping, key) for key in ("median", "low", "high", "says")}

        try:
            one = kept(options.store, options.refit, "tipping", asked.model, posteriors, parts,
                       find)  # fmt: skip
        except UndercountError as error:
            failed[f"tipping {number} ({question.title or question.field})"] = str(error)
            continue
        ends = {key: tuple(one[key]) for key in ("median", "low", "high")}
        found.append(Tipping(question, options.prob, **ends, says=one["says"]))
    return found


def _plain(question: Question) -> dict[str, Any]:
    return {"field": question.field, "threshold": question.threshold, "low": question.low,
            "high": question.high, "target": repr(question.target)}  # fmt: skip


def _anatomy(model: Model, target: Target, options: Options, posteriors: Posteriors) -> Anatomy:
    def find() -> dict[str, Any]:
        return dataclasses.asdict(anatomy(posteriors, model, target, prob=options.prob))

    parts = {"target": repr(target)}
    found = kept(options.store, options.refit, "anatomy", model, posteriors, parts, find)
    return Anatomy(**{**found, "parts": tuple(Part(**part) for part in found["parts"])})


def _scaled(asked: SensitivityPlan, options: Options, posteriors: Posteriors) -> list[Scaled]:
    variables = tuple(target.name for target in asked.targets if target.estimand is None)

    def find() -> list[dict[str, Any]]:
        fit = options.fit(asked.model)
        return [dataclasses.asdict(one) for one in power_scaling(fit, asked.model, variables)]

    parts = {"variables": list(variables)}
    found = kept(options.store, options.refit, "power scaling", asked.model, posteriors, parts,
                 find)  # fmt: skip
    return [Scaled(**one) for one in found]
