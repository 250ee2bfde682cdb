"""Late reports by NUTS against answers that are known: one compilation for all of them."""

import dataclasses

import numpy as np
import pytest

from estimation.classical.over_dispersed_poisson import over_dispersed_poisson
from estimation.diagnostics.gate import sampled_verdict
from estimation.fit.nuts import completed, sample_graph
from estimation.tables.reports import read_reports
from models import Delays, Model, Triangle, Walk

#: Priors so wide that rows and columns are free, without shocks.
FREE = {"shock": 1e-3, "step": 3.0, "first_spread": 3.0}


@pytest.fixture(scope="module")
def claims():
    """Return a published triangle of ten years, in thousands."""
    reports = read_reports("claims_triangles", select={"triangle": "genins"}).reports()
    thousands = np.rint(np.asarray(reports.counts) / 1000).astype(int)
    return dataclasses.replace(reports, counts=thousands)


def due_of(reports, delays):
    model = Model(Walk(step=3.0, tail=30.0), {"names": Triangle(reports, delays=delays)})
    sampled = sample_graph(model, 500, tune=400, chains=2, seed=1)
    return completed(model, sampled, 1)[0], sampled


def test_free_rows_and_columns_of_poisson_counts_give_the_chain_ladder(claims):
    """Maximum likelihood of the Poisson regression is the chain ladder; its error is known too."""
    fitted = over_dispersed_poisson(claims.counts[:, :, 0], claims.reported)
    rng = np.random.default_rng(4)
    counts = np.where(claims.reported, rng.poisson(fitted.means), 0)[:, :, None]
    reports = dataclasses.replace(claims, counts=counts)
    classical = over_dispersed_poisson(counts[:, :, 0], reports.reported)
    poisson_error = classical.total / np.sqrt(classical.dispersion)
    found, _ = due_of(reports, Delays(noise=1e-3, **FREE))
    due = found["eventual"] - reports.total
    assert abs(np.mean(due) - classical.fitted.total) < 0.35 * poisson_error
    assert np.std(due) == pytest.approx(poisson_error, rel=0.15)


def test_noise_gives_the_spread_of_the_over_dispersed_poisson(claims):
    """The published triangle is over-dispersed: some 15 % of the reserve, whatever the method."""
    classical = over_dispersed_poisson(claims.counts[:, :, 0], claims.reported)
    found, sampled = due_of(claims, Delays(noise=0.5, **FREE))
    due = found["eventual"] - claims.total
    # variance by the square of the mean or by the mean: not the same model
    assert np.median(due) == pytest.approx(classical.fitted.total, rel=0.07)
    spread = np.subtract(*np.quantile(due, [0.75, 0.25])) / 1.349
    assert spread == pytest.approx(classical.total, rel=0.35)
    names = {f"period {i}": found["eventual_names"][:, i] for i in range(1, 10)}
    verdict = sampled_verdict(names | {"eventual": found["eventual"]}, 2, sampled.statistics, 0.9)
    checks = {check.name: check for check in verdict.checks}
    assert checks["rhat"].value < 1.02
    assert checks["bfmi"].verdict == "pass"
