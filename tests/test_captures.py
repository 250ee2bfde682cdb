"""Capture frequencies: against the answers of Rcapture 1.4-4 (closedp.0) and SPECIES 1.2.0."""

import numpy as np
import pytest

from estimation.classical.captures.columns import bound_columns
from estimation.classical.captures.fitting import fit
from estimation.classical.captures.frequencies import Captures
from estimation.classical.captures.heterogeneity import captures_equal, captures_heterogeneity
from estimation.classical.captures.lower_bounds import captures_chao, captures_zelterman, zelterman
from estimation.classical.captures.models import OccasionModel
from estimation.classical.captures.nonparametric import captures_ace, captures_jackknife
from estimation.errors import InvalidValueError, NotEstimableError
from tests.test_lower_bounds import assert_printed, patterns_of, small

CHIPMUNKS = Captures(
    np.array([1, 2, 3, 4, 5, 6, 7, 8, 10]), np.array([14, 13, 18, 12, 7, 5, 1, 1, 1]), 13
)
TAXICABS = Captures(np.arange(1, 7), np.array([142, 81, 49, 7, 3, 1]), 10)
RABBITS = Captures(np.arange(1, 8), np.array([43, 16, 8, 6, 0, 2, 1]), 18)
CLAIMS = Captures(np.arange(1, 8), np.array([1317, 239, 42, 14, 4, 4, 1]))
IMMIGRANTS = Captures(np.arange(1, 7), np.array([1645, 183, 37, 13, 1, 1]))
CATBIRD = Captures(np.arange(1, 7), np.array([6, 4, 5, 2, 0, 2]), 11)
SPECIES_OF_BIRDS = Captures(
    np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 17, 18, 19, 20, 21, 25, 26, 28, 30,
              36]),
    np.array([15, 7, 5, 2, 5, 6, 3, 2, 1, 2, 4, 4, 1, 2, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1]), 50,
)  # fmt: skip


def answer(estimate) -> list[float]:
    limits = np.quantile(estimate.draws, [0.025, 0.975])
    return [estimate.estimate, estimate.details["standard_error"], *limits]


@pytest.mark.parametrize(
    ("captures", "kind", "printed"),
    [
        (CHIPMUNKS, "equal", (74.1, None, None, None)),
        (CHIPMUNKS, "chao", (78.5, None, 72, 90)),
        (CHIPMUNKS, "darroch", (77.9, None, 72, 86)),
        (CHIPMUNKS, "gamma35", (81.6, None, 73, 97)),
        (TAXICABS, "equal", (369, 15, None, None)),
        (TAXICABS, "chao", (389, None, 349, 441)),
        (TAXICABS, "darroch", (392, None, 343, 457)),
        (RABBITS, "equal", (97.2, None, None, None)),
        (RABBITS, "chao", (130.6, None, 97.1, 191.9)),
        (RABBITS, "poisson2", (97.2, None, 85.2, 112.8)),
        (RABBITS, "darroch", (125.0, None, 99.0, 160.3)),
        (RABBITS, "gamma35", (195.4, None, 117.1, 353.0)),
        (CLAIMS, "equal", (4_351, None, None, None)),
        (CLAIMS, "darroch", (8_033, None, 6_770, 9_539)),
        (CLAIMS, "gamma35", (13_162, None, 9_825, 17_586)),
        (IMMIGRANTS, "chao", (9_274, None, 8_088, 10_704)),
        (CATBIRD, "equal", (20.3, None, None, None)),
        (CATBIRD, "gamma35", (24.7, None, None, None)),
    ],
)
def test_log_linear_models(captures, kind, printed):
    if kind == "equal":
        found = captures_equal(captures)
    elif kind == "chao":
        found = captures_chao(captures)
    else:
        found = captures_heterogeneity(captures, kind)
    assert_printed(answer(found), printed)


def test_bound_is_the_maximum_under_its_constraints():
    """Birds: Rcapture prints 87.2 (73-120), from terms taken out one by one, in their order."""
    captures = SPECIES_OF_BIRDS
    columns = bound_columns(captures.limit, captures.most)
    model = OccasionModel(captures, columns, columns.shape[1])
    fitted = fit(model)
    mean, information = model.moments(fitted.parameters)
    score = (model.sufficient - mean) / np.sqrt(np.diagonal(information))
    terms = fitted.parameters[2:]
    assert (terms >= 0).all()
    assert np.abs(score[:2]).max() < 1e-4
    assert np.abs(score[2:][terms > 0]).max() < 1e-4
    assert score[2:][terms == 0].max() < 1e-4
    # convex at 2 and 3 captures: persons recorded once and twice are fitted exactly
    assert fitted.unseen == pytest.approx(15**2 / (2 * 7) * 49 / 50, rel=1e-4)


@pytest.mark.parametrize(
    ("captures", "printed"),
    [
        (RABBITS, (134, 24, 102, 202)),
        (TAXICABS, (407, None, 364, 474)),
        (CHIPMUNKS, (80, None, 74, 98)),
        (CLAIMS, (5_250, None, 4_684, 5_919)),
        (SPECIES_OF_BIRDS, (87, None, 76, 125)),
    ],
)
def test_chao_1984(captures, printed):
    found = captures_chao(captures, "1984")
    assert_printed(answer(found), printed)
    assert (found.bound, found.method) == (True, "chao_1984")


