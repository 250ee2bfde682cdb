"""Names by period of death and date of report: late reports are part of the model."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from models.beliefs import Belief, Known
from models.cells import Cells
from models.checks import positive, real, text, whole
from models.count import checked_drift, describe, drift_content
from models.declare import Assumption, Parameter
from models.errors import InvalidValueError, NotEstimableError, RefusedError
from models.reports import Reports

#: Share of names beyond the longest delay above which the cells say next to nothing of the list.
_LARGEST_TAIL = 0.9

_ALL = Known(1.0, reason="only names that will ever be on the list are estimated")
_EXACT = Known(1.0, reason="every listed name is taken as a death in scope; nobody has checked")


@dataclasses.dataclass(frozen=True)
class Delays:
    """How late names come: hazards on the logit.

    Model: logit hazard[t, d] = base[d] + report_weekday[t + d] + shock[t + d] + drift[t + d]
    + delay_weekday[t] + delay_weekday_d[t] for d = 0 and 1; base is a random walk over delays with
    Student's t steps, so that where nothing tells otherwise the hazard stays what it was; shocks
    are Student's t, for a leak may bring thousands of names in a few days, and only where something
    was published.  Effects of weekdays are there for daily tables only; the rate has one of its
    own.

    Parameters
    ----------
    first, first_spread : float
        Center and standard deviation of the normal prior of the logit hazard at delay 0.
    step : float
        Scale of the half-normal prior of the step size of base from delay to delay.
    shock : float
        Scale of the half-normal prior of the size of shocks of report periods.
    noise : float
        Scale of the half-normal prior of the noise: counts of cells have variance
        mean + noise^2 mean^2.
    drift : float, optional
        Scale of the half-normal prior of the step size, from report period to report period, of a
        random walk of all hazards; none by default: on the shipped tables replays were worse with
        one.
    report_weekday, event_weekday, delay_weekday : float
        Standard deviations of the normal priors of the effects of the weekday of the report on
        hazards, and of the weekday of death on log rate and hazards.
    stratum : float
        Scale of the half-normal prior of the spread of strata's logit hazards.
    """

    first: float = -1.0
    first_spread: float = 1.5
    step: float = 0.5
    shock: float = 0.5
    noise: float = 0.5
    drift: float | None = None
    report_weekday: float = 1.0
    event_weekday: float = 0.2
    delay_weekday: float = 0.2
    stratum: float = 0.3

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", real(self.first, "first"))
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name == "first" or (field.name == "drift" and value is None):
                continue
            object.__setattr__(self, field.name, positive(value, field.name))

    def content(self) -> dict[str, Any]:
        """Return the numbers of the priors."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Triangle:
    """A list of confirmed names that comes in late.

    Model: names[t, d] ~ NegBinomial(rate[t] * coverage / precision * p[t, d], noise), p from the
    hazards of `Delays`; periods and strata share the losses of the model.  A name is on the list
    today if it ever will be (coverage) and has been by now (delay).

    Parameters
    ----------
    reports : Reports
        Names by period of death and delay.
    coverage : Belief
        On the probability of a death to be *ever* on the list; exactly 1 by default, which
        estimates the eventual list alone.
    precision : Belief
        On the share of listed names that are deaths in scope; exactly 1 by default.
    delays : Delays
        Priors of the delays.
    tail : Belief, optional
        On the share of names whose delay is longer than the longest one with cells; none come by
        default, beside those that are known.
    tail_length : float
        Mean of such delays beyond the longest one, in periods; read with a `tail` only.
    horizon : int
        So many report periods ahead it is told which share of the names of each period will have
        come by then (`reported_ahead`).
    coverage_drift : float
        With other evidence that informs it: half-normal scale of the change of the log odds of
        coverage in a year of deaths, as a random walk; 0 by default: coverage is the same.
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
    NotEstimableError
        If there is one delay only: nothing is late.
    """

    reports: Reports
    coverage: Belief = _ALL
    precision: Belief = _EXACT
    delays: Delays = Delays()
    tail: Belief | None = None
    tail_length: float = 10.0
    horizon: int = 0
    coverage_drift: float = 0.0
    source: str = ""
    derived_from: tuple[str, ...] = ()
    scope: str = ""
    kind: ClassVar[str] = "triangle"
    data_field: ClassVar[str] = "reports"

    def __post_init__(self) -> None:
        if not isinstance(self.reports, Reports):
            raise InvalidValueError(f"must be Reports, not {self.reports!r}", where="reports")
        if not isinstance(self.delays, Delays):
            raise InvalidValueError(f"must be Delays, not {self.delays!r}", where="delays")
        for name in ("coverage", "precision", "tail"):
            value = getattr(self, name)
            if isinstance(value, Mapping | list | tuple):
                raise RefusedError(
                    "is given by period or stratum", where=name,
                    why="nothing in the model informs how it changes beside the delays",
                    remedy="state one belief on all deaths",
                )  # fmt: skip
            if not isinstance(value, Belief) and not (name == "tail" and value is None):
                raise InvalidValueError(f"must be a belief, not {value!r}", where=name,
                                        remedy="for example uniform(0.45, 0.65)")  # fmt: skip
        if self.tail is not None and float(self.tail.quantile(0.999)) > _LARGEST_TAIL:
            raise NotEstimableError(
                "allows that nearly all names are still to come", where="tail",
                remedy=f"bound it below {_LARGEST_TAIL:g}, or keep more delays",
            )  # fmt: skip
        object.__setattr__(self, "tail_length", positive(self.tail_length, "tail_length"))
        horizon = whole(self.horizon, "horizon", why="it counts report periods")
        if horizon > self.reports.n_delay:
            raise InvalidValueError(
                f"{horizon} is more than the number of delays, {self.reports.n_delay}",
                where="horizon", why="the table says nothing of so late a date",
            )  # fmt: skip
        object.__setattr__(self, "horizon", horizon)
        object.__setattr__(self, "coverage_drift", checked_drift(self.coverage_drift))
        text(self.source, "source")
        text(self.scope, "scope")
        names: object = self.derived_from
        if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) for n in names):
            raise InvalidValueError("must be a list of sources", where="derived_from")
        object.__setattr__(self, "derived_from", tuple(names))
        if self.reports.n_delay < 2:
            raise NotEstimableError(
                "has one delay only", where="reports", why="where nothing is late there is nothing "
                "to learn of delays", remedy="give a count instead",
            )  # fmt: skip
        learned = self.reports.reported & ~self.reports.extra("masked")
        if not self.reports.counts[learned].any():
            raise NotEstimableError(
                "holds no name whose delay is known", where="reports",
                why="a first publication carries names of all delays",
                remedy="wait for the next, or keep the delays of the first if they are true",
            )  # fmt: skip

    @property
    def as_of(self) -> datetime.date:
        """Return the first day of the last report period."""
        return self.reports.as_of

    @property
    def names(self) -> int:
        """Return all names on the list by now."""
        return self.reports.total

    @property
    def cells(self) -> Cells:
        """Return the names known by now as a table of periods and strata."""
        reports = self.reports
        return Cells(
            reports.known, reports.periods, reports.step, reports.strata,
            undated=reports.extra("undated").sum(axis=0), dating=reports.dating,
        )  # fmt: skip

    @property
    def learned_delay(self) -> int:
        """Return the longest delay at which names were, or could have been, counted."""
        learned = self.reports.published_cells & ~self.reports.extra("masked")
        return int(np.flatnonzero(learned.any(axis=0)).max())

    # -- declaration ----------------------------------------------------------------------------

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the unknowns that the list brings."""
        delays = self.delays
        rows = [
            ("coverage", "probability of a death to be ever on the list", self.coverage),
            ("precision", "share of listed names that are deaths in scope", self.precision),
        ]
        if self.tail is not None:
            rows.append(("tail", "share of names later than the longest delay", self.tail))
        found = [
            Parameter(name, meaning, "share", "(0, 1]", describe(belief), belief.reason,
                      belief.source)
            for name, meaning, belief in rows
        ]  # fmt: skip
        scales = [
            ("noise", "spread of the names of a cell beside counting noise", delays.noise),
            ("delay_step", "scale of the change of the logit hazard from delay to delay",
             delays.step),
            ("shock_size", "size of shocks of report periods, logit hazard", delays.shock),
        ]  # fmt: skip
        if delays.drift is not None:
            scales.append(("drift_size", "scale of the drift of the logit hazard a report period",
                           delays.drift))  # fmt: skip
        if self.reports.strata:
            scales.append(("stratum_delay", "spread of the logit hazards of strata",
                           delays.stratum))  # fmt: skip
        return (
            *found,
            Parameter("first", "logit hazard at delay 0", "1", "any",
                      f"normal, mean {delays.first:g}, sd {delays.first_spread:g}"),
            *(Parameter(name, meaning, "1", "above 0", f"half-normal, scale {scale:g}")
              for name, meaning, scale in scales),
        )  # fmt: skip

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold for the list."""
        tail = self.tail is None
        found = [
            Assumption(
                "names of recent periods come as late as those of older ones did"
                + ("" if self.delays.drift is None else ", but for a slow drift"), "either",
                "if reporting has slowed down recent periods seem to have lost fewer; if it has "
                "sped up, more",
            ),
            Assumption(
                "no name comes later than the longest delay, beside those that have" if tail else
                "the share of names later than the longest delay is as believed",
                "too low" if tail else "either",
                "late names are missing from the eventual count of every period" if tail else
                "all periods together err with it",
            ),
        ]  # fmt: skip
        found.append(
            Assumption(
                "more or fewer names than expected in a cell are deaths, not speed of reporting",
                "either", "single periods err with it if names came in batches; their sum hardly",
            )
        )  # fmt: skip
        learned = self.learned_delay
        if learned < self.reports.n_delay - 1:
            found.append(
                Assumption(
                    f"names go on to come after delay {learned}, the longest that was followed, as "
                    f"the hazards before it say, until delay {self.reports.n_delay - 1}", "either",
                    "no period is old enough to tell: the prior does",
                )
            )  # fmt: skip
        if not isinstance(self.coverage, Known) or self.coverage.value < 1:
            found.append(
                Assumption(
                    "the belief on coverage is right for the list as it will be in the end",
                    "either", "delays say when names come, not how many never will",
                )
            )  # fmt: skip
        if isinstance(self.precision, Known) and self.precision.value == 1:
            found.append(
                Assumption("every listed name is one death in scope (precision is exactly 1)",
                           "too high", "wrong or double names would be scaled up like true ones")
            )  # fmt: skip
        if self.reports.dating != "death":
            found.append(
                Assumption(
                    f"dates of the {self.reports.dating} stand for dates of death", "too low",
                    "where the date is that of the obituary the delay looks shorter than it was",
                )
            )  # fmt: skip
        if self.reports.extra("undated").any():
            found.append(
                Assumption("names without a date come as late as those with one", "either",
                           "their number in the end is scaled up with that of the others")
            )  # fmt: skip
        return tuple(found)

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the evidence (no labels, reasons)."""
        reports = self.reports
        return {
            "kind": self.kind, "reports": reports.content(), "delays": self.delays.content(),
            "coverage": self.coverage.content(), "precision": self.precision.content(),
            "tail": None if self.tail is None else self.tail.content(),
            "tail_length": self.tail_length, "horizon": self.horizon,
            "stratified": bool(reports.strata),
            # weekdays are numbers here
            "weekday": reports.periods[0].weekday() if reports.step == "day" else None,
            **drift_content(self.coverage_drift),
        }  # fmt: skip

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""
        return (self.kind, self.reports.shape, self.reports.n_report, self.reports.step)

    def typical(self) -> float:
        """Return the log of a typical count of a period and stratum."""
        known = self.reports.known
        mature = known[: max(1, known.shape[0] - self.reports.n_delay // 2)]
        return float(np.log(max(float(np.median(mature)), 1.0)))
