"""Past nowcasts against what came: scores by hand, dates, failures; without fits."""

import datetime
import math

import numpy as np
import pytest

from estimation.errors import DataError, NotEstimableError, RefusedError, UsageError
from estimation.fit.executors import named_executor
from estimation.nowcasts.pasts import AS_REPORTED, CHAIN_LADDER, MODEL, Past, Replay
from estimation.nowcasts.questions import final_counts, replay_dates
from estimation.nowcasts.replay import replay
from estimation.nowcasts.scores import (
    block_length,
    differences,
    forecast_rows,
    says,
    score_rows,
)
from estimation.tables.reports import read_reports
from tests.fake_nowcasts import FIRST, FakeFits, write_table

DAY = datetime.timedelta(days=1)


@pytest.fixture
def fits(monkeypatch):
    return FakeFits(monkeypatch)


@pytest.fixture
def rows(tmp_path):
    return read_reports(write_table(tmp_path))


def _dates(*places):
    return [FIRST + place * DAY for place in places]


def test_each_date_is_scored_against_what_is_known_now(rows, fits):
    found = replay(rows, _dates(20, 24, 28), max_delay=3, window=15, last=2)
    assert [past.as_of for past in found.pasts] == _dates(20, 24, 28)
    first = found.pasts[0]
    assert first.periods == tuple(_dates(19, 20))
    assert first.known.tolist() == [14, 8]
    assert first.final.tolist() == [20, 20]
    assert tuple(first.draws) == (MODEL, CHAIN_LADDER, AS_REPORTED)
    assert first.draws[MODEL].shape == (1000, 2)
    assert (found.every, found.last, found.failed) == (4, 2, {})
    # the fits saw equal shapes, and nothing that came later
    assert fits.shapes == [(15, 4, 1, 15)] * 3
    assert fits.seen[0].as_of == _dates(20)[0]


def test_short_pasts_are_padded_and_padding_is_not_scored(rows, fits):
    found = replay(rows, _dates(5, 20), max_delay=3, window=15, last=10)
    assert fits.shapes == [(15, 4, 1, 15)] * 2
    assert found.pasts[0].periods == tuple(_dates(*range(6)))
    assert found.pasts[0].final.tolist() == [20] * 6


def test_periods_without_a_final_count_are_left_out_and_told(rows, fits):
    assert len(final_counts(rows, 3)) == 47
    found = replay(rows, _dates(40, 48), max_delay=3, window=15, last=5)
    assert found.pasts[1].periods == tuple(_dates(44, 45, 46))
    assert "their final counts are not known yet: 2 periods" in " ".join(found.notes)


def test_names_beyond_the_longest_delay_are_in_no_score(rows, fits):
    found = replay(rows, _dates(20), max_delay=1, window=15, last=3)
    assert found.pasts[0].final.tolist() == [14, 14, 14]
    assert found.pasts[0].known.tolist() == [14, 14, 8]
    assert "18 of 60 names of the scored periods came later" in " ".join(found.notes)


def test_defaults_come_from_the_first_date(rows, fits):
    found = replay(rows, _dates(30))
    assert (found.max_delay, found.window, found.last) == (3, 52, 4)


def test_dates_are_kept_and_not_fitted_twice(rows, fits, tmp_path):
    options = {"max_delay": 3, "window": 15, "store": tmp_path / "store"}
    first = replay(rows, _dates(20, 24), **options)
    again = replay(rows, _dates(20, 24, 28), **options)
    assert len(fits.shapes) == 3
    for one, other in zip(first.pasts, again.pasts, strict=False):
        assert (one.draws[MODEL] == other.draws[MODEL]).all()
        assert one.verdict == other.verdict


def test_an_executor_changes_nothing(rows, fits):
    here = replay(rows, _dates(20, 24), max_delay=3, window=15)
    with named_executor("threads:2") as executor:
        there = replay(rows, _dates(20, 24), max_delay=3, window=15, executor=executor)
    assert forecast_rows(here) == forecast_rows(there)


def test_a_date_that_fails_is_kept_apart(rows, fits):
    fits.fail_at = FIRST + 24 * DAY
    found = replay(rows, [FIRST, *_dates(20, 24, 28)], max_delay=3, window=15)
    assert [past.as_of for past in found.pasts] == _dates(20, 28)
    assert set(found.failed) == {"2024-01-01", "2024-01-25"}
    assert "one period alone" in found.failed["2024-01-01"]
    assert "gave up" in found.failed["2024-01-25"]
    with pytest.raises(NotEstimableError, match="gave up"):
        replay(rows, _dates(24), max_delay=3, window=15)
    with pytest.raises(NotEstimableError, match="none can be replayed; the first, 2024-01-01"):
        replay(rows, [FIRST], max_delay=3)


def test_what_cannot_be_replayed(rows, fits, tmp_path):
    with pytest.raises(NotEstimableError, match="no date has a period whose final count is known"):
        replay(rows, _dates(49), max_delay=3, window=15, last=3)
    with pytest.raises(DataError, match="before the first report"):
        replay(rows, [FIRST - DAY], max_delay=3)
    with pytest.raises(DataError, match="after the end"):
        replay(rows, _dates(50), max_delay=3)
    with pytest.raises(UsageError, match="there are none"):
        replay(rows, [])
    dated = read_reports(write_table(tmp_path), dating="obituary")
    with pytest.raises(RefusedError, match="those of the obituary"):
        replay(dated, _dates(20), max_delay=3)
    found = replay(dated, _dates(20), max_delay=3, accept="a trial")
    assert "a trial" in found.notes[0]


