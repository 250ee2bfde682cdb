"""How probable it is beforehand that records of two lists are one person, learned from pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.pairs import Pairs
from estimation.linkage.posterior import Groups

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

#: Rounds of expectation and maximization, and the change of log odds at which they end.
_ROUNDS, _SETTLED = 100, 1e-3


def pair_odds(
    pairs: Pairs, lists: IntArray, sizes: IntArray, once: BoolArray, start: float
) -> FloatArray:  # fmt: skip
    """Return log odds of links between lists, each pair taken alone, (list, list).

    Parameters
    ----------
    pairs : Pairs
    lists : (record,) integers
    sizes : (list,) integers
        Records of each list.
    once : (list,) booleans
        Lists on which nobody stands twice.
    start : float
        Log odds to begin with.
    """
    number = len(sizes)
    low = np.minimum(lists[pairs.left], lists[pairs.right])
    high = np.maximum(lists[pairs.left], lists[pairs.right])
    code = low * number + high
    evidence = pairs.evidence

    def links(odds: FloatArray) -> FloatArray:
        chance = np.exp(-np.logaddexp(0.0, -(evidence + odds.ravel()[code])))
        found = np.bincount(code, weights=chance, minlength=number * number)
        found = found.reshape(number, number)
        return np.asarray(found + np.triu(found, 1).T)

    return _settled(links, sizes, _begin(number, once, start))


def list_odds(
    groups: Sequence[Groups], sizes: IntArray, once: BoolArray, start: float, certain: FloatArray
) -> FloatArray:  # fmt: skip
    """Return log odds that two random records of two lists are one person, (list, list).

    By expectation and maximization: the odds are those under which as many links are expected.

    Parameters
    ----------
    groups : sequence of Groups
    sizes : (list,) integers
    once : (list,) booleans
    start : float
    certain : (list, list) numbers
        Links that are not in question.
    """

    def links(odds: FloatArray) -> FloatArray:
        return expected_links(groups, odds, len(sizes)) + certain

    return _settled(links, sizes, _begin(len(sizes), once, start))


def expected_links(
    groups: Sequence[Groups], odds: FloatArray, lists: int, slope: float = 1.0, power: int = 1
) -> FloatArray:
    """Return how many pairs of records are expected to be links, by lists.

    Parameters
    ----------
    groups : sequence of Groups
    odds : (list, list) numbers
    lists : int
    slope : float
    power : int
        2 for the sum of squared probabilities, which is what links tell of their own number.

    Returns
    -------
    (list, list) numbers
        Symmetric; the diagonal counts pairs within a list once.
    """
    found = np.zeros((lists, lists))
    for one in groups:
        found += one.by_lists(one.together(odds, slope) ** power) + one.inner
    return found


def possible_pairs(sizes: IntArray) -> FloatArray:
    """Return how many pairs of records there are, by lists."""
    found = sizes[:, None] * sizes[None, :].astype(float)
    np.fill_diagonal(found, sizes * (sizes - 1) / 2.0)
    return np.asarray(found)


def _begin(number: int, once: BoolArray, start: float) -> FloatArray:
    odds = np.full((number, number), start)
    odds[np.diag(once)] = -np.inf
    return odds


def _settled(
    links: Callable[[FloatArray], FloatArray], sizes: IntArray, odds: FloatArray
) -> FloatArray:  # fmt: skip
    possible, never = possible_pairs(sizes), ~np.isfinite(odds)
    for _ in range(_ROUNDS):
        # half a link more: a list without any keeps odds; lists of a few records stay below one
        share = np.minimum((links(odds) + 0.5) / (possible + 1.0), 0.999)
        changed = np.where(never, -np.inf, np.log(share / (1 - share)))
        moved = float(np.abs(changed[~never] - odds[~never]).max(initial=0.0))
        odds = changed
        if moved < _SETTLED:
            break
    return odds
