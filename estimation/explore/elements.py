"""Elements of the page that both parts of it use: with a name for screen readers, and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dash.development.base_component import Component


def named(tag: str, children: Any, said: str, **more: Any) -> Component:
    """Return an element of HTML with a name that is read aloud.

    Parameters
    ----------
    tag : str
        As in `dash.html`.
    children : component, text, or list of them
        Text is shown as it is: nothing in it is taken for HTML.
    said : str
        The name.
    **more
        Other attributes.
    """
    from dash import html

    found: Component = getattr(html, tag)(children, **more, **{"aria-label": said})
    return found


def table(said: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Component:
    """Return a table whose first column names the rows.

    One that is wider than the page scrolls by itself; for the keyboard it takes the focus.
    """
    from dash import html

    body = [html.Tr([html.Th(first, scope="row"), *(html.Td(cell) for cell in rest)])
            for first, *rest in rows]  # fmt: skip
    inside = html.Table(
        [
            html.Caption(said, className="unseen"),
            html.Thead(html.Tr([html.Th(one, scope="col") for one in head])),
            html.Tbody(body),
        ]
    )
    return named("Div", inside, said, className="wide", tabIndex=0, role="region")
