"""What draws of a linkage say: in words, and a panel of the figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.overlap.overlap import Overlap
from estimation.report import style
from estimation.report.text import table
from estimation.summaries.agreement import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The axis is cut at so many times the largest median.
_FARTHEST = 4.0


def linkage_sentence(found: Overlap) -> str:
    """Return how much of the variance of the answer is error of linkage; empty without draws."""
    row = _row(found, found.first.method)
    if row is None:
        return ""
    said = f" Linkage error is {_share(row['share_linkage'])} of the variance"
    if row["share_reach"] is not None and row["share_linkage"] > 0:
        said += f", {_share(row['share_reach'])} of that by how many links blocking let through"
    return f"{said}."


def _row(found: Overlap, method: str) -> dict[str, Any] | None:
    rows = found.linkage.rows if found.linkage else []
    return next((row for row in rows if row["method"] == method), None)


def _share(value: float | None) -> str:
    if value is None:
        return "-"
    return "less than 1 %" if 0 < value < 0.005 else f"{value:.0%}".replace("%", " %")


def linkage_says(found: Overlap) -> str:
    """Return the table of linkage error by method; empty without draws."""
    if found.linkage is None:
        return ""
    level = percent(found.prob)
    cells = [
        [row["method"].replace("_", " "), f"{row['draws']}", _share(row["share_linkage"]),
         _share(row["share_linkage_unseen"]), _share(row["share_reach"]),
         f"{row['low']:,.0f} to {row['high']:,.0f}",
         f"{row['low_alone']:,.0f} to {row['high_alone']:,.0f}"]
        for row in found.linkage.rows
    ]  # fmt: skip
    head = ["method", "draws", "of log total", "of log unseen", "by reach", f"with it ({level})",
            "without it"]  # fmt: skip
    said = (
        "Linkage error: its share of the variance, and how much of that share reach explains "
        "(the share of true links that blocking let through)\n" + table(head, cells)
    )
    curve = found.linkage.reach_rows()
    if not curve:
        return said
    values = sorted({row["reach"] for row in curve})
    by_reach = [
        [method.replace("_", " "),
         *(f"{row['total']:,.0f}" for row in curve if row["method"] == method)]
        for method in dict.fromkeys(row["method"] for row in curve)
    ]  # fmt: skip
    head = ["method", *(f"{value:.1%}" for value in values)]
    return f"{said}\n\nTotal, if blocking let so many of the true links through\n" + table(
        head, by_reach
    )


def _shown(found: Overlap) -> str:
    """Return the method whose draws are shown: the one with the largest weight, or the first."""
    linked = found.linkage.linked if found.linkage else {}
    weights = found.mixed.weights if found.mixed else {}
    return max(linked, key=lambda name: (weights.get(name, 0.0), len(linked[name].places)))


def draw_linkage(axis: Axes, found: Overlap) -> None:
    """Draw the estimate from each draw of the linkage, by reach or else in order of size.

    Parameters
    ----------
    axis : Axes
    found : Overlap
        With `linkage`.
    """
    linkage = found.linkage
    assert linkage is not None
    method = _shown(found)
    rows = [row for row in linkage.draw_rows(found.prob) if row["method"] == method]
    rows.sort(key=lambda row: row["median"])
    line = linkage.linked[method].reach(linkage.reach)
    places = [row["reach"] for row in rows] if line else list(range(1, len(rows) + 1))
    medians = [row["median"] for row in rows]
    end = min(max(row["high"] for row in rows), _FARTHEST * max(medians)) * 1.05
    low = min(row["low"] for row in rows) * 0.95
    axis.vlines(places, [row["low"] for row in rows], [min(row["high"], end) for row in rows],
                color=style.LIGHT, lw=1.6)  # fmt: skip
    axis.plot(places, medians, "o", color=style.POSTERIOR, ms=4)
    if line:
        ends = np.linspace(min(places), max(places), 50)
        axis.plot(ends, line.total(ends), color=style.CONFIRMED, lw=1.4, ls="--")
        axis.set_xlabel("share of true links that blocking let through, as each draw takes it")
    else:
        axis.set_xlabel("draws of the linkage, by size of the estimate")
    axis.set_ylim(low, end)
    axis.set_ylabel(f"persons in all\n({method.replace('_', ' ')})")
    style.number_axis(axis.yaxis, end, 2.5)
