"""Coverage that is learned under NUTS: the answer of importance sampling and of quadrature."""

import datetime

import arviz_stats
import numpy as np
import pytest
from scipy import integrate, stats

from estimation import fit
from estimation.diagnostics import ranks
from estimation.diagnostics.gate import tree_verdict
from estimation.diagnostics.reference import reference_learned
from estimation.fit.session import session
from models import Cells, Count, Estimates, Flat, Model, Register, Walk, between
from tests.contract import cells_importance
from tests.contract.cells_importance import DRAWS

PROBABILITIES = (0.025, 0.25, 0.5, 0.75, 0.975)

WIDE, PRECISE = between(0.3, 0.7, 0.9), between(0.90, 0.98, 0.9)

#: Far from what the belief on coverage alone says of the total: what is learned shows.
NAMES, CENTRAL, ERROR, BIAS = 400, 1_200.0, 0.08, 0.1

YEARLY = {"names": np.array([200, 300]), "central": np.array([350.0, 800.0]),
          "error": 0.1, "correlation": 0.3, "bias": 0.1, "drift": 0.8, "step": 0.3}  # fmt: skip


def flat():
    total = Register(Estimates([CENTRAL], [ERROR]), BIAS)
    return Model(Flat(), {"names": Count(NAMES, WIDE, PRECISE), "probate": total})


def yearly():
    first, turn = datetime.date(2022, 1, 1), datetime.date(2023, 1, 1)
    cells = Cells(YEARLY["names"][:, None], (first, turn), "year")
    estimates = Estimates(YEARLY["central"], [YEARLY["error"]] * 2, YEARLY["correlation"],
                          (None, turn), (turn, None))  # fmt: skip
    return Model(Walk(YEARLY["step"]), {
        "names": Count(cells, WIDE, coverage_drift=YEARLY["drift"]),
        "probate": Register(estimates, YEARLY["bias"]),
    })  # fmt: skip


def beta(rng, belief):
    return rng.beta(belief.alpha, belief.beta, DRAWS)


def flat_draws(rng):
    """Under the scale prior listed names are gamma: draws are weighted by the register alone."""
    listed, coverage, precision = rng.standard_gamma(NAMES, DRAWS), beta(rng, WIDE), beta(
        rng, PRECISE)  # fmt: skip
    rate = listed * precision / coverage
    off = np.log(CENTRAL / rate)
    log_weight = stats.norm.logpdf(off, 0, np.hypot(ERROR, BIAS))
    kept = BIAS**2 / (BIAS**2 + ERROR**2)
    bias = kept * off + np.sqrt(kept) * ERROR * rng.standard_normal(DRAWS)
    total = rng.binomial(NAMES, precision) + rng.poisson(rate * (1 - coverage))
    return {"total": total, "coverage": coverage, "precision": precision, "rate": rate,
            "bias_probate": bias}, log_weight  # fmt: skip


def yearly_draws(rng):
    """Draw rates of names as if they knew nothing of each other, and all else from its prior."""
    listed = rng.standard_gamma(YEARLY["names"], (DRAWS, 2))
    step = np.abs(rng.normal(0, YEARLY["step"], DRAWS))
    log_weight = stats.t.logpdf(np.diff(np.log(listed))[:, 0], 4.0, 0, step)
    coverage, scale = beta(rng, WIDE), np.abs(rng.normal(0, YEARLY["drift"], DRAWS))
    relative = np.exp(-np.column_stack([np.zeros(DRAWS), scale * rng.standard_normal(DRAWS)]))
    mean = (listed * relative).sum(axis=1) / listed.sum(axis=1)
    odds = (1 / coverage - 1)[:, None] * relative / mean[:, None]
    bias = YEARLY["bias"] * rng.standard_normal(DRAWS)
    off = np.log(YEARLY["central"]) - np.log(listed * (1 + odds)) - bias[:, None]
    square, shared = YEARLY["error"] ** 2, YEARLY["correlation"]
    covariance = square * np.array([[1, shared], [shared, 1]])
    log_weight = log_weight + stats.multivariate_normal([0, 0], covariance).logpdf(off)
    deaths = YEARLY["names"] + rng.poisson(listed * odds)
    return {"total": deaths.sum(axis=1), "deaths": deaths, "coverage": coverage, "step": step,
            "coverage_step": scale, "bias_probate": bias,
            "period_coverage": 1 / (1 + odds)}, log_weight  # fmt: skip


