"""Figures of strata: rates by region, as dots with intervals, in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from estimation.report import style
from estimation.summaries.agreement import percent

#: Rows that one figure holds; the highest are drawn.
LARGEST = 95

#: Inches of a line of type, of the parts around the rows, of names, and of the axis beside them.
_LINE, _AROUND, _NAME, _WIDE = 0.165, 0.8, 2.6, 5.0


def draw_rates(
    names: Sequence[str], draws: ArrayLike, prob: float, title: str, target: Path,
    *, unit: str = "deaths per 10,000 men", confirmed: ArrayLike | None = None,
    most: int | None = None,
) -> None:  # fmt: skip
    """Draw the rate of every stratum: dot at the median, thick 50 % and thin `prob` interval.

    Parameters
    ----------
    names : (n_stratum,) words
        Strata.
    draws : (draw, n_stratum) numbers
        Draws of their rates.
    prob : float
        Level of the thin interval.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    unit : str
        What is counted, for the axis.
    confirmed : (n_stratum,) numbers, optional
        Rates of confirmed names, in the same unit; NaN is left out.
    most : int, optional
        Rows to draw, the highest; 95 at most.
    """
    low, middle, high = style.band(np.asarray(draws), prob)
    inner_low, _, inner_high = style.band(np.asarray(draws), 0.5)
    order = np.argsort(-middle, kind="stable")
    shown = order[: min(most or LARGEST, LARGEST)]
    labels = [style.wrapped(names[row], _NAME, style.SMALL) for row in shown]
    lines = np.array([label.count("\n") + 1 for label in labels])
    bottoms = np.cumsum(lines)
    places = bottoms - lines / 2
    with style.sheet(title, target, height=_AROUND + _LINE * float(lines.sum())) as sheet:
        _, (axes,) = sheet
        for bottom, size in zip(bottoms[::2], lines[::2], strict=True):
            axes.axhspan(bottom - size, bottom, color=style.SHADE, alpha=0.6, lw=0, zorder=0)
        axes.hlines(
            places, low[shown], high[shown], color=style.POSTERIOR, lw=1.2,
            label=f"{percent(prob)} interval",
        )  # fmt: skip
        axes.hlines(
            places, inner_low[shown], inner_high[shown], color=style.POSTERIOR, lw=3.5,
            label="50 % interval",
        )  # fmt: skip
        axes.plot(middle[shown], places, "o", color=style.DARK, ms=4.5, label="median")
        largest = [float(high[shown].max()), float(middle[shown].max())]
        if confirmed is not None:
            named = np.asarray(confirmed, float)[shown]
            (marks,) = axes.plot(
                named, places, "D", mfc="white", mec=style.CONFIRMED, mew=1.1, ms=4.5,
                label="confirmed by name", clip_on=False, zorder=4,
            )  # fmt: skip
            marks.set_in_layout(False)
            largest.append(float(np.nanmax(named, initial=0.0)))
        top = 1.03 * max(largest) or 1.0
        axes.set_xlim(0, top)
        style.number_axis(axes.xaxis, top, _WIDE, whole=False)
        axes.set_ylim(float(bottoms[-1]), 0)
        axes.set_yticks(places, labels, fontsize=style.SMALL)
        axes.tick_params(axis="y", length=0, pad=8)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=style.FAINT, lw=0.5, alpha=0.7)
        axes.set_axisbelow(True)
        part = f"; the highest {shown.size} of {order.size}" if shown.size < order.size else ""
        axes.set_xlabel(unit + part)
        axes.tick_params(axis="x", top=shown.size > 30, labeltop=shown.size > 30)
