"""`Lists`: several overlapping lists of names, as evidence."""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from models.beliefs import Belief, Known
from models.checks import positive, whole
from models.count import describe
from models.declare import Assumption, Parameter
from models.errors import InvalidValueError, NotEstimableError, RefusedError
from models.learning.form import prior_numbers
from models.lists.form import POOLED, UNIFORM
from models.lists.implied import Implied
from models.lists.links import check_links
from models.lists.patterns import Patterns
from models.register import check_provenance

#: More classes than this only make an empty tail longer.
_MOST_CLASSES = 30

#: Above so many different patterns a fit would take hours.
MOST_PATTERNS = 20_000

#: Upper bounds of counts above this would make the graph too large.
_LARGEST_BOUND = 20_000

#: Up to so many lists classes cannot be told apart: the interval is the prior's.
FEW_LISTS = 3

#: Up to so many lists a fit takes all patterns, those of no person too.
_ALL_PATTERNS = 5

_TRUE = Known(1.0, reason="every listed person is taken as a death in scope; nobody has checked")


@dataclasses.dataclass(frozen=True, eq=False)
class Lists:
    """Overlapping lists, whose overlap tells how many are on none of them.

    Model: a death belongs to class k with probability weight[k]; given its class it is on each list
    independently, with log odds of being on list j of

        pooled     list[j] + class[k] + deviation[k, j], each normal with a scale of its own:
                   classes differ in how visible they are, on all lists and on each
        uniform    free: each probability uniform on (0, 1) (Manrique-Vallier 2016)

    weight is stick-breaking, cut at `classes`: shares of the rest ~ Beta(1, concentration), log
    concentration ~ Normal(0, concentration_spread).  Strata share the classes; their weights and
    the reach of each list differ between strata by normal deviations in log odds.

    Parameters
    ----------
    patterns : Patterns
        Who is on which list.
    captures : {"pooled", "uniform"}
        Prior of the probabilities to be on a list.
    classes : int
        Number of classes; 10 by default.
    concentration_spread : float
        Standard deviation of the log of the concentration; its median is 1.
    class_spread, list_spread : float
        Scales of the half-normal priors of the standard deviations, in log odds, of class[k] and of
        deviation[k, j].
    stratum_spread : float
        Scale of the half-normal priors of the standard deviations of strata.
    dependence : float
        Odds to be on no list, against those that the classes imply: 1 is the identifying
        assumption; 2 says that twice as many were out of reach of all lists.
    coverage : Belief, optional
        A belief on the share of all deaths that are on any list, as an opinion of its own beside
        what the classes imply: both densities are multiplied.  By default there is none, and
        `coverage` is what the classes imply.
    exposure : tuple of float, optional
        Persons at risk by stratum; pooled rates are per exposure.
    as_of, source, derived_from, scope
        As of `Count`.

    Raises
    ------
    InvalidValueError
        If a value is of the wrong kind or out of range.
    NotEstimableError
        If there is one list, no person, or lists fall apart into groups without a common person.

    References
    ----------
    .. [1] Manrique-Vallier, D. (2016). Bayesian population size estimation using Dirichlet process
       mixtures. Biometrics 72(4), 1246-1254. https://doi.org/10.1111/biom.12502
    .. [2] Aleshin-Guendel, S., Sadinle, M. and Wakefield, J. (2024). The central role of the
       identifying assumption in population size estimation. Biometrics 80(1), ujad028.
       https://doi.org/10.1093/biomtc/ujad028
    """

    patterns: Patterns
    captures: Literal["pooled", "uniform"] = "pooled"
    classes: int = 10
    concentration_spread: float = 0.25
    class_spread: float = 1.0
    list_spread: float = 1.0
    stratum_spread: float = 0.5
    dependence: float = 1.0
    coverage: Belief = None  # type: ignore[assignment]  # see __post_init__
    exposure: tuple[float, ...] | None = None
    as_of: datetime.date | None = None
    source: str = ""
    derived_from: tuple[str, ...] = ()
    scope: str = ""
    kind: ClassVar[str] = "lists"
    data_field: ClassVar[str] = "patterns"
    coverage_drift: ClassVar[float] = 0.0
    precision: ClassVar[Belief] = _TRUE
    cells: ClassVar[None] = None

    def __post_init__(self) -> None:
        if not isinstance(self.patterns, Patterns):
            raise InvalidValueError(f"must be Patterns, not {self.patterns!r}", where="patterns")
        if self.captures not in (POOLED, UNIFORM):
            raise InvalidValueError(f"no prior {self.captures!r}", where="captures",
                                    remedy="pooled or uniform")  # fmt: skip
        classes = whole(self.classes, "classes", low=1, why="it counts classes")
        if classes > _MOST_CLASSES:
            raise InvalidValueError(
                f"{classes} classes are too many", where="classes",
                why="their weights fall off by halves", remedy=f"at most {_MOST_CLASSES}",
            )  # fmt: skip
        object.__setattr__(self, "classes", classes)
        for name in ("concentration_spread", "class_spread", "list_spread", "stratum_spread",
                     "dependence"):  # fmt: skip
            object.__setattr__(self, name, positive(getattr(self, name), name))
        if self.coverage is None or isinstance(self.coverage, Implied):
            # anew: that of other lists, from which these were made, is not theirs
            object.__setattr__(self, "coverage", Implied(self))
        else:
            if not isinstance(self.coverage, Belief):
                raise InvalidValueError(
                    f"must be a belief, not {self.coverage!r}", where="coverage",
                    remedy="for example between(0.3, 0.6, 0.9)",
                )  # fmt: skip
            if isinstance(self.coverage, Known):
                raise RefusedError(
                    "is known", where="coverage", why="the overlap would say nothing",
                    remedy="take a count, or state how sure you are",
                )  # fmt: skip
            prior_numbers(self.coverage, "coverage")
        if self.as_of is not None and not isinstance(self.as_of, datetime.date):
            raise InvalidValueError(f"must be a date, not {self.as_of!r}", where="as_of")
        check_provenance(self)
        self._check_exposure()
        self._check_strata()
        _ = self.link_notes
        if len(self.unique) > MOST_PATTERNS:
            raise RefusedError(
                f"{len(self.unique):,} different patterns are too many", where="patterns",
                why=f"a fit takes time with each of them; at most {MOST_PATTERNS:,}",
                remedy="merge lists, or leave small ones out",
            )  # fmt: skip

    def _check_strata(self) -> None:
        labeled = self.patterns.stratum_of >= 0
        if (~self.patterns.counted & ~labeled).any():
            raise NotEstimableError(
                "a count that is not known has no stratum", where="patterns",
                why="neither says how many such persons there are",
                remedy="name its stratum, or leave the row out",
            )  # fmt: skip
        used = set(self.patterns.stratum_of[labeled].tolist())
        for place, name in enumerate(self.strata):
            if place not in used:
                raise NotEstimableError(
                    f"no person is recorded in {name}", where="patterns.strata",
                    why="its deaths would be the prior's alone", remedy="leave that stratum out",
                )  # fmt: skip
        if self.bounds.max(initial=-1) > _LARGEST_BOUND:
            raise RefusedError(
                f"a bound of {self.bounds.max():,} is too large to be of use", where="patterns",
                why=f"bounds are summed term by term, at most {_LARGEST_BOUND:,}",
                remedy="give that count as not known",
            )  # fmt: skip

    def _check_exposure(self) -> None:
        if self.exposure is None:
            return
        given: object = self.exposure
        if not isinstance(given, Sequence) or len(given) != len(self.patterns.strata):
            raise InvalidValueError(
                f"must have a number for each of {len(self.patterns.strata)} strata",
                where="exposure",
            )  # fmt: skip
        values = tuple(positive(value, f"exposure[{at}]") for at, value in enumerate(self.exposure))
        object.__setattr__(self, "exposure", values)

    @property
    def has_belief(self) -> bool:
        """Return whether a belief on coverage stands beside what the classes imply."""
        return not isinstance(self.coverage, Implied)

    # -- the table as arrays --------------------------------------------------------------------

    @property
    def names(self) -> int:
        """Return the persons on any list."""
        return self.patterns.observed

    @property
    def strata(self) -> tuple[str, ...]:
        """Return the names of strata; empty if there are none."""
        return self.patterns.strata

    @functools.cached_property
    def link_notes(self) -> tuple[str, ...]:
        """Return what must be said of lists that have no person in common with others."""
        return check_links(self.patterns)

    @functools.cached_property
    def _unique(self) -> tuple[np.ndarray, np.ndarray]:
        on = self.patterns.on
        if on.shape[1] > _ALL_PATTERNS:
            found, place = np.unique(on, axis=0, return_inverse=True)
            return found, place.reshape(-1)
        # all patterns: tables of as many lists then share one compilation
        number = np.arange(1, 2 ** on.shape[1])
        powers = 1 << np.arange(on.shape[1])[::-1]
        return (number[:, None] & powers) > 0, on @ powers - 1

    @property
    def unique(self) -> np.ndarray:
        """Return the different patterns, (n_unique, n_list) booleans."""
        return self._unique[0]

    def _table(self, values: np.ndarray) -> np.ndarray:
        found = np.zeros((len(self.unique), max(len(self.strata), 1)), dtype=values.dtype)
        labeled = self.patterns.stratum_of >= 0
        found[self._unique[1][labeled], self.patterns.stratum_of[labeled]] = values[labeled]
        return found

    @functools.cached_property
    def counts(self) -> np.ndarray:
        """Return persons by pattern and stratum, where known, (n_unique, n_stratum)."""
        return self._table(np.where(self.patterns.counted, self.patterns.counts, 0))

    @functools.cached_property
    def unlabeled(self) -> np.ndarray:
        """Return persons whose stratum is not recorded, by pattern, (n_unique,)."""
        free = self.patterns.stratum_of < 0
        found = np.bincount(self._unique[1][free], weights=self.patterns.counts[free],
                            minlength=len(self.unique))  # fmt: skip
        return np.asarray(found, dtype=np.int64)

    @functools.cached_property
    def open(self) -> np.ndarray:
        """Return which cells have no known count, (n_unique, n_stratum)."""
        return self._table(~self.patterns.counted)

    @functools.cached_property
    def bounds(self) -> np.ndarray:
        """Return upper bounds of cells, -1 where there is none, (n_unique, n_stratum)."""
        bound = self.patterns.is_bound
        return self._table(np.where(bound, self.patterns.counts + 1, 0)) - 1

    # -- declaration ----------------------------------------------------------------------------

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the unknowns that the lists bring."""
        prior = (
            "list + class + deviation in log odds, normal; standard deviations half-normal, scales "
            f"2, {self.class_spread:g}, {self.list_spread:g}"
            if self.captures == POOLED
            else "uniform on (0, 1)"
        )
        found = [
            Parameter(
                "weight", "share of deaths in a class", "share", "(0, 1)",
                f"stick-breaking, {self.classes} classes; log concentration normal, 0 +- "
                f"{self.concentration_spread:g}", dims=("class",),
            ),
            Parameter("capture", "probability to be on a list, by class", "share", "(0, 1)", prior,
                      dims=("class", "list")),
            Parameter("coverage", "probability of a death to be on any list", "share", "(0, 1)",
                      "implied by weights and captures"
                      + (f", times {describe(self.coverage)}" if self.has_belief else ""),
                      self.coverage.reason, self.coverage.source),
        ]  # fmt: skip
        return tuple(found)

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold for the lists."""
        unreached = (
            "within a class lists are independent, and nobody is out of reach of all lists beyond "
            "what the classes that are seen imply"
        )
        if self.dependence != 1:
            unreached += f", times {self.dependence:g} in the odds (stated)"
        found = [
            Assumption(
                unreached, "either", "the persons on no list leave no trace: those of a kind that "
                "no list ever reaches are not in the total",
            ),
            Assumption(
                "the same person is recognized on every list, and different ones are told apart",
                "too high", "a link that is missed looks like one more person who was seen once; "
                "false links do the opposite",
            ),
            Assumption("every listed person is one death in scope", "too high",
                       "wrong or double names would be scaled up like true ones"),
            Assumption("all lists mean the same deaths: the same place, time and kind", "too high",
                       "persons whom a list cannot hold look missed by it"),
        ]  # fmt: skip
        if len(self.patterns.lists) <= FEW_LISTS:
            found.append(
                Assumption(
                    f"classes differ as their prior says: {len(self.patterns.lists)} lists cannot "
                    "tell", "either", "more persons make such an interval hardly narrower",
                )
            )  # fmt: skip
        if self.captures == POOLED:
            found.append(
                Assumption(
                    "classes differ in visibility by a standard deviation of log odds of about "
                    f"{self.class_spread:g} at most", "too low",
                    "a class that no list reaches leaves no trace: how large it may be is this "
                    "prior's, and the upper limit with it",
                )
            )  # fmt: skip
        if self.patterns.strata and self.unlabeled.any():
            found.append(
                Assumption(
                    "whether the stratum is recorded depends on the lists that a person is on, not "
                    "on the stratum itself", "either", "strata that go unrecorded look small",
                )
            )  # fmt: skip
        return tuple(found)

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the evidence (no labels, reasons, dates)."""
        names = ("captures", "classes", "concentration_spread", "class_spread", "list_spread",
                 "stratum_spread", "dependence")  # fmt: skip
        return {
            "kind": self.kind, "patterns": self.patterns.content(),
            **{name: getattr(self, name) for name in names},
            "coverage": self.coverage.content(),
            "exposure": None if self.exposure is None else list(self.exposure),
        }  # fmt: skip

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""
        belief = (self.coverage.kind, *self.coverage.shape())
        places = np.argwhere(self.bounds >= 0)  # bounds are steps of a sum: part of its form
        bounds = tuple((int(p), int(s), int(self.bounds[p, s])) for p, s in places)
        return (self.kind, self.captures, self.classes, bool(self.unlabeled.any()),
                bool(self.open.any()), bounds, belief)  # fmt: skip