def test_dates_of_a_replay(rows, tmp_path):
    assert replay_dates(rows, FIRST, FIRST + 9 * DAY, 4) == _dates(0, 4, 8)
    weekly = read_reports(write_table(tmp_path, step=7, name="weekly.csv"))
    assert replay_dates(weekly, FIRST, FIRST + 30 * DAY, 2) == _dates(0, 14, 28)
    with pytest.raises(UsageError, match="is before"):
        replay_dates(rows, FIRST + DAY, FIRST, 1)
    with pytest.raises(UsageError, match="1 or more"):
        replay_dates(rows, FIRST, FIRST, 0)
    with pytest.raises(DataError, match="after the end"):
        replay_dates(rows, FIRST, datetime.date.max, 1)


# -- scores ---------------------------------------------------------------------------------------


def _replay(*pasts: Past, last: int = 1, every: int = 1) -> Replay:
    return Replay("a list", pasts, {}, 3, 15, last, "day", every, 1, ())


def _past(place: int, final: int, known: int, model: np.ndarray) -> Past:
    day = FIRST + place * DAY
    draws = {MODEL: model[:, None], AS_REPORTED: np.array([[known]])}
    return Past(day, (day,), np.array([known]), np.array([final]), draws, None)


def test_scores_of_a_single_number_are_its_error():
    found = _replay(_past(0, 20, 14, np.full(10, 18)), _past(1, 20, 20, np.full(10, 22)))
    model, reported = score_rows(found)
    assert reported["wis"] == pytest.approx(3)
    assert (reported["underprediction"], reported["crps"]) == pytest.approx((3, 3))
    assert (reported["overprediction"], reported["inside_90"]) == (0, 0.5)
    assert model["wis"] == model["crps"] == pytest.approx(2)
    assert (model["overprediction"], model["underprediction"]) == pytest.approx((1, 1))
    assert model["sum_error"] == pytest.approx(0.1)
    assert (model["dates"], model["forecasts"]) == (2, 2)


def test_coverage_of_central_intervals():
    # truths at the quantiles 0.2, 0.06 and 0.03 of a uniform forecast
    draws = np.arange(10_001)
    pasts = [_past(place, final, 0, draws) for place, final in enumerate((2000, 600, 300))]
    row = score_rows(_replay(*pasts))[0]
    held = [row[f"inside_{level}"] for level in (50, 80, 90, 95)]
    assert held == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_standard_errors_of_dates_alone_and_in_blocks(rng):
    errors = rng.normal(0, 1, 400)
    pasts = [_past(k, 100, int(100 - 20 * abs(x)), np.full(5, 100)) for k, x in enumerate(errors)]
    apart = score_rows(_replay(*pasts, every=1))[1]
    scores = [abs(float(past.final[0] - past.known[0])) for past in pasts]
    assert apart["wis_error"] == pytest.approx(np.std(scores) / 20, rel=0.15)
    # dates that come in runs of ten tell a tenth as much
    runs = [pasts[10 * (k // 10)] for k in range(400)]
    days = [Past(FIRST + k * DAY, *_rest(past)) for k, past in enumerate(runs)]
    joined = score_rows(_replay(*days, last=20))[1]
    assert joined["wis_error"] > 2 * apart["wis_error"]


def _rest(past: Past) -> tuple:
    return past.periods, past.known, past.final, past.draws, past.verdict


def test_lengths_of_blocks():
    pasts = [_past(k, 20, 14, np.full(5, 18)) for k in range(27)]
    assert block_length(_replay(*pasts)) == 3
    assert block_length(_replay(*pasts, last=14, every=2)) == 7
    assert block_length(_replay(*pasts, last=100)) == 13
    assert block_length(_replay(*pasts[:1], last=100)) == 1


def test_differences_are_taken_on_the_same_dates():
    pasts = [_past(k, 20, 14 + k % 3, np.full(5, 18)) for k in range(12)]
    found = differences(_replay(*pasts))[0]
    assert (found.method, found.other, found.dates) == (MODEL, AS_REPORTED, 12)
    assert found.value == pytest.approx(2 - 5)
    assert found.ratio == pytest.approx(2 / 5)
    assert 0 < found.error < 0.5
    assert "60 % below that of as reported, 5 " in found.says
    assert "more than chance" in found.says
    alone = differences(_replay(pasts[0]))[0]
    assert math.isnan(alone.error)
    assert "one date tells no error" in alone.says


def test_the_verdict_in_words(rows, fits):
    found = says(replay(rows, _dates(20, 24, 28, 32), max_delay=3, window=15))
    assert found[0].startswith("The weighted interval score of the model")
    assert "chain ladder" in found[0]
    assert "as reported" in found[1]
    assert found[-1].startswith("95 % intervals of the model held")


def test_fits_that_did_not_pass_are_scored_and_told(rows, monkeypatch):
    FakeFits(monkeypatch, unsound=True)
    found = replay(rows, _dates(20, 24), max_delay=3, window=15)
    assert len(found.pasts) == 2
    assert "Of 2 fits 2 did not pass all checks" in found.notes[-1]


def test_the_chain_ladder_alone(rows, fits):
    found = replay(rows, _dates(20, 24), method="chain-ladder", max_delay=3, window=15)
    assert found.methods == (CHAIN_LADDER, AS_REPORTED)
    assert not fits.shapes
