"""Deaths of two sexes by year and age: what excess deaths are estimated from."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.checks import LARGEST_COUNT, text, whole
from models.errors import InvalidValueError

#: The first age beyond an open age group such as "85+".
OPEN_END = 1000

#: Fewer years leave a line no residual.
_FEWEST_BASE_YEARS = 3


@dataclasses.dataclass(frozen=True, eq=False)
class Mortality:
    """Deaths from all causes of two sexes, one of which fights a war from some year on.

    Parameters
    ----------
    years : sequence of int
        Calendar years, in order, without gaps.
    ages : sequence of str
        Age groups, in order, such as "15-19", "20" or "85+"; gaps between them are allowed.
    affected : (n_year, n_age) integers, deaths
        The sex that fights.
    other : (n_year, n_age) integers, deaths
        The other sex: what the first would have without a war is read off it.
    first_year : int
        The first year in which deaths of the war can be.
    base : (int, int)
        First and last year of the years that are taken as usual.
    pandemic : sequence of int
        Years that are not taken as usual for another reason than the war.

    Raises
    ------
    InvalidValueError
        If years have gaps, ages overlap, a count is none, the other sex has no death in a cell, the
        base is too short, outside or in the war, or no year of the war is there.
    """

    years: tuple[int, ...]
    ages: tuple[str, ...]
    affected: NDArray[np.int64]
    other: NDArray[np.int64]
    first_year: int
    base: tuple[int, int]
    pandemic: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "years", tuple(_year(one, "years") for one in self.years))
        put(self, "ages", _age_groups(self.ages))
        put(self, "first_year", _year(self.first_year, "first_year"))
        put(self, "base", self._checked_base())
        put(self, "pandemic", tuple(_year(one, "pandemic") for one in self.pandemic))
        self._check_years()
        for name in ("affected", "other"):
            put(self, name, _frozen(self._whole(getattr(self, name), name)))
        none = np.argwhere(self.other == 0)
        if len(none):
            raise InvalidValueError(
                "no death of the other sex", where=f"other{self._place(none[0])}",
                why="a ratio to nothing is not defined", remedy="take wider ages",
            )  # fmt: skip

    def _checked_base(self) -> tuple[int, int]:
        given = tuple(self.base)
        if len(given) != 2:
            raise InvalidValueError(
                f"must be a first and a last year, not {given!r}", where="base"
            )  # fmt: skip
        first, last = (_year(one, "base") for one in given)
        return first, last

    def _check_years(self) -> None:
        if not self.years:
            raise InvalidValueError("are empty", where="years")
        for year, following in itertools.pairwise(self.years):
            if following != year + 1:
                raise InvalidValueError(
                    f"{following} does not follow {year}", where="years",
                    why="a trend takes one step a year", remedy="give every year once, in order",
                )  # fmt: skip
        first, last = self.base
        span = f"{self.years[0]}-{self.years[-1]}"
        if first < self.years[0] or last > self.years[-1]:
            raise InvalidValueError(
                f"{first}-{last} is not inside the years {span}", where="base",
                remedy="add these years, or take another base",
            )  # fmt: skip
        if last - first + 1 < _FEWEST_BASE_YEARS:
            raise InvalidValueError(
                f"{first}-{last} is less than {_FEWEST_BASE_YEARS} years", where="base",
                why="nothing is left over to tell how far years stray from a line",
                remedy="take a longer base",
            )  # fmt: skip
        if last >= self.first_year:
            raise InvalidValueError(
                f"{first}-{last} reaches into the war, which begins in {self.first_year}",
                where="base", why="its deaths would be taken as usual", remedy="end it earlier",
            )  # fmt: skip
        if self.first_year > self.years[-1]:
            raise InvalidValueError(
                f"{self.first_year} is after the last year, {self.years[-1]}", where="first_year",
                why="there is no year in which to look for an excess", remedy="add later years",
            )  # fmt: skip
        for year in self.pandemic:
            if year not in self.years:
                raise InvalidValueError(f"{year} is not inside the years {span}", where="pandemic")
            if first <= year <= last:
                raise InvalidValueError(
                    f"{year} is in the base {first}-{last}", where="pandemic",
                    why="a year cannot be usual and apart", remedy="end the base before it",
                )  # fmt: skip
        if len(set(self.pandemic)) < len(self.pandemic):
            raise InvalidValueError("a year is given twice", where="pandemic")

    def _whole(self, values: ArrayLike, where: str) -> NDArray[np.int64]:
        shape = (len(self.years), len(self.ages))
        try:
            plain = np.asarray(values, float)
        except (TypeError, ValueError):
            raise InvalidValueError("holds what is no number", where=where) from None
        if plain.shape != shape:
            raise InvalidValueError(f"has shape {plain.shape}, not {shape}", where=where)
        wrong = ~np.isfinite(plain) | (plain < 0) | (plain != np.floor(plain))
        wrong |= plain > LARGEST_COUNT
        if wrong.any():
            index = np.argwhere(wrong)[0]
            raise InvalidValueError(
                f"{plain[tuple(index)]:g} is no count", where=f"{where}{self._place(index)}",
                why="a count is a whole number, 0 or more",
            )  # fmt: skip
        return plain.astype(np.int64)

    def _place(self, index: Sequence[int] | NDArray[np.int64]) -> str:
        return f"[{self.years[int(index[0])]}, {self.ages[int(index[1])]}]"

    # -- what a table says ----------------------------------------------------------------------

    @property
    def base_years(self) -> NDArray[np.bool_]:
        """Return which years are the base, (n_year,)."""
        years = np.array(self.years)
        return np.asarray((years >= self.base[0]) & (years <= self.base[1]))

    @property
    def war(self) -> NDArray[np.bool_]:
        """Return which years may hold deaths of the war, (n_year,)."""
        return np.array(self.years) >= self.first_year

    @property
    def war_years(self) -> tuple[int, ...]:
        """Return the years in which deaths of the war can be."""
        return tuple(year for year in self.years if year >= self.first_year)

    def select(self, ages: Iterable[str]) -> Mortality:
        """Return some age groups, in the order of all.

        Parameters
        ----------
        ages : iterable of str
            Names of age groups, as in `ages`.

        Raises
        ------
        InvalidValueError
            If there is no such age group, or none is named.
        """
        wanted = [ages] if isinstance(ages, str) else list(ages)
        for name in wanted:
            if name not in self.ages:
                raise InvalidValueError(
                    f"no age group {name!r}", where="ages", remedy="one of " + ", ".join(self.ages)
                )
        places = [place for place, name in enumerate(self.ages) if name in wanted]
        return dataclasses.replace(
            self, ages=tuple(self.ages[place] for place in places),
            affected=self.affected[:, places], other=self.other[:, places],
        )  # fmt: skip

    def content(self) -> dict[str, Any]:
        """Return the numbers; names of ages and the calendar do not count."""
        start = self.years[0]
        return {
            "affected": self.affected.tolist(), "other": self.other.tolist(),
            "first_year": self.first_year - start, "base": [year - start for year in self.base],
            "pandemic": [year - start for year in sorted(self.pandemic)],
        }  # fmt: skip


def age_bounds(name: str) -> tuple[int, int] | None:
    """Return the first age of a group and the first beyond it; none if it is no age group.

    Parameters
    ----------
    name : str
        Such as "15-19", "20" or "85+".
    """
    found = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3})|(\+))?", name)
    if found is None:
        return None
    low = int(found[1])
    high = OPEN_END if found[3] else int(found[2] or low) + 1
    return (low, high) if low < high else None


def _age_groups(values: Sequence[Any]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise InvalidValueError(f"must be a list of age groups, not {values!r}", where="ages")
    names = tuple(text(one, "ages") for one in values)
    if not names:
        raise InvalidValueError("are empty", where="ages")
    bounds = []
    for name in names:
        found = age_bounds(name)
        if found is None:
            raise InvalidValueError(
                f"{name!r} is no age group", where="ages", remedy="write 15-19, 20 or 85+"
            )
        bounds.append(found)
    for (one, (low, high)), (other, (start, end)) in itertools.pairwise(
        zip(names, bounds, strict=True)
    ):
        if start < high and low < end:
            raise InvalidValueError(
                f"{one} and {other} overlap", where="ages", why="deaths would count twice",
                remedy="leave one of them out",
            )  # fmt: skip
        if start < high:
            raise InvalidValueError(f"{other} stands after {one}", where="ages",
                                    remedy="put ages in order")  # fmt: skip
    return names


def _year(value: object, where: str) -> int:
    return whole(value, where, high=9999, why="it is a calendar year")


def _frozen(values: Any) -> Any:
    values = np.array(values)
    values.flags.writeable = False
    return values
