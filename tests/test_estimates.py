"""Estimates, registers, audits, deaths beyond all evidence: checks, weights, likelihoods."""

import datetime
import re

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from models.audits import Audits
from models.beliefs import between, known, uniform
from models.beyond import Beyond
from models.errors import InvalidValueError, RefusedError
from models.estimates import Estimates
from models.register import Register

DAY = datetime.date
YEARS = (DAY(2022, 1, 1), DAY(2023, 1, 1), DAY(2024, 1, 1))
BY_YEAR = {"begin": YEARS[:2], "end": YEARS[1:]}
MONTHS = tuple(DAY(2022, month, 1) for month in range(1, 13))


def _two(**changes):
    given = {"central": [20_000, 40_000], "error": [0.1, 0.2], "correlation": 0.5, **BY_YEAR}
    return Estimates(**{**given, **changes})


def _refused(call, words, kind=InvalidValueError):
    with pytest.raises(kind, match=re.escape(words)) as caught:
        call()
    assert "\n" not in str(caught.value)


# -- estimates ----------------------------------------------------------------------------------


def test_the_covariance_of_logs():
    assert _two().log_covariance == pytest.approx(np.array([[0.01, 0.01], [0.01, 0.04]]))
    assert _two(correlation=0).log_covariance == pytest.approx(np.diag([0.01, 0.04]))
    given = _two(error=None, correlation=0.0, covariance=[[0.01, 0.005], [0.005, 0.04]])
    assert given.errors == pytest.approx([0.1, 0.2])
    assert given.log_covariance[0, 1] == 0.005
    with pytest.raises(ValueError, match="read-only"):
        given.central[0] = 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"central": [20_000, 0]}, "central[1]: must be above 0"),
        ({"central": [20_000, np.nan]}, "central[1]: must be above 0"),
        ({"central": [20_000, np.inf]}, "central[1]: must be above 0"),
        ({"central": ["many", 1]}, "central: holds what is no number"),
        ({"central": []}, "central: has shape (0,)"),
        ({"central": 20_000}, "central: has shape ()"),
        ({"error": [0.1]}, "error: has shape (1,), not (2,)"),
        ({"error": None}, "error: is missing"),
        ({"error": [0.1, -0.2]}, "error[1]: must be above 0"),
        ({"error": [0.1, 0.004]}, "error[1]: 0.004 is smaller than counting noise allows, 0.005"),
        ({"correlation": 1.1}, "correlation: must lie between 0 and 1"),
        ({"correlation": -0.1}, "correlation: must lie between 0 and 1"),
        ({"begin": YEARS}, "begin: has 3 dates for 2 rows"),
        ({"begin": "2022-01-01"}, "begin: must be a list of dates"),
        ({"begin": (YEARS[0], "2023")}, "begin[1]: '2023' is no date"),
        ({"end": (datetime.datetime(2023, 1, 1), None)}, "is no date"),
        ({"end": (YEARS[1], YEARS[1])}, "row 1: begin 2023-01-01 is not before end 2023-01-01"),
        ({"begin": (), "end": ()}, "rows 0 and 1 have the same span, the beginning to the end"),
        ({"begin": YEARS[:1] * 2, "end": YEARS[1:2] * 2}, "2022-01-01 to 2022-12-31"),
        ({"covariance": np.eye(3)}, "covariance: has shape (3, 3), not (2, 2)"),
        ({"covariance": [[0.01, 0.1], [0.2, 0.04]]}, "covariance: is not symmetric"),
        ({"covariance": [[0.01, 0.02], [0.02, 0.04]]}, "covariance: is not positive definite"),
        ({"covariance": [[0.01, np.nan], [0, 0.04]]}, "covariance: must be finite"),
        ({"covariance": np.diag([0.01, 0.05])}, "error: contradicts the covariance"),
        ({"covariance": np.diag([0.01, 0.04])}, "correlation: is given beside a covariance"),
    ],
)
def test_what_are_no_estimates(changes, words):
    _refused(lambda: _two(**changes), words)


def test_counting_noise_is_an_error_that_is_allowed():
    Estimates([400], [0.05])
    _refused(lambda: Estimates([400], [0.0499]), "smaller than counting noise allows")


