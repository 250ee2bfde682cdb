"""Figures of nowcasts: what is drawn, and what is chosen of many dates."""

import datetime

import numpy as np

from estimation.report.nowcasts import Panel, draw_coverage, draw_nowcast, draw_replay
from tests.fake_nowcasts import FIRST


def _days(size, start=0):
    return [FIRST + datetime.timedelta(days=start + k) for k in range(size)]


def _panel(start, rng):
    final = rng.poisson(20, 5)
    return Panel(_days(1, start + 4)[0], _days(5, start), rng.poisson(20, (100, 5)), final // 2,
                 final)  # fmt: skip


def _words(path):
    return path.with_suffix(".svg").read_text(encoding="utf-8")


def test_the_fan_of_a_nowcast(tmp_path, rng):
    known = np.array([20, 18, 14, 8])
    draws = known + rng.poisson([0, 2, 6, 12], (100, 4))
    days = np.array(_days(4), "datetime64[D]")
    draw_nowcast(days, draws, known, "a list", tmp_path / "fan", unit="day")
    assert (tmp_path / "fan.png").stat().st_size > 5000
    # the same figure gives the same bytes
    first = _words(tmp_path / "fan")
    draw_nowcast(days, draws, known, "a list", tmp_path / "fan", unit="day")
    assert _words(tmp_path / "fan") == first


def test_at_most_twelve_panels_chosen_evenly(tmp_path, rng):
    panels = [_panel(start, rng) for start in range(23)]
    shown = draw_replay(panels, "past", tmp_path / "fans", unit="day")
    assert len(shown) == 12
    assert (shown[0], shown[-1]) == (panels[0].as_of, panels[-1].as_of)
    gaps = np.diff([day.toordinal() for day in shown])
    assert set(gaps) == {2}
    assert draw_replay(panels[:1], "one", tmp_path / "one", unit="day") == [panels[0].as_of]
    assert (tmp_path / "one.png").exists()


def test_panels_of_one_period_and_of_none_known(tmp_path):
    day = tuple(_days(1))
    panel = Panel(day[0], day, np.zeros((10, 1), int), np.zeros(1, int), np.zeros(1, int))
    draw_replay([panel], "nothing", tmp_path / "none", unit="month")
    assert (tmp_path / "none.svg").exists()


def test_coverage_with_and_without_errors(tmp_path):
    row = {"method": "model", "inside_50": 0.5, "inside_90": 0.9}
    errors = {"inside_50_error": 0.1, "inside_90_error": float("nan")}
    draw_coverage([row | errors], (0.5, 0.9), "coverage", tmp_path / "coverage")
    assert (tmp_path / "coverage.png").exists()
