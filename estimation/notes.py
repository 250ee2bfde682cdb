"""What must be said beside a total: what the data taught of coverage, and what is assumed.

Where other evidence stands beside a list its coverage is learned: the note then says by how much,
and from what.
"""

from __future__ import annotations

import numpy as np

from models.beliefs import Known
from models.learned import Learned
from models.model import Model
from models.overlapping import Overlapping

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


def _what_informs(model: Model) -> str:
    if not isinstance(model.joint, Learned | Overlapping):
        return "the count and the prior on the rate"
    others = [f"{name} ({item.kind})" for name, item in model.evidence.items()
              if name != model.base_name]  # fmt: skip
    if isinstance(model.joint, Overlapping):
        others = ["the overlap of the lists", *others]
    return ", ".join(others[:-1]) + (" and " if len(others) > 1 else "") + others[-1]


def beyond_notes(model: Model) -> list[str]:
    """Return what is added to the total, and that no evidence speaks of it."""
    return [
        f"What no source of the model sees is a belief that nothing here informs, added in "
        f"total_with_beyond only: {name}, {one.describe()}."
        for name, one in model.beyond.items()
    ]


def coverage_note(model: Model, draws: dict[str, np.ndarray]) -> str:
    """Return in one sentence what was learned of coverage, and from what.

    Parameters
    ----------
    model : Model
    draws : dict of arrays
        Its posterior, by estimand.
    """
    coverage = model.base.coverage
    if isinstance(coverage, Known):
        return f"Coverage is taken as known: {coverage.value:g}."
    share = contraction(model, "coverage", draws["coverage"])
    words = f"Prior-to-posterior contraction of coverage: {round(share, 2) + 0.0:.2f}"
    if model.joint.scale_free:
        return (
            f"{words}: one count says nothing about its own coverage; the answer restates the "
            "belief and cannot rank beliefs."
        )
    low, high = coverage.interval(0.95)
    after = np.quantile(draws["coverage"], [0.025, 0.975])
    wider = ", wider than the belief: data and belief disagree" if share < -0.02 else ""
    return (
        f"{words} ({_what_informs(model)} moved its 95 % range from {low:.3f}-{high:.3f} to "
        f"{after[0]:.3f}-{after[1]:.3f}{wider})."
    )


def notes(model: Model, draws: dict[str, np.ndarray]) -> tuple[str, ...]:
    """Return the sentences that belong beside the total of a model."""
    found = [coverage_note(model, draws)]
    if isinstance(model.joint, Overlapping):
        # the first assumption is the one that no person on a list can put to the test
        found.append(f"Taken for granted, beyond all data: {model.assumptions()[0].statement}.")
        found += model.joint.lists.link_notes
    precision = model.base.precision
    if isinstance(precision, Known) and precision.value == 1:
        listed = "person" if isinstance(model.joint, Overlapping) else "name"
        found.append(f"Every listed {listed} is taken as true (precision exactly 1).")
    found += beyond_notes(model)
    learned = isinstance(model.joint, Learned | Overlapping)
    if not (learned or model.joint.scale_free) and _surprise(model) < _SURPRISING:
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