def test_bounds_become_errors_by_their_level():
    z = stats.norm.ppf(0.975)
    found = Estimates.from_bounds([47_000, None], [40_000, 100], [55_000, 400], 0.95, **BY_YEAR)
    assert found.central == pytest.approx([47_000, 200])
    assert found.errors == pytest.approx([np.log(55 / 40) / 2 / z, np.log(4) / 2 / z])
    wider = Estimates.from_bounds(None, [40_000], [55_000], 0.5)
    assert wider.central == pytest.approx([np.sqrt(40_000 * 55_000)])
    assert wider.errors == pytest.approx(np.log(55 / 40) / 2 / stats.norm.ppf(0.75))


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (([3], [4], [9], 0.95), "row 0: low 4 is above the central value 3"),
        (([10], [4], [9], 0.95), "row 0: the central value 10 is above high 9"),
        (([5], [9], [4], 0.95), "row 0: low 9 is not below high 4"),
        (([5], [5], [5], 0.95), "row 0: low 5 is not below high 5"),
        (([5], [0], [9], 0.95), "low[0]: must be above 0"),
        (([5], [4], [9], None), "level: is not stated"),
        (([5], [4], [9], 1.0), "level: must lie strictly between 0 and 1"),
        (([5], [4], [9, 10], 0.95), "high: has shape (2,), not (1,)"),
        (([5, 6], [4], [9], 0.95), "central: has shape (2,), not (1,)"),
    ],
)
def test_bounds_that_are_none(numbers, words):
    _refused(lambda: Estimates.from_bounds(*numbers), words)


def test_draws_become_means_and_covariance_of_logs():
    rng = np.random.default_rng(1)
    covariance = np.array([[0.01, 0.015], [0.015, 0.04]])
    logs = rng.multivariate_normal(np.log([20_000, 40_000]), covariance, 20_000)
    found = Estimates.from_draws(np.exp(logs), **BY_YEAR)
    assert found.central == pytest.approx([20_000, 40_000], rel=0.01)
    assert found.log_covariance == pytest.approx(covariance, rel=0.05)
    assert Estimates.from_draws(np.exp(logs[:, :1])).log_covariance.shape == (1, 1)
    _refused(lambda: Estimates.from_draws(np.exp(logs[:29])), "29 draws of 2 rows, fewer than 30")
    _refused(lambda: Estimates.from_draws(logs[:, 0]), "draws: has shape (20000,)")
    _refused(lambda: Estimates.from_draws(np.zeros((50, 1))), "draws[0, 0]: must be above 0")


@pytest.mark.parametrize("correlation", [0.0, 0.6, 1.0])
def test_groups_have_the_moments_of_sums(correlation):
    quarters = (*MONTHS[::3], DAY(2023, 1, 1), DAY(2023, 4, 1))
    error = np.array([0.05, 0.1, 0.08, 0.1, 0.2])
    rows = Estimates([900, 1000, 1100, 2000, 500], error, correlation, quarters[:5], quarters[1:])
    found = rows.grouped()
    assert (found.begin, found.end) == (YEARS[:2], (YEARS[1], DAY(2023, 4, 1)))
    rng = np.random.default_rng(2)
    logs = rng.multivariate_normal(np.log(rows.central), rows.log_covariance, 100_000)
    sums = np.exp(logs[:, :4]).sum(axis=1), np.exp(logs[:, 4])
    # the median of a sum is not the sum of medians
    assert found.central == pytest.approx([np.median(sums[0]), 500], rel=2e-3)
    assert np.std(np.log(sums[0])) == pytest.approx(found.errors[0], rel=0.01)
    together = np.cov(np.log(sums))
    assert found.log_covariance == pytest.approx(together, rel=0.03, abs=2e-4)
    if correlation == 0:
        by_hand = np.sqrt(((rows.central * error)[:4] ** 2).sum()) / 5000
        assert found.errors[0] == pytest.approx(by_hand, rel=0.02)


