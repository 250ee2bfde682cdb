"""Later counts and what they will become: in words, and as a figure beside the known names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from estimation.report import style
from estimation.report.dates import Timeline
from estimation.report.text import bullets, table
from estimation.summaries.agreement import percent
from estimation.summaries.eventual import ASSUMED, Eventual, Foreseen

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_VERDICTS = {
    "inside": "inside the interval", "above": "above the interval", "below": "below the interval",
}  # fmt: skip

#: Inches of the panel of counts: its axis, and each line.
_AXIS, _LINE = 0.5, 0.42


def eventual_says(counts: Sequence[Eventual], foreseen: Sequence[Foreseen], prob: float) -> str:
    """Return a table of later counts, and a sentence a count that an earlier one foretold.

    Parameters
    ----------
    counts : sequence of Eventual
    foreseen : sequence of Foreseen
    prob : float
        Level of the intervals.
    """
    level = percent(prob)
    rows = []
    for one in counts:
        names, share = one.rows(prob)
        rows.append(
            [one.later.title or one.later.name, str(one.later.as_of), f"{one.later.count:,}",
             f"{share['median']:.3f}", f"{share['low']:.3f}-{share['high']:.3f}",
             *(f"{names[key]:,.0f}" for key in ("median", "low", "high"))]
        )  # fmt: skip
    head = ["names known later", "as of", "known", "share", f"share ({level})", "eventual",
            f"low ({level})", f"high ({level})"]  # fmt: skip
    lines = [_foretold(one, level) for one in foreseen]
    return "\n".join([table(head, rows), "", bullets([*lines, f"Assumed: {ASSUMED}."])])


def _foretold(one: Foreseen, level: str) -> str:
    return (
        f"{one.later.period} on {one.later.as_of}, seen from {one.earlier.as_of}: "
        f"{one.median:,.0f} expected ({level} interval {one.low:,.0f} to {one.high:,.0f}), "
        f"{one.later.count:,} known: {_VERDICTS[one.verdict]}."
    )


def draw_eventual(
    periods: ArrayLike, known: ArrayLike, eventual: ArrayLike, counts: Sequence[Eventual],
    foreseen: Sequence[Foreseen], prob: float, title: str, target: Path, *, unit: str,
    by: str = "date of death",
) -> None:  # fmt: skip
    """Draw known and eventual names by period, and below them the later counts.

    Parameters
    ----------
    periods : (n_period,) dates
        First days.
    known : (n_period,) integers
        Names known at the date of the triangle.
    eventual : (draw, n_period) integers
        Names that will ever be known.
    counts, foreseen
        What became of later counts; none leave the lower panel out.
    prob : float
        Level of the intervals.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    unit : {"day", "week", "month", "year"}
        Length of a period.
    by : str
        What the dates are.
    """
    time = Timeline(periods, unit)
    low, middle, high = (time.spread(values) for values in style.band(np.asarray(eventual), prob))
    lines = len(counts) + len(foreseen)
    below = _AXIS + _LINE * lines if lines else 0.0
    with style.sheet(title, target, height=3.6 + below) as (figure, (axes,)):
        axes.stairs(
            high, time.edges, baseline=low, fill=True, color=style.LIGHT,
            label=f"names in the end: {percent(prob)} interval",
        )  # fmt: skip
        axes.stairs(middle, time.edges, baseline=None, color=style.DARK, lw=1.2, label="median")
        axes.stairs(
            time.spread(known), time.edges, fill=True, facecolor=style.PALE,
            edgecolor=style.CONFIRMED, lw=1.0, label="known",
        )  # fmt: skip
        axes.set_ylim(0, 1.05 * float(np.nanmax(high)))
        axes.set_ylabel(f"names per {unit}")
        style.number_axis(axes.yaxis, axes.get_ylim()[1])
        time.draw_axis(axes, by)
        if lines:
            grid = figure.add_gridspec(2, 1, height_ratios=[3.6, below])
            axes.set_subplotspec(grid[0])
            _draw_counts(figure.add_subplot(grid[1]), counts, foreseen, prob)


def _draw_counts(
    axes: Axes, counts: Sequence[Eventual], foreseen: Sequence[Foreseen], prob: float
) -> None:
    """Draw a line a count: what was known, and the interval of what it will be."""
    words: list[str] = []
    largest = 0.0
    for one in counts:
        low, middle, high = (float(x) for x in style.band(one.names, prob))
        words.append(f"{one.later.period} in the end,\nseen from {one.later.as_of}")
        largest = max(largest, high)
        _draw_line(axes, len(words) - 1, (low, middle, high), one.later.count)
    for told in foreseen:
        words.append(f"{told.later.period} on {told.later.as_of},\nseen from {told.earlier.as_of}")
        largest = max(largest, told.high)
        ends = (told.low, told.median, told.high)
        _draw_line(axes, len(words) - 1, ends, told.later.count, color=style.FAINT)
    axes.set_yticks(range(len(words)), words, fontsize=style.SMALL)
    axes.set_ylim(len(words) - 0.5, -0.5)
    style.number_axis(axes.xaxis, largest, style.WIDTH)
    axes.set_xlabel("names (dot: counted on that day; gray: foretold)")


def _draw_line(
    axes: Axes, place: int, ends: tuple[float, float, float], known: int, *,
    color: str = style.POSTERIOR,
) -> None:  # fmt: skip
    axes.plot(ends[::2], [place, place], color=color, lw=5, solid_capstyle="butt", alpha=0.7)
    axes.plot([ends[1]], [place], "|", color=style.INK, ms=11)
    axes.plot([known], [place], "o", color=style.CONFIRMED, ms=6)
