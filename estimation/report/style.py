"""What figures share: colors, fonts, a sheet that is saved as SVG and PNG, words for numbers."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

#: Blue, orange and vermilion of the Okabe-Ito palette: told apart by color-blind readers.  In gray
#: print they differ too, and nothing is told by color alone.
POSTERIOR, PUBLISHED, CONFIRMED = "#0072B2", "#E69F00", "#D55E00"
#: Darker and lighter blue, for medians and wide bands; paler orange, for areas.
DARK, LIGHT, PALE = "#00405F", "#A6CEE3", "#F8DFA8"
INK, FAINT, SHADE = "#333333", "#BBBBBB", "#EEEEEE"

#: Sizes of type, points; the width of an average letter as a share of them.
SMALL, NORMAL, LARGE = 8.0, 9.0, 11.0
_LETTER = 0.6

#: Inches; and dots an inch of the PNG.
WIDTH, _DOTS = 8.0, 150
#: Margins, and the row that says what marks mean, inches.
_MARGIN, _LEGEND = 0.08, 0.25

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": NORMAL,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": False,
    "text.parse_math": False,  # a dollar in a title is a dollar
    "svg.hashsalt": "undercount",  # the same figure gives the same bytes
    "figure.constrained_layout.h_pad": _MARGIN,
    "figure.constrained_layout.w_pad": _MARGIN,
}


@contextlib.contextmanager
def sheet(
    title: str, target: Path, *, height: float, rows: int = 1, shared: bool = True
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Give a figure to draw on, and save it as SVG and PNG.

    The figure is unknown to pyplot: none stays open, and the backend of the caller is left alone.

    Parameters
    ----------
    title : str
        Heading; wrapped.
    target : Path
        File name without ending.
    height : float
        Inches, without heading and legend.
    rows : int
        Axes, one above the other.
    shared : bool
        Whether their horizontal axis is one.

    Yields
    ------
    figure, axes
    """
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    heading = wrapped(title, WIDTH - 2 * _MARGIN, LARGE)
    top = _MARGIN + (heading.count("\n") + 1) * LARGE * 1.3 / 72
    height += top + _LEGEND
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        layout = ConstrainedLayoutEngine()
        figure = Figure(figsize=(WIDTH, height), layout=layout)
        axes = list(figure.subplots(rows, 1, sharex=shared, squeeze=False)[:, 0])
        yield figure, axes
        figure.text(0.5, 1 - _MARGIN / height, heading, ha="center", va="top", fontsize=LARGE)
        handles, labels = axes[0].get_legend_handles_labels()
        if handles:
            # what the marks mean stands under the heading, where it covers nothing
            meanings = figure.legend(
                handles, labels, loc="upper center", bbox_to_anchor=(0.5, 1 - top / height),
                ncols=len(handles), fontsize=SMALL, frameon=False, borderaxespad=0.0,
            )  # fmt: skip
            meanings.set_in_layout(False)
            top += _LEGEND
        layout.set(rect=(0, 0, 1, 1 - top / height))
        figure.savefig(ending(target, ".svg"), metadata={"Date": None, "Title": title})
        figure.savefig(ending(target, ".png"), dpi=_DOTS)


def panels(figure: Figure, whole: Axes, size: int, columns: int) -> list[Axes]:
    """Return small axes in rows and columns in the place of one, which holds the legend alone.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    whole : matplotlib.axes.Axes
        The only one of a sheet.
    size : int
        How many.
    columns : int
    """
    whole.set_axis_off()
    place = whole.get_subplotspec()
    assert place is not None
    grid = place.subgridspec(-(-size // columns), columns)
    return [figure.add_subplot(grid[at // columns, at % columns]) for at in range(size)]


def ending(target: Path, suffix: str) -> Path:
    """Return the file name with an ending; dots in the name stay."""
    return target.with_name(target.name + suffix)


def letters(inches: float, size: float = NORMAL) -> int:
    """Return how many letters of a type size fit into a width."""
    return max(int(72 * inches / (_LETTER * size)), 1)


def wrapped(words: str, inches: float, size: float = NORMAL) -> str:
    """Return words in lines of a width, longer words broken."""
    lines = words.splitlines() or [""]
    return "\n".join("\n".join(textwrap.wrap(line, letters(inches, size))) for line in lines)


def number_axis(
    axis: Axis, largest: float, inches: float | None = None, *, whole: bool = True, ticks: int = 6
) -> None:
    """Let an axis show plain numbers with thousands separators.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
    largest : float
        The largest number on it.
    inches : float, optional
        Length of a horizontal axis: long numbers get fewer ticks.
    whole : bool
        Whether it counts, so that ticks are whole numbers.
    ticks : int
        Intervals between ticks at most, of an axis without a stated length.
    """
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if inches is not None:
        wide = _LETTER * NORMAL / 72 * (len(f"{largest:,.0f}") + 1)
        ticks = min(max(int(inches / wide), 2), 8)
    axis.set_major_locator(MaxNLocator(ticks, integer=whole, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.12g}"))


def band(
    draws: NDArray[Any], prob: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return low end, median and high end of the equal-tailed interval, draws on the first axis."""
    ends = np.quantile(np.asarray(draws, float), [(1 - prob) / 2, 0.5, (1 + prob) / 2], axis=0)
    return ends[0], ends[1], ends[2]


def stacked(places: Sequence[tuple[float, float]], heights: Sequence[int]) -> list[int]:
    """Return the line on which each label begins, so that none covers another.

    Parameters
    ----------
    places : sequence of (left, right)
        Where each label stands.
    heights : sequence of int
        Lines of each.
    """
    taken: list[tuple[float, float, int, int]] = []
    for (left, right), height in zip(places, heights, strict=True):
        beside = sorted((a, b) for x, y, a, b in taken if left < y and x < right)
        line = 0
        for begin, end in beside:
            if begin < line + height and line < end:
                line = end
        taken.append((left, right, line, line + height))
    return [line for _, _, line, _ in taken]
