"""Figures: written, the same each time, whole at their edges, and no trace left behind."""

import html
import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot

from estimation.report.dates import Timeline
from estimation.report.figures import draw_totals
from estimation.report.periods import draw_coverage, draw_periods, draw_rises
from estimation.report.strata import LARGEST, draw_rates
from estimation.report.style import ending, stacked, wrapped
from estimation.summaries.agreement import Published

WEEKS = np.datetime64("2022-02-21") + np.arange(0, 7 * 90, 7).astype("timedelta64[D]")
TITLE = "Deaths of soldiers"


def _deaths(size: int, draws: int = 50) -> np.ndarray:
    return np.random.default_rng(1).poisson(np.linspace(100, 900, size), (draws, size))


def _periods(target: Path, **more: object) -> None:
    options = {"as_of": "2023-11-20", "marks": [("2022-09-21", "mobilization")]} | more
    draw_periods(WEEKS, _deaths(90), np.arange(90), 0.95, TITLE, target, **options)


def _rises(target: Path) -> None:
    draw_rises(["2025-01", "2025-02"], [0.2, 1.0], 0.1875, TITLE, target, as_of="2025-03-15")


def _coverage(target: Path) -> None:
    middle = np.full(90, 0.55)
    draw_coverage(WEEKS, middle - 0.1, middle, middle + 0.1, 0.9, TITLE, target)


def _rates(target: Path) -> None:
    draws = np.random.default_rng(1).gamma(5, [[1, 3, 2]], (50, 3))
    draw_rates(["Omsk", "Tuva", "Perm"], draws, 0.95, TITLE, target, confirmed=[2, 3, np.nan])


def _totals(target: Path) -> None:
    draws = np.random.default_rng(1).normal(2e5, 1e4, 500)
    draw_totals([("main", draws), ("other", draws)], Published(1.6e5, 2.4e5), 0.95, TITLE, target)


FIGURES: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "periods": (_periods, ("deaths per week", "date of death, by week", "deaths: 95 % interval",
                           "confirmed by name", "2022", "2023", "mobilization",
                           "still filling: confirmed later")),
    "rises": (_rises, ("probability of more deaths", "than in the month before", "2025-01",
                       "P(rise in every month) = 0.188", "as likely as not",
                       "still filling: confirmed later")),
    "coverage": (_coverage, ("confirmed by name, share of deaths", "90 % interval", "60 %")),
    "rates": (_rates, ("deaths per 10,000 men", "Omsk", "confirmed by name", "50 % interval")),
    "totals": (_totals, ("total deaths", "200,000", "published range", "95 % interval")),
}  # fmt: skip


def _words(target: Path) -> list[str]:
    """Return what is written in an SVG: matplotlib says it in comments beside the outlines."""
    drawing = ending(target, ".svg").read_text("utf-8")
    return [html.unescape(words) for words in re.findall(r"<!-- (.*?) -->", drawing)]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "of.2025"  # what follows the dot is no ending


@pytest.mark.parametrize("name", FIGURES)
def test_figures_say_what_they_show_in_the_same_bytes_each_time(name, target):
    draw, expected = FIGURES[name]
    before = dict(matplotlib.rcParams)
    draw(target)
    assert dict(matplotlib.rcParams) == before  # settings of the caller are left alone
    first = {path.name: path.read_bytes() for path in target.parent.iterdir()}
    assert set(first) == {"of.2025.svg", "of.2025.png"}
    assert first["of.2025.png"][:4] == b"\x89PNG"
    xml.etree.ElementTree.fromstring(first["of.2025.svg"])
    assert {TITLE, *expected} <= set(_words(target))
    with matplotlib.rc_context({"font.size": 20, "axes.grid": True, "svg.fonttype": "none"}):
        draw(target)  # whatever the caller has set
    assert first == {path.name: path.read_bytes() for path in target.parent.iterdir()}
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize(
    ("unit", "size"), [("day", 1), ("week", 2), ("month", 3), ("year", 1), ("year", 3)]
)
def test_few_periods(unit, size, target):
    form = {"month": "2022-01", "year": "2022"}.get(unit, "2022-01-01")
    starts = np.datetime64(form) + np.arange(size).astype(f"timedelta64[{unit[0].upper()}]")
    draw_periods(
        starts, np.zeros((5, size)), np.zeros(size), 0.95, "", target, unit=unit, as_of=starts[0]
    )
    assert f"deaths per {unit}" in _words(target)


