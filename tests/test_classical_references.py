"""Claims triangles with published answers, to the digits that are published."""

import numpy as np
import pytest

from estimation.classical.chain_ladder import chain_ladder
from estimation.classical.mack import mack_error
from estimation.classical.over_dispersed_poisson import over_dispersed_poisson
from estimation.datasets.load import load_dataset
from tests.test_classical import iterated_regression

#: Reserve; Mack's error by both rules of the last variance; Pearson's dispersion; analytic error.
ANSWERS = {
    "genins": (18_680_855.61, 2_447_094.86, 2_441_364.13, 52_601.4, 2_945_646),
    "raa": (52_135.23, 26_909.01, 26_880.74, 983.6, 17_613),
    "abc": (5_277_760.36, 152_283.14, 152_712.93, 824.8, 173_178),
    "mortgage": (14_546_730.14, 3_728_870.24, 3_753_168.63, 96_639.3, 5_607_246),
    "ukmotor": (28_655.77, 1_417.27, 1_424.53, 21.6, 1_708),
    "mw2008": (2_237_826.11, 108_401.39, 108_732.16, 3_558.6, 129_305),
}


def triangle(name: str) -> tuple[np.ndarray, np.ndarray]:
    table = load_dataset("claims_triangles")
    table = table[table["triangle"] == name]
    event, delay = (table[name].to_numpy().astype(int) for name in ("event_period", "delay"))
    event = event - event.min()
    counts = np.zeros((event.max() + 1, delay.max() + 1))
    known = np.zeros(counts.shape, bool)
    counts[event, delay], known[event, delay] = table["count"], True
    return counts, known


@pytest.mark.parametrize("name", ANSWERS)
def test_published_answers(name):
    counts, known = triangle(name)
    reserve, mack, log_linear, dispersion, error = ANSWERS[name]
    poisson = over_dispersed_poisson(counts, known)
    assert chain_ladder(counts, known).total == pytest.approx(reserve, abs=0.006)
    assert mack_error(counts, known).total == pytest.approx(mack, abs=0.006)
    found = mack_error(counts, known, last_sigma="log_linear").total
    assert found == pytest.approx(log_linear, abs=0.006)
    assert poisson.fitted.total == pytest.approx(reserve, abs=0.006)
    assert poisson.dispersion == pytest.approx(dispersion, abs=0.06)
    assert poisson.total == pytest.approx(error, abs=0.51)
    assert poisson.fitted.notes == ()


def test_by_year_of_origin():
    """Mack (1993), table of the triangle of Taylor and Ashe."""
    found = mack_error(*triangle("genins"))
    assert np.round(found.fitted.reserve).tolist() == [
        0, 94_634, 469_511, 709_638, 984_889, 1_419_459, 2_177_641, 3_920_301, 4_278_972, 4_625_811,
    ]  # fmt: skip
    assert np.round(found.by_event).tolist() == [
        0, 75_535, 121_699, 133_549, 261_406, 411_010, 558_317, 875_328, 971_258, 1_363_155,
    ]  # fmt: skip
    np.testing.assert_allclose(found.fitted.factors[:2], [3.4906, 1.7473], atol=5e-5)


def test_the_regression_cell_for_cell():
    counts, known = triangle("genins")
    found = over_dispersed_poisson(counts, known)
    np.testing.assert_allclose(found.means, iterated_regression(counts, known), rtol=1e-9)


def test_a_negative_increment_has_its_quasi_likelihood():
    """A Poisson likelihood refuses it; the estimating equations, the margins, still hold."""
    counts, known = triangle("raa")
    assert (counts < 0).sum() == 1
    means = over_dispersed_poisson(counts, known).means
    assert (means > 0).all()
    for axis in (0, 1):
        fitted = np.where(known, means, 0.0).sum(axis)
        np.testing.assert_allclose(fitted, counts.sum(axis))


def test_only_the_last_variance_tells_the_rules_apart():
    counts, known = triangle("genins")
    mack = mack_error(counts, known).variance
    log_linear = mack_error(counts, known, last_sigma="log_linear").variance
    assert mack[:-1].tolist() == log_linear[:-1].tolist()
    assert mack[-1] == min(mack[-2] ** 2 / mack[-3], mack[-3], mack[-2])
    slope, level = np.polyfit(np.arange(8), np.log(mack[:-1]), 1)
    assert log_linear[-1] == pytest.approx(np.exp(level + 8 * slope))
