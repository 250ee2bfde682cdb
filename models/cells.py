"""Confirmed counts by period and stratum: what is missing, and what is assigned to no cell."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.checks import LARGEST_COUNT, text
from models.errors import InvalidValueError, NotEstimableError

#: Lengths of a period.
STEPS = ("day", "week", "month", "year")

#: What the dates of a table are dates of.
DATINGS = ("death", "obituary", "report")

#: The label of names whose period or stratum is not known.
UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True, eq=False)
class Cells:
    """A table of confirmed counts: one cell a period and stratum.

    Parameters
    ----------
    counts : (n_period, n_stratum) integers, deaths
        0 where nothing was confirmed; what stands in a missing cell does not matter.
    periods : sequence of datetime.date
        First days, in order, without gaps; empty if the table has no periods (one row).
    step : {"day", "week", "month", "year", ""}
        Length of a period; empty without periods.
    strata : sequence of str
        Names; empty if the table has no strata (one column).
    missing : (n_period, n_stratum) booleans, optional
        Cells that were not observed; none by default.
    apart : sequence of str
        Strata that are not alike to the others (foreigners, region unknown): they stay visible,
        take no part in pooling and have no exposure.
    exposure : (n_stratum,) numbers, optional
        Persons at risk in each stratum; equal by default; not read for strata that are apart.
    unknown_stratum : (n_period,) integers, optional
        Names of each period without a stratum, to be allocated by the model.
    unknown_period : (n_stratum,) integers, optional
        Names of each stratum without a period, to be allocated by the model.
    undated : (n_stratum,) integers, optional
        Names of each stratum without a period, to be kept visible as a period "unknown".
    dating : {"death", "obituary", "report"}
        What the dates are: of death; of death, but of the obituary where that is unknown; of the
        report.
    partial : bool
        Whether the table is known to lack part of the list.

    Raises
    ------
    InvalidValueError
        If shapes do not fit, or a count is negative, fractional, missing or above its exposure.
    NotEstimableError
        If there is not one confirmed death in all cells, or in a stratum that is apart.
    """

    counts: NDArray[np.int64]
    periods: tuple[datetime.date, ...] = ()
    step: str = ""
    strata: tuple[str, ...] = ()
    missing: NDArray[np.bool_] | None = None
    apart: tuple[str, ...] = ()
    exposure: NDArray[np.float64] | None = None
    unknown_stratum: NDArray[np.int64] | None = None
    unknown_period: NDArray[np.int64] | None = None
    undated: NDArray[np.int64] | None = None
    dating: str = "death"
    partial: bool = False

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "periods", _dates(self.periods))
        put(self, "strata", _names(self.strata, "strata"))
        put(self, "apart", _names(self.apart, "apart"))
        self._check_words()
        shape = (max(1, len(self.periods)), max(1, len(self.strata)))
        missing = np.zeros(shape, bool) if self.missing is None else np.asarray(self.missing, bool)
        _shaped(missing, shape, "missing")
        put(self, "missing", _frozen(missing))
        counts = self._whole(self.counts, shape, "counts", missing)
        put(self, "counts", _frozen(np.where(missing, 0, counts)))
        for name, length in (
            ("unknown_stratum", shape[0]), ("unknown_period", shape[1]), ("undated", shape[1])
        ):  # fmt: skip
            given = getattr(self, name)
            values = np.zeros(length) if given is None else given
            put(self, name, _frozen(self._whole(values, (length,), name)))
        self._put_exposure(shape)
        self._refuse_empty()

    def _check_words(self) -> None:
        if bool(self.step) != bool(self.periods) or self.step not in ("", *STEPS):
            raise InvalidValueError(
                f"{self.step!r} does not go with {len(self.periods)} periods", where="step",
                remedy="one of " + ", ".join(STEPS) + ", with periods",
            )  # fmt: skip
        for day in self.periods if self.step in ("month", "year") else ():
            if day.day > 28:
                raise InvalidValueError(
                    f"{day} begins no {self.step}: not every month has that day", where="periods",
                    remedy="give first days",
                )  # fmt: skip
        for day, following in itertools.pairwise(self.periods):
            if next_period(day, self.step) != following:
                raise InvalidValueError(
                    f"{following} does not follow {day} by one {self.step}", where="periods",
                    why="a walk takes one step a period", remedy="put missing cells where gaps are",
                )  # fmt: skip
        if self.dating not in DATINGS:
            raise InvalidValueError(
                f"no dating {self.dating!r}", where="dating", remedy="one of " + ", ".join(DATINGS)
            )
        for name in self.apart:
            if name not in self.strata:
                raise InvalidValueError(f"no stratum {name!r}", where="apart")
        if self.apart and len(self.apart) == len(self.strata):
            raise InvalidValueError("leaves no stratum to be estimated together", where="apart")

    def _put_exposure(self, shape: tuple[int, int]) -> None:
        given = self.exposure
        exposure = np.ones(shape[1]) if given is None else np.array(given, float)
        _shaped(exposure, shape[1:], "exposure")
        exposure = np.where(self.pooled, exposure, 1.0)
        if not (np.isfinite(exposure).all() and (exposure > 0).all()):
            raise InvalidValueError("must be above 0 and finite", where="exposure")
        object.__setattr__(self, "exposure", _frozen(exposure))
        over = self.pooled & (self.counts.sum(axis=0) > exposure)
        if self.has_exposure and over.any():
            raise InvalidValueError(
                f"more confirmed deaths than persons in {self.strata[int(np.argmax(over))]}",
                where="counts", why="the population is wrong, or the counts are not of the killed",
            )  # fmt: skip

    def _refuse_empty(self) -> None:
        if self.counts[:, self.pooled].sum() == 0:
            among = " of a stratum that is not apart" if self.apart else ""
            raise NotEstimableError(
                f"no confirmed death in any cell{among}", where="counts",
                why="zero names fit every rate down to nothing",
            )  # fmt: skip
        nowhere = (self.extra("unknown_stratum") > 0) & ~self.observed.any(axis=1)
        if nowhere.any():
            raise InvalidValueError(
                "names without a stratum stand in a period that was not observed",
                where=f"unknown_stratum[{self.periods[int(np.argmax(nowhere))]}]",
            )  # fmt: skip
        never = (self.extra("unknown_period") > 0) & ~self.observed.any(axis=0)
        if never.any():
            raise InvalidValueError(
                "names without a period stand in a stratum that was never observed",
                where=f"unknown_period[{self.strata[int(np.argmax(never))]}]",
            )  # fmt: skip
        if self.extra("undated").any() and not self.periods:
            raise InvalidValueError("needs a table with periods", where="undated",
                                    remedy="add them to the counts")  # fmt: skip
        for name in self.apart:
            if self.counts[:, self.strata.index(name)].sum() == 0:
                raise NotEstimableError(
                    f"no confirmed death in {name!r}, which is apart", where="counts",
                    why="nothing links it to other strata", remedy="leave it out",
                )  # fmt: skip

    def _whole(
        self, values: ArrayLike, shape: tuple[int, ...], where: str, missing: Any = False
    ) -> NDArray[np.int64]:
        found = np.ma.asarray(values)
        _shaped(found, shape, where)
        if (np.ma.getmaskarray(found) & ~np.asarray(missing)).any():
            raise InvalidValueError("holds masked cells", where=where, remedy="name them missing")
        try:
            plain = np.where(missing, 0, np.asarray(found.data, float))
        except (TypeError, ValueError):
            raise InvalidValueError("holds what is no number", where=where) from None
        wrong = ~np.isfinite(plain) | (plain < 0) | (plain != np.floor(plain))
        wrong |= plain > LARGEST_COUNT
        if wrong.any():
            index = tuple(map(int, np.argwhere(wrong)[0]))
            raise InvalidValueError(
                f"{plain[index]:g} is no count", where=f"{where}{self._place(index)}",
                why="a count is a whole number, 0 or more", remedy="name the cell missing if it is",
            )  # fmt: skip
        return plain.astype(np.int64)

    def _place(self, index: tuple[int, ...]) -> str:
        words = [str(self.periods[index[0]])] if self.periods and len(index) > 1 else []
        words += [self.strata[index[1]]] if self.strata and len(index) > 1 else []
        return f"[{', '.join(words or map(str, index))}]"

    # -- what a table says ----------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int]:
        """Return the numbers of periods and strata, at least 1 each."""
        return self.counts.shape[0], self.counts.shape[1]

    @property
    def observed(self) -> NDArray[np.bool_]:
        """Return which cells were observed, (n_period, n_stratum)."""
        return ~np.asarray(self.missing)

    @property
    def pooled(self) -> NDArray[np.bool_]:
        """Return which strata are pooled, (n_stratum,)."""
        if not self.strata:
            return np.ones(1, bool)
        return np.array([name not in self.apart for name in self.strata])

    @property
    def has_exposure(self) -> bool:
        """Return whether strata have persons at risk."""
        return bool(self.strata) and bool((np.asarray(self.exposure)[self.pooled] != 1).any())

    def extra(self, name: str) -> NDArray[np.int64]:
        """Return names outside the cells: "unknown_stratum", "unknown_period" or "undated"."""
        return np.asarray(getattr(self, name))

    @property
    def total(self) -> int:
        """Return all names on the list, those without a cell too."""
        outside = ("unknown_stratum", "unknown_period", "undated")
        return int(self.counts.sum() + sum(self.extra(name).sum() for name in outside))

    def dims(self) -> tuple[str, ...]:
        """Return the dimensions that a cell has: period, stratum, both or none."""
        return ("period",) * bool(self.periods) + ("stratum",) * bool(self.strata)

    def coords(self) -> dict[str, list[str]]:
        """Return the labels of each dimension; a period "unknown" is last."""
        found = {}
        if self.periods:
            undated = [UNKNOWN] if self.extra("undated").any() else []
            found["period"] = [day.isoformat() for day in self.periods] + undated
        if self.strata:
            found["stratum"] = list(self.strata)
        return found

    def content(self) -> dict[str, Any]:
        """Return the numbers; names, dates and how they are dated do not count."""
        fields = ("counts", "missing", "exposure", "unknown_stratum", "unknown_period", "undated")
        numbers = {name: np.asarray(getattr(self, name)).tolist() for name in fields}
        return {"dims": list(self.dims()), "pooled": self.pooled.tolist(), **numbers}


def next_period(day: datetime.date, step: str) -> datetime.date:
    """Return the first day of the period after the one that begins on `day`."""
    if step in ("day", "week"):
        return day + datetime.timedelta(days=1 if step == "day" else 7)
    months = day.year * 12 + day.month - 1 + (1 if step == "month" else 12)
    return datetime.date(months // 12, months % 12 + 1, day.day)


def _dates(values: Sequence[Any]) -> tuple[datetime.date, ...]:
    found = tuple(values)
    for day in found:
        if not isinstance(day, datetime.date) or isinstance(day, datetime.datetime):
            raise InvalidValueError(f"{day!r} is no date", where="periods")
    if any(b <= a for a, b in itertools.pairwise(found)):
        raise InvalidValueError("are not in order, or one is given twice", where="periods")
    return found


def _names(values: Sequence[Any], where: str) -> tuple[str, ...]:
    if isinstance(values, str):
        raise InvalidValueError(f"must be a list of names, not {values!r}", where=where)
    found = tuple(text(name, where) for name in values)
    if len(set(found)) < len(found):
        repeated = next(name for name in found if found.count(name) > 1)
        raise InvalidValueError(f"{repeated!r} is given twice", where=where)
    return found


def _shaped(values: Any, shape: tuple[int, ...], where: str) -> None:
    if np.shape(values) != shape:
        raise InvalidValueError(f"has shape {np.shape(values)}, not {shape}", where=where)


def _frozen(values: Any) -> Any:
    values = np.array(values)
    values.flags.writeable = False
    return values
