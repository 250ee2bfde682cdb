"""Errors of records, and how frequent each is."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from estimation.errors import InvalidValueError

IntArray = NDArray[np.int64]

_EARLIEST, _LATEST = (int(np.datetime64(day, "D").astype(np.int64))
                      for day in ("1945-01-01", "2007-12-31"))  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Errors:
    """Shares of records with an error; wrong fields are shares of those that are there.

    Parameters
    ----------
    spelling : float
        Of each part of the name: one slip or confusion of letters.
    father_missing, birth_missing, death_missing, place_missing, sex_missing : float
        The field is empty; `birth_missing` holds for the age of lists that give it.
    birth_wrong : float
        Day and month swapped, one digit, or the year off by one; an age off by up to 3 years.
    death_off : float
        The date of death is off by 1 to 5 days.
    place_wrong : float
        Another place.
    swapped : float
        The given name (and the father's) stands before the surname.
    initial : float
        Given name and father's name are initials.
    hard : float
        Errors that come together: no birth date or age, and slips in two parts of the name.

    Raises
    ------
    InvalidValueError
        If a share is not between 0 and 1.
    """

    spelling: float = 0.09
    father_missing: float = 0.25
    birth_missing: float = 0.15
    birth_wrong: float = 0.06
    death_off: float = 0.15
    death_missing: float = 0.05
    place_missing: float = 0.10
    place_wrong: float = 0.03
    swapped: float = 0.02
    initial: float = 0.02
    sex_missing: float = 0.03
    hard: float = 0.05

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            share = getattr(self, field.name)
            if not 0 <= share <= 1:
                raise InvalidValueError(f"must be a share from 0 to 1, not {share!r}",
                                        where=f"errors.{field.name}")  # fmt: skip

    @classmethod
    def none(cls, **shares: float) -> Errors:
        """Return no errors but those named."""
        return cls(**{field.name: 0.0 for field in dataclasses.fields(cls)} | shares)


def wrong_births(birth: IntArray, rng: np.random.Generator) -> IntArray:
    """Return other days of birth, (n,): each a third swapped, with a wrong digit, a year off.

    Parameters
    ----------
    birth : (n,) integers, days since 1970-01-01
        The true ones.
    rng : numpy.random.Generator
        Randomness.
    """
    dates = birth.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    year = months.astype(np.int64) // 12 + 1970
    month = months.astype(np.int64) % 12 + 1
    day = (dates - months).astype(np.int64) + 1
    kind = rng.integers(0, 3, len(birth))
    found, done = birth.copy(), np.zeros(len(birth), dtype=bool)

    def take(rows: NDArray[np.bool_], days: IntArray, there: NDArray[np.bool_]) -> None:
        fits = rows & ~done & there & (days != birth) & (days >= _EARLIEST) & (days <= _LATEST)
        found[fits] = days[fits]
        done[fits] = True

    take(kind == 0, *_days(year, day, month))
    digit_of = rng.integers(0, 4, len(birth))
    for _ in range(20):  # until the wrong digit gives a date that there is
        digit = rng.integers(0, 10, len(birth))
        days, there = _days(
            np.where(digit_of == 0, year // 10 * 10 + digit,
                     np.where(digit_of == 1, year // 100 * 100 + digit * 10 + year % 10, year)),
            np.where(digit_of == 2, month // 10 * 10 + digit, month),
            np.where(digit_of == 3, day // 10 * 10 + digit, day),
        )  # fmt: skip
        take(kind != 2, days, there)
    step = rng.choice([-1, 1], len(birth))
    step = np.where(birth > _LATEST - 400, -1, step)
    days, there = _days(year + step, month, day)
    days = np.where(there, days, days - 1)  # the 29th of February is the 28th
    found[~done] = days[~done]
    return found


def _days(year: IntArray, month: IntArray, day: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
    """Return days since 1970-01-01, and which of them there are in the calendar."""
    months = (year - 1970) * 12 + month - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    last = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    there = (month >= 1) & (month <= 12) & (day >= 1) & (day <= last - first)
    return first + day - 1, there
