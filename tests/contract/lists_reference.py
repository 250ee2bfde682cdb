"""Small models of overlapping lists, one of each form, and a density of them in plain loops.

The density is written from what docstrings say: every pattern is gone through, those of no person
too, and of the package only the parts of a model and the places of unknowns are read.
"""

import itertools
import math

import numpy as np
from scipy import linalg, special, stats

from models import (
    Beta,
    Estimates,
    Flat,
    GammaPrior,
    Known,
    Lists,
    LogitNormal,
    Model,
    Patterns,
    Pooled,
    Register,
    between,
)

#: Log odds to be on an average list: mean and spread of the normal prior; scale between lists.
CENTER, CENTER_SPREAD, BETWEEN_LISTS = -2.0, 1.5, 2.0

#: Begins the names of scales.
SIZE = "size_"

PATTERNS = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)]

#: Hepatitis A, Taiwan 1995: serum tests, hospitals, epidemiologists (Chao et al. 2001).
HEPATITIS = (69, 55, 63, 21, 17, 18, 28)

#: Palembang 1945: graves of prisoners of war on three lists; one pattern has nobody.
PALEMBANG = (5, 5, 41, 54, 6, 0, 12)

#: Khartoum, deaths by intentional injury: public survey, private survey, social media.
KHARTOUM = (178, 317, 571, 11, 33, 79, 12)

#: Spina bifida, New York (Hook, Albright and Cross 1980): births, deaths, rehabilitation; of the
#: largest group, of all others, and of five persons whose group is not recorded.
SPINA = ((230, 45, 52, 134, 107, 3, 12), (14, 3, 8, 8, 4, 1, 0), (3, 1, 0, 0, 1, 0, 0))


def three_lists(counts, names="abc", **more):
    """Return a table of three lists."""
    return Patterns(tuple(names), np.array(PATTERNS, dtype=bool), np.array(counts), **more)


def by_stratum(tables=SPINA, names=("largest", "others"), unlabeled=True):
    """Return a table with strata, the last of the tables holding those without a label."""
    strata = [*range(len(names)), -1] if unlabeled else range(len(names))
    rows = np.tile(np.array(PATTERNS, dtype=bool), (len(strata), 1))
    counts = np.concatenate(tables[: len(strata)])
    return Patterns(("b", "d", "m"), rows, counts, names, np.repeat(strata, len(PATTERNS)))


def khartoum_open():
    """Return a table where one count is not known, and some of one other may not belong."""
    counts = np.array(KHARTOUM)
    counts[4] = 0
    unknown, at_most = (np.arange(len(PATTERNS)) == place for place in (4, 5))
    return three_lists(counts, unknown=unknown, at_most=at_most)


def list_models():
    """Return the reference models by name."""
    belief = between(0.3, 0.6, 0.9)
    logit = between(0.6, 0.9, 0.9, "logit_normal")
    total = Register(Estimates([500.0], [0.2]), share=between(0.7, 0.9, 0.9))
    survey = Register(Estimates([900.0], [0.2]), 0.2, row_error=0.05,
                      share=between(0.7, 0.9, 0.9, "logit_normal"))  # fmt: skip
    gamma = GammaPrior(4.0, 0.005)
    hepatitis = three_lists(HEPATITIS)
    return {
        "pooled": Model(Flat(), {"names": Lists(hepatitis, classes=3)}),
        "uniform": Model(
            Flat(), {"names": Lists(three_lists(PALEMBANG), captures="uniform", classes=3)}
        ),
        "one": Model(Flat(), {"names": Lists(hepatitis, classes=1)}),
        "gamma": Model(
            Flat(gamma),
            {"names": Lists(hepatitis, classes=3, dependence=2.0, concentration_spread=0.5)},
        ),
        "strata": Model(
            Pooled(0.5), {"names": Lists(by_stratum(), classes=3, exposure=(9.0, 1.0))}
        ),
        "open": Model(Flat(), {"names": Lists(khartoum_open(), captures="uniform", classes=3)}),
        "belief": Model(Flat(), {"names": Lists(hepatitis, classes=3, coverage=belief)}),
        "register": Model(Flat(), {"names": Lists(hepatitis, classes=3), "survey": total}),
        "register-strata": Model(
            Pooled(0.5),
            {"names": Lists(by_stratum(unlabeled=False), classes=3, coverage=logit),
             "survey": survey, "probate": Register(Estimates([800.0], [0.1]))},
        ),
    }  # fmt: skip


