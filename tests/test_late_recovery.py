"""Late reports of simulated lists, steady and drifting, by the normal approximation.

No compilation: the draws are those around the sampler's center.  What NUTS adds are the tails of
scales; that it agrees with known answers is looked at in tests/contract/test_late_engines.py.
"""

import datetime

import numpy as np
import pytest

from estimation.comparison.scoring import weighted_interval_score
from models import Delays, Model, Reports, Triangle, Walk
from tests.late_by_hand import sample_late_by_hand

PERIODS, DELAYS, LISTS, LAST = 40, 8, 7, 6
LEVELS = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)


def simulated(rng, drift):
    """Return reports of weeks whose hazards drift, and the names that came in the end."""
    rate = 60 * np.exp(0.05 * np.cumsum(rng.standard_normal(PERIODS)))
    logit = -0.6 + drift * np.cumsum(rng.standard_normal(PERIODS + DELAYS))
    counts = np.zeros((PERIODS, DELAYS, 1), int)
    for t in range(PERIODS):
        left = rng.poisson(rate[t])
        for d in range(DELAYS):
            hazard = 1 / (1 + np.exp(-logit[t + d])) if d < DELAYS - 1 else 1.0
            counts[t, d, 0] = rng.binomial(left, hazard)
            left -= counts[t, d, 0]
    final = counts.sum(axis=(1, 2))
    past = np.arange(PERIODS)[:, None] + np.arange(DELAYS) < PERIODS
    first = datetime.date(2023, 1, 2)
    days = tuple(first + datetime.timedelta(weeks=i) for i in range(PERIODS))
    return Reports(np.where(past[:, :, None], counts, 0), days, "week", days[-1]), final


def scores(drift, form):
    """Return the mean score, and the share of 90 % intervals that hold what came."""
    rng = np.random.default_rng(8)
    found, inside = [], []
    for _ in range(LISTS):
        reports, final = simulated(rng, drift)
        model = Model(Walk(), {"names": Triangle(reports, delays=Delays(drift=form))})
        sampled = sample_late_by_hand(model, 400)
        names = model.complete(sampled.free, np.random.default_rng(1))[0]["eventual_names"]
        quantiles = {q: np.quantile(names[:, -LAST:], q, axis=0) for q in LEVELS}
        truth = final[-LAST:]
        found.append(weighted_interval_score(quantiles, truth).value.mean())
        inside.append((quantiles[0.05] <= truth) & (truth <= quantiles[0.95]))
    return float(np.mean(found)), float(np.mean(inside))


def test_steady_delays_are_recovered():
    score, inside = scores(0.0, None)
    # without noise and shocks they are wider than they need be
    assert inside > 0.85
    assert score < 3.0  # of 60 names, a third of them due


def test_drifting_delays_need_the_drift():
    steady, held = scores(0.15, None)
    drifting, inside = scores(0.15, 0.15)
    assert inside > held
    assert inside == pytest.approx(0.9, abs=0.1)
    assert drifting < steady
