"""Figures of the page, as plain data that Plotly draws; colors of text and grid are the page's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.report import style

if TYPE_CHECKING:
    from estimation.explore.answer import Answer

#: No logo, no link to a service, no buttons: the figure is read, not edited.
CONFIG: Any = {
    "displayModeBar": False, "displaylogo": False, "showEditInChartStudio": False,
    "showLink": False, "sendData": False, "plotlyServerURL": "", "responsive": True,
    "scrollZoom": False,
}  # fmt: skip

#: Bins of the density, and heights of intervals below it, as shares of its top.
_BINS, _BELOW, _LOWER = 50, -0.08, -0.155

#: What is drawn to compare with: a gray that is seen on light and on dark, told apart by dashes.
_QUIET, _DASHES = "#7d858c", ("dash", "dot", "dashdot", "longdashdot")

#: What kept answers are called, on the figure and in the table.
LETTERS = "ABCD"

#: Pixels of one interval and of what stands around them; letters of a label.
_ROW, _AROUND, _LABEL = 62, 70, 38


def plain(words: object) -> str:
    """Return words of which Plotly interprets nothing: it knows a few tags and entities."""
    escaped = str(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(letter if letter.isprintable() else " " for letter in escaped)


def total_figure(
    found: Answer, kept: Sequence[Answer] = (), stored: tuple[float, float, float] | None = None
) -> dict[str, Any]:  # fmt: skip
    """Return the density of the total with median and interval, over the published range.

    Parameters
    ----------
    found : Answer
        Of a refused question the figure is empty.
    kept : sequence of Answer
        Drawn as lines, with their letters; of refused ones there is none.
    stored : (low, median, high), optional
        Of the run that the page began with.
    """
    if found.total is None:
        return EMPTY
    row, names = found.rows[0], float(found.state.count or 0)
    outlines = {place: _outline(one.total) for place, one in enumerate(kept)
                if one.total is not None}  # fmt: skip
    edges, density = _outline(found.total)
    # equal areas: a narrow answer is the taller one
    top = max([density.max(), *(float(heights.max()) for _, heights in outlines.values())])
    traces = [
        {
            "x": edges.tolist(), "y": (density / top).tolist(),
            "mode": "lines", "fill": "tozeroy", "fillcolor": _faint(style.POSTERIOR, 0.45),
            "line": {"color": style.POSTERIOR, "width": 1.5}, "name": "posterior density",
            "hoverinfo": "skip",
        },
        *(_kept(place, *outline, top) for place, outline in outlines.items()),
        *_interval((row["low"], row["median"], row["high"]), _BELOW, style.POSTERIOR,
                    "median and interval"),
        {
            "x": [names, names], "y": [-0.2, 1.05], "mode": "lines", "name": "confirmed names",
            "line": {"color": style.CONFIRMED, "width": 2, "dash": "dash"},
            "hovertemplate": "%{x:,.0f}<extra></extra>",
        },
    ]  # fmt: skip
    if stored is not None:
        traces += _interval(stored, _LOWER, _QUIET, "as stored")
    ends = [_ends(one) for one in (found, *kept) if one.total is not None]
    low = min([names, *(one[0] for one in ends), *(stored or ())])
    high = max([names, *(one[1] for one in ends), *(stored or ())])
    if found.published is not None:
        left, right = found.published.low, found.published.high
        traces.insert(0, {
            "x": [left, left, right, right], "y": [-0.2, 1.12, 1.12, -0.2], "fill": "toself",
            "fillcolor": _faint(style.PUBLISHED, 0.28), "line": {"width": 0}, "mode": "lines",
            "name": "published range", "hoverinfo": "skip",
        })  # fmt: skip
        low, high = min(low, left), max(high, right)
    layout = _layout(_frame(low, high))
    # on a narrow page the legend has a row each
    layout["height"] += 22 * len(traces[6:])
    return {"data": traces, "layout": layout}


def _outline(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a histogram as a line: where, and how dense."""
    low, high = np.quantile(draws, [0.002, 0.998])
    # the same bins as in the figures of a run: they keep the edges of hard ranges
    counts, edges = np.histogram(draws, bins=_BINS, range=(low, max(high, low + 1)))
    heights = counts / max(counts.sum(), 1) / (edges[1] - edges[0])
    return np.repeat(edges, 2), np.concatenate([[0.0], np.repeat(heights, 2), [0.0]])


