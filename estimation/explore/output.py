"""What follows from what is asked: sentence, verdict, figures, tables, the same elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estimation.explore.changes import own_numbers
from estimation.explore.elements import named, table
from estimation.explore.figures import CONFIG, EMPTY

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from estimation.explore.answer import Answer

_SIZES = "Estimates of the same question"

#: What `compare` puts between how a range agrees and what that agreement is worth.
SAME = "same assumption"
_WORTH = f"; {SAME}"


def output() -> Component:
    """Return the places of all that follows."""
    from dash import dcc, html

    def drawing(name: str, said: str) -> Component:
        graph = dcc.Graph(id=f"{name}-figure", config=CONFIG, figure=EMPTY, style=tall(EMPTY))
        return named("Div", graph, said, id=f"{name}-drawing", role="img")

    parts = [
        html.H1("How many died?"),
        html.Div(id="problems"),
        html.Div(id="answer"),
        # read aloud when it changes, once a second at most
        html.Div(id="announced", role="status", className="unseen"),
        html.Div(id="verdict"),
        drawing("total", "Posterior of the total"),
        html.P(
            html.Button("Keep this answer", id="keep", type="button", className="button quiet"),
            id="keeping", hidden=True,
        ),
        html.Div(id="beside"),
        html.Div(id="own"),
        drawing("coverage", "Coverage before and after the count"),
        html.Div(id="rows"),
        html.Div(id="ahead"),
        html.Div(id="elsewhere"),
    ]  # fmt: skip
    return named("Section", parts, "What follows", className="output")


def tall(figure: dict[str, Any]) -> dict[str, str]:
    """Return the style that keeps the room of a figure, whenever the browser draws it."""
    return {"height": f"{figure['layout']['height']}px"}


def sentence(found: Answer) -> list[Component]:
    """Return the answer, or the refusal in its place."""
    from dash import html

    if found.refused:
        return [html.P([html.Strong("No number: "), found.refused], className="refused")]
    return [html.P(found.sentence, className="sentence")]


def verdict(found: Answer) -> list[Component]:
    """Return how the answer stands to the published range, and the verdict of the checks."""
    from dash import html

    if found.refused:
        return []
    parts: list[Component] = []
    if found.compared:
        parts.append(compared(found.compared, weighty=found.same_assumption))
    said = [html.Strong(f"Checks of the draws: {found.verdict}.")]
    parts.append(html.P(said, className=f"verdict {found.verdict}"))
    return parts


def compared(says: str, *, weighty: bool) -> Component:
    """Return how an answer stands to a published range; what that is worth is not overlooked."""
    from dash import html

    agrees, mark, worth = says.partition(_WORTH)
    told: list[Any] = [agrees]
    if mark:
        told += ["; ", html.Strong(f"{mark.removeprefix('; ')}{worth}")]
    return html.P(told, className="weighty" if weighty else "compared")


def own(found: Answer) -> list[Component]:
    """Return what was put in by hand, and what the count taught of it."""
    from dash import html

    if found.refused:
        return []
    listed = html.Ul([html.Li(one) for one in own_numbers(found.state)])
    return [html.H2("What you put in, and what the count taught"), listed,
            html.P(html.Strong(found.learned), className="weighty")]  # fmt: skip


def rows(found: Answer) -> list[Component]:
    """Return the table of estimates and the notes."""
    from dash import html

    from estimation.report.text import number
    from estimation.summaries.agreement import percent

    if found.refused:
        return []
    level, keys = percent(found.prob), ("median", "mean", "low", "high")
    head = ["estimate", "median", "mean", f"low ({level})", f"high ({level})"]
    lines = [
        [row["name"].replace("_", " "), *(number(row["name"], row[key]) for key in keys)]
        for row in found.rows
    ]
    notes = html.Ul([html.Li(note) for note in found.notes])
    return [html.H2("Estimates"), table(_SIZES, head, lines), notes]


def elsewhere(found: Answer) -> list[Component]:
    """Return how to ask the same elsewhere."""
    from dash import html

    if found.refused:
        return []
    command, study = found.state.to_command(), f"/study.toml?{found.state.to_query()}"
    parts: list[Component] = [
        html.H2("The same elsewhere"),
        html.P(html.A("Save as study", href=study, className="button")),
        html.P("The saved study is run, kept and compared by:"),
        html.Pre(html.Code(found.state.to_run()), tabIndex=0),
    ]
    if command:
        parts.append(html.P("The same numbers on the command line:"))
        parts.append(html.Pre(html.Code(command), tabIndex=0))
    return parts
