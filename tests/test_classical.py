"""Chain ladder, Mack, Poisson regression: beside independent computations, on awkward triangles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimation.classical.chain_ladder import chain_ladder
from estimation.classical.mack import mack_error
from estimation.classical.over_dispersed_poisson import over_dispersed_poisson
from estimation.classical.staircase import staircase
from estimation.errors import InvalidValueError, NotEstimableError, UsageError


def steps(events: int, delays: int) -> np.ndarray:
    """Return what is known when each period is a step younger than the one before."""
    return np.arange(events)[:, None] + np.arange(delays) < max(events, delays)


def simulated(rng: np.random.Generator, events: int = 12, delays: int = 6) -> np.ndarray:
    share = 0.5 ** np.arange(delays)
    return rng.poisson(80 * np.exp(rng.normal(0, 0.3, (events, 1))) * share / share.sum())


def iterated_regression(counts: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the means of a Poisson regression by iterated weighted least squares."""
    event, delay = np.indices(counts.shape)
    design = np.concatenate(
        [np.eye(len(counts))[event.ravel()], np.eye(counts.shape[1])[delay.ravel()][:, 1:]], axis=1
    )
    seen, response = known.ravel(), counts.ravel()[known.ravel()]
    mean = response + 0.5
    for _ in range(30):
        working = np.log(mean) + (response - mean) / mean
        weighted = design[seen] * mean[:, None]
        found = np.linalg.solve(weighted.T @ design[seen], weighted.T @ working)
        mean = np.exp(design[seen] @ found)
    return np.exp(design @ found).reshape(counts.shape)


def analytic_error(fit, known: np.ndarray, masked: np.ndarray) -> np.ndarray:
    """Return the covariance of prediction from the information matrix, by numeric derivatives."""
    events = len(known)
    level = np.log(fit.means.sum(axis=1))
    share = fit.means.sum(axis=0)
    point = np.concatenate([level, np.log(share[1:] / share[0])])

    def cells(values):
        weights = np.exp(np.concatenate([[0.0], values[events:]]))
        return np.outer(np.exp(values[:events]), weights / weights.sum())

    def observed(values):
        mean = cells(values)
        single = mean[known & ~masked]
        lumps = np.where(masked, mean, 0.0).sum(axis=1)
        return np.concatenate([single, lumps[masked.any(axis=1)]])

    def slopes(function):
        step = 1e-5
        return np.stack(
            [(function(point + e) - function(point - e)) / (2 * step)
             for e in step * np.eye(len(point))], axis=1,
        )  # fmt: skip

    jacobian = slopes(observed)
    information = (jacobian / observed(point)[:, None]).T @ jacobian
    gradient = slopes(lambda values: np.where(known, 0.0, cells(values)).sum(axis=1))
    process = np.diag(np.where(known, 0.0, cells(point)).sum(axis=1))
    return fit.dispersion * (gradient @ np.linalg.inv(information) @ gradient.T + process)


def _says(error: type[Exception], *given, **options) -> str:
    with pytest.raises(error) as caught:
        staircase(*given, **options)
    said = str(caught.value)
    assert "\n" not in said
    assert caught.value.remedy or caught.value.why
    return said


# -- beside independent computations ------------------------------------------------------------


@pytest.mark.parametrize("shape", [(12, 6), (6, 6), (30, 3)])
def test_forecasts_are_those_of_a_poisson_regression(rng, shape):
    counts, known = simulated(rng, *shape) + 1, steps(*shape)
    fit = over_dispersed_poisson(counts, known)
    wanted = iterated_regression(counts, known)
    np.testing.assert_allclose(fit.means, wanted, rtol=1e-9)
    np.testing.assert_allclose(fit.fitted.reserve, np.where(known, 0, wanted).sum(1), rtol=1e-9)
    pearson = ((counts - wanted)[known] ** 2 / wanted[known]).sum()
    assert fit.dispersion == pytest.approx(pearson / (known.sum() - sum(shape) + 1))


