"""Chains of a fit by NUTS, quantity by quantity: whether they tell the same, and where they moved.

Ranks of thinned draws among those of all chains are uniform in each chain if all chains have the
same target; the simultaneous envelope of their distribution holds all points of all chains of a
quantity at once (Säilynoja et al. 2022, https://doi.org/10.1007/s11222-022-10090-6).
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from estimation.diagnostics.gate import varying_elements
from estimation.diagnostics.verdicts import Verdict

if TYPE_CHECKING:
    import xarray

Floats = NDArray[np.float64]

#: Level of the envelope, the simulations it is made of, and the most ranks a chain has in it.
ENVELOPE = 0.99
_SIMULATIONS, _MOST_RANKS = 500, 200

#: Quantities of a fit that are shown at most.
_MOST = 4


@dataclasses.dataclass(frozen=True, eq=False)
class Chains:
    """One quantity of a fit.

    Parameters
    ----------
    name : str
        Of the estimand, with the labels of an element in brackets.
    values : (chain, draw) numbers
    rhat, ess_bulk, ess_tail : float
    ranks : (chain, n) numbers
        Ranks in (0, 1) of thinned draws among those of all chains, in ascending order.
    unit : str
    worst : bool
        Whether its R-hat is the largest of the fit.
    """

    name: str
    values: Floats
    rhat: float
    ess_bulk: float
    ess_tail: float
    ranks: Floats
    unit: str = ""
    worst: bool = False

    def differences(self) -> tuple[Floats, Floats]:
        """Return points in (0, 1), and there the share of each chain's ranks less uniform."""
        size = self.ranks.shape[1]
        points = np.arange(1, size) / size
        held = [np.searchsorted(one, points, side="right") / size for one in self.ranks]
        return points, np.array(held) - points

    @property
    def outside(self) -> int:
        """Return how many chains leave the envelope."""
        low, high = envelope(*self.ranks.shape)
        found = self.differences()[1]
        left = (found < low - 1e-9) | (found > high + 1e-9)
        return int(left.any(axis=1).sum())


@dataclasses.dataclass(frozen=True, eq=False)
class FitChains:
    """Quantities of a fit, the total first, and where draws diverged.

    Parameters
    ----------
    quantities : tuple of Chains
    diverging : (chain, draw) booleans
    """

    quantities: tuple[Chains, ...]
    diverging: NDArray[np.bool_]

    def rows(self) -> list[dict[str, Any]]:
        """Return a row a quantity."""
        chains, draws = self.diverging.shape
        return [
            {"quantity": one.name, "rhat": one.rhat, "ess_bulk": one.ess_bulk,
             "ess_tail": one.ess_tail, "chains": chains, "draws": draws,
             "ranks": one.ranks.shape[1], "chains_outside": one.outside, "worst": one.worst,
             "divergences": int(self.diverging.sum())}
            for one in self.quantities
        ]  # fmt: skip


@functools.cache
def envelope(chains: int, size: int) -> tuple[Floats, Floats]:
    """Return low and high ends of what ranks less uniform may be, each (size - 1,)."""
    from arviz_stats.ecdf_utils import ecdf_pit

    # the values themselves do not matter: only how many there are
    points, _, low, high = ecdf_pit(
        np.linspace(0, 1, size), ENVELOPE, _SIMULATIONS, n_chains=chains,
        rng=np.random.default_rng(1),
    )  # fmt: skip
    return (low - points)[1:-1], (high - points)[1:-1]


