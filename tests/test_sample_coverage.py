"""Sample coverage and pairs of lists: against CARE1 1.1.0."""

import numpy as np
import pytest

from estimation.classical.captures.coverage import coverage_estimates, sample_coverage
from estimation.classical.captures.two_lists import chapman, two_lists
from estimation.errors import InvalidValueError, NotEstimableError
from models.lists.patterns import Patterns
from tests.test_lower_bounds import assert_printed, patterns_of, small

#: Estimate and limits; those of CARE1 are of a bootstrap of 1,000 tables.
COVERAGE = {
    ("kosovo_1999", "independent"): (7_634, 7_350, 7_944),
    ("kosovo_1999", "high"): (15_046, 11_865, 19_582),
    ("kosovo_1999", "one_step"): (9_103, 8_604, 9_661),
    ("sudan_khartoum_all_cause_d1o1", "one_step"): (8_746, 7_738, 9_945),
    ("sudan_khartoum_intentional_injury_d1o1", "one_step"): (4_469, 3_749, 5_393),
    ("hepatitis_a_taiwan_1995", "independent"): (407, 363, 472),
    ("hepatitis_a_taiwan_1995", "one_step"): (508, 432, 618),
    ("diabetes_casale_monferrato", "independent"): (2_272, 2_232, 2_322),
    ("diabetes_casale_monferrato", "high"): (2_609, 2_472, 2_793),
    ("diabetes_casale_monferrato", "one_step"): (2_458, 2_374, 2_565),
    ("congenital_anomaly_massachusetts", "independent"): (630, 604, 665),
    ("congenital_anomaly_massachusetts", "one_step"): (649, 610, 711),
    ("hiv_rome_1990", "one_step"): (12_464, 10_169, 15_395),
}
SHARES = {
    "diabetes_casale_monferrato": 0.803, "hiv_rome_1990": 0.13, "hepatitis_a_taiwan_1995": 0.51
}  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), COVERAGE)
def test_printed_estimates(name, kind):
    found = sample_coverage(patterns_of(name), kind)
    estimate, low, high = COVERAGE[name, kind]
    assert_printed([found.estimate], [estimate])
    limits = np.quantile(found.draws, [0.025, 0.975])
    # a standard deviation of 1,000 tables is known to 2 %, twice: a few percent of the width
    np.testing.assert_allclose(limits, [low, high], atol=0.05 * (high - low))
    assert found.method == f"sample_coverage_{kind}"


@pytest.mark.parametrize("name", SHARES)
def test_coverage(name):
    digits = len(str(SHARES[name])) - 2
    assert round(float(coverage_estimates(patterns_of(name)).coverage[0]), digits) == SHARES[name]


def test_high_coverage_form():
    """CARE1 prints 660 (608-749) for congenital anomalies, one too many for its own equation."""
    found = coverage_estimates(patterns_of("congenital_anomaly_massachusetts"))
    assert found.high[0] == pytest.approx(659.45, abs=0.005)
    assert coverage_estimates(patterns_of("hepatitis_a_taiwan_1995")).high[0] == pytest.approx(
        971, abs=0.5
    )


def test_three_lists_by_hand():
    """Chao and Tsay (1998), their formulas for three lists written out."""
    patterns = patterns_of("hepatitis_a_taiwan_1995")
    found = coverage_estimates(patterns)
    totals = np.array([135, 122, 126])
    share = 1 - (69 / 135 + 55 / 122 + 63 / 126) / 3
    seen = (271 - (69 + 55 + 63) / 3) / share
    assert found.coverage[0] == pytest.approx(share)
    assert found.independent[0] == pytest.approx(seen)
    both = {(0, 1): 21 + 28, (0, 2): 17 + 28, (1, 2): 18 + 28}
    # on the first but not on the third, and on the second but not on the third
    without = {
        (0, 1): (69 + 21) + (55 + 21), (0, 2): (69 + 17) + (63 + 17), (1, 2): (55 + 18) + (63 + 18)
    }  # fmt: skip

    def step(guess: float) -> float:
        return seen + sum(
            without[pair] * (guess * both[pair] / totals[list(pair)].prod() - 1) for pair in both
        ) / (3 * share)  # fmt: skip

    assert found.one_step[0] == pytest.approx(step(step(seen)))
    assert found.high[0] == pytest.approx(step(found.high[0]))


def test_independent_lists_are_estimated_well():
    """Expected counts of independent lists: all forms give the total, dependence is none."""
    chances = np.array([0.3, 0.5, 0.4, 0.2])
    on = np.array([[place >> bit & 1 for bit in range(4)] for place in range(1, 16)], dtype=bool)
    counts = 1_000_000 * np.where(on, chances, 1 - chances).prod(axis=1)
    found = coverage_estimates(Patterns(tuple("abcd"), on, np.rint(counts).astype(int)))
    for total in (found.independent, found.one_step, found.high):
        assert total[0] == pytest.approx(1_000_000, rel=1e-4)
    np.testing.assert_allclose(found.dependence, 0, atol=1e-4)