@pytest.mark.parametrize(
    "draw",
    [
        lambda target: draw_periods(
            WEEKS[:40], 10**7 * _deaths(40), np.r_[np.nan, np.full(39, 1e9)], 0.95, TITLE, target
        ),
        lambda target: draw_periods(
            np.delete(WEEKS, [3, 4]), np.full((2, 88), 7), np.full(88, 7), 0.95, TITLE, target,
            marks=[(WEEKS[i], "an event " * 9) for i in (1, 1, 2, 80, 81, 82)] + [("1999", "no")],
        ),
        lambda target: draw_rises(["2025-01"], [np.nan], 0.0, TITLE, target),
        lambda target: draw_coverage(
            ["2025-01"], [np.nan], [np.nan], [np.nan], 0.95, TITLE, target, unit="month",
            as_of="2025-06-01",
        ),
        lambda target: draw_rates(["one"], np.full((9, 1), 3), 0.95, TITLE, target),
        lambda target: draw_rates(["a", "b" * 300], np.zeros((9, 2)), 0.95, TITLE, target,
                                  confirmed=[0, np.nan]),
        lambda target: draw_rates(["a"], [[1e9], [2e9]], 0.95, TITLE, target, confirmed=[np.nan]),
        lambda target: draw_totals([("equal " * 30, np.full(9, 10**9))], None, 0.5, TITLE, target),
        lambda target: draw_totals([("none", np.zeros(9))], None, 0.95, TITLE, target),
    ],
    ids=["huge", "gaps and marks", "no rise", "no coverage", "one stratum", "zero rates",
         "huge rates", "equal", "no deaths"],
)  # fmt: skip
def test_edges_raise_no_warnings(draw, target):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(target)
    assert ending(target, ".png").stat().st_size > 5000
    assert pyplot.get_fignums() == []


def test_long_titles_wrap_and_dollars_stay(target):
    title = "Of $10 and $20: " + "many words " * 30
    draw_rises(["2025-01"], [0.5], 1.0, title, target)
    lines = [words for words in _words(target) if "many words" in words]
    assert " ".join(lines) == title.strip()
    assert max(map(len, lines)) < 100
    assert "P(rise in every month) > 0.999" in _words(target)


def test_rates_are_in_order_and_say_how_many_are_left_out(target):
    names = [f"region {i}" for i in range(120)]
    draws = np.arange(120.0)[None, :].repeat(3, axis=0)
    draw_rates(names, draws, 0.95, TITLE, target, most=200)
    words = _words(target)
    shown = [word for word in words if word.startswith("region ")]
    assert shown == names[:-LARGEST - 1:-1]  # fmt: skip
    assert "deaths per 10,000 men; the highest 95 of 120" in words


def test_nothing_is_cut_off_at_the_ends():
    time = Timeline(["2022-01", "2022-02", "2022-05"], "month")
    assert time.first < time.edges[0]
    assert time.edges[-1] < time.last
    days = ["2022-01-01", "2022-02-01", "2022-03-01", "2022-05-01", "2022-06-01"]
    assert (time.edges == np.array(days, "datetime64[D]").astype(int)).all()
    np.testing.assert_array_equal(time.spread([1, 2, 3]), [1, 2, np.nan, 3])


def test_the_last_twelve_months_still_fill():
    time = Timeline(WEEKS, "week")
    day = np.datetime64("2023-11-20").astype(int)
    left, right = time.still_filling("2023-11-20") or (0, 0)
    assert right == min(day, time.last)
    assert left == np.datetime64("2022-11-20").astype(int)
    assert time.still_filling("2026-01-01") is None
    assert time.still_filling(None) is None


def test_labels_never_cover_each_other():
    places = [(0, 10), (5, 8), (9, 20), (30, 40), (0, 50)]
    assert stacked(places, [2, 1, 1, 1, 1]) == [0, 2, 2, 0, 3]


def test_words_are_wrapped_at_a_width():
    assert wrapped("one two", 0.4) == "one\ntwo"
    assert max(map(len, wrapped("x" * 1000, 2.0, 8.0).splitlines())) <= 30


def test_figures_need_no_statistics_packages():
    code = (
        "import sys; from estimation.report import figures, periods, strata; "
        "assert not {'pymc', 'arviz', 'xarray', 'matplotlib'} & set(sys.modules), sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
