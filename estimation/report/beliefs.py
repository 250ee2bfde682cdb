"""Figure of beliefs: what was believed before the data, and what is believed after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.report import style
from estimation.report.sensitivity import number
from estimation.report.text import rounded
from estimation.summaries.agreement import percent
from estimation.summaries.beliefs import BeliefFound, contraction_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Panels beside each other; inches of one, without the words above it; lines of these words.
_COLUMNS, _PANEL, _LINE = 3, 1.55, 0.15

#: Bins of a density; shares of either tail that no bin is spent on.
_BINS, _TAIL = 30, 0.005

#: Units in words.
_UNITS = {"1": "no unit"}


def draw_beliefs(
    beliefs: Sequence[BeliefFound], prob: float, title: str, target: Path,
    known: Sequence[str] = (),
) -> None:  # fmt: skip
    """Draw the density of each belief before the data, and over it that after.

    Where the posterior is the prior the panel says so: nothing was learned there.

    Parameters
    ----------
    beliefs : sequence of BeliefFound
        One or more.
    prob : float
        Level of the ranges that are told.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    known : sequence of str
        What is taken as known exactly, in words.
    """
    columns = min(_COLUMNS, len(beliefs))
    rows = -(-len(beliefs) // columns)
    inches = style.WIDTH / columns - 0.5
    heads = [_head(one, prob, inches) for one in beliefs]
    lines = max(head.count("\n") + 1 for head in heads)
    height = (_PANEL + _LINE * lines + 0.35) * rows + (0.3 if known else 0)
    with style.sheet(title, target, height=height) as (figure, (whole,)):
        for axes, one, head in zip(
            style.panels(figure, whole, len(beliefs), columns), beliefs, heads, strict=True
        ):
            _draw_panel(axes, one, inches)
            color = style.CONFIRMED if one.unmoved else style.INK
            axes.set_title(head, fontsize=style.SMALL, loc="left", color=color)
        if known:
            words = style.wrapped(f"Taken as known: {'; '.join(known)}", style.WIDTH - 0.5)
            figure.supxlabel(words, fontsize=style.SMALL)
        _explain(whole)


def _head(one: BeliefFound, prob: float, inches: float) -> str:
    """Return name, contraction and the ranges before and after, as lines."""
    (low, _, high), (left, _, right) = one.ends(prob)
    before, after = (f"{_digits(a)} to {_digits(b)}" for a, b in ((low, high), (left, right)))
    said = [one.name.replace("_", " ")]
    if one.unmoved:
        # what is written in capitals is read even by who looks at no curve
        said += ["NOTHING LEARNED: the posterior is the prior", f"{percent(prob)} range {before}"]
    else:
        said += [f"contraction {contraction_words(one.contraction)}: {one.says}",
                 f"{percent(prob)} range {before}, now {after}"]  # fmt: skip
    return "\n".join(style.wrapped(line, inches, style.SMALL) for line in said)


def _digits(value: float) -> str:
    return rounded(value) if abs(value) >= 100 else number(value)


def _draw_panel(axes: Axes, one: BeliefFound, inches: float) -> None:
    seen = np.concatenate([
        np.quantile(values, [_TAIL, 1 - _TAIL]) for values in (one.prior, one.posterior)
    ])  # fmt: skip
    low, high = float(seen.min()), float(seen.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    axes.stairs(
        *_density(one.posterior, low, high), fill=True, facecolor=style.LIGHT,
        edgecolor=style.POSTERIOR, lw=1.0,
    )  # fmt: skip
    axes.stairs(*_density(one.prior, low, high), color=style.INK, lw=1.4, ls="--", zorder=3)
    axes.set_ylim(0, None)
    margin = 0.03 * (high - low)
    axes.set_xlim(low - margin, high + margin)
    style.number_axis(axes.xaxis, max(abs(low), abs(high)), min(inches, 2.0),
                      whole=one.unit == "deaths")  # fmt: skip
    axes.set_yticks([])  # a height is a share of an area that is 1
    axes.set_ylabel("density, area 1", fontsize=style.SMALL)
    words = f"{one.meaning} ({_UNITS.get(one.unit, one.unit)})"
    axes.set_xlabel(style.wrapped(words, inches, style.SMALL), fontsize=style.SMALL)
    axes.tick_params(labelsize=style.SMALL)


def _density(
    values: NDArray[np.float64], low: float, high: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a histogram of area 1 whose bins keep the edges of hard ranges."""
    first, last = (float(end) for end in np.quantile(values, [_TAIL, 1 - _TAIL]))
    if last <= first:
        first, last = first - 0.005 * (high - low), last + 0.005 * (high - low)
    heights, edges = np.histogram(values, bins=_BINS, range=(first, last))
    return heights / (values.size * (edges[1] - edges[0])), edges


def _explain(axes: Axes) -> None:
    """Put what marks mean where the sheet looks for it."""
    axes.plot([], [], color=style.INK, lw=1.4, ls="--", label="before the data (prior)")
    axes.fill_between([], [], [], facecolor=style.LIGHT, edgecolor=style.POSTERIOR,
                      label="after the data (posterior)")  # fmt: skip
