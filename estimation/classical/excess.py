"""Excess deaths by the published line: the ratio of two sexes, extended into the war."""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from estimation.summaries.estimates import QUANTILES

FloatArray = NDArray[np.float64]

_ERROR = (
    "The standard error is that of a line through {years} years, {degrees} residual degrees of "
    "freedom: intervals of single ages are Student's t with as many, those of sums are normal. "
    "Ages are added in quadrature, as published; years share their lines, so that the error of "
    "their sum is larger than that."
)

_LEFT_OUT = (
    "The line takes for granted that the ratio goes on straight: it reads nothing from the years "
    "between base and war, and knows no drift that ages share, so that its errors are too small by "
    "as much."
)


class _Counts(Protocol):
    """What is read of `models.mortality.Mortality`."""

    @property
    def years(self) -> tuple[int, ...]:
        """Calendar years."""

    @property
    def ages(self) -> tuple[str, ...]:
        """Age groups."""

    @property
    def affected(self) -> NDArray[np.int64]:
        """Deaths of the sex that fights, (n_year, n_age)."""

    @property
    def other(self) -> NDArray[np.int64]:
        """Deaths of the other sex, (n_year, n_age)."""

    @property
    def base_years(self) -> NDArray[np.bool_]:
        """Which years are the base, (n_year,)."""

    @property
    def war(self) -> NDArray[np.bool_]:
        """Which years are of the war, (n_year,)."""


@dataclasses.dataclass(frozen=True, eq=False)
class RatioLine:
    """Excess deaths over a line.

    Parameters
    ----------
    years : (n_year,) tuple of int
        Years of the war.
    ages : (n_age,) tuple of str
    excess : (n_year, n_age) array, deaths
    covariance : (n_year, n_year, n_age) array
        Of errors of prediction of one age between years, which share its line.
    degrees : int
        Residual degrees of freedom.
    middle : float
        Mean of the years of the base.
    level, slope : (n_age,) arrays
        The line of each age: ratio in the middle of the base, and its change a year.
    notes : tuple of str
        What a reader must know beside the numbers.
    """

    years: tuple[int, ...]
    ages: tuple[str, ...]
    excess: FloatArray
    covariance: FloatArray
    degrees: int
    middle: float
    level: FloatArray
    slope: FloatArray
    notes: tuple[str, ...]

    @property
    def standard_error(self) -> FloatArray:
        """Return the error of prediction of each year and age, (n_year, n_age)."""
        found: FloatArray = np.sqrt(np.einsum("tta->ta", self.covariance))
        return found

    @property
    def by_year(self) -> tuple[FloatArray, FloatArray]:
        """Return the sum over ages of each year and its standard error, (n_year,) each."""
        return self.excess.sum(axis=1), np.sqrt((self.standard_error**2).sum(axis=1))

    @property
    def total(self) -> tuple[float, float]:
        """Return the sum over ages and years and its standard error, what years share included."""
        return float(self.excess.sum()), float(np.sqrt(self.covariance.sum()))

    def ratio(self, years: NDArray[np.int64]) -> FloatArray:
        """Return the line at some years, (n_year, n_age).

        Parameters
        ----------
        years : (n_year,) integers
        """
        found: FloatArray = self.level + self.slope * (np.asarray(years)[:, None] - self.middle)
        return found

    def rows(self, prob: float = 0.95, method: str = "line") -> list[dict[str, Any]]:
        """Return rows of estimates: the sum, each year, each year and age.

        Parameters
        ----------
        prob : float
            Level of the equal-tailed interval.
        method : str
            What the rows call it.
        """
        found = [_row(*self.total, prob, method, {})]
        for year, value, error in zip(self.years, *self.by_year, strict=True):
            found.append(_row(value, error, prob, method, {"year": str(year)}))
        for (t, a), value in np.ndenumerate(self.excess):
            index = {"year": str(self.years[t]), "age": self.ages[a]}
            error = float(self.standard_error[t, a])
            found.append(_row(value, error, prob, method, index, self.degrees))
        return found


def ratio_line(mortality: _Counts) -> RatioLine:
    """Return deaths of one sex above the ratio of the base, extended as a straight line.

    For each age a line is fitted to the ratio of deaths of the two sexes in the years of the base,
    by ordinary least squares; the excess of a year is what the affected sex has above the line
    times the deaths of the other, and its error the error of prediction of the line times the same.

    Parameters
    ----------
    mortality : models.mortality.Mortality
        Deaths of both sexes by year and age.

    References
    ----------
    .. [1] Kobak, D., Bessudnov, A., Ershov, A., Mikhailova, T. and Raksha, A. (2025). War
       fatalities in Russia in 2022-2023 estimated via excess male mortality: a research note.
       Demography 62(2). https://doi.org/10.1215/00703370-11862998
    """
    years, base, war = np.array(mortality.years), mortality.base_years, mortality.war
    ratio = mortality.affected[base] / mortality.other[base]
    middle = float(years[base].mean())
    before, ahead = years[base] - middle, years[war] - middle
    spread = float((before**2).sum())
    level, slope = ratio.mean(axis=0), before @ ratio / spread
    degrees = int(base.sum()) - 2
    residual = ratio - level - before[:, None] * slope
    variance = (residual**2).sum(axis=0) / degrees
    shared = 1 / base.sum() + np.outer(ahead, ahead) / spread + np.eye(len(ahead))
    other = mortality.other[war]
    expected = other * (level + ahead[:, None] * slope)
    covariance = other[:, None] * other[None, :] * shared[:, :, None] * variance
    return RatioLine(
        tuple(map(int, years[war])), tuple(mortality.ages), mortality.affected[war] - expected,
        covariance, degrees, middle, level, slope,
        (_ERROR.format(years=int(base.sum()), degrees=degrees), _LEFT_OUT),
    )  # fmt: skip


def _row(
    value: float, error: float, prob: float, method: str, index: dict[str, str],
    degrees: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return a row of estimates: normal, or Student's t if degrees of freedom are given."""

    def quantile(level: float) -> float:
        away = ndtri(level) if degrees is None else stdtrit(degrees, level)
        return float(value + error * away)

    return {
        "name": "excess", "method": method, "index": index, "median": float(value),
        "mean": float(value), "sd": float(error), "low": quantile((1 - prob) / 2),
        "high": quantile((1 + prob) / 2),
        "quantiles": {str(level): quantile(level) for level in QUANTILES},
    }  # fmt: skip
