"""The marginal likelihood of exact models: how probable each made the list before it was seen.

The rate is integrated out in closed form; what is left depends on s = log(coverage / precision)
alone and is integrated over the two beliefs by quadrature.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from estimation.comparison.mixtures import stated_weights
from estimation.comparison.quadrature import (
    SMALLEST_LOG_SHARE,
    Coordinate,
    InnerIntegrals,
    double_integral,
)
from estimation.comparison.refusals import counted
from estimation.errors import InvalidValueError, NotEstimableError, RefusedError
from models import Flat, GammaPrior, Known, Model
from models.beliefs.base import FloatArray
from models.inclusion import LogLikelihood, count_log_likelihood

if TYPE_CHECKING:
    import pandas as pd

#: An error of the log evidence above this is no evidence.
_LARGEST_ERROR = 0.01
#: Around its bends, nodes of an interpolated likelihood are nearer to each other than this.
_DENSE = 0.1


@dataclasses.dataclass(frozen=True)
class Evidence:
    """Log marginal likelihood (natural logarithm) of one list under one model, and its error.

    Parameters
    ----------
    value : float
        log p(count | model).
    error : float
        Estimated absolute error of `value`: quadrature and rounding.
    """

    value: float
    error: float


def log_evidence(model: Model) -> Evidence:
    """Return the log marginal likelihood of a flat model with a proper prior.

    Parameters
    ----------
    model : Model
        Flat losses with a gamma prior, and one count that is a number.

    Raises
    ------
    RefusedError
        If the prior is improper or the count is a table.
    NotEstimableError
        If the integral does not settle.

    Notes
    -----
    Evidence is a statement about priors: it says how well the prior of the rate and the beliefs
    together foresaw one number, and a vague prior is punished for being vague.
    """
    losses, prior = _with_proper_prior(model)
    count, clustering = model.base, losses.clustering
    likelihood = _bounded(count_log_likelihood(count.names, prior, clustering))
    signed = ((1.0, count.coverage), (-1.0, count.precision))
    shares = [(sign, belief) for sign, belief in signed if not isinstance(belief, Known)]
    shift = sum(sign * np.log(belief.value) for sign, belief in signed if isinstance(belief, Known))
    rounding = _rounding(count.names, prior, clustering)
    if not shares:
        value, error = float(likelihood(np.array([shift]))[0]), 0.0
    elif len(shares) == 1:
        found = InnerIntegrals(likelihood, *shares[0]).integrals(np.array([shift]))
        value, error = float(found[0][0]), float(found[1][0])
    elif clustering is None:
        value, error = double_integral(
            InnerIntegrals(likelihood, *shares[0]), Coordinate(shares[1][1])
        )
    else:
        center = float(np.log((count.names + 0.5) * prior.inverse_scale / prior.shape))
        curve, misses = _interpolated(likelihood, center)
        value, error = double_integral(InnerIntegrals(curve, *shares[0]), Coordinate(shares[1][1]))
        # the integral is a mean of likelihoods: those far below it do not matter
        rounding += misses(value - 20)
    error += rounding
    if not (np.isfinite(value) and error < _LARGEST_ERROR):
        raise NotEstimableError(
            f"the evidence does not settle: {value:.6g} with an error of {error:.2g}",
            where="model", why="prior, beliefs and count are beyond what numbers can hold together",
            remedy="state less extreme ones",
        )  # fmt: skip
    return Evidence(float(value), error)


def evidence_weights(
    models: Mapping[str, Model], prior_weights: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return evidence, Bayes factors and posterior weights of models of the same list.

    Parameters
    ----------
    models : mapping of str to Model
        All with the same evidence: name and count.
    prior_weights : mapping of str to float, optional
        Probability of each model before the list was seen; equal by default.

    Returns
    -------
    pandas.DataFrame
        One row a model: log_evidence, error, log_bayes_factor (against the best model: 0 or less),
        bayes_factor, prior_weight, weight.

    Raises
    ------
    RefusedError
        If the data differ, or one model has no evidence.
    InvalidValueError
        If there is no model, or prior weights do not fit.
    """
    import pandas as pd
    from scipy.special import softmax

    equal = dict.fromkeys(models, 1 / max(len(models), 1))
    prior = stated_weights(equal if prior_weights is None else prior_weights, models)
    _refuse_different_data(models)
    found = {name: log_evidence(model) for name, model in models.items()}
    table = pd.DataFrame(
        [dataclasses.astuple(one) for one in found.values()],
        columns=["log_evidence", "error"], index=pd.Index(list(found), name="model"),
    )  # fmt: skip
    table["log_bayes_factor"] = table["log_evidence"] - table["log_evidence"].max()
    table["bayes_factor"] = np.exp(table["log_bayes_factor"])
    table["prior_weight"] = [prior[name] for name in found]
    with np.errstate(divide="ignore"):  # a weight of 0 stays 0
        table["weight"] = softmax(table["log_evidence"] + np.log(table["prior_weight"]))
    return table


