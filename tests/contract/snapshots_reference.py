"""Two small models of totals over time, and a density of them in plain loops.

The density is written from the docstrings: days are counted one by one, and sums are loops.
"""

import datetime

import numpy as np
from scipy import special, stats

from models import Estimates, LogitNormal, Model, Register, Snapshots, Totals, Walk, between
from models.learning.form import SCALE

DAY = datetime.date
WIDE, PRECISE = between(0.3, 0.7, 0.9), between(0.90, 0.98, 0.9)
LOGIT, PART = between(0.3, 0.7, 0.9, "logit_normal"), between(0.8, 0.95, 0.9)
BEGIN = DAY(2023, 9, 24)
DAYS = (DAY(2023, 10, 30), DAY(2023, 12, 3), DAY(2023, 12, 10), DAY(2024, 2, 23), DAY(2024, 4, 2))
TOTALS = (210, 400, 400, 900, 1_330)


def totals(number=5, room=0, through=DAY(2024, 6, 24)):
    return Totals.since(BEGIN, DAYS[:number], TOTALS[:number], through=through, room=room)


def snapshot_models():
    """Return two models by name: with and without a horizon, room, drifts, precision."""
    one = Estimates([2_000.0], [0.1], begin=(None,), end=(DAY(2024, 2, 1),))
    two = Estimates([900.0, 1_000.0], [0.1, 0.08], 0.3, (None, DAY(2023, 12, 25)),
                    (DAY(2023, 12, 25), DAY(2024, 4, 10)))  # fmt: skip
    week = Totals.since(DAY(2023, 11, 20), DAYS[1:], (300, 340, 900, 1_100),
                        through=DAY(2024, 4, 10), step="week")  # fmt: skip
    return {
        "months": Model(Walk(), {
            "names": Snapshots(totals(room=7), LOGIT, coverage_drift=0.5),
            "probate": Register(one, split=True, share=PART)}),
        "weeks": Model(Walk(0.2, tail=7.0, drift=0.1), {
            "names": Snapshots(week, WIDE, PRECISE, noise=0.3),
            "probate": Register(two, row_error=0.02, split=True)}),
    }  # fmt: skip


def _days_of(model):
    of = model.base.totals
    length = {"month": lambda day: DAY(day.year + day.month // 12, day.month % 12 + 1, day.day),
              "week": lambda day: day + datetime.timedelta(7)}[of.step]  # fmt: skip
    return [[first + datetime.timedelta(at) for at in range((length(first) - first).days)]
            for first in of.periods]  # fmt: skip


def _share(days, holds):
    return [sum(holds(day) for day in period) / len(period) for period in days]


def _drift(model):
    """Return the scale of a step of coverage between knots: nine months hold three of them."""
    return model.base.coverage_drift * (9 / 3 / 12) ** 0.5


def plain_expected(model, latent):
    """Return the expected names by row, deaths by period, and what the register expects."""
    of, register = model.base.totals, model.evidence["probate"]
    value = {name: latent[block] for name, block in model.joint.form.blocks.items()}
    days, last = _days_of(model), of.days[-1]
    until = _share(days, lambda day: day <= last)
    path = [0.0]
    for step in value["step"]:
        path.append(path[-1] + np.exp(value["log_step"][0]) * np.sinh(step))
        if "walk_drift" in value:
            path[-1] += model.losses.drift * value["walk_drift"][0]
    middle = sum(u * p for u, p in zip(until, path, strict=True)) / sum(until)
    typical = of.totals[-1] / sum(until)
    rate = [typical * np.exp(value["level"][0] + p - middle) for p in path]
    names, before = [], DAY.min
    for day in of.days:
        inside = _share(days, lambda one, a=before, b=day: a < one <= b)
        names.append(sum(w * r for w, r in zip(inside, rate, strict=True)))
        before = day
    moves = [0.0]
    for step in value.get("coverage_step", []):
        scale = _drift(model) * np.exp(np.sinh(value[f"{SCALE}coverage_step"][0]))
        moves.append(moves[-1] + scale * step)
    places = np.linspace(0, len(moves) - 1, len(path))
    drift = [np.interp(place, range(len(moves)), moves) for place in places]
    listed = [u * r for u, r in zip(until, rate, strict=True)]
    mean = sum(n * np.exp(-w) for n, w in zip(listed, drift, strict=True)) / sum(listed)
    odds = [np.exp(-value["coverage"][0] - w) / mean for w in drift]
    precision = special.expit(value["precision"][0]) if "precision" in value else 1.0
    deaths = [r * precision * (1 + o) for r, o in zip(rate, odds, strict=True)]
    share = special.expit(value["share_probate"][0]) if "share_probate" in value else 1.0
    centers = []
    for begin, end in zip(register.estimates.begin, register.estimates.end, strict=True):
        inside = _share(days, lambda day, a=begin or DAY.min, b=end: a <= day < b)
        scope = share * sum(w * d for w, d in zip(inside, deaths, strict=True))
        centers.append(np.log(scope) + register.bias * value["bias_probate"][0])
    noise = np.exp(value["log_noise"][0])
    total = sum(u * d for u, d in zip(until, deaths, strict=True))
    return {"names": names, "deaths": deaths, "total": total, "centers": centers, "noise": noise,
            "covariance": register.log_covariance}  # fmt: skip


def plain_log_likelihood(model, latent):
    of = plain_expected(model, latent)
    size, found = 1 / of["noise"] ** 2, 0.0
    for names, mean in zip(np.diff(model.base.totals.totals, prepend=0), of["names"], strict=True):
        found += stats.nbinom.logpmf(names, size, size / (size + mean))
    logs = model.evidence["probate"].log_central
    return found + stats.multivariate_normal(of["centers"], of["covariance"]).logpdf(logs)


def plain_log_prior(model, latent):
    base, total = model.base, 0.0
    beliefs = {"coverage": base.coverage, "precision": base.precision,
               "share_probate": model.evidence["probate"].share}  # fmt: skip
    scales = {"log_step": model.losses.step, "log_noise": base.noise}
    for name, block in model.joint.form.blocks.items():
        for x in latent[block]:
            if name in beliefs:
                belief = beliefs[name]
                if isinstance(belief, LogitNormal):
                    total += stats.norm.logpdf(x, belief.mu, belief.sigma)
                else:
                    total += stats.beta.logpdf(special.expit(x), belief.alpha, belief.beta)
                    total += special.log_expit(x) + special.log_expit(-x)
            elif name in scales:
                total += stats.halfnorm.logpdf(np.exp(x), scale=scales[name]) + x
            elif name == f"{SCALE}coverage_step":
                scale = _drift(model) * np.exp(np.sinh(x))
                total += stats.halfnorm.logpdf(scale, scale=_drift(model))
                total += np.log(scale) + np.log(np.cosh(x))
            elif name == "step":
                total += stats.t.logpdf(np.sinh(x), model.losses.tail) + np.log(np.cosh(x))
            elif name != "level":
                total += stats.norm.logpdf(x)
    return total
