"""Deaths of one sex that the other sex and the years before a war predict: exact draws.

The log ratio of deaths of the two sexes follows a straight line by age, with slopes that ages share
in part; all ages stray from their lines together as a random walk over years, each age and year by
itself, and a pandemic by a shock.  Given three scales all unknowns are jointly normal, so that the
posterior is a sum over a grid of these scales of normal distributions: no chain is run.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from models.baseline_posterior import Design, FloatArray, draw_posterior
from models.checks import real
from models.declare import Assumption
from models.errors import InvalidValueError, NotEstimableError
from models.mortality import Mortality

#: Standard deviation of the level of an age, log ratio: wide.
_LEVEL = 2.0


@dataclasses.dataclass(frozen=True)
class Baseline:
    """Scales of the priors, of the log ratio of deaths of the two sexes; 0 leaves a part out.

    Parameters
    ----------
    slope : float
        Standard deviation of the slope that ages share, a year.
    slope_spread : float
        Half-normal scale of the spread of the slopes of ages, a year.
    noise : float
        Half-normal scale of the noise of each age and year beside that of counting.
    drift : float
        Half-normal scale of the step, from year to year, of a random walk of all ages together.
    pandemic : float
        Standard deviation of a shock to all ages together in each pandemic year.

    Raises
    ------
    InvalidValueError
        If a scale is negative or not finite.
    """

    slope: float = 0.1
    slope_spread: float = 0.02
    noise: float = 0.05
    drift: float = 0.02
    pandemic: float = 0.1

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = real(getattr(self, field.name), field.name)
            if value < 0:
                raise InvalidValueError(
                    f"must be 0 or above, not {value:g}", where=field.name, why="it is a scale"
                )
            object.__setattr__(self, field.name, value)

    def content(self) -> dict[str, float]:
        """Return the numbers."""
        return dataclasses.asdict(self)

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold, with the direction of the error if it does not."""
        return (
            Assumption(
                "the war kills no one of the other sex, and changes their deaths in no other way",
                "too low", "deaths of the other sex raise what is expected of the first",
            ),
            Assumption(
                "without the war the ratio would have gone on as before, but for a common drift",
                "either", "a break of the trend of one sex alone looks like deaths of the war",
            ),
            Assumption(
                "the war sends no more of one sex abroad than of the other",
                "too low", "whoever has left dies elsewhere, of the war or not",
            ),
            Assumption(
                "deaths are registered, and in their year", "too low",
                "the missing are in no table until they are declared dead",
            ),
        )  # fmt: skip


def log_ratio_draws(
    mortality: Mortality, baseline: Baseline, rng: np.random.Generator, draws: int, *,
    grid: int = 24,
) -> FloatArray:  # fmt: skip
    """Draw the log ratio that each year would show without a war.

    It holds what is unknown of the trend, the noise of each age and year, and the counting noise of
    the other sex, but not the counting noise of the affected one.

    Parameters
    ----------
    mortality : Mortality
        Years before the base are not read.
    baseline : Baseline
        Scales of the priors.
    rng : numpy.random.Generator
    draws : int
        How many.
    grid : int
        Points a scale of the grid, which is put where the weight is.  Draws are uniform within
        their cell of the grid: with 24 points quantiles are within 2 % of a standard deviation of
        those of twice as many.

    Returns
    -------
    (draws, n_year, n_age) array
        From the first year of the base on.

    Raises
    ------
    NotEstimableError
        If the affected sex has no death in a year and age before the war.
    """
    design = _design_of(mortality, baseline)
    noise, common, level, lean = draw_posterior(design, rng, draws, grid)
    found = (common @ design.years.T)[:, :, None] + level[:, None, :]
    found = found + design.middle[:, None] * lean[:, None, :]
    variance = noise[:, None, None] ** 2 + 1 / mortality.other[_modelled(mortality)]
    return found + np.sqrt(variance) * rng.standard_normal(found.shape)


def baseline_draws(
    mortality: Mortality, baseline: Baseline, rng: np.random.Generator, draws: int, *,
    grid: int = 24,
) -> FloatArray:  # fmt: skip
    """Draw the expected deaths of the affected sex in the years of the war, had there been none.

    Parameters
    ----------
    mortality, baseline, rng, draws, grid
        As in `log_ratio_draws`.

    Returns
    -------
    (draws, n_war_year, n_age) array, deaths
        Joint and independent draws, without the counting noise of the affected sex.
    """
    ratio = log_ratio_draws(mortality, baseline, rng, draws, grid=grid)
    return _expected(mortality, ratio)


def excess_draws(
    mortality: Mortality, baseline: Baseline, rng: np.random.Generator, draws: int, *,
    grid: int = 24,
) -> FloatArray:  # fmt: skip
    """Draw deaths of the affected sex less those that would have been counted without a war.

    Parameters
    ----------
    mortality, baseline, rng, draws, grid
        As in `log_ratio_draws`.

    Returns
    -------
    (draws, n_war_year, n_age) array, deaths
        The number of deaths without a war is a Poisson count around what is expected.
    """
    ratio = log_ratio_draws(mortality, baseline, rng, draws, grid=grid)
    return np.asarray(mortality.affected[mortality.war] - without_war(mortality, ratio, rng))


def without_war(
    mortality: Mortality, log_ratio: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Draw the number of deaths of the affected sex that would have been counted without a war.

    Parameters
    ----------
    mortality : Mortality
    log_ratio : (draws, n_year, n_age) array
        What `log_ratio_draws` returned.
    rng : numpy.random.Generator

    Returns
    -------
    (draws, n_war_year, n_age) array, deaths
    """
    # beyond this a Poisson count does not fit an integer
    return rng.poisson(np.minimum(_expected(mortality, log_ratio), 1e15)).astype(float)


def _expected(mortality: Mortality, log_ratio: FloatArray) -> FloatArray:
    ahead = log_ratio[:, -len(mortality.war_years) :]
    return np.asarray(mortality.other[mortality.war] * np.exp(ahead))


def _modelled(mortality: Mortality) -> NDArray[np.bool_]:
    """Return the years from the first of the base on, (n_year,)."""
    return np.array(mortality.years) >= mortality.base[0]


def _design_of(mortality: Mortality, baseline: Baseline) -> Design:
    years = np.array(mortality.years)[_modelled(mortality)]
    middle = years - sum(mortality.base) / 2
    steps = np.tri(len(years), k=-1)[:, : len(years) - 1]  # the walk begins at 0
    shocks = (years[:, None] == np.array(sorted(mortality.pandemic), int)[None, :]).astype(float)
    common = np.hstack([middle[:, None] * baseline.slope, steps, shocks * baseline.pandemic])
    before = years < mortality.first_year
    affected = mortality.affected[_modelled(mortality)][before]
    other = mortality.other[_modelled(mortality)][before]
    none = np.argwhere(affected == 0)
    if len(none):
        year, age = none[0]
        raise NotEstimableError(
            "no death of the affected sex before the war",
            where=f"affected[{years[year]}, {mortality.ages[age]}]",
            why="its log ratio is not defined", remedy="take wider ages",
        )  # fmt: skip
    n_age = len(mortality.ages)
    own = np.eye(n_age)
    rows = [
        np.hstack([np.tile(common[t], (n_age, 1)), own, middle[t] * own])
        for t in np.flatnonzero(before)
    ]
    return Design(
        common, np.vstack(rows), np.log(affected / other).ravel(),
        (1 / affected + 1 / other).ravel(), middle, _LEVEL,
        (baseline.slope_spread, baseline.noise, baseline.drift),
    )  # fmt: skip
