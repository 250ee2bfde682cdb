"""Answers beside the present one: as a stored run has it, and those that were kept."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from estimation.explore.answer import ask
from estimation.explore.changes import differences
from estimation.explore.elements import table
from estimation.explore.figures import LETTERS

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from estimation.explore.answer import Answer
    from estimation.explore.state import State
    from estimation.explore.stored import Question

#: Monte Carlo errors by which a stored bound may differ without being said to.
_MOST_ERRORS = 4.0


def beside(found: Answer, stored: Question | None, kept: Sequence[State]) -> list[Component]:
    """Return the table of answers beside each other; nothing where there is only one.

    Parameters
    ----------
    found : Answer
        The present one.
    stored : Question, optional
        The run that the page began with.
    kept : sequence of State
    """
    from dash import html

    if stored is None and not kept:
        return []
    parts: list[Component] = [html.H2("Beside each other")]
    lines: list[list[Any]] = []
    if stored is not None and stored.numbers is not None and stored.state is not None:
        low, middle, high = stored.numbers
        lines.append(["as stored", *map(_whole, (middle, low, high)),
                      _moved(stored.state, found.state), ""])  # fmt: skip
    lines.append(["as set now", *_numbers(found), "", ""])
    for place, state in enumerate(kept):
        lines.append([f"kept {LETTERS[place]}", *_numbers(ask(state)),
                      _moved(state, found.state), _buttons(place, state)])  # fmt: skip
    if stored is not None:
        link = html.A(stored.title, href="/runs?" + urlencode({"run": stored.run}))
        parts.append(html.P(["Stored run: ", link, f". {stored.left_out}".rstrip()]))
    head = ["answer", "median", "low", "high", "what differs", "kept"]
    if not kept:
        head, lines = head[:-1], [line[:-1] for line in lines]
    parts.append(table("Answers beside each other", head, lines))
    if stored is not None:
        parts.append(html.P(how_equal(found, stored)))
    return parts


def how_equal(found: Answer, stored: Question) -> str:
    """Return how the present answer stands to the stored one."""
    if stored.state is None:
        return stored.why_not
    if stored.numbers is None:
        return "The stored run has no total: its fit failed or was refused."
    if found.refused or found.total is None:
        return "There is no number now to set beside the stored one."
    row, (low, middle, high) = found.rows[0], stored.numbers
    moved = differences(stored.state, found.state)
    width = high - low
    if moved:
        change = row["median"] - middle
        sign = "no more or fewer" if change == 0 else "more" if change > 0 else "fewer"
        size = "" if change == 0 else f"{abs(change):,.0f} "
        return (f"Moved: {'; '.join(moved)}. The median is {size}{sign} than stored; the interval "
                f"is {_ratio(row['high'] - row['low'], width)} as wide.")  # fmt: skip
    gaps = [abs(row["median"] - middle), abs(row["low"] - low), abs(row["high"] - high)]
    largest, usual = max(gaps), math.hypot(stored.error, found.error)
    says = (
        f"Nothing was moved: both are draws of the same posterior ({stored.draws:,} stored, "
        f"{found.total.size:,} here). Median and ends differ by {largest:,.0f} deaths at most"
    )
    if width <= 0:
        return f"{says}."
    says += (f", {100 * largest / width:.2g} % of the width of the interval; the Monte Carlo error "
             f"of such a difference is about {100 * usual:.1g} %.")  # fmt: skip
    if largest > max(_MOST_ERRORS * usual * width, 1.0):
        says += (" That is more than chance explains: the run was made by another version, or was "
                 "changed since.")  # fmt: skip
    return says


def _ratio(now: float, before: float) -> str:
    return f"{now / before:.2f} times" if before > 0 else "no longer"


def _moved(before: State, after: State) -> str:
    return "; ".join(differences(before, after)) or "nothing"


def _numbers(found: Answer) -> list[str]:
    if found.refused:
        return ["no number", "", ""]
    return [_whole(found.rows[0][key]) for key in ("median", "low", "high")]


def _whole(value: float | None) -> str:
    return "none" if value is None else f"{value:,.0f}"


def _buttons(place: int, state: State) -> list[Component]:
    """Return buttons that go back to a kept answer, and forget it; the browser does both."""
    from dash import html

    letter = LETTERS[place]
    back: dict[str, Any] = {"data-back": json.dumps(dataclasses.asdict(state)),
                            "aria-label": f"Go back to kept {letter}"}  # fmt: skip
    forget: dict[str, Any] = {"data-forget": str(place), "aria-label": f"Forget kept {letter}"}
    same: dict[str, Any] = {"type": "button", "className": "small"}
    return [html.Button("Back", **back, **same), html.Button("Forget", **forget, **same)]
