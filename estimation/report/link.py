"""A figure of a linkage: compared pairs by their odds, and persons on two lists by draw."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from estimation.linkage.link import Linked
from estimation.linkage.quality import overlap_rows
from estimation.report import style
from estimation.summaries.agreement import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches of a line of an interval, and of what stands around it.
_LINE, _AROUND = 0.34, 1.3

_PROB = 0.95

_RAISED = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)


def draw_link(linked: Linked, target: Path) -> None:
    """Draw how pairs divide into links and others, and how many persons two lists share.

    Parameters
    ----------
    linked : Linked
    target : Path
        File name without ending; SVG and PNG are written.
    """
    rows = overlap_rows(linked, _PROB)
    heights = [3.4, _AROUND + _LINE * len(rows)]
    title = f"{len(linked.prepared):,} records on {len(linked.names)} lists, linked"
    with style.sheet(title, target, height=sum(heights), rows=2, shared=False) as (_, axes):
        grid = axes[0].get_gridspec()
        assert grid is not None
        grid.set_height_ratios(heights)
        _draw_pairs(axes[0], linked)
        _draw_overlaps(axes[1], linked)


def _draw_pairs(axis: Axes, linked: Linked) -> None:
    chance = np.clip(linked.probability, 1e-12, 1 - 1e-12)
    odds = np.clip(np.log10(chance / (1 - chance)), -4, 12)
    edges = np.arange(-4, 12.01, 0.5)
    links, _ = np.histogram(odds, edges, weights=chance)
    whole, _ = np.histogram(odds, edges)
    axis.bar(edges[:-1], links, width=0.46, align="edge", color=style.POSTERIOR, label="links")
    axis.bar(edges[:-1], whole - links, width=0.46, align="edge", bottom=links, color=style.FAINT,
             label="others")  # fmt: skip
    ticks = np.arange(-4, 13, 2)
    axis.set_xticks(
        ticks, ["1" if one == 0 else "10" + str(one).translate(_RAISED) for one in ticks]
    )
    axis.set_xlabel("odds of a compared pair to be one person")
    axis.set_ylabel("pairs")


def _draw_overlaps(axis: Axes, linked: Linked) -> None:
    rows = overlap_rows(linked, _PROB)
    end = 1.1 * max(row["both"]["high"] for row in rows)
    for place, row in enumerate(rows):
        for key, shift, color in (
            ("compared", -0.12, style.FAINT),
            ("both", 0.12, style.POSTERIOR),
        ):
            one = row[key]
            axis.plot([one["low"], one["high"]], [place + shift] * 2, color=color, lw=2.4)
            axis.plot([one["median"]], [place + shift], "o", color=color, ms=6)
    axis.plot([], [], "o-", color=style.FAINT, label="compared and linked")
    axis.plot([], [], "o-", color=style.POSTERIOR,
              label=f"missed links put back, {percent(_PROB)} interval")  # fmt: skip
    axis.set_yticks(range(len(rows)), [" + ".join(row["lists"]) for row in rows])
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_xlim(0, end)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel("persons on both lists")
    style.number_axis(axis.xaxis, end, style.WIDTH - 2)
    axis.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