def fit_chains(
    tree: xarray.DataTree, units: Mapping[str, str], verdict: Verdict | None = None
) -> FitChains | None:
    """Return the chains of a fit; None of independent draws, which have none.

    Parameters
    ----------
    tree : xarray.DataTree
        What `fit` returned.
    units : mapping of str to str
        Estimands of one number with their units.  The first is always shown, of the others those
        whose chains agree least; estimands that the fit does not have are passed over.
    verdict : Verdict, optional
        Of the gate: the quantity with the largest R-hat is shown too.
    """
    if tree.attrs["engine"] == "exact":
        return None
    posterior = tree["posterior"].to_dataset()
    values: dict[str, Floats] = {
        name: _plain(posterior[name]) for name in units if name in posterior
    }
    # what never moves has no chains to compare
    values = {name: one for name, one in values.items() if np.ptp(one) > 0}
    worst = _worst(verdict)
    if worst and worst not in values:
        found = _element(posterior, worst)
        if found is not None:
            values[worst] = found
    if not values:
        return None
    judged = _judged(values)
    first = next(iter(values))
    ranked = sorted(values, key=lambda name: (name != first, name != worst, -judged[name][0]))
    kept = set(ranked[:_MOST])
    size = _ranks_of(judged, values)
    return FitChains(
        tuple(
            Chains(name, one, *judged[name], _ranks(one, size),
                   _unit(name, units), name == worst)
            for name, one in values.items() if name in kept
        ),
        tree["sample_stats"]["diverging"].to_numpy().astype(bool),
    )  # fmt: skip


def _unit(name: str, units: Mapping[str, str]) -> str:
    """Return the unit of a quantity; elements of a table have that of what they sum to."""
    variable = name.partition("[")[0]
    counted = {"deaths": "deaths", "confirmed": "names", "eventual_names": "names"}
    share = "share" if variable.endswith("coverage") else "no unit"
    return units.get(variable) or counted.get(variable, share)


def _plain(array: xarray.DataArray) -> Floats:
    return np.asarray(array.transpose("chain", "draw").to_numpy(), float)


def _worst(verdict: Verdict | None) -> str:
    """Return the quantity that the gate names beside the largest R-hat."""
    for check in verdict.checks if verdict is not None else ():
        found = re.match(r"R-hat \((.*)\) \S+ (?:<=|above) ", check.says)
        if check.name == "rhat" and found:
            return found.group(1)
    return ""


def _element(posterior: xarray.Dataset, name: str) -> Floats | None:
    """Return the chains of an element that goes by "name[label, label]"."""
    variable = name.partition("[")[0]
    if variable not in posterior:
        return None
    found, names = varying_elements(posterior[[variable]])
    if name not in names.get(variable, ()):
        return None
    chosen = found[variable].isel({f"{variable} element": names[variable].index(name)})
    return _plain(chosen)


def _judged(values: dict[str, Floats]) -> dict[str, tuple[float, float, float]]:
    """Return R-hat and effective sizes of each."""
    import arviz_stats
    import xarray

    # names may hold what an index of xarray reads otherwise
    keys = {f"q{place}": name for place, name in enumerate(values)}
    data = xarray.Dataset({key: (("chain", "draw"), values[name]) for key, name in keys.items()})
    found = [arviz_stats.rhat(data), arviz_stats.ess(data, method="bulk"),
             arviz_stats.ess(data, method="tail")]  # fmt: skip
    return {
        name: (float(found[0][key]), float(found[1][key]), float(found[2][key]))
        for key, name in keys.items()
    }


def _ranks_of(judged: dict[str, tuple[float, float, float]], values: dict[str, Floats]) -> int:
    """Return how many draws a chain are nearly independent in all quantities."""
    chains, draws = next(iter(values.values())).shape
    fewest = min(size for _, *sizes in judged.values() for size in _finite(sizes))
    return int(min(_MOST_RANKS, draws, max(fewest / chains, 10)))


def _finite(sizes: Iterable[float]) -> Iterator[float]:
    return (size if np.isfinite(size) else 0.0 for size in sizes)


def _ranks(values: Floats, size: int) -> Floats:
    """Return ranks of evenly chosen draws among those of all chains, each chain in order."""
    from scipy.stats import rankdata

    places = np.linspace(0, values.shape[1] - 1, size).round().astype(int)
    thinned = values[:, places]
    ranks = rankdata(thinned, axis=None).reshape(thinned.shape)
    return np.sort((ranks - 0.5) / thinned.size, axis=1)