@pytest.mark.parametrize(("build", "sample"), [(flat, flat_draws), (yearly, yearly_draws)])
def test_nuts_equals_importance_sampling(build, sample, rng):
    tree = fit(build(), "nuts", draws=1_500, seed=11)
    assert tree_verdict(tree, 0.95).verdict == "pass"
    posterior = tree["posterior"]
    expected, log_weight = sample(rng)
    assert cells_importance.effective(log_weight) > 5_000
    for variable, values in expected.items():
        found = posterior[variable].to_numpy()
        for index in np.ndindex(values.shape[1:]):
            ours, theirs = found[(..., *index)], values[(slice(None), *index)]
            if np.issubdtype(theirs.dtype, np.integer):
                # spread over the unit above it, a whole number has quantiles that move smoothly
                ours, theirs = (one + rng.random(one.shape) for one in (ours, theirs))
            known, errors = cells_importance.quantiles(theirs, log_weight, PROBABILITIES)
            for prob, value, other in zip(PROBABILITIES, known, errors, strict=True):
                error = np.hypot(arviz_stats.mcse(ours, method="quantile", prob=prob), other)
                assert abs(np.quantile(ours, prob) - value) < 4.5 * error, (variable, index, prob)


def test_nuts_equals_quadrature_in_two_dimensions():
    """Listed names aside, which their number tells, coverage and bias have a density in a plane."""
    model = flat().replace("names.precision", between(0.999, 0.9999, 0.9))
    posterior = fit(model, "nuts", draws=1_500, seed=12)["posterior"]
    coverage = posterior["coverage"].to_numpy()
    shares = np.linspace(0.05, 0.95, 901)
    logs = np.log(NAMES) + np.linspace(-0.3, 0.3, 241)  # of listed names
    heights = (
        NAMES * logs[:, None] - np.exp(logs)[:, None]
        + stats.beta.logpdf(shares, WIDE.alpha, WIDE.beta)
        + stats.norm.logpdf(np.log(CENTRAL * shares) - logs[:, None], 0, np.hypot(ERROR, BIAS))
    )  # fmt: skip
    along = integrate.trapezoid(np.exp(heights - heights.max()), logs, axis=0)
    reached = integrate.cumulative_trapezoid(along, shares, initial=0)
    for prob in PROBABILITIES:
        expected = np.interp(prob, reached / reached[-1], shares)
        error = arviz_stats.mcse(coverage, method="quantile", prob=prob)
        # precision is 1 but for less than a thousandth
        assert abs(np.quantile(coverage, prob) - expected) < 4.5 * error + 0.001, prob


def test_models_of_one_structure_share_a_compilation():
    other = flat().replace_all({"names.count": 900, "probate.bias": 0.3})
    assert session.compilation(flat()) is session.compilation(other)
    assert session.compilation(flat()) is not session.compilation(yearly())


@pytest.mark.parametrize("name", sorted(reference_learned()))
def test_calibration_fits_simulated_data_of_all_evidence(name, monkeypatch, rng):
    """Were one evidence left as it is, ranks would be those of another story."""
    model, fitted = reference_learned()[name], []

    def drawn(replaced, draws, **options):
        fitted.append(replaced)
        latent = model.simulate(rng, 20, 500.0)["latent"]
        return replaced.complete({"latent": latent}, rng)[0], {}, None

    monkeypatch.setattr(ranks, "nuts_draws", drawn)
    (found, refused), *_ = ranks.simulated_ranks({"one": model}, 100, 1).values()
    assert refused <= 5
    assert len(fitted) == 100 - refused
    for one in fitted[:5]:
        assert one.structure()[:2] == model.structure()[:2]
        for evidence, item in one.evidence.items():
            assert item.content() != model.evidence[evidence].content()
    for values in found.values():
        assert values.shape == (100 - refused,)
        assert ((values > 0) & (values < 1)).all()
