"""The PyMC graph of losses over cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pymc
    from pytensor.tensor.variable import TensorVariable

    from models.field import Field

#: Rate of a cell that was not observed, as far as the likelihood is concerned.
_NOTHING = 1e-12


def build_graph(field: Field) -> pymc.Model:
    """Return the PyMC model of a field; every number is ``pm.Data``."""
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model() as model:
        data = {name: pm.Data(name, value) for name, value in field.graph_data().items()}
        log_rate = _walk(field, data)[:, None] + data["log_base"][None, :]
        if field.pooled is not None:
            log_rate = log_rate + _effect(field, data)[None, :]
        if field.own_step is not None:
            log_rate = log_rate + _own(field, data)
        seen = data["observed_cell"]
        # inside the exponential: what nobody saw may have a rate beyond all numbers
        rate = pt.exp(pt.switch(seen > 0, log_rate, np.log(_NOTHING)))
        pm.Poisson(field.name, rate, observed=data[f"{field.name}_count"])
        for kind in field.unassigned():
            axis = 1 if kind == "unknown_stratum" else 0
            pm.CustomDist(
                f"{field.name}_{kind}", rate.sum(axis=axis), logp=_unassigned_logp,
                observed=data[f"{field.name}_{kind}_count"],
            )  # fmt: skip
    return model


def _unassigned_logp(names: Any, rate: Any) -> Any:
    """Return what n more names say of a rate, beside the Poisson counts of its cells.

    All names of a period are Poisson, and those with a stratum are split by the rates of its cells;
    the product is the Poisson density of each cell times rate^n / n!.
    """
    import pytensor.tensor as pt

    return names * pt.log(rate) - pt.gammaln(names + 1)


def _walk(field: Field, data: Mapping[str, Any]) -> TensorVariable:
    import pymc as pm
    import pytensor.tensor as pt

    walk, periods = field.walk, field.cells.shape[0]
    if walk is None:
        return pm.Flat("log_level")[None]
    step = pm.HalfNormal("step", data["step_scale"])
    drift = 0.0 if walk.drift is None else pm.Normal("drift", 0.0, data["drift_scale"])
    if field.centered["walk"]:
        # the level is the first value: no intercept beside it, which would be redundant
        return pm.CustomDist(
            "log_walk", data["tail"], drift, step, np.zeros(periods), logp=_walk_logp,
            support_point=lambda rv, size, tail, drift, step, start: start,
            signature="(),(),(),(t)->(t)",
        )  # fmt: skip
    raw = pm.StudentT(
        "step_raw", nu=data["tail"], mu=0.0, sigma=1.0, shape=periods - 1, transform=light_tails()
    )
    moves = pt.concatenate([pt.zeros(1), pt.cumsum(drift + step * raw)])
    # the middle, which most names speak of, rather than an end
    return pm.Deterministic("log_walk", pm.Flat("log_level") + moves - moves.mean())


def _walk_logp(value: Any, tail: Any, drift: Any, step: Any, start: Any) -> Any:
    """Return the log density of a walk whose first value is free.

    (`pymc.RandomWalk` does the same with a flat start, but PyTensor prints a failed rewrite for
    walks of more than 127 periods.)
    """
    import pymc as pm

    steps = pm.StudentT.dist(nu=tail, mu=drift, sigma=step)
    return pm.logp(steps, value[1:] - value[:-1]).sum()


def light_tails() -> Any:
    """Return the transform x = sinh(u): polynomial tails of x become exponential ones of u.

    A sampler whose steps have one size gets lost in polynomial tails.
    """
    import pytensor.tensor as pt
    from pymc.logprob.transforms import Transform

    class LightTails(Transform):  # type: ignore[misc]
        name = "arsinh"

        def forward(self, value: Any, *inputs: Any) -> Any:
            return pt.arcsinh(value)

        def backward(self, value: Any, *inputs: Any) -> Any:
            return pt.sinh(value)

        def log_jac_det(self, value: Any, *inputs: Any) -> Any:
            far = pt.abs(value)  # log cosh, which itself would overflow
            return far + pt.log1p(pt.exp(-2 * far)) - np.log(2)

    return LightTails()


def _effect(field: Field, data: Mapping[str, Any]) -> TensorVariable:
    import pymc as pm
    import pytensor.tensor as pt

    apart = len(field.cells.apart)
    strata = field.cells.shape[1] - apart
    spread = pm.HalfNormal("spread", data["spread_scale"])
    scale = pt.sqrt(spread**2 + data["seen_deviation"] ** 2)
    if field.centered["effect"]:
        pooled = pm.ZeroSumNormal("pooled_effect", sigma=scale, shape=strata)
    else:
        pooled = scale * pm.ZeroSumNormal("effect_raw", sigma=1.0, shape=strata)
    if apart:
        pooled = pt.concatenate([pooled, pm.Flat("apart_effect", shape=apart)])
    return pm.Deterministic("effect", pooled[data["stratum_order"]])


def _own(field: Field, data: Mapping[str, Any]) -> TensorVariable:
    import pymc as pm
    import pytensor.tensor as pt

    periods, strata = field.cells.shape
    step = pm.HalfNormal("own_step", data["own_scale"])
    if field.centered["own"]:
        # their mean is redundant, but no names speak of it, so that its prior keeps it round
        if periods == 2:  # PyMC has no density for a walk of one step
            free = pm.Normal("own_path", 0.0, step, shape=(strata, 1))
        else:
            free = pm.GaussianRandomWalk(
                "own_path", sigma=step, init_dist=pm.Normal.dist(0.0, step),
                shape=(strata, periods - 1),
            )  # fmt: skip
        path = (free - free.mean(axis=0, keepdims=True)).T
    else:
        raw = pm.ZeroSumNormal("own_raw", sigma=1.0, shape=(periods - 1, strata))
        path = step * pt.cumsum(raw, axis=0)
    return pt.concatenate([pt.zeros((1, strata)), path], axis=0)
