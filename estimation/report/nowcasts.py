"""Figures of nowcasts: the fan of the last periods, past fans beside what came, coverage."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from estimation.report import style
from estimation.report.dates import Timeline
from estimation.summaries.agreement import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Bands of a single nowcast and of the panels of a replay, the widest first.
_BANDS, _PANEL_BANDS = (0.95, 0.8, 0.5), (0.9, 0.5)

#: From pale to strong.
_SHADES = {0.95: (style.LIGHT, 0.6), 0.9: (style.LIGHT, 1.0), 0.8: (style.LIGHT, 1.0),
           0.5: (style.POSTERIOR, 0.7)}  # fmt: skip

_MOST_PANELS, _COLUMNS, _PANEL_HEIGHT = 12, 3, 1.75

#: Shapes of marks, so that methods are told apart without color.
_MARKS = (("o", style.POSTERIOR), ("s", style.CONFIRMED), ("^", style.INK))


class Panel(NamedTuple):
    """One past date: its periods, draws of them, what was known then and what came."""

    as_of: datetime.date
    periods: Sequence[datetime.date]
    draws: NDArray[np.int64]
    known: NDArray[np.int64]
    final: NDArray[np.int64]


def draw_nowcast(
    periods: ArrayLike, draws: NDArray[np.int64], known: ArrayLike, title: str, target: Path, *,
    unit: str, by: str = "date of death",
) -> None:  # fmt: skip
    """Draw what is known of each period as filled steps, and what will be as a fan above.

    Parameters
    ----------
    periods : (n_period,) dates
        First days.
    draws : (draw, n_period) integers
        Names that will ever be known.
    known : (n_period,) integers
        Names known by now.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    unit : {"day", "week", "month", "year"}
        Length of a period.
    by : str
        What the dates are.
    """
    time = Timeline(periods, unit)
    with style.sheet(title, target, height=4.2) as (_, (axes,)):
        _draw_fan(axes, time, draws, _BANDS, words=True)
        axes.stairs(
            time.spread(known), time.edges, fill=True, facecolor=style.PALE,
            edgecolor=style.CONFIRMED, lw=1.0, label="known",
        )  # fmt: skip
        axes.set_ylim(0, None)
        axes.set_ylabel(f"names per {unit}")
        style.number_axis(axes.yaxis, axes.get_ylim()[1])
        time.draw_axis(axes, by)


def draw_replay(
    panels: Sequence[Panel], title: str, target: Path, *, unit: str
) -> list[datetime.date]:
    """Draw past nowcasts beside each other, at most 12 chosen evenly; return their dates.

    Each has its median, 50 % and 90 % bands, what was known then, and what is known now.

    Parameters
    ----------
    panels : sequence of Panel
        By date.
    title, target, unit
        As in `draw_nowcast`.
    """
    size = min(len(panels), _MOST_PANELS)
    places = np.unique(np.linspace(0, len(panels) - 1, size).round().astype(int))
    chosen = [panels[place] for place in places]
    columns = min(_COLUMNS, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    with style.sheet(title, target, height=max(_PANEL_HEIGHT * rows, 3.0)) as (figure, (whole,)):
        whole.set_axis_off()
        place_of_all = whole.get_subplotspec()
        assert place_of_all is not None
        grid = place_of_all.subgridspec(rows, columns)
        for place, panel in enumerate(chosen):
            axes = figure.add_subplot(grid[place // columns, place % columns])
            _draw_panel(axes, panel, unit)
            if place % columns == 0:
                axes.set_ylabel(f"names per {unit}", fontsize=style.SMALL)
        _explain(whole)
    return [panel.as_of for panel in chosen]


def draw_coverage(
    rows: Sequence[Mapping[str, Any]], levels: Sequence[float], title: str, target: Path
) -> None:
    """Draw which share of final counts the intervals of each method held, against their level.

    Parameters
    ----------
    rows : sequence of mappings
        One a method: ``method``, and by level ``inside_90`` and ``inside_90_error``.
    levels : sequence of float
    title, target
        As in `draw_nowcast`.
    """
    stated = 100 * np.asarray(levels)
    with style.sheet(title, target, height=3.6) as (_, (axes,)):
        axes.plot([0, 100], [0, 100], color=style.INK, lw=1.0, ls="--", label="as stated")
        for place, row in enumerate(rows):
            mark, color = _MARKS[place % len(_MARKS)]
            keys = [f"inside_{100 * level:g}" for level in levels]
            held = np.array([100 * row[key] for key in keys])
            error = np.nan_to_num([100 * row[f"{key}_error"] for key in keys])
            # beside each other, where they would cover each other
            across = stated + 1.2 * (place - (len(rows) - 1) / 2)
            axes.errorbar(
                across, held, 2 * error, fmt=mark, color=color, ms=6, lw=1.2, capsize=3,
                label=str(row["method"]),
            )  # fmt: skip
        axes.set_xticks(stated, [percent(level) for level in levels])
        axes.set_yticks(range(0, 101, 20), [f"{share} %" for share in range(0, 101, 20)])
        axes.set_xlim(stated.min() - 8, 100)
        axes.set_ylim(-3, 105)
        axes.set_xlabel("level of the interval; bars are two standard errors, from blocks of dates")
        axes.set_ylabel("final counts inside")


def _draw_fan(
    axes: Axes, time: Timeline, draws: NDArray[np.int64], bands: Sequence[float], *, words: bool
) -> None:
    for prob in bands:
        low, middle, high = (time.spread(values) for values in style.band(draws, prob))
        color, alpha = _SHADES[prob]
        axes.stairs(
            high, time.edges, baseline=low, fill=True, color=color, alpha=alpha, lw=0,
            zorder=1.5, label=f"{percent(prob)} interval" if words else None,
        )  # fmt: skip
    axes.stairs(
        middle, time.edges, baseline=None, color=style.DARK, lw=1.3, zorder=3,
        label="median" if words else None,
    )  # fmt: skip


def _draw_panel(axes: Axes, panel: Panel, unit: str) -> None:
    time = Timeline(np.array(panel.periods, "datetime64[D]"), unit)
    _draw_fan(axes, time, panel.draws, _PANEL_BANDS, words=False)
    axes.stairs(
        time.spread(panel.known), time.edges, baseline=None, color=style.CONFIRMED, lw=1.0, ls=":",
        zorder=2.5,
    )  # fmt: skip
    axes.plot(time.middles, panel.final, "o", ms=3.5, mfc="white", mec=style.INK, zorder=4)
    tops = (style.band(panel.draws, 0.9)[2], panel.final, panel.known, np.ones(1))
    high = max(float(one.max()) for one in tops)
    axes.set_ylim(0, 1.08 * high)
    axes.set_xlim(time.first, time.last)
    style.number_axis(axes.yaxis, high)
    ends = [panel.periods[0], panel.periods[-1]][: min(len(panel.periods), 2)]
    form = {"year": "%Y", "month": "%Y-%m"}.get(unit, "%m-%d")
    axes.set_xticks([time.middles[0], time.middles[-1]][: len(ends)],
                    [day.strftime(form) for day in ends])  # fmt: skip
    axes.tick_params(labelsize=style.SMALL)
    axes.set_title(f"seen from {panel.as_of}", fontsize=style.SMALL)


def _explain(axes: Axes) -> None:
    """Put what marks mean where the sheet looks for it."""
    for prob in _PANEL_BANDS:
        color, alpha = _SHADES[prob]
        axes.fill_between([], [], [], color=color, alpha=alpha, label=f"{percent(prob)} interval")
    axes.plot([], [], color=style.DARK, lw=1.3, label="median")
    axes.plot([], [], color=style.CONFIRMED, ls=":", label="known then")
    axes.plot([], [], "o", ms=3.5, mfc="white", mec=style.INK, label="known now")
