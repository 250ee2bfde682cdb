"""The effect of each varied field: what a tornado plot shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from estimation.sensitivity.axes import Axis, words_of
from estimation.sensitivity.scenarios import Scenarios

#: Groups of values of a range in a random design.
_BINS = 8


@dataclasses.dataclass(frozen=True)
class Level:
    """A value of a field, and the posterior of a target there.

    Parameters
    ----------
    words : str
        The value; of a random design the middle of a group of values.
    value : float
        The same as a number; NaN if it is none.
    median, low, high : float
        Averages over the scenarios that have it.
    """

    words: str
    value: float
    median: float
    low: float
    high: float


def levels(scenarios: Scenarios, axis: Axis, target: int = 0) -> list[Level]:
    """Return what a field does, value by value; failed scenarios and other fields are averaged out.

    Parameters
    ----------
    scenarios : Scenarios
    axis : Axis
        One of its design.
    target : int
        Which of its targets.
    """
    design = scenarios.design
    column = design.codes(0, design.size)[:, design.axes.index(axis)]
    done = np.isfinite(scenarios.column("median", target)) & ~np.isnan(column)
    found = []
    for group, value in _groups(axis, column, done, design.kind):
        middle, low, high = (
            float(scenarios.column(name, target)[group].mean())
            for name in ("median", "low", "high")
        )
        words = words_of(axis.value(value))
        number = value if axis.ranged else _number(axis.value(value))
        found.append(Level(words, number, middle, low, high))
    return found


def _groups(
    axis: Axis, column: np.ndarray, done: np.ndarray, kind: str
) -> Iterator[tuple[np.ndarray, float]]:
    """Yield scenarios that share a value, or a group of values, and that value."""
    if not axis.ranged or kind in ("full", "one_at_a_time"):
        for value in np.unique(column[done]):
            yield done & (column == value), float(value)
        return
    edges = axis.at(np.linspace(0, 1, _BINS + 1))
    middles = axis.at((np.arange(_BINS) + 0.5) / _BINS)
    place = np.clip(np.searchsorted(edges, column, "right") - 1, 0, _BINS - 1)
    for i in range(_BINS):
        group = done & (place == i)
        if group.any():
            yield group, float(middles[i])


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")


@dataclasses.dataclass(frozen=True)
class Effect:
    """The values of a field that give the smallest and the largest median."""

    axis: Axis
    smallest: Level
    largest: Level

    @property
    def width(self) -> float:
        """Return how far the median moves."""
        return self.largest.median - self.smallest.median


def effects(scenarios: Scenarios, target: int = 0) -> list[Effect]:
    """Return the effect of each field that has any scenario done, the largest first.

    Where fields are varied one at a time, what is stated is one of their values.
    """
    found = []
    stated = [float(scenarios.column(name, target)[0]) for name in ("median", "low", "high")]
    for axis in scenarios.design.axes:
        of_axis = levels(scenarios, axis, target)
        if of_axis and scenarios.design.kind == "one_at_a_time":
            of_axis.append(Level("as stated", float("nan"), *stated))
        if of_axis:
            ordered = sorted(of_axis, key=lambda level: level.median)
            found.append(Effect(axis, ordered[0], ordered[-1]))
    return sorted(found, key=lambda effect: -effect.width)
