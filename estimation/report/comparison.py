"""Figures that compare models: how well they predict, and the mixture of their totals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimation.report import style
from estimation.report.sensitivity import number
from estimation.summaries.agreement import Published, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches of a line of type, of the parts around rows, of names, of verdicts, of the axis.
_LINE, _AROUND, _NAME, _VERDICT, _WIDE = 0.16, 0.95, 2.0, 1.8, 2.6

#: Inches of a model in a mixture, of the parts around it, and of its name.
_ROW, _MIXED_AROUND, _LABEL = 0.85, 0.8, 2.8

Floats = NDArray[np.float64]


def draw_comparison(
    rows: Sequence[tuple[str, float, float, float | None, str]], title: str, target: Path
) -> None:
    """Draw how much worse than the best model each model predicts.

    Parameters
    ----------
    rows : sequence of (label, difference, error, weight, verdict)
        Models; the difference of the expected log predictive density to that of the best, 0 or
        below, and its standard error, NaN where no ranking is possible; the weight, 0 to 1, or
        None; and what follows.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    """
    ordered = sorted(rows, key=lambda row: -row[1] if np.isfinite(row[1]) else np.inf)
    labels = [style.wrapped(row[0], _NAME, style.SMALL) for row in ordered]
    verdicts = [style.wrapped(row[4], _VERDICT, style.SMALL) for row in ordered]
    weights = ["" if row[3] is None else percent(row[3]) for row in ordered]
    sizes = np.array(
        [
            max(one.count("\n"), two.count("\n")) + 2.0
            for one, two in zip(labels, verdicts, strict=True)
        ]
    )
    bottoms = np.cumsum(sizes)
    places = bottoms - sizes / 2
    differences = np.array([row[1] for row in ordered], float)
    reach = 2 * np.nan_to_num([row[2] for row in ordered])
    with style.sheet(title, target, height=_AROUND + _LINE * float(bottoms[-1])) as (_, (axes,)):
        axes.axvline(0, color=style.INK, lw=1.0, ls="--", label="the best model")
        axes.hlines(
            places, differences - reach, differences + reach, color=style.POSTERIOR, lw=1.8,
            label="two standard errors to either side",
        )  # fmt: skip
        axes.plot(differences, places, "o", color=style.DARK, ms=5, zorder=3, label="difference")
        columns = [("verdict", verdicts)]
        if any(weights):
            columns.insert(0, ("weight", weights))
        _write_columns(axes, places, columns)
        for bottom in bottoms[:-1]:
            axes.axhline(bottom, color=style.FAINT, lw=0.5)
        seen = [0.0, *(differences - reach), *(differences + reach)]
        low, high = float(np.nanmin(seen)), float(np.nanmax(seen))
        margin = 0.05 * (high - low) or 1.0
        axes.set_xlim(low - margin, high + margin)
        style.number_axis(axes.xaxis, max(-low, high, 10.0), _WIDE, whole=False)
        axes.set_xlabel("expected log predictive density,\ndifference to the best; left is worse")
        axes.set_ylim(float(bottoms[-1]), 0)
        axes.set_yticks(places, labels, fontsize=style.SMALL)
        axes.tick_params(axis="y", length=0, pad=6)
        axes.spines["left"].set_visible(False)


def draw_mixture(
    parts: Sequence[tuple[str, float, ArrayLike]], mixture: tuple[float, float, float],
    prob: float, title: str, target: Path, published: Published | None = None,
    quantity: str = "total deaths",
) -> None:  # fmt: skip
    """Draw the density of each model's total, filled to its weight, and that of their mixture.

    Parameters
    ----------
    parts : sequence of (label, weight, draws)
        Models; their weights, 0 to 1 and 1 together; and draws of their totals, as many as each
        has.
    mixture : (low, median, high)
        Interval and median of the mixture.
    prob : float
        Level of the intervals.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    published : Published, optional
        The range to shade.
    quantity : str
        What is estimated, for the axis.
    """
    totals = [np.asarray(draws, float).ravel() for _, _, draws in parts]
    stated = [weight for _, weight, _ in parts]
    tails = [(1 - prob) / 2, 0.5, (1 + prob) / 2]
    summaries = [tuple(float(end) for end in np.quantile(draws, tails)) for draws in totals]
    labels = [f"{label}\nweight {percent(weight)}" for label, weight, _ in parts]
    pooled = np.concatenate(totals)
    shares = np.concatenate(
        [
            np.full(draws.size, weight / draws.size)
            for draws, weight in zip(totals, stated, strict=True)
        ]
    )
    rows = [
        *zip(
            labels,
            totals,
            [np.ones(draws.size) for draws in totals],
            stated,
            summaries,
            strict=True,
        ),
        ("mixture of these", pooled, shares, 1.0, mixture),
    ]
    names = [style.wrapped(row[0], _LABEL, style.SMALL) for row in rows]
    heights = [max(_ROW, 0.15 * (name.count("\n") + 3.5)) for name in names]
    low, high = _ends(totals, [*summaries, mixture], published)
    height = _MIXED_AROUND + max(heights) * len(rows)
    with style.sheet(title, target, height=height, rows=len(rows)) as (_, axes):
        for axis, name, row in zip(axes, names, rows, strict=True):
            if published is not None:
                axis.axvspan(
                    published.low, published.high, color=style.PUBLISHED, alpha=0.25, lw=0,
                    label="published range",
                )  # fmt: skip
            _, draws, weights, weight, (left, middle, right) = row
            _weighted_density(axis, draws, weights, weight)
            axis.plot(
                [left, right], [-0.1, -0.1], color=style.POSTERIOR, lw=2.5,
                solid_capstyle="butt", label=f"{percent(prob)} interval",
            )  # fmt: skip
            axis.plot([middle], [-0.1], "o", color=style.DARK, ms=5, label="median")
            words = f"{name}\n{number(middle)}\n({number(left)} to {number(right)})"
            last = axis is axes[-1]
            axis.text(
                -0.01, 0.5, words, transform=axis.transAxes, ha="right", va="center",
                fontsize=style.SMALL, fontweight="bold" if last else "normal",
            )  # fmt: skip
            axis.set_ylim(-0.25, 1.12)
            axis.set_yticks([])
            axis.spines[["left", "right", "top"]].set_visible(False)
        axes[-1].set_xlim(low, high)
        largest = max(abs(low), abs(high))
        style.number_axis(axes[-1].xaxis, largest, style.WIDTH - _LABEL, whole=high - low > 20)
        axes[-1].set_xlabel(quantity)


def _write_columns(
    axes: Axes, places: Floats, columns: Sequence[tuple[str, Sequence[str]]]
) -> None:
    """Write columns of words beside the axes, with headings."""
    offset = 10.0
    beside = axes.get_yaxis_transform()
    for heading, words in columns:
        cells = [
            (0.0, heading, "bottom"),
            *((y, w, "center") for y, w in zip(places, words, strict=True)),
        ]
        for place, text, align in cells:
            axes.annotate(
                text, (1, place), xycoords=beside, textcoords="offset points",
                xytext=(offset, 0), va=align, fontsize=style.SMALL,
                fontweight="bold" if align == "bottom" else "normal",
            )  # fmt: skip
        longest = max(len(line) for text in (heading, *words) for line in text.split("\n"))
        offset += (longest + 2) * 72 / style.letters(1.0, style.SMALL)


def _ends(
    totals: Sequence[Floats], summaries: Sequence[tuple[float, ...]], published: Published | None
) -> tuple[float, float]:
    """Return the ends of an axis that shows intervals whole and nearly all of the densities."""
    seen = [end for summary in summaries for end in summary]
    for draws in totals:
        seen += [float(end) for end in np.quantile(draws, [0.002, 0.985])]
    if published is not None:
        seen += [published.low, published.high]
    margin = 0.03 * (max(seen) - min(seen)) or 1.0
    return min(seen) - margin, max(seen) + margin


def _weighted_density(axis: Axes, draws: Floats, weights: Floats, fill: float) -> None:
    """Draw a histogram of weighted draws as an outline, highest at 1, and fill it to a height."""
    order = np.argsort(draws, kind="stable")
    mass = np.cumsum(weights[order])
    # 0.2 % in each tail are left out, so that bins are not wasted on them
    low, high = draws[order][np.searchsorted(mass, [0.002 * mass[-1], 0.998 * mass[-1]])]
    if low == high:  # equal draws stand in the middle bin of a narrow range
        half = 0.005 * abs(low) or 0.5
        low, high = low - half, high + half
    heights, edges = np.histogram(draws, bins=50, range=(low, high), weights=weights)
    scaled = heights / (heights.max() or 1.0)
    axis.stairs(
        fill * scaled, edges, fill=True, color=style.POSTERIOR, alpha=0.45,
        label="filled to its weight",
    )  # fmt: skip
    axis.stairs(scaled, edges, color=style.POSTERIOR, lw=1.0, label="posterior density")
