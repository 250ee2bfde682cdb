"""The PyMC graph of late reports."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from models.graph_priors import half_normal, standard_normal, student
from models.reporting.curves import CERTAIN
from models.reporting.form import HEAVY, PRIORS, SMALL_COUNT, Form, weekday_contrasts

if TYPE_CHECKING:
    import pymc
    from pytensor.tensor.variable import TensorVariable


def build_graph(name: str, form: Form, values: Mapping[str, Any]) -> pymc.Model:
    """Return the PyMC model.

    Parameters
    ----------
    name : str
        Name of the evidence.
    form : Form
    values : mapping
        Values of all ``pm.Data``; see `models.late.Late.graph_data`.
    """
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model() as model:
        data = {key: pm.Data(key, value) for key, value in values.items()}
        position = pm.CustomDist(
            "position", data["center"], data["factor"], data["priors"],
            logp=functools.partial(_position_logp, form),
            support_point=lambda rv, size, center, factor, priors: pt.zeros_like(center),
            signature="(n),(n,m),(k)->(n)",
        )  # fmt: skip
        latent = latent_of(position, data["center"], data["factor"], form.size)
        pm.Deterministic("latent", latent)
        prior = {key: data["priors"][at] for at, key in enumerate(PRIORS)}
        observe_cells(name, form, latent, data, prior)
    return model


def observe_cells(
    name: str, form: Form, latent: Any, data: Mapping[str, Any], prior: Mapping[str, Any]
) -> None:
    """Add the names of past cells to the PyMC model in context."""
    import pymc as pm
    import pytensor.tensor as pt

    inverse = pt.exp(2 * latent[form.blocks["log_noise"]])[0]
    pm.CustomDist(
        name, _log_mean(form, latent, data, prior), inverse, data["seen"][:, None],
        data["constant"], logp=_small_logp if form.small else _large_logp,
        observed=data[f"{name}_count"],
    )  # fmt: skip


def latent_of(position: Any, center: Any, factor: Any, size: int) -> TensorVariable:
    """Return the unknowns that stand at a position of the sampler's coordinates."""
    import pytensor.tensor as pt

    # not a product by BLAS: its sums depend on the number of threads, which chains need themselves
    moved = (factor * position[None, :]).sum(axis=1)
    return pt.specify_shape(center + moved, (size,))


def _position_logp(form: Form, position: Any, center: Any, factor: Any, priors: Any) -> Any:
    """Return the log prior density of all unknowns in latent coordinates.

    The determinant of the factor, a constant, is left out.
    """
    latent = latent_of(position, center, factor, form.size)
    return prior_density(form, latent, {key: priors[at] for at, key in enumerate(PRIORS)})


def prior_density(form: Form, latent: Any, prior: Mapping[str, Any]) -> Any:
    """Return the log prior density of the blocks of a form in latent coordinates."""
    total: Any = 0.0
    for name, block in form.blocks.items():
        values = latent[block]
        if name == "level":
            continue
        if name.startswith("log_"):
            total += half_normal(values, prior[name])
        elif name in HEAVY:
            total += student(values, prior[f"{name}_tail"])
        else:
            total += standard_normal(values)
    return total


def log_rate(
    form: Form, latent: Any, data: Mapping[str, Any], prior: Mapping[str, Any]
) -> TensorVariable:
    """Return the log expected names of each period that all strata share, (n_period,)."""
    import pytensor.tensor as pt

    steps = pt.exp(latent[form.blocks["log_step"]]) * pt.sinh(latent[form.blocks["step"]])
    if form.walk_drift:
        steps = steps + prior["walk_drift"] * latent[form.blocks["walk_drift"]]
    moves = pt.concatenate([pt.zeros(1), pt.cumsum(steps)])
    walk = data["typical"] + latent[form.blocks["level"]] + moves - moves.mean()
    if form.weekly:
        effects = pt.dot(weekday_contrasts(), latent[form.blocks["event_weekday"]])
        walk = walk + (effects * prior["event_weekday"])[data["weekdays"][: form.periods]]
    return walk


