"""The page of stored runs: a table of all, or one with its numbers and figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from estimation.errors import DataError
from estimation.explore.elements import named, table
from estimation.explore.figures import CONFIG, intervals_figure
from estimation.explore.runs import Details, Run, details, stored_runs

if TYPE_CHECKING:
    from dash.development.base_component import Component

#: Columns of claims that are shown.
_CLAIM = ("claim", "stated", "verdict", "why")


def runs_page(folder: Path, query: str) -> Component:
    """Return the page that an address asks for.

    Parameters
    ----------
    folder : Path
        Of stored runs.
    query : str
        ``run=NAME``, or nothing for the table of all.
    """
    from dash import html

    try:
        asked = dict(parse_qsl(query.removeprefix("?"), max_num_fields=9)).get("run", "")
        return html.Section(_one(details(folder, asked)) if asked else _all(folder))
    except (DataError, ValueError) as error:
        return html.Section([html.H1("Stored runs"), html.P(str(error), className="refused"),
                             html.P(html.A("All stored runs", href="/runs"))])  # fmt: skip


def _all(folder: Path) -> list[Component]:
    from dash import html

    found = stored_runs(folder)
    if not found:
        return [html.H1("Stored runs"),
                html.P(f"There are none in {folder}; 'undercount run' stores one.")]  # fmt: skip
    head = ["run", "made", "by", "total", "interval", "checks"]
    rows = [[html.A(run.title, href=f"/runs?{urlencode({'run': run.name})}"), _day(run.created),
             run.command, *_total(run), run.verdict or "none"] for run in found]  # fmt: skip
    return [html.H1("Stored runs"), html.P(f"In {folder}"), table("Stored runs", head, rows)]


def _one(found: Details) -> list[Component]:
    from dash import dcc, html

    run = found.run
    middle, interval = _total(run)
    parts: list[Component] = [
        html.P(html.A("All stored runs", href="/runs")),
        html.H1(run.title),
        html.P(f"Made {_day(run.created)} by undercount {run.command}; checks of the fits: "
               f"{run.verdict or 'none'}."),
    ]  # fmt: skip
    if run.total:
        parts.append(html.P(f"About {middle} died (interval {interval}).", className="sentence"))
    parts += [html.P(one) for one in found.says[:1]]
    if len(found.totals) > 1:
        said = "; ".join(f"{label}: {row[1]:,.0f}" for label, *row in found.totals)
        graph = dcc.Graph(figure=intervals_figure(found.totals), config=CONFIG)
        rows = [[label, *(f"{number:,.0f}" for number in (middle, low, high))]
                for label, low, middle, high in found.totals]  # fmt: skip
        parts += [
            html.H2("Totals"),
            named("Div", graph, f"Medians of the total. {said}", role="img"),
            table("Totals", ["model", "median", "low", "high"], rows),
        ]
    if found.claims:
        claims = [[row.get(key, "") for key in _CLAIM] for row in found.claims]
        parts += [html.H2("Claims"), table("Claims", list(_CLAIM), claims)]
    if found.notes:
        parts += [html.H2("Notes"), html.Ul([html.Li(note) for note in found.notes])]
    if found.figures:
        parts += [html.H2("Figures"), *(_figure(run.name, name) for name in found.figures)]
    links = [html.Li(html.A(name, href=_address(run.name, name))) for name in found.files]
    return [*parts, html.H2("Files"), html.Ul(links)]


def _figure(run: str, name: str) -> Component:
    from dash import html

    words = Path(name).stem.replace("-", " ")
    return html.Figure(
        [html.Img(src=_address(run, name), alt=f"Figure of the run: {words}"),
         html.Figcaption(words)]
    )  # fmt: skip


def _address(run: str, name: str) -> str:
    return "/files?" + urlencode({"run": run, "file": name})


def _day(created: str) -> str:
    return created[:16].replace("T", " ") or "at an unknown time"


def _total(run: Run) -> tuple[str, str]:
    from estimation.report.text import rounded

    if run.total is None:
        return "none", ""
    low, middle, high = map(rounded, run.total)
    return middle, f"{low} to {high}"
