"""A few scenarios evaluated in one go, here or in another process, and kept."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from estimation.diagnostics.gate import require
from estimation.diagnostics.verdicts import FAIL, Verdict
from estimation.errors import UndercountError
from estimation.fit.engine import Engine
from estimation.fit.key import code_digest, engine_versions
from estimation.fit.record import Record
from estimation.fit.store import Refit, Store, obtain
from estimation.sensitivity.axes import Axis, put
from estimation.sensitivity.kept import CODE
from estimation.sensitivity.posteriors import Posterior, Posteriors, Target
from estimation.summaries.estimates import QUANTILES
from models.model import Model

#: What is kept of each target in each scenario, quantiles last; of an event all are its
#: probability.
NUMBERS = ("median", "mean", "sd", "low", "high", *(f"q{level}" for level in QUANTILES))


@dataclasses.dataclass(frozen=True)
class Settings:
    """How scenarios are evaluated; see `estimation.sensitivity.scenarios.run_scenarios`."""

    engine: Engine
    draws: int | None
    most_draws: int | None
    seed: int
    prob: float
    accept: str | None
    cores: int | None

    def posteriors(self) -> Posteriors:
        """Return the posteriors of this process for these settings."""
        return _posteriors(self)

    def more(self) -> Settings | None:
        """Return settings with four times the draws, or None if these are the most allowed."""
        if self.draws is None or self.most_draws is None or self.draws >= self.most_draws:
            return None
        return dataclasses.replace(self, draws=min(4 * self.draws, self.most_draws))


@functools.lru_cache(maxsize=4)
def _posteriors(settings: Settings) -> Posteriors:
    return Posteriors(
        engine=settings.engine, draws=settings.draws, seed=settings.seed, cores=settings.cores,
        prob=settings.prob, accept=settings.accept,
    )  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class Chunk:
    """Scenarios that are evaluated together.

    Parameters
    ----------
    index : (n,) integers
        Their numbers in the design.
    codes : (n, n_axis) array
        Codes of their values; NaN means as stated.
    """

    index: np.ndarray
    codes: np.ndarray


def evaluate_chunk(
    model: Model, axes: tuple[Axis, ...], chunk: Chunk, targets: tuple[Target, ...],
    settings: Settings, store: Store | None, refit: Refit,
) -> tuple[np.ndarray, list[str], list[str], str]:  # fmt: skip
    """Return numbers (n, n_target, 12), reasons of failures, verdicts, and the origin."""
    versions = engine_versions(settings.posteriors().plan(model).engine)
    made_of = {
        "kind": "scenarios", "model": model.content(), "codes": chunk.codes,
        "axes": [(axis.field, axis.ranged, [_content(v) for v in axis.values]) for axis in axes],
        "targets": [repr(target) for target in targets], "engine": settings.engine,
        "draws": [settings.draws, settings.most_draws], "seed": settings.seed,
        "prob": settings.prob, "accept": bool(settings.accept), "versions": versions,
        "code": code_digest(*CODE),
    }  # fmt: skip
    if any(target.estimand is not None for target in targets):
        made_of["labels"] = model.coords()  # estimands name periods and strata

    def make() -> Record:
        numbers, reasons, verdicts = _evaluate(model, axes, chunk, targets, settings)
        return Record(made_of, {"reasons": reasons, "verdicts": verdicts}, {"numbers": numbers})

    record, origin = obtain(store, refit, made_of, make)
    return record.arrays["numbers"], record.meta["reasons"], record.meta["verdicts"], origin


def _content(value: Any) -> Any:
    """Return a listed value as plain data."""
    return value.content() if hasattr(value, "content") else repr(value)


def _evaluate(
    model: Model, axes: tuple[Axis, ...], chunk: Chunk, targets: tuple[Target, ...],
    settings: Settings,
) -> tuple[np.ndarray, list[str], list[str]]:  # fmt: skip
    numbers = np.full((len(chunk.codes), len(targets), len(NUMBERS)), np.nan)
    reasons, verdicts = [], []
    for i, codes in enumerate(chunk.codes.tolist()):
        reason = verdict = ""
        try:
            changed = put(model, axes, codes)
            found, judged = _judged(changed, targets, settings)
            verdict = judged.verdict
            require(judged, settings.accept)
            numbers[i] = summaries(found, targets, settings.prob)
        except UndercountError as error:
            reason = str(error)
        reasons.append(reason)
        verdicts.append(verdict)
    return numbers, reasons, verdicts


def _judged(
    model: Model, targets: tuple[Target, ...], settings: Settings
) -> tuple[Posterior, Verdict]:
    """Return a posterior with its verdict; too few independent draws are drawn anew."""
    while True:
        found = settings.posteriors().posterior(model)
        judged = found.verdict(settings.prob, targets)
        more = settings.more()
        if judged.verdict != FAIL or more is None or found.planned.engine != "exact":
            return found, judged
        settings = more


def summaries(posterior: Posterior, targets: Sequence[Target], prob: float) -> np.ndarray:
    """Return the numbers of each target, (n_target, 12)."""
    found = np.empty((len(targets), len(NUMBERS)))
    levels = np.array([(1 - prob) / 2, (1 + prob) / 2, *QUANTILES])
    orders = posterior.planned.model.moment_orders()
    for j, target in enumerate(targets):
        if posterior.of(target).dtype == bool:
            # an event has a probability, and no interval
            found[j] = float(posterior.of(target).mean())
            found[j, NUMBERS.index("sd")] = np.nan
            continue
        draws = posterior.ordered(target).astype(float)
        low, high, *quantiles = _sorted_quantiles(draws, levels)
        order = orders.get("deaths" if target.estimand else target.name, np.inf)
        mean = float(draws.mean()) if order > 1 else np.nan
        sd = float(draws.std(ddof=1)) if order > 2 else np.nan
        found[j] = [quantiles[QUANTILES.index(0.5)], mean, sd, low, high, *quantiles]
    return found


def _sorted_quantiles(draws: np.ndarray, levels: np.ndarray) -> list[float]:
    """Return what `numpy.quantile` returns, of draws that are sorted already."""
    place = levels * (draws.size - 1)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, draws.size - 1)
    return [float(x) for x in draws[below] + (place - below) * (draws[above] - draws[below])]
