"""Figures of calibration: ranks, or places among forecasts, against the uniform distribution."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from estimation.report import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Panels beside each other, and inches of one.
_COLUMNS, _PANEL = 3, 1.75

#: Points of a curve at most: more are finer than its line.
_MOST_POINTS = 200


class Uniform(NamedTuple):
    """Values in (0, 1), and how far their distribution may be from uniform.

    Parameters
    ----------
    label : str
    values : (n,) numbers
    envelope : float
        What the largest distance may be.
    says : str
        What follows, in a line.
    sound : bool
        Whether nothing is wrong with them.
    """

    label: str
    values: ArrayLike
    envelope: float
    says: str
    sound: bool


def draw_uniform(
    panels: Sequence[Uniform], title: str, target: Path, *, across: str, band: str
) -> None:
    """Draw, a panel each, how far a distribution is from uniform, over what it may be.

    Parameters
    ----------
    panels : sequence of Uniform
        One or more.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    across : str
        What the values are, for the axis.
    band : str
        What the band is, for the legend.
    """
    columns = 2 if len(panels) == 4 else min(_COLUMNS, len(panels))
    inches = style.WIDTH / columns - 0.6
    heads = [
        "\n".join(style.wrapped(line, inches, style.SMALL) for line in (one.label, one.says))
        for one in panels
    ]
    lines = max(head.count("\n") + 1 for head in heads)
    rows = -(-len(panels) // columns)
    reach = 1.2 * max(max(_farthest(one), one.envelope) for one in panels)
    with style.sheet(title, target, height=(_PANEL + 0.15 * lines) * rows + 0.35) as sheet:
        figure, (whole,) = sheet
        axes = style.panels(figure, whole, len(panels), columns)
        for place, (axis, one, head) in enumerate(zip(axes, panels, heads, strict=True)):
            _draw_panel(axis, one)
            axis.set_title(head, fontsize=style.SMALL, loc="left",
                           color=style.INK if one.sound else style.CONFIRMED)  # fmt: skip
            axis.set_ylim(-reach, reach)
            style.number_axis(axis.yaxis, reach, whole=False, ticks=5)
            axis.tick_params(labelsize=style.SMALL)
            if place % columns == 0:
                axis.set_ylabel("share below,\nless uniform", fontsize=style.SMALL)
            if place + columns >= len(panels):
                axis.set_xlabel(style.wrapped(across, inches, style.SMALL), fontsize=style.SMALL)
        whole.fill_between([], [], [], color=style.SHADE, label=band)
        whole.plot([], [], color=style.POSTERIOR, lw=1.3, label="found")


def _sorted(one: Uniform) -> np.ndarray:
    return np.sort(np.asarray(one.values, float).ravel())


def _farthest(one: Uniform) -> float:
    values = _sorted(one)
    steps = np.arange(values.size + 1) / values.size
    return float(max(np.max(steps[1:] - values), np.max(values - steps[:-1])))


def _draw_panel(axes: Axes, one: Uniform) -> None:
    values = _sorted(one)
    points = np.linspace(0, 1, _MOST_POINTS + 1)
    # no share is below 0 or above 1, however far it may be from uniform
    low, high = np.maximum(-one.envelope, -points), np.minimum(one.envelope, 1 - points)
    axes.fill_between(points, low, high, color=style.SHADE, lw=0)
    below = np.searchsorted(values, points, side="right") / values.size
    if values.size <= _MOST_POINTS:  # each step, from its foot to its top: what is judged is seen
        points = np.concatenate([[0.0], np.repeat(values, 2), [1.0]])
        below = np.repeat(np.arange(values.size + 1), 2) / values.size
    axes.axhline(0, color=style.INK, lw=0.8, ls="--")
    axes.plot(points, below - points, color=style.POSTERIOR, lw=1.3)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
