"""Figures: posteriors of the total against a published range."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from estimation.summaries.agreement import Published, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Blue and orange of the Okabe-Ito palette: told apart by color-blind readers and in gray print.
_POSTERIOR, _PUBLISHED = "#0072B2", "#E69F00"


def missing_plotting() -> str:
    """Return what to install for figures, or nothing if all is there."""
    if importlib.util.find_spec("matplotlib") is None:
        return 'not drawn: matplotlib is not installed; pip install "undercount[plot]"'
    return ""


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
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import StrMethodFormatter

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
    style = {"font.family": "DejaVu Sans", "svg.hashsalt": "undercount", "axes.linewidth": 0.8}
    with pyplot.rc_context(style):
        figure, axes = pyplot.subplots(
            len(rows), 1, sharex=True, squeeze=False, layout="constrained",
            figsize=(8, 1.2 + 1.15 * len(rows)),
        )  # fmt: skip
        for axis, (label, draws) in zip(axes[:, 0], rows, strict=True):
            if published is not None:
                axis.axvspan(published.low, published.high, color=_PUBLISHED, alpha=0.25, lw=0)
            _density(axis, draws)
            low, middle, high = np.quantile(draws, tails)
            axis.plot([low, high], [-0.09, -0.09], color=_POSTERIOR, lw=2.5, solid_capstyle="butt")
            axis.plot([middle], [-0.09], "o", color=_POSTERIOR, ms=6)
            axis.set_ylim(-0.2, 1.12)
            axis.set_yticks([])
            axis.spines[["left", "right", "top"]].set_visible(False)
            words = f"{label}\n{middle:,.0f}\n({low:,.0f} to {high:,.0f})"
            axis.text(
                -0.01, 0.5, words, transform=axis.transAxes, ha="right", va="center", fontsize=8.5
            )
        last = axes[-1, 0]
        last.set_xlim(*ends)
        last.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        last.set_xlabel(
            f"total deaths (curve: posterior density; point: median; bar: {percent(prob)} interval"
            + ("; shaded: published range)" if published is not None else ")"),
            fontsize=9,
        )
        figure.suptitle(title, fontsize=11)
        figure.savefig(target.with_suffix(".svg"), metadata={"Date": None})
        figure.savefig(target.with_suffix(".png"), dpi=150)
        pyplot.close(figure)


def _density(axis: Axes, draws: np.ndarray) -> None:
    """Draw a histogram as an outline, highest at 1; its own bins keep the edges of hard ranges."""
    # 0.2 % in each tail are left to the ends of the axis, so that bins are not wasted on them
    low, high = np.quantile(draws, [0.002, 0.998])
    heights, edges = np.histogram(draws, bins=50, range=(low, max(high, low + 1)))
    scaled = heights / max(heights.max(), 1)
    axis.stairs(scaled, edges, fill=True, color=_POSTERIOR, alpha=0.45)
    axis.stairs(scaled, edges, color=_POSTERIOR, lw=1.0)
