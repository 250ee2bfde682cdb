"""The log-linear estimate: the model that is chosen, its total, and the spread of the choice."""

from __future__ import annotations

from typing import Any

import numpy as np

from estimation.classical.loglinear.bootstrap import Bootstrap, bootstrap
from estimation.classical.loglinear.existence import EXACT_LISTS, Existence, existence
from estimation.classical.loglinear.newton import Fits, FloatArray
from estimation.classical.loglinear.profile import model_profile
from estimation.classical.loglinear.search import KEPT, Candidate, Search, candidate, search
from estimation.classical.loglinear.table import Table, labels, table_of
from estimation.classical.loglinear.terms import Model, columns_of, parsed, places_in, written
from estimation.errors import InvalidValueError, NotEstimableError
from estimation.summaries.overlap import OverlapEstimate
from models.lists.patterns import Patterns

#: So many models are listed.
LISTED = 10
#: With more lists than this fewer models are looked at in each replicate: each takes its time.
MANY_LISTS, KEPT_OF_MANY = 8, 5
FEWEST_REPLICATES = 100


def loglinear(
    patterns: Patterns,
    *,
    criterion: str = "bic",
    formula: str | None = None,
    replicates: int = 1000,
    seed: int = 1,
    prob: float = 0.95,
) -> OverlapEstimate:
    """Return the total by a Poisson log-linear model of the cells seen.

    Parameters
    ----------
    patterns : Patterns
        Persons by the lists on which they are; strata are taken together.
    criterion : {"bic", "aic"}
        By what the model is chosen among hierarchical ones.
    formula : str, optional
        The model, as "A*B + C"; then nothing is chosen, here and in the replicates.
    replicates : int
        Bootstrap replicates.
    seed : int
        Seed of the run.
    prob : float
        Level of the intervals in `details` and in notes.

    Returns
    -------
    OverlapEstimate
        Its draws are quantiles of the bootstrap, corrected for bias and accelerated (BCa), with the
        choice of the model repeated in each replicate.

    Raises
    ------
    InvalidValueError
        If an argument is out of range or a formula names no list.
    NotEstimableError
        If no model has an estimate, or not the one given.
    """
    _check(criterion, replicates, prob)
    table = table_of(patterns)
    found: Search | None = None
    if formula is None:
        found = search(table, criterion, KEPT if table.lists <= MANY_LISTS else KEPT_OF_MANY)
        models = (*found.best, *found.fallback)
    else:
        models = (_given(table, parsed(formula, table.names), formula),)
    spread = bootstrap(table, models, criterion=criterion, replicates=replicates, seed=seed)
    if spread.failed == len(spread.totals):
        raise NotEstimableError(
            "no bootstrap replicate has an estimate", where="lists",
            why="the estimate hangs on single persons",
            remedy="merge lists of the same origin, or give a simpler model",
        )  # fmt: skip
    chosen = models[0]
    total = table.observed + float(chosen.fit.missing[0])
    return OverlapEstimate(
        method="loglinear", engine="classical", estimate=total, draws=spread.draws(),
        observed=table.observed, assumption=_assumption(table, chosen.model),
        notes=(*table.notes, *cell_notes(table, chosen.model, chosen.fit),
               *_notes(spread, replicates, prob)),
        details=_details(table, models, found, spread, criterion, prob),
    )  # fmt: skip


def cell_notes(table: Table, model: Model, fit: Fits) -> list[str]:
    """Return notes on cells without a count: what they are estimated to hold."""
    if not table.unknown.size:
        return []
    columns = columns_of(model, table.lists)
    held = (table.unknown[:, None] & columns) == columns
    possible = ~(held & ~fit.active[0]).any(axis=1)
    persons: FloatArray = np.where(possible, np.exp(held @ fit.beta[0]), 0.0)
    names = labels(table, table.unknown)
    told = ", ".join(f"{name} {count:,.0f}" for name, count in zip(names, persons, strict=True))
    notes = [f"Estimated, not counted, and part of the total: {told}."]
    over = [name for name, high in zip(names, persons > table.most, strict=True) if high]
    if over:
        notes.append(f"Estimated above its bound: {', '.join(over)}; the model does not fit there.")
    return notes