@pytest.mark.parametrize("first", [0, 1, 4, 9])
def test_errors_are_those_of_the_information_matrix(rng, first):
    known = steps(14, 6)
    masked = known & (np.arange(14)[:, None] + np.arange(6) < first)
    fit = over_dispersed_poisson(simulated(rng, 14) + 1, known, masked)
    wanted = analytic_error(fit, known, masked)
    # with masked cells the information is the observed one, without them both are the same
    tolerance = 1e-5 if first < 2 else 0.03
    np.testing.assert_allclose(fit.covariance, wanted, rtol=tolerance, atol=1e-5)
    assert fit.total == pytest.approx(np.sqrt(wanted.sum()), rel=tolerance)


def test_masked_counts_say_nothing_of_delays_but_count(rng):
    counts, known = simulated(rng), steps(12, 6)
    masked = known & (np.arange(12)[:, None] + np.arange(6) < 5)
    moved = counts.copy()
    for row, hidden in zip(moved, masked, strict=True):
        row[hidden] = rng.multinomial(row[hidden].sum(), np.ones(hidden.sum()) / hidden.sum()) \
            if hidden.any() else row[hidden]  # fmt: skip
    for method in (over_dispersed_poisson, mack_error):
        one, other = method(counts, known, masked), method(moved, known, masked)
        np.testing.assert_allclose(one.fitted.reserve, other.fitted.reserve)
        np.testing.assert_allclose(one.covariance, other.covariance)
    assert chain_ladder(counts, known).total != chain_ladder(moved, known).total


def test_mack_by_simulation(rng):
    """Factors with gamma noise: the error of prediction is what it is said to be, on average."""
    events, delays, factors = 40, 4, np.array([1.8, 1.3, 1.1])
    known, squares, said = steps(events, delays), [], []
    for _ in range(300):
        whole = np.empty((events, delays))
        whole[:, 0] = rng.gamma(50, 20, events)
        for step, factor in enumerate(factors):
            mean = factor * whole[:, step]
            whole[:, step + 1] = rng.gamma(mean / 4, 4)  # variance 4 factor times what was there
        fit = mack_error(np.diff(whole, prepend=0.0, axis=1), known)
        latest = fit.fitted.triangle.latest
        squares.append((whole[:, -1] - latest).sum() - fit.fitted.total)
        said.append(fit.total)
    assert np.std(squares) == pytest.approx(np.mean(said), rel=0.12)
    np.testing.assert_allclose(fit.variance[:2], 4 * factors[:2], rtol=0.7)


def test_the_order_of_periods_does_not_matter(rng):
    counts, known, order = simulated(rng), steps(12, 6), rng.permutation(12)
    for method in (over_dispersed_poisson, mack_error):
        one, other = method(counts, known), method(counts[order], known[order])
        np.testing.assert_allclose(one.fitted.reserve[order], other.fitted.reserve)
        np.testing.assert_allclose(one.by_event[order], other.by_event)
        assert one.total == pytest.approx(other.total)


