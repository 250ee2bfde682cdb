"""What is asked, in words: what somebody puts in by hand, and how two questions differ."""

from __future__ import annotations

import dataclasses
from typing import Any

from estimation.explore.fields import BY_NAME, PRIORS, RANGES, SHAPES, place
from estimation.explore.state import Number, State

_CHOSEN = {"shape": ("Coverage: form", SHAPES), "prior": ("Prior: form", PRIORS)}


def differences(before: State, after: State) -> list[str]:
    """Return what moved from one question to another: "Coverage: low end 0.45, now 0.48"."""
    old, new, found = before.settled(), after.settled(), []
    for field in dataclasses.fields(State):
        first, second = (getattr(one, field.name) for one in (old, new))
        if first == second:
            continue
        if field.name in _CHOSEN:
            label, said = _CHOSEN[field.name]
            found.append(f'{label} "{said[first]}", now "{said[second]}"')
        elif _uses(old, field.name) and _uses(new, field.name):
            if field.name in BY_NAME:
                found.append(f"{place(field.name)} {_shown(first)}, now {_shown(second)}")
            else:
                found.append(f"{field.name} {first}, now {second}")
    return found


def _uses(state: State, name: str) -> bool:
    """Return whether a question depends on a number."""
    emptied: dict[str, Any] = {name: None}
    other = dataclasses.replace(state, **emptied)
    return other.settled() != state.settled() or getattr(state, name) is None


def own_numbers(state: State) -> list[str]:
    """Return what of a question is judgment that no count can check, and what is data."""
    ends = f"{_shown(state.low)} to {_shown(state.high)}"
    if state.shape == "audited":
        coverage = (f"{_shown(state.found)} of {_shown(state.checked)} graves were on the list: "
                    "data of an audit, if graves were not chosen by whether they are "
                    "listed")  # fmt: skip
    elif state.low == state.high and state.shape in ("uniform", "uniform_total"):
        coverage = f"taken as known, {_shown(state.low)}: your judgment"
    else:
        mass = "" if state.shape in RANGES[:2] else f" with probability {_shown(state.mass)}"
        coverage = f"{ends}{mass}, {SHAPES[state.shape]}: your judgment"
    true_names = f"{_shown(state.precision_low)} to {_shown(state.precision_high)}, a hard range"
    if state.precision_low == state.precision_high:
        true_names = f"{_shown(state.precision_low)} exactly"
        if state.precision_low == 1:
            true_names = "1 exactly, every listed name is a death"
    prior = "no opinion before the count"
    if state.prior == "gamma":
        prior = (f"{_shown(state.prior_low)} to {_shown(state.prior_high)} with probability 0.95, "
                 "a gamma: your judgment")  # fmt: skip
    return [f"Names: {_shown(state.count)}, counted: data.", f"Coverage: {coverage}.",
            f"Precision: {true_names}: your judgment.", f"Expected deaths: {prior}."]  # fmt: skip


def _shown(value: Number) -> str:
    if value is None:
        return "empty"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
