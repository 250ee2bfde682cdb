"""Estimates of deaths made without the list: a probate register, a survey, draws."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.beliefs import Belief, Known
from models.beliefs.base import FloatArray
from models.checks import positive, real, text
from models.count import describe
from models.declare import Assumption, Parameter
from models.errors import InvalidValueError, RefusedError
from models.estimate_checks import is_positive_definite
from models.estimates import Estimates
from models.spans import are_disjoint, span_weights

_ALL = Known(1.0, reason="the register is taken to mean all deaths of the model")

#: Relative room for rounding beside counting noise.
_ROUNDING = 1e-6

#: Log errors beyond this are no estimates: one standard deviation is a factor of twenty.
_LARGEST_LOG_ERROR = 3.0


@dataclasses.dataclass(frozen=True)
class Register:
    """Estimates of deaths that were made without the list.

    Model: log central[row] ~ Normal(log(share * sum of weights[row, period] * rate[period]) + bias,
    log covariance of the estimates + row_error^2), jointly over rows; bias ~ Normal(0, bias^2) is
    shared by all rows.  It measures the *expected* total of its scope.

    Parameters
    ----------
    estimates : Estimates
        Medians with errors and spans.
    bias : float
        Standard deviation of the normal prior of the log bias that all rows share; above 0.
    row_error : float
        Standard deviation of a further independent log error of each row.
    share : Belief
        On the share of the deaths of the model that are in the scope of the register.
    measure : {"deaths"}
        What is estimated. Killed and wounded are never taken as killed.
    split : bool
        Whether a period across a bound of a span is shared by days.
    source : str
        Who made the estimates. One source may serve one evidence only.
    derived_from : tuple of str
        Sources from which they were made.
    scope : str
        Whom they mean to count.

    Raises
    ------
    InvalidValueError
        If a part is of the wrong kind or out of range, or the errors leave differences between rows
        surer than counting noise allows.
    RefusedError
        If casualties are given, or the share is a hard range or changes by period.
    """

    estimates: Estimates
    bias: float = 0.1
    row_error: float = 0.0
    share: Belief = _ALL
    measure: str = "deaths"
    split: bool = False
    source: str = ""
    derived_from: tuple[str, ...] = ()
    scope: str = ""
    kind: ClassVar[str] = "register"
    data_field: ClassVar[str] = "estimates"

    def __post_init__(self) -> None:
        if not isinstance(self.estimates, Estimates):
            raise InvalidValueError(f"must be Estimates, not {self.estimates!r}", where="estimates")
        _check_measure(self.measure)
        object.__setattr__(self, "bias", checked_scale(self.bias, "bias"))
        row_error = real(self.row_error, "row_error")
        if not 0 <= row_error <= _LARGEST_LOG_ERROR:
            raise InvalidValueError(
                f"must lie between 0 and {_LARGEST_LOG_ERROR:g}, not {row_error:g}",
                where="row_error", why="it is a standard deviation of logs",
            )  # fmt: skip
        object.__setattr__(self, "row_error", row_error)
        if not isinstance(self.split, bool):
            raise InvalidValueError(f"must be true or false, not {self.split!r}", where="split")
        check_share(self.share)
        check_provenance(self)
        if not is_positive_definite(self.log_covariance):
            raise InvalidValueError(
                "leaves the rows no error of their own", where="estimates.correlation",
                why="differences between rows would be taken as known exactly",
                remedy="state a correlation below 1, or a row_error above 0",
            )  # fmt: skip
        self._refuse_overlaps()
        self._refuse_below_counting()

    def _refuse_overlaps(self) -> None:
        """Refuse rows that share deaths and claim independent errors."""
        of = self.estimates
        independent = not of.log_covariance[~np.eye(of.rows, dtype=bool)].any()
        if of.rows > 1 and independent and not are_disjoint(of.begin, of.end):
            raise InvalidValueError(
                "rows overlap, and their errors are said to be independent",
                where="estimates.correlation",
                why="the same deaths would count several times, as so many measurements",
                remedy="state a correlation, give a covariance, or leave cumulative rows but the "
                "last out",
            )  # fmt: skip

    def _refuse_below_counting(self) -> None:
        """Refuse differences between rows that are surer than counts by chance can be.

        Errors that all rows share leave differences between rows nearly without error, but the
        counting noise of spans that have no day in common is independent.
        """
        of = self.estimates
        if not are_disjoint(of.begin, of.end):
            return
        left = np.linalg.eigvalsh(self.log_covariance - np.diag(1 / of.central))[0]
        if left < -_ROUNDING / of.central.max():
            least = np.sqrt(self.row_error**2 - left)
            raise InvalidValueError(
                "differences between rows have less error than counting noise",
                where="estimates.correlation",
                why="errors that rows share say nothing of the chance in each of them",
                remedy=f"state a row_error of {np.ceil(least * 1e4) / 1e4:g} or more",
            )  # fmt: skip

    # -- what a model takes ---------------------------------------------------------------------

    @property
    def log_central(self) -> FloatArray:
        """Return the logs of the medians, (n_row,)."""
        return np.log(self.estimates.central)

    @property
    def log_covariance(self) -> FloatArray:
        """Return the covariance of the logs with the further error of rows, (n_row, n_row)."""
        rows = self.estimates.rows
        return np.asarray(self.estimates.log_covariance + self.row_error**2 * np.eye(rows))

    def weights(
        self, periods: tuple[datetime.date, ...], step: str = "",
        known_to: datetime.date | None = None,
    ) -> NDArray[np.float64]:  # fmt: skip
        """Return the share of each period in the span of each row, (n_row, n_period).

        Without periods all spans must be open: (n_row, 1) ones.

        Parameters
        ----------
        periods, step, known_to
            See `models.spans.span_weights`.

        Raises
        ------
        InvalidValueError
            See `models.spans.span_weights`.
        """
        of = self.estimates
        return span_weights(of.begin, of.end, periods, step, split=self.split, known_to=known_to)

    # -- declaration ----------------------------------------------------------------------------

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the unknowns that the register brings."""
        found = [
            Parameter(
                "bias", "log bias that all rows of the register share", "1", "real",
                f"normal, 0 +- {self.bias:g}",
                "no source is free of errors that all its numbers share", self.source,
            )
        ]  # fmt: skip
        if not isinstance(self.share, Known):
            found.append(
                Parameter(
                    "share", "share of the deaths of the model in the scope of the register",
                    "share", "(0, 1]", describe(self.share), self.share.reason, self.share.source,
                )
            )  # fmt: skip
        return tuple(found)

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold for the register."""
        share = "all deaths of the model are in the scope of the register"
        if not (isinstance(self.share, Known) and self.share.value == 1):
            share = "the stated share of deaths in the scope of the register is right"
        found: list[Assumption] = [
            Assumption(share, "too low" if share.startswith("all") else "either",
                       "deaths outside its scope are not in its numbers"),
            Assumption(
                "the register holds nobody who did not die in the scope and time that it states",
                "too high", "missing persons declared dead later, or civilian deaths, raise it",
            ),
            Assumption(
                f"its errors that all rows share lie within a few times {self.bias:g} on the log "
                "scale", "either", "a larger bias of the source moves the total with it",
            ),
            Assumption(
                "it was made without the list, and without any source of the model", "either",
                "otherwise one fact counts twice and the interval is too narrow",
            ),
        ]  # fmt: skip
        if self.estimates.rows > 1 and not self.estimates.log_covariance[0, 1:].any():
            found.append(
                Assumption(
                    "errors of different rows are independent beside the shared bias", "either",
                    "rows of one fitted curve err together: their sum is less certain",
                )
            )  # fmt: skip
        if self.split:
            found.append(
                Assumption(
                    "deaths spread evenly over the days of a period that a bound of a span cuts",
                    "either", "a battle on one side of the bound belongs to one row only",
                )
            )  # fmt: skip
        return tuple(found)

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the evidence (no labels, reasons)."""
        return {
            "kind": self.kind, "estimates": self.estimates.content(), "bias": self.bias,
            "row_error": self.row_error, "share": self.share.content(), "split": self.split,
        }  # fmt: skip

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""
        return (self.kind, self.estimates.rows, self.share.kind, *self.share.shape())

    # -- the NumPy face -------------------------------------------------------------------------

    def log_likelihood(self, log_expected: ArrayLike, bias: ArrayLike) -> FloatArray:
        """Return the log density of the logs of the medians, jointly over rows, (draw,).

        Parameters
        ----------
        log_expected : (draw, n_row) numbers
            Log of the expected deaths of each row in the scope of the register.
        bias : (draw,) numbers
            Shared log bias.
        """
        from scipy.linalg import solve_triangular

        factor = np.linalg.cholesky(self.log_covariance)
        off = (
            self.log_central - np.asarray(log_expected, float) - np.asarray(bias, float)[..., None]
        )
        rows = off.shape[-1]
        white = solve_triangular(factor, off.reshape(-1, rows).T, lower=True)
        constant = rows * np.log(2 * np.pi) / 2 + np.log(np.diag(factor)).sum()
        return np.asarray(-(white**2).sum(axis=0) / 2 - constant).reshape(off.shape[:-1])

    def simulate(
        self, log_expected: ArrayLike, bias: ArrayLike, rng: np.random.Generator
    ) -> FloatArray:
        """Simulate the medians that the register would state, (draw, n_row) deaths.

        Parameters
        ----------
        log_expected : (draw, n_row) numbers
        bias : (draw,) numbers
        rng : numpy.random.Generator
        """
        center = np.asarray(log_expected, float) + np.asarray(bias, float)[..., None]
        factor = np.linalg.cholesky(self.log_covariance)
        return np.asarray(np.exp(center + rng.standard_normal(center.shape) @ factor.T))


