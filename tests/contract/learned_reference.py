"""Small models whose coverage is learned, one of each form, and a density of them in plain loops.

The density is written from what docstrings say: days are counted one by one, sums are loops, and of
the package only the parts of a model and the places of unknowns are read.
"""

import dataclasses
import datetime
from types import SimpleNamespace

import numpy as np
from scipy import special, stats

from models import (
    Audits,
    Baseline,
    Beta,
    Cells,
    Count,
    Estimates,
    Excess,
    Flat,
    Known,
    LogitNormal,
    Model,
    Mortality,
    Register,
    Triangle,
    Walk,
    between,
    known,
)
from models.learning.form import SCALE
from tests.contract.late_reference import plain_log_likelihood, triangle

DAY = datetime.date
WIDE = between(0.3, 0.7, 0.9)
LOGIT = between(0.3, 0.7, 0.9, "logit_normal")
PART = between(0.8, 0.95, 0.9)
PRECISE = between(0.90, 0.98, 0.9)
NEW_YEAR = DAY(2024, 1, 1)


def months(counts=(90, 120, 60, 150, 110, 70, 80, 95)):
    """Return a table by month from September 2023 on: a year turns in it."""
    days = [DAY(2023 + (8 + at) // 12, (8 + at) % 12 + 1, 1) for at in range(len(counts))]
    return Cells(np.asarray(counts)[:, None], tuple(days), "month")


def weeks(counts=(40, 55, 30, 61, 48, 35, 52, 44)):
    """Return a table by week from 2023-11-20 on: a week lies across the turn of the year."""
    days = tuple(DAY(2023, 11, 20) + datetime.timedelta(7 * at) for at in range(len(counts)))
    return Cells(np.asarray(counts)[:, None], days, "week")


def mortality(first_year, years=9, ages=("20-24", "25-34"), excess=300):
    """Return deaths of a table whose last year is that of the war."""
    calendar = tuple(range(first_year - years + 1, first_year + 1))
    other = np.array([[9_000 + 50 * at, 12_000 - 30 * at] for at in range(years)])
    affected = np.rint(other * np.exp(0.8 - 0.02 * np.arange(years))[:, None]).astype(int)
    affected[-1] += excess
    base = (calendar[1], first_year - 4)  # the year before it is not read
    pandemic = (first_year - 2, first_year - 3)
    return Mortality(calendar, ages, affected, other, first_year, base, pandemic)


def turning_triangle(**options):
    """Return a triangle of weeks across the turn of a year."""
    found = triangle(**options)
    moved = DAY(2023, 11, 29) - found.periods[0]
    return dataclasses.replace(
        found, periods=tuple(day + moved for day in found.periods), as_of=found.as_of + moved
    )


def learned_models():
    """Return the reference models by name."""
    total = Register(Estimates([3_900.0], [0.05]), source="register")
    survey = Register(Estimates([4_400.0], [0.15]), 0.2, share=PART, source="survey")
    yearly = Estimates([800.0, 720.0], [0.08, 0.09], 0.5, (None, NEW_YEAR), (NEW_YEAR, None))
    cumulative = Estimates(
        [600.0, 1_300.0, 1_500.0], [0.1, 0.09, 0.12], 0.3, (), (DAY(2023, 12, 16), DAY(2024, 4, 1),
                                                                None))  # fmt: skip
    graves = {"found": (12, 9, 20), "checked": (20, 20, 45), "source": "graves"}
    trend = Baseline(slope=0.05, noise=0.02)
    late = turning_triangle(late=2)
    return {
        "flat-register": Model(Flat(), {"names": Count(2_000, WIDE, PRECISE), "probate": total}),
        "flat-audits": Model(Flat(), {"names": Count(2_000, LOGIT), "graves": Audits(**graves)}),
        "flat-two": Model(
            Flat(), {"names": Count(2_000, WIDE), "probate": total, "survey": survey}
        ),
        "walk-drift": Model(
            Walk(), {"names": Count(months(), LOGIT, coverage_drift=0.5),
                     "probate": Register(yearly, row_error=0.02, share=PART)},
        ),
        "walk-excess": Model(
            Walk(drift=0.1), {"names": Count(weeks(), WIDE, coverage_drift=0.3),
                              "excess": Excess(mortality(2023), PART, trend, 0.7)},
        ),
        "walk-audits": Model(
            Walk(0.2, tail=200.0),
            {"names": Count(months(), WIDE, known(0.95), coverage_drift=0.5),
             "probate": Register(cumulative, split=True),
             "graves": Audits(begin=DAY(2023, 10, 1), end=DAY(2024, 2, 1), **graves)},
        ),
        "triangle": Model(
            Walk(), {"names": Triangle(triangle(), WIDE),
                     "probate": Register(Estimates([300.0], [0.1]))},
        ),
        "triangle-excess": Model(
            Walk(), {"names": Triangle(late, LOGIT, PRECISE, coverage_drift=0.3),
                     "probate": Register(Estimates([400.0], [0.1]), share=PART),
                     "excess": Excess(mortality(2023), known(0.9), trend)},
        ),
    }  # fmt: skip


def changes(model):
    """Return new values of every number of a model that the graph holds, by field."""
    found = {"losses.step": 0.21, "losses.tail": 7.0} if isinstance(model.losses, Walk) else {}
    for name, item in model.evidence.items():
        for field in ("coverage", "precision", "share"):
            belief = getattr(item, field, None)
            if isinstance(belief, Known):
                found[f"{name}.{field}"] = known(0.97)
            elif belief is not None:
                shape = "beta" if isinstance(belief, Beta) else "logit_normal"
                found[f"{name}.{field}"] = between(0.05, 0.12, 0.8, shape)
        if getattr(item, "coverage_drift", 0) > 0:
            found[f"{name}.coverage_drift"] = 0.7
        if isinstance(item, Count):
            cells = item.cells
            found[f"{name}.count"] = 2_100 if cells is None else dataclasses.replace(
                cells, counts=cells.counts[::-1] + 3)  # fmt: skip
        elif isinstance(item, Triangle):
            counts = np.where(item.reports.counts > 0, item.reports.counts + 2, 0)
            found[f"{name}.reports"] = dataclasses.replace(item.reports, counts=counts)
            found[f"{name}.delays"] = dataclasses.replace(item.delays, shock=0.7, noise=0.3)
        elif isinstance(item, Register):
            of = item.estimates
            found |= {f"{name}.bias": 0.17, f"{name}.row_error": 0.03}
            found[f"{name}.estimates"] = dataclasses.replace(of, central=of.central * 1.2)
        elif isinstance(item, Audits):
            found |= {f"{name}.bias": 0.3, f"{name}.spread": 0.7, f"{name}.found": (11, 10, 19)}
        else:
            found |= {f"{name}.age_spread": 0.9, f"{name}.baseline": Baseline(0.07, 0.01, 0.03)}
            affected = item.deaths.affected + 30
            found[f"{name}.deaths"] = dataclasses.replace(item.deaths, affected=affected)
    return found


def blocks_of_form(model):
    """Return the places of the unknowns by block."""
    return {name: range(one.start, one.stop) for name, one in model.joint.form.blocks.items()}


def blocks_of(model, latent):
    """Return the unknowns of one draw by block."""
    return {name: latent[block] for name, block in model.joint.form.blocks.items()}


def beliefs_of(model):
    """Return the beliefs on shares by block."""
    base, found = model.base, {}
    found |= {"coverage": base.coverage, "precision": base.precision}
    for name, item in model.evidence.items():
        if hasattr(item, "share"):
            found[f"share_{name}"] = item.share
    return found


def prior_of(model, block):
    """Return the prior of an unknown of a block, the way to it from its coordinate, and its slope.

    The slope is the log of the derivative.
    """
    belief = beliefs_of(model).get(block)
    if isinstance(belief, Beta):
        logs = special.log_expit
        return stats.beta(belief.alpha, belief.beta), special.expit, lambda x: logs(x) + logs(-x)
    if isinstance(belief, LogitNormal):
        return stats.norm(belief.mu, belief.sigma), float, lambda x: 0.0
    if block == "step":
        return stats.t(model.losses.tail), np.sinh, lambda x: np.log(np.cosh(x))
    if block in ("delay", "shock"):
        return stats.t(4.0), np.sinh, lambda x: np.log(np.cosh(x))
    if block.startswith("log_"):  # a scale of the list
        scale = _scale(model, block.removeprefix("log_"))
        return stats.halfnorm(scale=scale), np.exp, float
    if block.startswith(SCALE):
        scale = _scale(model, block.removeprefix(SCALE))
        return (stats.halfnorm(scale=scale), lambda x: scale * np.exp(np.sinh(x)),
                lambda x: np.log(scale) + np.sinh(x) + np.log(np.cosh(x)))  # fmt: skip
    return stats.norm(), float, lambda x: 0.0


def scale_of(model, value, block):
    """Return the scale that multiplies a block."""
    return _scale(model, block) * np.exp(np.sinh(value[f"{SCALE}{block}"][0]))


def _scale(model, name):
    if name == "step":
        return model.losses.step
    if name == "coverage_step":
        # coverage_drift is that of a year, and variances of steps add up
        cells, steps = model.base.cells, len(blocks_of_form(model)["coverage_step"])
        years = (len(cells.periods) - 1) / {"month": 12, "week": 365.25 / 7}[cells.step]
        return model.base.coverage_drift * np.sqrt(years / steps)
    if name in ("noise", "delay_step", "shock"):
        return getattr(model.base.delays, name.removeprefix("delay_"))
    kind, _, of = name.partition("_")
    if kind == "place":
        return model.evidence[of].spread
    return getattr(model.evidence[name.rpartition("_")[2]].baseline,
                   "slope_spread" if kind == "slope" else kind)  # fmt: skip


def plain_log_prior(model, latent):
    """Return the log prior density of one draw in the coordinates of the sampler."""
    total = 0.0
    for name, values in blocks_of(model, latent).items():
        if name == "level":
            continue
        prior, to, slope = prior_of(model, name)
        total += sum(prior.logpdf(to(x)) + slope(x) for x in values)
    return total


def spans_of(model):
    """Return first days of periods, and the days after their last ones; None without periods."""
    cells = model.base.cells
    if cells is None:
        return None
    days = list(cells.periods)
    last = days[-1]
    length = 31 if cells.step == "month" else 7
    after = last + datetime.timedelta(length)
    if cells.step == "month":
        after = after.replace(day=1)
    return list(zip(days, [*days[1:], after], strict=True))


def within(model, holds):
    """Return the share of the days of each period for which something holds."""
    spans = spans_of(model)
    if spans is None:
        return [1.0]
    found = []
    for first, after in spans:
        days = [first + datetime.timedelta(at) for at in range((after - first).days)]
        found.append(sum(holds(day) for day in days) / len(days))
    return found


def _span(begin, end):
    return lambda day: (begin is None or day >= begin) and (end is None or day < end)


def plain_expected(model, latent):
    """Return what one draw expects: names, deaths and odds by period, and of each evidence."""
    value = blocks_of(model, latent)
    share = {}
    for name, belief in beliefs_of(model).items():
        share[name] = special.expit(value[name][0]) if name in value else belief.value
    names, moves = _names(model, value), [0.0]
    for step in value.get("coverage_step", []):
        moves.append(moves[-1] + scale_of(model, value, "coverage_step") * step)
    places = np.linspace(0, len(moves) - 1, len(names))
    drift = [np.interp(place, range(len(moves)), moves) for place in places]
    missed = special.expit(-value["coverage"][0]) / share["coverage"]
    mean = sum(n * np.exp(-w) for n, w in zip(names, drift, strict=True)) / sum(names)
    odds = [missed * np.exp(-w) / mean for w in drift]
    true = [n * share["precision"] for n in names]
    deaths = [n * (1 + o) for n, o in zip(true, odds, strict=True)]
    found = {"names": names, "true": true, "deaths": deaths, "odds": odds}
    for name, item in model.evidence.items():
        if isinstance(item, Register):
            found[name] = _register(model, name, value, share, deaths)
        elif isinstance(item, Audits):
            inside = within(model, _span(item.begin, item.end))
            listed = sum(w * n for w, n in zip(inside, true, strict=True))
            lost = sum(w * n * o for w, n, o in zip(inside, true, odds, strict=True))
            center = np.log(listed / lost) + item.bias * value[f"bias_{name}"][0]
            scale = scale_of(model, value, f"place_{name}")
            found[name] = [center + scale * place for place in value[f"place_{name}"]]
        elif isinstance(item, Excess):
            found[name] = _excess(model, name, value, share, deaths)
    return found


def _names(model, value):
    """Return the expected names of each period within the longest delay."""
    path = [0.0]
    for step in value.get("step", []):
        path.append(path[-1] + np.exp(value["log_step"][0]) * np.sinh(step))
        if "walk_drift" in value:
            path[-1] += model.losses.drift * value["walk_drift"][0]
    if isinstance(model.base, Triangle):
        typical = model.base.typical()
    else:
        typical = np.log(model.base.names / len(path))
    middle = sum(path) / len(path)
    return [np.exp(typical + value["level"][0] + at - middle) for at in path]


def _register(model, name, value, share, deaths):
    """Return center and covariance of the logs of the rows."""
    item, of = model.evidence[name], model.evidence[name].estimates
    centers, rows = [], range(len(of.central))
    for row in rows:
        inside = within(model, _span(of.begin[row], of.end[row]))
        scope = share[f"share_{name}"] * sum(w * d for w, d in zip(inside, deaths, strict=True))
        centers.append(np.log(scope) + item.bias * value[f"bias_{name}"][0])
    covariance = [
        [of.error[i] * of.error[j] * (1.0 if i == j else of.correlation)
         + (item.row_error**2 if i == j else 0.0) for j in rows] for i in rows
    ]  # fmt: skip
    return np.array(centers), np.array(covariance)


def _excess(model, name, value, share, deaths):
    """Return means and standard deviations of the table by year and age."""
    item, table, prior = (model.evidence[name], model.evidence[name].deaths,
                          model.evidence[name].baseline)  # fmt: skip

    def of(kind):
        return value[f"{kind}_{name}"]

    weights = [np.exp(item.age_spread * raw) for raw in of("age")]
    years = [year for year in table.years if year >= table.base[0]]
    shocks = dict(zip(sorted(table.pandemic), of("pandemic"), strict=True))
    means, errors, walk = [], [], 0.0
    for at, year in enumerate(years):
        if at:
            walk += scale_of(model, value, f"drift_{name}") * of("drift")[at - 1]
        lost = 0.0
        if year >= table.first_year:
            inside = within(model, lambda day, year=year: day.year == year)
            lost = sum(w * d for w, d in zip(inside, deaths, strict=True))
        x = year - (table.base[0] + table.base[1]) / 2
        for age in range(len(table.ages)):
            spread = scale_of(model, value, f"slope_{name}")
            slope = prior.slope * of("common")[0] + spread * of("slope")[age]
            log_ratio = 2.0 * of("level")[age] + slope * x + walk
            log_ratio += prior.pandemic * shocks.get(year, 0.0)
            other = table.other[table.years.index(year), age]
            usual = other * np.exp(log_ratio)
            war = weights[age] / sum(weights) * share[f"share_{name}"] * lost
            noise = scale_of(model, value, f"noise_{name}") ** 2
            means.append(usual + war)
            errors.append(np.sqrt(usual + war + usual**2 * (noise + 1 / other)))
    shape = (len(years), len(table.ages))
    return np.reshape(means, shape), np.reshape(errors, shape)


def plain_log_likelihood_of(model, latent):
    """Return the log probability of the data of one draw, by evidence, summed."""
    expected, found = plain_expected(model, latent), {}
    for name, item in model.evidence.items():
        if isinstance(item, Count):
            counts = item.cells.counts[:, 0] if item.cells is not None else [item.count]
            found[name] = sum(stats.poisson.logpmf(counts, expected["names"]))
        elif isinstance(item, Triangle):
            late = SimpleNamespace(joint=model.joint.listed.late)
            found[name] = sum(plain_log_likelihood(late, latent))
        elif isinstance(item, Register):
            logs = [np.log(one) for one in item.estimates.central]
            found[name] = stats.multivariate_normal(*expected[name]).logpdf(logs)
        elif isinstance(item, Audits):
            found[name] = 0.0
            for hits, trials, odds in zip(item.found, item.checked, expected[name], strict=True):
                log_odds = hits * special.log_expit(odds) + (trials - hits) * special.log_expit(
                    -odds
                )
                found[name] += np.log(special.comb(trials, hits)) + log_odds
        else:
            used = [year >= item.deaths.base[0] for year in item.deaths.years]
            each = stats.norm.logpdf(item.deaths.affected[used], *expected[name])
            found[name] = each.sum()
    return found
