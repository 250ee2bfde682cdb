"""How a posterior stands to a published range."""

import numpy as np
import pytest

from estimation import Published, agreement, fit
from estimation.errors import InvalidValueError, UsageError
from estimation.summaries.agreement import Division, compare, percent
from models import Count, Flat, Model, between, known, uniform


def test_the_article_is_the_same_assumption(article):
    found = agreement(fit(article), Published(164_223, 237_211))
    assert found.mass_inside > 0.99
    assert found.below + found.mass_inside + found.above == pytest.approx(1)
    assert found.same_assumption
    assert "same assumption, no independent check" in found.says
    assert found.overlap == 1
    assert found.level > 0.99
    assert found.mismatch < 0.001


@pytest.mark.parametrize(
    ("low", "high", "same"),
    [
        (164_223, 237_211, True),
        (164_000, 237_000, True),  # rounded to thousands
        (164_200, 237_200, True),
        (165_000, 235_000, True),  # to five thousands
        (160_000, 240_000, True),  # to ten thousands
        (164_223, 237_212, True),  # outward
        (164_000, 238_000, True),  # outward, to thousands
        (166_000, 237_000, False),
        (165_000, 238_500, False),
        (150_000, 237_211, False),
        (164_223, 230_000, False),
        (100_000, 300_000, False),
    ],
)
def test_a_division_is_recognized_up_to_rounding(low, high, same):
    assert Division(106_745, 0.45, 0.65).gives(Published(low, high)) is same


@pytest.mark.parametrize(
    ("low", "high", "same"), [(15, 26, True), (15, 25, False), (14, 26, False)]
)
def test_a_division_of_few_names_is_recognized(low, high, same):
    assert Division(9, 0.35, 0.6).gives(Published(low, high)) is same


def test_a_known_precision_is_part_of_the_division():
    count = Count(1_000, uniform(0.4, 0.5), known(0.9))
    assert agreement(fit(Model(Flat(), {"names": count})), Published(1_800, 2_250)).same_assumption


def test_the_level_of_a_discrete_total_is_near_its_mass(rng):
    found = compare(3 + rng.poisson(0.33, 50_000), Published(3, 4), 0.95, None)
    # the highest level whose upper tail still ends at 4
    assert found.level == pytest.approx(1 - 2 * found.above, abs=0.005)


def test_another_range_is_independent(article):
    found = agreement(fit(article), Published(200_000, 300_000))
    assert not found.same_assumption
    assert "same assumption" not in found.says
    assert found.mass_inside == pytest.approx((106_745 / 200_000 - 0.45) / 0.2, abs=0.01)
    assert 0 < found.overlap < 1


def test_a_stated_central_range_is_the_same_division():
    model = Model(Flat(), {"names": Count(106_745, between(0.45, 0.65, 0.9))})
    found = agreement(fit(model), Published(164_223, 237_211))
    assert found.mass_inside == pytest.approx(0.9, abs=0.01)
    assert found.level == pytest.approx(0.9, abs=0.01)
    assert found.same_assumption


def test_level_of_the_nearest_interval(rng):
    draws = rng.normal(1000, 100, 200_000)
    found = compare(draws, Published(1000 - 164.485, 1000 + 164.485), 0.95, None)
    assert found.level == pytest.approx(0.9, abs=0.005)
    assert found.mass_inside == pytest.approx(0.9, abs=0.005)
    assert found.mismatch < 0.005


def test_a_range_far_off_has_no_mass_and_no_overlap(rng):
    found = compare(rng.normal(1000, 10, 1000), Published(5_000, 6_000), 0.95, None)
    assert (found.mass_inside, found.overlap, found.below) == (0, 0, 1)
    assert "our 95 % interval" in found.says


def test_a_known_total_inside_overlaps_fully():
    tree = fit(Model(Flat(), {"names": Count(50, known(1.0))}))
    assert agreement(tree, Published(40, 60)).overlap == 1
    assert agreement(tree, Published(60, 70)).overlap == 0


def test_bounds_are_inside():
    found = compare(np.array([10, 20, 30]), Published(10, 30), 0.5, None)
    assert found.mass_inside == 1


def test_unknown_estimand_names_those_there_are(article):
    with pytest.raises(InvalidValueError, match="one of total, unseen"):
        agreement(fit(article, draws=200), Published(1, 2, estimand="wounded"))


@pytest.mark.parametrize(("low", "high"), [(2, 1), (0, 1), (-5, 5), (float("nan"), 1), ("1", 2)])
def test_bad_ranges_are_refused(low, high):
    with pytest.raises(InvalidValueError):
        Published(low, high)


def test_bad_level_is_refused(article):
    with pytest.raises(UsageError):
        agreement(fit(article, draws=200), Published(1, 2), 1.0)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1, "100 %"),
        (0.99996, "more than 99.9 %"),
        (0.9959, "99.6 %"),
        (0.0001, "less than 0.1 %"),
        (0, "0 %"),
    ],
)
def test_percent_claims_no_certainty_it_has_not(share, words):
    assert percent(share) == words