def _check(criterion: str, replicates: int, prob: float) -> None:
    if criterion not in ("bic", "aic"):
        raise InvalidValueError(f"no criterion {criterion!r}", where="criterion",
                                remedy="one of bic, aic")  # fmt: skip
    if replicates < FEWEST_REPLICATES:
        raise InvalidValueError(f"must be {FEWEST_REPLICATES} or more", where="replicates",
                                why="limits are quantiles of the replicates")  # fmt: skip
    if not 0 < prob < 1:
        raise InvalidValueError("must be between 0 and 1", where="prob")


def _given(table: Table, model: Model, formula: str) -> Candidate:
    """Return the model of the user, or refuse it with the reason."""
    one = candidate(table, model)
    known = (
        existence(table, model)
        if table.lists <= EXACT_LISTS
        else Existence(not one.fit.exists[0], not one.fit.identified[0], ())
    )
    if not known.status and one.fit.fine[0]:
        return one
    reasons = []
    if known.no_maximum or not known.status:
        reasons.append("its likelihood has no maximum: some expected count runs to 0")
    if known.not_identified:
        reasons.append("the counts leave open how many persons are on no list")
    raise NotEstimableError(
        f"the model {formula!r} has no estimate", where="formula", why="; ".join(reasons),
        remedy="leave out terms of lists with few persons in common, or let the model be chosen",
    )  # fmt: skip


def _assumption(table: Table, model: Model) -> str:
    name = written(model, table.names)
    return (
        f"Beyond the terms of the model ({name}) the lists are independent: no interaction "
        f"joins all {table.lists} lists at once, and terms that are left out are absent also among "
        "persons on no list. The total is too low if being on one list makes others more likely "
        "in ways the model leaves out (or persons differ in how easily they are found), too high "
        "if lists avoid each other."
    )


def _notes(spread: Bootstrap, replicates: int, prob: float) -> list[str]:
    notes = []
    if spread.failed:
        notes.append(
            f"{spread.failed} of {replicates} bootstrap replicates have no estimate; they count as "
            "infinite."
        )
    if np.isinf(spread.quantiles(np.array([(1 + prob) / 2]))[0]):
        notes.append(
            f"No upper limit found at {100 * prob:g} %: the number shown as such is the largest "
            "replicate that has an estimate, and the true limit is above it."
        )
    return notes


def _details(
    table: Table,
    models: tuple[Candidate, ...],
    found: Search | None,
    spread: Bootstrap,
    criterion: str,
    prob: float,
) -> dict[str, Any]:
    best = models[0]
    fit = best.fit
    error, missing = float(fit.error[0]), float(fit.missing[0])
    columns = columns_of(best.model, table.lists)[~fit.active[0]]
    details: dict[str, Any] = {
        "formula": written(best.model, table.names), "bic": best.bic, "aic": best.aic,
        "parameters": best.parameters,
        "df": 2**table.lists - 1 - len(table.unknown) - best.parameters,
        "se": error, "profile": None,
        "at_minus_infinity": [
            "*".join(table.names[place] for place in places_in(int(term), table.lists))
            for term in columns
        ],
        "replicates": len(spread.totals), "replicates_failed": spread.failed,
        "upper_limit_found": bool(
            np.isfinite(spread.quantiles(np.array([(1 + prob) / 2]))[0])
        ),
        "bias_correction": spread.bias, "acceleration": spread.acceleration,
    }  # fmt: skip
    if not table.unknown.size:
        limits = model_profile(table, best.model, missing, error).limits(prob)
        details["profile"] = [limit if np.isfinite(limit) else None for limit in limits]
    if found is None:
        return details
    details |= {
        "criterion": criterion, "models_considered": found.considered,
        "models_without_maximum": found.no_maximum,
        "models_not_identified": found.not_identified,
        "average": table.observed + found.average,
        "models": [
            {
                "formula": written(one.model, table.names),
                "estimate": table.observed + float(one.fit.missing[0]),
                "bic": one.bic, "aic": one.aic, "weight": weight, "chosen": float(share),
            }
            for one, weight, share in zip(found.best, found.weights, spread.chosen, strict=False)
        ][:LISTED],
    }  # fmt: skip
    return details