def test_groups_need_spans_that_follow_each_other():
    def rows(begin, end):
        return Estimates([100, 200], [0.2, 0.2], begin=begin, end=end).grouped()

    months = MONTHS
    _refused(
        lambda: rows((months[0], months[2]), (months[1], months[3])),
        "estimate of 2022-03-01 to 2022-03-31: leaves a gap after the beginning to 2022-01-31",
    )
    _refused(
        lambda: rows((months[0], months[1]), (months[2], months[3])), "overlaps the one before"
    )
    _refused(lambda: rows((months[0], months[1]), (None, months[3])), "overlaps the one before")
    _refused(lambda: rows((None, months[1]), months[1:3]), "begin[0]: has no first day")
    _refused(lambda: _two().grouped("decade"), "by: no group 'decade'")
    # the order of rows does not matter
    assert rows((months[1], months[0]), (months[2], months[1])).end == (months[2],)
    assert rows((months[0], months[1]), (months[1], None)).end == (None,)


def test_the_content_of_estimates_is_numbers_and_spans():
    assert _two().content() == _two().content()
    assert _two().content()["begin"] == [day.toordinal() for day in YEARS[:2]]
    for other in (
        _two(correlation=0.4), _two(error=[0.1, 0.3]), _two(central=[1e4, 4e4]),
        _two(end=(YEARS[1], None)),
    ):  # fmt: skip
        assert other.content() != _two().content()


# -- registers ----------------------------------------------------------------------------------


def test_weights_of_years_and_months():
    register = Register(_two())
    assert register.weights(YEARS[:2], "year").tolist() == [[1, 0], [0, 1]]
    months = (*MONTHS, DAY(2023, 1, 1))
    to_january = _two(end=(YEARS[1], DAY(2023, 2, 1)))
    by_hand = [[1] * 12 + [0], [0] * 12 + [1]]
    assert Register(to_january).weights(months, "month").tolist() == by_hand
    open_ends = _two(begin=(None, YEARS[1]), end=(None, None))
    assert Register(open_ends).weights(YEARS, "year").tolist() == [[1, 1, 1], [0, 1, 1]]


def test_weights_split_by_days():
    spans = {"begin": (None, DAY(2022, 1, 17)), "end": (DAY(2022, 1, 11), DAY(2022, 2, 15))}
    split = Register(_two(**spans), split=True)
    found = split.weights(MONTHS[:2], "month")
    assert found == pytest.approx(np.array([[10 / 31, 0], [15 / 31, 14 / 28]]))
    weeks = (DAY(2022, 2, 21), DAY(2022, 2, 28))
    middle = Estimates([400], [0.1], begin=(DAY(2022, 2, 24),), end=(DAY(2022, 3, 1),))
    assert Register(middle, split=True).weights(weeks, "week") == pytest.approx(
        np.array([[4 / 7, 1 / 7]])
    )
    _refused(
        lambda: Register(middle).weights(weeks, "week"),
        "estimates 2022-02-24 to 2022-02-28: covers only a part of the week of 2022-02-21",
    )


def test_spans_that_a_model_does_not_cover():
    register = Register(_two())
    _refused(
        lambda: register.weights(YEARS[:1], "year"),
        "estimates 2023-01-01 to 2023-12-31: reaches outside the periods of the model, "
        "2022-01-01 to 2022-12-31",
    )
    _refused(lambda: register.weights(YEARS[1:], "year"), "2022-01-01 to 2022-12-31: reaches")
    late = Register(Estimates([400], [0.1], begin=(YEARS[1],)))
    _refused(lambda: late.weights(YEARS[:1], "year"), "holds no period of the model")
    early = Register(Estimates([400], [0.1], end=(YEARS[1],)))
    _refused(lambda: early.weights(YEARS[1:], "year"), "holds no period of the model")
    _refused(lambda: early.weights(()), "has bounds, and the model has no periods")
    assert Register(Estimates([400], [0.1])).weights(()).tolist() == [[1]]


@pytest.mark.parametrize("row_error", [0.0, 0.15])
def test_the_likelihood_of_a_register_is_multivariate_normal(row_error):
    register = Register(_two(), row_error=row_error)
    rng = np.random.default_rng(3)
    log_expected = np.log([21_000, 35_000]) + rng.normal(0, 0.2, (7, 2))
    bias = rng.normal(0, 0.1, 7)
    covariance = _two().log_covariance + row_error**2 * np.eye(2)
    expected = [
        stats.multivariate_normal.logpdf(np.log([20_000, 40_000]), center + shift, covariance)
        for center, shift in zip(log_expected, bias, strict=True)
    ]
    assert register.log_likelihood(log_expected, bias) == pytest.approx(expected)
    assert register.log_likelihood(log_expected[0], bias[0]) == pytest.approx(expected[0])


