"""Carry out the comparisons of a study."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.comparison.comparing import FEW, UNRELIABLE, Comparison, compare_models
from estimation.comparison.evidence import evidence_weights
from estimation.comparison.mixtures import Mixture, mix
from estimation.diagnostics.gate import require, tree_verdict
from estimation.errors import RefusedError
from estimation.fit.key import canonical
from estimation.sensitivity.kept import kept
from estimation.study.sensitivity_run import Options
from models.model import Model

if TYPE_CHECKING:
    from estimation.study.comparison import ComparisonPlan


@dataclasses.dataclass(frozen=True, eq=False)
class ComparisonFound:
    """What a comparison found.

    Parameters
    ----------
    plan : ComparisonPlan
    prob : float
    rows : list of dict
        A row a model and method.
    verdicts : dict of str
        By method, whether it ranks the models, in words.
    mixture : Mixture or None
    draws : dict of (draw,) arrays
        Of the total by model, where there is a mixture.
    """

    plan: ComparisonPlan
    prob: float
    rows: list[dict[str, Any]]
    verdicts: dict[str, str]
    mixture: Mixture | None
    draws: dict[str, np.ndarray]


def compare(asked: ComparisonPlan, options: Options) -> ComparisonFound:
    """Carry out one comparison.

    Raises
    ------
    UndercountError
        If models cannot be compared, or one fails.
    """
    rows, verdicts = _kept(asked, options) if asked.methods else ([], {})
    weights = _weights(asked, rows, verdicts)
    if weights is None and isinstance(asked.weights, str):
        method = "loo" if asked.weights == "stacking" else asked.weights
        verdicts = verdicts | {
            method: verdicts[method] + "; its weights are not used for a mixture"
        }
    if weights is None:
        return ComparisonFound(asked, options.prob, rows, verdicts, None, {})
    _refuse_other_lists(asked.models)
    draws = {name: _totals(model, options) for name, model in asked.models.items()}
    orders = {name: m.moment_orders().get("total", np.inf) for name, m in asked.models.items()}
    mixture = mix(draws, weights, prob=options.prob, moment_orders=orders,
                  index={"comparison": asked.name})  # fmt: skip
    return ComparisonFound(asked, options.prob, rows, verdicts, mixture, draws)


def _kept(asked: ComparisonPlan, options: Options) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return rows and verdicts, from the store if it has them."""
    first = next(iter(asked.models.values()))
    parts = {
        "models": {name: [m.content(), m.coords()] for name, m in asked.models.items()},
        "methods": list(asked.methods), "numbers": asked.numbers,
    }  # fmt: skip
    found = kept(options.store, options.refit, "comparison", first, options.posteriors(first),
                 parts, lambda: _compared(asked, options))  # fmt: skip
    return found["rows"], found["verdicts"]


def _compared(asked: ComparisonPlan, options: Options) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    verdicts: dict[str, str] = {}
    predictive = tuple(method for method in asked.methods if method != "evidence")
    if predictive:
        numbers: dict[str, Any] = dict(asked.numbers)
        found: Comparison = compare_models(
            asked.models, predictive, draws=options.draws, seed=options.seed, store=options.store,
            refit=options.refit, executor=options.executor, tell=options.tell, **numbers,
        )  # fmt: skip
        rows += found.rows()
        verdicts |= {
            name: f"{one.verdict}: {one.says.removeprefix(one.verdict + ': ')}"
            for name, one in found.verdicts.items()
        }
    if "evidence" in asked.methods:
        rows += _evidence_rows(asked.models)
        verdicts["evidence"] = (
            "one list: weights say which prior and belief together expected its number of names "
            "best, not which coverage is right"
        )
    return {"rows": rows, "verdicts": verdicts}


def _evidence_rows(models: dict[str, Model]) -> list[dict[str, Any]]:
    table = evidence_weights(models)
    return [
        {
            "model": str(name), "method": "evidence", "kind": "quadrature",
            "elpd": float(row["log_evidence"]), "se": None,
            "difference": float(row["log_bayes_factor"]), "difference_se": None,
            "weight": float(row["weight"]), "points": 1, "influential": 0, "refits": 0,
            "verdict": "", "says": f"log evidence; numerical error {row['error']:.1g}",
        }
        for name, row in table.iterrows()
    ]  # fmt: skip


def _weights(
    asked: ComparisonPlan, rows: list[dict[str, Any]], verdicts: dict[str, str]
) -> dict[str, float] | None:
    if not isinstance(asked.weights, str):
        return asked.weights
    method = {"stacking": "loo"}.get(asked.weights, asked.weights)
    if verdicts.get(method, "").startswith((FEW, UNRELIABLE)):
        return None  # weights of models that cannot be ranked would rank them
    computed = {row["model"]: row["weight"] for row in rows if row["method"] == method}
    if any(weight is None for weight in computed.values()):
        return None  # the method gave no weights; its verdict says why
    total = sum(computed.values())
    return {name: computed[name] / total for name in asked.models}


def _refuse_other_lists(models: dict[str, Model]) -> None:
    """Refuse mixtures of totals of different lists: they are of other dates, or other people."""
    lists = {
        name: canonical(model.base.content()[model.base.data_field])
        for name, model in models.items()
    }
    first = next(iter(lists))
    for name, other in lists.items():
        if other != lists[first]:
            raise RefusedError(
                f"{first!r} and {name!r} are about different lists", where="models",
                why="a mixture says how sure one is of models of the same deaths",
                remedy="mix models of one list",
            )  # fmt: skip


def _totals(model: Model, options: Options) -> np.ndarray:
    fit = options.fit(model)
    require(tree_verdict(fit, options.prob), options.accept)
    return np.asarray(fit["posterior"]["total"].to_numpy().reshape(-1))
