"""Decomposable graphs: which lists depend on each other, so that the likelihood is a product.

A graph is a tuple of bit masks: bit `j` of entry `i` is set where lists `i` and `j` are joined. A
graph is decomposable (chordal) if every cycle of four or more lists has a shortcut; then cliques
and the separators between them say everything, and any two such graphs are joined by a path of
decomposable graphs that differ by one edge.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

Graph = tuple[int, ...]

#: Up to so many lists all decomposable graphs are gone through: 8 graphs of 3 lists, 61 of 4, 822
#: of 5, 18,154 of 6; the 617,675 of 7 are too many for an answer at once.
ALL_GRAPHS = 6


def empty_graph(lists: int) -> Graph:
    """Return the graph without edges: independent lists."""
    return (0,) * lists


def complete_graph(lists: int) -> Graph:
    """Return the graph with all edges: the saturated model."""
    every = (1 << lists) - 1
    return tuple(every ^ (1 << place) for place in range(lists))


def members(subset: int) -> Iterator[int]:
    """Yield the places of a bit mask, in order."""
    while subset:
        lowest = subset & -subset
        yield lowest.bit_length() - 1
        subset ^= lowest


def edges(graph: Graph) -> tuple[tuple[int, int], ...]:
    """Return the pairs of lists that are joined."""
    return tuple(
        (first, second) for first, around in enumerate(graph)
        for second in members(around) if first < second
    )  # fmt: skip


def toggled(graph: Graph, first: int, second: int) -> Graph:
    """Return the graph with an edge added where it was not, removed where it was."""
    changed = list(graph)
    changed[first] ^= 1 << second
    changed[second] ^= 1 << first
    return tuple(changed)


def stays_decomposable(graph: Graph, first: int, second: int) -> bool:
    """Return whether a decomposable graph is still one after an edge is toggled.

    An edge can go if it is in one clique only: what both ends are joined to is complete. An edge
    can come if what both ends are joined to separates them: no other way round closes a cycle.
    """
    common = graph[first] & graph[second]
    if graph[first] >> second & 1:
        return _is_complete(graph, common)
    return not _reaches(graph, first, second, without=common)


def is_decomposable(graph: Graph) -> bool:
    """Return whether lists can be taken out one by one, each with complete surroundings."""
    left = (1 << len(graph)) - 1
    while left:
        for place in members(left):
            if _is_complete(graph, graph[place] & left):
                left ^= 1 << place
                break
        else:
            return False
    return True


def factors(graph: Graph) -> dict[int, int]:
    """Return how often the table of each subset of lists enters the likelihood.

    Returns
    -------
    dict of int to int
        Bit masks of cliques with 1, of separators with minus their multiplicity; the sum is 1. The
        empty set, 0, separates parts that are not joined.

    Notes
    -----
    Lists are visited by maximum cardinality search: next comes one with most neighbors already
    visited. A clique begins where that number does not rise; its separator is what was visited.
    """
    found: dict[int, int] = {}
    visited = clique = 0
    before = -1
    every = range(len(graph))
    for _ in every:
        place = max(
            (one for one in every if not visited >> one & 1),
            key=lambda one: (graph[one] & visited).bit_count(),
        )
        earlier = graph[place] & visited
        if earlier.bit_count() <= before:
            found[clique] = found.get(clique, 0) + 1
            found[earlier] = found.get(earlier, 0) - 1
        clique, before = earlier | 1 << place, earlier.bit_count()
        visited |= 1 << place
    found[clique] = found.get(clique, 0) + 1
    return found


def cliques(graph: Graph) -> tuple[int, ...]:
    """Return the bit masks of the largest subsets in which all lists are joined."""
    return tuple(sorted(subset for subset, times in factors(graph).items() if times > 0))


@functools.lru_cache(maxsize=8)
def decomposable_graphs(lists: int) -> tuple[Graph, ...]:
    """Return all decomposable graphs of some lists, those with few edges first.

    Each but the empty one is another with an edge added: an edge in one clique can always be found
    and taken out.
    """
    level = {empty_graph(lists)}
    found: list[Graph] = []
    pairs = [(first, second) for second in range(lists) for first in range(second)]
    while level:
        found += sorted(level)
        level = {
            toggled(graph, *pair) for graph in level for pair in pairs
            if not graph[pair[0]] >> pair[1] & 1 and stays_decomposable(graph, *pair)
        }  # fmt: skip
    return tuple(found)


def _is_complete(graph: Graph, subset: int) -> bool:
    return all(subset & ~graph[place] == 1 << place for place in members(subset))


def _reaches(graph: Graph, start: int, end: int, *, without: int) -> bool:
    seen = border = 1 << start
    while border:
        around = 0
        for place in members(border):
            around |= graph[place]
        border = around & ~without & ~seen
        seen |= border
        if seen >> end & 1:
            return True
    return False
