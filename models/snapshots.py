"""Totals of a list over time: how many names were published between two days."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.beliefs import Belief, Known
from models.cells import STEPS, next_period
from models.checks import positive, whole
from models.count import checked_drift, describe, drift_content
from models.declare import Assumption, Parameter
from models.errors import InvalidValueError, NotEstimableError, RefusedError
from models.register import check_provenance
from models.spans import span_weights

_EXACT = Known(1.0, reason="every listed name is taken as a death in scope; nobody has checked")


@dataclasses.dataclass(frozen=True, eq=False)
class Totals:
    """How many names a list held at the end of several days.

    Parameters
    ----------
    days : (n_total,) datetime.date
        In order.
    totals : (n_total,) integers, deaths
        All names by the end of each day; they never fall.
    periods : (n_period,) datetime.date
        First days of all periods from the first death on, without gaps.  Those after the last day
        are the horizon: rates are foretold there.
    step : {"day", "week", "month", "year"}
        Length of a period.
    room : int
        Totals that graphs have room for, if there are fewer: models of the same room and periods
        share a compilation, and their numbers differ by nothing else.

    Raises
    ------
    InvalidValueError
        If days or periods are out of order, do not fit each other, or a total falls.
    NotEstimableError
        If the last total is 0.
    """

    days: tuple[datetime.date, ...]
    totals: NDArray[np.int64]
    periods: tuple[datetime.date, ...]
    step: str = "month"
    room: int = 0

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in ("days", "periods"):
            put(self, name, _dates(getattr(self, name), name))
        put(self, "totals", _totals(self.totals, self.days))
        put(self, "room", whole(self.room, "room"))
        self._check_periods()
        if self.totals[-1] == 0:
            raise NotEstimableError(
                "no name on the last day", where="totals",
                why="zero names fit every rate down to nothing",
            )  # fmt: skip

    def _check_periods(self) -> None:
        if self.step not in STEPS:
            raise InvalidValueError(f"no step {self.step!r}", where="step",
                                    remedy="one of " + ", ".join(STEPS))  # fmt: skip
        if len(self.periods) < 2:
            raise InvalidValueError("are fewer than two", where="periods",
                                    why="a walk takes one step a period")  # fmt: skip
        for day in self.periods:
            _refuse_no_first_day(day, self.step)
        for day, following in itertools.pairwise(self.periods):
            if next_period(day, self.step) != following:
                raise InvalidValueError(
                    f"{following} does not follow {day} by one {self.step}", where="periods",
                    why="a walk takes one step a period",
                )  # fmt: skip
        if self.days[0] < self.periods[0]:
            raise InvalidValueError(
                f"begin on {self.periods[0]}, after the first total of {self.days[0]}",
                where="periods", why="its names died before", remedy="begin with the first death",
            )  # fmt: skip
        if self.days[-1] >= next_period(self.periods[-1], self.step):
            raise InvalidValueError(
                f"end before the last total of {self.days[-1]}", where="periods",
                why="its names would belong to no period", remedy="add periods",
            )  # fmt: skip

    @classmethod
    def since(
        cls, begin: datetime.date, days: Sequence[datetime.date], totals: ArrayLike, *,
        through: datetime.date | None = None, step: str = "month", room: int = 0,
    ) -> Totals:  # fmt: skip
        """Return totals with periods from a day on.

        Parameters
        ----------
        begin : datetime.date
            The day of the first death, or one before it: the first period begins there.
        days, totals, step, room
            As in the class.
        through : datetime.date, optional
            A day in the last period; the last of `days` by default.
        """
        end = through or max(days, default=begin)
        _refuse_no_first_day(begin, step)
        periods = [begin]
        while step in STEPS and next_period(periods[-1], step) <= end:
            periods.append(next_period(periods[-1], step))
        return cls(tuple(days), np.asarray(totals), tuple(periods), step, room)

    @property
    def as_of(self) -> datetime.date:
        """Return the day of the last total."""
        return self.days[-1]

    @property
    def rows(self) -> int:
        """Return the number of increments with room for more."""
        return max(len(self.days), self.room)

    @functools.cached_property
    def increments(self) -> NDArray[np.int64]:
        """Return names between two days, (n_row,); the first since the beginning, 0 in room."""
        found = np.zeros(self.rows, np.int64)
        found[: len(self.days)] = np.diff(self.totals, prepend=0)
        return found

    @functools.cached_property
    def weights(self) -> NDArray[np.float64]:
        """Return the share of the days of each period in each increment, (n_row, n_period)."""
        after = [day + datetime.timedelta(days=1) for day in self.days]
        found = np.zeros((self.rows, len(self.periods)))
        found[: len(after)] = span_weights(
            [self.periods[0], *after[:-1]], after, self.periods, self.step, split=True,
            where="totals",
        )  # fmt: skip
        return found

    def content(self) -> dict[str, Any]:
        """Return the numbers; days and periods by the shares of each other that they are."""
        return {"increments": self.increments.tolist(), "weights": self.weights.tolist()}


@dataclasses.dataclass(frozen=True)
class Snapshots:
    """A list of confirmed names of which totals are known, and no dates of death.

    Model: names that came between two days ~ NegBinomial(sum over periods of the share of their
    days * rate * coverage / precision, variance mean + noise^2 mean^2).  The noise is that of
    batches: a leak brings names of older deaths, so that it changes which deaths are on the list by
    then, and not how many died.

    Parameters
    ----------
    totals : Totals
    coverage : Belief
        On the probability of a death to be on the list by the last day.
    precision : Belief
        On the share of listed names that are deaths in scope; exactly 1 by default.
    noise : float
        Scale of the half-normal prior of the noise of batches.
    coverage_drift : float
        With other evidence that informs it: half-normal scale of the change of the log odds of
        coverage in a year, as a random walk; 0 by default: coverage is the same.
    source : str
        Who made the list. One source may serve one evidence only.
    derived_from : tuple of str
        Sources from which this evidence was made.
    scope : str
        Whom the list means to hold.

    Raises
    ------
    InvalidValueError
        If a part is of the wrong kind or out of range.
    RefusedError
        If coverage or precision are given by period.
    """

    totals: Totals
    coverage: Belief
    precision: Belief = _EXACT
    noise: float = 0.5
    coverage_drift: float = 0.0
    source: str = ""
    derived_from: tuple[str, ...] = ()
    scope: str = ""
    kind: ClassVar[str] = "snapshots"
    data_field: ClassVar[str] = "totals"
    dating: ClassVar[str] = "report"
    #: No table by date of death can be made of totals.
    cells: ClassVar[None] = None

    def __post_init__(self) -> None:
        if not isinstance(self.totals, Totals):
            raise InvalidValueError(f"must be Totals, not {self.totals!r}", where="totals")
        for name in ("coverage", "precision"):
            value = getattr(self, name)
            if isinstance(value, Mapping | list | tuple):
                raise RefusedError(
                    "is given by period", where=name,
                    why="beliefs that are independent of each other would claim far too much of "
                    "their sum", remedy="state one belief on all deaths, and a drift",
                )  # fmt: skip
            if not isinstance(value, Belief):
                raise InvalidValueError(f"must be a belief, not {value!r}", where=name,
                                        remedy="for example between(0.45, 0.65, 0.5)")  # fmt: skip
        object.__setattr__(self, "noise", positive(self.noise, "noise"))
        object.__setattr__(self, "coverage_drift", checked_drift(self.coverage_drift))
        check_provenance(self)

    @property
    def as_of(self) -> datetime.date:
        """Return the day of the last total."""
        return self.totals.as_of

    @property
    def names(self) -> int:
        """Return the last total."""
        return int(self.totals.totals[-1])

    # -- declaration ----------------------------------------------------------------------------

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the unknowns that the list brings."""
        rows = (
            ("coverage", "probability of a death to be on the list by its last day", self.coverage),
            ("precision", "share of listed names that are deaths in scope", self.precision),
        )
        found = [
            Parameter(name, meaning, "share", "(0, 1]", describe(belief), belief.reason,
                      belief.source)
            for name, meaning, belief in rows
        ]  # fmt: skip
        found.append(
            Parameter("noise", "spread of the names between two days beside counting noise", "1",
                      "above 0", f"half-normal, scale {self.noise:g}",
                      "names come in batches")
        )  # fmt: skip
        return tuple(found)

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold for the list."""
        found = [
            Assumption(
                "the belief on coverage is right for the list on its last day", "either",
                "the total is the list divided by coverage: if true coverage is lower, more died",
            ),
            Assumption(
                "deaths fall into the period in which their names came", "either",
                "names come months late: after losses have risen the latest periods, and the total "
                "with them, are too low; after they have fallen, too high",
            ),
            Assumption(
                "names that come in a batch are of older deaths, and the next days bring as many "
                "as the rate says", "either",
                "if a batch is a battle, its deaths are taken for a change of the list",
            ),
        ]  # fmt: skip
        if isinstance(self.precision, Known) and self.precision.value == 1:
            found.append(
                Assumption("every listed name is one death in scope (precision is exactly 1)",
                           "too high", "wrong or double names would be scaled up like true ones")
            )  # fmt: skip
        words = "changes slowly from quarter to quarter, as its random walk does"
        if self.coverage_drift == 0:
            words = "is the same in all periods"
        found.append(
            Assumption(f"coverage {words}", "either",
                       "totals cannot tell fewer deaths from fewer of them listed")
        )  # fmt: skip
        return tuple(found)

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the evidence (no labels, reasons)."""
        return {
            "kind": self.kind, "totals": self.totals.content(), "noise": self.noise,
            "coverage": self.coverage.content(), "precision": self.precision.content(),
            **drift_content(self.coverage_drift),
        }  # fmt: skip

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""
        beliefs = (self.coverage, self.precision)
        return (self.kind, self.totals.rows, len(self.totals.periods),
                *((belief.kind, *belief.shape()) for belief in beliefs))  # fmt: skip


