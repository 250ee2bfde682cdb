"""Claims: the rule of the verdict, and what keeps a verdict from being given."""

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimation.errors import UndercountError
from estimation.summaries.claims import AGREES, CANNOT_TELL, DISAGREES, Claim, claim_row, judge
from estimation.summaries.estimands import Area, Estimand
from tests.fake_fits import draws_of, fake_losses, flat_losses

TOTAL = Estimand("total")
#: Totals 1000 to 2000; the 90 % interval is 1050 to 1950.
FLAT = flat_losses(np.linspace(1000, 2000, 1001).astype(int), names=700)
YEARS = {"first": "2023-01-01", "step": "year", "as_of": "2025-06-01"}


def claim(estimand=TOTAL, **parts):
    """Return a claim in few words."""
    return Claim("somebody said so", estimand, **parts)


def verdict(losses=FLAT, estimand=TOTAL, **parts):
    """Return the verdict on a claim."""
    return judge(claim(estimand, **parts), losses).verdict


def years(*draws, **parts):
    """Return the losses of years from 2023 on."""
    return fake_losses(draws_of(*draws, draws=100), **YEARS | parts)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"low": 1000, "high": 2000}, AGREES),
        ({"low": 1050, "high": 1950}, AGREES),
        ({"low": 1051, "high": 1950}, CANNOT_TELL),
        ({"low": 1500, "high": 1600}, CANNOT_TELL),
        ({"low": 1900, "high": 5000}, CANNOT_TELL),
        ({"low": 1951, "high": 5000}, DISAGREES),
        ({"low": 1, "high": 1049}, DISAGREES),
        ({"low": 1000}, AGREES),
        ({"low": 1500}, CANNOT_TELL),
        ({"low": 2000}, DISAGREES),
        ({"high": 2000}, AGREES),
        ({"high": 1000}, DISAGREES),
        ({"low": -5, "high": 1960}, AGREES),
        ({"value": 3000}, DISAGREES),  # 2500 to 3500
        ({"value": 2000}, CANNOT_TELL),  # 1500 to 2500
        ({"value": 1500}, CANNOT_TELL),
    ],
)
def test_the_whole_interval_inside_or_no_part_of_it(stated, expected):
    found = judge(claim(**stated), FLAT)
    assert found.verdict == expected
    assert (found.low, found.median, found.high) == (1050, 1500, 1950)
    assert "1,050 to 1,950" in found.why


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        (27, 26.5, 27.5), (27.0, 26.5, 27.5), (3000, 2500, 3500), (2.5, 2.45, 2.55),
        (201, 200.5, 201.5), (164_223, 164_222.5, 164_223.5), (10, 5, 15), (0, -0.5, 0.5),
        (0.05, 0.045, 0.055), (-20, -25, -15), (1e-7, 0.5e-7, 1.5e-7), (2.5e-5, 2.45e-5, 2.55e-5),
    ],
)  # fmt: skip
def test_a_value_is_meant_to_its_last_digit(value, low, high):
    assert claim(value=value).region() == pytest.approx((low, high), rel=1e-9)


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"value": 1_234_567}, "1,234,567"), ({"value": 2.75}, "2.75"), ({"value": 3000}, "3,000"),
        ({"low": 1_234_567}, "1,234,567 or more"), ({"high": 0.00001}, "0.00001 or less"),
        ({"low": 164_223, "high": 237_211}, "164,223 to 237,211"),
    ],
)  # fmt: skip
def test_what_was_stated_is_repeated_to_the_last_digit(stated, words):
    assert claim(**stated).stated() == words


@pytest.mark.parametrize(
    ("estimand", "parts", "words"),
    [
        (TOTAL, {}, "is a number"),
        (TOTAL, {"value": 3, "low": 2}, "a value and a range"),
        (TOTAL, {"low": 3, "high": 2}, "must be at most"),
        (TOTAL, {"low": float("nan")}, "finite"),
        (TOTAL, {"value": "3"}, "number"),
        (TOTAL, {"value": True}, "number"),
        (Estimand("rises"), {"value": 1}, "is an event"),
        (Estimand("largest", stratum="A"), {"low": 0.5}, "is an event"),
        (TOTAL, {"value": 3, "unit": 5}, "text"),
    ],
)
def test_claims_that_state_no_region_are_refused(estimand, parts, words):
    with pytest.raises(UndercountError, match=words) as caught:
        claim(estimand, **parts)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("share", "expected"),
    [(1, AGREES), (0.91, AGREES), (0.89, CANNOT_TELL), (0.5, CANNOT_TELL), (0.11, CANNOT_TELL),
     (0.09, DISAGREES), (0, DISAGREES)],
)  # fmt: skip
def test_events_at_the_level(share, expected):
    wins = np.arange(100) < 100 * share
    deaths = np.stack([np.where(wins, 9, 1), np.full(100, 5)], axis=1)[:, None, :]
    losses = fake_losses(deaths, strata=("A", "B"), prob=0.9)
    found = judge(claim(Estimand("largest", stratum="A")), losses)
    assert found.verdict == expected
    assert found.median == pytest.approx(min(max(share, 0.005), 0.995))
    assert (found.low, found.high) == (None, None)
    assert claim(Estimand("largest", stratum="A")).stated() == "yes"