def _with_proper_prior(model: Model) -> tuple[Flat, GammaPrior]:
    if not isinstance(model, Model):
        raise InvalidValueError(f"must be a Model, not {model!r}", where="model")
    if not isinstance(model.losses, Flat):
        raise RefusedError(
            f"{model.losses.kind} losses have no exact evidence", where="losses",
            why="their level has the scale prior, which is improper: the evidence is then known "
            "only up to a constant, and any belief on coverage has the same",
            remedy="compare how models foresee later lists instead",
        )  # fmt: skip
    if not isinstance(model.losses.prior, GammaPrior):
        raise RefusedError(
            "the scale prior has no evidence", where="losses.prior",
            why="it is improper, and under it every belief on coverage has the same marginal "
            "likelihood: one count cannot rank beliefs",
            remedy="state a proper gamma prior on the expected deaths",
        )  # fmt: skip
    return model.losses, model.losses.prior


def _refuse_different_data(models: Mapping[str, Model]) -> None:
    counts = {name: counted(model, f"models[{name!r}]").count for name, model in models.items()}
    first, one = next(iter(models.items()))
    for name, model in models.items():
        if (model.base_name, counts[name]) != (one.base_name, counts[first]):
            raise RefusedError(
                f"{first!r} and {name!r} are models of different data", where="models",
                why="evidence of different data cannot be compared",
                remedy="give all models the same evidence: its name and its count",
            )  # fmt: skip


def _bounded(likelihood: LogLikelihood) -> LogLikelihood:
    """Return a likelihood of s in any shape, level beyond what shares can be told apart."""

    def bounded(s: FloatArray) -> FloatArray:
        inside = np.clip(s, SMALLEST_LOG_SHARE, -SMALLEST_LOG_SHARE)
        return np.asarray(likelihood(inside.ravel())).reshape(inside.shape)

    return bounded


def _interpolated(
    likelihood: LogLikelihood, center: float
) -> tuple[LogLikelihood, Callable[[float], float]]:
    """Return a spline through a costly likelihood, and how far it misses above a height.

    Nodes are dense around `center`, where the bends of the likelihood are.
    """
    from scipy.interpolate import make_interp_spline

    def node(s: FloatArray) -> FloatArray:
        inside = np.clip(s, SMALLEST_LOG_SHARE, -SMALLEST_LOG_SHARE)
        return np.asarray(np.arcsinh((inside - center) / _DENSE))

    low, high = node(np.array([-np.inf, np.inf])).tolist()
    nodes = np.linspace(low, high, 8001)
    exact = likelihood(center + _DENSE * np.sinh(nodes))
    spline = make_interp_spline(nodes[::2], exact[::2], k=5)
    distance = np.abs(spline(nodes) - exact)
    return (
        lambda s: np.asarray(spline(node(s))),
        lambda height: float(distance[exact > height].max(initial=0.0)),
    )


def _rounding(count: int, prior: GammaPrior, clustering: float | None) -> float:
    """Return the error of a log likelihood whose large terms cancel."""
    from scipy.special import gammaln

    sizes = [count + prior.shape, prior.shape, count + 1, clustering or 1.0]
    rounded = float(4 * np.finfo(float).eps * np.abs(gammaln(sizes)).sum())
    return rounded + (0.0 if clustering is None else 1e-8)  # of the quadrature over clustering
