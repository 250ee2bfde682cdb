"""Search for decomposable graphs that matter, where there are too many to go through all.

From several graphs the search climbs; then the best graph found so far is changed by one edge in
all ways, until no graph within a window of the best is left: the average over what was found is
complete but for a small share. Where the data say little of the graph, more graphs stand in the
window than can be gone through; then chains walk among the graphs in proportion to their evidence
(as the model composition of Madigan and York 1995, doi:10.2307/1403615).
"""

from __future__ import annotations

import dataclasses
import heapq
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from models.lists.graph_evidence import FloatArray, GraphEvidence, log_sum
from models.lists.graph_walks import Place, Space, Walk, tempered
from models.lists.graphs import Graph, toggled

#: Graphs with less than this share of the evidence of the best are not changed further.
_WINDOW = 1e-5

#: Best-first search ends after so many graphs.
_MOST_GRAPHS = 10_000

#: Graphs from which the search climbs beside the empty one, and random changes that make them.
_STARTS, _CHANGES = 4, 100

#: Independent runs of chains.
_RUNS = 4

#: Graphs with a smaller share of all evidence are dropped.
_LEAST_WEIGHT = 1e-9


@dataclasses.dataclass(frozen=True)
class Search:
    """Graphs that were found, and what they weigh.

    Parameters
    ----------
    graphs : tuple of graphs
        All that weigh something.
    weights : (n_graph,) numbers
        Their shares; sum to 1.
    visited : int
        How many graphs were looked at.
    complete : bool
        Whether no graph within the window was left; otherwise weights are those of chains.
    mass : (n_missing,) numbers
        Probability of each step of the grid, averaged over graphs.
    log_evidence : float or None
        Log of the summed evidence of all graphs; None unless `complete`.
    chains : tuple of (n_missing,) numbers
        The same as `mass` by each chain alone; empty if `complete`.
    """

    graphs: tuple[Graph, ...]
    weights: FloatArray
    visited: int
    complete: bool
    mass: FloatArray
    log_evidence: float | None
    chains: tuple[FloatArray, ...] = ()


def search(evidence: GraphEvidence, rng: np.random.Generator, *, saturated: bool = False) -> Search:
    """Return the graphs that hold the weight.

    Parameters
    ----------
    evidence : GraphEvidence
        Marginal likelihoods.
    rng : numpy.random.Generator
        For the chains, if there are any.
    saturated : bool
        Whether the graph with all edges may be visited.
    """
    space = Space(evidence, saturated)
    tops = [_climbed(space, start) for start in _starts(space, rng)]
    if _best_first(space, tops):
        return weighed(evidence, space.log_evidence)
    visits: Counter[Graph] = Counter()
    chains = tuple(tempered(space, tops[run], rng, visits) for run in range(_RUNS))
    graphs = sorted(visits, key=lambda one: (-visits[one], one))
    weights = np.array([visits[graph] for graph in graphs]) / visits.total()
    return Search(
        tuple(graphs), weights, len(space.log_evidence), complete=False,
        mass=np.asarray(np.mean(chains, axis=0)), log_evidence=None, chains=chains,
    )  # fmt: skip


def weighed(evidence: GraphEvidence, log_evidence: Mapping[Graph, float]) -> Search:
    """Return graphs, all that there are, by their evidence; those of no weight are dropped.

    Parameters
    ----------
    evidence : GraphEvidence
        Marginal likelihoods.
    log_evidence : mapping of graphs to numbers
        Log evidence of each graph.
    """
    graphs = sorted(log_evidence, key=lambda one: (-log_evidence[one], one))
    logs = np.array([log_evidence[graph] for graph in graphs])
    total = float(log_sum(logs))
    weights = np.exp(logs - total)
    kept = int((weights >= _LEAST_WEIGHT).sum())
    mass = evidence.mixture(graphs[:kept], weights[:kept])
    return Search(tuple(graphs[:kept]), weights[:kept], len(graphs), complete=True, mass=mass,
                  log_evidence=total)  # fmt: skip


def _starts(space: Space, rng: np.random.Generator) -> list[Place]:
    """Return the empty graph, and some that random changes of it lead to."""
    found = [space.start()]
    for _ in range(_STARTS):
        walk = Walk(space, found[0], 1e-12, rng, _CHANGES)
        walk.walk(_CHANGES)
        found.append((walk.graph, walk.vector))
    return found


def _climbed(space: Space, place: Place) -> Place:
    """Return the graph from which no change of an edge leads to a better one."""
    while True:
        graph, vector = place
        tried = [space.changed(graph, vector, *pair) for pair in space.around(graph)]
        place = max(tried, key=lambda one: space.visit(*one))
        if space.visit(*place) <= space.log_evidence[graph]:
            return graph, vector


def _best_first(space: Space, tops: Sequence[Place]) -> bool:
    """Visit graphs, the best first; return whether none within the window was left."""
    best = max(space.log_evidence.values())
    left = [(-space.log_evidence[graph], graph) for graph, _ in tops]
    heapq.heapify(left)
    vectors = dict(tops)
    most = len(space.log_evidence) + _MOST_GRAPHS
    changed: set[Graph] = set()
    while left:
        worth, graph = heapq.heappop(left)
        if -worth < best + np.log(_WINDOW):
            return True
        if graph in changed:
            continue
        changed.add(graph)
        vector = vectors.pop(graph)
        for pair in space.around(graph):
            other = toggled(graph, *pair)
            if other in changed or other in vectors:
                continue
            other, moved = space.changed(graph, vector, *pair)
            found = space.visit(other, moved)
            best = max(best, found)
            if found >= best + np.log(_WINDOW):
                vectors[other] = moved
                heapq.heappush(left, (-found, other))
        if len(space.log_evidence) > most:
            return False
    return True
