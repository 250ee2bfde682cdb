"""A figure of overlapping lists: all methods, the curve of dependence, tests of known answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.overlap.overlap import Overlap
from estimation.report import style
from estimation.report.overlap_linkage import draw_linkage
from estimation.summaries.agreement import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches of a line of an interval, and of what stands around it.
_LINE, _AROUND = 0.3, 1.3

#: The axis is cut at so many times the largest median: limits beyond are arrows.
_FARTHEST = 6.0


def draw_overlap(found: Overlap, title: str, target: Path) -> None:
    """Draw intervals of all methods, and below them how the total moves with dependence.

    Of draws of a linkage a panel shows the estimate from each.

    Parameters
    ----------
    found : Overlap
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    """
    bounds = {name for name, one in found.estimates.items() if one.bound}
    tests = [row for row in found.self_test if not row["refused"] and row["method"] not in bounds]
    parts = [len(found.estimates), 5]
    parts += [5] if found.linkage else []
    parts += [len(tests)] if tests else []
    height = sum(_AROUND + _LINE * part for part in parts)
    with style.sheet(title, target, height=height, rows=len(parts), shared=False) as (_, axes):
        grid = axes[0].get_gridspec()
        assert grid is not None
        grid.set_height_ratios([_AROUND + _LINE * part for part in parts])
        _draw_methods(axes[0], found)
        _draw_dependence(axes[1], found)
        if found.linkage:
            draw_linkage(axes[2], found)
        if tests:
            _draw_tests(axes[-1], tests, found.prob)
        for place, axis in enumerate(axes):
            if place == 0 or (tests and place == len(axes) - 1):
                axis.spines["left"].set_visible(False)


def _end(rows: list[dict[str, Any]]) -> float:
    """Return where the axis of totals ends."""
    medians = max(row["median"] for row in rows)
    return float(min(max(row["high"] for row in rows), _FARTHEST * medians)) * 1.05


def _draw_methods(axis: Axes, found: Overlap) -> None:
    rows = [one.row(found.prob) for one in found.estimates.values()]
    end = _end(rows)
    alone = {row["method"]: row for row in found.linkage.rows} if found.linkage else {}
    for place, (row, one) in enumerate(zip(rows, found.estimates.values(), strict=True)):
        color = style.INK if row["method"] == "mixture" else style.POSTERIOR
        color = style.CONFIRMED if one.bound else color
        _interval(axis, place, row, end, color, mark="|" if one.bound else "o")
        if row["method"] in alone:
            inner = alone[row["method"]]
            axis.plot([inner["low_alone"], min(inner["high_alone"], end)], [place, place],
                      color=color, lw=6, alpha=0.45, solid_capstyle="butt")  # fmt: skip
    axis.axvline(found.first.observed, color=style.FAINT, lw=1.2, ls=":", label="on any list")
    axis.plot([], [], "o-", color=style.POSTERIOR, label=f"median, {percent(found.prob)} interval")
    if alone:
        axis.plot([], [], color=style.POSTERIOR, lw=6, alpha=0.45, label="without linkage error")
    if any(one.bound for one in found.estimates.values()):
        axis.plot([], [], "|-", color=style.CONFIRMED, label="lower bound")
    _label(axis, [row["method"].replace("_", " ") for row in rows], end)
    axis.set_xlabel("persons in all")


def _interval(
    axis: Axes, place: float, row: dict[str, Any], end: float, color: str, mark: str = "o"
) -> None:
    high = min(row["high"], end)
    axis.plot([row["low"], high], [place, place], color=color, lw=2.2, solid_capstyle="butt")
    if row["high"] > end:  # goes on
        axis.plot([end], [place], ">", color=color, ms=6, clip_on=False)
    axis.plot([row["median"]], [place], mark, color=color, ms=10 if mark == "|" else 6, mew=2)


def _label(axis: Axes, names: list[str], end: float) -> None:
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.set_xlim(0, end)
    axis.tick_params(axis="y", length=0)
    style.number_axis(axis.xaxis, end, style.WIDTH - 2)


def _draw_dependence(axis: Axes, found: Overlap) -> None:
    # a bound is no estimate, and has no curve
    shown = {row["method"] for row in found.dependence}
    method = found.first.method if found.first.method in shown else found.dependence[0]["method"]
    rows = [row for row in found.dependence if row["method"] == method]
    factor = [row["factor"] for row in rows]
    low, middle, high = ([row[key] for row in rows] for key in ("low", "median", "high"))
    axis.fill_between(factor, low, high, color=style.LIGHT, lw=0)
    axis.plot(factor, middle, "o-", color=style.POSTERIOR, ms=5)
    axis.axhline(found.first.observed, color=style.FAINT, lw=1.2, ls=":")
    axis.set_xscale("log")
    axis.set_xticks(factor, [f"{one:.3g}" for one in factor])
    axis.minorticks_off()
    axis.set_ylim(0, _end(rows))
    axis.set_xlabel("odds to be on no list, against those that the assumption implies")
    own = "" if method == found.first.method else f" ({method.replace('_', ' ')})"
    axis.set_ylabel(f"persons in all{own}")
    style.number_axis(axis.yaxis, _end(rows), 2.5)


def _draw_tests(axis: Axes, rows: list[dict[str, Any]], prob: float) -> None:
    ratios = [{key: row[key] / row["truth"] for key in ("low", "median", "high")} for row in rows]
    end = max(2.0, min(max(row["high"] for row in ratios), _FARTHEST) * 1.05)
    for place, (row, ratio) in enumerate(zip(rows, ratios, strict=True)):
        color = style.POSTERIOR if row["holds"] else style.CONFIRMED
        _interval(axis, place, ratio, end, color, "o" if row["holds"] else "D")
    axis.axvline(1.0, color=style.INK, lw=1.0, ls="--")
    axis.set_yticks(range(len(rows)), [f"{row['list']}, {row['method']}" for row in rows])
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_xlim(0, end)
    axis.tick_params(axis="y", length=0, labelsize=style.SMALL)
    axis.set_xlabel("size of each list, estimated from the others, against the truth")
