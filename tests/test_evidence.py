"""Log evidence against closed forms, brute force and prior draws.

Sequential Monte Carlo on the same graphs takes longer and stands in `benchmarks/evidence.py`.
"""

import datetime

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import log_expit, logsumexp

from estimation.comparison.evidence import evidence_weights, log_evidence
from estimation.diagnostics.reference import reference_models
from models import (
    Beta,
    Cells,
    Count,
    Flat,
    GammaPrior,
    InvalidValueError,
    LogitNormal,
    Model,
    NotEstimableError,
    RefusedError,
    Walk,
    audited,
    between,
    gamma_between,
    known,
    uniform,
    uniform_total,
)
from models.inclusion import count_log_likelihood, log_ratio

WIDE, PRECISE = between(0.3, 0.7, 0.9), between(0.9, 0.98, 0.9)
SITES = audited([12, 30, 5, 22], [20, 40, 20, 31])
VAGUE = gamma_between(1_000, 3_000)
#: Making them takes longer than most evidence.
REFERENCE = {
    name: model for name, model in reference_models().items()
    if isinstance(model.losses.prior, GammaPrior)
}  # fmt: skip


def _model(prior, count, coverage, precision=known(1.0), clustering=None):
    return Model(Flat(prior, clustering), {"names": Count(count, coverage, precision)})


def _brute(model, size=200):
    """Return the log of the mean likelihood over a grid of equal probability of both beliefs."""
    count = model.base
    likelihood = count_log_likelihood(count.names, model.losses.prior, model.losses.clustering)
    both = count.coverage.variance() > 0 and count.precision.variance() > 0

    def quantiles(belief):
        points = 1 if belief.variance() == 0 else size if both else size**2
        return belief.quantile((np.arange(points) + 0.5) / points)

    c, p = quantiles(count.coverage), quantiles(count.precision)
    s = log_ratio(c[:, None], p[None])
    return logsumexp(likelihood(s.ravel())) - np.log(s.size)


@pytest.mark.parametrize(("count", "shape"), [(0, 0.5), (900, 2.0), (106_745, 50.0), (10**9, 2e4)])
@pytest.mark.parametrize("precision", [1.0, 0.9])
def test_known_shares_leave_a_negative_binomial(count, shape, precision):
    prior = GammaPrior(shape, shape / (2 * count + 1))
    found = log_evidence(_model(prior, count, known(0.5), known(precision)))
    inverse = prior.inverse_scale / (prior.inverse_scale + 0.5 / precision)
    assert found.value == pytest.approx(
        stats.nbinom.logpmf(count, shape, inverse), abs=1e-8 + found.error
    )
    assert found.error < 1e-4


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_reference_models_equal_a_grid(name):
    model = REFERENCE[name]
    size = 50 if model.losses.clustering else 200
    assert log_evidence(model).value == pytest.approx(_brute(model, size), abs=1e-3)


@pytest.mark.parametrize(
    ("coverage", "precision"),
    [
        (uniform(0.45, 0.65), known(0.95)),
        (uniform_total(0.45, 0.65), known(0.95)),
        (between(0.45, 0.65, 0.5, "logit_normal"), known(0.95)),
        (SITES, known(0.95)),
        (Beta(0.02, 0.01), known(0.95)),
        (LogitNormal(0.0, 300.0), known(0.95)),
        (known(0.5), PRECISE),
        (known(0.5), uniform(0.8, 1.0)),
        (uniform(0.45, 0.65), uniform_total(0.8, 1.0)),
        (between(0.45, 0.65, 0.5, "logit_normal"), uniform(0.8, 1.0)),
        (audited([20, 10], [20, 10]), PRECISE),
    ],
)
def test_every_form_of_a_belief_equals_a_grid(coverage, precision):
    model = _model(VAGUE, 900, coverage, precision)
    found = log_evidence(model)
    assert found.value == pytest.approx(_brute(model), abs=1e-3)
    assert found.error < 1e-7


