"""The same method, prior and interval as an answer that others printed for overlapping lists."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import gammaln

from estimation.classical.captures.coverage import sample_coverage
from estimation.classical.captures.frequencies import Captures
from estimation.classical.captures.heterogeneity import (
    captures_equal,
    captures_heterogeneity,
    heterogeneity,
)
from estimation.classical.captures.lower_bounds import captures_chao, chao
from estimation.classical.captures.nonparametric import captures_ace, captures_jackknife
from estimation.classical.captures.two_lists import chapman, two_lists
from estimation.classical.loglinear.estimate import loglinear
from estimation.randomness import stream
from estimation.summaries.overlap import OverlapEstimate
from models.lists.decomposable import decomposable_average
from models.lists.patterns import Patterns

#: Methods of others that there are none of here.
NOT_OURS: Mapping[str, str] = {
    "truth": "no method", "truth_other": "no method", "range": "a range without its method",
    "stepwise": "selection by p-values", "stepwise_aic": "selection by p-values and AIC",
    "loglinear_bic_downhill": "a search that stops at the first model that no step improves",
    "loglinear_bic_pairs_downhill": "a search that stops early",
    "loglinear_averaged": "with covariates, and averaged over linkages",
    "bayesian_threshold": "a posterior of log-linear terms",
    "bayesian_loglinear": "a posterior of log-linear terms",
    "latent_combined": "of 20 imputations together", "occupancy": "its model is not stated",
    "npmle": "no such method", "npmle_penalized": "no such method",
}  # fmt: skip

#: Relative and absolute differences up to which an answer is met: three digits of graphs, whose
#: grids differ; four of log-linear models; what is printed of all others.
_DIGITS: Mapping[str, float] = {"graphical": 5e-3, "loglinear": 5e-4}
_HALF = 0.51

#: Intervals that are computed and not drawn, and hence to be met as well.
_SURE = ("profile", "equal-tailed", "Chapman")

_FEWEST_REPLICATES, _REPLICATES = 100, 1000


@dataclasses.dataclass(frozen=True)
class Ours:
    """An answer of ours that stands beside one of others."""

    estimate: float
    low: float | None = None
    high: float | None = None


def ours(reference: Mapping[str, Any], table: Patterns | Captures) -> Ours | str:
    """Return the answer of the same method, or why there is none.

    Parameters
    ----------
    reference : mapping
        A row of the shipped table `references`; fields without a value are "".
    table : Patterns or Captures
        The table that it is for.
    """
    method = reference["method"]
    if method in NOT_OURS:
        return NOT_OURS[method]
    if isinstance(table, Captures):
        return _of_captures(reference, table)
    if method.startswith("graphical"):
        return _graphical(reference, table)
    if method.startswith("loglinear"):
        return _loglinear(reference, table)
    if method.startswith("petersen:"):
        pair = method.partition(":")[2].split("+")
        found = next(one for one in two_lists(table) if set(one.lists) == set(pair))
        limits = _limits(chapman(table.leave_out(set(table.lists) - set(pair))), reference)
        # printed is the estimate of Lincoln and Petersen, with Chapman's limits
        return dataclasses.replace(limits, estimate=found.petersen or limits.estimate)
    if method.startswith("sample_coverage_"):
        return _limits(sample_coverage(table, method.removeprefix("sample_coverage_")), reference)
    if method == "chao":
        return _limits(chao(table), reference)
    if method == "equal_captures":
        return _limits(captures_equal(Captures.from_patterns(table)), reference)
    if method in ("darroch", "poisson2", "gamma35"):
        return _limits(heterogeneity(table, method), reference)
    return f"no method {method}"


def _level(reference: Mapping[str, Any]) -> tuple[float, float]:
    level = float(reference["level"] or 0.95)
    return (1 - level) / 2, (1 + level) / 2


def _limits(found: OverlapEstimate, reference: Mapping[str, Any]) -> Ours:
    low, high = np.quantile(found.draws, _level(reference)).tolist()
    return Ours(found.estimate, low, high)


def _of_captures(reference: Mapping[str, Any], table: Captures) -> Ours | str:
    method = reference["method"]
    kind = method.removeprefix("captures_")
    if method in ("chao_captures", "chao_captures_low"):
        return _limits(captures_chao(table), reference)
    if method == "chao_1984":
        return _limits(captures_chao(table, "1984"), reference)
    if method == "equal_captures":
        return _limits(captures_equal(table), reference)
    if kind in ("darroch", "poisson2", "gamma35"):
        return _limits(captures_heterogeneity(table, kind), reference)
    if method in ("ace", "ace_1"):
        return _limits(captures_ace(table, adjusted=method == "ace_1"), reference)
    if method == "jackknife":
        return _limits(captures_jackknife(table), reference)
    return f"no method {method}"


def _graphical(reference: Mapping[str, Any], table: Patterns) -> Ours | str:
    """Return the average as dga has it: saturated graph, 1 / total, up to 30 times the observed."""
    if reference["method"] == "graphical_first_mode":
        return "the mode of one graph is not kept"
    observed = table.observed

    def scale(missing: np.ndarray) -> np.ndarray:
        return np.where(missing >= 1, -np.log(observed + missing), -np.inf)

    def gamma_poisson(missing: np.ndarray) -> np.ndarray:
        total = observed + missing
        return np.asarray(
            gammaln(13.14 + total) - gammaln(total + 1) + total * np.log(55.17 / 56.17)
        )

    madigan = "gamma-Poisson" in reference["remark"]
    said = re.match(r"delta (0\.\d+)", reference["remark"])
    found = decomposable_average(
        table, stream(1, "graphical", "search"), saturated=True,
        delta=1.0 if madigan else float(said[1]) if said else None,
        prior=gamma_poisson if madigan else scale, most=300 if madigan else 30 * observed,
    )  # fmt: skip
    totals = observed + found.missing
    low, estimate, high = found.quantile([_level(reference)[0], 0.5, _level(reference)[1]])
    if reference["method"] == "graphical_mode":
        estimate = totals[np.argmax(found.mass)]
    elif madigan:  # their Bayes estimator: of the relative squared error
        estimate = (found.mass / totals).sum() / (found.mass / totals**2).sum()
    return Ours(float(estimate), float(low), float(high))


def _loglinear(reference: Mapping[str, Any], table: Patterns) -> Ours | str:
    method, model = reference["method"], reference["model"]
    apart = 0
    if reference["remark"].startswith("without the two animals"):
        # as Rcapture does it: not in the fit, and part of the total
        rows = table.on.all(axis=1)
        apart = int(table.counts[rows].sum())
        table = Patterns(table.lists, table.on[~rows], table.counts[~rows])
    prob = float(reference["level"] or 0.95)
    drawn = "bootstrap" in reference["interval"]
    options: dict[str, Any] = {
        "prob": prob, "replicates": _REPLICATES if drawn else _FEWEST_REPLICATES
    }  # fmt: skip
    if method == "loglinear_independence":
        options["formula"] = " + ".join(table.lists)
    elif method in ("loglinear_bic", "loglinear_aic"):
        options["criterion"] = method.removeprefix("loglinear_")
    elif model:
        options["formula"] = model.replace("+", " + ")
    else:
        return "its model is not stated"
    found = loglinear(table, **options)
    if drawn:
        return _limits(found, reference)
    low, high = (None if one is None else one + apart for one in found.details["profile"])
    return Ours(found.estimate + apart, low, high)


def difference(reference: Mapping[str, Any], found: Ours) -> float:
    """Return how much ours is larger, a share; not a number where no estimate is printed."""
    printed = reference["estimate"]
    return math.nan if printed == "" else found.estimate / float(printed) - 1


def met(reference: Mapping[str, Any], found: Ours) -> bool | None:
    """Return whether ours agrees in the digits that count; none where there is nothing to meet.

    Latent classes meet another sampler if their median is inside its interval.
    """
    method, printed = reference["method"], reference["estimate"]
    if method == "latent":
        return float(reference["low"]) <= found.estimate <= float(reference["high"])
    if method == "chao_captures_low":
        return found.low is not None and found.low >= float(reference["low"])
    agree = [] if printed == "" else [_near(method, printed, found.estimate)]
    if reference["interval"] in _SURE:
        for name in ("low", "high"):
            limit = getattr(found, name)
            if reference[name] != "":
                agree.append(limit is not None and _near(method, reference[name], limit, 1.0))
    return all(agree) if agree else None


def _near(method: str, printed: str, value: float, least: float = _HALF) -> bool:
    """Return whether a value rounds to what is printed, or to the digits of its method.

    Limits, which are searched for, and medians of whole persons may be off by one unit.
    """
    unit = 10.0 ** -len(printed.partition(".")[2])
    share = next((one for name, one in _DIGITS.items() if method.startswith(name)), 0.0)
    least = 1.0 if method.startswith("graphical") else least
    return abs(value - float(printed)) <= max(least * unit, share * float(printed))
