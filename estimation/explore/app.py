"""The page of questions: its form, its answer, and what is redrawn when a number moves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.explore.answer import Answer, ask, look_ahead
from estimation.explore.elements import named, table
from estimation.explore.fields import FIELDS, GROUPS, MASSES, PRIORS, RANGES, SHAPES, Field
from estimation.explore.figures import CONFIG, EMPTY, total_figure
from estimation.explore.state import State

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

_SIZES = "Estimates of the same question"


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

    from estimation.explore.runs_page import runs_page

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
                    html.Div([_form(), _output()], id="asked", className="columns", hidden=True),
                    html.Div(id="runs"),
                ]
            ),
        ],
        className="page",
    )
    _connect(app, start, lambda query: runs_page(folder, query))
    return app


def _address() -> Component:
    from dash import dcc, html

    return html.Div(
        [dcc.Location(id="address", refresh=False), dcc.Store(id="opened"), dcc.Store(id="query"),
         html.Div(id="written", hidden=True)]
    )  # fmt: skip


def _form() -> Component:
    from dash import dcc, html

    parts: list[Component] = []
    for group, (heading, words) in GROUPS.items():
        inside: list[Component] = []
        if words:
            inside.append(html.P(words, className="hint"))
        if group == "coverage":
            inside.append(_choice("shape", SHAPES))
        if group == "prior":
            inside.append(_choice("prior", PRIORS))
        inside += [_row(field) for field in FIELDS if field.group == group]
        parts.append(
            html.Fieldset([html.Legend(heading), *inside], id=f"part-{group}", className="part")
        )
    parts.append(
        html.P([html.Label("Seed of the random numbers", htmlFor="seed"),
                dcc.Input(id="seed", type="number", step=1, debounce=False)],
               className="field")
    )  # fmt: skip
    return named("Section", parts, "What is assumed", className="form")


def _choice(name: str, words: dict[str, str]) -> Component:
    from dash import dcc

    options = [{"label": said, "value": value} for value, said in words.items()]
    said = {"shape": "Form of the belief on coverage", "prior": "Prior on expected deaths"}[name]
    radios = dcc.RadioItems(options=options, id=name, className="choice")
    return named("Div", radios, said, role="radiogroup")


def _row(field: Field) -> Component:
    from dash import dcc, html

    said = f"{field.label}, {GROUPS[field.group][0].lower()}"
    return html.Div(
        [
            html.Label(field.label, htmlFor=field.name),
            # a box with ends would give nothing instead of what was typed beyond them
            dcc.Input(id=field.name, type="number", step="any", debounce=False),
            html.Label(f"{said}: slider", htmlFor=f"{field.name}-slider", className="unseen"),
            dcc.Input(id=f"{field.name}-slider", type="range", min=field.low, max=field.high,
                      step=field.step, debounce=False),
        ],
        className="field", id=f"row-{field.name}",
    )  # fmt: skip


def _output() -> Component:
    from dash import dcc, html

    graph = dcc.Graph(id="figure", config=CONFIG, figure=EMPTY)
    parts = [
        html.H1("How many died?"),
        html.Div(id="problems"),
        # a status is read aloud when it changes
        html.Div(id="answer", role="status"),
        html.Div(id="compared"),
        named("Div", graph, "Posterior of the total", id="drawing", role="img"),
        html.Div(id="rows"),
        html.Div(id="ahead", role="status"),
        html.Div(id="elsewhere"),
    ]
    return named("Section", parts, "What follows", className="output")


def _connect(app: Dash, start: State, runs: Any) -> None:
    """Register the callbacks: each is a plain function, given to Dash as it is."""
    from dash import ClientsideFunction, Input, Output

    in_browser: Any = app.clientside_callback
    names = [*(field.name for field in FIELDS), "seed"]
    asked = [Input(name, "value") for name in (*names, *_CHOICES)]

    def given(*values: Any) -> State:
        return State.of(dict(zip((*names, *_CHOICES), values, strict=True)))

    app.callback(
        [Output("opened", "data"), Output("shape", "value"), Output("prior", "value"),
         Output("problems", "children"), Output("asked", "hidden"), Output("runs", "children")],
        [Input("address", "pathname"), Input("address", "search")],
    )(lambda path, query: opened(path, query, start, runs))  # fmt: skip
    app.callback(
        [Output("answer", "children"), Output("compared", "children"),
         Output("figure", "figure"), Output("drawing", "aria-label"),
         Output("rows", "children"), Output("elsewhere", "children"), Output("query", "data"),
         *(Output(f"part-{group}", "hidden") for group in ("audited", "audit")),
         *(Output(f"row-{name}", "hidden") for name in _ROWS)],
        asked, prevent_initial_call=True,
    )(lambda *values: redrawn(given(*values)))  # fmt: skip
    app.callback(Output("ahead", "children"), asked, prevent_initial_call=True)(
        lambda *values: ahead(given(*values))
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


#: Rows that are shown only where the chosen form has such numbers.
_ROWS = ("low", "high", "mass", "prior_low", "prior_high")


def opened(path: str | None, query: str | None, start: State, runs: Any) -> tuple[Any, ...]:
    """Return what a page shows at first: the numbers of its address, or stored runs."""
    import dataclasses

    from dash import html

    if (path or "/").startswith("/runs"):
        return None, start.shape, start.prior, None, True, runs(query or "")
    state, problems = State.from_query(query or "", start)
    told = [html.P(one, className="refused") for one in problems]
    return dataclasses.asdict(state), state.shape, state.prior, told, False, None


def redrawn(state: State) -> tuple[Any, ...]:
    """Return all that follows from numbers: sentence, figure, its description, rows, links."""
    from dash import html

    found = ask(state)
    said = found.refused or f"{found.sentence} {found.compared}"
    shown = {
        "low": state.shape in RANGES, "high": state.shape in RANGES, "mass": state.shape in MASSES,
        "prior_low": state.prior == "gamma", "prior_high": state.prior == "gamma",
    }  # fmt: skip
    return (
        _sentence(found), html.P(found.compared) if found.compared else None,
        total_figure(found), f"Posterior of the total. {said}", _rows(found),
        _elsewhere(found), state.to_query(), state.shape != "audited",
        not state.soft(), *(not shown[name] for name in _ROWS),
    )  # fmt: skip


def ahead(state: State) -> Any:
    """Return what an audit to come is expected to tell."""
    from dash import html

    if ask(state).refused:
        return None
    return [html.H2("An audit to come"), html.P(look_ahead(state))]


def _sentence(found: Answer) -> list[Any]:
    from dash import html

    if found.refused:
        return [html.P([html.Strong("No number: "), found.refused], className="refused")]
    return [html.P(found.sentence, className="sentence")]


def _rows(found: Answer) -> Any:
    from dash import html

    from estimation.report.text import number
    from estimation.summaries.agreement import percent

    if found.refused:
        return None
    level, keys = percent(found.prob), ("median", "mean", "low", "high")
    head = ["", "median", "mean", f"low ({level})", f"high ({level})"]
    rows = [
        [row["name"].replace("_", " "), *(number(row["name"], row[key]) for key in keys)]
        for row in found.rows
    ]
    return [table(_SIZES, head, rows), html.Ul([html.Li(note) for note in found.notes])]


def _elsewhere(found: Answer) -> Any:
    from dash import html

    if found.refused:
        return None
    command = found.state.to_command()
    study = f"/study.toml?{found.state.to_query()}"
    parts: list[Component] = [
        html.H2("The same elsewhere"),
        html.P(html.A("Save as study", href=study, className="button")),
    ]
    if command:
        parts.append(html.P("On the command line:"))
        parts.append(html.Pre(html.Code(command), tabIndex=0))
    return parts
