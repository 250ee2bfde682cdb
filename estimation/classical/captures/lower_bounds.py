"""Lower bounds from persons recorded once and twice: Chao; and Zelterman's rule."""

from __future__ import annotations

from typing import Literal

import numpy as np

from estimation.classical.captures.columns import bound_columns
from estimation.classical.captures.confidence import DRAWS, log_normal_draws
from estimation.classical.captures.fitting import CaptureFit, fit
from estimation.classical.captures.frequencies import Captures, check_repeats
from estimation.classical.captures.heterogeneity import fit_estimate
from estimation.classical.captures.models import ListModel, OccasionModel
from estimation.classical.captures.usable import usable_lists
from estimation.errors import InvalidValueError
from estimation.summaries.overlap import OverlapEstimate
from models.lists.patterns import Patterns

Form = Literal["model", "1984", "corrected"]

_ASSUMPTION = (
    "Persons may differ in any way in how easily they are recorded, alike for all lists; for a "
    "given person lists are independent. The total is then at least so large: persons who are "
    "hardly ever recorded make it larger. It is no bound if some lists take only persons who are "
    "not on others (negative dependence): then even the bound is too high."
)


def chao(patterns: Patterns, *, draws: int = DRAWS, seed: int = 1) -> OverlapEstimate:
    """Bound the total from below, for lists of different reach (Mth) [1]_ [2]_.

    The log-linear model of lists of different reach, with convex terms of the number of lists from
    three on: what persons on three and more lists do sets no limit to those on none.

    Parameters
    ----------
    patterns : Patterns
        With two lists the bound is the estimate of Lincoln and Petersen.
    draws, seed : int

    Raises
    ------
    NotEstimableError
        If counts are not known, there is one list, or nobody is on exactly one or two lists.

    References
    ----------
    .. [1] Chao, A. (1987). Estimating the population size for capture-recapture data with unequal
       catchability. Biometrics 43(4), 783-791. https://doi.org/10.2307/2531532
    .. [2] Rivest, L.-P. and Baillargeon, S. (2007). Applications and extensions of Chao's moment
       estimator for the size of a closed population. Biometrics 63(4), 999-1006.
       https://doi.org/10.1111/j.1541-0420.2007.00779.x
    """
    patterns, notes = usable_lists(patterns)
    captures = Captures.from_patterns(patterns)
    columns = bound_columns(captures.limit, captures.most)
    fitted = fit(ListModel(patterns, columns, columns.shape[1]))
    return fit_estimate(
        fitted, "chao", _ASSUMPTION, bound=True, draws=draws, seed=seed,
        notes=notes + _straight(fitted, columns.shape[1]),
        details={"lists": list(patterns.lists), "once": captures.once, "twice": captures.twice,
                 "bends_at": _bends(fitted, columns.shape[1])},
    )  # fmt: skip


def captures_chao(
    captures: Captures, form: Form = "model", *, draws: int = DRAWS, seed: int = 1
) -> OverlapEstimate:
    """Bound the total from below, from capture frequencies.

    Parameters
    ----------
    captures : Captures
    form : {"model", "1984", "corrected"}
        The log-linear model (Mh), with the profile likelihood; or f1^2 / (2 f2) unseen [1]_, or
        f1 (f1 - 1) / (2 (f2 + 1)), nearly without bias if f2 is small, both with log-normal limits
        [2]_ and without regard to the number of occasions.
    draws, seed : int

    Raises
    ------
    InvalidValueError
        If the form is not known.
    NotEstimableError
        If nobody was recorded exactly once or twice.

    References
    ----------
    .. [1] Chao, A. (1984). Nonparametric estimation of the number of classes in a population.
       Scandinavian Journal of Statistics 11(4), 265-270. https://www.jstor.org/stable/4615964
    .. [2] Chao, A. (1987). Estimating the population size for capture-recapture data with unequal
       catchability. Biometrics 43(4), 783-791. https://doi.org/10.2307/2531532
    """
    check_repeats(captures)
    details = {"once": captures.once, "twice": captures.twice, "occasions": captures.occasions}
    if form == "model":
        columns = bound_columns(captures.limit, captures.most)
        fitted = fit(OccasionModel(captures, columns, columns.shape[1]))
        return fit_estimate(
            fitted, "chao_captures", _ASSUMPTION, bound=True, draws=draws, seed=seed,
            notes=_straight(fitted, columns.shape[1]),
            details={**details, "bends_at": _bends(fitted, columns.shape[1])},
        )  # fmt: skip
    once, twice = float(captures.once), float(captures.twice)
    if form == "1984":
        unseen, ratio = once**2 / (2 * twice), once / twice
        variance = twice * (ratio**4 / 4 + ratio**3 + ratio**2 / 2)
    elif form == "corrected":
        unseen = once * (once - 1) / (2 * (twice + 1))
        variance = (
            unseen
            + once * (2 * once - 1) ** 2 / (4 * (twice + 1) ** 2)
            + once**2 * twice * (once - 1) ** 2 / (4 * (twice + 1) ** 4)
        )
    else:
        raise InvalidValueError(f"no form {form!r}", where="form",
                                remedy="model, 1984 or corrected")  # fmt: skip
    return _closed_form(captures, f"chao_{form}", unseen, variance, _ASSUMPTION, True,
                        draws, seed)  # fmt: skip