def test_corrected_form():
    """Rabbits: 76 + 43 * 42 / 34."""
    found = captures_chao(RABBITS, "corrected")
    assert found.estimate == pytest.approx(76 + 43 * 42 / 34)
    assert found.details["standard_error"] == pytest.approx(21.86, abs=0.005)


@pytest.mark.parametrize(
    ("captures", "order", "printed"),
    [
        (RABBITS, 2, (146, 16, 115, 177)),
        (TAXICABS, 2, (486, None, 429, 543)),
        (CHIPMUNKS, 1, (86, None, 76, 96)),
    ],
)
def test_jackknife(captures, order, printed):
    found = captures_jackknife(captures)
    assert found.details["order"] == order
    assert_printed(answer(found), [*printed[:2], None, None])
    # 114.5 is printed as 115
    np.testing.assert_allclose(answer(found)[2:], printed[2:], atol=0.55)


def test_jackknife_of_a_given_order():
    found = captures_jackknife(RABBITS, 3)
    assert found.estimate == 76 + 3 * 43 - 3 * 16 + 8
    with pytest.raises(InvalidValueError, match="1 to 5"):
        captures_jackknife(RABBITS, 6)


@pytest.mark.parametrize(
    ("captures", "adjusted", "printed"),
    [
        (RABBITS, False, (133, 20)),
        (RABBITS, True, (151, 32)),
        (TAXICABS, False, (395, None)),
        (CLAIMS, True, (6_788, None)),
    ],
)
def test_coverage_of_the_rare(captures, adjusted, printed):
    assert_printed(answer(captures_ace(captures, adjusted))[:2], printed)


def test_zelterman():
    """The variance is that of the delta method, here by numbers."""
    found = captures_zelterman(IMMIGRANTS)
    once, twice, observed = 1645.0, 183.0, 1880

    def total(first: float, second: float, persons: float) -> float:
        return persons / -np.expm1(-2 * second / first)

    step = 1e-3
    slopes = [
        (total(once + step, twice, observed) - total(once - step, twice, observed)) / (2 * step),
        (total(once, twice + step, observed) - total(once, twice - step, observed)) / (2 * step),
    ]
    # persons met given the total are binomial; the rate given the persons from two numbers
    share = 1 / total(once, twice, 1.0)
    variance = observed * (1 - share) / share**2 + slopes[0] ** 2 * once + slopes[1] ** 2 * twice
    assert found.estimate == pytest.approx(total(once, twice, observed))
    assert found.details["standard_error"] ** 2 == pytest.approx(variance, rel=1e-6)


def test_captures_of_lists():
    captures = Captures.from_patterns(patterns_of("cottontail_rabbits_18occasions"))
    assert (captures.captures.tolist(), captures.occasions) == ([1, 2, 3, 4, 6, 7], 18)
    assert captures_chao(captures).estimate == pytest.approx(captures_chao(RABBITS).estimate)
    two = small(40, 30, 15, 10, 12, 8, 5)
    assert zelterman(two).estimate == captures_zelterman(Captures.from_patterns(two)).estimate


def test_parts_and_order():
    shuffled = Captures(np.array([7, 5, 1, 3, 2, 6, 4]), np.array([1, 0, 43, 8, 16, 2, 6]), 18)
    assert shuffled.captures.tolist() == [1, 2, 3, 4, 6, 7]
    assert (shuffled.observed, shuffled.records, shuffled.once, shuffled.twice) == (76, 142, 43, 16)
    assert shuffled.frequencies.tolist()[:8] == [0, 43, 16, 8, 6, 0, 2, 1]
    assert not shuffled.counts.flags.writeable


@pytest.mark.parametrize(
    ("captures", "counts", "occasions", "message"),
    [
        ([0, 1, 2], [9, 3, 2], None, "never recorded"),
        ([1, 1, 2], [9, 3, 2], None, "stands twice"),
        ([1, 2], [3, -2], None, "0 or more"),
        ([1, 2], [3, 2, 1], None, "2 numbers"),
        ([1, 3], [3, 2], 2, "somebody has 3"),
        ([1, 3_000], [3, 2], None, "too many"),
        ([1.5, 2.0], [3, 2], None, "whole numbers"),
    ],
)
def test_bad_tables_are_refused(captures, counts, occasions, message):
    with pytest.raises(InvalidValueError, match=message):
        Captures(np.array(captures), np.array(counts), occasions)


def test_frequencies_that_say_nothing_are_refused():
    methods = (captures_chao, captures_equal, captures_heterogeneity, captures_jackknife,
               captures_ace, captures_zelterman)  # fmt: skip
    for counts, message in (([9, 0, 3], "exactly twice"), ([0, 9, 3], "only once")):
        for method in methods:
            with pytest.raises(NotEstimableError, match=message):
                method(Captures(np.arange(1, 4), np.array(counts)))
    with pytest.raises(InvalidValueError, match="model, 1984 or corrected"):
        captures_chao(RABBITS, "1987")
