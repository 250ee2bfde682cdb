"""Shares of the width of an interval against closed forms."""

import numpy as np
import pytest
import xarray
from scipy import stats

from estimation.errors import InvalidValueError, RefusedError
from estimation.fit.nuts import Sampled
from estimation.sensitivity import anatomy as module
from estimation.sensitivity.anatomy import Anatomy, anatomy, shapley
from estimation.sensitivity.conditional import Conditional, pinned, uncertain_beliefs
from estimation.sensitivity.posteriors import Posteriors, Target, graph_key
from estimation.summaries.estimands import Estimand
from models import (
    Beta,
    Cells,
    Count,
    Flat,
    LogitNormal,
    Model,
    Pooled,
    audited,
    between,
    gamma_between,
    known,
    uniform,
)

HUGE = 10**11


def _model(count, *beliefs, losses=None):
    return Model(losses or Flat(), {"names": Count(count, *beliefs)})


def _anatomy(model, seed=1, **choices) -> Anatomy:
    return anatomy(Posteriors(seed=seed, accept="few draws are enough here"), model, **choices)


@pytest.fixture
def few_points(monkeypatch):
    """Take fewer points, which no tolerance here rests on: the draws err more."""
    monkeypatch.setattr(module, "_POINTS", 8_192)


def _shares(found):
    return np.array([part.share for part in found.parts])


@pytest.mark.parametrize("belief", [uniform(0.45, 0.65), between(0.45, 0.65, 0.9)])
def test_of_a_huge_count_all_width_is_coverage(belief):
    found = _anatomy(_model(HUGE, belief))
    low, high = belief.interval(0.95)
    assert found.width == pytest.approx(HUGE * (1 / low - 1 / high), rel=2e-3)
    coverage, counting = found.parts
    assert (coverage.name, counting.name) == ("names.coverage", "counting noise")
    assert coverage.share == pytest.approx(1, abs=1e-4)
    assert counting.width_alone < 1e-4 * found.width
    assert coverage.width_if_known == counting.width_alone


@pytest.mark.parametrize("count", [30, 4_000])
def test_of_a_known_coverage_all_width_is_counting_noise(count):
    found = _anatomy(_model(count, known(0.4)))
    (part,) = found.parts
    assert (part.share, part.error) == (1.0, 0.0)
    low, high = stats.nbinom.ppf([0.025, 0.975], count, 0.4)
    # quantiles of whole numbers are known to one of them
    assert found.width == pytest.approx(high - low, abs=3 * found.error + 1)
    assert part.width_alone == found.width


def test_two_beliefs_of_equal_spread_share_alike():
    """Logs of both shares are all but normal, so that each v(S) is known in closed form."""
    sigma = 0.002  # of log odds: next to no skewness
    belief = LogitNormal(0.0, sigma)
    found = _anatomy(_model(10**12, belief, belief))
    z, s = stats.norm.ppf(0.975), sigma / 2  # d log share = (1 - share) d log odds
    middle = 10**12 * 0.5 / 0.5
    widths = {1: 2 * middle * np.sinh(z * s), 2: 2 * middle * np.sinh(z * s * np.sqrt(2))}
    expected = np.array([0, widths[1], widths[1], widths[2]])
    assert shapley(expected) / widths[2] == pytest.approx([0.5, 0.5])
    coverage, precision, counting = found.parts
    assert found.width == pytest.approx(widths[2], rel=3e-3)
    for part in (coverage, precision):
        assert part.width_alone == pytest.approx(widths[1], rel=3e-3)
        assert part.width_if_known == pytest.approx(widths[1], rel=3e-3)
        assert part.share == pytest.approx(0.5, abs=3 * part.error + 1e-3)
    assert counting.share < 2e-3


