"""The model of what was known of a list and its coverage at a day, and what it foretells.

Priors were chosen once, before any of it was looked at; see `model_of`.
"""

from __future__ import annotations

import datetime

import numpy as np

from estimation.errors import NotEstimableError
from estimation.learning.history import Day, History
from models.beliefs import Belief, between
from models.beliefs.base import FloatArray
from models.estimates import Estimates
from models.learned import Learned
from models.learning import expected
from models.learning.tallied import Tallied
from models.losses import Walk
from models.model import Model
from models.register import Register
from models.snapshots import Snapshots, Totals
from models.spans import span_weights

#: What is foretold.
NEXT_TOTAL, NEXT_ESTIMATE = "next total of the list", "next estimate"

#: The first day of the war; the days of months of the model are those of this one.
BEGIN = Day(2022, 2, 24)

#: The last day that can be foretold, and the totals that a graph has room for: the same at all
#: dates, so that one compilation serves them, and later rows change nothing.
THROUGH, ROOM = Day(2025, 12, 23), 48

#: Probability at which judged ranges are read: no level was stated, and they say "at least", "may
#: be"; and that of estimates, which the first of them states.
MASS, LEVEL = 0.5, 0.95

_DAY = datetime.timedelta(days=1)


def is_enough(known: History) -> bool:
    """Return whether there are a judgment, an estimate with bounds, and three totals."""
    return known.estimate is not None and bool(known.judgments) and len(known.totals) > 2


def belief_of(known: History) -> Belief:
    """Return the last judgment of coverage as a belief."""
    last = known.judgments[-1]
    return between(last.low, last.high, MASS)


def model_of(known: History) -> Model:
    """Return the model of what was known.

    The list drifts by some seven points a year around one half (0.3 on log odds).  All estimates
    are of one source, which re-estimates its whole curve: the latest replaces those before, with an
    error of its own of 5 % beside its stated one and a bias of 10 %.  Men above 50 and foreigners
    are not in it: 0.5 % to 5 %.

    Parameters
    ----------
    known : History
        With an estimate that has bounds.
    """
    latest = known.estimate
    if latest is None or latest.low is None or latest.high is None or not is_enough(known):
        raise NotEstimableError(
            "too little was known", where="known", why="a judgment, an estimate with bounds and "
            "three totals are needed", remedy="begin later",
        )  # fmt: skip
    days, names = [one.day for one in known.totals], [one.names for one in known.totals]
    totals = Totals.since(BEGIN, days, names, through=THROUGH, room=ROOM)
    estimates = Estimates.from_bounds(
        None if latest.central is None else [latest.central], [latest.low], [latest.high], LEVEL,
        end=(latest.until + _DAY,),
    )  # fmt: skip
    return Model(Walk(), {
        "names": Snapshots(totals, belief_of(known), coverage_drift=0.3, source="the list"),
        "probate": Register(estimates, 0.1, 0.05, between(0.95, 0.995, 0.9), split=True,
                            source="the register of inheritance cases"),
    })  # fmt: skip


def foretell(
    model: Model, latent: FloatArray, next_total: Day | None, next_estimate: Day | None,
    rng: np.random.Generator,
) -> dict[str, FloatArray]:  # fmt: skip
    """Draw the next total of the list, and the next estimate.

    The estimate has the bias of the one before, which is of the same source, and a fresh error.

    Parameters
    ----------
    model : Model
        From `model_of`.
    latent : (draw, n_unknown) numbers
    next_total, next_estimate : datetime.date, optional
        The last day that each counts.
    rng : numpy.random.Generator

    Returns
    -------
    dict of (draw,) numbers
    """
    joint = model.joint
    if not isinstance(joint, Learned) or not isinstance(joint.listed, Tallied):
        raise TypeError("no model of totals over time")
    listed, blocks, found = joint.listed, joint.form.blocks, {}
    if next_total is not None:
        rate = listed.log_rate(latent, blocks)
        span = _span(listed, listed.count.as_of + _DAY, next_total)
        mean = np.exp(np.minimum(listed.log_means(rate, span)[:, 0], 30.0))
        size = np.exp(-2 * latent[:, blocks["log_noise"].start])
        batches = rng.standard_gamma(size) / size
        found[NEXT_TOTAL] = listed.count.names + rng.poisson(mean * batches).astype(float)
    if next_estimate is not None:
        deaths, *_ = expected.log_deaths(joint, latent)
        log = listed.log_means(deaths, _span(listed, None, next_estimate))[:, 0]
        log = log + expected.log_share(joint, "share_probate", latent)
        log = log + expected.register_bias(joint, "probate", latent)
        error = float(joint.registers["probate"].log_covariance[0, 0] ** 0.5)
        found[NEXT_ESTIMATE] = np.exp(log + error * rng.standard_normal(log.size))
    return found


def _span(listed: Tallied, begin: Day | None, until: Day) -> FloatArray:
    return span_weights((begin,), (until + _DAY,), listed.periods, listed.step, split=True)
