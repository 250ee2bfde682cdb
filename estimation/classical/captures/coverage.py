"""Sample coverage: how much of the population the lists reach, told from who is on one only."""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np

from estimation.classical.captures.confidence import DRAWS, log_normal_draws
from estimation.classical.captures.models import FloatArray
from estimation.classical.captures.usable import check_three, usable_lists
from estimation.errors import InvalidValueError, NotEstimableError
from estimation.randomness import stream
from estimation.summaries.overlap import OverlapEstimate
from models.lists.patterns import Patterns

Kind = Literal["one_step", "high", "independent"]

#: Coverage below which the authors take the estimates as lower bounds.
LOW_COVERAGE = 0.55

#: Share of bootstrap tables that may be without a total.
_MOST_FAILED = 0.01

_ASSUMPTION = {
    "independent": "The lists are independent of each other, whatever their reach: lists that "
    "share persons make the total too low, lists that avoid each other too high.",
    "high": "Lists depend on each other by pairs only, and together they reach enough persons for "
    "that dependence to be measured. It fails if a list is exclusive of another.",
    "one_step": "Lists depend on each other by pairs only, by as much as a first guess of the "
    "total says. The guess is too low if lists share persons, and so is the total, somewhat; "
    "lists that exclude each other make it too high.",
}


@dataclasses.dataclass(frozen=True, eq=False)
class Coverage:
    """Sample coverage and the estimates from it; arrays have an axis of tables.

    Parameters
    ----------
    coverage : (table,) numbers, a share
        Mean share of the persons of a list who are on another list, too.
    independent, high, one_step : (table,) numbers, persons
        Estimates; `high` is infinite where the coverage is too low for it.
    dependence : (table, pair) numbers
        Coefficients of covariation of pairs of lists in the last step: 0 is independence.
    """

    coverage: FloatArray
    independent: FloatArray
    high: FloatArray
    one_step: FloatArray
    dependence: FloatArray


@dataclasses.dataclass(frozen=True, eq=False)
class _Sums:
    """What the estimates need of a pattern, (pattern, n): sums of counts over patterns."""

    alone: FloatArray
    on: FloatArray
    both: FloatArray
    without_others: FloatArray


def _sums(patterns: Patterns) -> tuple[_Sums, FloatArray]:
    on = patterns.on
    sizes = on.sum(axis=1)
    first, second = np.triu_indices(len(patterns.lists), 1)
    pair = on[:, first].astype(int) + on[:, second]
    # persons of one list of a pair who are on no list outside of the pair count once each, for each
    # list of the pair that they are on
    outside = sizes[:, None] - pair
    return (
        _Sums(
            (on & (sizes == 1)[:, None]).astype(float), on.astype(float),
            (pair == 2).astype(float), np.where(outside == 0, pair, 0).astype(float),
        ),
        patterns.counts.astype(float),
    )  # fmt: skip


def coverage_estimates(patterns: Patterns) -> Coverage:
    """Return coverage and estimates of a table [1]_ [2]_.

    Parameters
    ----------
    patterns : Patterns
        Complete and pooled, no list empty.

    References
    ----------
    .. [1] Chao, A. and Tsay, P. K. (1998). A sample coverage approach to multiple-system estimation
       with application to census undercount. Journal of the American Statistical Association
       93(441), 283-293. https://doi.org/10.1080/01621459.1998.10474109
    .. [2] Chao, A., Tsay, P. K., Lin, S.-H., Shau, W.-Y. and Chao, D.-Y. (2001). The
       applications of capture-recapture models to epidemiological data. Statistics in Medicine
       20(20), 3123-3157.
       https://doi.org/10.1002/sim.996
    """
    sums, counts = _sums(patterns)
    return _estimates(sums, counts[None, :])


def _estimates(sums: _Sums, counts: FloatArray) -> Coverage:
    """Return estimates of many tables of the same patterns, (table, pattern) counts."""
    first, second = np.triu_indices(sums.on.shape[1], 1)
    alone, totals = counts @ sums.alone, counts @ sums.on
    # a small list may be empty in a resample: it is then as if it were not there
    there = totals > 0
    lists = there.sum(axis=1)
    shares = np.divide(alone, totals, out=np.zeros_like(totals), where=there)
    product = totals[:, first] * totals[:, second]
    pairs = product > 0
    ratio = np.divide(counts @ sums.both, product, out=np.zeros_like(product), where=pairs)
    with np.errstate(divide="ignore", invalid="ignore"):  # no overlap at all, in a resample
        coverage = 1 - shares.sum(axis=1) / lists
        seen = (counts.sum(axis=1) - alone.sum(axis=1) / lists) / coverage  # equation 9
        weight = np.where(pairs, counts @ sums.without_others, 0.0)
        weight = weight / (lists * coverage)[:, None]
        # each step puts a guess of the total into the coefficients of covariation
        guess = seen + (weight * (seen[:, None] * ratio - 1)).sum(axis=1)
        dependence = guess[:, None] * ratio - 1
        one_step = seen + (weight * dependence).sum(axis=1)  # equation 13
        left = 1 - (weight * ratio).sum(axis=1)
        high = (seen - weight.sum(axis=1)) / left  # equation 12: where the steps end
        high = np.where((left > 0) & (high >= counts.sum(axis=1)), high, np.inf)
    return Coverage(coverage, seen, high, one_step, dependence)