def zelterman(patterns: Patterns, *, draws: int = DRAWS, seed: int = 1) -> OverlapEstimate:
    """Estimate the total by Zelterman's rule, from how many lists persons are on.

    Parameters
    ----------
    patterns : Patterns
    draws, seed : int

    Raises
    ------
    NotEstimableError
        As of `chao`.
    """
    patterns, notes = usable_lists(patterns)
    found = captures_zelterman(Captures.from_patterns(patterns), draws=draws, seed=seed)
    return OverlapEstimate("zelterman", found.engine, found.estimate, found.draws, found.observed,
                           found.assumption, notes=notes, details=found.details)  # fmt: skip


def captures_zelterman(captures: Captures, *, draws: int = DRAWS, seed: int = 1) -> OverlapEstimate:
    """Estimate the total by Zelterman's rule [1]_ [2]_.

    The rate of records is told from persons recorded once and twice only, since persons who were
    not recorded are most like them.

    Parameters
    ----------
    captures : Captures
    draws, seed : int

    Raises
    ------
    NotEstimableError
        If nobody was recorded exactly once or twice.

    References
    ----------
    .. [1] Zelterman, D. (1988). Robust estimation in truncated discrete distributions with
       application to capture-recapture experiments. Journal of Statistical Planning and Inference
       18(2), 225-237. https://doi.org/10.1016/0378-3758(88)90007-9
    .. [2] Bohning, D. (2008). A simple variance formula for population size estimators by
       conditioning. Statistical Methodology 5(5), 410-423.
       https://doi.org/10.1016/j.stamet.2007.10.001
    """
    check_repeats(captures)
    once, twice, observed = float(captures.once), float(captures.twice), captures.observed
    rate = 2 * twice / once
    missed = np.exp(-rate)
    slope = missed / (1 - missed) ** 2
    variance = observed * slope * (1 + observed * slope * rate**2 * (1 / once + 1 / twice))
    assumption = (
        "Persons who were never recorded have the rate of records of those recorded once and "
        "twice, and records of a person are Poisson. If persons differ much the total is too high "
        "(it can lie far above Chao's bound); with few lists, where records are not Poisson, it is "
        "too high as well."
    )
    return _closed_form(captures, "captures_zelterman", observed * missed / (1 - missed), variance,
                        assumption, False, draws, seed)  # fmt: skip


def _closed_form(
    captures: Captures, method: str, unseen: float, variance: float, assumption: str, bound: bool,
    draws: int, seed: int,
) -> OverlapEstimate:  # fmt: skip
    total, error = captures.observed + float(unseen), float(np.sqrt(variance))
    return OverlapEstimate(
        method, "classical", total,
        log_normal_draws(total, error, captures.observed, draws=draws, seed=seed),
        captures.observed, assumption, bound,
        details={"once": captures.once, "twice": captures.twice, "standard_error": error,
                 "occasions": captures.occasions},
    )  # fmt: skip


def _bends(fitted: CaptureFit, columns: int) -> list[int]:
    """Return the numbers of captures at which the curve of the log means bends upward."""
    bent = fitted.parameters[len(fitted.parameters) - columns :] > 0
    return [int(place) + 2 for place in np.flatnonzero(bent)]


def _straight(fitted: CaptureFit, columns: int) -> tuple[str, ...]:
    """Tell if persons with three records are too few to show that persons differ."""
    if not columns or 2 in _bends(fitted, columns):
        return ()
    return (
        "Persons recorded three times are no more than chance alone makes them: no sign that "
        "persons differ, or a sign that lists avoid each other, which would make the bound too "
        "high.",
    )
