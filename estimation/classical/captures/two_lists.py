"""Two lists: Lincoln and Petersen, Chapman; for each pair of lists, too."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np

from estimation.classical.captures.confidence import DRAWS, log_normal_draws
from estimation.classical.captures.usable import check_known
from estimation.errors import InvalidValueError, NotEstimableError
from estimation.summaries.overlap import OverlapEstimate
from models.lists.patterns import Patterns


@dataclasses.dataclass(frozen=True)
class TwoLists:
    """What two lists say by themselves.

    Parameters
    ----------
    lists : (str, str)
    totals : (int, int)
        Persons on each.
    both : int
        Persons on both.
    """

    lists: tuple[str, str]
    totals: tuple[int, int]
    both: int

    @property
    def observed(self) -> int:
        """Return the persons on any of the two."""
        return sum(self.totals) - self.both

    @property
    def petersen(self) -> float | None:
        """Return the estimate of Lincoln and Petersen, persons; None without overlap."""
        return self.totals[0] * self.totals[1] / self.both if self.both else None

    @property
    def chapman(self) -> float:
        """Return Chapman's estimate, persons: nearly without bias if the overlap is not tiny."""
        first, second = self.totals
        return (first + 1) * (second + 1) / (self.both + 1) - 1

    @property
    def standard_error(self) -> float:
        """Return the standard error of Chapman's estimate, persons [1]_.

        References
        ----------
        .. [1] Seber, G. A. F. (1982). The Estimation of Animal Abundance and Related Parameters,
           2nd edition, section 3.1. Griffin, London.
        """
        first, second = self.totals
        both = self.both
        variance = (first + 1) * (second + 1) * (first - both) * (second - both)
        return float(np.sqrt(variance / ((both + 1) ** 2 * (both + 2))))

    def draws(self, draws: int = DRAWS, seed: int = 1) -> np.ndarray:
        """Return draws of the total whose quantiles are log-normal limits, (draw,) persons."""
        return log_normal_draws(self.chapman, self.standard_error, self.observed,
                                draws=draws, seed=seed)  # fmt: skip


def two_lists(patterns: Patterns) -> tuple[TwoLists, ...]:
    """Return each pair of lists of which all counts are known, in the order of the lists.

    Totals that differ much between pairs tell that lists depend on each other, or that they do not
    reach for the same persons: pairs that share persons give too few, pairs that avoid each other
    too many.
    """
    unknown = patterns.on[~patterns.counted].any(axis=0)
    pairs = patterns.pairs
    return tuple(
        TwoLists(
            (patterns.lists[first], patterns.lists[second]),
            (int(pairs[first, first]), int(pairs[second, second])),
            int(pairs[first, second]),
        )
        for first, second in itertools.combinations(range(len(patterns.lists)), 2)
        if not (unknown[first] or unknown[second])
    )


def chapman(
    patterns: Patterns,
    pair: tuple[str, str] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 1,
) -> OverlapEstimate:
    """Estimate the total from two lists.

    Parameters
    ----------
    patterns : Patterns
    pair : (str, str), optional
        Which lists, if there are more than two.
    draws, seed : int

    Raises
    ------
    InvalidValueError
        If no pair is named and there are more than two lists.
    NotEstimableError
        If counts are not known, nobody is on both lists, or one list holds the other.
    """
    if len(patterns.lists) < 2:
        raise NotEstimableError("there is one list only", where="lists",
                                why="only overlaps tell who was missed",
                                remedy="add a list that was made by others")  # fmt: skip
    if pair is None and len(patterns.lists) > 2:
        raise InvalidValueError(f"there are {len(patterns.lists)} lists", where="pair",
                                remedy="name two of them")  # fmt: skip
    chosen = pair or (patterns.lists[0], patterns.lists[1])
    if len(set(chosen)) != 2 or not set(chosen) <= set(patterns.lists):
        raise InvalidValueError("must be two of the lists", where="pair",
                                remedy=f"two of {', '.join(patterns.lists)}")  # fmt: skip
    check_known(patterns, chosen)
    inside = patterns.leave_out(set(patterns.lists) - set(chosen)) if pair else patterns
    found = two_lists(inside)[0]
    names = f"{found.lists[0]} and {found.lists[1]}"
    if not found.both:
        raise NotEstimableError("nobody is on both lists", where=names,
                                why="without persons met again any total is possible",
                                remedy="match the records of the lists again")  # fmt: skip
    if found.both == min(found.totals):
        raise NotEstimableError("one list is contained in the other", where=names,
                                why="it names nobody whom the larger one missed",
                                remedy="check whether it was made from the other")  # fmt: skip
    return OverlapEstimate(
        "chapman", "classical", found.chapman, found.draws(draws, seed), found.observed,
        f"Whether a person is on {found.lists[0]} says nothing of whether the person is on "
        f"{found.lists[1]}, and one of the two reaches all persons alike. Lists that share persons "
        "more than by chance make the total too low; lists that avoid each other make it too high; "
        "two lists cannot tell which.",
        notes=("Strata were added up.",) if patterns.strata else (),
        details={
            "lists": list(found.lists), "list_totals": list(found.totals), "both": found.both,
            "petersen": found.petersen, "standard_error": found.standard_error,
        },
    )  # fmt: skip
