"""Chao's bound and laws of persons who differ, for lists: against the answers of Rcapture 1.4-4."""

import itertools

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.special import gammaln
from scipy.stats import chi2

from estimation.classical.captures.columns import bound_columns, heterogeneity_column
from estimation.classical.captures.fitting import fit, profile
from estimation.classical.captures.heterogeneity import heterogeneity
from estimation.classical.captures.lower_bounds import chao, zelterman
from estimation.classical.captures.models import ListModel
from estimation.datasets.load import load_dataset
from estimation.errors import InvalidValueError, NotEstimableError
from models.lists.patterns import Patterns

#: Estimate, standard error (None: not printed), limits of 95 %.
CHAO = {
    "kosovo_1999": (8_591, 214, 8_189, 9_027),
    "sudan_khartoum_all_cause_d1o1": (7_606, None, 6_886, 8_443),
    "uk_trafficking_2013_5lists": (13_570, None, 12_086, 15_323),
    "uk_trafficking_2013_4lists": (10_813, None, 9_600, 12_330),
    "western_us_trafficking_5lists": (2_201, 456, 1_507, 3_409),
    "australia_trafficking_4lists": (1_157, None, 928, 1_483),
    "hepatitis_a_taiwan_1995": (479, None, 405, 579),
    "diabetes_casale_monferrato": (2_318, None, 2_270, 2_370),
    "congenital_anomaly_massachusetts": (660, None, 622, 705),
    "hiv_rome_1990": (11_701, 1_031, 9_898, 13_985),
    "lesbian_allegheny": (4_321, None, 4_034, 4_644),
    "scotland_pwid_2006": (22_691, None, 20_938, 24_660),
    "snowshoe_hare_6occasions": (79.6, None, 70.4, 95.2),
    "meadow_voles_p1_5occasions": (65.4, None, 56.3, 86.1),
    "meadow_voles_p4_5occasions": (68.9, None, 58.7, 88.9),
}
DIFFERENT = {
    ("kosovo_1999", "poisson2"): (9_328, 8_755, 9_958),
    ("kosovo_1999", "darroch"): (12_797, 11_323, 14_531),
    ("kosovo_1999", "gamma35"): (18_387, 15_087, 22_577),
    ("australia_trafficking_4lists", "poisson2"): (1_321, 996, 1_801),
    ("australia_trafficking_4lists", "darroch"): (2_896, 1_641, 5_290),
    ("diabetes_casale_monferrato", "darroch"): (2_669, 2_523, 2_844),
    ("congenital_anomaly_massachusetts", "darroch"): (697, 634, 780),
    ("lesbian_allegheny", "darroch"): (6_964, 5_826, 8_398),
    ("snowshoe_hare_6occasions", "poisson2"): (81.1, 71.8, 93.8),
    ("snowshoe_hare_6occasions", "darroch"): (90.5, 73.5, 121.2),
    ("snowshoe_hare_6occasions", "gamma35"): (101.6, 73.7, 171.9),
    ("meadow_voles_p1_5occasions", "darroch"): (74.4, 58.5, 110.9),
    ("meadow_voles_p4_5occasions", "darroch"): (104.7, 69.0, 188.2),
}


def patterns_of(name: str) -> Patterns:
    table = load_dataset(name)
    lists = tuple(column for column in table.columns if column != "count")
    on = table[list(lists)].to_numpy().astype(int) == 1
    return Patterns(lists, on, table["count"].to_numpy().astype(int))


def small(*counts: int, names: str = "abc") -> Patterns:
    """Return a table of lists from its counts: on the first only, on the second only, ..."""
    on = [row for row in itertools.product([0, 1], repeat=len(names)) if any(row)]
    on.sort(key=lambda row: (sum(row), [-value for value in row]))
    return Patterns(tuple(names), np.array(on, dtype=bool), np.array(counts))


