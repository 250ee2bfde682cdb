"""Nowcasts by chain ladder: whole persons, joint draws, the form of all estimates."""

import datetime
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from estimation.classical.mack import mack_error
from estimation.classical.nowcast import classical_nowcast
from estimation.classical.over_dispersed_poisson import over_dispersed_poisson
from estimation.classical.predictive import joint_counts
from estimation.comparison.scoring import score_row
from estimation.errors import NotEstimableError, UsageError
from estimation.summaries.estimates import QUANTILES
from models.reports import Reports

START = datetime.date(2024, 1, 1)
METHODS = ("over_dispersed_poisson", "mack")


def _dates(count: int) -> tuple[datetime.date, ...]:
    return tuple(START + datetime.timedelta(days=day) for day in range(count))


def _whole(rng: np.random.Generator, periods: int = 40, delays: int = 8) -> np.ndarray:
    share = 0.6 ** np.arange(delays)
    return rng.poisson(60 * np.exp(rng.normal(0, 0.2, (periods, 1))) * share / share.sum())


def _reports(whole: np.ndarray, older: int = 0, **more) -> Reports:
    periods, delays = whole.shape[:2]
    past = np.arange(periods)[:, None] + np.arange(delays) < periods + older
    counts = np.where(past, whole, 0)[:, :, None]
    last = START + datetime.timedelta(days=periods - 1 + older)
    return Reports(counts, _dates(periods), "day", last, **more)


@pytest.mark.parametrize("method", METHODS)
def test_draws_have_the_moments_of_the_method(rng, method):
    whole = _whole(rng)
    reports = _reports(whole)
    found = classical_nowcast(reports, method, draws=20_000, seed=3)
    error = {"mack": mack_error, "over_dispersed_poisson": over_dispersed_poisson}[method]
    fit = error(reports.counts[:, :, 0], reports.reported)
    assert (found.eventual >= found.known).all()
    assert (found.known == reports.known[:, 0]).all()
    assert (found.eventual[:, :33] == found.known[:33]).all()  # nothing more is due there
    ahead = found.eventual - found.known
    np.testing.assert_allclose(ahead.mean(axis=0)[33:], fit.fitted.reserve[33:], rtol=0.03)
    at_least = np.sqrt(np.maximum(fit.by_event**2, fit.fitted.reserve))  # persons are whole
    np.testing.assert_allclose(ahead.std(axis=0)[33:], at_least[33:], rtol=0.03)
    spread = np.sqrt(fit.total**2 + (at_least**2 - fit.by_event**2).sum())
    assert found.total.std() == pytest.approx(spread, rel=0.04)
    assert found.total.mean() == pytest.approx(reports.total + fit.fitted.total, rel=0.005)
    # the truth of a steady simulation is inside
    low, high = np.quantile(found.total, [0.001, 0.999])
    assert low <= whole.sum() <= high


def test_joint_counts_are_negative_binomial_or_poisson():
    means = np.array([0.0, 4.0, 50.0, 3.0])
    covariance = np.diag([9.0, 12.0, 400.0, 1.0])
    covariance[1, 2] = covariance[2, 1] = 0.8 * np.sqrt(12 * 400)
    draws = joint_counts(means, covariance, 40_000, np.random.default_rng(1))
    assert not draws[:, 0].any()
    levels = np.array([0.05, 0.5, 0.95])
    for place in (1, 2):
        mean, variance = means[place], covariance[place, place]
        wanted = stats.nbinom(mean**2 / (variance - mean), mean / variance).ppf(levels)
        np.testing.assert_allclose(np.quantile(draws[:, place], levels), wanted, atol=2)
    assert draws[:, 3].var() == pytest.approx(3, rel=0.05)
    assert np.corrcoef(draws[:, 1], draws[:, 2])[0, 1] == pytest.approx(0.8, abs=0.05)
    assert abs(np.corrcoef(draws[:, 1], draws[:, 3])[0, 1]) < 0.03


