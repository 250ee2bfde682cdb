"""Confirmed names under uncertain coverage: the simplest evidence."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.beliefs import Belief, Known
from models.beliefs.base import FloatArray
from models.cells import Cells
from models.checks import real, text, whole
from models.declare import Assumption, Parameter
from models.errors import InvalidValueError, RefusedError

if TYPE_CHECKING:
    from pytensor.tensor.variable import TensorVariable

#: Standard deviation of log odds up to which seen rates follow coverage to first order.
_LARGEST_DEVIATION = 1.0

#: Standard deviation of log odds of coverage a year above which nothing is assumed of it.
_LARGEST_DRIFT = 5.0

_EXACT = Known(1.0, reason="every listed name is taken as a death in scope; nobody has checked")


@dataclasses.dataclass(frozen=True)
class Count:
    """A list of confirmed names.

    Model: true names ~ Poisson(rate * g * coverage); false ones (wrong, double, out of scope) come
    as a second Poisson stream that makes the true ones a share `precision` of what is expected on
    the list, so that count ~ Poisson(rate * g * coverage / precision) and, whatever the prior of
    the rate, true names | count ~ Binomial(count, precision).

    Parameters
    ----------
    count : int or Cells
        Names on the list, 0 or more; or a table of them by period and stratum.
    coverage : Belief
        On the probability of a death to be on the list.
    precision : Belief
        On the share of listed names that are deaths in scope; exactly 1 by default.
    as_of : datetime.date, optional
        The date at which the count was true.
    source : str
        Who made the list. One source may serve one evidence only.
    derived_from : tuple of str
        Sources from which this evidence was made.
    scope : str
        Whom the list means to hold.
    deviation : float
        With strata: standard deviation, between strata, of the log odds of being on the list; the
        belief on coverage is about all deaths together.  0 by default: coverage is the same.
    coverage_drift : float
        With periods, and other evidence that informs it: half-normal scale of the change of the log
        odds of coverage in a year, as a random walk; the belief on coverage is about all deaths
        together.  0 by default: coverage is the same.
    """

    count: int | Cells
    coverage: Belief
    precision: Belief = _EXACT
    as_of: datetime.date | None = None
    source: str = ""
    derived_from: tuple[str, ...] = ()
    scope: str = ""
    deviation: float = 0.0
    coverage_drift: float = 0.0
    kind: ClassVar[str] = "count"
    data_field: ClassVar[str] = "count"

    def __post_init__(self) -> None:
        if not isinstance(self.count, Cells):
            object.__setattr__(self, "count", whole(self.count, "count"))
        self._check_deviation()
        object.__setattr__(self, "coverage_drift", checked_drift(self.coverage_drift))
        for name in ("coverage", "precision"):
            if isinstance(getattr(self, name), Mapping | list | tuple):
                raise RefusedError(
                    "is given by period or stratum", where=name,
                    why="nothing in the model informs how it changes, and beliefs that are "
                    "independent of each other would claim far too much of their sum",
                    remedy="state one belief on all deaths and, between strata, a deviation",
                )  # fmt: skip
            if not isinstance(getattr(self, name), Belief):
                raise InvalidValueError(
                    f"must be a belief, not {getattr(self, name)!r}",
                    where=name,
                    remedy="for example uniform(0.45, 0.65)",
                )
        if self.as_of is not None and not isinstance(self.as_of, datetime.date):
            raise InvalidValueError(f"must be a date, not {self.as_of!r}", where="as_of")
        text(self.source, "source")
        text(self.scope, "scope")
        names: object = self.derived_from
        if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) for n in names):
            raise InvalidValueError("must be a list of sources", where="derived_from")
        object.__setattr__(self, "derived_from", tuple(names))

    def _check_deviation(self) -> None:
        value = real(self.deviation, "deviation")
        object.__setattr__(self, "deviation", value)
        if not 0 <= value <= _LARGEST_DEVIATION:
            raise InvalidValueError(
                f"must lie between 0 and {_LARGEST_DEVIATION:g}, not {value:g}", where="deviation",
                why="it is a standard deviation of log odds: 1 is 27 % to 73 % around one half",
            )  # fmt: skip
        strata = len(self.count.strata) if isinstance(self.count, Cells) else 0
        if value > 0 and strata < 2:
            raise InvalidValueError("needs a table with strata", where="deviation")

    @property
    def names(self) -> int:
        """Return all names on the list."""
        return self.count.total if isinstance(self.count, Cells) else self.count

    @property
    def cells(self) -> Cells | None:
        """Return the table, if the count is one."""
        return self.count if isinstance(self.count, Cells) else None

    # -- declaration ----------------------------------------------------------------------------

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the unknowns that the list brings."""
        rows = (
            ("coverage", "probability of a death to be on the list", self.coverage),
            ("precision", "share of listed names that are deaths in scope", self.precision),
        )
        found = [
            Parameter(
                name, meaning, "share", "(0, 1]", describe(belief), belief.reason, belief.source
            )
            for name, meaning, belief in rows
        ]
        if self.deviation > 0:
            found.append(
                Parameter(
                    "stratum_coverage", "coverage of a stratum", "share", "(0, 1)",
                    f"log odds differ with standard deviation {self.deviation:g}; coverage of all "
                    "deaths together stays what is believed of it", dims=("stratum",),
                )
            )  # fmt: skip
        return tuple(found)

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold for the list."""
        found: list[Assumption] = [
            Assumption(
                "the belief on coverage is right for this list at its date",
                "either",
                "the total is the count divided by coverage: if true coverage is lower, more died",
            )
        ]
        if isinstance(self.precision, Known) and self.precision.value == 1:
            found.append(
                Assumption(
                    "every listed name is one death in scope (precision is exactly 1)",
                    "too high",
                    "wrong or double names would be scaled up like true ones",
                )
            )
        if self.cells is not None:
            found += _assumptions_of_cells(self.cells, self.deviation, self.coverage_drift)
        return tuple(found)

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the evidence (no labels, reasons, dates)."""
        shares = {"coverage": self.coverage.content(), "precision": self.precision.content()}
        if isinstance(self.count, Cells):
            return {
                "kind": self.kind, "count": self.count.content(), "deviation": self.deviation,
                **shares, **drift_content(self.coverage_drift),
            }  # fmt: skip
        return {"kind": self.kind, "count": self.count, **shares}

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""
        beliefs = (self.coverage, self.precision)
        return (self.kind, *((belief.kind, *belief.shape()) for belief in beliefs))

    # -- the NumPy face -------------------------------------------------------------------------

    def simulate(
        self, rate: ArrayLike, theta: dict[str, ArrayLike], rng: np.random.Generator
    ) -> dict[str, NDArray[np.int64]]:
        """Simulate the list.

        Parameters
        ----------
        rate : (draw,) expected deaths, clustering already applied
        theta : dict with "coverage" and "precision", (draw,)
        rng : numpy.random.Generator

        Returns
        -------
        dict of (draw,) integer arrays
            `seen` (true names), `unseen`, `total` = seen + unseen, `count` (names on the list).
        """
        rate = np.asarray(rate, dtype=float)
        coverage = np.asarray(theta["coverage"], dtype=float)
        precision = np.asarray(theta["precision"], dtype=float)
        seen = rng.poisson(rate * coverage)
        unseen = rng.poisson(rate * (1 - coverage))
        false = rng.poisson(rate * coverage * (1 - precision) / precision)
        return {"seen": seen, "unseen": unseen, "total": seen + unseen, "count": seen + false}

    def log_likelihood(
        self, rate: ArrayLike, theta: dict[str, ArrayLike], clustering: float | None = None
    ) -> FloatArray:
        """Return the log probability of the count, shape (draw,).

        Poisson, or negative binomial with size `clustering` once the shared gamma of clustering is
        integrated out.
        """
        from scipy.special import gammaln, xlogy

        inclusion = np.asarray(theta["coverage"]) / np.asarray(theta["precision"])
        mean = np.asarray(rate, dtype=float) * inclusion
        n = self.names
        if clustering is None:
            return np.asarray(xlogy(n, mean) - mean - gammaln(n + 1))
        k = clustering
        return np.asarray(
            gammaln(n + k) - gammaln(k) - gammaln(n + 1)
            + xlogy(n, mean / (k + mean)) - k * np.log1p(mean / k)
        )  # fmt: skip

    # -- the PyMC face --------------------------------------------------------------------------

    def graph_inclusion(self) -> TensorVariable:
        """Add coverage and precision; return the expected listed names per death."""
        return self.coverage.graph("coverage") / self.precision.graph("precision")

    def graph(
        self, name: str, seen_rate: TensorVariable, clustering: TensorVariable | None,
        count: TensorVariable,
    ) -> None:  # fmt: skip
        """Add the observed count to the PyMC model in context.

        Parameters
        ----------
        name : str
            Name of the evidence.
        seen_rate : scalar tensor
            Expected names on the list.
        clustering : scalar tensor, optional
            Size of the gamma mixture.
        count : scalar tensor
            The names on the list.
        """
        import pymc as pm

        if clustering is None:
            pm.Poisson(name, mu=seen_rate, observed=count)
        else:
            pm.NegativeBinomial(name, mu=seen_rate, alpha=clustering, observed=count)

    def graph_data(self, name: str) -> dict[str, Any]:
        """Return the values of the ``pm.Data`` of the evidence, by name."""
        return {
            f"{name}_count": self.names,
            **self.coverage.graph_data("coverage"),
            **self.precision.graph_data("precision"),
        }