def assert_printed(values, printed) -> None:
    """Compare as far as numbers were printed, whole or to one decimal.

    Beyond half a unit there is slack for the search for limits, which R ends a little early.
    """
    for value, number in zip(values, printed, strict=True):
        digits = 0.06 if isinstance(number, float) else 0.51
        assert number is None or value == pytest.approx(number, abs=digits)


@pytest.mark.parametrize("name", CHAO)
def test_chao(name):
    found = chao(patterns_of(name))
    limits = np.quantile(found.draws, [0.025, 0.975])
    assert_printed([found.estimate, found.details["standard_error"], *limits], CHAO[name])
    assert found.bound
    assert "at least" in found.assumption


@pytest.mark.parametrize(("name", "kind"), DIFFERENT)
def test_persons_who_differ(name, kind):
    found = heterogeneity(patterns_of(name), kind)
    limits = np.quantile(found.draws, [0.025, 0.975])
    assert_printed([found.estimate, *limits], DIFFERENT[name, kind])
    assert (found.method, found.bound) == (kind, False)


def test_sums_over_cells_are_those_of_the_dense_table():
    patterns = patterns_of("congenital_anomaly_massachusetts")
    for columns in (heterogeneity_column("gamma35", 5), bound_columns(5, 5)):
        cells = np.array(list(itertools.product([0, 1], repeat=5))[1:], dtype=float)
        common = columns[cells.sum(axis=1).astype(int) - 1]
        design = np.column_stack([np.ones(len(cells)), cells, common])
        model = ListModel(patterns, columns)
        parameters = np.linspace(0.9, -0.7, design.shape[1])
        means = np.exp(design @ parameters)
        mean, information = model.moments(parameters)
        np.testing.assert_allclose(mean, design.T @ means, rtol=1e-12)
        np.testing.assert_allclose(information, (design.T * means) @ design, rtol=1e-12)
        dense = patterns.dense()[1:]
        np.testing.assert_allclose(model.sufficient, design.T @ dense, rtol=1e-12)


def test_profile_of_independent_lists_is_the_closed_form():
    patterns = patterns_of("kosovo_1999")
    totals, observed = patterns.list_totals.astype(float), patterns.observed

    def likelihood(total: float) -> float:
        found = gammaln(total + 1) - gammaln(total - observed + 1)
        return found + (totals * np.log(totals / total)).sum() + (
            (total - totals) * np.log1p(-totals / total)
        ).sum()  # fmt: skip

    fitted = fit(ListModel(patterns, np.zeros((4, 0))))
    assert fitted.total == pytest.approx(7_394.587, abs=1e-3)  # Rcapture: 7,395 (130)
    assert fitted.standard_error == pytest.approx(129.6, abs=0.05)
    for unseen in (1_000.0, 3_000.0, 9_000.0):
        value, _ = profile(fitted.model, fitted.parameters, unseen)
        assert value == pytest.approx(likelihood(observed + unseen), abs=1e-7)
    best = minimize_scalar(lambda total: -likelihood(total), bounds=(4_500, 20_000),
                           method="bounded").x  # fmt: skip
    low, high = (
        brentq(lambda total: 2 * (likelihood(best) - likelihood(total)) - 3.841459, *ends)
        for ends in ((4_500, best), (best, 20_000))
    )
    assert (round(low), round(high)) == (7_148, 7_656)


@pytest.mark.parametrize("prob", [0.5, 0.8, 0.95, 0.99])
def test_plain_quantiles_of_draws_are_profile_limits_at_any_level(prob):
    found = heterogeneity(patterns_of("hepatitis_a_taiwan_1995"), "poisson2", draws=8_000)
    fitted = fit(ListModel(patterns_of("hepatitis_a_taiwan_1995"),
                           heterogeneity_column("poisson2", 3)))  # fmt: skip
    highest, _ = profile(fitted.model, fitted.parameters,
                         found.details["profile_maximum"] - found.observed)  # fmt: skip
    for limit in np.quantile(found.draws, [(1 - prob) / 2, (1 + prob) / 2]):
        value, _ = profile(fitted.model, fitted.parameters, limit - found.observed)
        assert 2 * (highest - value) == pytest.approx(chi2.ppf(prob, 1), rel=0.01)


