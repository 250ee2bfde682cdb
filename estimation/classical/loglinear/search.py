"""The choice of a model: all hierarchical models of few lists, a way downhill for many.

Two to five lists: all models (1, 8, 113, 6,893).  Six lists: all 32,768 models of pairs, and from
the best of them downhill through models with higher terms.  More: downhill from independence.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from estimation.classical.loglinear.existence import existence
from estimation.classical.loglinear.newton import Fits, FloatArray
from estimation.classical.loglinear.table import Outcomes, Table
from estimation.classical.loglinear.terms import (
    Model,
    components_of,
    every_model,
    neighbors_of,
    pair_models,
)
from estimation.classical.loglinear.threads import one_thread
from estimation.errors import NotEstimableError

#: Up to so many lists all models are fitted; one more, and all models of pairs.
EVERY_LISTS = 5
#: A search does not join more lists than this by terms.
LARGEST_SEARCHED = 10
#: Up to so many lists the models that are kept are checked by the linear program.
CHECKED_LISTS = 8
#: So many of the best models are kept.
KEPT = 20


@dataclasses.dataclass(frozen=True, eq=False)
class Candidate:
    """A fitted model.

    Parameters
    ----------
    model : tuple of int
        Terms of two or more lists.
    fit : Fits
        Its fit.
    parameters : int
        Number of parameters, those at minus infinity among them.
    bic, aic : float
        Criteria on the likelihood of Poisson counts; the BIC counts persons on any list.
    """

    model: Model
    fit: Fits
    parameters: int
    bic: float
    aic: float


@dataclasses.dataclass(frozen=True, eq=False)
class Search:
    """The best models, and what became of the others.

    Parameters
    ----------
    best : tuple of Candidate
        Models with an estimate, the best first.
    weights : tuple of float
        Weights of these models among all that have an estimate.
    average : float
        Average of the missing persons of all models by these weights.
    considered, no_maximum, not_identified : int
        Models fitted; of these without a maximum, and (else) not determining the total.
    fallback : tuple of Candidate
        Other models for tables that are poorer than this one: independence, and those through which
        the way downhill led.
    """

    best: tuple[Candidate, ...]
    weights: tuple[float, ...]
    average: float
    considered: int
    no_maximum: int
    not_identified: int
    fallback: tuple[Candidate, ...] = ()


def candidate(table: Table, model: Model) -> Candidate:
    """Return a model fitted, with its criteria."""
    fit = table.refit(model, table.counts[None])
    parameters = 1 + table.lists + len(model)
    deviance = -2 * float(table.log_likelihood(fit.gain)[0])
    return Candidate(model, fit, parameters, deviance + parameters * float(np.log(table.observed)),
                     deviance + 2 * parameters)  # fmt: skip


def penalty(criterion: str, observed: float) -> float:
    """Return what a parameter costs, on the scale of twice the log-likelihood."""
    return float(np.log(observed)) if criterion == "bic" else 2.0


@one_thread()
def search(table: Table, criterion: str, kept: int = KEPT) -> Search:
    """Return the best models.

    Parameters
    ----------
    table : Table
        Counts.
    criterion : {"bic", "aic"}
        What is to be low.
    kept : int
        How many models to keep.

    Raises
    ------
    NotEstimableError
        If no model has an estimate.
    """
    path: list[Model] = []
    if table.lists <= EVERY_LISTS:
        found = table.fit(every_model(table.lists))
    else:
        found = table.fit(pair_models(6) if table.lists == 6 else [()])
        found, path = _downhill(table, criterion, found)
    scores = _scores(table, criterion, found)
    order = np.lexsort((np.arange(len(scores)), scores))
    best: list[Candidate] = []
    for place in order[: int(found.fine.sum())]:
        if len(best) == kept:
            break
        # the exact answer for those that matter; fits noticed the failure of the others
        exact = table.lists <= CHECKED_LISTS
        if exact and (known := existence(table, found.models[place])).status:
            found.exists[place] &= not known.no_maximum
            found.identified[place] &= not known.not_identified
        else:
            best.append(candidate(table, found.models[place]))
    if not best:
        raise NotEstimableError(
            f"none of {len(scores)} log-linear models has an estimate", where="lists",
            why="the overlaps of the lists are too few or of too few kinds",
            remedy="merge lists of the same origin, or leave out those that overlap with no other",
        )  # fmt: skip
    held = {one.model for one in best}
    others = [candidate(table, model) for model in dict.fromkeys([(), *path]) if model not in held]
    scores = _scores(table, criterion, found)
    weights = np.exp(-(scores - scores.min()) / 2)
    weights /= weights.sum()
    average = float(weights[found.fine] @ found.missing[found.fine])
    heaviest = np.sort(weights)[::-1][: len(best)]
    return Search(
        tuple(best), tuple(float(weight) for weight in heaviest), average, len(scores),
        int((~found.exists).sum()), int((found.exists & ~found.fine).sum()), tuple(others),
    )  # fmt: skip


def _scores(table: Table, criterion: str, found: Outcomes) -> FloatArray:
    """Return the criterion of each model without what all have in common, infinite if not fine."""
    cost = penalty(criterion, table.observed)
    parameters = np.array([1 + table.lists + len(model) for model in found.models])
    # rounded, so that of models alike the first is taken and not that of the smaller rounding error
    return np.where(found.fine, np.round(-2 * found.gain + cost * parameters, 6), np.inf)


def _downhill(table: Table, criterion: str, found: Outcomes) -> tuple[Outcomes, list[Model]]:
    """Fit all neighbors of the best model until none of them is better; also return the way."""
    known = set(found.models)
    path: list[Model] = []
    while True:
        scores = _scores(table, criterion, found)
        here = found.models[int(scores.argmin())]
        if here in path or not np.isfinite(scores.min()):
            return found, path
        path.append(here)
        near = [
            model for model in neighbors_of(here, table.lists)
            if model not in known
            and max(group.bit_count() for group in components_of(model, table.lists))
            <= LARGEST_SEARCHED
        ]  # fmt: skip
        known |= set(near)
        found = found.added(table.fit(near, here))