def test_rows_have_the_form_of_all_estimates(rng):
    whole = _whole(rng)
    found = classical_nowcast(_reports(whole))
    rows = found.rows(0.9)
    assert [row["name"] for row in rows] == ["eventual"] * 41
    assert rows[0]["index"] == {}
    assert rows[0]["median"] == np.median(found.total)
    assert rows[-1]["index"] == {"period": "2024-02-09"}
    assert {row["method"] for row in rows} == {"over_dispersed_poisson"}
    assert list(rows[-1]["quantiles"]) == [str(level) for level in QUANTILES]
    assert rows[-1]["low"] == rows[-1]["quantiles"]["0.05"]
    assert score_row(rows[-1], float(whole[-1].sum())).wis >= 0
    assert rows[1]["low"] == rows[1]["high"] == whole[0].sum()


def test_equal_seeds_give_equal_draws(rng):
    reports = _reports(_whole(rng))
    one, same, other = (classical_nowcast(reports, seed=seed, draws=50) for seed in (1, 1, 2))
    assert (one.eventual == same.eventual).all()
    assert (one.eventual != other.eventual).any()
    assert one.eventual.shape == (50, 40)


def test_strata_are_pooled(rng):
    whole = _whole(rng)
    first = rng.binomial(whole, 0.4)
    both = np.stack([first, whole - first], axis=2)
    reports = _reports(whole)
    counts = np.where(reports.reported[:, :, None], both, 0)
    split = Reports(counts, reports.periods, "day", reports.as_of, ("a", "b"))
    assert (classical_nowcast(split).eventual == classical_nowcast(reports).eventual).all()


def test_longer_delays_and_names_without_a_period_count_and_are_told(rng):
    whole = _whole(rng)
    beyond, undated = np.zeros((40, 1), int), np.zeros((40, 1), int)
    beyond[2], undated[5] = 7, 11
    plain = classical_nowcast(_reports(whole))
    found = classical_nowcast(_reports(whole, beyond=beyond, undated=undated))
    assert found.known[2] == plain.known[2] + 7
    assert (found.total == plain.total + 18).all()
    assert found.undated == 11
    assert any("7 known names came 8 or more periods" in note for note in found.notes)
    assert any("11 names without a period" in note for note in found.notes)
    assert len(plain.notes) == 1


def test_a_first_publication_does_not_teach_delays(rng):
    """All that was known by day 10 came at once: unmasked, delays look longer than they are."""
    whole = _whole(rng, 30)
    late = np.arange(30)[:, None] + np.arange(8) <= 10
    piled = whole.copy()
    piled[late] = 0
    for day in range(11):
        place = min(10 - day, 7)
        piled[day, place] += whole[day][late[day]].sum()
    plain = classical_nowcast(_reports(piled))
    masked = classical_nowcast(_reports(piled, masked=late))
    truth = whole[-1].sum()
    assert abs(np.median(masked.eventual[:, -1]) - truth) < abs(
        np.median(plain.eventual[:, -1]) - truth
    )
    assert (masked.known == plain.known).all()


def test_a_table_seen_later_has_less_to_come(rng):
    whole = _whole(rng)
    now, later = (classical_nowcast(_reports(whole, older)) for older in (0, 3))
    assert later.total.std() < now.total.std()
    assert (classical_nowcast(_reports(whole, 7)).total == whole.sum()).all()


def test_factors_without_volume_do_not_crash():
    whole = np.zeros((6, 9), int)
    whole[:, 0], whole[:, 1] = [4, 0, 6, 3, 5, 0], 2
    for method in METHODS:
        found = classical_nowcast(_reports(whole), method)
        assert any("factor 1" in note for note in found.notes)
        assert (found.eventual[:, -1] == 0).all()
        assert found.eventual[:, -2].std() >= 0


def test_what_cannot_be_answered(rng):
    with pytest.raises(UsageError, match="did you mean 'mack'"):
        classical_nowcast(_reports(_whole(rng)), "mak")
    with pytest.raises(NotEstimableError, match="degree of freedom"):
        classical_nowcast(_reports(np.array([[4, 2], [5, 3]])))
    with pytest.raises(NotEstimableError, match="two periods"):
        classical_nowcast(_reports(np.array([[4, 2], [5, 3]])), "mack")


def test_nothing_heavy_is_loaded():
    script = (
        "import sys, estimation.classical.nowcast, estimation.classical.mack\n"
        "heavy = {'pymc', 'arviz', 'arviz_stats', 'pandas', 'xarray', 'scipy.stats', 'pytensor'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
