"""The average over decomposable graphs of lists, as an estimate of a total."""

from __future__ import annotations

from typing import Any

from estimation.errors import InvalidValueError, NotEstimableError
from estimation.randomness import stream
from estimation.summaries.overlap import OverlapEstimate
from models.lists.decomposable import decomposable_average
from models.lists.graph_average import GraphAverage
from models.lists.patterns import Patterns

#: If more than this lies where the posterior was cut, its median says nothing.
_MOST_TAIL = 0.1

ASSUMPTION = (
    "Some graph without a cycle that lacks a shortcut says which lists depend on each other: lists "
    "that are not joined are independent given those between them, and not all lists are joined. "
    "Whoever is unlikely to be on any list at all makes the total too low."
)


def graphical(
    patterns: Patterns,
    *,
    draws: int = 20_000,
    seed: int = 1,
    delta: float | None = None,
    saturated: bool = False,
    prob: float = 0.95,
) -> OverlapEstimate:
    """Return the posterior of the total, averaged over decomposable graphs.

    Parameters
    ----------
    patterns : Patterns
        Who is on which lists; strata are added up.
    draws : int
        Number of draws of the total.
    seed : int
        Seed of the draws, and of the search if there are more than six lists.
    delta : float, optional
        Prior persons for each of the 2^n_list patterns; 2^-n_list by default.
    saturated : bool
        Whether lists may depend on each other in all ways, which leaves the total to the prior.
    prob : float
        Level of the equal-tailed interval in `details`, which has no error of draws.

    Raises
    ------
    NotEstimableError
        If counts are not known, or the lists do not determine the total.
    InvalidValueError
        If `draws`, `delta` or `prob` is none.

    References
    ----------
    .. [1] Madigan, D. and York, J. C. (1997). Bayesian methods for estimation of the size of a
       closed population. Biometrika 84(1), 19-31. https://doi.org/10.1093/biomet/84.1.19
    """
    if draws < 1:
        raise InvalidValueError("must be 1 or more", where="draws")
    if not 0 < prob < 1:
        raise InvalidValueError("must lie between 0 and 1", where="prob")
    found = decomposable_average(
        patterns, stream(seed, "graphical", "search"), delta=delta, saturated=saturated
    )
    if found.tail > _MOST_TAIL:
        raise NotEstimableError(
            f"about {found.tail:.0%} of the probability lies beyond {found.missing[-1]:,.0f} "
            "missing persons", where="patterns",
            why="so few persons are on two lists that any total is possible",
            remedy="add a list that shares persons with them",
        )  # fmt: skip
    return OverlapEstimate(
        method="graphical",
        engine="exact",
        estimate=float(found.quantile(0.5)),
        draws=found.draw(stream(seed, "graphical", "draws"), draws).astype(float),
        observed=found.observed,
        assumption=ASSUMPTION,
        notes=found.notes,
        details=_details(found, prob),
    )


def _details(found: GraphAverage, prob: float) -> dict[str, Any]:
    low, high = found.quantile([(1 - prob) / 2, (1 + prob) / 2])
    return {
        "graphs": [
            {
                "edges": [list(edge) for edge in graph.edges],
                "cliques": [list(clique) for clique in graph.cliques],
                "weight": graph.weight,
                "median": graph.median,
            }
            for graph in found.graphs
        ],
        "visited": found.visited,
        "complete": found.complete,
        "interval": {"prob": prob, "low": float(low), "high": float(high)},
        "tail": found.tail,
        "log_evidence": found.log_evidence,
    }
