"""Figures of sensitivity, information and comparison: the same each time, whole, and in order."""

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

from estimation.report import style
from estimation.report.comparison import draw_comparison, draw_mixture
from estimation.report.information import draw_information
from estimation.report.sensitivity import Bar, draw_anatomy, draw_curve, draw_tornado, number
from estimation.report.style import ending
from estimation.summaries.agreement import Published

TITLE = "Deaths of soldiers"
BASE = (165_528.0, 194_352.0, 234_585.0)
PUBLISHED = Published(160_000, 240_000)
LONG = "the share of graves with a name on a list, in regions far off"


def _bar(label: str, low: float, high: float, **words: str) -> Bar:
    ends = {"low_label": "0.65", "high_label": "0.45"} | words
    return Bar(
        label, ends["low_label"], ends["high_label"], low, high, (0.85 * low, 1.2 * low),
        (0.85 * high, 1.2 * high),
    )  # fmt: skip


def _tornado(target: Path) -> None:
    bars = [
        _bar("double names", 190_465, 194_352),
        _bar("coverage", 160_000, 231_000),
        _bar("drift", 194_352, 194_352),
    ]
    draw_tornado(bars, BASE, 0.95, TITLE, target)


def _curve(target: Path) -> None:
    points = [(share, 85e3 / share, 1e5 / share, 12e4 / share) for share in (0.6, 0.4, 0.5, 0.7)]
    marks = [(0.52, "below the range from here"), (0.55, "another mark")]
    draw_curve(points, TITLE, target, field="coverage", published=PUBLISHED, marks=marks)


def _anatomy(target: Path) -> None:
    parts = [
        ("count", 0.0003, 0.0001, 69_040),
        ("coverage", 0.871, 0.012, 21_000),
        ("double names", 0.1287, np.nan, None),
    ]
    draw_anatomy(parts, TITLE, target)


def _information(target: Path) -> None:
    sizes = np.array([2000, 10, 100])
    widths = 12_000 + 57_000 / (1 + sizes / 150)
    draw_information(
        sizes, widths, 69_057, 12_000, TITLE, target, 0.95, costs=45 * sizes,
        spread=(0.9 * widths, 1.1 * widths), cost_unit="cost, US dollars",
    )  # fmt: skip


def _comparison(target: Path) -> None:
    rows = [
        ("unknown", np.nan, np.nan, None, "unreliable"),
        ("flat", -41.3, 9.2, 0.0001, "clearly worse"),
        ("walk", 0.0, 0.0, 0.81, "best"),
        ("pooled", -3.2, 2.9, 0.1899, "cannot be told apart"),
    ]
    draw_comparison(rows, TITLE, target)


def _mixture(target: Path) -> None:
    random = np.random.default_rng(1)
    parts = [
        ("probate", 0.75, random.normal(2e5, 1e4, 400)),
        ("graves", 0.25, random.normal(2.4e5, 2e4, 100)),
        ("expert", 0.0, random.normal(1.5e5, 1e4, 100)),
    ]
    draw_mixture(parts, (183_000.0, 204_000.0, 268_000.0), 0.95, TITLE, target, PUBLISHED)


FIGURES: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "tornado": (_tornado, ("total deaths", "base: median", "base: 95 % interval", "coverage",
                           "median and 95 % interval at either end", "231,000", "0.45")),
    "curve": (_curve, ("total deaths", "coverage", "median", "95 % interval", "published range",
                       "below the range from here", "another mark")),
    "anatomy": (_anatomy, ("87.1 % (standard error 1.2 %)", "if it were known exactly:",
                           "interval 21,000 wide", "less than 0.1 %", "12.9 %",
                           "share of the width of the 95 % interval, %")),
    "information": (_information, ("expected width of the 95 % interval", "today:", "69,057",
                                   "if coverage were", "12,000", "cost, US dollars", "90,000",
                                   "graves checked, logarithmic scale", "2,000",
                                   "10 % to 90 % range of such audits")),
    "comparison": (_comparison, ("expected log predictive density,", "weight", "verdict", "81 %",
                                 "less than 0.1 %", "cannot be told apart", "unreliable",
                                 "two standard errors to either side")),
    "mixture": (_mixture, ("total deaths", "weight 75 %", "weight 0 %", "mixture of these",
                           "204,000", "(183,000 to 268,000)", "median", "95 % interval",
                           "published range", "filled to its weight")),
}  # fmt: skip


#: Labels of rows and ticks, in the order in which they stand, whatever the order of the input.
ROWS = {
    "information": ["10", "100", "2,000", "450", "4,500", "90,000"],
    "tornado": ["coverage", "double names", "drift"],
    "anatomy": ["coverage", "double names", "count"],
    "comparison": ["walk", "pooled", "flat", "unknown"],
}


