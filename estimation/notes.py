"""What must be said beside a total: what the data taught of coverage, and what is assumed."""

from __future__ import annotations

import numpy as np

from models.beliefs import Known
from models.model import Model

#: Prior predictive probability of a count as extreme, below which it is said to surprise.
_SURPRISING = 0.001


def _surprise(model: Model) -> float:
    """Return twice the smaller prior predictive tail probability of the count, by simulation."""
    counts = model.simulate(np.random.default_rng(0), 20_000)["count"]
    low, high = (np.mean(counts <= model.base.names), np.mean(counts >= model.base.names))
    return 2 * float(min(low, high))


def contraction(model: Model, name: str, draws: np.ndarray) -> float:
    """Return 1 - posterior variance / prior variance of a share.

    It is 0 if nothing was learned, and negative if the data contradict the belief.

    Parameters
    ----------
    model : Model
        The model.
    name : {"coverage", "precision"}
    draws : array
        Posterior draws.
    """
    prior = getattr(model.base, name)
    if isinstance(prior, Known) or model.joint.scale_free:
        # under the scale prior the posterior of a share *is* its prior: no Monte Carlo noise here
        return 0.0
    return 1 - float(np.var(draws)) / float(prior.variance())


def notes(model: Model, draws: dict[str, np.ndarray]) -> tuple[str, ...]:
    """Return the sentences that belong beside the total of a model."""
    found = []
    coverage = model.base.coverage
    if isinstance(coverage, Known):
        found.append(f"Coverage is taken as known: {coverage.value:g}.")
    else:
        share = contraction(model, "coverage", draws["coverage"])
        words = f"Prior-to-posterior contraction of coverage: {round(share, 2) + 0.0:.2f}"
        if not model.joint.scale_free:
            low, high = coverage.interval(0.95)
            after = np.quantile(draws["coverage"], [0.025, 0.975])
            wider = ", wider than the belief: data and belief disagree" if share < -0.02 else ""
            found.append(
                f"{words} (the count and the prior on the rate moved its 95 % range from "
                f"{low:.3f}-{high:.3f} to {after[0]:.3f}-{after[1]:.3f}{wider})."
            )
        else:
            found.append(
                f"{words}: one count says nothing about its own coverage; the answer restates the "
                "belief and cannot rank beliefs."
            )
    precision = model.base.precision
    if isinstance(precision, Known) and precision.value == 1:
        found.append("Every listed name is taken as true (precision exactly 1).")
    if not model.joint.scale_free and _surprise(model) < _SURPRISING:
        found.append(
            "The count lies far outside what the prior on the rate and the belief on coverage lead "
            "to expect: one of them is wrong, and the total is not to be trusted."
        )
    order = model.moment_orders().get("total", np.inf)
    if order <= 1:
        found.append("The mean of the total does not exist under this belief; use the median.")
    elif order <= 2:
        found.append("The standard deviation of the total does not exist under this belief.")
    return tuple(found)