def _log_mean(
    form: Form, latent: Any, data: Mapping[str, Any], prior: Mapping[str, Any]
) -> TensorVariable:
    """Return the log expected names of each past cell, (n_cell, n_stratum)."""
    import pytensor.tensor as pt

    contrasts = weekday_contrasts()

    def block(name: str) -> Any:
        return latent[form.blocks[name]]

    def weekly(name: str, scale: str, length: int) -> Any:
        return (pt.dot(contrasts, block(name)) * prior[scale])[data["weekdays"][:length]]

    def path(steps: Any) -> Any:
        return pt.concatenate([pt.zeros(1), pt.cumsum(steps)])

    walk = log_rate(form, latent, data, prior)
    base = prior["first"] + prior["first_spread"] * block("first")
    if form.delays > 2:
        base = base + path(pt.exp(block("log_delay_step")) * pt.sinh(block("delay")))
    shocks = pt.exp(block("log_shock")) * pt.sinh(block("shock"))
    if form.sparse:
        return walk[data["period"], None] + _log_reported(base, shocks, data)[:, None]
    calendar = shocks * data["published"]
    event: Any = pt.zeros(form.periods)
    if form.weekly:
        calendar = calendar + weekly("report_weekday", "report_weekday", form.reports)
        event = weekly("delay_weekday", "delay_weekday", form.periods)
    if form.drift:
        drift = path(pt.exp(block("log_drift")) * block("drift"))
        calendar = calendar + drift - drift.mean()
    period, delay = data["period"], data["delay"]
    hazard = pt.concatenate([base, pt.zeros(1)])[delay] + calendar[period + delay] + event[period]
    for early in range(form.early):
        effect = weekly(f"delay_weekday_{early}", "delay_weekday", form.periods)
        hazard = hazard + pt.eq(delay, early) * effect[period]
    hazard = hazard[:, None]
    rates = walk[:, None]
    if form.strata > 1:
        rates = rates + (pt.exp(block("log_spread")) * block("effect"))[None, :]
        hazard = hazard + (pt.exp(block("log_stratum_delay")) * block("stratum_delay"))[None, :]
    if form.own:
        own = block("own").reshape((form.periods - 1, form.strata))
        own = (own - own.mean(axis=1, keepdims=True)) * pt.exp(block("log_own_step"))
        own = pt.concatenate([pt.zeros((1, form.strata)), pt.cumsum(own, axis=0)], axis=0)
        rates = rates + own
    certain = pt.eq(delay, form.delays - 1)[:, None]
    hazard = pt.switch(certain, CERTAIN, hazard)
    passed = pt.concatenate(
        [pt.zeros((1, form.strata)), pt.cumsum(pt.softplus(hazard), axis=0)], axis=0
    )
    waited = passed[data["merged"]]
    now = pt.maximum(passed[1:] - waited, 1e-12)
    return rates[period] + passed[data["begin"]] - waited + pt.log(-pt.expm1(-now))


def _log_reported(base: Any, shocks: Any, data: Mapping[str, Any]) -> Any:
    """Return the log probability to be reported in each seen cell; see `past.sparse_cells`."""
    import pytensor.tensor as pt

    def sums(values: Any) -> Any:
        return pt.concatenate([pt.zeros(1), pt.cumsum(values)])

    usual = sums(pt.concatenate([pt.softplus(base), pt.as_tensor([CERTAIN])]))
    hazard = base[data["corrected"]]
    shocked = pt.softplus(hazard + shocks[data["publication"]])
    moved = sums(shocked - pt.softplus(hazard))
    start = moved[data["begin"]]
    waited = usual[data["merged"]] + moved[data["before"]] - start
    passed = usual[data["delay"] + 1] + moved[data["after"]] - start
    return -waited + pt.log(-pt.expm1(-pt.maximum(passed - waited, 1e-12)))


def _small_logp(count: Any, log_mean: Any, inverse: Any, seen: Any, constant: Any) -> Any:
    """Return the negative binomial log probability, variance mean + inverse mean^2.

    All cells share one size, so that gamma(count + size) / gamma(size) inverse^count, the product
    of 1 + k inverse over k < count, comes from one table: a fifth of the time of gammaln.
    """
    import pytensor.tensor as pt

    steps = pt.log1p(np.arange(SMALL_COUNT, dtype=float) * inverse.ravel()[0])  # one for all
    rising = pt.concatenate([pt.zeros(1), pt.cumsum(steps)])[pt.cast(count, "int64")]
    return _logp(count, log_mean, inverse, seen, constant, rising)


def _large_logp(count: Any, log_mean: Any, inverse: Any, seen: Any, constant: Any) -> Any:
    """Return the same where counts are too large for a table."""
    import pytensor.tensor as pt

    size = 1 / inverse
    rising = pt.gammaln(count + size) - pt.gammaln(size) + count * pt.log(inverse)
    return _logp(count, log_mean, inverse, seen, constant, rising)


def _logp(count: Any, log_mean: Any, inverse: Any, seen: Any, constant: Any, rising: Any) -> Any:
    import pytensor.tensor as pt

    # the graph knows the sizes of results, but not of data
    strata = log_mean.type.shape[1]
    count, rising, constant = (
        pt.specify_shape(one, (None, strata)) for one in (count, rising, constant)
    )
    spread = (count + 1 / inverse) * pt.softplus(log_mean + pt.log(inverse))
    return seen * (rising - constant + count * log_mean - spread)
