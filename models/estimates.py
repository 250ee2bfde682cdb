"""Estimates of deaths with their errors, each of a span of days: what a source states."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.checks import probability
from models.errors import InvalidValueError
from models.estimate_checks import (
    check_bounds,
    check_shape,
    checked_correlation,
    frozen,
    is_positive_definite,
    plain_numbers,
    positive_numbers,
    refuse_not_above_zero,
)
from models.spans import Day, check_order, read_days, refuse_gaps, said

#: Relative room for rounding where two numbers must agree.
_ROUNDING = 1e-9

#: So many draws a row are needed before a covariance of their logs means something.
_DRAWS_PER_ROW = 10


@dataclasses.dataclass(frozen=True, eq=False)
class Estimates:
    """Estimates of numbers of deaths, log-normal around medians.

    Parameters
    ----------
    central : (n_row,) numbers above 0, deaths
        Medians.
    error : (n_row,) numbers above 0
        Standard deviations of the log of each estimate.
    correlation : float
        Between the errors of different rows, 0 to 1.
    begin, end : (n_row,) datetime.date or None
        First day of the span of each row, and the day *after* its last one; None reaches from the
        beginning, or to the end, of what a model covers. All open by default.
    covariance : (n_row, n_row) numbers, optional
        Covariance of the logs, instead of `error` and `correlation`.

    Raises
    ------
    InvalidValueError
        If shapes do not fit, a number is out of range, a span is given twice or holds no day, the
        covariance is not symmetric positive definite, or an error is below counting noise.
    """

    central: NDArray[np.float64]
    error: NDArray[np.float64] | None = None
    correlation: float = 0.0
    begin: tuple[Day, ...] = ()
    end: tuple[Day, ...] = ()
    covariance: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "central", positive_numbers(self.central, "central"))
        length = len(self.central)
        for name in ("begin", "end"):
            put(self, name, read_days(getattr(self, name), length, name))
        self._check_spans()
        put(self, "correlation", checked_correlation(self.correlation))
        if self.covariance is not None:
            self._put_covariance()
        elif self.error is None:
            raise InvalidValueError(
                "is missing", where="error", why="an estimate without an error says nothing",
                remedy="give standard deviations of the logs, or a covariance",
            )  # fmt: skip
        else:
            put(self, "error", positive_numbers(self.error, "error"))
        check_shape(self.error, (length,), "error")
        self._refuse_below_counting()

    def _check_spans(self) -> None:
        seen: dict[tuple[Day, Day], int] = {}
        for row, span in enumerate(zip(self.begin, self.end, strict=True)):
            check_order(*span, f"row {row}")
            if span in seen:
                raise InvalidValueError(
                    f"rows {seen[span]} and {row} have the same span, {said(*span)}", where="begin",
                    why="two estimates of one number count it as twice as certain",
                    remedy="keep one, or give the second as evidence of its own source",
                )  # fmt: skip
            seen[span] = row

    def _put_covariance(self) -> None:
        length = len(self.central)
        found = plain_numbers(self.covariance, "covariance")
        check_shape(found, (length, length), "covariance")
        if not np.isfinite(found).all():
            raise InvalidValueError("must be finite", where="covariance")
        if not np.allclose(found, found.T, rtol=1e-6, atol=1e-12):
            raise InvalidValueError("is not symmetric", where="covariance")
        found = (found + found.T) / 2
        if not is_positive_definite(found):
            raise InvalidValueError(
                "is not positive definite", where="covariance",
                why="some sum of the rows would have no error",
                remedy="give more draws, or fewer rows",
            )  # fmt: skip
        error = np.sqrt(np.diag(found))
        if self.error is not None and not np.allclose(self.error, error):
            raise InvalidValueError("contradicts the covariance", where="error",
                                    remedy="give one of the two")  # fmt: skip
        if self.correlation:
            raise InvalidValueError("is given beside a covariance", where="correlation",
                                    remedy="give one of the two")  # fmt: skip
        object.__setattr__(self, "covariance", frozen(found))
        object.__setattr__(self, "error", frozen(error))

    def _refuse_below_counting(self) -> None:
        least = 1 / np.sqrt(self.central)
        low = self.errors < least * (1 - _ROUNDING)
        if low.any():
            row = int(np.argmax(low))
            raise InvalidValueError(
                f"{self.errors[row]:.3g} is smaller than counting noise allows, {least[row]:.3g}",
                where=f"error[{row}]",
                why=f"{self.central[row]:,.0f} deaths vary by chance by their square root",
                remedy="give the error of the number of deaths, on the log scale",
            )  # fmt: skip

    # -- ways to state estimates ----------------------------------------------------------------

    @classmethod
    def from_bounds(
        cls, central: ArrayLike | None, low: ArrayLike, high: ArrayLike, level: float | None,
        begin: Sequence[Day] = (), end: Sequence[Day] = (), correlation: float = 0.0,
        by: str = "",
    ) -> Estimates:  # fmt: skip
        """Return the estimates whose intervals are stated.

        Parameters
        ----------
        central : (n_row,) numbers, deaths, optional
            Medians; None or NaN takes the geometric mean of the bounds.
        low, high : (n_row,) numbers, deaths
            Bounds of central intervals.
        level : float
            Probability of the intervals; it must be stated.
        begin, end, correlation
            As in the class.
        by : {"", "year"}
            Return sums, as `grouped` makes them; only these must have errors above counting noise,
            which intervals of single weeks often leave out.

        Raises
        ------
        InvalidValueError
            If no level is given, bounds are not in order, or a central value is outside them.
        """
        from scipy.special import ndtri

        if level is None:
            raise InvalidValueError(
                "is not stated", where="level",
                why="a range without a level is no interval and has no error",
                remedy="state the level at which you read it, for example 0.95",
            )  # fmt: skip
        level = probability(level, "level")
        lows, highs = positive_numbers(low, "low"), positive_numbers(high, "high")
        check_shape(highs, lows.shape, "high")
        middle = np.sqrt(lows * highs)
        if central is not None:
            given = plain_numbers(central, "central")
            check_shape(given, lows.shape, "central")
            middle = np.where(np.isnan(given), middle, given)
        for row, (bottom, point, top) in enumerate(zip(lows, middle, highs, strict=True)):
            check_bounds(row, float(bottom), float(point), float(top))
        error = (np.log(highs) - np.log(lows)) / (2 * ndtri((1 + level) / 2))
        correlation, rows = checked_correlation(correlation), len(middle)
        first, after = read_days(begin, rows, "begin"), read_days(end, rows, "end")
        if by:
            return _by_year(middle, error, correlation, first, after, by)
        return cls(middle, error, correlation, first, after)

    @classmethod
    def from_draws(
        cls, draws: ArrayLike, begin: Sequence[Day] = (), end: Sequence[Day] = ()
    ) -> Self:
        """Return what posterior draws of an estimate made elsewhere say.

        Parameters
        ----------
        draws : (n_draw, n_row) numbers above 0, deaths
            At least 10 (n_row + 1) of them.
        begin, end
            As in the class.

        Raises
        ------
        InvalidValueError
            If there are too few draws, or one is not above 0.
        """
        found = plain_numbers(draws, "draws")
        if found.ndim != 2 or not found.size:
            raise InvalidValueError(
                f"has shape {found.shape}, not (n_draw, n_row)", where="draws"
            )  # fmt: skip
        least = _DRAWS_PER_ROW * (found.shape[1] + 1)
        if found.shape[0] < least:
            raise InvalidValueError(
                f"{found.shape[0]} draws of {found.shape[1]} rows, fewer than {least}",
                where="draws", why="their covariance would be noise", remedy="give more draws",
            )  # fmt: skip
        refuse_not_above_zero(found, "draws")
        logs = np.log(found)
        covariance = np.cov(logs, rowvar=False).reshape(found.shape[1], found.shape[1])
        return cls(
            np.exp(logs.mean(axis=0)), begin=tuple(begin), end=tuple(end), covariance=covariance
        )

    # -- what they say --------------------------------------------------------------------------

    @property
    def errors(self) -> NDArray[np.float64]:
        """Return the standard deviations of the logs, (n_row,)."""
        return np.asarray(self.error)

    @property
    def rows(self) -> int:
        """Return the number of estimates."""
        return len(self.central)

    @property
    def log_covariance(self) -> NDArray[np.float64]:
        """Return the covariance of the logs, (n_row, n_row); singular at correlation 1."""
        if self.covariance is not None:
            return self.covariance
        return _log_covariance(self.errors, self.correlation)

    def grouped(self, by: str = "year") -> Estimates:
        """Return sums of rows by the calendar year in which their spans begin.

        The medians are added; the error of a sum is that of the log-normal whose mean and variance
        are those of the sum of log-normals, correlations included (Fenton and Wilkinson).

        Raises
        ------
        InvalidValueError
            If a span has no beginning, or spans of a year do not follow each other.

        References
        ----------
        Fenton, L. F. (1960). https://doi.org/10.1109/TCOM.1960.1097606
        """
        return _by_year(
            self.central, self.errors, self.correlation, self.begin, self.end, by, self.covariance
        )

    def content(self) -> dict[str, Any]:
        """Return the numbers; spans as ordinals of days."""
        return {
            "central": self.central.tolist(), "log_covariance": self.log_covariance.tolist(),
            "begin": [_ordinal(day) for day in self.begin],
            "end": [_ordinal(day) for day in self.end],
        }  # fmt: skip


def _by_year(
    central: NDArray[np.float64], errors: NDArray[np.float64], correlation: float,
    begin: tuple[Day, ...], end: tuple[Day, ...], by: str,
    covariance: NDArray[np.float64] | None = None,
) -> Estimates:  # fmt: skip
    """Return sums by year; errors of single rows may be below counting noise, those of sums not."""
    if by != "year":
        raise InvalidValueError(f"no group {by!r}", where="by", remedy="one of year")
    starts = [day for day in begin if day is not None]
    if len(starts) < len(begin):
        raise InvalidValueError(
            "has no first day", where=f"begin[{begin.index(None)}]",
            why="the year it belongs to is not known", remedy="give spans with a first day",
        )  # fmt: skip
    order = sorted(range(len(begin)), key=starts.__getitem__)
    years = sorted({day.year for day in starts})
    groups = [[row for row in order if starts[row].year == year] for year in years]
    belongs = np.zeros((len(groups), len(begin)))
    for group, rows in enumerate(groups):
        refuse_gaps([begin[row] for row in rows], [end[row] for row in rows], "estimate of")
        belongs[group, rows] = 1
    means = central * np.exp(errors**2 / 2)
    of_rows = _log_covariance(errors, correlation) if covariance is None else covariance
    natural = belongs @ (np.outer(means, means) * np.expm1(of_rows)) @ belongs.T
    of_sums = np.log1p(natural / np.outer(belongs @ means, belongs @ means))
    # perfect and absent correlation stay what they are; a covariance at 1 would be singular
    kept = covariance is None and correlation in (0.0, 1.0)
    # the log-normal of the same mean and variance as the sum; at full correlation the medians add
    medians = belongs @ means * np.exp(-np.diag(of_sums) / 2)
    return Estimates(
        medians,
        np.sqrt(np.diag(of_sums)) if kept else None,
        correlation if kept else 0.0,
        tuple(begin[rows[0]] for rows in groups),
        tuple(end[rows[-1]] for rows in groups),
        None if kept else of_sums,
    )


def _log_covariance(errors: NDArray[np.float64], correlation: float) -> NDArray[np.float64]:
    shared = correlation * np.outer(errors, errors)
    return np.asarray(shared + np.diag((1 - correlation) * errors**2))


def _ordinal(day: datetime.date | None) -> int | None:
    return None if day is None else day.toordinal()