def test_evidence_is_the_mean_likelihood_of_prior_draws(rng):
    """Nothing of the exact engine: prior draws, and the SciPy likelihood given the rate."""
    model, size = REFERENCE["gamma-precision"], 80_000
    draws = model.simulate(rng, size)
    mean = draws["rate"] * draws["coverage"] / draws["precision"]
    likelihood = stats.poisson.pmf(model.base.names, mean)
    error = likelihood.std() / likelihood.mean() / np.sqrt(size)
    assert abs(np.log(likelihood.mean()) - log_evidence(model).value) < 4 * error


def test_evidence_of_all_counts_sums_to_one():
    prior = GammaPrior(3.0, 0.5)
    logs = [log_evidence(_model(prior, n, WIDE)).value for n in range(40)]
    assert np.exp(logs).sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("coverage", "precision"), [(WIDE, PRECISE), (uniform(0.45, 0.65), uniform(0.8, 0.95))]
)
@pytest.mark.parametrize("shape", [1e5, 1e8])
def test_narrow_peaks_of_huge_counts_are_found(coverage, precision, shape, rng):
    """With the rate all but known the evidence is the density of s at its peak."""
    found = log_evidence(_model(GammaPrior(shape, shape / 1.8e6), 1_000_000, coverage, precision))
    size = 100_000
    s = log_ratio(coverage.draw(rng, size), precision.draw(rng, size))
    likelihood = count_log_likelihood(1_000_000, GammaPrior(shape, shape / 1.8e6), None)(s)
    weight = np.exp(likelihood - likelihood.max())
    error = weight.std() / weight.mean() / np.sqrt(size)
    expected = np.log(weight.mean()) + likelihood.max()
    assert abs(found.value - expected) < 4 * error + found.error


@pytest.mark.parametrize(
    ("prior", "count", "belief"),
    [
        (GammaPrior(1e4, 1.0), 9_500, Beta(300, 300)),
        (GammaPrior(1e4, 1.0), 500, LogitNormal(1.0, 0.2)),
        (GammaPrior(1e6, 1e2), 9_900, Beta(3e4, 3e4)),
        (GammaPrior(1e6, 1e3), 100, LogitNormal(10.0, 3.0)),
    ],
)
def test_contradictions_far_in_the_tails_keep_their_digits(prior, count, belief):
    """Beyond what units of probability can tell apart: integrated in log odds, in one sweep."""
    likelihood = count_log_likelihood(count, prior, None)
    t = np.linspace(-30, 40, 200_001)
    if isinstance(belief, Beta):
        frozen = stats.beta(belief.alpha, belief.beta)
        # the density of log odds: that of the share times share (1 - share)
        log_density = frozen.logpdf(1 / (1 + np.exp(-t))) + log_expit(t) + log_expit(-t)
    else:
        log_density = stats.norm.logpdf(t, belief.mu, belief.sigma)
    inner = likelihood(log_expit(t)) + np.where(np.isfinite(log_density), log_density, -np.inf)
    expected = np.log(integrate.trapezoid(np.exp(inner - inner.max()), t)) + inner.max()
    found = log_evidence(_model(prior, count, belief))
    assert found.value == pytest.approx(expected, abs=1e-6)
    assert found.value < -12


def test_contradictions_of_two_beliefs_are_shared_between_them():
    prior, count = GammaPrior(1e3, 0.1), 9_000
    coverage, precision = stats.beta(300, 300), stats.beta(90, 10)
    likelihood = count_log_likelihood(count, prior, None)
    t, r = np.linspace(-1, 4, 801), np.linspace(-2, 6, 801)
    log_density = [
        belief.logpdf(1 / (1 + np.exp(-x))) + log_expit(x) + log_expit(-x)
        for belief, x in ((coverage, t), (precision, r))
    ]
    s = log_expit(t)[:, None] - log_expit(r)[None]
    inner = likelihood(s.ravel()).reshape(s.shape) + log_density[0][:, None] + log_density[1][None]
    expected = logsumexp(inner) + np.log((t[1] - t[0]) * (r[1] - r[0]))
    found = log_evidence(_model(prior, count, Beta(300, 300), Beta(90, 10)))
    assert found.value == pytest.approx(expected, abs=1e-6)
    assert found.value < -25


