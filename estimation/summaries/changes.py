"""How losses change: from month to month, and where they changed most."""

from __future__ import annotations

import dataclasses
import datetime
from typing import TYPE_CHECKING

import numpy as np

from estimation.errors import DataError
from estimation.summaries.estimands import daily_by_month
from estimation.summaries.losses import Losses
from estimation.summaries.maturity import compare_maturity

if TYPE_CHECKING:
    import pandas


@dataclasses.dataclass(frozen=True, eq=False)
class Rises:
    """Whether deaths a day rose from month to month.

    Parameters
    ----------
    months : tuple of datetime.date
        First days, from the second month on.
    probability : (n_month,) probabilities
        Of more deaths a day than in the month before.
    all_at_once : float
        Probability that they rose in every month.
    """

    months: tuple[datetime.date, ...]
    probability: np.ndarray
    all_at_once: float


def month_on_month(
    losses: Losses, period: str | None = None, *, accept_maturity: str | None = None
) -> Rises:
    """Return the probability of a rise for each month, and for all at once.

    Parameters
    ----------
    losses : Losses
    period : str, optional
        As in "2024"; all by default.
    accept_maturity : str, optional
        Reason to compare months although the later ones are still filling.

    Raises
    ------
    UnequalMaturityError
        Without a reason: of two months the later is always the younger.
    """
    months, daily, periods = daily_by_month(losses, period)
    if len(months) < 2:
        raise DataError("needs two months or more", where="period")
    compare_maturity(
        periods[-1:], periods[:1], losses.step, losses.as_of, accept=accept_maturity,
        late=losses.late,
    )  # fmt: skip
    rose = np.diff(daily, axis=1) > 0
    return Rises(tuple(months[1:]), rose.mean(axis=0), float(rose.all(axis=1).mean()))


def change_points(losses: Losses, *, accept_maturity: str | None = None) -> pandas.DataFrame:
    """Return, by period, how likely its step is the largest of the walk.

    Parameters
    ----------
    losses : Losses
        Of a model with a walk.
    accept_maturity : str, optional
        See `month_on_month`.

    Returns
    -------
    pandas.DataFrame
        Index: first day of the period after the step.  Columns: probability (that this step is the
        largest in absolute size), low, median, high (of the change in percent, at the level of
        `losses`).

    Raises
    ------
    DataError
        If the model has no walk.
    UnequalMaturityError
        Without a reason, as for all comparisons of periods.
    """
    import pandas

    variables = losses.posterior["posterior"]
    if "log_walk" not in variables:
        raise DataError("this model has no walk", where="change_points")
    compare_maturity(
        losses.periods[-1:], losses.periods[:1], losses.step, losses.as_of,
        accept=accept_maturity, late=losses.late,
    )  # fmt: skip
    walk = variables["log_walk"].to_numpy()
    steps = np.diff(walk.reshape(-1, walk.shape[-1]), axis=1)
    largest = np.bincount(np.abs(steps).argmax(axis=1), minlength=steps.shape[1])
    tails = [(1 - losses.prob) / 2, 0.5, (1 + losses.prob) / 2]
    low, median, high = 100 * np.expm1(np.quantile(steps, tails, axis=0))
    return pandas.DataFrame(
        {"probability": largest / steps.shape[0], "low": low, "median": median, "high": high},
        index=pandas.Index(losses.periods[1:], name="period"),
    )
