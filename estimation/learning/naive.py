"""Forecasts that need no fit, beside which a replay is read."""

from __future__ import annotations

import numpy as np

from estimation.learning.history import Day, History
from estimation.summaries.estimates import QUANTILES
from models.beliefs import Belief
from models.beliefs.base import FloatArray


def quantiles(draws: FloatArray) -> dict[float, float]:
    """Return the quantiles of draws that forecasts are scored by."""
    return dict(zip(QUANTILES, np.quantile(draws, QUANTILES).tolist(), strict=True))


def paces(known: History) -> FloatArray:
    """Return names a day between each two totals, (n_total - 1,); at least one name came."""
    days = np.array([one.day.toordinal() for one in known.totals])
    names = np.array([one.names for one in known.totals])
    return np.asarray(np.maximum(np.diff(names), 1) / np.diff(days))


def continued(known: History, until: Day) -> dict[float, float]:
    """Return the total of the list on a day if names come as they last did, by level.

    New names are log-normal around the last pace; their error is the root mean square of the log
    changes from pace to pace so far.

    Parameters
    ----------
    known : History
        With three totals or more.
    until : datetime.date
    """
    from scipy.special import ndtri

    pace, last = paces(known), known.totals[-1]
    error = float(np.sqrt(np.mean(np.diff(np.log(pace)) ** 2)))
    new = pace[-1] * (until - last.day).days
    return {level: float(last.names + new * np.exp(error * ndtri(level))) for level in QUANTILES}


def divided(known: History, belief: Belief, until: Day) -> dict[float, float]:
    """Return the deaths until a day as the list over what is judged of its coverage, by level.

    The list on that day is drawn through between totals, and goes on as it last did after them.
    """
    days = [one.day.toordinal() for one in known.totals]
    names = [float(one.names) for one in known.totals]
    listed = float(np.interp(until.toordinal(), days, names))
    listed += max((until - known.totals[-1].day).days, 0) * float(paces(known)[-1])
    return {level: listed / float(belief.quantile(1 - level)) for level in QUANTILES}
