"""The exact engine and the PyMC graph under NUTS give the same posterior."""

import arviz_stats
import numpy as np
import pytest

from estimation import fit
from estimation.diagnostics.gate import tree_verdict
from estimation.diagnostics.reference import reference_models
from estimation.fit.session import session

#: One of each structure that the parts can form, with both priors, clustering and precision.
SETTINGS = (
    "scale-uniform", "scale-audited", "scale-clustering", "gamma-precision", "gamma-clustering",
    "gamma-small",
)  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_nuts_equals_exact(name):
    model = reference_models()[name]
    exact = fit(model, "exact", draws=50_000, seed=11)
    nuts = fit(model, "nuts", draws=2_000, tune=1_500, seed=11)
    verdict = tree_verdict(nuts, 0.95)
    assert verdict.verdict == "pass", verdict.failed()
    for variable in nuts["posterior"].data_vars:
        if variable in model.constants():
            continue
        _same(exact["posterior"][variable], nuts["posterior"][variable], variable)


def _same(exact, nuts, name):
    for prob in (0.025, 0.25, 0.5, 0.75, 0.975):
        expected, found = (float(values.quantile(prob)) for values in (exact, nuts))
        errors = [
            float(arviz_stats.mcse(values.astype(float), method="quantile", prob=prob))
            for values in (exact, nuts)
        ]
        # whole numbers: quantiles of small counts may differ by one without a Monte Carlo error
        slack = 1.0 if np.issubdtype(exact.dtype, np.integer) else 0.0
        assert abs(found - expected) < 4.5 * np.hypot(*errors) + slack, (name, prob)


def test_models_of_one_structure_share_a_compilation():
    model = reference_models()["scale-uniform"]
    other = model.replace("names.count", 50)
    assert session.compilation(model) is session.compilation(other)
    tree = fit(other, "nuts", draws=500, tune=500, seed=1)
    assert float(tree["posterior"]["total"].median()) == pytest.approx(91, rel=0.1)


def test_nuts_repeats_itself():
    model = reference_models()["scale-uniform"]
    first, again = (fit(model, "nuts", draws=200, tune=300, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first["posterior"]["total"], again["posterior"]["total"])
