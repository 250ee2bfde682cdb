"""Small models of late reports, one of each form, and a density of them written in plain loops."""

import datetime

import numpy as np
from scipy import stats

from models import Delays, Model, Reports, Triangle, Walk, between, uniform, walk_pooled
from models.reporting.form import weekday_contrasts

#: A Wednesday, so that weekdays are not counted from the first period.
START = datetime.date(2024, 1, 3)

STEPS = {"day": 1, "week": 7}


def triangle(periods=6, delays=4, strata=1, *, step="week", late=0, seed=0, **options):
    """Return reports whose last report period lies `late` steps after the last period of death."""
    length = STEPS[step]
    days = tuple(START + datetime.timedelta(length * i) for i in range(periods))
    last = periods - 1 + late
    rng = np.random.default_rng(seed)
    counts = rng.poisson(9.0, (periods, delays, strata))
    report = np.arange(periods)[:, None] + np.arange(delays)
    published = options.get("published")
    counts[report > last] = 0
    if published is not None:
        counts[~np.asarray(published)[np.minimum(report, last)]] = 0
    as_of = START + datetime.timedelta(length * last)
    names = tuple("ABCDEF"[:strata]) if strata > 1 else ()
    return Reports(counts, days, step, as_of, strata=names, **options)


def late_models():
    """Return the reference models by name."""
    quiet = np.array([True, True, False, False, True, True])
    masked = np.arange(6)[:, None] + np.arange(4) <= 1
    judged = {"coverage": uniform(0.45, 0.65)}
    return {
        "weeks": Model(Walk(), {"names": Triangle(triangle(), **judged)}),
        "days": Model(Walk(), {"names": Triangle(triangle(step="day"), **judged)}),
        "two-delays": Model(Walk(), {"names": Triangle(triangle(5, 2, step="day"))}),
        "unpublished": Model(
            Walk(), {"names": Triangle(triangle(published=quiet, masked=masked), **judged)}
        ),
        "drift": Model(
            Walk(drift=0.1), {"names": Triangle(triangle(late=2), delays=Delays(drift=0.1))}
        ),
        "tail": Model(
            Walk(tail=200.0),
            {"names": Triangle(
                triangle(late=5, beyond=[[3], [2], [0], [1], [0], [0]],
                         undated=np.full((11, 1), 2)),
                precision=between(0.90, 0.98, 0.9), tail=between(0.02, 0.1, 0.9), horizon=3,
                **judged,
            )},
        ),
        "sparse": Model(
            Walk(), {"names": Triangle(triangle(9, 5, published=np.arange(9) % 3 == 2), **judged)}
        ),
        "strata": Model(walk_pooled(), {"names": Triangle(triangle(strata=3), **judged)}),
        "own": Model(
            walk_pooled(own_step=0.2), {"names": Triangle(triangle(strata=2, step="day"))}
        ),
    }  # fmt: skip


def points(model, rng, draws=5):
    """Return unknowns around where the posterior lies, and two far from there."""
    data = model.graph_data()
    position = rng.standard_normal((draws, data["center"].size))
    position[-2:] *= 1.7
    return position, data["center"] + position @ data["factor"].T


def plain_log_likelihood(model, latent):
    """Return the log probability of one draw by period, cell for cell, without any shared code."""
    joint = model.joint
    form, priors, blocks = joint.layout.form, joint.layout.priors, joint.layout.form.blocks
    reports, weekday = joint.reports, joint.reports.periods[0].weekday()
    value = {name: latent[block] for name, block in blocks.items()}

    def scale(name):
        return np.exp(value[name][0])

    def rhythm(name, prior, at):
        effects = weekday_contrasts() @ value[name] * priors[prior]
        return effects[(weekday + at) % 7]

    # a list that is seldom published has shocks of its publications alone
    of_shock = np.cumsum(reports.published) - 1 if form.sparse else np.arange(form.reports)
    rate = np.zeros(form.periods)
    for t in range(1, form.periods):
        rate[t] = rate[t - 1] + scale("log_step") * np.sinh(value["step"][t - 1])
        if form.walk_drift:
            rate[t] += priors["walk_drift"] * value["walk_drift"][0]
    rate += joint.layout.typical + value["level"][0] - rate.mean()
    drift = np.zeros(form.reports)
    for r in range(1, form.reports if form.drift else 0):
        drift[r] = drift[r - 1] + scale("log_drift") * value["drift"][r - 1]
    base = [priors["first"] + priors["first_spread"] * value["first"][0]]
    for d in range(form.delays - 2):
        base.append(base[-1] + scale("log_delay_step") * np.sinh(value["delay"][d]))
    noise = scale("log_noise") ** 2
    own = np.zeros((form.periods, form.strata))
    for t in range(1, form.periods if form.own else 0):
        steps = value["own"].reshape(form.periods - 1, form.strata)[t - 1]
        own[t] = own[t - 1] + scale("log_own_step") * (steps - steps.mean())
    found = np.zeros(form.periods)
    for t in range(form.periods):
        for s in range(form.strata):
            log_rate = rate[t] + own[t, s]
            if form.weekly:
                log_rate += rhythm("event_weekday", "event_weekday", t)
            if form.strata > 1:
                log_rate += scale("log_spread") * value["effect"][s]
            left, waiting = 1.0, 0.0
            for d in range(form.delays):
                r = t + d
                if r >= form.reports:
                    break
                hazard = 1.0
                if d < form.delays - 1:
                    logit = base[d]
                    if reports.published[r]:
                        logit += scale("log_shock") * np.sinh(value["shock"][of_shock[r]])
                    logit += drift[r] - drift.mean()
                    if form.weekly:
                        logit += rhythm("report_weekday", "report_weekday", r)
                        logit += rhythm("delay_weekday", "delay_weekday", t)
                        if d < 2:
                            logit += rhythm(f"delay_weekday_{d}", "delay_weekday", t)
                    if form.strata > 1:
                        logit += scale("log_stratum_delay") * value["stratum_delay"][s]
                    hazard = 1 / (1 + np.exp(-logit))
                waiting += left * hazard
                left *= 1 - hazard
                closing = d == form.delays - 1 and reports.published[r:].any()
                if not (reports.published[r] or closing):
                    continue
                if not reports.masked[t, d]:
                    mean = np.exp(log_rate) * waiting
                    found[t] += stats.nbinom.logpmf(
                        reports.counts[t, d, s], 1 / noise, 1 / (1 + mean * noise)
                    )
                waiting = 0.0
    return found
