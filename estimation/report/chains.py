"""Figure of the chains of a fit: their traces, and whether their ranks are alike."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.diagnostics.chains import ENVELOPE, Chains, FitChains, envelope
from estimation.report import style
from estimation.summaries.agreement import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches of a quantity, and of an axis.
_ROW, _WIDE = 1.3, 3.0

#: Colors and dashes of chains: told apart in gray print too.
_COLORS = (style.POSTERIOR, style.PUBLISHED, style.CONFIRMED, style.INK)
_DASHES = ("-", "--", "-.", ":")

#: Draws a chain that a trace shows at most: more than there are dots.
_MOST_DRAWS = 500

#: Points of a curve of ranks at most; all are judged.
_MOST_POINTS = 70


def missing_arviz() -> str:
    """Return what to install for traces, or nothing if all is there."""
    if importlib.util.find_spec("arviz_plots") is None:
        return 'not drawn: arviz-plots is not installed; pip install "undercount[plot]"'
    return ""


def draw_chains(found: FitChains, title: str, target: Path) -> None:
    """Draw the trace of each quantity, and beside it the ranks of each chain less uniform.

    Parameters
    ----------
    found : FitChains
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    """
    rows = len(found.quantities)
    with style.sheet(title, target, height=_ROW * rows + 0.4) as (figure, (whole,)):
        axes = style.panels(figure, whole, 2 * rows, 2)
        for axis, one in zip(axes[::2], found.quantities, strict=True):
            _label(axis, one, last=axis is axes[-2])
        _draw_traces(figure, found, axes[::2])
        for axis, one in zip(axes[1::2], found.quantities, strict=True):
            _draw_ranks(axis, one, last=axis is axes[-1])
        _explain(whole, found)


def _draw_traces(figure: Any, found: FitChains, axes: Sequence[Axes]) -> None:
    """Let ArviZ draw traces and divergences on our axes, as dots: lines would take megabytes."""
    import arviz_plots
    import xarray

    plots: Any = arviz_plots  # it has no types
    chains, draws = found.diverging.shape
    step = -(-draws // _MOST_DRAWS)
    keys = [f"q{place}" for place in range(len(axes))]
    dims = ("chain", "draw")
    coords = {"chain": np.arange(chains), "draw": np.arange(draws)}
    posterior = xarray.Dataset(
        {key: (dims, one.values) for key, one in zip(keys, found.quantities, strict=True)}, coords
    )
    statistics = xarray.Dataset({"diverging": (dims, found.diverging)}, coords)
    tree = xarray.DataTree.from_dict({
        "posterior": posterior.isel(draw=slice(None, None, step)),
        # a divergence is shown at the draw that is drawn next to it
        "sample_stats": statistics.coarsen(draw=step, boundary="pad").max().astype(bool)
        .assign_coords(draw=coords["draw"][::step]),
    })  # fmt: skip
    placed = {key: ((), np.array(axis, object)) for key, axis in zip(keys, axes, strict=True)}
    places = xarray.DataTree.from_dict({
        "/": xarray.Dataset({"figure": ((), np.array(figure, object))}),
        "plot": xarray.Dataset(placed),
    })  # fmt: skip
    collection = plots.PlotCollection(
        tree["posterior"].to_dataset(), places, aes={"color": ["chain"], "overlay": ["chain"]},
        backend="matplotlib", color=list(_COLORS),
    )  # fmt: skip
    plots.plot_trace(
        tree, plot_collection=collection, backend="matplotlib",
        visuals={
            "trace": {"rasterized": True, "width": 0.5, "antialiased": False},
            "divergence": {"color": "black", "size": 60, "width": 1.2},
            "title": False, "xlabel": False, "ticklabels": False,
        },
    )  # fmt: skip


def _label(axes: Axes, one: Chains, *, last: bool) -> None:
    low, high = float(one.values.min()), float(one.values.max())
    scaled = one.name.startswith("total") and low > 0
    if scaled:
        axes.set_yscale("log")
        axes.minorticks_off()
    style.number_axis(axes.yaxis, max(abs(low), abs(high)), whole=high - low > 20, ticks=3)
    axes.set_ylabel(f"{one.unit}, log scale" if scaled else one.unit, fontsize=style.SMALL)
    said = f"{one.name.replace('_', ' ')}: R-hat {one.rhat:.3f}"
    said += ", the largest of the fit" if one.worst else ""
    axes.set_title(style.wrapped(said, _WIDE, style.SMALL), fontsize=style.SMALL, loc="left")
    axes.set_xlim(0, one.values.shape[1])
    style.number_axis(axes.xaxis, one.values.shape[1], _WIDE)
    _finish(axes, "draw of a chain", last=last)


def _draw_ranks(axes: Axes, one: Chains, *, last: bool) -> None:
    points, found = one.differences()
    low, high = envelope(*one.ranks.shape)
    shown = slice(None, None, -(-points.size // _MOST_POINTS))
    axes.fill_between(points[shown], low[shown], high[shown], color=style.SHADE, lw=0)
    for place, chain in enumerate(found):
        axes.plot(
            points[shown], chain[shown], color=_COLORS[place % 4], ls=_DASHES[place % 4], lw=1.0
        )
    outside = one.outside
    said = "all chains within the band" if not outside else (
        f"{outside} of {len(found)} chains LEAVE THE BAND")  # fmt: skip
    axes.set_title(said, fontsize=style.SMALL, loc="left",
                   color=style.CONFIRMED if outside else style.INK)  # fmt: skip
    reach = 1.15 * max(float(np.abs(found).max()), float(high.max()), float(-low.min()))
    axes.set_ylim(-reach, reach)
    axes.set_xlim(0, 1)
    style.number_axis(axes.yaxis, reach, whole=False, ticks=3)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_ylabel("share less\nuniform", fontsize=style.SMALL)
    _finish(axes, "rank among the draws of all chains, share", last=last)


def _finish(axes: Axes, words: str, *, last: bool) -> None:
    """Name the axis that all rows share, below the last."""
    axes.tick_params(labelsize=style.SMALL, labelbottom=last)
    if last:
        axes.set_xlabel(words, fontsize=style.SMALL)


def _explain(axes: Axes, found: FitChains) -> None:
    """Put what marks mean where the sheet looks for it."""
    for place in range(min(found.diverging.shape[0], 4)):
        axes.plot([], [], color=_COLORS[place], ls=_DASHES[place], lw=1.0,
                  label=f"chain {place + 1}")  # fmt: skip
    axes.fill_between([], [], [], color=style.SHADE,
                      label=f"{percent(ENVELOPE)} of equal chains")  # fmt: skip
    if found.diverging.any():
        axes.plot([], [], "|", color="black", ms=8,
                  label=f"divergent draws: {int(found.diverging.sum()):,}")  # fmt: skip