def test_a_contradiction_of_hard_ranges_is_a_number():
    """What is left is the end of both ranges: a corner, whose integral is elementary."""
    low, high, narrow = 0.1, 0.2, 0.9
    prior = GammaPrior(1e4, 1.0)
    found = log_evidence(_model(prior, 90_000, uniform(low, high), uniform(narrow, 0.95)))
    likelihood = count_log_likelihood(90_000, prior, None)
    corner = np.log(high / narrow)
    step = 1e-6
    slope = float(np.diff(likelihood(corner + np.array([-step, 0.0])))[0] / step)
    # u = 1 - x, v = y: exp(-slope (x (high - low) / high + y (0.95 - narrow) / narrow))
    expected = float(likelihood(np.array([corner]))[0]) - np.log(
        slope * (high - low) / high
    ) - np.log(slope * (0.95 - narrow) / narrow)  # fmt: skip
    assert found.value == pytest.approx(expected, abs=1e-3)
    assert -200_000 < found.value < -1e4


def test_clustering_beyond_measure_is_none():
    plain, clustered = (log_evidence(_model(VAGUE, 900, WIDE, clustering=k)) for k in (None, 1e8))
    assert clustered.value == pytest.approx(plain.value, abs=1e-4)


def test_weights_are_prior_weights_times_evidence():
    models = {
        "right": _model(VAGUE, 900, WIDE),
        "low": _model(VAGUE, 900, uniform(0.1, 0.2)),
        "impossible": _model(GammaPrior(1e4, 1.0), 900, uniform(0.9, 0.95)),
    }
    table = evidence_weights(models, {"right": 0.25, "low": 0.75, "impossible": 0.0})
    evidence = np.exp([log_evidence(model).value for model in models.values()])
    expected = evidence * [0.25, 0.75, 0.0]
    np.testing.assert_allclose(table["weight"], expected / expected.sum())
    np.testing.assert_allclose(table["bayes_factor"], evidence / evidence.max())
    assert table["log_bayes_factor"].max() == 0
    assert table["log_evidence"]["impossible"] < -1_000
    equal = evidence_weights(models)
    np.testing.assert_allclose(equal["weight"], evidence / evidence.sum())
    np.testing.assert_allclose(equal["prior_weight"], 1 / 3)


def test_improper_priors_and_tables_are_refused():
    with pytest.raises(RefusedError, match="one count cannot rank beliefs"):
        log_evidence(Model(Flat(), {"names": Count(900, WIDE)}))
    months = tuple(datetime.date(2024, month, 1) for month in range(1, 4))
    cells = Cells(np.array([[3], [4], [5]]), months, "month")
    with pytest.raises(RefusedError, match="no exact evidence"):
        log_evidence(Model(Walk(), {"names": Count(cells, WIDE)}))
    with pytest.raises(InvalidValueError, match="must be a Model"):
        log_evidence("model")


def test_different_data_are_not_compared():
    one, other = _model(VAGUE, 900, WIDE), _model(VAGUE, 901, WIDE)
    with pytest.raises(RefusedError, match="evidence of different data cannot be compared"):
        evidence_weights({"one": one, "other": other})
    named = Model(Flat(VAGUE), {"graves": Count(900, WIDE)})
    with pytest.raises(RefusedError, match="different data"):
        evidence_weights({"one": one, "named": named})
    with pytest.raises(InvalidValueError, match="no model"):
        evidence_weights({})
    with pytest.raises(InvalidValueError, match=r"sum to 0\.5"):
        evidence_weights({"one": one}, {"one": 0.5})


def test_what_rounding_swallows_is_refused():
    with pytest.raises(NotEstimableError, match="does not settle"):
        log_evidence(_model(GammaPrior(1e12, 500.0), 10**9, WIDE))
