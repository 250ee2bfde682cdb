"""Excess deaths: the published numbers, the exact model against dense algebra, calibration."""

import dataclasses

import numpy as np
import pytest
from scipy import special, stats

from estimation.classical.excess import ratio_line
from estimation.datasets.load import load_dataset
from estimation.errors import GateError, InvalidValueError, NotEstimableError, UsageError
from estimation.excess import excess
from estimation.tables.mortality import read_mortality
from models.baseline import Baseline, baseline_draws, excess_draws, log_ratio_draws
from models.baseline_posterior import _normal, _refined, _scales
from models.mortality import Mortality

YEARS = tuple(range(2013, 2023))
HIV = {"none": None, "hiv_excluded": "hiv_deaths_by_age_sex"}


def _mortality(affected, other, **more) -> Mortality:
    ages = ("20-29", "30-39")[: np.shape(affected)[1]]
    options = {"first_year": 2021, "base": (2013, 2018), "pandemic": (2020,)} | more
    return Mortality(YEARS, ages, affected, other, **options)


@pytest.fixture(scope="module")
def toy() -> Mortality:
    rng = np.random.default_rng(5)
    other = rng.poisson([3000.0, 9000.0], (10, 2))
    trend = np.log([2.5, 3.0]) - 0.01 * np.arange(10)[:, None]
    return _mortality(rng.poisson(other * np.exp(trend + rng.normal(0, 0.02, (10, 2)))), other)


@pytest.fixture(scope="module")
def real() -> Mortality:
    return read_mortality("deaths_by_age_sex").mortality


# -- the published line ---------------------------------------------------------------------------


@pytest.mark.parametrize("adjusted", HIV)
def test_every_published_number_is_met_to_the_unit(adjusted):
    published = load_dataset("excess_published")
    published = published[published["hiv_adjustment"] == adjusted]
    wide = read_mortality("deaths_by_age_sex", ages="15-59", remove=HIV[adjusted]).mortality
    narrow = wide.select(wide.ages[:7])
    found = {
        (row["index"]["age"], row["index"]["year"]): row
        for row in ratio_line(wide).rows() if "age" in row["index"]
    }  # fmt: skip
    for row in ratio_line(narrow).rows():
        if set(row["index"]) == {"year"}:
            found["15-49", row["index"]["year"]] = row
    assert len(published) == len(found) == 20
    for row in published.itertuples():
        ours = found[row.age, str(row.year)]
        assert round(ours["mean"]) == row.excess_male_deaths
        assert round(ours["sd"]) == row.std_error


def test_the_line_is_that_of_least_squares(toy):
    line = ratio_line(toy)
    x, ahead = np.arange(2013.0, 2019), np.array([2021.0, 2022])
    design, new = np.column_stack([np.ones(6), x]), np.column_stack([np.ones(2), ahead])
    for age in range(2):
        y = toy.affected[:6, age] / toy.other[:6, age]
        fitted, residual, _, _ = np.linalg.lstsq(design, y)
        other = toy.other[-2:, age]
        np.testing.assert_allclose(
            line.excess[:, age], toy.affected[-2:, age] - other * (new @ fitted)
        )
        shape = new @ np.linalg.inv(design.T @ design) @ new.T + np.eye(2)
        expected = residual[0] / 4 * shape * np.outer(other, other)
        np.testing.assert_allclose(line.covariance[:, :, age], expected, rtol=1e-4)
    assert line.degrees == 4
    np.testing.assert_allclose(line.ratio(x)[:, 1], design @ fitted)


