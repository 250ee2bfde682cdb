"""Walks over decomposable graphs by changes of one edge, in proportion to their evidence."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

import numpy as np

from models.lists.graph_evidence import FloatArray, GraphEvidence, log_sum
from models.lists.graphs import Graph, complete_graph, empty_graph, stays_decomposable, toggled

#: Steps of each chain, and the share of them that is thrown away.
_STEPS, _BURN_IN = 20_000, 0.2

#: Powers of the evidence after which the chains of a run walk, and steps between their exchanges.
_POWERS = (1.0, 0.85, 0.7, 0.55, 0.4)
_EXCHANGE = 10

#: No clique of a search has more lists: its table would be nearly empty.
LARGEST_CLIQUE = 6

#: A graph, and its log mass over the missing.
type Place = tuple[Graph, FloatArray]


class Space:
    """Graphs that may be visited, each with its vector over the missing.

    Parameters
    ----------
    evidence : GraphEvidence
        Marginal likelihoods.
    saturated : bool
        Whether the graph with all edges may be visited.
    """

    def __init__(self, evidence: GraphEvidence, saturated: bool) -> None:
        self.evidence = evidence
        self.refused = None if saturated else complete_graph(evidence.lists)
        self.log_evidence: dict[Graph, float] = {}

    def start(self) -> Place:
        """Return the graph without edges, and its vector."""
        graph = empty_graph(self.evidence.lists)
        vector = self.evidence.log_mass([graph])[0]
        self.visit(graph, vector)
        return graph, vector

    def allowed(self, graph: Graph, first: int, second: int) -> bool:
        """Return whether an edge may be toggled."""
        adds = not graph[first] >> second & 1
        if adds and (graph[first] & graph[second]).bit_count() + 2 > LARGEST_CLIQUE:
            return False
        if not stays_decomposable(graph, first, second):
            return False
        return toggled(graph, first, second) != self.refused

    def changed(self, graph: Graph, vector: FloatArray, first: int, second: int) -> Place:
        """Return a graph with an edge toggled, and its vector."""
        change = self.evidence.change(first, second, graph[first] & graph[second])
        moved = vector - change if graph[first] >> second & 1 else vector + change
        return toggled(graph, first, second), moved

    def visit(self, graph: Graph, vector: FloatArray) -> float:
        """Return the log evidence of a graph, and keep it."""
        found = self.log_evidence.get(graph)
        if found is None:
            found = self.log_evidence[graph] = float(log_sum(vector))
        return found

    def around(self, graph: Graph) -> Iterator[tuple[int, int]]:
        """Yield the pairs of lists whose edge may be toggled."""
        for second in range(len(graph)):
            for first in range(second):
                if self.allowed(graph, first, second):
                    yield first, second


class Walk:
    """A Metropolis chain over graphs, in proportion to a power of their evidence.

    Parameters
    ----------
    space : Space
        The graphs.
    place : Place
        Where it starts.
    power : float
        Power of the evidence.
    rng : numpy.random.Generator
        Of its moves.
    steps : int
        Steps that it will be asked for in all.
    """

    def __init__(
        self, space: Space, place: Place, power: float, rng: np.random.Generator, steps: int
    ) -> None:
        self.space, self.power = space, power
        self.graph, self.vector = place
        self.moves = _moves(len(self.graph), rng, steps)
        self.limits = iter(np.log1p(-rng.random(steps)) / power)

    @property
    def here(self) -> float:
        """Return the log evidence of the present graph."""
        return self.space.log_evidence[self.graph]

    def walk(self, steps: int) -> None:
        """Try some steps."""
        for move, limit in itertools.islice(zip(self.moves, self.limits, strict=True), steps):
            graph, vector, possible = self.graph, self.vector, True
            for pair in move:
                possible = possible and self.space.allowed(graph, *pair)
                if possible:
                    graph, vector = self.space.changed(graph, vector, *pair)
            if possible and self.space.visit(graph, vector) - self.here > limit:
                self.graph, self.vector = graph, vector


def tempered(
    space: Space, place: Place, rng: np.random.Generator, visits: Counter[Graph]
) -> FloatArray:
    """Return the posterior by chains of several powers that exchange their graphs.

    Graphs that differ by many edges can be alike in evidence with worse ones between, which chains
    of a small power cross. Only that of power 1 counts: `visits` takes the graphs at which it was.
    Given a graph the missing are summed exactly.

    Parameters
    ----------
    space : Space
        The graphs.
    place : Place
        Where all chains start.
    rng : numpy.random.Generator
        Of all chains.
    visits : Counter
        Changed.
    """
    rounds = _STEPS // _EXCHANGE
    walks = [Walk(space, place, power, rng, rounds * _EXCHANGE) for power in _POWERS]
    mass = np.zeros_like(walks[0].vector)
    for step in range(rounds):
        for walk in walks:
            walk.walk(_EXCHANGE)
        for cold, warm in itertools.pairwise(walks):
            gain = (cold.power - warm.power) * (warm.here - cold.here)
            if np.log1p(-rng.random()) < gain:
                cold.graph, warm.graph = warm.graph, cold.graph
                cold.vector, warm.vector = warm.vector, cold.vector
        if step >= _BURN_IN * rounds:
            visits[walks[0].graph] += 1
            mass += np.exp(walks[0].vector - walks[0].here)
    return np.asarray(mass / mass.sum())


def _moves(
    lists: int, rng: np.random.Generator, number: int
) -> Iterator[tuple[tuple[int, int], ...]]:
    """Yield proposals: half toggle any one edge, half another too that shares a list with it.

    So an edge can move from list to list in one step. All are as likely as their reverse.
    """
    pairs = [(first, second) for second in range(lists) for first in range(second)]
    beside = {pair: [other for other in pairs if len({*pair, *other}) == 3] for pair in pairs}
    for one, two, kind in rng.random((number, 3)):
        pair = pairs[int(one * len(pairs))]
        near = beside[pair]
        yield (pair,) if kind < 0.5 else (pair, near[int(two * len(near))])
