"""The gate of fits to several draws of a linkage: chains within each fit, errors of all together.

Chains of different fits have different posteriors and need not agree; chains of one fit must.  Each
fit has few draws: that its chains are in one place is asked of it (R-hat up to 1.05, few
divergences), while effective draws and the error of limits are those of all fits together.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.diagnostics.gate import reported, tree_verdict, varying_elements
from estimation.diagnostics.verdicts import FAIL, INCONCLUSIVE, PASS, Check, Thresholds, Verdict

if TYPE_CHECKING:
    import xarray

#: R-hat of a fit whose draws are a part of those reported: the error of the mean of ten fits is
#: then below that of one fit with 1.01.
_RHAT = 1.05

#: Fewest effective draws of a fit; all fits together need those of a single one.
_ESS = 100.0

#: Of a fit: a few draws that diverge are a large share of few.
_DIVERGENCES, _DEPTH = 0.01, 0.05

_OF_FIT = Thresholds(rhat=_RHAT, ess=_ESS, divergences=_DIVERGENCES, depth=_DEPTH)

_MORE = "run more or longer chains (--draws)"


def fit_verdict(tree: xarray.DataTree, prob: float) -> Verdict:
    """Judge one fit: all checks but the error of limits, which are not reported from it alone."""
    checks = tree_verdict(tree, prob, _OF_FIT).checks
    return Verdict(tuple(one for one in checks if one.name != "mcse"))


def pooled_verdict(
    trees: Sequence[xarray.DataTree], prob: float, thresholds: Thresholds = Thresholds()
) -> Verdict:
    """Judge fits whose draws are reported together, in equal parts.

    Parameters
    ----------
    trees : sequence of xarray.DataTree
        What was sampled for each draw of the linkage.
    prob : float
        Level of the interval that will be reported.
    thresholds : Thresholds
        Of the draws together.
    """
    single = [{one.name: one for one in fit_verdict(tree, prob).checks} for tree in trees]

    def values(name: str) -> list[float]:
        return [one[name].value for one in single]

    errors = limit_errors([_monitored(tree) for tree in trees], prob)
    worst = max(errors, key=lambda name: errors[name], default="")
    error = errors[worst] if worst else 0.0
    divergent = float(np.mean(values("divergences")))
    found = [
        _high("rhat", max(values("rhat")), _RHAT, "largest R-hat within a fit"),
        *(_low(name, sum(values(name)), thresholds.ess, f"effective draws of all fits in the {of}")
          for name, of in (("ess_bulk", "bulk"), ("ess_tail", "tails"))),
        _high("mcse", error, thresholds.mcse,
              f"Monte Carlo error of a bound over the interval's width ({worst})"),
        Check("divergences",
              PASS if divergent == 0 else INCONCLUSIVE if divergent <= thresholds.divergences
              else FAIL, divergent, thresholds.divergences,
              f"{divergent:.2%} of draws of all fits diverged",
              "reparametrize, or state a tighter prior"),
        _low("bfmi", min(values("bfmi")), thresholds.bfmi, "smallest E-BFMI of a fit"),
    ]  # fmt: skip
    for name in dict.fromkeys(name for one in single for name in one):
        if name not in {one.name for one in found}:
            share = float(np.mean([one[name].value for one in single if name in one]))
            found.append(_high(name, share, thresholds.depth, "share of trees at full depth"))
    return Verdict(tuple(found))


def _monitored(tree: xarray.DataTree) -> dict[str, NDArray[np.generic]]:
    """Return what is reported, (chain, draw) each, by name."""
    posterior = tree["posterior"].to_dataset()
    constants = set(json.loads(tree.attrs["constants"]))
    drop = [name for name in posterior.data_vars
            if name in constants or not reported(posterior[name])]  # fmt: skip
    varying, names = varying_elements(posterior.drop_vars(drop))
    return {
        word: varying[name].to_numpy()[..., place]
        for name, words in names.items() for place, word in enumerate(words)
    }  # fmt: skip


def limit_errors(
    fits: Sequence[Mapping[str, NDArray[np.generic]]], prob: float
) -> dict[str, float]:  # fmt: skip
    """Return the Monte Carlo error of limits of pooled draws, as a share of the width, by name.

    The share of draws below a limit is the mean over fits; its error is that of each fit with the
    effective draws it has there.  Quantiles one such error apart bracket the limit.

    Parameters
    ----------
    fits : sequence of mappings of (chain, draw) arrays
    prob : float
    """
    # what is known in a fit does not vary there, and has no error
    names = [name for name in fits[0] if all(name in one for one in fits)]
    return {name: _error_of(fits, name, prob) for name in names}


def _error_of(
    fits: Sequence[Mapping[str, NDArray[np.generic]]], name: str, prob: float
) -> float:  # fmt: skip
    import arviz_stats

    parts = [np.asarray(one[name]).astype(float) for one in fits]
    size = min(one.shape[1] for one in parts)
    pooled = np.sort(np.concatenate([_spaced(one, size).ravel() for one in parts]))
    errors = []
    for level in ((1 - prob) / 2, (1 + prob) / 2):
        limit, variance = np.quantile(pooled, level), 0.0
        for one in parts:
            below = (one <= limit).astype(float)
            share = float(below.mean())
            if 0 < share < 1:
                variance += share * (1 - share) / float(arviz_stats.ess(below, method="mean"))
        # a limit that is the end of a fit has an error, too
        error = max(math.sqrt(variance) / len(parts), 1 / len(pooled))
        if not error < min(level, 1 - level):
            errors.append(math.inf)  # too few draws lie beyond it
            continue
        low, high = np.quantile(pooled, [level - error, level + error])
        half = float(high - low) / 2
        counted = np.issubdtype(np.asarray(fits[0][name]).dtype, np.integer)
        errors.append(0.0 if counted and half <= 0.5 else half)
    low, high = np.quantile(pooled, [(1 - prob) / 2, (1 + prob) / 2])
    width = float(high - low)
    return max(errors) / width if width > 0 else 0.0 if max(errors) == 0 else math.inf


def _spaced(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return so many draws of each chain, evenly spaced."""
    return values[:, np.linspace(0, values.shape[1] - 1, size).round().astype(int)]


def _high(name: str, value: float, limit: float, label: str) -> Check:
    good = value <= limit
    says = f"{label} {value:.4g} {'<=' if good else 'above'} {limit:g}"
    return Check(name, PASS if good else FAIL, value, limit, says, "" if good else _MORE)


def _low(name: str, value: float, limit: float, label: str) -> Check:
    good = value >= limit
    says = f"{label} {value:.4g} {'>=' if good else 'below'} {limit:g}"
    return Check(name, PASS if good else FAIL, value, limit, says, "" if good else _MORE)
