r"""Marginal likelihoods of decomposable graphs, for any number of missing persons.

Lists are the vertices of a decomposable graph; the probabilities of all patterns have a
hyper-Dirichlet prior: those of the table of each subset of lists that is complete are
Dirichlet, with `delta` for each pattern of all lists that falls into a cell. With :math:`M` persons
on no list, :math:`n` on any, :math:`N = n + M` and :math:`n_x` of pattern :math:`x`,

.. math:: p(n_x, M \mid G, N) = \frac{N!}{M! \prod_x n_x!}
          \frac{\prod_{C} D_C(M)}{\prod_{S} D_S(M)}, \qquad
          D_A(M) = \frac{\Gamma(\alpha)}{\Gamma(\alpha + N)}
          \prod_{c} \frac{\Gamma(\alpha_c + n_c)}{\Gamma(\alpha_c)}

over cliques :math:`C` and separators :math:`S`; cells :math:`c` of the table of the lists in
:math:`A` have :math:`\alpha_c = \delta 2^{J - |A|}`, so that :math:`\alpha = \delta 2^J` for all of
them. Why: persons are independent given the probabilities, which factor over the graph as
:math:`\prod_C p_C / \prod_S p_S`; the prior factors alike, so that it is integrated table by table,
each giving a Dirichlet-multinomial term (Dawid and Lauritzen 1993, doi:10.1214/aos/1176349260).

Only the cell "on none of these lists" holds the missing: :math:`n_c = z_A + M` there, with
:math:`z_A` counted persons. As there is one clique more than separators, all
:math:`\Gamma(\alpha) / \Gamma(\alpha + N)` but one cancel. So every graph is a sum of few vectors
over :math:`M`, one for each subset of lists, and an edge more or less changes four of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import gammaln

from models.errors import InvalidValueError
from models.lists.graphs import Graph, factors
from models.lists.patterns import Patterns

FloatArray = NDArray[np.float64]

#: The log prior of the numbers of missing persons, up to a constant.
LogPrior = Callable[[FloatArray], FloatArray]

#: Graphs whose vectors are held at once.
_CHUNK = 256

#: A step between numbers of missing persons, relative to them: no posterior is narrower than twice
#: this or 1 / sqrt(n).
_STEP = 0.01


#: A first look takes each so-manieth step, and drops what lies so much below the best: steps are at
#: most half a standard deviation wide, so that a first look misses a peak by less than e^-3.
_ROUGH, _NEGLIGIBLE = 8, 40.0


class GraphEvidence:
    """Marginal likelihoods on a grid of numbers of missing persons.

    Parameters
    ----------
    patterns : Patterns
        Complete, without strata.
    delta : float
        Prior persons for each of the 2^n_list patterns.
    log_prior : callable
        Log prior of numbers of missing persons, up to a constant.
    most : int
        The largest number of missing persons.
    """

    def __init__(self, patterns: Patterns, delta: float, log_prior: LogPrior, most: int) -> None:
        self.lists = len(patterns.lists)
        self.delta, self.observed = delta, patterns.observed
        self.missing, self.bounds = missing_grid(patterns.observed, most)
        self._counts = patterns.counts.astype(float)
        self._codes = patterns.on @ (1 << np.arange(self.lists))
        self._terms: dict[int, FloatArray] = {}
        prior = np.asarray(log_prior(self.missing), dtype=float)
        if prior.shape != self.missing.shape or np.isnan(prior).any() or (prior == np.inf).any():
            raise InvalidValueError(
                "must give a finite log density, or -inf, for each number", where="prior",
                why="it weighs numbers of missing persons",
            )  # fmt: skip
        if (prior == -np.inf).all():
            raise InvalidValueError("leaves no number of missing persons possible", where="prior")
        total, every = delta * 2.0**self.lists, self.observed + self.missing
        #: What all graphs share: multinomial coefficient, total, prior and width of each step.
        self.base: FloatArray = (
            gammaln(every + 1) - gammaln(self.missing + 1) - gammaln(self._counts + 1).sum()
            + gammaln(total) - gammaln(total + every) + prior + np.log(np.diff(self.bounds))
        )  # fmt: skip

    def term(self, subset: int) -> FloatArray:
        """Return the log term of the table of some lists, (n_missing,), without its total."""
        if subset not in self._terms:
            self._terms[subset] = self._term(subset)
        return self._terms[subset]

    def _term(self, subset: int) -> FloatArray:
        cells, place = np.unique(self._codes & subset, return_inverse=True)
        counts = np.bincount(place.reshape(-1), weights=self._counts, minlength=len(cells))
        prior = self.delta * 2.0 ** (self.lists - subset.bit_count())
        none = counts[cells == 0].sum()
        seen = counts[cells != 0]
        fixed = (gammaln(prior + seen) - gammaln(prior)).sum() - gammaln(prior)
        return np.asarray(fixed + gammaln(prior + none + self.missing))

    def change(self, first: int, second: int, common: int) -> FloatArray:
        """Return what an edge adds to the log mass, (n_missing,).

        Parameters
        ----------
        first, second : int
            Places of the two lists.
        common : int
            Bit mask of the lists that both are joined to.
        """
        one, other = common | 1 << first, common | 1 << second
        both = self.term(one | other) - self.term(one)
        return both - (self.term(other) - self.term(common))

    def log_mass(self, graphs: Sequence[Graph], every: int = 1) -> FloatArray:
        """Return the log of evidence times prior times width of step, (n_graph, n_missing).

        Parameters
        ----------
        graphs : sequence of graphs
            All vectors are held at once.
        every : int
            Only each so-manieth step of the grid.
        """
        found = [factors(graph) for graph in graphs]
        subsets = sorted({subset for one in found for subset in one})
        place = {subset: column for column, subset in enumerate(subsets)}
        terms = np.stack([self.term(subset)[::every] for subset in subsets])
        rows = [row for row, one in enumerate(found) for _ in one]
        columns = [place[subset] for one in found for subset in one]
        times = [float(number) for one in found for number in one.values()]
        signs = sparse.csr_array((times, (rows, columns)), shape=(len(found), len(subsets)))
        return np.asarray(signs @ terms) + self.base[::every]

    def log_evidence(self, graphs: Sequence[Graph]) -> FloatArray:
        """Return the log evidence of each graph, summed over the missing, (n_graph,).

        Where a part of the grid shows that it is negligible beside the best, it is -inf.
        """
        rough = np.concatenate([
            log_sum(self.log_mass(graphs[start : start + _CHUNK], _ROUGH))
            for start in range(0, len(graphs), _CHUNK)
        ])  # fmt: skip
        near = np.flatnonzero(rough > rough.max() - _NEGLIGIBLE)
        found = np.full(len(graphs), -np.inf)
        for start in range(0, len(near), _CHUNK):
            chosen = near[start : start + _CHUNK]
            found[chosen] = log_sum(self.log_mass([graphs[place] for place in chosen]))
        return found

    def mixture(self, graphs: Sequence[Graph], weights: FloatArray) -> FloatArray:
        """Return the probability of each step of the grid, graphs weighted, (n_missing,)."""
        found = np.zeros_like(self.missing)
        for start in range(0, len(graphs), _CHUNK):
            log_mass = self.log_mass(graphs[start : start + _CHUNK])
            mass = np.exp(log_mass - log_sum(log_mass)[:, None])
            found += weights[start : start + _CHUNK] @ mass
        return found / found.sum()


def log_sum(values: FloatArray) -> FloatArray:
    """Return the log of the sum of exponentials over the last axis."""
    top = values.max(axis=-1, keepdims=True)
    return np.asarray(top[..., 0] + np.log(np.exp(values - top).sum(axis=-1)))


def missing_grid(observed: int, most: int) -> tuple[FloatArray, FloatArray]:
    """Return numbers of missing persons, and the half-integers between which each one stands.

    All integers first; from where a step is no longer as fine as a posterior needs, they grow by a
    constant ratio. Each number stands for the integers around it, up to midway to the next: the
    trapezoid rule, which is exact for integers and as good as exact on smooth densities.

    Parameters
    ----------
    observed : int
        Persons on any list.
    most : int
        The largest number of missing persons.
    """
    step = min(_STEP, 0.5 / np.sqrt(max(observed, 1)))
    dense = min(int(2 / step), most)
    missing = np.arange(dense + 1.0)
    if most > dense:
        further = int(np.ceil(np.log(most / dense) / step))
        grown = np.rint(dense * (most / dense) ** (np.arange(1, further + 1) / further))
        missing = np.unique(np.concatenate([missing, grown]))
    between = np.floor((missing[1:] + missing[:-1]) / 2) + 0.5
    return missing, np.concatenate([[-0.5], between, [most + 0.5]])
