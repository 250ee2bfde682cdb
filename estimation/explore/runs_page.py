"""The page of stored runs: a table of all, or one with its numbers and figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from estimation.errors import DataError
from estimation.explore.address import Asked
from estimation.explore.elements import named, table
from estimation.explore.figures import CONFIG, intervals_figure
from estimation.explore.output import SAME, compared, tall
from estimation.explore.run_findings import findings
from estimation.explore.runs import PAGE, Details, Run, details, run_folder, stored_runs
from estimation.explore.stored import stored_question

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
        ``run=NAME``, ``page=N``, or nothing for the table of the newest.
    """
    from dash import html

    try:
        asked = dict(parse_qsl(query.removeprefix("?"), max_num_fields=9))
        if run := asked.get("run", ""):
            return html.Section(_one(folder, details(folder, run)))
        page = asked.get("page", "1")
        return html.Section(_all(folder, int(page) - 1 if page.isascii() and page.isdigit()
                                 and 0 < len(page) < 5 else 0))  # fmt: skip
    except (DataError, ValueError) as error:
        said = str(error) if isinstance(error, DataError) else "The address has too many parts."
        return html.Section([html.H1("Stored runs"), html.P(said, className="refused"),
                             html.P(html.A("All stored runs", href="/runs"))])  # fmt: skip


def _all(folder: Path, page: int) -> list[Component]:
    from dash import html

    found, number = stored_runs(folder, max(page, 0))
    if not number:
        return [html.H1("Stored runs"),
                html.P(f"There are none in {folder}; 'undercount run' stores one.")]  # fmt: skip
    head = ["run", "made", "by", "total", "interval", "checks"]
    rows = [[html.A(run.title, href=f"/runs?{urlencode({'run': run.name})}"), *_row(run)]
            for run in found]  # fmt: skip
    pages = -(-number // PAGE)
    links: list[Component | str] = []
    for one in range(1, pages + 1) if pages > 1 else ():
        here: dict[str, Any] = {"aria-current": "page"} if one == page + 1 else {}
        links += [html.A(str(one), href=f"/runs?page={one}", **here), " "]
    where = f"{number:,} in {folder}" if number > 1 else f"In {folder}"
    parts: list[Component] = [html.H1("Stored runs"), html.P(where)]
    parts.append(table("Stored runs", head, rows) if rows else html.P("This page is empty."))
    return [*parts, named("Nav", links, "Pages of stored runs", className="pages")] if links \
        else parts  # fmt: skip


def _row(run: Run) -> list[str]:
    if run.unread:
        return ["", "", "too large for the list", "", ""]
    return [_day(run.created), run.command, *_total(run), run.verdict or "none"]


def _one(folder: Path, found: Details) -> list[Component]:
    from dash import dcc, html

    run = found.run
    middle, interval = _total(run)
    parts: list[Component] = [
        html.P(html.A("All stored runs", href="/runs")),
        html.H1(run.title),
        html.P(f"Made {_day(run.created)} by undercount {run.command}."),
    ]
    parts += [html.P([html.Strong("No number: "), one], className="refused")
              for one in found.refused]  # fmt: skip
    if run.total:
        parts.append(html.P(f"About {middle} died (interval {interval}).", className="sentence"))
    parts += [compared(one, weighty=SAME in one) for one in found.says[:1]]
    checks = html.Strong(f"Checks of the fits: {run.verdict or 'none'}.")
    parts.append(html.P(checks, className=f"verdict {_kind(run.verdict)}"))
    if found.checks:
        parts.append(html.Ul([html.Li(one) for one in found.checks]))
    parts.append(_what_if(folder, run))
    if len(found.totals) > 1:
        said = "; ".join(f"{label}: {row[1]:,.0f}" for label, *row in found.totals)
        figure = intervals_figure(found.totals)
        graph = dcc.Graph(figure=figure, config=CONFIG, style=tall(figure))
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
        told = findings(run_folder(folder, run.name), found.figures)
        parts += [
            html.H2("Figures"),
            *(_figure(run.name, name, told.get(name, "")) for name in found.figures),
        ]
    links = [html.Li(html.A(name, href=_address(run.name, name))) for name in found.files]
    return [*parts, html.H2("Files"), html.Ul(links)]


def _what_if(folder: Path, run: Run) -> Component:
    """Return the link that asks the same on the page of questions, or why there is none."""
    from dash import html

    question = stored_question(folder, run.name)
    if question.state is None:
        return html.P([html.Strong("No what-if: "), question.why_not], className="hint")
    query = Asked(question.state, run.name).to_query()
    return html.P(html.A("Ask what if", href=f"/?{query}", className="button"))


def _figure(run: str, name: str, finding: str) -> Component:
    from dash import html

    words, address = Path(name).stem.replace("-", " ").capitalize(), _address(run, name)
    picture = html.Img(src=address, alt=finding or f"Figure of the run: {words}")
    caption: list[Any] = [html.Strong(f"{words}. "), f"{finding} " if finding else "",
               named("A", "Full size", f"{words}, full size", href=address)]  # fmt: skip
    return html.Figure([html.Div(picture, className="plate"), html.Figcaption(caption)])


def _address(run: str, name: str) -> str:
    return "/files?" + urlencode({"run": run, "file": name})


def _kind(verdict: str) -> str:
    return verdict if verdict in ("pass", "inconclusive") else "fail"


def _day(created: str) -> str:
    return created[:16].replace("T", " ") or "at an unknown time"


def _total(run: Run) -> tuple[str, str]:
    from estimation.report.text import rounded

    if run.total is None:
        return "none", ""
    low, middle, high = map(rounded, run.total)
    return middle, f"{low} to {high}"
