"""Figure of all totals of a run: readings of the main model, and models of other data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from estimation.report import style
from estimation.report.text import rounded
from estimation.summaries.agreement import Published, percent

#: Inches of a line of type, of the parts around rows, of names, and of numbers beside them.
_LINE, _AROUND, _NAME, _NUMBERS = 0.15, 0.85, 2.7, 1.9

#: The axis is cut at so many times the largest median, or where the published range ends: limits
#: beyond are arrows.
_FARTHEST = 4.0


class Row(NamedTuple):
    """A total: what it is of, its interval and median, and whether other data are in it."""

    label: str
    low: float
    median: float
    high: float
    further: bool


def draw_forest(
    rows: Sequence[Row], published: Published | None, prob: float, title: str, target: Path,
    failed: Sequence[str] = (),
) -> None:  # fmt: skip
    """Draw median and interval of each total, one below the other, over the published range.

    Parameters
    ----------
    rows : sequence of Row
        Readings first, then models of other data, which have marks of their own.
    published : Published, optional
        The range to shade.
    prob : float
        Level of the intervals.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    failed : sequence of str
        Titles of models without a total: told in a row of their own, with nothing drawn.
    """
    labels = [style.wrapped(one, _NAME, style.SMALL)
              for one in (*(row.label for row in rows), *failed)]  # fmt: skip
    sizes = np.array([label.count("\n") + 1 for label in labels]) + 1.0
    bottoms = np.cumsum(sizes)
    places = bottoms - sizes / 2
    seen = [row.low for row in rows] + [row.high for row in rows]
    if published is not None:
        seen += [published.low, published.high]
    end = min(max(seen), _FARTHEST * max(row.median for row in rows))
    if published is not None:
        end = max(end, published.high)
    margin = 0.04 * (end - min(seen)) or 1.0
    with style.sheet(title, target, height=_AROUND + _LINE * float(bottoms[-1])) as (_, (axes,)):
        if published is not None:
            axes.axvspan(
                published.low, published.high, facecolor=style.PALE, edgecolor=style.PUBLISHED,
                lw=1.2, ls="--", zorder=0, label="published range",
            )  # fmt: skip
        for further, mark, face in ((False, "o", style.POSTERIOR), (True, "s", "white")):
            words = "other data or models" if further else "readings of the main model"
            label: str | None = f"{words}: median, {percent(prob)} interval"
            for row, place in zip(rows, places, strict=False):
                if row.further != further:
                    continue
                axes.plot(
                    [row.low, row.median, min(row.high, end)], [place] * 3, f"{mark}-",
                    markevery=[1], color=style.POSTERIOR, mfc=face, ms=6, lw=2, label=label,
                )  # fmt: skip
                label = None
                if row.high > end:  # goes on
                    axes.plot([end], [place], ">", color=style.POSTERIOR, ms=6, clip_on=False)
        told = [f"{rounded(row.median)} ({rounded(row.low)} to {rounded(row.high)})"
                for row in rows]  # fmt: skip
        for place, words in zip(places, (*told, *["refused or failed"] * len(failed)), strict=True):
            axes.annotate(
                words, (1, place), xycoords=axes.get_yaxis_transform(), xytext=(8, 0),
                textcoords="offset points", va="center", fontsize=style.SMALL,
            )  # fmt: skip
        axes.set_xlim(min(seen) - margin, end + margin)
        style.number_axis(axes.xaxis, end, style.WIDTH - _NAME - _NUMBERS)
        axes.set_xlabel("total deaths, each until the day of its own data")
        axes.set_ylim(float(bottoms[-1]), 0)
        axes.set_yticks(places, labels, fontsize=style.SMALL)
        axes.tick_params(axis="y", length=0, pad=6)
        axes.spines["left"].set_visible(False)
