"""The effect of each field that was varied alone: what a tornado plot shows."""

from __future__ import annotations

import dataclasses

import numpy as np

from estimation.errors import UsageError
from estimation.sensitivity.axes import Axis, words_of
from estimation.sensitivity.scenarios import Scenarios


@dataclasses.dataclass(frozen=True)
class Level:
    """A value of a field, and the posterior of a target there, all else being as stated.

    Parameters
    ----------
    words : str
        The value.
    value : float
        The same as a number; NaN if it is none.
    median, low, high : float
        Of the target; of an event each is its probability.
    """

    words: str
    value: float
    median: float
    low: float
    high: float


def levels(scenarios: Scenarios, axis: Axis, target: int = 0) -> list[Level]:
    """Return what a field does, value by value; failed scenarios are left out.

    Parameters
    ----------
    scenarios : Scenarios
        Of a design that varies one field at a time.
    axis : Axis
        One of it.
    target : int
        Which of its targets.

    Raises
    ------
    UsageError
        If fields were varied together: what one of them does depends on the others.
    """
    design = scenarios.design
    if design.kind != "one_at_a_time":
        raise UsageError("effects of single fields need a design of one at a time", where="design")
    column = design.codes(0, design.size)[:, [one.field for one in design.axes].index(axis.field)]
    numbers = [scenarios.column(name, target) for name in ("median", "low", "high")]
    found = []
    for i in np.flatnonzero(~np.isnan(column) & np.isfinite(numbers[0])):
        value = axis.value(float(column[i]))
        number = float(value) if isinstance(value, int | float) else float("nan")
        found.append(Level(words_of(value), number, *(float(one[i]) for one in numbers)))
    return found


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

    What is stated is one of the values of each field; see `levels`.
    """
    found = []
    stated = [float(scenarios.column(name, target)[0]) for name in ("median", "low", "high")]
    for axis in scenarios.design.axes:
        of_axis = levels(scenarios, axis, target)
        if of_axis:
            of_axis.append(Level("as stated", float("nan"), *stated))
            ordered = sorted(of_axis, key=lambda level: level.median)
            found.append(Effect(axis, ordered[0], ordered[-1]))
    return sorted(found, key=lambda effect: -effect.width)