def test_rows_are_the_sum_then_years_then_ages(toy):
    line = ratio_line(toy)
    rows = line.rows(0.9)
    assert [tuple(row["index"].values()) for row in rows] == [
        (), ("2021",), ("2022",), ("2021", "20-29"), ("2021", "30-39"), ("2022", "20-29"),
        ("2022", "30-39"),
    ]  # fmt: skip
    total, year, cell = rows[0], rows[1], rows[3]
    assert total["mean"] == pytest.approx(sum(row["mean"] for row in rows[1:3]))
    # what years share makes the error of their sum larger than in quadrature
    assert total["sd"] > np.hypot(rows[1]["sd"], rows[2]["sd"])
    assert year["sd"] == pytest.approx(np.hypot(rows[3]["sd"], rows[4]["sd"]))
    assert year["high"] == pytest.approx(year["mean"] + 1.6448536 * year["sd"])
    assert cell["high"] == pytest.approx(cell["mean"] + stats.t(4).ppf(0.95) * cell["sd"])
    assert cell["low"] == cell["quantiles"]["0.05"]


# -- the model ------------------------------------------------------------------------------------


def _dense(of: Mortality, prior: Baseline, scales: np.ndarray) -> np.ndarray:
    """Return the covariance of all log ratios, written down cell by cell, (n, cell, cell)."""
    spread, noise, drift = (scales[:, i, None, None] for i in range(3))
    year, age = (grid.ravel() for grid in np.meshgrid(of.years, [0, 1], indexing="ij"))
    x = year - np.mean(of.base)
    since = year - of.base[0]
    same_age, same_year = age[:, None] == age, year[:, None] == year
    shock = same_year & np.isin(year, of.pandemic)
    return (
        4.0 * same_age + np.outer(x, x) * (prior.slope**2 + spread**2 * same_age)
        + drift**2 * np.minimum(since[:, None], since) + prior.pandemic**2 * shock
        + noise**2 * (same_age & same_year)
    )  # fmt: skip


@pytest.mark.parametrize("prior", [Baseline(), Baseline(0.02, 0.05, 0.01, 0.1, 0.3)])
def test_draws_equal_importance_sampling_from_the_prior_with_dense_matrices(toy, prior, rng):
    scales = np.abs(rng.normal(0, (prior.slope_spread, prior.noise, prior.drift), (6_000, 3)))
    every = _dense(toy, prior, scales)
    known = np.repeat(np.array(YEARS) < 2021, 2)
    ratio = np.log(toy.affected / toy.other).ravel()[known]
    counting = (1 / toy.affected + 1 / toy.other).ravel()[known]
    inside = every[:, known][:, :, known] + np.diag(counting)
    across = every[:, ~known][:, :, known]
    solved = np.linalg.solve(inside, np.broadcast_to(ratio[:, None], (6_000, ratio.size, 1)))
    log_weight = -0.5 * (np.linalg.slogdet(inside)[1] + (ratio * solved[:, :, 0]).sum(axis=1))
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    assert 1 / (weight**2).sum() > 500
    mean = (across @ solved)[:, :, 0]
    within = every[:, ~known][:, :, ~known] - across @ np.linalg.solve(
        inside, across.transpose(0, 2, 1)
    )
    within = within + np.diag(1 / toy.other[-2:].ravel())
    expected = weight @ mean
    away = mean - expected
    covariance = np.einsum("n,nij->ij", weight, within + away[:, :, None] * away[:, None, :])

    draws = log_ratio_draws(toy, prior, rng, 6_000)[:, -2:].reshape(6_000, 4)
    sd = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(draws.mean(axis=0), expected, atol=0.05 * sd.min())
    np.testing.assert_allclose(draws.std(axis=0), sd, rtol=0.05)
    correlation = covariance / np.outer(sd, sd)
    np.testing.assert_allclose(np.corrcoef(draws.T), correlation, atol=0.04)


