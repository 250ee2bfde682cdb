"""Tables and figures of sensitivity studies."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from estimation.files import write_rows
from estimation.report.figures import missing_plotting
from estimation.report.sensitivity import Bar, draw_anatomy, draw_curve, draw_tornado
from estimation.sensitivity.axes import Axis
from estimation.sensitivity.effects import effects, levels
from estimation.sensitivity.scenarios import Scenarios
from estimation.study.sensitivity_run import SensitivityFound
from estimation.summaries.agreement import Published

#: Values of a field from which on its curve is drawn.
_CURVE = 4


def write_sensitivity(found: Sequence[SensitivityFound], folder: Path) -> list[str]:
    """Write sensitivity.csv, tipping.csv, anatomy.csv, indices.csv and power_scaling.csv.

    Tables without rows are left out.

    Returns
    -------
    list of str
        The files written.
    """
    tables: dict[str, Iterator[dict[str, Any]]] = {
        "sensitivity.csv": _scenario_rows(found),
        "tipping.csv": (_named(one) | tip.row() for one in found for tip in one.tipping),
        "anatomy.csv": (
            _named(one) | row for one in found for part in one.anatomy for row in part.rows()
        ),
        "indices.csv": (
            _named(one) | dataclasses.asdict(index) for one in found for index in one.indices
        ),
        "power_scaling.csv": (
            _named(one) | dataclasses.asdict(scaled) for one in found for scaled in one.scaled
        ),
    }
    return [name for name, rows in tables.items() if write_rows(folder / name, rows)]


def _named(one: SensitivityFound) -> dict[str, Any]:
    return {"study": one.plan.name, "model": one.plan.scenario}


def _scenario_rows(found: Sequence[SensitivityFound]) -> Iterator[dict[str, Any]]:
    """Yield rows of all scenarios; fields that a study does not vary stay empty."""
    designs = [one.scenarios.design for one in found if one.scenarios is not None]
    fields = dict.fromkeys((axis.field for design in designs for axis in design.axes), "")
    for one in found:
        if one.scenarios is not None:
            # the number of the scenario comes before the fields
            empty = _named(one) | {"scenario": ""} | fields
            for row in one.scenarios.rows():
                yield empty | row


def draw_sensitivity(
    found: Sequence[SensitivityFound], published: Published | None, folder: Path
) -> list[str]:
    """Draw tornados, curves and anatomies where matplotlib is installed; return their names."""
    if missing_plotting():
        return []
    drawn: list[str] = []

    def draw(name: str, function: Any, *arguments: Any, **options: Any) -> None:
        function(*arguments, folder / name, **options)
        drawn.append(name)

    for one in found:
        title, name = one.plan.title, one.plan.name
        for i, part in enumerate(one.anatomy):
            suffix = f"-{i + 1}" if len(one.anatomy) > 1 else ""
            rows = [(_plainly(p.name), p.share, p.error, p.width_if_known) for p in part.parts]
            heading = f"What the interval of {_the(part.target)} is made of: {title}"
            draw(f"anatomy-{name}{suffix}", draw_anatomy, rows, heading, prob=one.prob)
        alone = one.alone
        if alone is None:
            continue
        for i, target in enumerate(alone.targets):
            if target.event:
                continue
            suffix = f"-{i + 1}" if len(alone.targets) > 1 else ""
            bars = [
                Bar(e.axis.label, e.smallest.words, e.largest.words, e.smallest.median,
                    e.largest.median, (e.smallest.low, e.smallest.high),
                    (e.largest.low, e.largest.high))
                for e in effects(alone, i)
            ]  # fmt: skip
            if not bars:
                continue  # no scenario of any field was done
            base = tuple(alone.column(key, i)[0] for key in ("low", "median", "high"))
            quantity = _quantity(target.name)
            draw(f"tornado-{name}{suffix}", draw_tornado, bars, base, one.prob,
                 f"What {_the(target.name)} owes to each assumption: {title}",
                 quantity=quantity)  # fmt: skip
            for axis in alone.design.axes:
                points = _curve(alone, axis, i)
                if len(points) < _CURVE:
                    continue
                shown = published if published and target.name == published.estimand else None
                place = f"curve-{name}-{axis.field.replace('.', '-')}{suffix}"
                heading = f"{quantity[:1].upper()}{quantity[1:]} by {axis.label}: {title}"
                draw(place, draw_curve, points, heading,
                     field=axis.label, prob=one.prob, quantity=quantity,
                     published=shown,
                     marks=_marks(one, axis, target.name))  # fmt: skip
    return drawn


def _quantity(target: str) -> str:
    return "total deaths" if target == "total" else target


def _plainly(name: str) -> str:
    """Return a field without a dot: "coverage (names)" of "names.coverage"."""
    part, dot, field = name.partition(".")
    return f"{field.replace('.', ' ').replace('_', ' ')} ({part})" if dot else name


def _the(target: str) -> str:
    return "the total" if target == "total" else target


def _curve(scenarios: Scenarios, axis: Axis, target: int) -> list[tuple[float, ...]]:
    points = [(x.value, x.low, x.median, x.high) for x in levels(scenarios, axis, target)]
    return [point for point in points if np.isfinite(point[0])]


def _marks(one: SensitivityFound, axis: Axis, target: str) -> list[tuple[float, str]]:
    """Return tipping points of the field that lie where it was varied."""
    places = axis.grid()
    return [
        (value, f"{tipping.question.threshold:,.0f} at {value:.3g}")
        for tipping in one.tipping
        if tipping.question.field == axis.field and tipping.question.target.name == target
        for value in tipping.median
        if axis.ranged and places[0] <= value <= places[-1]
    ]