@given(st.integers(2, 8), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_any_triangle_of_small_counts_is_finite_or_refused(events, delays, seed):
    counts = np.random.default_rng(seed).poisson(0.7, (events, delays))
    known = np.arange(events)[:, None] + np.arange(delays) < events
    try:
        found = chain_ladder(counts, known)
    except NotEstimableError:
        assert not counts[known].any()
        return
    assert np.isfinite(found.reserve).all()
    assert (found.reserve >= 0).all()
    fit = over_dispersed_poisson(counts, known)
    assert np.isfinite(fit.means).all()
    assert np.isfinite(fit.covariance).all() or np.isnan(fit.dispersion)
    try:
        assert np.isfinite(mack_error(counts, known).total)
    except NotEstimableError as error:
        assert "two periods" in str(error)  # noqa: PT017  either answer is right


# -- awkward triangles --------------------------------------------------------------------------


def test_a_period_without_names_stays_without(rng):
    counts, known = simulated(rng), steps(12, 6)
    counts[[3, 10, 11]] = 0
    for method in (over_dispersed_poisson, mack_error):
        fit = method(counts, known)
        assert fit.fitted.reserve[[3, 10, 11]].tolist() == [0, 0, 0]
        assert fit.by_event[[10, 11]].tolist() == [0, 0]
        assert np.isfinite(fit.total)
        assert "Of 3 periods nothing is known yet" in " ".join(fit.fitted.notes)
    kept = counts.any(axis=1)
    alone = over_dispersed_poisson(counts[kept], known[kept])
    assert over_dispersed_poisson(counts, known).dispersion == pytest.approx(alone.dispersion)


def test_a_factor_that_nothing_tells_is_one_and_told():
    counts = np.array([[4, 2, 1, 0], [5, 2, 0, 0], [3, 0, 0, 0]])
    known = np.arange(3)[:, None] + np.arange(4) < 3
    found = chain_ladder(counts, known)
    np.testing.assert_allclose(found.factors, [13 / 9, 7 / 6, 1])
    assert found.volume[-1] == 0
    assert any("after a delay of 2" in note and "factor 1" in note for note in found.notes)
    assert np.isfinite(over_dispersed_poisson(counts, known).total)
    assert np.isfinite(mack_error(counts, known).total)


def test_nothing_is_ahead_of_a_whole_table():
    counts = np.array([[4, 2], [5, 2], [3, 3]])
    known = np.ones((3, 2), bool)
    assert chain_ladder(counts, known).notes == ()
    for method in (over_dispersed_poisson, mack_error):
        fit = method(counts, known)
        assert (fit.fitted.total, fit.total) == (0, 0)


def test_withdrawals_are_told_and_carry_no_variance():
    counts = np.array([[9, -2, 4], [8, -3, 3], [7, -2, 0], [9, 0, 0.0]])
    known = np.arange(4)[:, None] + np.arange(3) < 4
    known[:, 2] = [True, True, False, False]
    fit = over_dispersed_poisson(counts, known)
    assert fit.fitted.factors[0] < 1
    assert any("withdrawals" in note for note in fit.fitted.notes)
    assert np.isfinite(fit.total)
    assert fit.dispersion > 0
    gone = counts.copy()
    gone[:3, 1] = -gone[:3, 0]
    with pytest.raises(NotEstimableError, match="withdrawn at once"):
        over_dispersed_poisson(gone, known)


def test_a_single_delay_and_no_degree_of_freedom():
    assert chain_ladder(np.ones((3, 1)), np.ones((3, 1), bool)).reserve.tolist() == [0, 0, 0]
    fit = over_dispersed_poisson([[4, 2], [5, 0]], [[True, True], [True, False]])
    assert fit.fitted.reserve.tolist() == [0, 2.5]
    assert np.isnan(fit.dispersion)
    with pytest.raises(NotEstimableError, match="two periods"):
        mack_error([[4, 2], [5, 0]], [[True, True], [True, False]])


# -- what is refused ----------------------------------------------------------------------------


def test_holes_are_refused_with_their_place():
    known = steps(4, 4)
    known[1, 1] = False
    said = _says(InvalidValueError, np.ones((4, 4)), known)
    assert "known[1, 1]" in said
    assert "holes" in said
    masked = np.zeros((4, 4), bool)
    masked[2, 1] = True
    assert "masked[2, 0]" in _says(InvalidValueError, np.ones((4, 4)), steps(4, 4), masked)


def test_what_no_triangle_is():
    known = steps(4, 4)
    assert "single event period" in _says(NotEstimableError, np.ones((1, 4)), np.ones((1, 4), bool))
    assert "nothing was counted" in _says(NotEstimableError, np.zeros((4, 4)), known)
    assert "one shape" in _says(InvalidValueError, np.ones((4, 3)), known)
    assert "one shape" in _says(InvalidValueError, np.ones(4), np.ones(4, bool))
    assert "shape (4, 4)" in _says(InvalidValueError, np.ones((4, 4)), known, np.ones((2, 4), bool))
    late = known.copy()
    late[3] = False
    assert "event period 3" in _says(InvalidValueError, np.ones((4, 4)), late)
    counts = np.ones((4, 4))
    counts[3, 3] = np.nan  # unknown: what stands there does not matter
    assert staircase(counts, known).latest.tolist() == [4, 3, 2, 1]
    counts[1, 1] = np.nan
    assert "counts[1, 1]" in _says(InvalidValueError, counts, known)


def test_an_unknown_rule_of_the_last_sigma(rng):
    with pytest.raises(UsageError, match="did you mean 'log_linear'"):
        mack_error(simulated(rng), steps(12, 6), last_sigma="loglinear")
