"""The form of the page: what is assumed, each number with a box and a slider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estimation.explore.elements import named
from estimation.explore.fields import FIELDS, GROUPS, PRIORS, SHAPES, Field

if TYPE_CHECKING:
    from dash.development.base_component import Component


def form() -> Component:
    """Return the form; its numbers come from the address."""
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