def test_order_of_lists_and_seeds():
    patterns = patterns_of("diabetes_casale_monferrato")
    turned = Patterns(patterns.lists[::-1], patterns.on[:, ::-1], patterns.counts)
    found, other = (coverage_estimates(one) for one in (patterns, turned))
    assert other.one_step[0] == pytest.approx(found.one_step[0], rel=1e-12)
    first, again, next_one = (
        sample_coverage(patterns, replicates=200, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.draws, again.draws)
    assert first.estimate == next_one.estimate
    assert first.details["standard_error"] != next_one.details["standard_error"]


def test_what_is_told_and_refused():
    found = sample_coverage(patterns_of("hiv_rome_1990"), replicates=100)
    assert any("13%" in note and "lower bound" in note for note in found.notes)
    with pytest.raises(NotEstimableError, match="coverage of 22% is too low"):
        sample_coverage(patterns_of("sudan_khartoum_intentional_injury_d1o1"), "high")
    with pytest.raises(NotEstimableError, match="bootstrap tables have no total"):
        sample_coverage(patterns_of("hiv_rome_1990"), "high")
    with pytest.raises(NotEstimableError, match="two lists"):
        sample_coverage(small(60, 40, 20, names="ab"))
    with pytest.raises(NotEstimableError, match="exactly twice"):
        sample_coverage(small(9, 8, 7, 0, 0, 0, 3))
    with pytest.raises(InvalidValueError, match="no kind 'two_step'"):
        sample_coverage(small(9, 8, 7, 1, 1, 1, 3), "two_step")
    with pytest.raises(InvalidValueError, match="2 or more"):
        sample_coverage(small(9, 8, 7, 1, 1, 1, 3), replicates=1)


def test_pairs_of_lists():
    """The pairwise table that CARE1 prints for diabetes: Petersen, limits of Chapman."""
    printed = {
        "clinic+hospital": (2_353, 2_250, 2_478), "clinic+prescriptions": (2_185, 2_146, 2_233),
        "clinic+reagents": (2_264, 2_117, 2_468), "hospital+prescriptions": (2_060, 1_922, 2_224),
        "hospital+reagents": (806, 725, 913), "prescriptions+reagents": (1_558, 1_445, 1_712),
    }  # fmt: skip
    found = two_lists(patterns_of("diabetes_casale_monferrato"))
    assert ["+".join(pair.lists) for pair in found] == list(printed)
    for pair in found:
        limits = np.quantile(pair.draws(), [0.025, 0.975])
        assert_printed([pair.petersen, *limits], printed["+".join(pair.lists)])


def test_chapman():
    patterns = small(60, 40, 20, names="ab")
    found = chapman(patterns)
    assert found.estimate == pytest.approx(81 * 61 / 21 - 1)
    assert found.details["standard_error"] ** 2 == pytest.approx(
        81 * 61 * 60 * 40 / (21**2 * 22)
    )  # fmt: skip
    assert (found.observed, found.bound) == (120, False)
    assert "too low" in found.assumption
    named = chapman(patterns_of("diabetes_casale_monferrato"), ("hospital", "reagents"))
    assert (named.details["both"], round(named.estimate)) == (97, 803)


@pytest.mark.parametrize(
    ("patterns", "pair", "error", "message"),
    [
        (small(5, names="a"), None, NotEstimableError, "one list"),
        (small(5, 4, 0, names="ab"), None, NotEstimableError, "nobody is on both"),
        (small(5, 0, 4, names="ab"), None, NotEstimableError, "contained"),
        (small(9, 8, 7, 1, 1, 1, 3), None, InvalidValueError, "there are 3 lists"),
        (small(9, 8, 7, 1, 1, 1, 3), ("a", "a"), InvalidValueError, "two of a, b, c"),
    ],
)
def test_chapman_refuses(patterns, pair, error, message):
    with pytest.raises(error, match=message):
        chapman(patterns, pair)


def test_pairs_that_an_unknown_count_does_not_concern():
    on = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]], dtype=bool)
    patterns = Patterns(("a", "b", "c"), on, np.array([9, 8, 0, 5]),
                        unknown=np.array([False, False, True, False]))  # fmt: skip
    assert [pair.lists for pair in two_lists(patterns)] == [("a", "b")]
    assert chapman(patterns, ("a", "b")).estimate == pytest.approx(15 * 14 / 6 - 1)
    with pytest.raises(NotEstimableError, match="not known"):
        chapman(patterns, ("a", "c"))
