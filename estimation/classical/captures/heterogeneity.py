"""Persons who differ in how easily they are recorded, by a law of a given shape."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from estimation.classical.captures.columns import DISTRIBUTION, heterogeneity_column
from estimation.classical.captures.confidence import DRAWS, profile_draws
from estimation.classical.captures.fitting import CaptureFit, fit
from estimation.classical.captures.frequencies import Captures, check_repeats
from estimation.classical.captures.models import ListModel, OccasionModel
from estimation.classical.captures.usable import check_three, usable_lists
from estimation.errors import InvalidValueError, NotEstimableError
from estimation.summaries.overlap import OverlapEstimate
from models.lists.patterns import Patterns

Kind = Literal["darroch", "poisson2", "gamma35"]

_DIRECTION = (
    "Nothing in the data tells one such law from another, and the totals differ much. The total is "
    "too high if some lists take only persons who are not on others, too low if lists copy persons "
    "of each other."
)


def fit_estimate(
    fitted: CaptureFit, method: str, assumption: str, *, draws: int, seed: int,
    bound: bool = False, notes: tuple[str, ...] = (), details: dict[str, Any] | None = None,
) -> OverlapEstimate:  # fmt: skip
    """Return a fit as an estimate, its spread from the profile likelihood."""
    found, highest = profile_draws(fitted, draws=draws, seed=seed)
    return OverlapEstimate(
        method, "classical", fitted.total, found, fitted.observed, assumption, bound, notes,
        {"standard_error": fitted.standard_error, "profile_maximum": highest, **(details or {})},
    )  # fmt: skip


def _check_kind(kind: str) -> None:
    if kind not in DISTRIBUTION:
        raise InvalidValueError(f"no kind {kind!r}", where="kind",
                                remedy=f"one of {', '.join(DISTRIBUTION)}")  # fmt: skip


def _downward(fitted: CaptureFit) -> tuple[str, ...]:
    if fitted.parameters[-1] >= 0:
        return ()
    return (
        "The term of differences between persons is negative: more uniform than chance alone makes "
        "persons. No such law exists; lists may avoid each other, and the total has no meaning "
        "beyond a fitted curve.",
    )


def heterogeneity(
    patterns: Patterns, kind: Kind = "darroch", *, draws: int = DRAWS, seed: int = 1
) -> OverlapEstimate:
    """Estimate the total if persons differ by a law, and lists differ in reach (Mth) [1]_ [2]_.

    Parameters
    ----------
    patterns : Patterns
    kind : {"darroch", "poisson2", "gamma35"}
        The law of the persons' log odds.
    draws, seed : int

    Raises
    ------
    InvalidValueError
        If the kind is not known.
    NotEstimableError
        If counts are not known, there are fewer than three lists, or the overlaps are too few.

    References
    ----------
    .. [1] Darroch, J. N., Fienberg, S. E., Glonek, G. F. V. and Junker, B. W. (1993). A
       three-sample multiple-recapture approach to census population estimation with heterogeneous
       catchability. Journal of the American Statistical Association 88(423), 1137-1148.
       https://doi.org/10.1080/01621459.1993.10476387
    .. [2] Baillargeon, S. and Rivest, L.-P. (2007). Rcapture: loglinear models for
       capture-recapture in R. Journal of Statistical Software 19(5).
       https://doi.org/10.18637/jss.v019.i05
    """
    _check_kind(kind)
    patterns, notes = usable_lists(patterns)
    check_three(patterns, "take chao, whose bound needs no such law")
    _check_numbers(Captures.from_patterns(patterns))
    fitted = fit(ListModel(patterns, heterogeneity_column(kind, len(patterns.lists))))
    assumption = (
        "All lists meet the same persons easily: the log odds of being on any list are shifted by "
        f"a trait of the person, distributed {DISTRIBUTION[kind]}; for a given person lists are "
        f"independent. {_DIRECTION}"
    )
    return fit_estimate(
        fitted, kind, assumption, draws=draws, seed=seed, notes=notes + _downward(fitted),
        details={"lists": list(patterns.lists), "differences": float(fitted.parameters[-1])},
    )  # fmt: skip


def captures_heterogeneity(
    captures: Captures, kind: Kind = "darroch", *, draws: int = DRAWS, seed: int = 1
) -> OverlapEstimate:
    """Estimate the total from capture frequencies if persons differ by a law (Mh).

    Parameters
    ----------
    captures : Captures
        Without a number of occasions, records of a person are Poisson, and the trait shifts the
        logarithm of their rate.
    kind : {"darroch", "poisson2", "gamma35"}
        The law of the trait.
    draws, seed : int

    Raises
    ------
    InvalidValueError
        If the kind is not known.
    NotEstimableError
        If too few persons were recorded repeatedly.
    """
    _check_kind(kind)
    check_repeats(captures)
    _check_numbers(captures)
    fitted = fit(OccasionModel(captures, heterogeneity_column(kind, captures.limit)))
    odds = "rate of records" if captures.occasions is None else "odds of a record at any occasion"
    assumption = (
        f"The logarithm of the {odds} is shifted by a trait of the person, distributed "
        f"{DISTRIBUTION[kind]}; occasions are alike, and for a given person independent. "
        f"{_DIRECTION}"
    )
    return fit_estimate(fitted, f"captures_{kind}", assumption, draws=draws, seed=seed,
                        notes=_downward(fitted),
                        details={"occasions": captures.occasions,
                                 "differences": float(fitted.parameters[-1])})  # fmt: skip


def captures_equal(captures: Captures, *, draws: int = DRAWS, seed: int = 1) -> OverlapEstimate:
    """Estimate the total from capture frequencies if all persons are alike (M0).

    Parameters
    ----------
    captures : Captures
        Without a number of occasions, records of a person are Poisson.
    draws, seed : int

    Raises
    ------
    NotEstimableError
        If nobody was recorded once or twice.
    """
    check_repeats(captures)
    fitted = fit(OccasionModel(captures, np.zeros((captures.limit, 0))))
    assumption = (
        "All persons and all occasions are alike, and records independent of each other. If "
        "persons differ in how easily they are recorded, the total is too low."
    )
    return fit_estimate(fitted, "equal_captures", assumption, draws=draws, seed=seed,
                        details={"occasions": captures.occasions})  # fmt: skip


def _check_numbers(captures: Captures) -> None:
    if len(captures.captures) < 3:
        raise NotEstimableError(
            "persons have two different numbers of records only", where="captures",
            why="how much persons differ shows in three at least",
            remedy="take chao, whose bound needs only persons recorded once and twice",
        )  # fmt: skip
