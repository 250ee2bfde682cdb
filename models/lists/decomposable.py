"""Average over decomposable graphs: which lists depend on each other is not known.

Madigan and York (1997), doi:10.1093/biomet/84.1.19; as in the R package dga, but for any number of
lists, on a grid that the answer does not depend on, and without the saturated graph by default.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from models.errors import InvalidValueError, NotEstimableError, RefusedError
from models.lists.graph_average import GraphAverage, WeightedGraph, missing_quantile
from models.lists.graph_evidence import FloatArray, GraphEvidence, LogPrior
from models.lists.graph_search import Search, search, weighed
from models.lists.graphs import (
    ALL_GRAPHS,
    cliques,
    complete_graph,
    decomposable_graphs,
    edges,
    members,
)
from models.lists.links import check_links
from models.lists.patterns import Patterns

#: Above so many persons the grid of totals becomes too long.
_MOST_PERSONS = 10**9

#: Numbers of missing persons up to so many times the observed, unless told otherwise.
_MOST_TIMES = 10_000

#: A smaller limit leaves no tail to look at.
_LEAST_MOST = 10

#: Parts of the lists that share no person are refused if chance makes that less likely.
_BY_CHANCE = 0.01

#: Graphs that are described one by one.
_DESCRIBED, _DESCRIBED_WEIGHT = 25, 1e-3

#: Larger shares are told: beyond the grid, on the saturated graph, of the interval between chains.
_TOLD_TAIL, _TOLD_SATURATED, _TOLD_CHAINS = 1e-3, 0.01, 0.2


def decomposable_average(
    patterns: Patterns,
    rng: np.random.Generator,
    *,
    delta: float | None = None,
    saturated: bool = False,
    prior: Literal["scale", "missing"] | Callable[[FloatArray], FloatArray] = "scale",
    most: int | None = None,
) -> GraphAverage:
    """Return the posterior of the total, averaged over which lists depend on each other.

    All decomposable graphs are equally likely at first. Up to six lists all of them are gone
    through; of more lists those are searched that matter.

    Parameters
    ----------
    patterns : Patterns
        The table; strata are added up.
    rng : numpy.random.Generator
        Used only for more than six lists.
    delta : float, optional
        Prior persons for each of the 2^n_list patterns; 2^-n_list by default, one person in all.
    saturated : bool
        Whether lists may depend on each other in all ways, of which the data say nothing; never of
        more than six.
    prior : {"scale", "missing"} or callable
        "scale": 1 / total. "missing": 1 / missing, from one missing person on. A callable takes
        numbers of missing persons and returns log densities, up to a constant.
    most : int, optional
        The largest number of missing persons, 10,000 times those observed by default.

    Raises
    ------
    NotEstimableError
        If counts are not known, or lists do not overlap so that the total is not determined.
    InvalidValueError
        If `delta`, `prior` or `most` is none.
    """
    given = patterns.lists
    patterns, notes = _usable(patterns)
    lists, observed = len(patterns.lists), patterns.observed
    delta = 2.0**-lists if delta is None else delta
    if not (np.isfinite(delta) and delta > 0):
        raise InvalidValueError("must be positive", where="delta", why="it is a number of persons")
    most = _MOST_TIMES * observed if most is None else most
    if most < _LEAST_MOST:
        raise InvalidValueError(f"must be {_LEAST_MOST} or more", where="most",
                                why="it limits the number of missing persons")  # fmt: skip
    evidence = GraphEvidence(patterns, delta, _log_prior(prior, observed), most)
    found = _found(evidence, rng, saturated)
    tail = _tail(evidence.missing, evidence.bounds, found.mass)
    notes += _notes(evidence, found, tail)
    described = _described(given, patterns.lists, evidence, found)
    return GraphAverage(observed, evidence.missing, evidence.bounds, found.mass, described,
                        found.log_evidence, found.visited, found.complete, tail, notes)  # fmt: skip


def _usable(patterns: Patterns) -> tuple[Patterns, tuple[str, ...]]:
    """Return the table without strata and empty lists, in an order of its own, or refuse it."""
    if not patterns.complete:
        row = int(np.flatnonzero(~patterns.counted)[0])
        raise NotEstimableError(
            f"how many are on {patterns.label(row)} is not known", where="patterns",
            why="an average over graphs needs the counts of all patterns",
            remedy="use a method that takes unknown counts, or leave a list out",
        )  # fmt: skip
    patterns = patterns.pooled()
    if patterns.observed > _MOST_PERSONS:
        raise RefusedError(
            f"{patterns.observed:,} persons are too many for a grid of totals", where="patterns",
            why=f"its steps grow finer with persons, at most {_MOST_PERSONS:,}",
            remedy="use a log-linear model",
        )  # fmt: skip
    totals = patterns.list_totals
    empty = tuple(name for name, total in zip(patterns.lists, totals, strict=True) if not total)
    notes: tuple[str, ...] = ()
    if empty and len(empty) < len(patterns.lists):
        patterns = patterns.leave_out(empty)
        notes = (f"Nobody is on {', '.join(empty)}: left out, it says nothing.",)
    notes += check_links(patterns)
    everybody = np.flatnonzero(patterns.list_totals == patterns.observed)
    if everybody.size:
        raise NotEstimableError(
            f"{patterns.lists[everybody[0]]} holds everybody who is on any list", where="lists",
            why="nobody is known whom it missed, so that nobody seems missing",
            remedy="check whether it was made from the others; if so leave it out",
        )  # fmt: skip
    # the order of columns must not change a number: sums are taken and ties broken in this one
    sizes = patterns.list_totals
    order = sorted(
        range(len(patterns.lists)),
        key=lambda place: (-sizes[place], patterns.lists[place]),
    )
    lists = tuple(patterns.lists[place] for place in order)
    return Patterns(lists, patterns.on[:, order], patterns.counts), notes


def _log_prior(prior: str | LogPrior, observed: int) -> LogPrior:
    if callable(prior):
        return prior
    if prior == "scale":
        return lambda missing: -np.log(observed + missing)
    if prior == "missing":
        return lambda missing: np.where(missing >= 1, -np.log(np.maximum(missing, 1)), -np.inf)
    raise InvalidValueError(f"no prior {prior!r}", where="prior",
                            remedy='"scale", "missing" or a log density')  # fmt: skip


def _found(evidence: GraphEvidence, rng: np.random.Generator, saturated: bool) -> Search:
    if evidence.lists > ALL_GRAPHS:
        return search(evidence, rng, saturated=saturated)
    refused = None if saturated else complete_graph(evidence.lists)
    graphs = [graph for graph in decomposable_graphs(evidence.lists) if graph != refused]
    return weighed(evidence, dict(zip(graphs, evidence.log_evidence(graphs), strict=True)))


def _tail(missing: FloatArray, bounds: FloatArray, mass: FloatArray) -> float:
    """Return the share beyond the grid if the density falls on by the power of its last steps."""
    density = mass / np.diff(bounds)
    before, last = density[-3], density[-2]  # the last step is cut in half
    if last == 0:
        return 0.0
    with np.errstate(divide="ignore"):
        power = np.log(last / before) / np.log(missing[-2] / missing[-3])
    if power >= -1:
        return 1.0
    beyond = last * missing[-2] / (-power - 1)
    return float(beyond / (1 + beyond))


def _described(
    given: tuple[str, ...], lists: tuple[str, ...], evidence: GraphEvidence, found: Search
) -> tuple[WeightedGraph, ...]:
    """Return the heaviest graphs, by names in the order in which they were given."""
    described: list[WeightedGraph] = []

    def named(subset: int) -> tuple[str, ...]:
        return tuple(sorted((lists[place] for place in members(subset)), key=given.index))

    for graph, weight in zip(found.graphs[:_DESCRIBED], found.weights, strict=False):
        if described and weight < _DESCRIBED_WEIGHT:
            break
        mass = evidence.mixture([graph], np.ones(1))
        joined = [named(1 << first | 1 << second) for first, second in edges(graph)]
        joined.sort(key=lambda pair: [given.index(name) for name in pair])
        parts = sorted(map(named, cliques(graph)), key=lambda part: [given.index(x) for x in part])
        median = evidence.observed + float(missing_quantile(evidence.bounds, mass, 0.5))
        pairs = tuple((first, second) for first, second in joined)
        described.append(WeightedGraph(pairs, tuple(parts), float(weight), median))
    return tuple(described)


def _notes(evidence: GraphEvidence, found: Search, tail: float) -> tuple[str, ...]:
    notes = []
    if tail > _TOLD_TAIL:
        notes.append(
            f"About {tail:.1%} of the probability lies beyond {evidence.missing[-1]:,.0f} missing "
            "persons, where the posterior was cut: the lists hardly bound the total from above."
        )
    full = complete_graph(evidence.lists)
    weight = found.weights[found.graphs.index(full)] if full in found.graphs else 0.0
    if weight > _TOLD_SATURATED:
        notes.append(
            f"{weight:.0%} of the weight is on lists that depend on each other in all ways: there "
            "the data say nothing of those on no list, only the prior does."
        )
    if not found.complete:
        medians = [float(missing_quantile(evidence.bounds, mass, 0.5)) for mass in found.chains]
        low, high = missing_quantile(evidence.bounds, found.mass, [0.025, 0.975])
        share = (max(medians) - min(medians)) / (high - low)
        notes.append(
            f"Too many graphs matter to go through all: {found.visited:,} were looked at, and "
            f"{len(medians)} runs of chains weigh them; their medians differ by {share:.0%} of the "
            "width of the 95 % interval" + (", too much." if share > _TOLD_CHAINS else ".")
        )
    return tuple(notes)