def _sum_quantiles(of: Mortality, prior: Baseline, grid: int) -> tuple[np.ndarray, float]:
    """Return quantiles of the sum of log ratios of the war, without sampling, and their spread."""
    from models.baseline import _design_of

    design = _design_of(of, prior)
    where = _refined(design, grid)
    steps = np.stack(np.meshgrid(*[np.arange(grid) + 0.5] * 3, indexing="ij"), axis=-1)
    held = where.weight.ravel() > 1e-6
    scales = _scales((where.low + where.width * steps).reshape(-1, 3)[held], design)
    weight = where.weight.ravel()[held] / where.weight.ravel()[held].sum()
    at = _normal(design, scales)
    own = np.concatenate([np.ones(2), np.ones(2) * design.middle[-1]])
    row = np.concatenate([2 * design.years[-1], own]) * at.multiplier
    reached = np.linalg.solve(at.precision, row[:, :, None])[:, :, 0]
    mean = (reached * at.shift).sum(axis=1)
    sd = np.sqrt((reached * row).sum(axis=1) + 2 * scales[:, 1] ** 2)
    total = float(np.sqrt(weight @ (sd**2 + mean**2) - (weight @ mean) ** 2))
    points = weight @ mean + total * np.linspace(-4, 4, 161)
    below = np.array([weight @ special.ndtr((point - mean) / sd) for point in points])
    return np.interp([0.025, 0.25, 0.5, 0.75, 0.975], below, points), total


def test_twice_as_many_points_of_the_grid_change_next_to_nothing(toy):
    usual, sd = _sum_quantiles(toy, Baseline(), 12)
    finer, _ = _sum_quantiles(toy, Baseline(), 24)
    assert np.abs(usual - finer).max() < 0.02 * sd


def _simulated(rng: np.random.Generator, prior: Baseline) -> tuple[Mortality, int]:
    """Return a table drawn from the prior, and the deaths that a war added to it."""
    spread, noise, drift = np.abs(rng.normal(0, (prior.slope_spread, prior.noise, prior.drift)))
    years = np.array(YEARS)
    slope = rng.normal(rng.normal(0, prior.slope), spread, 2)
    walk = np.concatenate([[0], rng.normal(0, drift, 9)]).cumsum()
    shock = rng.normal(0, prior.pandemic) * (years == 2020)
    ratio = rng.normal(0, 2, 2) + slope * (years - 2015.5)[:, None] + (walk + shock)[:, None]
    ratio = ratio + rng.normal(0, noise, (10, 2))
    persons = np.array([4000.0, 20_000.0]) * np.exp(-0.02 * np.arange(10))[:, None]
    killed = rng.integers(0, 2000, (2, 2))
    affected = rng.poisson(persons * np.exp(ratio))
    affected[-2:] += killed
    return _mortality(np.maximum(affected, 1), rng.poisson(persons)), int(killed.sum())


def test_ranks_of_the_true_excess_are_uniform():
    rng = np.random.default_rng(11)
    ranks = []
    for _ in range(200):
        of, killed = _simulated(rng, Baseline())
        draws = excess_draws(of, Baseline(), rng, 99, grid=8).sum(axis=(1, 2))
        ranks.append(np.count_nonzero(draws < killed) + 0.5 * np.count_nonzero(draws == killed))
    counts, _ = np.histogram(ranks, bins=10, range=(0, 100))
    assert stats.chisquare(counts).pvalue > 0.001
    # an interval of 80 % holds the truth as often
    inside = np.mean((np.array(ranks) >= 10) & (np.array(ranks) < 90))
    assert abs(inside - 0.8) < 3.3 * np.sqrt(0.16 / 200)


def test_draws_are_those_of_the_seed_and_add_up(toy):
    first, again = (
        excess_draws(toy, Baseline(), np.random.default_rng(3), 500) for _ in range(2)
    )  # fmt: skip
    np.testing.assert_array_equal(first, again)
    assert first.shape == (500, 2, 2)
    without = toy.affected[-2:] - first
    assert (without >= 0).all()
    assert (without == np.floor(without)).all()
    expected = baseline_draws(toy, Baseline(), np.random.default_rng(3), 500)
    # the count differs from what is expected by counting noise alone
    assert abs(((without - expected) ** 2 / expected).mean() - 1) < 0.15


