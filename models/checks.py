"""Checks of single values, each with a message that a person can act on."""

import math
import numbers
from collections.abc import Sequence

from models.errors import InvalidValueError

#: Above this, a count over a small coverage no longer fits an exact float or a 64-bit integer.
LARGEST_COUNT = 10**12


def whole(
    value: object, field: str, *, low: int = 0, high: int = LARGEST_COUNT,
    why: str = "it counts persons",
) -> int:  # fmt: skip
    """Return `value` as an int between `low` and `high`, or say why it is none."""
    if isinstance(value, float) and math.isnan(value):
        raise InvalidValueError(
            "is not a number (NaN)", where=field, remedy="give a whole number, or leave the row out"
        )
    if isinstance(value, bool) or not isinstance(value, (int, numbers.Integral)):
        raise InvalidValueError(f"must be a whole number, not {value!r}", where=field, why=why)
    number = int(value)
    if number < low:
        raise InvalidValueError(f"must be {low} or more, not {number}", where=field)
    if number > high:
        raise InvalidValueError(
            f"{number} is too large to represent",
            where=field,
            why=f"the largest count taken is {high:,}, ten times all humans who ever lived",
        )
    return number


def real(value: object, field: str) -> float:
    """Return `value` as a finite float."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InvalidValueError(f"must be a number, not {value!r}", where=field)
    number = float(value)
    if not math.isfinite(number):
        raise InvalidValueError(f"must be finite, not {number}", where=field)
    return number


def positive(value: object, field: str) -> float:
    """Return `value` as a finite float above zero."""
    number = real(value, field)
    if number <= 0:
        raise InvalidValueError(f"must be above 0, not {number:g}", where=field)
    return number


def share(value: object, field: str) -> float:
    """Return `value` as a float in (0, 1]: a coverage or a precision."""
    number = real(value, field)
    if not 0 < number <= 1:
        hint = f"write {number / 100:g} for {number:g} %" if 1 < number <= 100 else ""
        raise InvalidValueError(
            f"must lie in (0, 1], not {number:g}", where=field, why="it is a share", remedy=hint
        )
    return number


def probability(value: object, field: str) -> float:
    """Return `value` as a float strictly between 0 and 1."""
    number = real(value, field)
    if not 0 < number < 1:
        raise InvalidValueError(f"must lie strictly between 0 and 1, not {number:g}", where=field)
    return number


def ordered(low: float, high: float, field: str, *, strictly: bool = False) -> None:
    """Refuse a range whose low end is above its high end (or equal to it, if `strictly`)."""
    if low > high or (strictly and low == high):
        raise InvalidValueError(
            f"low {low:g} must be {'below' if strictly else 'at most'} high {high:g}",
            where=field,
            remedy="swap them" if low > high else "a mass needs a range with a width",
        )


def text(value: object, field: str) -> str:
    """Return `value` if it is text."""
    if not isinstance(value, str):
        raise InvalidValueError(f"must be text, not {value!r}", where=field)
    return value


def sequence_of_whole(value: object, field: str, *, low: int = 0) -> tuple[int, ...]:
    """Return one whole number, or a sequence of them, as a tuple."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not value:
            raise InvalidValueError("is empty", where=field, remedy="give one number a site")
        return tuple(whole(item, f"{field}[{i}]", low=low) for i, item in enumerate(value))
    return (whole(value, field, low=low),)
