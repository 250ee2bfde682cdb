"""Overlapping lists under NUTS: the answer of importance sampling from the prior of the classes."""

import arviz_stats
import numpy as np
import pytest

from estimation import fit
from estimation.diagnostics import ranks
from estimation.diagnostics.gate import tree_verdict
from estimation.diagnostics.reference import reference_lists
from models import Flat, Lists, Model
from tests.contract import cells_importance
from tests.contract.lists_reference import (
    BETWEEN_LISTS,
    CENTER,
    CENTER_SPREAD,
    PATTERNS,
    three_lists,
)

PROBABILITIES = (0.025, 0.25, 0.5, 0.75, 0.975)

#: Few persons, so that much of the prior is likely.
COUNTS = (9, 7, 4, 4, 2, 3, 2)

#: Draws from the prior, and how many are looked at at once.
DRAWS, AT_ONCE = 1_000_000, 100_000


def model(captures):
    return Model(Flat(), {"names": Lists(three_lists(COUNTS), captures=captures, classes=2)})


def uniform_captures(rng, draws):
    return rng.random((draws, 2, 3))


def pooled_captures(rng, draws):
    """Return chances to be on a list, by class and list."""

    def scaled(scale, *shape):
        spread = np.abs(rng.normal(0, scale, (draws, 1, 1)))
        return spread * rng.standard_normal((draws, *shape))

    odds = rng.normal(CENTER, CENTER_SPREAD, (draws, 1, 1)) + scaled(BETWEEN_LISTS, 1, 3)
    odds = odds + scaled(1.0, 2, 1) + scaled(1.0, 2, 3)
    return 1 / (1 + np.exp(-odds))


def weighted_draws(rng, captures):
    """Return draws from the prior and their log weights: the law of patterns among those listed.

    Under the scale prior the rate of listed persons is gamma whatever the classes, so that nothing
    but this law tells them apart.
    """
    found, log_weights = {"coverage": [], "total": [], "list_coverage": []}, []
    for _ in range(DRAWS // AT_ONCE):
        chance = captures(rng, AT_ONCE)
        first = rng.beta(1, np.exp(0.25 * rng.standard_normal(AT_ONCE)))
        weight = np.column_stack([first, 1 - first])
        coverage, log_weight = np.zeros(AT_ONCE), np.zeros(AT_ONCE)
        for pattern, count in zip(PATTERNS, COUNTS, strict=True):
            each = np.where(pattern, chance, 1 - chance).prod(axis=2)
            share = (weight * each).sum(axis=1)
            coverage += share
            log_weight += count * np.log(share)
        log_weight -= sum(COUNTS) * np.log(coverage)
        listed = rng.standard_gamma(sum(COUNTS), AT_ONCE)
        missed = np.minimum(listed * (1 - coverage) / coverage, 1e15)
        found["total"].append(sum(COUNTS) + rng.poisson(missed))
        found["coverage"].append(coverage)
        found["list_coverage"].append((weight[:, :, None] * chance).sum(axis=1))
        log_weights.append(log_weight)
    return {name: np.concatenate(one) for name, one in found.items()}, np.concatenate(log_weights)


@pytest.mark.parametrize(
    ("captures", "prior"), [("uniform", uniform_captures), ("pooled", pooled_captures)]
)
def test_nuts_equals_importance_sampling(captures, prior, rng):
    tree = fit(model(captures), "nuts", draws=4_000, seed=11)
    assert tree_verdict(tree, 0.95).verdict == "pass"
    posterior = tree["posterior"]
    expected, log_weight = weighted_draws(rng, prior)
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


def test_tables_of_other_numbers_need_no_new_compilation():
    held = model("uniform")
    other = model("uniform").replace_all({
        "names.patterns": three_lists((60, 0, 31, 12, 0, 5, 7)), "names.dependence": 1.5,
        "names.concentration_spread": 0.4,
    })  # fmt: skip
    assert other.structure() == held.structure()
    assert other.content() != held.content()
    assert other.replace("names.classes", 3).structure() != held.structure()
    assert model("pooled").structure() != held.structure()


@pytest.mark.parametrize("name", sorted(reference_lists()))
def test_calibration_fits_simulated_data_of_all_evidence(name, monkeypatch, rng):
    """Were one evidence left as it is, ranks would be those of another story."""
    model, fitted = reference_lists()[name], []

    def drawn(replaced, draws, **options):
        fitted.append(replaced)
        latent = model.simulate(rng, 20, 500.0)["latent"]
        return replaced.complete({"latent": latent}, rng)[0], {}, None

    monkeypatch.setattr(ranks, "nuts_draws", drawn)
    (found, refused), *_ = ranks.simulated_ranks({"one": model}, 100, 1).values()
    assert refused <= 15  # where few are listed nobody may be on two lists
    assert len(fitted) == 100 - refused
    for one in fitted[:5]:
        assert one.structure() == model.structure()
        for evidence, item in one.evidence.items():
            assert item.content() != model.evidence[evidence].content()
    assert {"total", "coverage"} <= set(found)
    for values in found.values():
        assert values.shape == (100 - refused,)
        assert ((values > 0) & (values < 1)).all()
