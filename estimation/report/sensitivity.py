"""Figures of sensitivity: what the total owes to each assumption, and what makes it uncertain."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from estimation.report import style
from estimation.summaries.agreement import Published, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches of a line of type, of the parts around rows, of names, of words at the end of a bar, and
#: of the axis beside the names.
_LINE, _AROUND, _NAME, _END, _WIDE = 0.15, 0.85, 1.9, 1.3, 5.6

#: Lines between the words at a bar and the thin intervals above and below them; and half a bar.
_LANE, _HALF_BAR = 0.35, 0.55

#: Inches of the words beside shares; share of a curve's height that a line of words takes.
_BESIDE, _LINE_SHARE = 2.2, 0.05


@dataclasses.dataclass(frozen=True)
class Bar:
    """What the estimate does when one assumption varies.

    Parameters
    ----------
    label : str
        The assumption.
    low_label, high_label : str
        Its values that give the smallest and the largest median.
    low_value, high_value : float
        These medians.
    low_interval, high_interval : (float, float)
        The intervals there.
    """

    label: str
    low_label: str
    high_label: str
    low_value: float
    high_value: float
    low_interval: tuple[float, float]
    high_interval: tuple[float, float]

    @property
    def ends(self) -> tuple[tuple[str, float, tuple[float, float]], ...]:
        """Return label, median and interval of either end, words ready to draw."""
        both = (
            (self.low_label, self.low_value, self.low_interval),
            (self.high_label, self.high_value, self.high_interval),
        )
        return tuple(
            (f"{style.wrapped(label, _END, style.SMALL)}\n{number(value)}", value, interval)
            for label, value, interval in both
        )


def draw_tornado(
    bars: Sequence[Bar], base: tuple[float, float, float], prob: float, title: str, target: Path,
    quantity: str = "total deaths",
) -> None:  # fmt: skip
    """Draw how far the median moves as each assumption varies alone, the widest bar on top.

    Parameters
    ----------
    bars : sequence of Bar
        One for each assumption, in any order.
    base : (low, median, high)
        Median and interval where nothing varies.
    prob : float
        Level of the intervals.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    quantity : str
        What is estimated, for the axis.
    """
    ordered = sorted(bars, key=lambda bar: -abs(bar.high_value - bar.low_value))
    labels = [style.wrapped(bar.label, _NAME, style.SMALL) for bar in ordered]
    words = [max(_lines(end) for end, _, _ in bar.ends) for bar in ordered]
    sizes = [
        max(_lines(label), size + 2 * _LANE) + 1.1
        for label, size in zip(labels, words, strict=True)
    ]
    bottoms = np.cumsum(sizes)
    places = bottoms - np.array(sizes) / 2
    level = percent(prob)
    with style.sheet(title, target, height=_AROUND + _LINE * float(bottoms[-1])) as (_, (axes,)):
        axes.axvspan(base[0], base[2], color=style.SHADE, lw=0, label=f"base: {level} interval")
        low, high = _room(ordered, base)
        _draw_base(axes, base[1], ordered, places, words, (high - low) / _WIDE)
        for bar, place, size in zip(ordered, places, words, strict=True):
            axes.barh(
                place, bar.high_value - bar.low_value, 2 * _HALF_BAR, left=bar.low_value,
                color=style.LIGHT, edgecolor=style.POSTERIOR, lw=1.2, zorder=2,
                label="range of medians" if bar is ordered[0] else None,
            )  # fmt: skip
            for side, (end, value, interval) in zip((-1, 1), bar.ends, strict=True):
                lane = place + side * (size / 2 + _LANE)
                axes.plot([value] * 2, [place + side * _HALF_BAR, lane], color=style.DARK, lw=0.8)
                axes.plot(
                    [interval[0], value, interval[1]], [lane] * 3, "o-", markevery=[1], ms=3.5,
                    color=style.DARK, lw=1.2, zorder=3,
                    label=None if bar is not ordered[0] or side == 1
                    else f"median and {level} interval at either end",
                )  # fmt: skip
                align = "right" if side == -1 else "left"
                axes.annotate(
                    end, (value, place), textcoords="offset points", xytext=(4 * side, 0),
                    ha=align, va="center", multialignment=align, fontsize=style.SMALL, zorder=4,
                )  # fmt: skip
        for bottom in bottoms[:-1]:
            axes.axhline(bottom, color=style.FAINT, lw=0.5, zorder=1)
        axes.set_xlim(low, high)
        largest = max(abs(low), abs(high))
        style.number_axis(axes.xaxis, largest, _WIDE, whole=high - low > 20)
        axes.set_xlabel(f"{quantity}\nat either end: what is assumed, and the median that it gives")
        _name_rows(axes, places, labels, float(bottoms[-1]))


def draw_curve(
    points: Sequence[tuple[float, float, float, float]], title: str, target: Path, *, field: str,
    prob: float = 0.95, quantity: str = "total deaths", published: Published | None = None,
    marks: Sequence[tuple[float, str]] = (),
) -> None:  # fmt: skip
    """Draw the total against one varied number.

    Parameters
    ----------
    points : sequence of (value, low, median, high)
        The number, and the interval and median that it gives; NaN leaves a gap.
    title, target
        As in `draw_tornado`.
    field : str
        What varies, for the axis.
    prob : float
        Level of the interval.
    quantity : str
        What is estimated, for the axis.
    published : Published, optional
        The range to shade.
    marks : sequence of (value, words)
        Where a conclusion tips.
    """
    values, low, middle, high = np.array(sorted(points), float).reshape(-1, 4).T
    reach = [*values, *(value for value, _ in marks)]
    left, right = _widened(min(reach), max(reach), 0.03)
    seen = [*low, *high] if published is None else [*low, *high, published.low, published.high]
    bottom, top = _widened(float(np.nanmin(seen)), float(np.nanmax(seen)), 0.05)
    with style.sheet(title, target, height=4.2) as (_, (axes,)):
        if published is not None:
            axes.axhspan(
                published.low, published.high, facecolor=style.PALE, edgecolor=style.PUBLISHED,
                lw=1.2, ls="--", zorder=0, label="published range", xmin=-0.1, xmax=1.1,
            )  # fmt: skip
        axes.fill_between(
            values, low, high, facecolor=style.POSTERIOR, alpha=0.3, lw=0,
            label=f"{percent(prob)} interval",
        )  # fmt: skip
        axes.vlines(values, low, high, color=style.POSTERIOR, lw=0.8)
        axes.plot(values, middle, "o-", color=style.DARK, lw=1.5, ms=4, label="median")
        axes.set_xlim(left, right)
        lines = _mark(axes, marks, left, right)
        axes.set_ylim(bottom, bottom + (top - bottom) / (1 - min(_LINE_SHARE * lines, 0.6)))
        largest = max(abs(bottom), abs(top))
        style.number_axis(axes.yaxis, largest, whole=largest > 20)
        style.number_axis(axes.xaxis, max(abs(left), abs(right)), 6.5, whole=False)
        axes.set_xlabel(style.wrapped(field, 6.5))
        axes.set_ylabel(quantity)


def draw_anatomy(
    parts: Sequence[tuple[str, float, float, float | None]], title: str, target: Path,
    prob: float = 0.95,
) -> None:  # fmt: skip
    """Draw which share of the interval's width each unknown makes, the largest on top.

    Parameters
    ----------
    parts : sequence of (label, share, error, width)
        Unknowns; their shares of the width, 0 to 1 and 1 together; the standard errors of the
        shares; and the width of the interval if that unknown were known exactly, or None.
    title, target
        As in `draw_tornado`.
    prob : float
        Level of the interval.
    """
    ordered = sorted(parts, key=lambda part: -part[1])
    labels = [style.wrapped(part[0], _NAME, style.SMALL) for part in ordered]
    texts = [_share_words(*part[1:]) for part in ordered]
    sizes = np.array([max(map(_lines, both)) for both in zip(labels, texts, strict=True)]) + 0.9
    bottoms = np.cumsum(sizes)
    places = bottoms - sizes / 2
    shares = 100 * np.array([part[1] for part in ordered])
    errors = 100 * np.nan_to_num([part[2] for part in ordered], posinf=0.0)
    with style.sheet(title, target, height=_AROUND + _LINE * float(bottoms[-1])) as (_, (axes,)):
        axes.barh(
            places, shares, 1.6, color=style.LIGHT, edgecolor=style.POSTERIOR, lw=1.2,
            label="share of the width",
        )  # fmt: skip
        axes.hlines(
            places, shares - errors, shares + errors, color=style.DARK, lw=1.8, zorder=3,
            label="one standard error to either side",
        )  # fmt: skip
        # a share too small for a bar is still seen as a dot
        axes.plot(shares, places, "o", color=style.DARK, ms=3.5, zorder=4, clip_on=False)
        for place, text in zip(places, texts, strict=True):
            axes.annotate(
                text, (1, place), xycoords=axes.get_yaxis_transform(), xytext=(8, 0),
                textcoords="offset points", va="center", fontsize=style.SMALL,
            )  # fmt: skip
        least, most = float((shares - errors).min()), float((shares + errors).max())
        axes.set_xlim(min(1.05 * least, 0.0), max(1.05 * most, 1.0))
        if least < 0:
            axes.axvline(0, color=style.INK, lw=0.8)
        style.number_axis(axes.xaxis, 100, 3.0, whole=False)
        axes.set_xlabel(f"share of the width of the {percent(prob)} interval, %")
        _name_rows(axes, places, labels, float(bottoms[-1]))


def number(value: float) -> str:
    """Return a number in words: whole if it is large, three digits if it is small."""
    if abs(value) >= 100 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _lines(words: str) -> int:
    return words.count("\n") + 1


def _widened(low: float, high: float, share: float) -> tuple[float, float]:
    margin = share * (high - low) or 0.05 * abs(high) or 1.0
    return low - margin, high + margin


def _room(bars: Sequence[Bar], base: tuple[float, float, float]) -> tuple[float, float]:
    """Return the ends of an axis that holds intervals, and bars with the words at their ends."""
    seen = [*base]
    for bar in bars:
        seen += [*bar.low_interval, *bar.high_interval, bar.low_value, bar.high_value]
    first, last = low, high = _widened(min(seen), max(seen), 0.02)
    for _ in range(30):  # wider words need a longer axis, on which words are wider
        inch = (high - low) / (_WIDE - 0.1)
        for bar in bars:
            before, after = (_length(end) * inch for end, _, _ in bar.ends)
            first, last = min(first, bar.low_value - before), max(last, bar.high_value + after)
        low, high = first, last
    return low, high


def _length(words: str) -> float:
    """Return how long words beside a mark are, inches."""
    return (max(map(len, words.split("\n"))) + 1) / style.letters(1.0, style.SMALL)


def _draw_base(
    axes: Axes, median: float, bars: Sequence[Bar], places: np.ndarray, words: Sequence[int],
    inch: float,
) -> None:  # fmt: skip
    """Draw the line of the base, interrupted where the words at a bar stand."""
    turns = [0.0]
    for bar, place, size in zip(bars, places, words, strict=True):
        before, after = (_length(end) * inch for end, _, _ in bar.ends)
        left = bar.low_value - before < median < bar.low_value
        if left or bar.high_value < median < bar.high_value + after:
            turns += [place - size / 2, place + size / 2]
    turns.append(2 * float(places[-1]))  # beyond the last row
    for begin, end in zip(turns[::2], turns[1::2], strict=True):
        axes.plot(
            [median, median], [begin, end], color=style.INK, lw=1.2, ls="--", zorder=2.5,
            label=None if begin else "base: median",
        )  # fmt: skip


def _name_rows(axes: Axes, places: np.ndarray, labels: Sequence[str], bottom: float) -> None:
    """Write the names of rows beside them, the first on top."""
    axes.set_ylim(bottom, 0)
    axes.set_yticks(places, labels, fontsize=style.SMALL)
    axes.tick_params(axis="y", length=0, pad=6)
    axes.spines["left"].set_visible(False)


def _mark(axes: Axes, marks: Sequence[tuple[float, str]], left: float, right: float) -> int:
    """Mark numbers, write the words above the data, and return how many lines they take."""
    center, inch = (left + right) / 2, (right - left) / 6.3
    texts = [style.wrapped(words, 2.2, style.SMALL) for _, words in marks]
    places = []
    for (value, _), text in zip(marks, texts, strict=True):
        width = _length(text) * inch
        places.append((value - width, value) if value > center else (value, value + width))
    lines = style.stacked(places, [_lines(text) for text in texts])
    across = axes.get_xaxis_transform()
    for (value, _), text, line in zip(marks, texts, lines, strict=True):
        height = 1 - _LINE_SHARE * line
        axes.plot([value, value], [0, height], transform=across, color=style.INK, lw=1.0, ls=":")
        axes.annotate(
            text, (value, height), xycoords=across, textcoords="offset points",
            xytext=(-3 if value > center else 3, 0), ha="right" if value > center else "left",
            va="top", fontsize=style.SMALL, color=style.INK,
            bbox={"facecolor": "white", "lw": 0, "pad": 0.3},
        )  # fmt: skip
    return max((line + _lines(text) for line, text in zip(lines, texts, strict=True)), default=0)


def _share_words(share: float, error: float, width: float | None) -> str:
    words = percent(share)
    if np.isfinite(error):
        more = f"(standard error {percent(error)})"
        fits = len(f"{words} {more}") <= style.letters(_BESIDE, style.SMALL)
        words += (" " if fits else "\n") + more
    if width is not None:
        words += f"\nif it were known exactly: interval {number(width)} wide"
    return style.wrapped(words, _BESIDE, style.SMALL)
