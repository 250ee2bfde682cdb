"""Posteriors of tiny tables by importance sampling: the story, NumPy and SciPy, nothing of models.

Each function takes the numbers of its table, and returns draws by name with their weights.
"""

import numpy as np
from scipy import optimize, stats

#: Draws of importance sampling, and groups of them that tell the error.
DRAWS, GROUPS = 400_000, 25

#: The prior scales of all tables: those of `Walk`, `Pooled` and `walk_pooled`.
STEP, TAIL, SPREAD = 0.3, 4.0, 1.0


def walk(rng, counts, undated, low, high):
    """Return draws for a walk; under the scale prior alone rates are gamma, so that is proposed."""
    rates = rng.standard_gamma(counts, (DRAWS, len(counts)))
    step = np.abs(rng.normal(0, STEP, DRAWS))
    moves = np.diff(np.log(rates), axis=1)
    log_weight = stats.t.logpdf(moves, TAIL, 0, step[:, None]).sum(axis=1)
    odds = 1 / rng.uniform(low, high, DRAWS) - 1
    all_rates = np.column_stack([rates, rng.standard_gamma(undated, DRAWS)])
    deaths = np.append(counts, undated) + rng.poisson(all_rates * odds[:, None])
    return {"deaths": deaths, "total": deaths.sum(axis=1), "step": step}, log_weight


def pooled(rng, counts, exposure, apart, deviation, low, high):
    """Return draws for pooled strata whose coverage differs.

    Proposed are rates of listed names as they are under the scale prior alone, and differences of
    coverage from their prior; weights are the density of what is left of the effects.
    """
    inside = ~np.asarray(apart)
    rates = rng.standard_gamma(counts, (DRAWS, len(counts)))
    differing = deviation * rng.standard_normal(rates.shape)
    effect = np.log(rates / exposure) - (1 - (low + high) / 2) * differing
    spread, log_weight = _spread(rng, effect[:, inside])
    coverage = rng.uniform(low, high, DRAWS)
    relative = np.exp(-differing)
    mean = (rates * relative).sum(axis=1) / rates.sum(axis=1)
    odds = (1 / coverage - 1)[:, None] * relative / mean[:, None]
    deaths = counts + rng.poisson(rates * odds)
    found = {"deaths": deaths, "total": deaths.sum(axis=1), "spread": spread}
    return found | {"stratum_coverage": 1 / (1 + odds)}, log_weight


def _spread(rng, effect):
    """Return draws of the spread of iid normals whose mean is free, and their log weights.

    Given the squares of their differences, 1 / spread^2 is gamma but for the prior of the spread.
    """
    squares = ((effect - effect.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    half = (effect.shape[1] - 2) / 2
    spread = np.sqrt(squares / 2 / rng.standard_gamma(half, DRAWS))
    return spread, stats.halfnorm.logpdf(spread, scale=SPREAD) - half * np.log(squares)


def both(rng, counts, missing, without_stratum, low, high):
    """Return draws for two periods of two strata that rise and fall together.

    Cells that are missing are predicted; names without a stratum are shared out.
    """
    seen = ~np.asarray(missing)

    def log_rates(place):
        walk, effect = place[..., :2, None], place[..., 2]
        return walk + np.stack([effect, -effect], axis=-1)[..., None, :]

    def log_target(place, step, spread):
        rates = np.exp(log_rates(place)) * seen
        found = stats.poisson.logpmf(counts, np.where(seen, rates, 1.0)) * seen
        # what one more name without a stratum says: its period has as much more
        extra = without_stratum * np.log(rates.sum(axis=-1))
        prior = stats.t.logpdf(place[..., 1] - place[..., 0], TAIL, 0, step)
        # the orthonormal coordinate of (effect, -effect) is its length
        prior = prior + stats.norm.logpdf(np.sqrt(2) * place[..., 2], 0, spread)
        return found.sum(axis=(-2, -1)) + extra.sum(axis=-1) + prior

    start = np.array([*np.log(counts.sum(axis=1) / seen.sum(axis=1)), 0.0])
    mode = optimize.minimize(lambda place: -log_target(place, STEP, SPREAD), start)
    proposal = stats.multivariate_t(mode.x, 1.5 * mode.hess_inv, df=5)
    place = proposal.rvs(DRAWS, random_state=rng)
    step, spread = (np.abs(rng.normal(0, scale, DRAWS)) for scale in (STEP, SPREAD))
    log_weight = log_target(place, step, spread) - proposal.logpdf(place)
    rates, odds = np.exp(log_rates(place)), 1 / rng.uniform(low, high, DRAWS) - 1
    shares = rates * seen / (rates * seen).sum(axis=2, keepdims=True)
    names = counts * seen + rng.multinomial(without_stratum, shares)
    deaths = names + rng.poisson(rates * (odds[:, None, None] + ~seen))
    found = {"deaths": deaths, "total": deaths.sum(axis=(1, 2)), "confirmed": names}
    return found | {"step": step, "spread": spread}, log_weight


def quantiles(values, log_weight, probabilities):
    """Return weighted quantiles and their standard errors, from groups of draws."""

    def found(values, weight):
        order = np.argsort(values)
        reached = np.cumsum(weight[order])
        return values[order][np.searchsorted(reached, np.multiply(probabilities, reached[-1]))]

    weight = np.exp(log_weight - log_weight.max())
    groups = [found(values[i::GROUPS], weight[i::GROUPS]) for i in range(GROUPS)]
    return found(values, weight), np.std(groups, axis=0, ddof=1) / np.sqrt(GROUPS)


def effective(log_weight):
    """Return the effective number of weighted draws."""
    weight = np.exp(log_weight - log_weight.max())
    return weight.sum() ** 2 / (weight**2).sum()
