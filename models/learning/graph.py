"""The PyMC graph of a model whose coverage is learned."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from models.graph_priors import double_log_half_normal, share, standard_normal
from models.learning.expected import LEVEL_SPREAD
from models.learning.form import SCALE
from models.learning.tallied import Tallied
from models.reporting.graph import latent_of

if TYPE_CHECKING:
    import pymc

    from models.learned import Learned


def build_graph(learned: Learned) -> pymc.Model:
    """Return the PyMC model; every number is ``pm.Data``."""
    import pymc as pm
    import pytensor.tensor as pt

    blocks = learned.form.blocks
    with pm.Model() as model:
        data = {key: pm.Data(key, value) for key, value in learned.graph_data().items()}
        position = pm.CustomDist(
            "position", data["center"], data["factor"], data["priors"],
            logp=functools.partial(_position_logp, learned),
            support_point=lambda rv, size, center, factor, priors: pt.zeros_like(center),
            signature="(n),(n,m),(k)->(n)",
        )  # fmt: skip
        latent = latent_of(position, data["center"], data["factor"], learned.form.size)
        pm.Deterministic("latent", latent)
        prior = _priors(learned, data["priors"])
        learned.listed.graph_observe(latent, blocks, data, prior)
        deaths, names, missed = _log_deaths(learned, latent, data, prior)
        for name in learned.registers:
            _register(learned, name, latent, data, prior, deaths)
        for name in learned.audits:
            _audits(learned, name, latent, data, prior, missed, names)
        for name in learned.excess:
            _excess(learned, name, latent, data, prior, deaths)
    return model


def _priors(learned: Learned, values: Any) -> dict[str, Any]:
    return {key: values[at] for at, key in enumerate(learned.priors)}


def _position_logp(learned: Learned, position: Any, center: Any, factor: Any, priors: Any) -> Any:
    """Return the log prior density of all unknowns in latent coordinates.

    The determinant of the factor, a constant, is left out.
    """
    form = learned.form
    latent = latent_of(position, center, factor, form.size)
    prior, kinds = _priors(learned, priors), dict(form.shares)
    total = learned.listed.graph_prior(latent, form.blocks, prior)
    for name, kind in kinds.items():
        values = latent[form.blocks[name]]
        total += share(values, kind, prior[f"{name}_first"], prior[f"{name}_second"])
    # alike blocks in one operation each: PyTensor fuses chains of additions without end
    rest = {name: block for name, block in form.own.items() if name not in kinds}
    sizes = [block for name, block in rest.items() if name.startswith(SCALE)]
    normal = [block for name, block in rest.items() if not name.startswith(SCALE)]
    if sizes:
        total += double_log_half_normal(latent[_places(sizes)])
    return total + standard_normal(latent[_places(normal)]) if normal else total


def _places(blocks: list[slice]) -> np.ndarray:
    """Return all places of blocks, as one list."""
    return np.concatenate([np.arange(block.start, block.stop) for block in blocks])


def _log_share(learned: Learned, name: str, latent: Any, prior: Mapping[str, Any]) -> Any:
    import pytensor.tensor as pt

    if name in learned.form.blocks:
        return -pt.softplus(-latent[learned.form.blocks[name].start])
    return pt.log(prior[f"{name}_value"]) if f"{name}_value" in prior else 0.0


def _log_missed(learned: Learned, name: str, latent: Any, prior: Mapping[str, Any]) -> Any:
    import pytensor.tensor as pt

    if name in learned.form.blocks:
        return -pt.softplus(latent[learned.form.blocks[name].start])
    return pt.log1p(-prior[f"{name}_value"]) if f"{name}_value" in prior else 0.0


def _scale(learned: Learned, block: str, latent: Any, prior: Mapping[str, Any]) -> Any:
    import pytensor.tensor as pt

    name = f"{SCALE}{block}"
    return prior[name] * pt.exp(pt.sinh(latent[learned.form.blocks[name]]))


def _log_deaths(learned: Learned, latent: Any, data: Any, prior: Any) -> tuple[Any, Any, Any]:
    """Return logs of expected deaths and true names, and of odds to be missed, (n_period,)."""
    import pytensor.tensor as pt

    form = learned.form
    rate = learned.listed.graph_rate(latent, form.blocks, data, prior)
    level = _log_missed(learned, "coverage", latent, prior)
    odds = level - _log_share(learned, "coverage", latent, prior)
    if form.knots:
        steps = _scale(learned, "coverage_step", latent, prior)
        steps = steps * latent[form.blocks["coverage_step"]]
        path = pt.concatenate([pt.zeros(1), pt.cumsum(steps)])
        moved = -(data["interpolation"] * path[None, :]).sum(axis=1)
        known = rate
        if isinstance(learned.listed, Tallied):
            known = rate + data[f"{learned.name}_known"]
        names = known - pt.logsumexp(known)
        odds = odds + moved - pt.logsumexp(names + moved)
    true = rate + _log_share(learned, "precision", latent, prior)
    return true + pt.softplus(odds), true, odds


def _register(learned: Learned, name: str, latent: Any, data: Any, prior: Any, deaths: Any) -> None:
    import pymc as pm
    import pytensor.tensor as pt

    highest = deaths.max()
    sums = (data[f"{name}_weights"] * pt.exp(deaths - highest)[None, :]).sum(axis=1)
    bias = prior[f"bias_{name}"] * latent[learned.form.blocks[f"bias_{name}"].start]
    center = pt.log(sums) + highest + bias
    center = center + _log_share(learned, f"share_{name}", latent, prior)
    pm.MvNormal(
        name, mu=center, chol=data[f"{name}_factor"], observed=data[f"{name}_central"]
    )  # fmt: skip


def _audits(
    learned: Learned, name: str, latent: Any, data: Any, prior: Any, odds: Any, names: Any
) -> None:
    import pymc as pm
    import pytensor.tensor as pt

    blocks = learned.form.blocks
    weights, highest = data[f"{name}_weights"][0], names.max()
    seen = weights * pt.exp(names - highest)
    missed = seen * pt.exp(odds)
    bias = prior[f"bias_{name}"] * latent[blocks[f"bias_{name}"].start]
    center = pt.log(seen.sum()) - pt.log(missed.sum()) + bias
    places = _scale(learned, f"place_{name}", latent, prior) * latent[blocks[f"place_{name}"]]
    pm.Binomial(
        name, n=data[f"{name}_checked"], logit_p=center + places, observed=data[f"{name}_found"]
    )  # fmt: skip


def _excess(learned: Learned, name: str, latent: Any, data: Any, prior: Any, deaths: Any) -> None:
    import pymc as pm
    import pytensor.tensor as pt

    blocks, evidence = learned.form.blocks, learned.excess[name]

    def block(kind: str) -> Any:
        return latent[blocks[f"{kind}_{name}"]]

    spread = _scale(learned, f"slope_{name}", latent, prior)
    slope = prior[f"slope_{name}"] * block("common") + spread * block("slope")
    steps = _scale(learned, f"drift_{name}", latent, prior) * block("drift")
    walk = pt.concatenate([pt.zeros(1), pt.cumsum(steps)])
    if evidence.pandemic:
        place = np.zeros((evidence.years.size, len(evidence.pandemic)))
        place[list(evidence.pandemic), np.arange(len(evidence.pandemic))] = 1.0
        walk = walk + pt.dot(place, prior[f"pandemic_{name}"] * block("pandemic"))
    log_ratio = (
        LEVEL_SPREAD * block("level")[None, :] + slope[None, :] * data[f"{name}_x"][:, None]
        + walk[:, None]
    )  # fmt: skip
    base = data[f"{name}_other"] * pt.exp(log_ratio)
    share_of = pt.exp(_log_share(learned, f"share_{name}", latent, prior))
    of_war = (data[f"{name}_weights"] * pt.exp(deaths)[None, :]).sum(axis=1) * share_of
    raw = prior[f"age_{name}"] * block("age")
    weights = pt.exp(raw - raw.max())
    war = of_war[:, None] * (weights / weights.sum())[None, :]
    noise = _scale(learned, f"noise_{name}", latent, prior)[0] ** 2
    variance = base + war + base**2 * (noise + 1 / data[f"{name}_other"])
    pm.Normal(name, base + war, pt.sqrt(variance), observed=data[f"{name}_affected"])
