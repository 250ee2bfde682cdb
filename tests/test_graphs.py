"""Decomposable graphs, against their definitions."""

from itertools import combinations

import pytest

from models.lists.graphs import (
    cliques,
    complete_graph,
    decomposable_graphs,
    edges,
    empty_graph,
    factors,
    is_decomposable,
    members,
    stays_decomposable,
    toggled,
)

#: Of 1, 2, ... labeled vertices: A058862 of the encyclopedia of integer sequences.
NUMBERS = (1, 2, 8, 61, 822, 18_154)


def all_graphs(lists):
    pairs = list(combinations(range(lists), 2))
    for chosen in range(1 << len(pairs)):
        graph = empty_graph(lists)
        for place, pair in enumerate(pairs):
            if chosen >> place & 1:
                graph = toggled(graph, *pair)
        yield graph


def has_bare_cycle(graph):
    """Say whether four or more vertices form a cycle without a shortcut."""
    for size in range(4, len(graph) + 1):
        for chosen in combinations(range(len(graph)), size):
            inside = sum(1 << one for one in chosen)
            if any((graph[one] & inside).bit_count() != 2 for one in chosen):
                continue
            seen, last = 1 << chosen[0], 0
            while seen != last:
                last = seen
                for one in members(last):
                    seen |= graph[one] & inside
            if seen == inside:
                return True
    return False


@pytest.mark.parametrize("lists", range(1, 7))
def test_how_many_there_are(lists):
    found = decomposable_graphs(lists)
    assert len(found) == len(set(found)) == NUMBERS[lists - 1]
    assert found[0] == empty_graph(lists)
    assert found[-1] == complete_graph(lists)


@pytest.mark.parametrize("lists", [4, 5])
def test_they_are_those_without_a_bare_cycle(lists):
    right = {graph for graph in all_graphs(lists) if not has_bare_cycle(graph)}
    assert set(decomposable_graphs(lists)) == right
    assert {graph for graph in all_graphs(lists) if is_decomposable(graph)} == right


def test_one_edge_more_or_less():
    checked = set()
    for graph in decomposable_graphs(5):
        for pair in combinations(range(5), 2):
            right = is_decomposable(toggled(graph, *pair))
            assert stays_decomposable(graph, *pair) == right
            checked.add((bool(graph[pair[0]] >> pair[1] & 1), right))
    assert len(checked) == 4  # edges that may come or not, that may go or not


def test_cliques_are_the_largest_complete_sets():
    for graph in decomposable_graphs(5):
        complete = [
            subset for subset in range(1, 1 << 5)
            if all(graph[one] >> other & 1 for one, other in combinations(members(subset), 2))
        ]  # fmt: skip
        largest = [
            one for one in complete
            if not any(one != other and one & other == one for other in complete)
        ]  # fmt: skip
        assert list(cliques(graph)) == largest


def test_cliques_less_separators_count_each_edge_once():
    for graph in decomposable_graphs(5):
        found = factors(graph)
        assert sum(found.values()) == 1
        for place in range(5):
            assert sum(times for subset, times in found.items() if subset >> place & 1) == 1
        for first, second in combinations(range(5), 2):
            both = 1 << first | 1 << second
            times = sum(times for subset, times in found.items() if subset & both == both)
            assert times == ((first, second) in edges(graph))


def test_a_chain_of_lists():
    graph = toggled(toggled(empty_graph(4), 0, 1), 1, 2)
    assert edges(graph) == ((0, 1), (1, 2))
    assert factors(graph) == {0b0011: 1, 0b0110: 1, 0b1000: 1, 0b0010: -1, 0: -1}