def checked_scale(value: object, where: str) -> float:
    """Return the standard deviation of a proper prior on a log or log-odds scale."""
    number = real(value, where)
    if number == 0:
        raise InvalidValueError(
            "must be above 0, not 0", where=where,
            why="a proper prior has a width, and no source is without error",
        )  # fmt: skip
    number = positive(number, where)
    if number > _LARGEST_LOG_ERROR:
        raise InvalidValueError(
            f"must be at most {_LARGEST_LOG_ERROR:g}, not {number:g}", where=where,
            why="it is a standard deviation on a log scale: 1 is a factor of 2.7",
        )  # fmt: skip
    return number


def check_provenance(evidence: Any) -> None:
    """Check source, scope and derived_from of an evidence; the last becomes a tuple."""
    text(evidence.source, "source")
    text(evidence.scope, "scope")
    names: object = evidence.derived_from
    if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) for n in names):
        raise InvalidValueError("must be a list of sources", where="derived_from")
    object.__setattr__(evidence, "derived_from", tuple(names))


def _check_measure(measure: object) -> None:
    if measure == "casualties":
        raise RefusedError(
            "is casualties", where="measure",
            why="casualties are killed and wounded, and must never be taken as killed",
            remedy="give an estimate of deaths",
        )  # fmt: skip
    if measure != "deaths":
        raise InvalidValueError(f"no measure {measure!r}", where="measure", remedy='"deaths"')


def check_share(share: object) -> None:
    """Refuse what is no belief on one share of all deaths, and hard ranges beside evidence."""
    if isinstance(share, Mapping | list | tuple):
        raise RefusedError(
            "is given by period or row", where="share",
            why="beliefs that are independent of each other would claim far too much of their sum",
            remedy="state one belief on all deaths",
        )  # fmt: skip
    if not isinstance(share, Belief):
        raise InvalidValueError(f"must be a belief, not {share!r}", where="share",
                                remedy="for example between(0.8, 0.95, 0.95)")  # fmt: skip
    if share.hard and not isinstance(share, Known):
        raise RefusedError(
            "is a hard range beside other evidence", where="share",
            why="the posterior would pile up at an end of the range and look certain there",
            remedy="state a mass: between(low, high, 0.95)",
        )  # fmt: skip
