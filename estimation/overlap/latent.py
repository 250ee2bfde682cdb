"""Latent classes of overlapping lists: the fit, its verdict, how it describes cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from estimation.diagnostics.gate import require, tree_verdict
from estimation.diagnostics.verdicts import Verdict
from estimation.errors import GateError
from estimation.fit import nuts
from estimation.fit.engine import plan
from estimation.fit.tree import to_tree
from estimation.overlap.cells import CellCheck, check_cells
from estimation.progress import Tell, silent, watch
from estimation.summaries.estimates import estimate_rows
from estimation.summaries.overlap import OverlapEstimate
from models.lists.form import POOLED
from models.lists.lists import FEW_LISTS, Lists
from models.lists.patterns import Patterns
from models.losses import Flat, Pooled
from models.model import Model
from models.overlapping import Overlapping

if TYPE_CHECKING:
    import xarray


#: Scales of the prior that are tried.
SPREADS = (0.5, 1.0, 2.0)


@dataclasses.dataclass(frozen=True, eq=False)
class LatentFit:
    """Latent classes, fitted.

    Parameters
    ----------
    estimate : OverlapEstimate
    verdict : Verdict
        Of the checks of the fit.
    rows : list of dict
        Rows of estimates beside the total: coverage of each list; deaths and coverage by stratum.
    cells : CellCheck
        Patterns as they are, and as the fit foretells them.
    coverage : (draw,) shares
        Of all deaths that are on any list.
    """

    estimate: OverlapEstimate
    verdict: Verdict
    rows: list[dict[str, Any]]
    cells: CellCheck
    coverage: NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class LatentOptions:
    """How latent classes are fitted.

    Parameters
    ----------
    captures : {"pooled", "uniform"}
        Prior of the probabilities to be on a list; see `models.lists.lists.Lists`.
    classes : int
    class_spread : float
        Scale of the prior of how much classes differ in visibility; see `Lists`.
    draws, tune : int, optional
        Kept draws and warm-up draws of each of four chains; the engine's defaults if none.
    accept : str, optional
        Why a fit whose checks fail is to be reported all the same.
    cores : int, optional
    tell : callable
        Told how far a fit is.
    name : str
        What a fit is called when it is told; by default the name of the method, see `answers`.
    """

    captures: str = "pooled"
    classes: int = 10
    class_spread: float = 1.0
    draws: int | None = None
    tune: int | None = None
    accept: str | None = None
    cores: int | None = None
    tell: Tell = silent
    name: str = "latent"


def latent_model(
    patterns: Patterns, options: LatentOptions = LatentOptions(), make: type[Lists] = Lists,
    **more: Any,
) -> Model:  # fmt: skip
    """Return the model of latent classes; with strata, these are pooled.

    Parameters
    ----------
    patterns : Patterns
    options : LatentOptions
    make : type of Lists, optional
        With arguments `more` of its own.
    """
    lists = make(
        patterns, captures=options.captures, classes=options.classes,  # type: ignore[arg-type]
        class_spread=options.class_spread, **more,
    )  # fmt: skip
    return Model(Pooled() if patterns.strata else Flat(), {"lists": lists})


def latent(
    patterns: Patterns, *, options: LatentOptions = LatentOptions(), prob: float = 0.95,
    seed: int = 1,
) -> LatentFit:  # fmt: skip
    """Fit latent classes by NUTS.

    Parameters
    ----------
    patterns : Patterns
        Lists without a person are left out.
    options : LatentOptions
    prob : float
        Level of the intervals.
    seed : int

    Raises
    ------
    NotEstimableError
        If the lists do not overlap as they must.
    GateError
        If the checks of the fit fail, as they do when chains disagree.
    """
    patterns = patterns.without_empty()
    if len(patterns.strata) == 1:  # nothing to pool
        patterns = patterns.pooled()
    model = latent_model(patterns, options)
    drawn = sampled(model, options, seed)
    verdict = require(tree_verdict(drawn.tree, prob), options.accept)
    cells = check_cells(drawn.joint, drawn.unknowns["latent"], seed)
    estimate = latent_estimate(drawn, options, cells)
    rows = latent_rows(drawn.joint, drawn.estimands, prob, estimate.moment_order)
    return LatentFit(estimate, verdict, rows, cells, np.asarray(drawn.estimands["coverage"]))


@dataclasses.dataclass(frozen=True, eq=False)
class Drawn:
    """What was sampled, not yet judged.

    Parameters
    ----------
    model : Model
    tree : xarray.DataTree
        Estimands and statistics by chain.
    estimands, unknowns : dict of (chain * draw, ...) arrays
    settings : dict of str to int
    """

    model: Model
    tree: xarray.DataTree
    estimands: dict[str, np.ndarray]
    unknowns: dict[str, np.ndarray]
    settings: dict[str, int]

    @property
    def joint(self) -> Overlapping:
        """Return the joint of losses and lists."""
        joint = self.model.joint
        if not isinstance(joint, Overlapping):
            raise TypeError("latent classes are a model of overlapping lists")
        return joint


def sampled(model: Model, options: LatentOptions, seed: int) -> Drawn:
    """Sample a model of latent classes, without a verdict."""
    planned = plan(model, "nuts", draws=options.draws, tune=options.tune, seed=seed)
    settings = planned.settings
    estimands, unknowns, statistics = nuts.nuts_draws(
        model, settings["draws"], tune=settings["tune"], chains=settings["chains"],
        cores=options.cores, seed=seed, progress=watch(options.tell, options.name),
    )  # fmt: skip
    tree = to_tree(
        model, estimands, unknowns, statistics, engine="nuts", seed=seed, settings=settings,
        densities=False,
    )  # fmt: skip
    return Drawn(model, tree, estimands, unknowns, settings)


def latent_estimate(drawn: Drawn, options: LatentOptions, cells: CellCheck) -> OverlapEstimate:
    """Return the total of a fit."""
    joint, total = drawn.joint, drawn.estimands["total"].astype(float)
    chains = total.reshape(drawn.settings["chains"], -1)
    return OverlapEstimate(
        "latent", "nuts", float(np.median(total)), total,
        int(np.median(drawn.estimands["observed"])),
        drawn.model.assumptions()[0].statement.capitalize() + ".", notes=_notes(joint, cells),
        details={
            "captures": options.captures, "classes": options.classes,
            "chain_medians": np.median(chains, axis=1).tolist(),
            "divergences": int(drawn.tree["sample_stats"]["diverging"].to_numpy().sum()),
            "cells_p": cells.tail, "implied_coverage": list(joint.lists.coverage.interval(0.95)),
        },
        moment_order=drawn.model.moment_orders()["total"],
    )  # fmt: skip


def latent_rows(
    joint: Overlapping, draws: Mapping[str, np.ndarray], prob: float, order: float
) -> list[dict[str, Any]]:
    """Return rows of estimates beside the total: coverage of lists, and strata."""
    found = estimate_rows({"coverage": draws["coverage"]}, prob, method="latent")
    for place, name in enumerate(joint.lists.patterns.lists):
        one = {"list_coverage": draws["list_coverage"][:, place]}
        found += estimate_rows(one, prob, method="latent", index={"list": name})
    for place, name in enumerate(joint.lists.strata):
        one = {"total": draws["deaths"][:, place], "coverage": draws["stratum_coverage"][:, place]}
        found += estimate_rows(one, prob, method="latent", index={"stratum": name},
                               moment_orders={"total": order})  # fmt: skip
    return found


def _notes(joint: Overlapping, cells: CellCheck) -> tuple[str, ...]:
    low, high = joint.lists.coverage.interval(0.95)
    found = [
        f"Before any person is seen, the priors of the classes hold that {low:.0%} to {high:.0%} "
        "of all are on some list (95 %)."
    ]
    number = len(joint.lists.patterns.lists)
    if number <= FEW_LISTS:
        found.append(
            f"{number} lists cannot tell classes apart: this interval is as wide as the prior of "
            "the classes makes it, and more persons would hardly make it narrower."
        )
    if joint.lists.captures == POOLED:
        found.append(
            "How many may be in a class that no list reaches is the prior's alone (class_spread "
            f"{joint.lists.class_spread:g}): the upper limit hangs on it, see --thorough."
        )
    return (*found, *cells.says())


def spread_curve(
    patterns: Patterns, options: LatentOptions, *, prob: float = 0.95, seed: int = 1,
    spreads: Sequence[float] = SPREADS,
) -> list[dict[str, Any]]:  # fmt: skip
    """Refit with other priors of how much classes differ in visibility.

    Parameters
    ----------
    patterns : Patterns
    options : LatentOptions
        With pooled captures: the uniform prior has no such scale.
    prob : float
    seed : int
    spreads : sequence of float

    Returns
    -------
    list of dict
        class_spread, median, low, high, refused (why a fit failed its checks).
    """
    found = []
    for spread in spreads:
        row: dict[str, Any] = {"class_spread": spread, "median": None, "low": None, "high": None,
                               "refused": ""}  # fmt: skip
        try:
            changed = dataclasses.replace(options, class_spread=spread)
            one = latent(patterns, options=changed, prob=prob, seed=seed).estimate.row(prob)
            row |= {key: one[key] for key in ("median", "low", "high")}
        except GateError as error:
            row["refused"] = str(error)
        found.append(row)
    return found
