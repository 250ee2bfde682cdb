"""Calibration finds what is wrong, and passes what is right."""

import numpy as np
import pytest

from estimation.diagnostics.calibration import judge_ranks
from estimation.diagnostics.ranks import CHUNK, simulated_ranks
from estimation.diagnostics.reference import reference_models
from estimation.errors import UsageError
from models import Uniform


def _ranks(model, simulations, seed, engine="exact", **options):
    return simulated_ranks({"one": model}, simulations, seed, engine, **options)["one"]


@pytest.mark.parametrize("name", ["scale-uniform", "scale-clustering", "gamma-precision"])
def test_right_models_pass(name):
    ranks, refused = _ranks(reference_models()[name], 1_000, seed=2)
    assert refused == 0
    for one in judge_ranks(ranks, 12):
        assert one.verdict == "pass", one


def test_a_belief_that_is_too_narrow_fails(monkeypatch):
    """The posterior believes 0.45 to 0.65; the simulated worlds are drawn a little wider."""
    model = reference_models()["scale-uniform"]

    class Wider(Uniform):
        def draw(self, rng, draws):
            world = draws == CHUNK  # a posterior takes more draws
            return rng.uniform(0.43, 0.67, draws) if world else super().draw(rng, draws)

    ranks, _ = _ranks(model.replace("names.coverage", Wider(0.45, 0.65)), 1_000, seed=2)
    verdicts = {one.name: one.verdict for one in judge_ranks(ranks)}
    assert verdicts["total"] == "fail"


def test_uniform_ranks_pass_and_others_do_not(rng):
    uniform = rng.random(4_000)
    verdicts = {
        name: judge_ranks({"x": ranks})[0].verdict
        for name, ranks in {
            "uniform": uniform,
            "biased": uniform**1.15,
            "too narrow": np.clip(0.5 + (uniform - 0.5) * 1.08, 0.001, 0.999),
            "too wide": 0.5 + (uniform - 0.5) * 0.92,
        }.items()
    }
    assert verdicts == {
        "uniform": "pass", "biased": "fail", "too narrow": "fail", "too wide": "fail",
    }  # fmt: skip


def test_ranks_do_not_depend_on_how_many_there_are():
    model = reference_models()["scale-beta"]
    few, _ = _ranks(model, 130, seed=3)
    many, _ = _ranks(model, 250, seed=3)
    np.testing.assert_array_equal(few["total"], many["total"][:130])


def test_nuts_ranks_are_uniform():
    ranks, _ = _ranks(reference_models()["scale-uniform"], 100, seed=4, engine="nuts")
    for one in judge_ranks(ranks):
        assert one.deviation <= one.envelope


def test_too_few_simulations_are_refused():
    with pytest.raises(UsageError, match="say nothing"):
        _ranks(reference_models()["scale-beta"], 10, seed=1)
