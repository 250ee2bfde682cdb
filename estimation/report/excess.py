"""A figure of excess deaths: the ratio of two sexes by age and year, and what was foretold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.excess import Excess
from estimation.report import style
from estimation.summaries.agreement import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS, _PANEL = 3, 1.9

#: Ticks of the ratio, a few of which fall into each panel.
_TICKS = 5


def draw_excess(found: Sequence[Excess], title: str, target: Path) -> None:
    """Draw for each age the ratio of the two sexes by year, on a log scale.

    Years of the base, the pandemic and the war have marks of their own; the line is drawn through
    its base and dashed beyond; the band is what a year without a war would show under the model.

    Parameters
    ----------
    found : sequence of Excess
        Of the same counts, one a method.
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    """
    of = found[0].mortality
    columns = min(_COLUMNS, len(of.ages))
    rows = math.ceil(len(of.ages) / columns)
    with style.sheet(title, target, height=max(_PANEL * rows, 3.2)) as (figure, (whole,)):
        whole.set_axis_off()
        place_of_all = whole.get_subplotspec()
        assert place_of_all is not None
        grid = place_of_all.subgridspec(rows, columns)
        for age, name in enumerate(of.ages):
            axes = figure.add_subplot(grid[age // columns, age % columns])
            for one in found:
                _draw_expected(axes, one, age)
            _draw_counted(axes, found[0], age)
            _draw_axes(axes, found, age)
            axes.set_title(f"ages {name}", fontsize=style.SMALL)
            if age % columns == 0:
                axes.set_ylabel("ratio of deaths", fontsize=style.SMALL)
        _explain(whole, found)


def _years(found: Excess) -> NDArray[np.int64]:
    """Return the years that are drawn: from the first of the base on."""
    years = np.array(found.mortality.years)
    return np.asarray(years[years >= found.mortality.base[0]])


def _ratio(found: Excess, age: int) -> NDArray[np.float64]:
    """Return the counted ratio of the years that are drawn."""
    of = found.mortality
    drawn = np.array(of.years) >= of.base[0]
    return np.asarray(of.affected[drawn, age] / of.other[drawn, age])


def _draw_expected(axes: Axes, found: Excess, age: int) -> None:
    years = _years(found)
    if found.line is not None:
        base = years <= found.mortality.base[1]
        through, beyond = years[base], years[years >= found.mortality.base[1]]
        for part, dashes in ((through, "-"), (beyond, "--")):
            ratio = found.line.ratio(part)[:, age]
            # a falling line may reach 0, which a log scale does not have
            ratio = np.where(ratio > 0, ratio, np.nan)
            axes.plot(part, ratio, color=style.INK, lw=1.1, ls=dashes, zorder=3)
    if found.log_ratio is not None:
        low, middle, high = style.band(np.exp(found.log_ratio[:, :, age]), found.prob)
        axes.fill_between(years, low, high, color=style.LIGHT, lw=0, zorder=1)
        axes.plot(years, middle, color=style.POSTERIOR, lw=1.1, zorder=2)


def _draw_counted(axes: Axes, found: Excess, age: int) -> None:
    of, years, ratio = found.mortality, _years(found), _ratio(found, age)
    for chosen, mark, face, color in _marks(found):
        axes.plot(
            years[chosen], ratio[chosen], mark, ms=5 if mark == "o" else 5.5, mfc=face, mec=color,
            zorder=4,
        )  # fmt: skip
    axes.axvline(of.first_year - 0.5, color=style.FAINT, lw=0.8, ls=":", zorder=0)


def _marks(found: Excess) -> list[tuple[NDArray[np.bool_], str, str, str]]:
    """Return which years have which mark, face and edge: usual, pandemic, war."""
    years = _years(found)
    war = years >= found.mortality.first_year
    apart = np.isin(years, found.mortality.pandemic) & ~war
    return [
        (~war & ~apart, "o", style.INK, style.INK), (apart, "o", "white", style.INK),
        (war, "D", style.CONFIRMED, style.CONFIRMED),
    ]  # fmt: skip


def _draw_axes(axes: Axes, found: Sequence[Excess], age: int) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    years = _years(found[0])
    axes.set_yscale("log")
    counted = _ratio(found[0], age)
    counted = counted[counted > 0]
    # a wide band must not hide what was counted: it may run off the panel
    low, high = float(counted.min()), float(counted.max())
    for one in found:
        if one.log_ratio is not None:
            ends = style.band(np.exp(one.log_ratio[:, :, age]), one.prob)
            low = min(low, max(float(ends[0].min()), low / 1.5))
            high = max(high, min(float(ends[2].max()), high * 1.5))
    axes.set_ylim(low / 1.05, high * 1.05)
    axes.yaxis.set_major_locator(MaxNLocator(_TICKS - 1, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:.3g}"))
    step = max(1, math.ceil((years[-1] - years[0]) / 4))
    axes.set_xticks(np.arange(years[0], years[-1] + 1, step))
    axes.set_xlim(years[0] - 0.5, years[-1] + 0.5)
    axes.tick_params(labelsize=style.SMALL)


def _explain(axes: Axes, found: Sequence[Excess]) -> None:
    """Put what marks mean where the sheet looks for it."""
    words = ("before the war", "pandemic", "war")
    for (chosen, mark, face, color), word in zip(_marks(found[0]), words, strict=True):
        if chosen.any():
            axes.plot([], [], mark, ms=5, mfc=face, mec=color, label=word)
    for one in found:
        if one.line is not None:
            axes.plot([], [], color=style.INK, lw=1.1, ls="--", label="line")
        if one.log_ratio is not None:
            axes.plot([], [], color=style.POSTERIOR, lw=1.1, label="model")
            axes.fill_between([], [], [], color=style.LIGHT, label=f"{percent(one.prob)} interval")