def _dates(values: Sequence[Any], where: str) -> tuple[datetime.date, ...]:
    found = tuple(values)
    for day in found:
        if not isinstance(day, datetime.date) or isinstance(day, datetime.datetime):
            raise InvalidValueError(f"{day!r} is no date", where=where)
    for day, following in itertools.pairwise(found):
        if following <= day:
            raise InvalidValueError(
                f"{following} stands after {day}", where=where,
                why="between two totals there must be a day", remedy="give each day once, in order",
            )  # fmt: skip
    if not found:
        raise InvalidValueError("are none", where=where)
    return found


def _refuse_no_first_day(day: datetime.date, step: str) -> None:
    if step in ("month", "year") and day.day > 28:
        raise InvalidValueError(
            f"{day} begins no {step}: not every month has that day", where="periods",
            remedy="begin earlier in the month",
        )  # fmt: skip


def _totals(values: ArrayLike, days: tuple[datetime.date, ...]) -> NDArray[np.int64]:
    given = np.asarray(values)
    if given.shape != (len(days),):
        raise InvalidValueError(f"has shape {given.shape} for {len(days)} days", where="totals")
    found = np.array(
        [whole(one, f"totals[{day}]") for one, day in zip(given.tolist(), days, strict=True)],
        np.int64,
    )
    fall = np.flatnonzero(np.diff(found) < 0)
    if fall.size:
        at = int(fall[0]) + 1
        raise InvalidValueError(
            f"falls to {found[at]:,} from {found[at - 1]:,} on {days[at - 1]}",
            where=f"totals[{days[at]}]", why="names were withdrawn, and how many new ones came "
            "between the two days is not known",
            remedy="take withdrawn names off the totals before, or leave one of the days out",
        )  # fmt: skip
    found.flags.writeable = False
    return found