def _ends(found: Answer) -> tuple[float, float]:
    """Return what of an answer must be in the frame."""
    row, draws = found.rows[0], found.total
    low, high = np.quantile(draws, [0.002, 0.985])  # type: ignore[arg-type]  # asked where there are draws
    return min(float(low), row["low"]), max(float(high), row["high"])


def _kept(place: int, edges: np.ndarray, density: np.ndarray, top: float) -> dict[str, Any]:
    # through the middle of the bins: dashes along steps are hard to follow
    places = [edges[0], *((edges[0::2] + edges[1::2]) / 2), edges[-1]]
    heights = np.concatenate([[0.0], density[1:-1:2], [0.0]]) / top
    return {
        "x": list(map(float, places)), "y": heights.tolist(), "mode": "lines",
        "line": {"color": _QUIET, "width": 2, "dash": _DASHES[place % len(_DASHES)]},
        "name": f"kept {LETTERS[place]}", "hoverinfo": "skip",
    }  # fmt: skip


def _interval(
    numbers: Sequence[float], height: float, color: str, name: str
) -> list[dict[str, Any]]:
    low, middle, high = numbers
    ours = color == style.POSTERIOR
    return [
        {
            "x": [low, high], "y": [height, height], "mode": "lines", "name": name,
            "line": {"color": color, "width": 5 if ours else 3},
            "hovertemplate": "%{x:,.0f}<extra></extra>",
        },
        {
            "x": [middle], "y": [height], "mode": "markers", "name": "median", "showlegend": False,
            "marker": {"color": color, "size": 13 if ours else 9, "symbol": "circle" if ours
                       else "square", "line": {"color": "white", "width": 2 if ours else 1}},
            "hovertemplate": "%{x:,.0f}<extra></extra>",
        },
    ]  # fmt: skip