def checked_drift(value: object) -> float:
    """Return the scale of the drift of coverage."""
    found = real(value, "coverage_drift")
    if not 0 <= found <= _LARGEST_DRIFT:
        raise InvalidValueError(
            f"must lie between 0 and {_LARGEST_DRIFT:g}, not {found:g}", where="coverage_drift",
            why="it is a standard deviation of log odds a year: 1 is 27 % to 73 % around one half",
        )  # fmt: skip
    return found


def drift_content(drift: float) -> dict[str, float]:
    """Return the drift of coverage as content, where there is one."""
    return {"coverage_drift": drift} if drift > 0 else {}


def _assumptions_of_cells(cells: Cells, deviation: float, drift: float) -> list[Assumption]:
    """Return what must hold for a table of counts."""
    found = []
    if cells.periods and drift > 0:
        found.append(
            Assumption(
                "coverage changes slowly from quarter to quarter, as its random walk does",
                "either", "between spans that other evidence speaks of, it is only drawn through",
            )
        )  # fmt: skip
    elif cells.periods:
        found.append(
            Assumption(
                "coverage is the same in all periods", "either",
                "recent deaths are confirmed later: late periods look better than they were, and "
                "nothing here informs by how much",
            )
        )  # fmt: skip
    if len(cells.strata) > 1 and deviation == 0:
        found.append(
            Assumption(
                "coverage is the same in all strata", "either",
                "a stratum whose dead are found more easily seems to have lost more",
            )
        )  # fmt: skip
    if deviation > 0:
        found.append(
            Assumption(
                "strata whose dead are found more easily have not lost more or less for that",
                "either", "losses of single strata shift to those that are searched less",
            )
        )  # fmt: skip
    if cells.extra("unknown_stratum").any() or cells.extra("unknown_period").any():
        found.append(
            Assumption(
                "names without a cell are missing at random: they spread like those with one",
                "either", "cells whose names are seldom assigned seem to have lost less",
            )
        )  # fmt: skip
    if cells.periods and cells.dating != "death":
        of = "the obituary where that of death is unknown" if cells.dating == "obituary" else (
            "the report"
        )  # fmt: skip
        found.append(
            Assumption(
                f"dates are of {of}, and stand for dates of death", "either",
                "peaks of single periods may be peaks of paperwork",
            )
        )  # fmt: skip
    if cells.missing is not None and cells.missing.any():
        found.append(
            Assumption(
                "cells that were not observed are like their neighbors", "either",
                "losses there are only as good as the walk and the pooling",
            )
        )  # fmt: skip
    if cells.partial:
        found.append(
            Assumption("the table holds the whole list", "too low",
                       "it is known to lack part of it")
        )  # fmt: skip
    return found


def describe(belief: Belief) -> str:
    """Return a belief in a few words with its central 95 %."""
    if isinstance(belief, Known):
        return f"known: {belief.value:g}"
    low, high = belief.interval(0.95)
    words = belief.kind.replace("_", " ")
    if belief.stated is not None:
        start, end, mass = belief.stated
        held = f"all between {start:.4g} and {end:.4g}"
        if mass < 1:
            held = f"{mass:.4g} between {start:.4g} and {end:.4g}"
        return f"{words}, {held}; 95 % {low:.3f} to {high:.3f}"
    return f"{words}; 95 % {low:.3f} to {high:.3f}"