def test_three_players_against_their_closed_form():
    """A log-normal total with counting noise as wide as the beliefs: all six sets are normal."""
    count, wide = 10**6, LogitNormal(0.0, 0.004)
    found = _anatomy(_model(count, wide, wide))
    noise = 1e-3 * np.sqrt(1 - 0.25)  # binomial of the true names, Poisson of the unseen
    draws = Posteriors().of(_model(count, known(0.5), known(0.5)))
    spread = draws.std() / draws.mean()
    assert spread == pytest.approx(noise * np.sqrt(2 / 0.75), rel=0.3)
    variances = np.array([0.002, 0.002, spread]) ** 2
    values = np.array(
        [2 * np.sinh(1.96 * np.sqrt(sum(v for i, v in enumerate(variances) if one >> i & 1)))
         for one in range(8)]
    )  # fmt: skip
    expected = shapley(values) / values[7]
    for part, share in zip(found.parts, expected, strict=True):
        assert part.share == pytest.approx(share, abs=3 * part.error + 3e-3)


def test_shapley_values_of_three_players_by_hand():
    values = np.array([0, 1, 2, 4, 3, 4, 6, 9.0])
    # orders 012, 021, 102, 120, 201, 210: what each player adds
    by_hand = np.array([[1, 3, 5], [1, 5, 3], [2, 2, 5], [3, 2, 4], [1, 5, 3], [3, 3, 3]])
    assert shapley(values) == pytest.approx(by_hand.mean(axis=0))
    assert shapley(values).sum() == pytest.approx(values[7])


def test_errors_of_shares_are_honest():
    model = _model(60, between(0.4, 0.7, 0.8))
    found = [_anatomy(model, seed) for seed in range(1, 8)]
    shares = np.array([_shares(one) for one in found])
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    stated = np.array([[part.error for part in one.parts] for one in found])
    assert stated.max() < 0.02
    typical = np.sqrt((stated**2).mean(axis=0))
    spread = shares.std(axis=0, ddof=1)
    assert (spread < 3 * typical).all()
    assert (typical < 3 * spread).all()


@pytest.mark.usefixtures("few_points")
def test_where_the_count_informs_beliefs_coverage_comes_first():
    prior = gamma_between(1_500, 2_500)
    model = _model(1_000, uniform(0.4, 0.7), uniform(0.85, 0.95), losses=Flat(prior))
    found = _anatomy(model)
    total = Posteriors().of(model)
    low, high = np.quantile(total, [0.025, 0.975])
    assert found.width == pytest.approx(high - low, rel=0.03)
    assert sum(_shares(found)) == pytest.approx(1)
    assert found.parts[0].share > 0.5 > found.parts[1].share


def test_a_belief_may_be_the_target():
    found = _anatomy(_model(500, between(0.4, 0.7, 0.9)), target=Target("coverage"))
    low, high = between(0.4, 0.7, 0.9).interval(0.95)
    assert found.width == pytest.approx(high - low, rel=1e-2)
    assert _shares(found) == pytest.approx([1, 0], abs=1e-3)


@pytest.mark.usefixtures("few_points")
def test_rows_name_what_they_are_about():
    found = _anatomy(_model(500, between(0.4, 0.7, 0.9)), prob=0.8)
    rows = found.rows()
    assert [row["name"] for row in rows] == ["names.coverage", "counting noise"]
    assert {row["target"] for row in rows} == {"total"}
    assert found.prob == 0.8


def test_a_known_total_has_no_anatomy():
    with pytest.raises(InvalidValueError, match="same in all draws"):
        _anatomy(_model(500, known(1.0)))
    with pytest.raises(InvalidValueError, match="prob"):
        _anatomy(_model(500, uniform(0.4, 0.5)), prob=1.0)


@pytest.mark.usefixtures("few_points")
@pytest.mark.parametrize("belief", [Beta(0.8, 3.0), audited(0, 20)], ids=["beta", "audit"])
def test_a_coverage_next_to_zero_leaves_no_expected_width(belief):
    with pytest.raises(RefusedError, match=r"names\.coverage: .*infinite.*away from zero"):
        _anatomy(_model(500, belief))
    assert _anatomy(_model(500, belief), target=Target("coverage")).width > 0


