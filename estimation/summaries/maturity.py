"""Maturity: how long after its end a period was counted.

Deaths are confirmed weeks to years after they happened, so that of two periods the younger looks
better than it was, beside the older.  Without late reports in the model nothing says by how much;
with them, the names still to come are part of each period's estimate.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from estimation.errors import RefusedError
from estimation.summaries.spans import last_day

#: Why periods of a triangle are compared without a reason.
LATE = "late reports are part of the model"


class UnequalMaturityError(RefusedError):
    """Periods of unequal maturity were compared.

    Attributes
    ----------
    bias : {"too low", "too high", "either"}
        How the comparison errs if late names are still to come.
    """

    bias: str = "either"


def compare_maturity(
    chosen: Sequence[datetime.date], others: Sequence[datetime.date], step: str,
    as_of: datetime.date | None, *, accept: str | None = None, late: bool = False,
) -> str:  # fmt: skip
    """Return how a comparison of two sets of periods errs, if that was accepted.

    Parameters
    ----------
    chosen, others : sequence of datetime.date
        First days of the periods compared, the first set over the second.
    step : str
        Their length.
    as_of : datetime.date or None
        The day at which the table was true.
    accept : str, optional
        Reason to compare them although their maturity differs.
    late : bool
        Whether late reports are part of the model.

    Returns
    -------
    str
        "" if both are equally mature or late names are estimated, else "too low", "too high" or
        "either".

    Raises
    ------
    UnequalMaturityError
        If maturity differs, or is not known, and no reason was given.
    """
    if late or set(chosen) == set(others):
        return ""
    bias = "either"
    if max(chosen) > max(others) and min(chosen) >= min(others):
        bias = "too low"  # the younger periods are above the line
    elif max(chosen) < max(others) and min(chosen) <= min(others):
        bias = "too high"
    if accept and accept.strip():
        return bias
    # of sets that end with the same period the beginnings differ
    edge = max if max(chosen) != max(others) else min
    does = "end" if edge is max else "begin"
    ages = [f"{edge(chosen)}", f"{edge(others)}"]
    if as_of is not None:
        days = [(as_of - last_day(edge(periods), step)).days for periods in (chosen, others)]
        ages = [_age(one) for one in days]
        if ages[0] == ages[1]:
            ages = [f"{one} days" for one in days]
    error = UnequalMaturityError(
        f"periods of unequal maturity are compared ({ages[0]} and {ages[1]} old at the date of the "
        "table)" if as_of is not None else
        f"periods that {does} with {ages[0]} and {ages[1]} are compared, in a table without a date",
        where="period",
        why=f"names of the younger one are still to come; the comparison errs {_direction(bias)}",
        remedy="accept it with a reason, or model late reports",
    )  # fmt: skip
    error.bias = bias
    raise error


def _direction(bias: str) -> str:
    return "either way" if bias == "either" else bias


def _age(days: int) -> str:
    return f"{days} days" if days < 90 else f"{days / 30.44:.0f} months"