RATIO = Estimand("ratio", period="2024", over_period="2023")
BACK = Estimand("ratio", period="2023", over_period="2024")


@pytest.mark.parametrize(
    ("estimand", "stated", "expected"),
    [
        (RATIO, {"low": 1.5}, AGREES),  # late names of 2024 only raise it
        (RATIO, {"low": 1.5, "high": 2.5}, CANNOT_TELL),
        (RATIO, {"high": 2.5}, CANNOT_TELL),
        (RATIO, {"high": 1.5}, DISAGREES),
        (RATIO, {"low": 2.5}, CANNOT_TELL),
        (BACK, {"high": 0.6}, AGREES),
        (BACK, {"low": 0.4}, CANNOT_TELL),
        (BACK, {"low": 0.6}, DISAGREES),
        (BACK, {"high": 0.4}, CANNOT_TELL),
    ],
)
def test_late_names_keep_or_loosen_a_verdict(estimand, stated, expected):
    losses = years(1000, 2000)
    found = judge(claim(estimand, **stated), losses)
    assert found.verdict == expected
    assert ("only strengthen" in found.why) == (expected != CANNOT_TELL)
    accepted = judge(claim(estimand, accept_maturity="all are in", **stated), losses)
    assert accepted.verdict != CANNOT_TELL
    assert "unequal maturity accepted: all are in" in accepted.why
    assert judge(claim(estimand, accept_maturity=" ", **stated), losses).verdict == expected


def test_late_names_can_make_a_rise():
    rise = Estimand("rise", period="2024", over_period="2023")
    assert verdict(years(1000, 2000), rise) == AGREES
    assert verdict(years(2000, 1000), rise) == CANNOT_TELL
    assert verdict(years(2000, 1000), rise, accept_maturity="all are in") == DISAGREES
    fall = Estimand("rise", period="2023", over_period="2024")
    assert verdict(years(2000, 1000), fall) == CANNOT_TELL
    assert verdict(years(1000, 2000), fall) == DISAGREES


NAMES = Estimand("observed", period="2023")
JUNE, MAY, JULY = (datetime.date(2025, month, 1) for month in (6, 5, 7))


@pytest.mark.parametrize(
    ("value", "as_of", "expected"),
    [
        (40, JUNE, AGREES), (41, JUNE, DISAGREES), (40, None, AGREES),
        (46, MAY, DISAGREES),  # more than a later list holds
        (40, MAY, CANNOT_TELL), (31, MAY, CANNOT_TELL),
        (31, JULY, DISAGREES),  # fewer than an earlier list held
        (40, JULY, CANNOT_TELL), (46, JULY, CANNOT_TELL),
    ],
)  # fmt: skip
def test_lists_grow(value, as_of, expected):
    losses = years(80, 90, observed=[[40], [50]])
    stated = {"low": value - 0.5, "high": value + 0.5}
    found = judge(claim(NAMES, as_of=as_of, **stated), losses)
    assert found.verdict == expected
    assert "the list of 2025-06-01 holds 40 names" in found.why


def test_a_list_without_a_date_is_just_a_list():
    found = judge(claim(NAMES, value=41, as_of=MAY), years(80, 90, observed=[[41], [5]], as_of=""))
    assert (found.verdict, found.why) == (AGREES, "the list holds 41 names")


def test_a_partial_table_says_nothing_of_its_list():
    losses = years(80, 90, observed=[[41], [50]], partial=True)
    for value in (41, 50):
        found = judge(claim(NAMES, value=value), losses)
        assert (found.verdict, "lacks part" in found.why) == (CANNOT_TELL, True)


@pytest.mark.parametrize("dating", ["obituary", "report"])
def test_short_spans_need_dates_of_death(dating):
    weeks = {"first": "2024-01-01", "step": "week", "dating": dating}
    losses = fake_losses(draws_of(*[10] * 12), **weeks)
    for span, expected in (("2024-W02", CANNOT_TELL), ("2024-01", AGREES)):
        found = judge(claim(Estimand("total", period=span), low=5), losses)
        assert found.verdict == expected
        assert ("dates of" in found.why or "dates are of" in found.why) == (expected == CANNOT_TELL)
    one_week = Estimand("ratio", period="2024-02", over_period="2024-W02")
    assert verdict(losses, one_week, low=0.5) == CANNOT_TELL
    plain = fake_losses(draws_of(*[10] * 12), **weeks | {"dating": "death"})
    assert verdict(plain, Estimand("total", period="2024-W02"), low=5) == AGREES


def test_a_day_of_a_weekly_table_cannot_be_told():
    weeks = {"first": "2024-01-01", "step": "week", "dating": "obituary"}
    day = Estimand("observed", period="2024-01-20")
    found = judge(claim(day, value=201), fake_losses(draws_of(9, 9, 9), **weeks))
    assert (found.verdict, found.median) == (CANNOT_TELL, None)
    assert "shorter than a week" in found.why
    assert "obituaries" in found.why