def sample_coverage(
    patterns: Patterns,
    kind: Kind = "one_step",
    *,
    replicates: int = 1000,
    draws: int = DRAWS,
    seed: int = 1,
) -> OverlapEstimate:
    """Estimate the total from sample coverage, with a bootstrap standard error.

    Parameters
    ----------
    patterns : Patterns
    kind : {"one_step", "high", "independent"}
        With dependence of pairs as one step measures it (the authors' choice at low coverage), with
        dependence where the steps end (for high coverage), without.
    replicates : int
        Bootstrap tables, drawn from the patterns and the estimated persons on no list.
    draws, seed : int

    Raises
    ------
    InvalidValueError
        If the kind is not known, or there are too few replicates.
    NotEstimableError
        If counts are not known, lists are too few, nobody is on two, or the coverage is too low.
    """
    if kind not in _ASSUMPTION:
        raise InvalidValueError(f"no kind {kind!r}", where="kind",
                                remedy=f"one of {', '.join(_ASSUMPTION)}")  # fmt: skip
    if replicates < 2:
        raise InvalidValueError("must be 2 or more", where="replicates")
    patterns, notes = usable_lists(patterns)
    if kind != "independent":
        check_three(patterns, "take the kind independent, or chapman")
    sums, counts = _sums(patterns)
    found = _estimates(sums, counts[None, :])
    estimate = float(getattr(found, kind)[0])
    coverage = float(found.coverage[0])
    if not np.isfinite(estimate) or estimate < patterns.observed:
        raise NotEstimableError(
            f"a sample coverage of {coverage:.0%} is too low for this form", where="lists",
            why="the dependence of the lists cannot be told from the size of the population",
            remedy="take the kind one_step, as a lower bound",
        )  # fmt: skip
    error, failed = _bootstrap(sums, counts, kind, estimate, replicates, seed)
    if coverage < LOW_COVERAGE:
        notes += (f"The sample coverage is {coverage:.0%}, below {LOW_COVERAGE:.0%}: the "
                  "dependence of lists is measured badly, and if they share persons the total is "
                  "rather a lower bound.",)  # fmt: skip
    if failed > _MOST_FAILED * replicates:
        raise NotEstimableError(
            f"{failed} of {replicates} bootstrap tables have no total of this form", where="lists",
            why=f"at a sample coverage of {coverage:.0%} the total has no upper limit",
            remedy="take the kind one_step, as a lower bound",
        )  # fmt: skip
    if failed:
        notes += (f"{failed} of {replicates} bootstrap tables gave no total and are left out: the "
                  "spread is too small.",)  # fmt: skip
    pairs = zip(*np.triu_indices(len(patterns.lists), 1), found.dependence[0], strict=True)
    return OverlapEstimate(
        f"sample_coverage_{kind}", "classical", estimate,
        log_normal_draws(estimate, error, patterns.observed, draws=draws, seed=seed),
        patterns.observed, _ASSUMPTION[kind], notes=notes,
        details={
            "coverage": coverage, "standard_error": error,
            "independent": float(found.independent[0]), "one_step": float(found.one_step[0]),
            "high": float(found.high[0]) if np.isfinite(found.high[0]) else None,
            "dependence": {f"{patterns.lists[one]}+{patterns.lists[other]}": float(value)
                           for one, other, value in pairs},
            "replicates": replicates, "replicates_failed": failed,
        },
    )  # fmt: skip


def _bootstrap(
    sums: _Sums, counts: FloatArray, kind: str, estimate: float, replicates: int, seed: int
) -> tuple[float, int]:
    """Return the standard error, and how many tables gave no total."""
    total = round(max(estimate, counts.sum()))
    chances = np.append(counts, max(total - counts.sum(), 0.0)) / max(total, 1)
    generator = stream(seed, "captures", "coverage")
    values = []
    for size in np.diff(np.append(np.arange(0, replicates, 100), replicates)):
        tables = generator.multinomial(total, chances / chances.sum(), size=int(size))
        values.append(getattr(_estimates(sums, tables[:, :-1].astype(float)), kind))
    found = np.concatenate(values)
    kept = found[np.isfinite(found)]
    spread = float(kept.std(ddof=1)) if len(kept) > 1 else np.inf
    return spread, len(found) - len(kept)
