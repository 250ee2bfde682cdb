"""The page of questions: its form, its answer, and what is redrawn when a number moves."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.errors import DataError
from estimation.explore import output
from estimation.explore.address import Asked, kept_states
from estimation.explore.answer import Answer, ask, look_ahead
from estimation.explore.beside import beside
from estimation.explore.elements import named
from estimation.explore.fields import FIELDS, MASSES, RANGES
from estimation.explore.figures import EMPTY, coverage_figure, total_figure
from estimation.explore.form import form
from estimation.explore.state import State
from estimation.explore.stored import Question, stored_question

if TYPE_CHECKING:
    from dash import Dash
    from dash.development.base_component import Component

#: Our own frame of the page: a language for screen readers, and no icon of anybody.
_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
<link rel="icon" href="data:,">
{%css%}
</head>
<body>
<noscript>The explorer needs JavaScript; "undercount total --help" does without.</noscript>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""

_CHOICES = ("shape", "prior")

_LOST = (
    "The explorer no longer answers: what is shown belongs to earlier numbers. Start "
    "'undercount explore' again, then load this page again."
)


def build_app(folder: Path, start: State) -> Dash:
    """Return the page as an application that is not served yet.

    Parameters
    ----------
    folder : Path
        Of stored runs.
    start : State
        What is asked where the address says nothing.
    """
    from dash import Dash, html

    app = Dash(
        "estimation.explore", assets_folder=str(Path(__file__).parent / "assets"),
        serve_locally=True, index_string=_INDEX, title="undercount: what if", update_title="",
        use_pages=False, add_log_handler=False, enable_mcp=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"},
                   {"name": "referrer", "content": "no-referrer"}],
    )  # fmt: skip
    app.layout = html.Div(
        [
            _address(),
            html.Header(
                [
                    html.P("undercount", className="brand"),
                    named(
                        "Nav",
                        [html.A("What if", href="/"), html.A("Stored runs", href="/runs")],
                        "Pages",
                    ),
                ]
            ),
            html.Main(
                [
                    # shown by the browser where the server is gone
                    html.P(_LOST, id="lost", className="refused", hidden=True, role="alert"),
                    html.Div(
                        [form(), output.output()], id="asked", className="columns", hidden=True
                    ),
                    html.Div(id="runs"),
                ]
            ),
        ],
        className="page",
    )
    _connect(app, start, folder)
    return app


def _address() -> Component:
    from dash import dcc, html

    return html.Div(
        [dcc.Location(id="address", refresh=False), dcc.Store(id="opened"), dcc.Store(id="query"),
         dcc.Store(id="held"), dcc.Store(id="settled"), html.Div(id="written", hidden=True)]
    )  # fmt: skip


def _connect(app: Dash, start: State, folder: Path) -> None:
    """Register the callbacks: each is a plain function, given to Dash as it is."""
    from dash import ClientsideFunction, Input, Output, no_update

    in_browser: Any = app.clientside_callback
    names = [*(field.name for field in FIELDS), "seed"]
    asked = [Input(name, "value") for name in (*names, *_CHOICES)]

    def given(*values: Any) -> State:
        return State.of(dict(zip((*names, *_CHOICES), values, strict=True)))

    follows = [
        Output("answer", "children"), Output("verdict", "children"),
        Output("total-figure", "figure"), Output("total-drawing", "aria-label"),
        Output("beside", "children"), Output("own", "children"),
        Output("coverage-figure", "figure"), Output("coverage-drawing", "aria-label"),
        Output("rows", "children"), Output("elsewhere", "children"), Output("query", "data"),
        *(Output(name, "hidden") for name in _HIDDEN),
        Output("total-figure", "style"), Output("coverage-figure", "style"),
    ]  # fmt: skip

    def moved(*values: Any) -> Any:
        # on the page of stored runs nothing is asked
        if values[-1] is None:
            return [no_update] * len(follows)
        state = given(*values[:-1])
        try:
            return redrawn(state, values[-1], folder)
        # whatever went wrong, no older number may stay beside what was moved
        except Exception as error:
            return withdrawn(state, error)

    app.callback(
        [Output("opened", "data"), Output("held", "data"), Output("shape", "value"),
         Output("prior", "value"), Output("problems", "children"), Output("asked", "hidden"),
         Output("runs", "children")],
        [Input("address", "pathname"), Input("address", "search")],
    )(lambda path, query: opened(path, query, start, folder))  # fmt: skip
    app.callback(
        follows, [*asked, Input("held", "data")], prevent_initial_call=True,
    )(moved)  # fmt: skip
    app.callback(Output("ahead", "children"), Input("settled", "data"), prevent_initial_call=True)(
        ahead
    )
    for field in FIELDS:
        slider = f"{field.name}-slider"
        in_browser(
            ClientsideFunction("explorer", "grows" if field.adapts else "together"),
            [Output(field.name, "value"), Output(slider, "value"), Output(slider, "max"),
             Output(slider, "step")],
            [Input("opened", "data"), Input(field.name, "value"), Input(slider, "value")],
            prevent_initial_call=True,
        )  # fmt: skip
    in_browser(
        ClientsideFunction("explorer", "seed"),
        Output("seed", "value"),
        Input("opened", "data"),
        prevent_initial_call=True,
    )
    in_browser(
        ClientsideFunction("explorer", "write"), Output("written", "children"),
        Input("query", "data"), prevent_initial_call=True,
    )  # fmt: skip


#: Parts that are shown only where they have something to say.
_ROWS = ("low", "high", "mass", "prior_low", "prior_high")
_HIDDEN = ("part-audited", "part-audit", "total-drawing", "coverage-drawing", "keeping",
           *(f"row-{name}" for name in _ROWS))  # fmt: skip


def opened(path: str | None, query: str | None, start: State, folder: Path) -> tuple[Any, ...]:
    """Return what a page shows at first: the numbers of its address, or stored runs."""
    from dash import html

    from estimation.explore.runs_page import runs_page

    if isinstance(path, str) and path.startswith("/runs"):
        return None, None, start.shape, start.prior, None, True, runs_page(folder, _text(query))
    asked, problems = Asked.from_query(_text(query), start)
    told = [html.P(one, className="refused") for one in problems]
    _, why = stored_run(folder, asked.run)
    if why:
        told.append(html.P(why, className="refused"))
        asked = dataclasses.replace(asked, run="")
    held = {"run": asked.run, "kept": [one.to_query() for one in asked.kept]}
    state = asked.state
    return dataclasses.asdict(state), held, state.shape, state.prior, told, False, None


def stored_run(folder: Path, name: object) -> tuple[Question | None, str]:
    """Return what a stored run asked, and why it is not set beside if it cannot be."""
    if not isinstance(name, str) or not name:
        return None, ""
    try:
        found = stored_question(folder, name)
    except DataError as error:
        return None, f"Address: no stored run is set beside: {error}"
    return (found, "") if found.state else (None, f"Address: {found.title}: {found.why_not}")


def redrawn(state: State, held: object = None, folder: Path = Path()) -> tuple[Any, ...]:
    """Return all that follows from numbers: sentence, figures, their descriptions, tables, links.

    Parameters
    ----------
    state : State
    held : object
        The stored run and the kept answers, as the browser holds them.
    folder : Path
        Of stored runs.
    """
    more = held if isinstance(held, dict) else {}
    stored, _ = stored_run(folder, more.get("run"))
    kept, _ = kept_states(more.get("kept"))
    found = ask(state)
    said = found.refused or found.sentence
    total = total_figure(found, [ask(one) for one in kept], stored.numbers if stored else None)
    coverage = coverage_figure(found)
    asked = Asked(state, stored.run if stored else "", kept)
    query = {"address": asked.to_query(), "state": state.to_query(), "run": asked.run,
             "kept": [one.to_query() for one in kept], "said": f"No number: {said}"
             if found.refused else said}  # fmt: skip
    shown = {
        "low": state.shape in RANGES, "high": state.shape in RANGES, "mass": state.shape in MASSES,
        "prior_low": state.prior == "gamma", "prior_high": state.prior == "gamma",
    }  # fmt: skip
    return (
        output.sentence(found), output.verdict(found), total,
        f"Posterior of the total. {said} {found.compared}".strip(),
        beside(found, stored, kept), output.own(found), coverage,
        f"Coverage before and after the count. {found.learned}".strip(),
        output.rows(found), output.elsewhere(found), query,
        state.shape != "audited", not state.soft(), total is EMPTY, coverage is EMPTY,
        bool(found.refused), *(not shown[name] for name in _ROWS),
        output.tall(total), output.tall(coverage),
    )  # fmt: skip


def withdrawn(state: State, error: Exception) -> tuple[Any, ...]:
    """Return a page without any number, and whose fault that is."""
    found = Answer(state, refused=f"our fault: {type(error).__name__}; please report what was set")
    said = f"No number: {found.refused}"
    query = {"address": state.to_query(), "state": state.to_query(), "run": "", "kept": [],
             "said": said}  # fmt: skip
    return (output.sentence(found), None, EMPTY, said, None, None, EMPTY, said, None, None, query,
            *(False,) * 2, *(True,) * 3, *(False,) * len(_ROWS),
            *(output.tall(EMPTY),) * 2)  # fmt: skip


def ahead(query: object) -> Any:
    """Return what an audit to come is expected to tell; asked once the numbers stand still."""
    from dash import html

    if not isinstance(query, str):
        return None
    state, problems = State.from_query(query)
    if problems or ask(state).refused:
        return None
    return [html.H2("An audit to come"), html.P(look_ahead(state))]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