def test_a_span_that_the_table_holds_in_part():
    losses = fake_losses(draws_of(*[10] * 5), first="2024-02-01", step="month")
    first_half = judge(claim(Estimand("total", period="2024-01..2024-06"), low=5), losses)
    assert first_half.verdict == AGREES
    assert "of 2024-01..2024-06 the table holds 2024-02-01 to 2024-06-30 only" in first_half.why
    whole = judge(claim(Estimand("total", period="2024"), low=100), losses)
    assert whole.verdict == CANNOT_TELL
    assert "2024-02-01 to 2024-06-30 only" in whole.why
    assert "only" not in judge(claim(Estimand("total", period="2024-03"), low=5), losses).why


def test_names_without_a_period_are_told_of():
    losses = years(10, 20, 30, undated=[12])
    within = judge(claim(Estimand("total", period="2024"), low=5), losses)
    assert "; 12 names without a period are in none" in within.why
    assert "without a period" not in judge(claim(low=5), losses).why


@pytest.mark.parametrize("prob", [0.1, 0.4, 0.6])
def test_an_event_is_not_judged_by_less_than_evens(prob):
    deaths = np.stack([np.where(np.arange(100) < 45, 9, 1), np.full(100, 5)], axis=1)[:, None, :]
    losses = fake_losses(deaths, strata=("A", "B"), prob=prob)
    assert verdict(losses, Estimand("largest", stratum="A")) == CANNOT_TELL


@pytest.mark.parametrize(
    ("estimand", "words"),
    [
        (Estimand("total", period="2030"), "no period of the table"),
        (Estimand("total", stratum="A"), "no stratum 'A'"),
        (Estimand("rate", stratum="A"), "no persons at risk"),
        (Estimand("rate"), "no persons at risk"),
        (Estimand("share", period="2023-05"), "shorter than a year"),
    ],
)
def test_what_the_model_cannot_say_is_no_verdict(estimand, words):
    if estimand.kind == "rate" and estimand.stratum:
        words = "no stratum 'A'"
    found = judge(claim(estimand, low=3), years(10, 20))
    assert (found.verdict, found.median) == (CANNOT_TELL, None)
    assert words in found.why


def test_the_same_division_is_no_check():
    division = {"count": 106_745.0, "low": 0.45, "high": 0.65}
    totals = flat_losses(np.linspace(165_000, 236_000, 400).astype(int))
    same = claim(low=164_223, high=237_211)
    assert "same assumption, no independent check" in judge(same, totals, division).why
    for other, parts in ((same, None), (claim(low=100_000, high=300_000), division),
                         (claim(low=164_223), division), (claim(low=-9, high=237_211), division),
                         (claim(Estimand("per_area", area=Area(1, 1)), low=164_223, high=237_211),
                          division)):  # fmt: skip
        assert "same assumption" not in judge(other, totals, parts).why


def test_numbers_near_a_thousand_are_written_out():
    tenth = Estimand("per_area", area=Area(10, 10))
    found = judge(claim(tenth, low=1), flat_losses(np.full(50, 9997)))
    assert "1,000 to 1,000" in found.why


def test_a_row_of_the_table_has_all():
    row = claim_row(judge(claim(low=1, unit="deaths", source="a paper"), FLAT))
    assert row == {
        "claim": "somebody said so", "stated": "1 or more", "median": 1500, "low": 1050,
        "high": 1950, "verdict": AGREES, "why": "the 90 % interval 1,050 to 1,950 lies in what is "
        "stated", "unit": "deaths", "model": "base", "source": "a paper",
    }  # fmt: skip


ENDS = st.tuples(st.integers(900, 2100), st.integers(900, 2100)).map(sorted)


@given(ENDS, ENDS)
def test_nested_regions_never_contradict_each_other(one, other):
    inner = {"low": max(one[0], other[0]), "high": min(one[1], other[1])}
    if inner["low"] > inner["high"]:
        return
    wide = verdict(low=one[0], high=one[1])
    narrow = verdict(**inner)
    assert (wide, narrow) != (DISAGREES, AGREES)
    if narrow == AGREES:
        assert wide == AGREES
    if wide == DISAGREES:
        assert narrow == DISAGREES


@given(st.floats(0.1, 5), st.sampled_from(["low", "high"]), st.integers(1, 500))
def test_the_bias_only_ever_loosens(end, side, spread):
    losses = years(1000, 2000 + np.linspace(-spread, spread, 100).astype(int))
    strict = verdict(losses, RATIO, **{side: end})
    loose = verdict(losses, RATIO, accept_maturity="all are in", **{side: end})
    assert strict in (loose, CANNOT_TELL)


def test_the_age_of_a_young_period_is_said_and_changes_nothing_else():
    losses = years(1000, 1100)
    young = judge(claim(Estimand("total", period="2024"), low=1), losses)
    old = judge(claim(Estimand("total", period="2023"), low=1), losses)
    assert young.verdict == old.verdict == AGREES
    assert "the end of 2024 was 5 months old" in young.why
    assert "months old" not in old.why
