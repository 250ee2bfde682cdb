"""The gate: no number is reported from a fit that failed its checks."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.diagnostics.verdicts import FAIL, INCONCLUSIVE, PASS, Check, Thresholds, Verdict
from estimation.errors import GateError, UndercountError

if TYPE_CHECKING:
    import pandas
    import xarray

#: The names that samplers give to "the tree reached its largest depth".
_DEPTH_NAMES = ("maxdepth_reached", "reached_max_treedepth")

_MORE = "take more draws"

#: Cells of a table up to which each is judged and reported by itself.
LARGEST_TABLE = 1000


def exact_verdict(
    draws: Mapping[str, np.ndarray], constants: Collection[str], prob: float,
    thresholds: Thresholds = Thresholds(),
) -> Verdict:  # fmt: skip
    """Judge independent draws: enough of them, and bounds known well enough.

    Parameters
    ----------
    draws : mapping of arrays
        Estimands; all axes are draws.
    constants : collection of str
        Estimands that the model takes as known.
    prob : float
        Level of the interval that will be reported.
    thresholds : Thresholds
    """
    monitored = {name: value.ravel() for name, value in draws.items() if name not in constants}
    size = next(iter(draws.values())).size
    checks = [
        _low("ess", {"all": float(size)}, thresholds.ess, "independent draws", _MORE),
        _mcse({name: _quantile_errors(x, prob) for name, x in monitored.items()}, thresholds.mcse),
    ]
    return Verdict(tuple(checks))


def tree_verdict(
    tree: xarray.DataTree, prob: float, thresholds: Thresholds = Thresholds()
) -> Verdict:
    """Judge a fit by the attributes and groups that `fit` wrote.

    Parameters
    ----------
    tree : xarray.DataTree
        What `fit` returned.
    prob : float
        Level of the interval that will be reported.
    thresholds : Thresholds
    """
    constants = set(json.loads(tree.attrs["constants"]))
    posterior = tree["posterior"].to_dataset()
    if tree.attrs["engine"] == "exact":
        draws = {str(name): value.to_numpy() for name, value in posterior.data_vars.items()}
        return exact_verdict(draws, constants, prob, thresholds)
    monitored = posterior.drop_vars(
        [name for name in posterior.data_vars if name in constants or not reported(posterior[name])]
    )
    return Verdict(
        (
            *_convergence(monitored, prob, thresholds),
            *_sampler(tree["sample_stats"].to_dataset(), thresholds),
        )
    )


def sampled_verdict(
    draws: Mapping[str, np.ndarray], chains: int, statistics: xarray.Dataset, prob: float,
    thresholds: Thresholds = Thresholds(),
) -> Verdict:  # fmt: skip
    """Judge a few variables of a fit, where nothing else of it is reported.

    Parameters
    ----------
    draws : mapping of (chain * draw,) arrays
        What is reported.
    chains : int
    statistics : xarray.Dataset
        The sampler's, a draw.
    prob : float
        Level of the interval that will be reported.
    thresholds : Thresholds
    """
    import xarray

    shaped = {
        name: (("chain", "draw"), values.reshape(chains, -1)) for name, values in draws.items()
    }
    monitored = xarray.Dataset(shaped)
    return Verdict((*_convergence(monitored, prob, thresholds), *_sampler(statistics, thresholds)))


def reported(values: xarray.DataArray) -> bool:
    """Return whether each element of an estimand is judged and reported by itself.

    Of larger tables the margins are: single cells of them are what a reader may compute.
    """
    return values.size <= LARGEST_TABLE * values.sizes["chain"] * values.sizes["draw"]


def varying_elements(posterior: xarray.Dataset) -> tuple[xarray.Dataset, dict[str, list[str]]]:
    """Return a dataset with one axis of elements a variable, and the names of those elements.

    Counts that are the same in all draws are known (a cell without names that nobody looked into,
    say) and left out: their R-hat is not a number.
    """
    import xarray

    found, names = {}, {}
    for name, array in posterior.data_vars.items():
        dims = [str(dim) for dim in array.dims if dim not in ("chain", "draw")]
        values = array.transpose("chain", "draw", *dims).to_numpy()
        values = values.reshape(*values.shape[:2], -1)
        labels = itertools.product(*(array[dim].to_numpy().tolist() for dim in dims))
        words = [f"{name}[{', '.join(map(str, one))}]" if dims else str(name) for one in labels]
        keep = np.ones(values.shape[2], bool)
        if np.issubdtype(values.dtype, np.integer) and dims:
            keep = np.ptp(values, axis=(0, 1)) > 0
        if keep.any():
            found[str(name)] = (("chain", "draw", f"{name} element"), values[..., keep])
            names[str(name)] = [word for word, kept in zip(words, keep, strict=True) if kept]
    return xarray.Dataset(found), names


def verdicts(
    fits: Mapping[str, xarray.DataTree | UndercountError], prob: float = 0.95,
    thresholds: Thresholds = Thresholds(),
) -> pandas.DataFrame:  # fmt: skip
    """Return the table of verdicts of a batch.

    Parameters
    ----------
    fits : mapping
        What `fit_many` returned.
    prob : float
        Level of the interval that will be reported.
    thresholds : Thresholds

    Returns
    -------
    pandas.DataFrame
        A row a fit: verdict, the value of each check, and the reasons of what did not pass.
    """
    import pandas

    rows: dict[str, dict[str, Any]] = {}
    for name, found in fits.items():
        if isinstance(found, UndercountError):
            rows[name] = {"verdict": FAIL, "says": str(found)}
            continue
        judged = tree_verdict(found, prob, thresholds)
        values = {check.name: check.value for check in judged.checks}
        says = "; ".join(check.says for check in judged.checks if check.verdict != PASS)
        rows[name] = {"verdict": judged.verdict, **values, "says": says}
    table = pandas.DataFrame.from_dict(rows, orient="index")
    return table[[name for name in table.columns if name != "says"] + ["says"]]


def require(verdict: Verdict, accept: str | None) -> Verdict:
    """Return the verdict if numbers may be reported, with the reason of an override in it.

    Raises
    ------
    GateError
        If a check failed and no reason to accept that was given.
    """
    if verdict.verdict != FAIL:
        return verdict
    if accept and accept.strip():
        return Verdict(verdict.checks, accept.strip())
    worst = verdict.failed()
    raise GateError(
        "the fit failed its checks: " + "; ".join(check.says for check in worst),
        why="numbers from it could be far off",
        remedy="; ".join(dict.fromkeys(check.remedy for check in worst)),
    )


def _convergence(posterior: xarray.Dataset, prob: float, limits: Thresholds) -> list[Check]:
    import arviz_stats

    posterior, names = varying_elements(posterior)
    counted = {n: np.issubdtype(v.dtype, np.integer) for n, v in posterior.data_vars.items()}
    posterior = posterior.astype(float)

    def elements(found: Any) -> dict[str, float]:
        return {
            word: value
            for name, words in names.items()
            for word, value in zip(words, found[name].to_numpy().ravel().tolist(), strict=True)
        }

    tails = ((1 - prob) / 2, (1 + prob) / 2)
    errors = [elements(arviz_stats.mcse(posterior, method="quantile", prob=p)) for p in tails]
    widths = posterior.quantile(tails[1], ("chain", "draw")) - posterior.quantile(
        tails[0], ("chain", "draw")
    )
    relative = {
        name: (_error(max(error[name] for error in errors), counted[name.partition("[")[0]]), width)
        for name, width in elements(widths).items()
    }
    again = "run more or longer chains"
    return [
        _high("rhat", elements(arviz_stats.rhat(posterior)), limits.rhat, "R-hat", again),
        _low("ess_bulk", elements(arviz_stats.ess(posterior, method="bulk")), limits.ess,
             "effective draws in the bulk", again),
        _low("ess_tail", elements(arviz_stats.ess(posterior, method="tail")), limits.ess,
             "effective draws in the tails", again),
        _mcse(relative, limits.mcse),
    ]  # fmt: skip


def _sampler(statistics: xarray.Dataset, limits: Thresholds) -> list[Check]:
    import arviz_stats

    diverging = float(statistics["diverging"].mean())
    verdict = PASS if diverging == 0 else INCONCLUSIVE if diverging <= limits.divergences else FAIL
    says = f"{diverging:.2%} of draws diverged"
    energy = arviz_stats.bfmi(statistics[["energy"]])
    values = np.atleast_1d(np.asarray(energy["energy"] if hasattr(energy, "keys") else energy))
    chains = {f"chain {i}": float(value) for i, value in enumerate(values.ravel())}
    checks = [
        Check("divergences", verdict, diverging, limits.divergences, says,
              "reparametrize, or state a tighter prior"),
        _low("bfmi", chains, limits.bfmi, "E-BFMI", "reparametrize the model"),
    ]  # fmt: skip
    depth = [name for name in _DEPTH_NAMES if name in statistics]
    if not depth:
        checks.append(
            Check("depth", INCONCLUSIVE, math.nan, limits.depth, "the sampler kept no tree depths")
        )
    for name in depth:
        hits = {"all": float(statistics[name].mean())}
        checks.append(
            _high("depth", hits, limits.depth, "share of trees at full depth", "reparametrize")
        )
    return checks


def _quantile_errors(x: np.ndarray, prob: float) -> tuple[float, float]:
    """Return the larger standard error of the two bounds of independent draws, and their distance.

    The rank of a quantile is binomial, so that order statistics one standard deviation of the rank
    apart bracket it.
    """
    n = x.size
    ordered = x if (x[1:] >= x[:-1]).all() else np.sort(x)
    errors, bounds = [], []
    for p in ((1 - prob) / 2, (1 + prob) / 2):
        spread = math.sqrt(n * p * (1 - p))
        low, high = math.floor(n * p - spread), math.ceil(n * p + spread)
        counted = np.issubdtype(x.dtype, np.integer)
        if low < 0 or high > n - 1 or n * min(p, 1 - p) < 10:
            errors.append(math.inf)  # too few draws lie beyond the bound to know it
        else:
            errors.append(_error(float(ordered[high] - ordered[low]) / 2, counted))
        bounds.append(float(ordered[min(int(n * p), n - 1)]))
    return max(errors), bounds[1] - bounds[0]


def _error(error: float, counted: bool) -> float:
    """Return the error of a bound; half a person is none, for a total can jump by one."""
    return 0.0 if counted and error <= 0.5 else error


def _mcse(found: Mapping[str, tuple[float, float]], limit: float) -> Check:
    shares = {
        name: error / width if width > 0 else 0.0 if error == 0 else math.inf
        for name, (error, width) in found.items()
    }
    label = "Monte Carlo error of a bound over the interval's width"
    return _high(
        "mcse", shares or {"none": 0.0}, limit, label, _MORE + " or ask for a lower --prob"
    )


def _high(name: str, values: Mapping[str, float], limit: float, label: str, remedy: str) -> Check:
    """Check that all values are at most `limit`; one that is not a number fails."""
    return _bounded(name, values, limit, label, remedy, 1)


def _low(name: str, values: Mapping[str, float], limit: float, label: str, remedy: str) -> Check:
    """Check that all values are at least `limit`; one that is not a number fails."""
    return _bounded(name, values, limit, label, remedy, -1)


def _bounded(
    name: str, values: Mapping[str, float], limit: float, label: str, remedy: str, sign: int
) -> Check:
    # nothing to monitor: every estimand is known
    where = max(values, key=lambda key: math.inf if math.isnan(values[key]) else sign * values[key],
                default="")  # fmt: skip
    value = values[where] if where else limit
    good = sign * value <= sign * limit
    relation = {(1, True): "<=", (1, False): "above", (-1, True): ">=", (-1, False): "below"}
    place = "" if where in ("", "all") else f" ({where})"
    says = f"{label}{place} {value:.4g} {relation[sign, good]} {limit:g}"
    return Check(name, PASS if good else FAIL, value, limit, says, "" if good else remedy)