def test_many_lists_and_an_empty_one():
    found = chao(patterns_of("cottontail_rabbits_18occasions"))
    assert any("t16" in note for note in found.notes)
    # lists of equal reach give 130.6 (Rcapture); the truth is 135
    assert found.estimate == pytest.approx(129.2, abs=0.05)
    assert chao(patterns_of("colombia_recruitment_men_1999_r1")).estimate > 982


def test_order_of_lists_and_strata_do_not_matter():
    patterns = patterns_of("australia_trafficking_4lists")
    order = [2, 0, 3, 1]
    turned = Patterns(tuple(patterns.lists[place] for place in order), patterns.on[:, order],
                      patterns.counts)  # fmt: skip
    split = Patterns(patterns.lists, patterns.on, patterns.counts, ("one", "two"),
                     np.arange(len(patterns.counts)) % 2)  # fmt: skip
    for method in (chao, zelterman, heterogeneity):
        expected = method(patterns)
        for other in (turned, split):
            found = method(other)
            assert found.estimate == pytest.approx(expected.estimate, rel=1e-8)
            np.testing.assert_allclose(found.draws, expected.draws, rtol=1e-6)
    assert any("strata" in note for note in chao(split).notes)


def test_two_lists_are_lincoln_and_petersen():
    found = chao(small(60, 40, 20, names="ab"))
    assert found.estimate == pytest.approx(80 * 60 / 20, rel=1e-9)


def test_no_bound_if_lists_avoid_each_other():
    """Death certificates and rehabilitation exclude each other: 731 by the model that knows it."""
    found = chao(patterns_of("spina_bifida_ny_626"))
    assert found.estimate > 731
    assert any("avoid" in note for note in found.notes)
    assert any(
        "negative" in note for note in heterogeneity(patterns_of("korea_palembang_1945")).notes
    )
    assert not chao(patterns_of("kosovo_1999")).notes


def test_zelterman():
    """Once 85 and twice 30: the rate is 60 / 85."""
    found = zelterman(small(40, 30, 15, 10, 12, 8, 5))
    assert found.estimate == pytest.approx(120 / (1 - np.exp(-60 / 85)))
    assert found.observed == 120


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        (small(5, names="a"), "one list"),
        (small(0, 0, 0, names="ab"), "nobody"),
        (small(9, 8, 7, 0, 0, 0, 3), "exactly twice"),
        (small(0, 0, 0, 3, 2, 1, 3), "only once"),
        (small(9, 0, 0, 3, 2, 0, 3), "holds everybody"),
    ],
)
def test_lists_that_say_nothing_are_refused(patterns, message):
    for method in (chao, zelterman, heterogeneity):
        with pytest.raises(NotEstimableError, match=message):
            method(patterns)


def test_counts_that_are_not_known_are_refused():
    patterns = patterns_of("scotland_pwid_2006")
    alone = (patterns.on.sum(axis=1) == 1) & patterns.on[:, 3]
    open_count = Patterns(patterns.lists, patterns.on, np.where(alone, 0, patterns.counts),
                          unknown=alone)  # fmt: skip
    for marked in (open_count, Patterns(patterns.lists, patterns.on, patterns.counts,
                                        at_most=alone)):  # fmt: skip
        with pytest.raises(NotEstimableError, match=r"hcv_diagnosis.*not known"):
            chao(marked)
        assert chao(marked.leave_out(["hcv_diagnosis"])).estimate > 4_986


def test_laws_need_three_lists_and_three_numbers():
    with pytest.raises(NotEstimableError, match="two lists"):
        heterogeneity(small(60, 40, 20, names="ab"))
    with pytest.raises(NotEstimableError, match="two different numbers"):
        heterogeneity(patterns_of("artificial_3lists"))
    with pytest.raises(InvalidValueError, match="no kind 'beta'"):
        heterogeneity(patterns_of("kosovo_1999"), "beta")
