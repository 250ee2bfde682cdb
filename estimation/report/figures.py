"""Figures: posteriors of the total against a published range."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from estimation.report import style
from estimation.summaries.agreement import Published, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches of a row, of the parts around rows, and of their labels.
_ROW, _AROUND, _LABEL = 1.15, 0.8, 3.0


def missing_plotting() -> str:
    """Return what to install for figures, or nothing if all is there."""
    if importlib.util.find_spec("matplotlib") is None:
        return 'not drawn: matplotlib is not installed; pip install "undercount[plot]"'
    return ""


def drawn(draw: Callable[[], str]) -> str:
    """Draw figures, and return which; if that fails by a fault of ours, why there are none.

    Minutes of fitting are not lost to a figure.  What the disk refuses is an error as elsewhere.

    Parameters
    ----------
    draw : callable
        Returns the names of what it has drawn.
    """
    try:
        return draw()
    except OSError:
        raise
    except Exception as error:
        if os.environ.get("UNDERCOUNT_DEBUG"):
            raise
        words = " ".join(f"{type(error).__name__}: {error}".split()).replace(",", ";")
        return f"not drawn: our fault; please report it: {words}"


def draw_totals(
    rows: Sequence[tuple[str, np.ndarray]],
    published: Published | None,
    prob: float,
    title: str,
    target: Path,
) -> None:
    """Draw the density of each posterior, its median and interval, over the published range.

    Parameters
    ----------
    rows : sequence of (label, draws)
        Posteriors of the total, deaths.
    published : Published, optional
        The range to shade.
    prob : float
        Level of the intervals.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    """
    tails = [(1 - prob) / 2, 0.5, (1 + prob) / 2]
    # the axis shows every interval whole; what little lies far beyond runs off its end
    bounds = np.array(
        [np.quantile(draws, [min(0.002, tails[0] / 2), max(0.985, tails[2])]) for _, draws in rows]
    )
    ends = [bounds[:, 0].min(), bounds[:, 1].max()]
    if published is not None:
        ends = [min(ends[0], published.low), max(ends[1], published.high)]
    margin = 0.03 * (ends[1] - ends[0]) or 1.0
    ends = [ends[0] - margin, ends[1] + margin]
    with style.sheet(title, target, height=_AROUND + _ROW * len(rows), rows=len(rows)) as sheet:
        _, axes = sheet
        for axis, (label, draws) in zip(axes, rows, strict=True):
            if published is not None:
                axis.axvspan(
                    published.low, published.high, color=style.PUBLISHED, alpha=0.25, lw=0,
                    label="published range",
                )  # fmt: skip
            _density(axis, draws)
            low, middle, high = np.quantile(draws, tails)
            axis.plot(
                [low, high], [-0.09, -0.09], color=style.POSTERIOR, lw=2.5, solid_capstyle="butt",
                label=f"{percent(prob)} interval",
            )  # fmt: skip
            axis.plot([middle], [-0.09], "o", color=style.POSTERIOR, ms=6, label="median")
            axis.set_ylim(-0.2, 1.12)
            axis.set_yticks([])
            axis.spines[["left", "right", "top"]].set_visible(False)
            words = style.wrapped(label, _LABEL, 8.5)
            words += f"\n{middle:,.0f}\n({low:,.0f} to {high:,.0f})"
            axis.text(
                -0.01, 0.5, words, transform=axis.transAxes, ha="right", va="center", fontsize=8.5
            )
        last = axes[-1]
        last.set_xlim(*ends)
        style.number_axis(last.xaxis, max(abs(end) for end in ends), style.WIDTH - _LABEL)
        last.set_xlabel("total deaths")


def _density(axis: Axes, draws: np.ndarray) -> None:
    """Draw a histogram as an outline, highest at 1; its own bins keep the edges of hard ranges."""
    # 0.2 % in each tail are left to the ends of the axis, so that bins are not wasted on them
    low, high = np.quantile(draws, [0.002, 0.998])
    heights, edges = np.histogram(draws, bins=50, range=(low, max(high, low + 1)))
    scaled = heights / max(heights.max(), 1)
    axis.stairs(
        scaled, edges, fill=True, color=style.POSTERIOR, alpha=0.45, label="posterior density"
    )
    axis.stairs(scaled, edges, color=style.POSTERIOR, lw=1.0)
