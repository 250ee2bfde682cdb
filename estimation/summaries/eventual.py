"""Names of a span known on a later date, completed by delays learned from another list.

A name is known by then with probability `share`; given the names known, those still to come are
negative binomial: the completion of the unseen under the scale prior (ARCHITECTURE.md), with the
delay in place of coverage.
"""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimation.errors import DataError, NotEstimableError
from estimation.randomness import stream
from estimation.summaries.estimates import estimate_rows
from estimation.summaries.losses import Losses
from estimation.summaries.report_places import report_place, rows_inside
from estimation.summaries.spans import parse_span
from models.beliefs.base import FloatArray
from models.checks import text, whole
from models.thinning import LARGEST_MEAN

#: What the transfer takes for granted; said wherever its numbers are.
ASSUMED = (
    "the count is taken to fill like the triangle; where the triangle is dated by the obituary, "
    "which comes before the entry on the list, the share is too high and the eventual count too low"
)


@dataclasses.dataclass(frozen=True)
class LaterCount:
    """Names of a span that were known on a date after those of a triangle.

    Parameters
    ----------
    name, title : str
        A short name, and what tables and figures call it.
    model : str
        The model of the study whose triangle tells the delays; the main one by default.
    period : str
        The span, as in "2024".
    count : int
        Names known, 1 or more.
    as_of : datetime.date
        When they were.
    source : str
    """

    name: str
    period: str
    count: int
    as_of: datetime.date
    title: str = ""
    model: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        for field in ("name", "title", "model", "source"):
            text(getattr(self, field), field)
        object.__setattr__(self, "period", parse_span(self.period).words)
        if isinstance(self.as_of, datetime.datetime) or not isinstance(self.as_of, datetime.date):
            raise DataError(f"must be a date, not {self.as_of!r}", where="as_of",
                            remedy="write 2025-05-04, without quotes")  # fmt: skip
        whole(self.count, "count")
        if self.count == 0:
            raise NotEstimableError(
                "a count of zero", where="count",
                why="whatever share is known, no name says nothing of those to come",
                remedy="wait for the first",
            )  # fmt: skip

    def index(self) -> dict[str, str]:
        """Return what tells its rows apart."""
        model = {"model": self.model} if self.model else {}
        return {**model, "period": self.period, "as_of": self.as_of.isoformat()}


@dataclasses.dataclass(frozen=True, eq=False)
class Eventual:
    """What a later count will become.

    Parameters
    ----------
    later : LaterCount
    share : (draw,) probabilities
        Of a name that will ever be listed to be known by then.
    names : (draw,) integers
        Names that will ever be listed.
    """

    later: LaterCount
    share: FloatArray
    names: NDArray[np.int64]

    def rows(self, prob: float) -> list[dict[str, Any]]:
        """Return rows of estimates: "eventual" and "reported_share"."""
        index = self.later.index()
        # what is to come has tails without moments, as has the triangle's
        return estimate_rows(
            {"eventual": self.names, "reported_share": self.share}, prob,
            moment_orders={"eventual": 0.0}, index=index,
        )  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class Foreseen:
    """A later count as an earlier one of the same span foretold it.

    Parameters
    ----------
    earlier, later : LaterCount
    names : (draw,) integers
        Predicted names known at the later date.
    low, median, high : float
        Of the predictive interval.
    """

    earlier: LaterCount
    later: LaterCount
    names: NDArray[np.int64]
    low: float
    median: float
    high: float

    @property
    def verdict(self) -> str:
        """Return where the count came out: "inside", "above" or "below" the interval."""
        if self.later.count > self.high:
            return "above"
        return "below" if self.later.count < self.low else "inside"

    def rows(self, prob: float) -> list[dict[str, Any]]:
        """Return the row of estimates "foreseen"."""
        index = {**self.later.index(), "seen_from": self.earlier.as_of.isoformat()}
        return estimate_rows({"foreseen": self.names}, prob, index=index)


def share_known(later: LaterCount, losses: Losses) -> FloatArray:
    """Return the share of the names of a span that is known by the date of a count, (draw,).

    Periods count by their eventual names; within a report period names come evenly over its days.

    Raises
    ------
    DataError
        If the fit has no triangle with a horizon, or the span or date lies outside of it.
    """
    if losses.eventual is None or losses.as_of is None:
        raise DataError("has no late reports", where="model", why="nothing in it tells delays",
                        remedy="name a model of a triangle")  # fmt: skip
    posterior = losses.posterior["posterior"]
    if "reported_ahead" not in posterior:
        raise _no_horizon()
    rows = rows_inside(later.period, losses.periods, losses.step)
    known = posterior["reported_ahead"].to_numpy()
    known = known.reshape(-1, *known.shape[2:4], losses.eventual.shape[2])[:, :, rows]
    weights = losses.eventual[:, rows].astype(float)
    ahead, over = report_place(later.as_of, losses.as_of, losses.step, known.shape[1] - 1)

    def share(place: int) -> FloatArray:
        whole_span = np.maximum(weights.sum(axis=(1, 2)), 1.0)
        return np.asarray((weights * known[:, place]).sum(axis=(1, 2)) / whole_span)

    return share(ahead) if over == 0 else (1 - over) * share(ahead) + over * share(ahead + 1)


def _no_horizon() -> DataError:
    return DataError("has no horizon", where="model", why="without one it tells shares of today "
                     "only", remedy="set horizon = 9 or so")  # fmt: skip


def complete_count(later: LaterCount, losses: Losses, seed: int) -> Eventual:
    """Return what a count of a later date will become.

    Parameters
    ----------
    later : LaterCount
    losses : Losses
        Of a fit of a triangle with a horizon.
    seed : int
        Of the run; the name of the count gives its stream.
    """
    share = share_known(later, losses)
    rng = stream(seed, "eventual", later.name)
    # a negative binomial by its gamma: shares next to zero stay within what can be represented
    mean = rng.standard_gamma(later.count, share.size) * (1 - share) / np.maximum(share, 1e-300)
    return Eventual(later, share, later.count + rng.poisson(np.minimum(mean, LARGEST_MEAN)))


def foresee(earlier: Eventual, later: Eventual, prob: float, seed: int) -> Foreseen:
    """Return a count as predicted from an earlier one of the same span.

    Parameters
    ----------
    earlier, later : Eventual
        Of the same draws; of the later one only the share and, for the verdict, the count matter.
    prob : float
        Level of the interval.
    seed : int
        Of the run.
    """
    left = 1 - earlier.share
    come = np.clip((later.share - earlier.share) / np.where(left > 0, left, 1.0), 0.0, 1.0)
    rng = stream(seed, "foreseen", earlier.later.name, later.later.name)
    count = earlier.later.count
    names = count + rng.binomial(earlier.names - count, come)
    low, median, high = np.quantile(names, [(1 - prob) / 2, 0.5, (1 + prob) / 2])
    return Foreseen(earlier.later, later.later, names, float(low), float(median), float(high))
