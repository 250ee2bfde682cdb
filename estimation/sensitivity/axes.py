"""An axis of a sensitivity study: one field of a model, and the values it takes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from estimation.errors import InvalidValueError
from models.beliefs import Belief, known
from models.checks import real, text, whole
from models.count import describe
from models.errors import UndercountError
from models.model import Model

_SCALES = ("linear", "log")

#: Values of a range if their number is not stated.
STEPS = 5

#: The most values that are taken for meant.
_MOST_STEPS = 1_000_000


@dataclasses.dataclass(frozen=True)
class Axis:
    """A field and its values: a list of them, or a range of numbers.

    Parameters
    ----------
    field : str
        Dotted name, as in "names.coverage", "names.coverage.low" or "losses.step".
    values : sequence, optional
        Values of any kind; a number where a belief stands means that the share is known.
    low, high : float, optional
        A range of numbers instead.
    steps : int, optional
        Values of the range in grids, 2 or more; 5 by default.  Random designs take any in it.
    scale : {"linear", "log"}
        How values of the range are spaced.
    title : str
        What the field is, for tables and figures; its name by default.
    whole : bool
        Whether values of the range are rounded to whole numbers, as of counts.

    Raises
    ------
    InvalidValueError
        If there are no values, or a range is not one.
    """

    field: str
    values: Sequence[Any] = ()
    low: float | None = None
    high: float | None = None
    steps: int | None = None
    scale: str = "linear"
    title: str = ""
    whole: bool = False

    def __post_init__(self) -> None:
        text(self.field, "field")
        text(self.title, "title")
        if isinstance(self.values, str) or not isinstance(self.values, Sequence):
            raise InvalidValueError(f"must be a list, not {self.values!r}", where="values")
        object.__setattr__(self, "values", tuple(self.values))
        ranged = self.low is not None or self.high is not None
        if ranged == bool(self.values):
            both = "gives a list of values and a range" if ranged else "has no values"
            raise InvalidValueError(
                both, where=self.field, why="a grid of nothing says nothing" if not ranged else "",
                remedy="give values = [...], or low and high",
            )  # fmt: skip
        if self.scale not in _SCALES:
            raise InvalidValueError(f"no scale {self.scale!r}", where=f"{self.field}.scale",
                                    remedy="one of " + ", ".join(_SCALES))  # fmt: skip
        if not ranged:
            unused = [name for name in ("steps",) if getattr(self, name) is not None]
            if unused or self.scale != "linear":
                raise InvalidValueError("a list of values has no steps or scale", where=self.field)
            return
        self._check_range()

    def _check_range(self) -> None:
        for name in ("low", "high"):
            if getattr(self, name) is None:
                raise InvalidValueError(f"{name!r} is missing", where=self.field)
            object.__setattr__(self, name, real(getattr(self, name), f"{self.field}.{name}"))
        if not self._low < self._high:
            raise InvalidValueError(f"low {self._low:g} must be below high {self._high:g}",
                                    where=self.field)  # fmt: skip
        if self.scale == "log" and self._low <= 0:
            raise InvalidValueError("a log scale needs values above 0", where=f"{self.field}.low")
        most = _MOST_STEPS
        steps = f"{self.field}.steps"
        if self.steps is not None and whole(self.steps, steps, high=most, why="") < 2:
            raise InvalidValueError("must be 2 or more", where=f"{self.field}.steps",
                                    remedy="for one value write values = [...]")  # fmt: skip

    @property
    def _low(self) -> float:
        return float(self.low if self.low is not None else math.nan)

    @property
    def _high(self) -> float:
        return float(self.high if self.high is not None else math.nan)

    @property
    def ranged(self) -> bool:
        """Return whether values are the numbers of a range."""
        return not self.values

    @property
    def size(self) -> int:
        """Return the number of values in a grid."""
        return len(self.values) or (STEPS if self.steps is None else self.steps)

    @property
    def label(self) -> str:
        """Return the title, or the name of the field."""
        return self.title or self.field

    # -- codes: numbers of a range are themselves, listed values their place in the list ----------

    def grid(self) -> np.ndarray:
        """Return the codes of all values of a grid, (size,)."""
        if not self.ranged:
            return np.arange(len(self.values), dtype=float)
        return self.at(np.linspace(0, 1, self.size))

    def at(self, place: np.ndarray) -> np.ndarray:
        """Return codes of values at places in [0, 1] of the axis, same shape."""
        if not self.ranged:
            return np.minimum(np.floor(place * len(self.values)), len(self.values) - 1.0)
        if self.scale == "log":
            values = np.exp(np.log(self._low) * (1 - place) + np.log(self._high) * place)
        else:
            values = self._low * (1 - place) + self._high * place
        return np.round(values) if self.whole else np.asarray(values)

    def value(self, code: float) -> Any:
        """Return the value of a code."""
        if not self.ranged:
            return self.values[int(code)]
        return round(code) if self.whole else code

    def of(self, model: Model) -> Axis:
        """Return the axis for a model: counts are whole; refuse a field that it does not have."""
        return dataclasses.replace(self, whole=_counts(model.value_of(self.field)))


def put(model: Model, axes: Sequence[Axis], codes: Sequence[float]) -> Model:
    """Return a model with the values of codes in the fields of axes, all at once.

    Parameters
    ----------
    model : Model
    axes : sequence of Axis
    codes : sequence of float
        One an axis; NaN leaves the field as it is stated.

    Raises
    ------
    UndercountError
        If the model refuses the values, or has no such field.
    """
    values = {}
    for axis, code in zip(axes, codes, strict=True):
        if not math.isnan(code):
            values[axis.field] = _as_value(model, axis.field, axis.value(code))
    return model.replace_all(values) if values else model


def replaced(model: Model, field: str, value: Any) -> Model:
    """Return a model with a field replaced; a number where a belief stands is a known share."""
    return model.replace(field, _as_value(model, field, value))


def _as_value(model: Model, field: str, value: Any) -> Any:
    stated = model.value_of(field)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not isinstance(stated, Belief):
        return round(value) if number and _counts(stated) and value == round(value) else value
    try:
        return known(float(value))
    except UndercountError as error:
        raise error.inside(field) from None


def _counts(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def words_of(value: Any) -> str:
    """Return a value in a few words, for tables and figures."""
    if isinstance(value, Belief):
        return describe(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.6g}"
    says = getattr(value, "says", None) or getattr(value, "describe", None)
    if says is not None:
        return str(says())
    kind = getattr(value, "kind", None)
    return str(kind) if kind else str(value)