def coverage_figure(found: Answer) -> dict[str, Any]:
    """Return the belief on coverage before the count, over what is believed after it.

    Parameters
    ----------
    found : Answer
        Where coverage is taken as known, and of a refused question, the figure is empty.
    """
    draws, belief = found.coverage, found.belief
    if draws is None or belief is None or np.ptp(draws) == 0:
        return EMPTY
    tails = [1e-9, 1 - 1e-9] if belief.hard else [0.001, 0.999]
    ends = np.asarray(belief.quantile(tails), dtype=float)
    after = draws if belief.hard else draws[(draws >= np.quantile(draws, 0.001))
                                            & (draws <= np.quantile(draws, 0.999))]  # fmt: skip
    counts, edges = np.histogram(after, bins=_BINS // 2)
    heights = counts / draws.size / (edges[1] - edges[0])
    grid = np.linspace(ends[0], ends[1], 161)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        density = np.nan_to_num(np.exp(belief.log_density(grid)), posinf=np.inf)
    # a density may grow without end where the range ends
    top = max(heights.max(), min(float(density.max()), 3 * heights.max()))
    density = np.minimum(density, top)
    traces = [
        {
            "x": np.repeat(edges, 2).tolist(),
            "y": [0.0, *np.repeat(heights / top, 2).tolist(), 0.0],
            "mode": "lines", "fill": "tozeroy", "fillcolor": _faint(style.POSTERIOR, 0.45),
            "line": {"color": style.POSTERIOR, "width": 1.5}, "name": "after the count",
            "hoverinfo": "skip",
        },
        {
            "x": [grid[0], *grid.tolist(), grid[-1]], "y": [0.0, *(density / top).tolist(), 0.0],
            "mode": "lines", "line": {"color": _QUIET, "width": 3, "dash": "dash"},
            "name": "before: what you put in", "hoverinfo": "skip",
        },
    ]  # fmt: skip
    low, high = min(ends[0], edges[0]), max(ends[1], edges[-1])
    margin = 0.08 * (high - low)
    layout = _layout([max(low - margin, 0.0), min(high + margin, 1.02)])
    layout["height"] = 250
    layout["xaxis"] |= {"title": {"text": "coverage"},
                        "tickformat": ".3~g", "nticks": 6}  # fmt: skip
    layout["yaxis"] = {"range": [0, 1.12], "visible": False, "fixedrange": True}
    return {"data": traces, "layout": layout}


def intervals_figure(rows: Sequence[tuple[str, float, float, float]]) -> dict[str, Any]:
    """Return medians and intervals of totals, one below the other.

    Parameters
    ----------
    rows : sequence of (label, low, median, high)
        From a stored run; its labels are data and shown as they are.
    """
    places = list(range(len(rows)))[::-1]
    bars = {
        "x": [middle for _, _, middle, _ in rows], "y": places, "mode": "markers",
        "marker": {"color": style.POSTERIOR, "size": 10},
        "error_x": {
            "type": "data", "symmetric": False, "color": style.POSTERIOR, "thickness": 3,
            "width": 0, "array": [high - middle for _, _, middle, high in rows],
            "arrayminus": [middle - low for _, low, middle, _ in rows],
        },
        "hovertemplate": "%{x:,.0f}<extra></extra>", "showlegend": False,
    }  # fmt: skip
    largest = max((high for *_, high in rows), default=1.0)
    layout = _layout([0, largest * 1.03])
    layout["yaxis"] = {"range": [-0.4, len(rows) - 0.3], "visible": False, "fixedrange": True}
    # labels stand above their intervals: beside them a narrow page has no room
    layout["annotations"] = [
        {
            "text": _broken(label), "x": 0, "xref": "paper", "xanchor": "left", "y": place + 0.14,
            "yanchor": "bottom", "align": "left", "showarrow": False,
        }
        for place, (label, *_) in zip(places, rows, strict=True)
    ]  # fmt: skip
    layout["height"] = _AROUND + _ROW * max(len(rows), 1)
    return {"data": [bars], "layout": layout}


def _broken(label: str) -> str:
    """Return a label in at most two lines; the break is ours, all else is shown as it is."""
    import textwrap

    lines = textwrap.wrap(label, _LABEL, max_lines=2, placeholder=" ...") or [""]
    return "<br>".join(plain(line) for line in lines)


def _frame(low: float, high: float) -> list[float]:
    """Return ends of the axis that stay while numbers move a little, so that the curve moves."""
    unit = 10.0 ** np.floor(np.log10(max(high, 1)))
    # round ends: the next fifth of a power of ten; a narrow posterior far from zero has its own
    right = float(np.ceil(high * 1.02 / (unit / 2)) * unit / 2)
    if low > 0.85 * high:
        margin = max(0.15 * (high - low), 1.0)
        return [low - margin, high + margin]
    return [0.0, right]


def _faint(color: str, opacity: float) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _layout(ends: list[float], *, visible: bool = True) -> dict[str, Any]:
    clear = "rgba(0,0,0,0)"
    return {
        "paper_bgcolor": clear, "plot_bgcolor": clear, "dragmode": False, "hovermode": "closest",
        "margin": {"l": 28, "r": 36, "t": 8, "b": 44}, "height": 360,
        "font": {"family": "system-ui, sans-serif", "size": 13},
        "showlegend": visible, "uirevision": "same",
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom",
                   "itemclick": False, "itemdoubleclick": False},
        "xaxis": {
            "range": ends, "title": {"text": "total deaths"}, "tickformat": ",~r",
            "nticks": 4, "tickangle": 0,
            "fixedrange": True, "zeroline": False, "visible": visible,
        },
        "yaxis": {"range": [-0.2, 1.12], "visible": False, "fixedrange": True},
    }  # fmt: skip


#: Where there is no number there is no curve.
EMPTY: dict[str, Any] = {"data": [], "layout": _layout([0, 1], visible=False)}