def _words(target: Path) -> list[str]:
    """Return what is written in an SVG: matplotlib says it in comments beside the outlines."""
    drawing = ending(target, ".svg").read_text("utf-8")
    return [html.unescape(words) for words in re.findall(r"<!-- (.*?) -->", drawing)]


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paint few dots: what is looked at is the SVG, or that two PNG are the same."""
    monkeypatch.setattr(style, "_DOTS", 40)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "of.2025"


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize("name", FIGURES)
def test_figures_say_what_they_show_in_the_same_bytes_each_time(name, target):
    draw, expected = FIGURES[name]
    before = dict(matplotlib.rcParams)
    draw(target)
    assert dict(matplotlib.rcParams) == before
    first = {path.name: path.read_bytes() for path in target.parent.iterdir()}
    assert set(first) == {"of.2025.svg", "of.2025.png"}
    xml.etree.ElementTree.fromstring(first["of.2025.svg"])
    words = _words(target)
    assert {TITLE, *expected} <= set(words)
    rows = ROWS.get(name, [])
    assert [word for word in words if word in rows] == rows
    with matplotlib.rc_context({"font.size": 20, "axes.grid": True, "svg.fonttype": "none"}):
        draw(target)
    assert first == {path.name: path.read_bytes() for path in target.parent.iterdir()}
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize(
    "draw",
    [
        lambda target: draw_tornado(
            [_bar(LONG, 1e5 + i, 2e5, low_label=LONG, high_label="x" * 60) for i in range(12)],
            (1e9, 2e9, 3e9), 0.8, TITLE, target,
        ),
        lambda target: draw_tornado([_bar("", 5, 5)], (5, 5, 5), 0.95, TITLE, target),
        lambda target: draw_tornado([_bar("a", 1e-4, 9e-4)], (0, 0, 0), 0.95, "", target, "rate"),
        lambda target: draw_curve([(0, 0, 0, 0)], TITLE, target, field=LONG * 3),
        lambda target: draw_curve(
            [(1e6, 1e9, 2e9, 3e9), (2e6, np.nan, np.nan, np.nan), (3e6, 1e9, 2e9, 3e9)], TITLE,
            target, field="size", prob=0.8, marks=[(1e6 * i, LONG * 2) for i in (0, 1, 1.1, 4)],
        ),
        lambda target: draw_anatomy([("one", 1.0, 0.0, 0.0)], TITLE, target),
        lambda target: draw_anatomy(
            [(LONG, share, abs(share), 1e9) for share in (0.6, 0.5, -0.1)], TITLE, target
        ),
        lambda target: draw_information([100], [50], 60, 0, TITLE, target, 0.95, [0], ([40], [60])),
        lambda target: draw_information([0], [0], 0, 0, TITLE, target, 0.95),
        lambda target: draw_information(
            [0, 1, 1.1, 10**7], np.full(4, 1e9), 1e9, 1e9, TITLE, target, 0.95, np.full(4, 1e9)
        ),
        lambda target: draw_comparison([(LONG, np.nan, np.nan, None, LONG)], TITLE, target),
        lambda target: draw_mixture([("a", 1.0, [0])], (0, 0, 0), 0.95, TITLE, target),
        lambda target: draw_mixture(
            [(LONG, 0.5, [1, 2]), (LONG, 0.5, [1e9, 2e9, 3e9])], (1, 2, 3e9), 0.95, TITLE, target
        ),
    ],
    ids=["twelve bars", "no width", "tiny", "one point", "gap and marks", "one part",
         "negative share", "one size", "nobody checked", "huge sizes", "no ranking",
         "equal draws", "far apart"],
)  # fmt: skip
def test_edges_raise_no_warnings(draw, target):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(target)
    assert ending(target, ".png").stat().st_size > 4000
    assert pyplot.get_fignums() == []


@pytest.mark.usefixtures("coarse")
def test_the_base_line_gives_way_to_words(target):
    drawn = []
    for low in (200_000, 193_000):  # beside the base line, and across it
        draw_tornado([_bar("coverage", low, 231_000)], BASE, 0.95, TITLE, target)
        drawn.append(ending(target, ".svg").read_text("utf-8").count("stroke-dasharray"))
    assert drawn[0] == drawn[1] + 1


@pytest.mark.usefixtures("coarse")
def test_sizes_stand_on_a_logarithm_only_if_they_span_decades(target):
    draw_information([100, 200, 300], [5, 4, 3], 6, 2, TITLE, target, 0.95)
    assert "graves checked" in _words(target)
    draw_information([0, 10, 1000], [5, 4, 3], 6, 2, TITLE, target, 0.95, unit="men asked")
    assert {"men asked, logarithmic scale", "0", "10", "1,000"} <= set(_words(target))


@pytest.mark.usefixtures("coarse")
def test_sizes_that_would_cover_each_other_get_no_label_but_the_ends_do(target):
    sizes = np.arange(1000, 1100)
    draw_information(sizes, sizes, 1200, 900, TITLE, target, 0.95)
    shown = [word for word in _words(target) if word.startswith("1,0")]
    assert {"1,000", "1,099"} <= set(shown)
    assert len(shown) < 15


def test_numbers_are_whole_if_large_and_short_if_small():
    assert [number(value) for value in (194_352.4, 100.2, 7.0, 0.0, 0.12345)] == [
        "194,352", "100", "7", "0", "0.123"
    ]  # fmt: skip


def test_figures_need_no_statistics_packages():
    code = (
        "import sys; from estimation.report import comparison, information, sensitivity; "
        "assert not {'pymc', 'arviz', 'xarray', 'matplotlib'} & set(sys.modules), sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