def strata(coverage, precision):
    """Return the model of a table of five strata whose coverage differs."""
    cells = Cells(np.array([[900, 700, 400, 250, 800]]), strata=tuple("abcde"))
    return Model(Pooled(), {"names": Count(cells, coverage, precision, deviation=0.3)})


def sampled_by_hand(model, draws=2_000) -> Posteriors:
    """Return posteriors that hold a sampled table of strata: rates given counts, no pooling."""
    rng = np.random.default_rng(4)
    log_rate = np.log(rng.gamma(model.base.cells.counts[0], size=(draws, 5)))
    log_rate -= model.joint.log_base
    level = log_rate.mean(axis=1)
    free = {
        "log_level": level,
        "effect": log_rate - level[:, None],
        "spread": rng.uniform(0.3, 0.5, draws),
    }
    shape = (("chain", "draw"), np.zeros((4, draws // 4), bool))
    statistics = xarray.Dataset(
        {"diverging": shape, "maxdepth_reached": shape,
         "energy": (("chain", "draw"), rng.normal(size=(4, draws // 4)))}
    )  # fmt: skip
    found = Posteriors(draws=draws // 4, chains=4, accept="made by hand")
    found._sampled[graph_key(model)] = Sampled(free, statistics)
    return found


def test_shares_of_a_table_are_held_without_another_graph():
    model = strata(uniform(0.45, 0.65), between(0.9, 0.99, 0.9))
    fields = uncertain_beliefs(model)
    assert list(fields) == ["names.coverage", "names.precision"]
    for field, belief in fields.items():
        held = model.replace(field, pinned(belief, 0.5))
        # coverage that differs between strata enters the graph by its mean
        assert graph_key(held) == graph_key(model)
        assert field.rpartition(".")[2] in held.constants()


@pytest.mark.usefixtures("few_points")
def test_a_table_is_sampled_once_and_its_parts_add_up():
    model = strata(uniform(0.45, 0.65), between(0.9, 0.99, 0.9))
    posteriors = sampled_by_hand(model)
    found = anatomy(posteriors, model)
    assert len(posteriors._sampled) == 1
    assert [part.name for part in found.parts] == [
        "names.coverage", "names.precision", "counting noise and the pooling",
    ]  # fmt: skip
    low, high = np.quantile(posteriors.of(model), [0.025, 0.975])
    assert found.width == pytest.approx(high - low, rel=0.05)
    assert sum(_shares(found)) == pytest.approx(1)
    assert found.parts[0].share > 0.7


@pytest.mark.usefixtures("few_points")
def test_coverage_says_next_to_nothing_of_a_share_of_strata():
    model = strata(uniform(0.45, 0.65), known(1.0)).replace("names.deviation", 0.0)
    share = Target("share of a", Estimand("share", stratum="a"))
    posteriors = sampled_by_hand(model)
    found = anatomy(posteriors, model, share)
    assert found.target == "share of a"
    assert found.parts[0].share < 0.1
    event = Target("largest", Estimand("largest", stratum="a"))
    with pytest.raises(InvalidValueError, match="is an event"):
        anatomy(posteriors, model, event)


def test_held_shares_mix_to_the_posterior_itself():
    model = _model(40, between(0.4, 0.7, 0.9))
    conditional = Conditional(Posteriors(), model, 1, 4_000)
    values = model.base.coverage.quantile((np.arange(200) + 0.5) / 200)
    mixed = np.concatenate(
        [conditional.posterior(conditional.holding(model, "names.coverage", c), 0).of()
         for c in values]
    )  # fmt: skip
    plain = Posteriors().of(model)
    assert stats.kstest(mixed[::100], plain).statistic < 0.03
