"""Figures over time: deaths by period, rises from month to month, coverage by period."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimation.report import style
from estimation.report.dates import Timeline
from estimation.summaries.agreement import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STILL = "still filling: confirmed later"

#: Share of the height that a line of words above the data takes.
_LINE = 0.052

#: Share of the height that words take at most; more of them than fit cover the data.
_MOST = 0.6

Floats = NDArray[np.float64]


def draw_periods(
    periods: ArrayLike, deaths: ArrayLike, confirmed: ArrayLike, prob: float, title: str,
    target: Path, *, unit: str = "week", as_of: Any = None, marks: Sequence[tuple[Any, str]] = (),
    by: str = "date of death",
) -> None:  # fmt: skip
    """Draw deaths a period: median, 50 % and `prob` bands, and the confirmed names below.

    Parameters
    ----------
    periods : (n_period,) dates
        First days, in order: ISO words, dates or ``datetime64``.  Periods may be missing.
    deaths : (draw, n_period) numbers
        Draws of the deaths of each period.
    confirmed : (n_period,) numbers
        Confirmed names; NaN where nobody looked.
    prob : float
        Level of the outer band.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    unit : {"day", "week", "month", "year"}
        Length of a period.
    as_of : date, optional
        The day of the list: the twelve months before it are shaded, for they still fill.
    marks : sequence of (date, words)
        Days to point out.
    by : str
        What the dates are.
    """
    time = Timeline(periods, unit)
    low, middle, high = (time.spread(values) for values in style.band(np.asarray(deaths), prob))
    inner_low, _, inner_high = (
        time.spread(values) for values in style.band(np.asarray(deaths), 0.5)
    )
    named = time.spread(confirmed)
    with style.sheet(title, target, height=4.6) as (_, (axes,)):
        edges = time.edges
        axes.stairs(
            high, edges, baseline=low, fill=True, color=style.LIGHT,
            label=f"deaths: {percent(prob)} interval",
        )  # fmt: skip
        axes.stairs(
            inner_high, edges, baseline=inner_low, fill=True, color=style.POSTERIOR, alpha=0.7,
            label="50 % interval",
        )  # fmt: skip
        thickness = 1.0 if edges.size < 300 else 0.6
        _draw_confirmed(axes, edges, named, thickness)
        _draw_median(axes, edges, middle, thickness)
        top = _highest(high, named)
        lines = _words(axes, time, _filling(time, as_of), marks)
        axes.set_ylim(0, top / (1 - min(_LINE * (lines + 0.7), _MOST)))
        axes.set_ylabel(f"deaths per {unit}")
        style.number_axis(axes.yaxis, top)
        time.draw_axis(axes, by)


def draw_rises(
    months: ArrayLike, probabilities: ArrayLike, all_at_once: float, title: str, target: Path,
    *, unit: str = "month", as_of: Any = None, by: str = "date of death",
) -> None:  # fmt: skip
    """Draw the probability that deaths rose from each month to the next.

    Parameters
    ----------
    months : (n_month,) dates
        First days of the months that are compared with the month before.
    probabilities : (n_month,) numbers
        Probability of more deaths than in the month before; NaN is left out.
    all_at_once : float
        Probability that deaths rose in every one of the months.
    title, target, unit, as_of, by
        As in `draw_periods`.
    """
    time = Timeline(months, unit)
    chances = np.asarray(probabilities, float)
    with style.sheet(title, target, height=3.6) as (_, (axes,)):
        axes.axhline(0.5, color=style.INK, lw=1.0, ls="--", label="as likely as not")
        axes.vlines(time.middles, 0.5, chances, color=style.FAINT, lw=1.5)
        for rose, face, words in (
            (True, style.POSTERIOR, "more likely a rise"),
            (False, "white", "more likely no rise"),
        ):
            chosen = chances >= 0.5 if rose else chances < 0.5
            axes.plot(
                time.middles[chosen], chances[chosen], "o", ms=6 if chances.size < 80 else 4,
                mfc=face, mec=style.POSTERIOR, mew=1.3, label=words,
            )  # fmt: skip
        lines = _words(axes, time, _filling(time, as_of), ())
        # marks at the ends are whole and clear of the labels
        axes.set_ylim(-0.05, 1.05 + 1.1 * _LINE * lines / (1 - _LINE * lines))
        axes.set_yticks(np.linspace(0, 1, 6))
        axes.set_ylabel(f"probability of more deaths\nthan in the {unit} before")
        time.draw_axis(axes, by)
        axes.set_title(f"P(rise in every {unit}) {_chance(all_at_once)}", fontsize=style.NORMAL)


def draw_coverage(
    periods: ArrayLike, low: ArrayLike, middle: ArrayLike, high: ArrayLike, prob: float,
    title: str, target: Path, *, unit: str = "week", as_of: Any = None, by: str = "date of death",
) -> None:  # fmt: skip
    """Draw which share of the deaths of each period is confirmed by name.

    Parameters
    ----------
    periods : (n_period,) dates
        As in `draw_periods`.
    low, middle, high : (n_period,) numbers
        Interval and median of confirmed / deaths, 0 to 1; NaN where there were no deaths.
    prob : float
        Level of the interval.
    title, target, unit, as_of, by
        As in `draw_periods`.
    """
    time = Timeline(periods, unit)
    bottom, center, top = (100 * time.spread(values) for values in (low, middle, high))
    with style.sheet(title, target, height=3.8) as (_, (axes,)):
        axes.stairs(
            top, time.edges, baseline=bottom, fill=True, color=style.LIGHT,
            label=f"{percent(prob)} interval",
        )  # fmt: skip
        _draw_median(axes, time.edges, center, 1.0)
        lines = _words(axes, time, _filling(time, as_of), ())
        axes.set_ylim(0, 100 / (1 - _LINE * lines))
        axes.set_yticks(range(0, 101, 20), [f"{share} %" for share in range(0, 101, 20)])
        axes.set_ylabel("confirmed by name, share of deaths")
        time.draw_axis(axes, by)


def _draw_confirmed(axes: Axes, edges: Floats, named: Floats, thickness: float) -> None:
    """Draw confirmed names as a filled step below the band."""
    axes.stairs(
        named, edges, fill=True, facecolor=style.PALE, edgecolor=style.CONFIRMED, lw=thickness,
        label="confirmed by name",
    )  # fmt: skip


def _draw_median(axes: Axes, edges: Floats, middle: Floats, thickness: float) -> None:
    """Draw medians as steps, above the axis too, where they would hide if they are zero."""
    steps = axes.stairs(
        middle, edges, baseline=None, color=style.DARK, lw=1.3 * thickness, zorder=3,
        clip_on=False, label="median",
    )  # fmt: skip
    steps.set_in_layout(False)


def _highest(*values: Floats) -> float:
    return max([float(one[~np.isnan(one)].max(initial=0.0)) for one in values]) or 1.0


def _filling(time: Timeline, as_of: Any) -> list[tuple[float, float, str]]:
    found = time.still_filling(as_of)
    return [] if found is None else [(*found, _STILL)]


def _words(
    axes: Axes, time: Timeline, shaded: Sequence[tuple[float, float, str]],
    marks: Sequence[tuple[Any, str]],
) -> int:  # fmt: skip
    """Shade and mark days, write the words above the data, and return how many lines they take."""
    width = time.last - time.first
    center = (time.first + time.last) / 2
    labels = []
    for left, right, words in shaded:
        axes.axvspan(left, right, color=style.SHADE, lw=0, zorder=0)
        labels.append((right if right > center else left, words, False))
    for date, words in marks:
        day = time.day(date)
        if day is not None:
            labels.append((day, words, True))
    texts = [style.wrapped(words, 2.4, style.SMALL) for _, words, _ in labels]
    longest = [len(max(one.split("\n"), key=len)) for one in texts]
    sizes = [width * one / style.letters(6.0, style.SMALL) for one in longest]
    places = [
        (day - size, day) if day > center else (day, day + size)
        for (day, _, _), size in zip(labels, sizes, strict=True)
    ]
    heights = [one.count("\n") + 1 for one in texts]
    lines = style.stacked(places, heights)
    across = axes.get_xaxis_transform()
    for (day, _, mark), words, line in zip(labels, texts, lines, strict=True):
        height = 1 - _LINE * line
        if mark:
            axes.plot([day, day], [0, height], transform=across, color=style.INK, lw=0.9, ls=":")
        axes.annotate(
            words, (day, height), xycoords=across, textcoords="offset points",
            xytext=(-3 if day > center else 3, -1), ha="right" if day > center else "left",
            va="top", fontsize=style.SMALL, color=style.INK,
        )  # fmt: skip
    return max((line + height for line, height in zip(lines, heights, strict=True)), default=0)


def _chance(value: float) -> str:
    """Return "= 0.123", never rounded to a certainty that draws cannot show."""
    if value < 0.001:
        return "< 0.001"
    return "> 0.999" if value > 0.999 else f"= {value:.3f}"
