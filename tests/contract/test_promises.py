"""What every model promises, whatever its parts."""

import numpy as np
import pytest

from estimation.fit.exact import exact_draws
from models import GammaPrior, Known, NotEstimableError, RefusedError
from models.exact import draw_posterior


def test_draws_are_reproducible_and_differ_between_seeds(reference):
    first, again, other = (exact_draws(reference, 500, seed) for seed in (1, 1, 2))
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    assert not np.array_equal(first["rate"], other["rate"])


def test_chunks_do_not_change_what_is_promised(reference):
    draws = exact_draws(reference, 70_001, 3)
    assert {value.shape for value in draws.values()} == {(70_001,)}


def test_total_holds_the_observed(reference):
    draws = exact_draws(reference, 5_000, 4)
    np.testing.assert_array_equal(draws["observed"] + draws["unseen"], draws["total"])
    assert (draws["unseen"] >= 0).all()
    assert (draws["observed"] <= reference.base.names).all()
    precision = reference.base.precision
    if isinstance(precision, Known) and precision.value == 1:
        assert (draws["observed"] == reference.base.names).all()


def test_shares_stay_shares(reference):
    draws = exact_draws(reference, 5_000, 5)
    for name in ("coverage", "precision"):
        assert (draws[name] > 0).all()
        assert (draws[name] <= 1).all()


def test_constants_are_constant_and_only_they(reference):
    draws = exact_draws(reference, 5_000, 6)
    for name, values in draws.items():
        assert (np.ptp(values) == 0) == (name in reference.constants()), name


def test_every_unknown_is_declared(reference):
    declared = {parameter.name for parameter in reference.parameters()}
    assert declared == {"rate", "coverage", "precision"}
    for parameter in reference.parameters():
        assert parameter.meaning
        assert parameter.unit
        assert parameter.support
        assert parameter.prior


def test_every_assumption_has_a_direction(reference):
    assumptions = reference.assumptions()
    assert assumptions
    for assumption in assumptions:
        assert assumption.if_false in ("too low", "too high", "either")
        assert assumption.because


def test_words_do_not_change_the_content(reference):
    reworded = reference.replace("names.source", "somebody else").replace("names.scope", "all")
    assert reworded.content() == reference.content()
    assert reworded.structure() == reference.structure()


def test_a_number_changes_the_content_but_not_the_structure(reference):
    other = reference.replace("names.count", reference.base.names + 1)
    assert other.content() != reference.content()
    assert other.structure() == reference.structure()


def test_zero_is_refused_under_the_scale_prior_alone(reference):
    if isinstance(reference.losses.prior, GammaPrior):
        zero = exact_draws(reference.replace("names.count", 0), 2_000, 7)
        assert (zero["observed"] == 0).all()
        assert zero["total"].max() > 0
    else:
        with pytest.raises(NotEstimableError, match="scale prior"):
            reference.replace("names.count", 0)


def test_simulated_lists_follow_the_story(reference, rng):
    proper = isinstance(reference.losses.prior, GammaPrior)
    if not proper:
        with pytest.raises(RefusedError, match="improper"):
            reference.simulate(rng, 10)
    found = reference.simulate(rng, 40_000, None if proper else 500.0)
    np.testing.assert_array_equal(found["seen"] + found["unseen"], found["total"])
    expected = found["rate"] * found["coverage"] / found["precision"]
    standard_error = np.std(found["count"] - expected) / 200
    assert abs(np.mean(found["count"] - expected)) < 4 * standard_error


def test_simulated_counts_equal_those_of_the_graph(reference, rng):
    """Prior predictive of the graph against `simulate`: catches a prior on the wrong scale."""
    if not isinstance(reference.losses.prior, GammaPrior):
        with pytest.raises(NotImplementedError):
            _prior_counts(reference)
        return
    ours = np.sort(reference.simulate(rng, 4_000)["count"])
    graph = np.sort(_prior_counts(reference))
    grid = np.unique(np.concatenate([ours, graph]))
    distance = np.abs(
        np.searchsorted(ours, grid, "right") / ours.size
        - np.searchsorted(graph, grid, "right") / graph.size
    ).max()
    # the 99.9 % point of the two-sample Kolmogorov-Smirnov distance
    assert distance < 1.95 * np.sqrt(1 / ours.size + 1 / graph.size)


def _prior_counts(model):
    import pymc as pm

    with model.graph():
        found = pm.sample_prior_predictive(
            4_000, random_seed=1, compile_kwargs={"mode": "FAST_COMPILE"}
        )
    return found["prior_predictive"]["names"].to_numpy().ravel()


def test_streams_are_shared_between_models_that_differ_in_one_part(reference):
    """Scenarios share random numbers: a different count leaves the drawn shares alone."""
    if isinstance(reference.losses.prior, GammaPrior):
        pytest.skip("under a proper prior the count informs the shares")
    other = reference.replace("names.count", reference.base.names + 10)
    first, second = (exact_draws(model, 1_000, 8) for model in (reference, other))
    np.testing.assert_array_equal(first["coverage"], second["coverage"])


def test_memory_does_not_grow_with_the_draws(reference, rng):
    chunks = draw_posterior(reference.losses, reference.base, 10**9, (rng,) * 5)
    assert next(chunks).total.size < 100_000
