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

#: Bins of the density, and height of the interval below it, as a share of its top.
_BINS, _BELOW = 50, -0.09

#: Pixels of one interval and of what stands around them; letters of a label.
_ROW, _AROUND, _LABEL = 62, 70, 38


def plain(words: object) -> str:
    """Return words of which Plotly interprets nothing: it knows a few tags and entities."""
    escaped = str(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(letter if letter.isprintable() else " " for letter in escaped)


def total_figure(found: Answer) -> dict[str, Any]:
    """Return the density of the total with median and interval, over the published range.

    Parameters
    ----------
    found : Answer
        Of a refused question the figure is empty.
    """
    if found.total is None:
        return EMPTY
    draws, row = found.total, found.rows[0]
    low, high = np.quantile(draws, [0.002, 0.998])
    # the same bins as in the figures of a run: they keep the edges of hard ranges
    heights, edges = np.histogram(draws, bins=_BINS, range=(low, max(high, low + 1)))
    scaled = heights / max(heights.max(), 1)
    outline = {
        "x": np.repeat(edges, 2).tolist(), "y": [0, *np.repeat(scaled, 2).tolist(), 0],
        "mode": "lines", "fill": "tozeroy", "fillcolor": _faint(style.POSTERIOR, 0.45),
        "line": {"color": style.POSTERIOR, "width": 1.5}, "name": "posterior density",
        "hoverinfo": "skip",
    }  # fmt: skip
    interval = {
        "x": [row["low"], row["high"]], "y": [_BELOW, _BELOW], "mode": "lines",
        "line": {"color": style.POSTERIOR, "width": 5}, "name": "interval",
        "hovertemplate": "%{x:,.0f}<extra></extra>",
    }  # fmt: skip
    median = {
        "x": [row["median"]], "y": [_BELOW], "mode": "markers", "name": "median",
        "marker": {"color": style.POSTERIOR, "size": 13, "line": {"color": "white", "width": 2}},
        "hovertemplate": "%{x:,.0f}<extra></extra>",
    }  # fmt: skip
    names = _count(found)
    confirmed = {
        "x": [names, names], "y": [-0.2, 1.05], "mode": "lines", "name": "confirmed names",
        "line": {"color": style.CONFIRMED, "width": 2, "dash": "dash"},
        "hovertemplate": "%{x:,.0f}<extra></extra>",
    }  # fmt: skip
    traces = [outline, interval, median, confirmed]
    ends = [min(low, row["low"], names), max(np.quantile(draws, 0.985), row["high"], names)]
    if found.published is not None:
        left, right = found.published.low, found.published.high
        traces.insert(0, {
            "x": [left, left, right, right], "y": [-0.2, 1.12, 1.12, -0.2], "fill": "toself",
            "fillcolor": _faint(style.PUBLISHED, 0.28), "line": {"width": 0}, "mode": "lines",
            "name": "published range", "hoverinfo": "skip",
        })  # fmt: skip
        ends = [min(ends[0], left), max(ends[1], right)]
    return {"data": traces, "layout": _layout(_frame(*map(float, ends)))}


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


def _count(found: Answer) -> float:
    return float(found.state.count or 0)


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