def test_simulated_registers_have_the_stated_errors():
    register, rng = Register(_two(), row_error=0.1), np.random.default_rng(4)
    center = np.log([20_000, 40_000])
    found = np.log(register.simulate(np.tile(center, (50_000, 1)), np.full(50_000, 0.3), rng))
    assert found.mean(axis=0) == pytest.approx(center + 0.3, abs=0.005)
    assert np.cov(found.T) == pytest.approx(register.log_covariance, rel=0.05)


@pytest.mark.parametrize(
    ("changes", "words", "kind"),
    [
        ({"estimates": [1]}, "estimates: must be Estimates", InvalidValueError),
        ({"bias": 0}, "bias: must be above 0", InvalidValueError),
        ({"bias": 5}, "bias: must be at most 3", InvalidValueError),
        ({"row_error": -1}, "row_error: must lie between 0 and 3", InvalidValueError),
        ({"split": 1}, "split: must be true or false", InvalidValueError),
        ({"measure": "casualties"}, "killed and wounded", RefusedError),
        ({"measure": "missing"}, "no measure 'missing'", InvalidValueError),
        ({"share": 0.9}, "share: must be a belief", InvalidValueError),
        ({"share": {"2022": 0.9}}, "share: is given by period or row", RefusedError),
        ({"share": uniform(0.8, 0.9)}, "share: is a hard range", RefusedError),
        ({"derived_from": "list"}, "derived_from: must be a list", InvalidValueError),
        ({"source": 1}, "source: must be text", InvalidValueError),
        ({"estimates": _two(correlation=1)}, "leaves the rows no error", InvalidValueError),
    ],
)
def test_what_is_no_register(changes, words, kind):
    _refused(lambda: Register(**{"estimates": _two(), **changes}), words, kind)


def test_what_a_register_declares():
    plain = Register(_two(), source="a register", derived_from=["courts"])
    assert [one.name for one in plain.parameters()] == ["bias"]
    assert plain.derived_from == ("courts",)
    assert {one.if_false for one in plain.assumptions()} == {"too low", "too high", "either"}
    part = Register(_two(), share=between(0.8, 0.95, 0.95), split=True)
    assert [one.name for one in part.parameters()] == ["bias", "share"]
    assert len(part.assumptions()) == len(plain.assumptions()) + 1
    assert part.structure() == ("register", 2, "beta")
    assert len(Register(_two(), share=known(0.9)).parameters()) == 1
    labels = Register(_two(), source="other", scope="men")
    assert labels.content() == Register(_two()).content()
    for other in (Register(_two(), bias=0.2), Register(_two(), row_error=0.1), part):
        assert other.content() != labels.content()
    Register(_two(correlation=1), row_error=0.01)
    Register(Estimates([400], [0.1], correlation=1))


def test_differences_between_rows_have_counting_noise():
    near_one = Estimates([20_000, 40_000], [0.04, 0.04], 0.99, **BY_YEAR)
    _refused(lambda: Register(near_one), "differences between rows have less error than counting")
    covariance = near_one.log_covariance - np.diag(1 / near_one.central)
    least = np.sqrt(-np.linalg.eigvalsh(covariance)[0])
    stated = f"row_error of {np.ceil(least * 1e4) / 1e4:g} or more"
    _refused(lambda: Register(near_one, row_error=least * 0.99), stated)
    Register(near_one, row_error=least * 1.01)
    # totals that hold each other share their counting noise
    Register(Estimates([20_000, 40_000], [0.04, 0.04], 0.99, (None, None), YEARS[1:]))
    # counting noise alone is what the rule allows
    Register(Estimates([400, 900], [0.05, 1 / 30], **BY_YEAR))


# -- audits -------------------------------------------------------------------------------------