def changes(model):
    """Return new values of every number of a model that the graph holds, by field."""
    lists, found = model.base, {}
    if isinstance(model.losses, Pooled):
        found["losses.spread"] = 0.8
    elif isinstance(model.losses.prior, GammaPrior):
        found["losses.prior"] = GammaPrior(3.0, 0.002)
    spreads = ("concentration_spread", "class_spread", "list_spread", "stratum_spread")
    found |= {f"names.{field}": 1.3 * getattr(lists, field) for field in spreads}
    found["names.dependence"] = 1.5
    of = lists.patterns
    found["names.patterns"] = Patterns(
        of.lists, of.on, np.where(of.counted, of.counts + 3, of.counts), of.strata, of.stratum_of,
        of.is_unknown, of.is_bound,
    )  # fmt: skip
    if lists.exposure is not None:
        found["names.exposure"] = tuple(2.0 + value for value in lists.exposure)
    for field in [f"{name}.share" for name in model.joint.registers] + ["names.coverage"]:
        belief = model.value_of(field)
        if isinstance(belief, Beta | LogitNormal):
            shape = "beta" if isinstance(belief, Beta) else "logit_normal"
            found[field] = between(0.2, 0.7, 0.8, shape)
        elif isinstance(belief, Known):
            found[field] = Known(0.9)
    for name, register in model.joint.registers.items():
        estimates = register.estimates
        found[f"{name}.bias"] = 0.3
        found[f"{name}.estimates"] = Estimates(estimates.central * 1.2, estimates.errors * 1.1)
    return found


def blocks_of(model, latent):
    """Return the unknowns of one draw by block."""
    return {name: latent[block] for name, block in model.joint.form.blocks.items()}


def prior_scale(model, name):
    """Return the scale of the half-normal prior of a scale."""
    lists = model.base
    if name == "rate":
        return model.losses.spread
    return {
        "list": BETWEEN_LISTS, "class": lists.class_spread, "deviation": lists.list_spread,
        "stick_stratum": lists.stratum_spread, "list_stratum": lists.stratum_spread,
    }[name]  # fmt: skip


def scale_of(model, value, name):
    """Return a scale."""
    return prior_scale(model, name) * np.exp(np.sinh(value[SIZE + name][0]))


def belief_of(model, block):
    """Return the belief on the share of a block."""
    return model.evidence[block.removeprefix("share_")].share


def logistic(value):
    """Return the log of the slope of a share by its log odds."""
    return special.log_expit(value) + special.log_expit(-value)


def prior_of(model, block):
    """Return the prior of an unknown of a block, the way to it from its coordinate, and its slope.

    The slope is the log of the derivative.
    """
    if block.startswith("share_"):
        belief = belief_of(model, block)
        if isinstance(belief, LogitNormal):
            return stats.norm(belief.mu, belief.sigma), float, lambda x: 0.0
        return stats.beta(belief.alpha, belief.beta), special.expit, logistic
    if block.startswith(SIZE):
        scale = prior_scale(model, block.removeprefix(SIZE))
        return (stats.halfnorm(scale=scale), lambda x: scale * np.exp(np.sinh(x)),
                lambda x: np.log(scale) + np.sinh(x) + np.log(np.cosh(x)))  # fmt: skip
    if block in ("stick", "capture"):
        return stats.uniform(), special.expit, logistic
    return stats.norm(), float, lambda x: 0.0


def plain_classes(model, latent):
    """Return log weights [stratum][class], and log odds to be listed [stratum][class][list]."""
    value, lists = blocks_of(model, latent), model.base
    names, strata = len(lists.patterns.lists), max(1, len(lists.strata))
    concentration = math.exp(lists.concentration_spread * value["concentration"][0])
    weights, odds = [], []
    for s in range(strata):
        logs, left = [], 0.0
        for k in range(lists.classes - 1):
            stick = value["stick"][k]
            if strata > 1:
                own = value["stick_stratum"][s * (lists.classes - 1) + k]
                stick += scale_of(model, value, "stick_stratum") * own
            # of what is left a share V ~ Beta(1, concentration): 1 - V = U^(1 / concentration)
            log_rest = special.log_expit(-stick) / concentration
            logs.append(left + math.log(-math.expm1(log_rest)))
            left += log_rest
        weights.append([*logs, left])
        odds.append([[_log_odds(model, value, s, k, j) for j in range(names)]
                     for k in range(lists.classes)])  # fmt: skip
    return weights, odds


def _log_odds(model, value, stratum, at_class, at_list):
    """Return the log odds of a death of one stratum and class to be on one list."""
    names = len(model.base.patterns.lists)
    place = at_class * names + at_list
    if model.base.captures == "uniform":
        found = value["capture"][place]
    else:
        found = CENTER + CENTER_SPREAD * value["center"][0]
        found += scale_of(model, value, "list") * value["list"][at_list]
        found += scale_of(model, value, "class") * value["class"][at_class]
        found += scale_of(model, value, "deviation") * value["deviation"][place]
    if model.base.strata:
        own = value["list_stratum"][stratum * names + at_list]
        found += scale_of(model, value, "list_stratum") * own
    return found


def plain_shares(model, latent):
    """Return by stratum: log shares of all patterns by pattern, the one of no list included."""
    weights, odds = plain_classes(model, latent)
    names, found = len(model.base.patterns.lists), []
    for log_weight, of_stratum in zip(weights, odds, strict=True):
        shares = {}
        for pattern in itertools.product((0, 1), repeat=names):
            each = []
            for log_share, of_class in zip(log_weight, of_stratum, strict=True):
                for on, value in zip(pattern, of_class, strict=True):
                    log_share += special.log_expit(value if on else -value)
                each.append(log_share)
            shares[pattern] = np.logaddexp.reduce(each)
        found.append(shares)
    return found


