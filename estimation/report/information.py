"""Figures of information: how much narrower the estimate gets when more graves are checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimation.report import style
from estimation.report.sensitivity import number
from estimation.summaries.agreement import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Decades from which the horizontal axis is logarithmic; where zero stands on it, decades below
#: the smallest number.
_DECADES, _ZERO = 1.5, 0.4

#: Inches of the figure and of the axes in it, about.
_HEIGHT, _TALL, _WIDE = 4.2, 3.4, 5.6

Floats = NDArray[np.float64]


def draw_information(
    sizes: ArrayLike, widths: ArrayLike, now: float, limit: float, title: str, target: Path,
    prob: float, costs: ArrayLike | None = None, spread: tuple[ArrayLike, ArrayLike] | None = None,
    *, unit: str = "graves checked", cost_unit: str = "cost",
) -> None:  # fmt: skip
    """Draw the width of the interval that is expected after an audit, against its size.

    Parameters
    ----------
    sizes : (n_size,) numbers
        Graves that are checked; 0 or more, in any order.
    widths : (n_size,) numbers
        Expected width of the interval of the total, deaths.
    now, limit : float
        Its width today, and if coverage were known exactly.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    prob : float
        Level of the interval.
    costs : (n_size,) numbers, optional
        What each audit costs.
    spread : ((n_size,) numbers, (n_size,) numbers), optional
        Widths that 10 % and 90 % of simulated audits fall below.
    unit, cost_unit : str
        What sizes and costs count, for the axes.
    """
    order = np.argsort(np.asarray(sizes, float), kind="stable")
    counts, expected = np.asarray(sizes, float)[order], np.asarray(widths, float)[order]
    places, logarithmic = _places(counts)
    seen = [now, limit, float(np.nanmax(expected))]
    with style.sheet(title, target, height=_HEIGHT + (0.5 if costs is not None else 0)) as sheet:
        _, (axes,) = sheet
        if spread is not None:
            low, high = (np.asarray(ends, float)[order] for ends in spread)
            axes.fill_between(
                places, low, high, facecolor=style.LIGHT, lw=0,
                label="10 % to 90 % range of such audits",
            )  # fmt: skip
            # a band of one audit has no area
            axes.vlines(places, low, high, color=style.POSTERIOR, lw=0.8)
            seen.append(float(np.nanmax(high)))
        axes.plot(
            places, expected, "o-", color=style.POSTERIOR, lw=1.6, ms=5, zorder=3,
            label=f"expected width of the {percent(prob)} interval",
        )  # fmt: skip
        top = 1.06 * max(seen) or 1.0
        axes.set_ylim(0, top)
        style.number_axis(axes.yaxis, top, whole=top > 20)
        axes.set_ylabel(f"width of the {percent(prob)} interval, deaths")
        _draw_levels(axes, now, limit, top)
        margin = 0.03 * float(np.ptp(places)) or 0.5
        ends = (float(places[0]) - margin, float(places[-1]) + margin)
        prices = None if costs is None else np.asarray(costs, float)[order]
        _label_sizes(axes, ends, places, counts, prices)
        axes.set_xlabel(unit + (", logarithmic scale" if logarithmic else ""))
        if prices is not None:
            axes.figure.axes[-1].set_xlabel(cost_unit)


def _places(counts: Floats) -> tuple[Floats, bool]:
    """Return where sizes stand, and whether their scale is logarithmic."""
    positive = counts[counts > 0]
    if not positive.size or np.log10(positive[-1] / positive[0]) <= _DECADES:
        return counts, False
    zero = np.log10(positive[0]) - _ZERO
    return np.concatenate([np.full(counts.size - positive.size, zero), np.log10(positive)]), True


def _draw_levels(axes: Axes, now: float, limit: float, top: float) -> None:
    """Draw the widths that bound what can be gained, with their words beside the axes."""
    levels = [
        (now, f"today:\n{number(now)}", "--"),
        (limit, f"if coverage were\nknown exactly:\n{number(limit)}", (0, (6, 2, 1, 2))),
    ]
    levels.sort(key=lambda level: -level[0])
    line = style.SMALL * 1.3
    heights = [line * (words.count("\n") + 1.3) for _, words, _ in levels]
    # words of lines that are close together are pushed apart
    distance = (levels[0][0] - levels[1][0]) / top * _TALL * 72
    push = max(sum(heights) / 2 - distance, 0.0) / 2
    for (value, words, dashes), shift in zip(levels, (push, -push), strict=True):
        axes.axhline(value, color=style.INK, lw=1.2, ls=dashes, zorder=2)
        axes.annotate(
            words, (1, value), xycoords=axes.get_yaxis_transform(), textcoords="offset points",
            xytext=(6, shift), va="center", fontsize=style.SMALL,
        )  # fmt: skip


def _label_sizes(
    axes: Axes, ends: tuple[float, float], places: Floats, counts: Floats, costs: Floats | None
) -> None:
    """Label sizes below and costs above, as many as do not cover each other."""
    below = [number(count) for count in counts]
    above = below if costs is None else [number(cost) for cost in costs]
    inch = (ends[1] - ends[0]) / _WIDE
    halves = [
        inch * (max(len(one), len(other)) + 1.5) / style.letters(1.0) / 2
        for one, other in zip(below, above, strict=True)
    ]
    # the ends come first, so that the range is always told
    order = [0, len(below) - 1, *range(1, len(below) - 1)][: len(below)]
    spans = [(places[i] - halves[i], places[i] + halves[i]) for i in order]
    lines = style.stacked(spans, [1] * len(spans))
    shown = sorted(i for i, line in zip(order, lines, strict=True) if line == 0)
    rows = [(axes, below)]
    if costs is not None:
        upper = axes.twiny()
        upper.spines["top"].set_visible(True)
        rows.append((upper, above))
    for row, labels in rows:
        row.set_xlim(*ends)
        row.set_xticks(places[shown], [labels[i] for i in shown])
