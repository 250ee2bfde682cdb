"""Figure of overlapping lists: how many are on exactly which, and how many on none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from estimation.report import style
from estimation.report.text import rounded
from estimation.summaries.agreement import percent
from models.lists.patterns import Patterns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Patterns that have a column at most, and inches: of the bars, of a list, of the name of a list.
_MOST, _BARS, _LIST, _NAME = 24, 2.6, 0.24, 1.6

#: The bar of those on no list is cut at so many times the largest of the others.
_FARTHEST = 6.0


def pattern_rows(patterns: Patterns) -> list[dict[str, Any]]:
    """Return a row a pattern, strata together, the largest first: lists, count, what is known."""
    pooled = patterns.pooled()
    rows = [
        {"lists": pooled.label(place), "count": int(pooled.counts[place]),
         "known": bool(pooled.counted[place]), "at_most": bool(pooled.is_bound[place])}
        for place in range(len(pooled.counts))
    ]  # fmt: skip
    return sorted(rows, key=lambda row: -row["count"])


def draw_patterns(
    patterns: Patterns, unseen: ArrayLike, prob: float, title: str, target: Path, *,
    bound: bool = False,
) -> None:  # fmt: skip
    """Draw a bar for each pattern of lists over dots that name it, beside that of nobody's list.

    Parameters
    ----------
    patterns : Patterns
        Strata are drawn together.
    unseen : (draw,) numbers
        Draws of the persons on no list.
    prob : float
        Level of their interval.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    bound : bool
        Whether what is on no list is a lower bound alone.
    """
    pooled = patterns.pooled()
    order = np.argsort(-pooled.counts, kind="stable")
    order = order[pooled.counted[order] & (pooled.counts[order] > 0)]
    shown, left = order[:_MOST], order[_MOST:]
    tails = [(1 - prob) / 2, 0.5, (1 + prob) / 2]
    low, middle, high = (float(end) for end in np.quantile(np.asarray(unseen, float), tails))
    counts = pooled.counts[shown]
    largest = float(counts.max(initial=1))
    top = max(min(high, _FARTHEST * max(largest, middle)), largest, middle, 1.0)
    names = [style.wrapped(name, _NAME, style.SMALL) for name in pooled.lists]
    rows = sum(name.count("\n") + 1 for name in names)
    below = max(_LIST * len(names), 0.16 * rows) + 0.5
    with style.sheet(title, target, height=_BARS + below, rows=2) as (_, (bars, dots)):
        grid = bars.get_gridspec()
        assert grid is not None
        grid.set_height_ratios([_BARS, below])
        places = np.arange(1, len(shown) + 1)
        bars.bar(places, counts, 0.7, color=style.POSTERIOR, label="on exactly the lists below")
        words = "on no list: lower bound" if bound else (
            f"on no list: estimate, {percent(prob)} interval")  # fmt: skip
        bars.bar([0], [middle], 0.7, color=style.PALE, edgecolor=style.PUBLISHED, hatch="///",
                 label=words)  # fmt: skip
        _draw_unseen(bars, low, middle, high, top, bound)
        for place, count in zip(places, counts, strict=True):
            _above(bars, float(place), float(count), f"{count:,}", len(shown) > 12)
        bars.set_ylim(0, 1.25 * top)
        bars.set_xlim(-0.6, len(shown) + 0.6)
        style.number_axis(bars.yaxis, top)
        bars.set_ylabel("persons")
        bars.tick_params(axis="x", length=0, labelbottom=False)
        _draw_dots(dots, pooled.on[shown], names)
        told = "lists (dots) that hold the persons of a bar"
        if left.size:
            rest = int(pooled.counts[left].sum())
            told += f"; not shown: {left.size:,} smaller groups with {rest:,} persons"
        dots.set_xlabel(style.wrapped(told, style.WIDTH - _NAME), fontsize=style.SMALL)


def _draw_unseen(
    axes: Axes, low: float, middle: float, high: float, top: float, bound: bool
) -> None:
    if bound:
        axes.plot([0], [middle], "^", color=style.DARK, ms=6)
    else:
        axes.plot([0, 0], [low, min(high, top)], color=style.DARK, lw=1.8)
        if high > top:  # goes on
            axes.plot([0], [top], "^", color=style.DARK, ms=6, clip_on=False)
    words = "at least\n" if bound else "about\n"
    _above(axes, 0, middle if bound else min(high, top), words + rounded(middle), False)


def _above(axes: Axes, place: float, height: float, words: str, upright: bool) -> None:
    axes.annotate(
        words, (place, height), textcoords="offset points", xytext=(0, 4), ha="center",
        va="bottom", fontsize=style.SMALL, rotation=90 if upright else 0,
    )  # fmt: skip


def _draw_dots(axes: Axes, on: np.ndarray, names: list[str]) -> None:
    """Draw, a row a list, whether each column is on it; the first column is on none."""
    rows = np.arange(len(names))
    axes.plot(np.zeros(len(names)), rows, "o", mfc="white", mec=style.FAINT, ms=6)
    for place, held in enumerate(on, start=1):
        axes.plot([place] * int((~held).sum()), rows[~held], "o", mfc="white", mec=style.FAINT,
                  ms=6)  # fmt: skip
        axes.plot([place] * int(held.sum()), rows[held], "o-", color=style.INK, ms=6, lw=1.5)
    axes.set_yticks(rows, names, fontsize=style.SMALL)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="both", length=0, labelbottom=False)
    axes.spines[["left", "bottom"]].set_visible(False)