def plain_expected(model, latent):
    """Return what one draw expects: persons by stratum and pattern, deaths, odds, coverage."""
    value, strata = blocks_of(model, latent), max(1, len(model.base.strata))
    data = model.graph_data()
    found = {"cells": [], "listed": [], "missed": [], "odds": []}
    for s, shares in zip(range(strata), plain_shares(model, latent), strict=True):
        listed = math.exp(data["level_center"][s] + data["level_spread"][s] * value["level"][s])
        none = (0,) * len(model.base.patterns.lists)
        # a sum over patterns, for 1 - share of none has few digits where nearly all are on none
        some = np.logaddexp.reduce([log for pattern, log in shares.items() if pattern != none])
        odds = model.base.dependence * math.exp(shares[none] - some)
        found["cells"].append({pattern: listed * math.exp(log - some)
                               for pattern, log in shares.items() if pattern != none})  # fmt: skip
        found["listed"].append(listed)
        found["odds"].append(odds)
        found["missed"].append(listed * odds)
    found["deaths"] = [a + b for a, b in zip(found["listed"], found["missed"], strict=True)]
    found["coverage"] = sum(found["listed"]) / sum(found["deaths"])
    # of all deaths, for every list: persons on it, and on none of them are those that are missed
    found["list_coverage"] = [
        sum(mean for cells in found["cells"] for pattern, mean in cells.items() if pattern[j])
        / sum(found["deaths"]) for j in range(len(model.base.patterns.lists))
    ]  # fmt: skip
    for name, register in model.joint.registers.items():
        found[name] = _register(model, name, register, value, sum(found["deaths"]))
    return found


def _register(model, name, register, value, deaths):
    """Return center and error of the log of the one row that a register without spans has."""
    of, block = register.estimates, f"share_{name}"
    known = isinstance(register.share, Known)
    share = register.share.value if known else special.expit(value[block][0])
    center = math.log(share * deaths) + register.bias * value[f"bias_{name}"][0]
    return center, math.hypot(of.error[0], register.row_error)


def plain_log_prior(model, latent):
    """Return the log prior density of one draw in the coordinates of the sampler."""
    total = 0.0
    for name, values in blocks_of(model, latent).items():
        if name == "level":
            continue
        prior, to, slope = prior_of(model, name)
        total += sum(prior.logpdf(to(x)) + slope(x) for x in values)
    expected = plain_expected(model, latent)
    if isinstance(model.losses, Pooled):
        exposure = model.base.exposure or (1.0,) * len(expected["deaths"])
        logs = [math.log(d / e) for d, e in zip(expected["deaths"], exposure, strict=True)]
        spread = scale_of(model, blocks_of(model, latent), "rate")
        # contrasts of iid normals are iid normal, and do not know of the common level
        total += stats.norm.logpdf(linalg.helmert(len(logs)) @ logs, 0, spread).sum()
    elif isinstance(model.losses.prior, GammaPrior):
        prior, rate = model.losses.prior, expected["deaths"][0]
        total += stats.gamma(prior.shape, scale=1 / prior.inverse_scale).logpdf(rate)
        total += math.log(rate)
    if model.base.has_belief:
        # by its log odds, for next to all may be on lists
        odds = math.log(sum(expected["listed"]) / sum(expected["missed"]))
        total += log_belief(model.base.coverage, odds)
    return total


def log_belief(belief, odds):
    """Return the log density of a belief on coverage, at its log odds."""
    seen, unseen = special.log_expit(odds), special.log_expit(-odds)
    if isinstance(belief, LogitNormal):
        return stats.norm(belief.mu, belief.sigma).logpdf(odds) - seen - unseen
    constant = special.betaln(belief.alpha, belief.beta)
    return (belief.alpha - 1) * seen + (belief.beta - 1) * unseen - constant


def plain_log_likelihood_of(model, latent):
    """Return the log probability of the data of one draw, by evidence."""
    expected, of = plain_expected(model, latent), model.base.patterns
    rows = {}
    for row in range(len(of.counts)):
        rows[tuple(of.on[row].astype(int)), of.stratum_of[row]] = row
    total, recorded = 0.0, 0.3  # labels are recorded by chance: how often says nothing
    if not model.base.unlabeled.any():
        recorded = 1.0
    for pattern in expected["cells"][0]:
        means = [cells[pattern] for cells in expected["cells"]]
        for s, mean in enumerate(means):
            row = rows.get((pattern, s))
            count = 0 if row is None else of.counts[row]
            if row is not None and of.is_unknown[row]:
                continue
            if row is not None and of.is_bound[row]:
                total += stats.poisson.logcdf(count, mean)
                continue
            total += stats.poisson.logpmf(count, recorded * mean) - count * math.log(recorded)
        if recorded < 1:
            row = rows.get((pattern, -1))
            count = 0 if row is None else of.counts[row]
            total += stats.poisson.logpmf(count, (1 - recorded) * sum(means))
            total -= count * math.log(1 - recorded)
    found = {model.base_name: total}
    for name, register in model.joint.registers.items():
        found[name] = stats.norm(*expected[name]).logpdf(math.log(register.estimates.central[0]))
    return found
