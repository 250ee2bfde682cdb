"""How far the evidence is to be trusted: stated as a belief, learned from judged pairs.

Fields are not independent as the model of agreement has them, so that its odds may be too sure of
themselves.  Two numbers tell by how much: the odds of a link are exp(shift) odds^slope.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

#: Prior of the shift and of the log of the slope, mean and standard deviation: as judged by the
#: truth of 18 generated worlds that no benchmark uses.
SHIFT, LOG_SLOPE = (-0.5, 0.8), (-0.2, 0.15)

#: Share of judgments that are slips: without it one slip on a clear pair would overturn the rest.
JUDGE_ERRS = 0.01

#: With judged pairs less is known beforehand: they tell.
_WIDER = 2.0

_GRID = 81


@dataclasses.dataclass(frozen=True, eq=False)
class Calibration:
    """The belief on how far the evidence is to be trusted.

    Parameters
    ----------
    shift, log_slope : (point,) numbers
        A grid.
    weight : (point,) shares
    judged : int
        Pairs that it was learned from.
    """

    shift: FloatArray
    log_slope: FloatArray
    weight: FloatArray
    judged: int

    def draw(self, generator: np.random.Generator) -> tuple[float, float]:
        """Return a shift and a slope."""
        place = generator.choice(len(self.weight), p=self.weight)
        return float(self.shift[place]), float(np.exp(self.log_slope[place]))

    @property
    def middle(self) -> tuple[float, float]:
        """Return the mean shift and slope."""
        return (float(self.weight @ self.shift), float(np.exp(self.weight @ self.log_slope)))


def calibration(
    log_odds: FloatArray | None = None, same: NDArray[np.bool_] | None = None
) -> Calibration:
    """Return the belief, learned from judged pairs if there are any.

    Parameters
    ----------
    log_odds : (pair,) numbers
        Of judged pairs to be links, by the model.
    same : (pair,) booleans
        The judgments.
    """
    learned = log_odds is not None and same is not None and len(log_odds) > 0
    wide = _WIDER if learned else 1.0
    unit = np.linspace(-3.0, 3.0, _GRID)
    first, second = (one.ravel() for one in np.meshgrid(unit, unit))
    shift = SHIFT[0] + SHIFT[1] * wide * first
    slope = LOG_SLOPE[0] + LOG_SLOPE[1] * wide * second
    log_weight = -0.5 * (first**2 + second**2)
    judged = 0
    if learned and log_odds is not None and same is not None:
        judged = len(log_odds)
        odds = shift[:, None] + np.exp(slope)[:, None] * log_odds[None, :]
        chance = JUDGE_ERRS + (1 - 2 * JUDGE_ERRS) / (1 + np.exp(-np.clip(odds, -700, 700)))
        log_weight += np.log(np.where(same[None, :], chance, 1 - chance)).sum(axis=1)
    weight = np.exp(log_weight - log_weight.max())
    return Calibration(shift, slope, weight / weight.sum(), judged)
