"""Power scaling: how the answer moves if a prior, or a source, is made a little stronger or weaker.

The draws of one fit are reweighted by a power of one density at a time (Kallioinen et al. 2024,
https://doi.org/10.1007/s11222-023-10366-5); ArviZ computes the measure.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from models.beliefs import Belief, Known
from models.lists.implied import Implied
from models.model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray

#: Draws below which importance weights have no tails.
_FEWEST = 100

#: Unknowns at the top of a model.  The densities of walks and effects hold their scales too:
#: powers of them would move these, and say nothing of what somebody believes.
TOP = (
    "rate", "coverage", "precision", "step", "drift", "spread", "own_step", "first", "noise",
    "delay_step", "shock_size", "drift_size", "stratum_delay", "coverage_step", "tail",
)  # fmt: skip

#: The same of evidence beside a list, before its name; "_raw" is a density of a standard variable.
_OF_EVIDENCE = ("share_{}", "bias_{}_raw", "place_{}", "slope_{}", "drift_{}", "noise_{}")

#: Above this the answer is taken as sensitive, as in ArviZ.
THRESHOLD = 0.05


@dataclasses.dataclass(frozen=True)
class Scaled:
    """How a variable responds to one density.

    Parameters
    ----------
    kind : {"prior", "source"}
    name : str
        The unknown whose prior, or the evidence whose likelihood, is scaled.
    variable : str
        Of the posterior.
    sensitivity : float or None
        Rate of change of its distribution (a distance of distribution functions) as the logarithm
        of the power moves; None where power says nothing.
    says : str
        In words.
    """

    kind: str
    name: str
    variable: str
    sensitivity: float | None
    says: str

    @property
    def responds(self) -> bool:
        """Return whether the variable is sensitive to the density."""
        return self.sensitivity is not None and self.sensitivity > THRESHOLD


def power_scaling(
    fit: xarray.DataTree, model: Model, variables: Sequence[str] = ("total",)
) -> list[Scaled]:
    """Return how variables respond to each prior and each source.

    Parameters
    ----------
    fit : xarray.DataTree
        What `estimation.fit` returned for the model.
    model : Model
    variables : sequence of str
        Of the posterior.
    """
    priors = _log_priors(fit, model)
    sources = _densities(fit, "log_likelihood")
    found = [
        _scaled(fit, "prior", name, density, variable)
        for name, density in priors.items()
        for variable in variables
    ]
    return found + [
        _scaled(fit, "source", name, density, variable)
        for name, density in sources.items()
        for variable in variables
    ]


def _densities(fit: xarray.DataTree, group: str) -> dict[str, np.ndarray]:
    """Return log densities (chain, draw), summed over cells: one power for all of them."""
    found = {}
    for name, density in fit[group].to_dataset().data_vars.items():
        values = density.to_numpy()
        found[str(name)] = values.reshape(*values.shape[:2], -1).sum(axis=2)
    return found


def _log_priors(fit: xarray.DataTree, model: Model) -> dict[str, np.ndarray]:
    """Return the log prior densities of a fit; also of shares that stay outside the graph."""
    posterior = fit["posterior"].to_dataset()
    others = [name for name in model.evidence if name != model.base_name]
    top = {*TOP, *(one.format(name) for one in _OF_EVIDENCE for name in others)}
    found = {
        name.removesuffix("_raw"): density
        for name, density in _densities(fit, "log_prior").items() if name in top
    }  # fmt: skip
    for name in ("coverage", "precision"):
        belief: Belief = getattr(model.base, name)
        if name in found or isinstance(belief, Known | Implied):
            continue
        found[name] = belief.log_density(posterior[name].to_numpy())
    return found


def _scaled(
    fit: xarray.DataTree, kind: str, name: str, density: np.ndarray, variable: str
) -> Scaled:
    import arviz_stats
    import xarray

    if density.size < _FEWEST:
        says = f"{density.size} draws are too few to scale the {kind} {name}"
        return Scaled(kind, name, variable, None, says)
    if 10 * np.unique(density).size < density.size:  # all alike, or lost in rounding
        says = f"{variable} cannot be asked: the {kind} {name} is flat in its range"
        return Scaled(kind, name, variable, None, says)
    group = "prior" if kind == "prior" else "likelihood"
    tree = xarray.DataTree.from_dict({
        "posterior": fit["posterior"].to_dataset()[[variable]],
        f"log_{group}": xarray.Dataset({name: (("chain", "draw"), density)}),
    })  # fmt: skip
    result = arviz_stats.psense(tree, var_names=[variable], group=group, group_var_names=[name])
    number = float(np.asarray(result[variable]))
    moves = "responds to" if number > THRESHOLD else "hardly responds to"
    what = f"the prior of {name}" if kind == "prior" else f"how strongly {name} is taken"
    return Scaled(kind, name, variable, number, f"{variable} {moves} {what}")