def test_years_before_the_base_and_labels_do_not_count(toy):
    later = dataclasses.replace(toy, base=(2014, 2018))
    cut = Mortality(
        YEARS[1:], toy.ages, toy.affected[1:], toy.other[1:], 2021, (2014, 2018), (2020,)
    )
    moved = dataclasses.replace(
        toy, years=tuple(year - 100 for year in YEARS), ages=("1-2", "3-4"),
        first_year=1921, base=(1913, 1918), pandemic=(1920,),
    )  # fmt: skip
    prior = Baseline()
    for one, other in ((later, cut), (toy, moved)):
        np.testing.assert_array_equal(
            *(excess_draws(each, prior, np.random.default_rng(1), 50) for each in (one, other))
        )
    assert moved.content() == toy.content()
    assert later.content() != toy.content()


def test_every_part_of_the_prior_that_is_left_out_narrows_the_answer(toy):
    def spread(**left_out):
        prior = dataclasses.replace(Baseline(), **left_out)
        rng = np.random.default_rng(2)
        return excess_draws(toy, prior, rng, 2000, grid=8).sum(axis=(1, 2)).std()

    usual, none = spread(), spread(drift=0, noise=0, slope_spread=0, slope=0)
    assert spread(drift=0) < usual
    assert none < 0.5 * usual
    # a shock in a year of the war is known from the prior alone
    both = dataclasses.replace(toy, pandemic=(2020, 2021))
    wide = excess_draws(both, Baseline(), np.random.default_rng(2), 2000, grid=8)
    year = wide[:, 0].sum(axis=1).std()
    assert year > 0.09 * (toy.other[-2] * np.exp(np.log([2.5, 3]))).sum()


def test_what_no_model_can_read(toy):
    affected = np.array(toy.affected)
    affected[2, 1] = 0
    with pytest.raises(NotEstimableError, match=r"affected\[2015, 30-39\]: no death"):
        excess(dataclasses.replace(toy, affected=affected), "model", draws=10)
    for wrong in (-0.1, np.inf, np.nan, "x"):
        with pytest.raises(InvalidValueError, match="drift"):
            Baseline(drift=wrong)
    assert Baseline().content() == {
        "slope": 0.1, "slope_spread": 0.02, "noise": 0.05, "drift": 0.02, "pandemic": 0.1,
    }  # fmt: skip


# -- the answer -----------------------------------------------------------------------------------


def test_model_and_line_agree_on_real_deaths_and_the_model_is_less_sure(real):
    line, model = excess(real), excess(real, "model", draws=2000)
    for ours, theirs in zip(model.estimates[:3], line.estimates[:3], strict=True):
        assert ours["index"] == theirs["index"]
        assert abs(ours["median"] - theirs["median"]) < 0.5 * ours["sd"]
        assert ours["sd"] > 2 * theirs["sd"]
    assert len(model.estimates) == len(line.estimates) == 3 + 2 * 7
    assert (line.result().engine, model.result().engine) == ("classical", "exact")
    assert line.result().diagnostics.verdict == model.result().diagnostics.verdict == "pass"
    # sums come from joint draws
    assert model.estimates[0]["mean"] == pytest.approx(model.draws.sum(axis=(1, 2)).mean())
    assert any("Only registered deaths count" in note for note in model.notes)
    again = excess(real, "model", draws=2000)
    assert again.estimates == model.estimates
    assert excess(real, "model", draws=2000, seed=2).estimates != model.estimates


def test_what_little_is_known_is_told(toy):
    few = excess(_mortality(np.full((10, 2), 12), np.full((10, 2), 9)), "model", draws=4000)
    assert "only 9 deaths" in few.notes[-1]
    short = excess(dataclasses.replace(toy, base=(2016, 2018)))
    assert short.verdict.verdict == "inconclusive"
    assert short.verdict.checks[0].value == 1
    with pytest.raises(GateError, match="independent draws 100 below 400"):
        excess(toy, "model", draws=100)
    assert excess(toy, "model", draws=100, accept="a look").verdict.accepted == "a look"
    with pytest.raises(UsageError, match="no method 'lines'; did you mean 'line'"):
        excess(toy, "lines")