def test_the_likelihood_of_audits_is_binomial():
    audits = Audits([30, 0, 12], [50, 10, 12])
    log_odds = np.random.default_rng(5).normal(0, 2, (6, 3))
    expected = stats.binom.logpmf([30, 0, 12], [50, 10, 12], expit(log_odds))
    assert audits.log_likelihood(log_odds) == pytest.approx(expected)
    assert np.isfinite(audits.log_likelihood(np.array([[-800.0, -800, 800]]))).all()
    rng = np.random.default_rng(6)
    found = audits.simulate(np.tile(logit([0.6, 0.1, 0.9]), (20_000, 1)), rng)
    assert found.mean(axis=0) == pytest.approx([30, 1, 10.8], rel=0.02)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"found": [3, 11]}, "place 2: found 11 of 10 checked"),
        ({"checked": [10]}, "2 places found, 1 places checked"),
        ({"checked": [10, 0]}, "checked[1]: must be 1 or more"),
        ({"found": [3, -1]}, "found[1]: must be 0 or more"),
        ({"found": [3, 0.5]}, "found[1]: must be a whole number"),
        ({"found": []}, "found: is empty"),
        ({"places": ["one"]}, "places: 1 names for 2 places"),
        ({"places": ["one", "one"]}, "places: 'one' is given twice"),
        ({"places": "ab"}, "places: must be a list of names"),
        ({"spread": 0}, "spread: must be above 0"),
        ({"bias": 0}, "bias: must be above 0"),
        ({"begin": YEARS[1], "end": YEARS[0]}, "begin, end: begin 2023-01-01 is not before"),
        ({"begin": "2022"}, "begin: '2022' is no date"),
    ],
)
def test_what_are_no_audits(changes, words):
    _refused(lambda: Audits(**{"found": [3, 4], "checked": [10, 10], **changes}), words)


def test_what_audits_declare():
    audits = Audits([3, 4], [10, 10], places=["one", "two"], begin=YEARS[0], end=YEARS[1])
    assert audits.weights(YEARS[:2], "year").tolist() == [[1, 0]]
    assert Audits(3, 10).weights(()).tolist() == [[1]]
    _refused(lambda: audits.weights((YEARS[1],), "year"), "audits 2022-01-01 to 2022-12-31:")
    assert [one.name for one in audits.parameters()] == ["spread", "bias", "place"]
    assert audits.parameters()[2].dims == ("place",)
    assert len(Audits(3, 10).assumptions()) == len(audits.assumptions()) + 1
    assert audits.structure() == ("audits", 2)
    assert audits.content()["found"] == [3, 4]
    assert Audits([3, 4], [10, 10]).content() != audits.content()


# -- beyond all evidence ------------------------------------------------------------------------


def test_deaths_beyond_are_log_normal():
    beyond = Beyond(21_000, 23_500, 0.9, scope="other armies")
    assert beyond.quantile([0.05, 0.95]) == pytest.approx([21_000, 23_500])
    found = beyond.draw(np.random.default_rng(7), 40_000)
    assert found.dtype == np.int64
    assert np.quantile(found, [0.05, 0.5, 0.95]) == pytest.approx(
        [21_000, np.sqrt(21_000 * 23_500), 23_500], rel=0.002
    )
    words = "log-normal, 0.9 between 21,000 and 23,500 deaths (other armies); median 22,215"
    assert beyond.describe() == words
    assert beyond.content() == Beyond(21_000, 23_500, 0.9, reason="said").content()
    assert beyond.content() != Beyond(21_000, 23_500, 0.8).content()


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0, 10, 0.9), "low: must be above 0"),
        ((10, 5, 0.9), "range: low 10 must be below high 5"),
        ((5, 5, 0.9), "range: low 5 must be below high 5"),
        ((5, 10, 1), "a range without a level is no distribution); state mass < 1"),
        ((5, 10, 0), "mass: must lie between 0 and 1"),
        ((5, 10, 90), "write 0.9 for 90 %"),
        ((1, 1e6, 0.1), "more dead than persons who ever lived"),
        (("5", 10, 0.9), "low: must be a number"),
    ],
)
def test_what_is_no_belief_on_deaths_beyond(numbers, words):
    _refused(lambda: Beyond(*numbers), words)
