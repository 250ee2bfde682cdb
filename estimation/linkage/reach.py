"""How many links no key brought together: they were never compared, and no draw can show them.

Of pairs that were linked it is known on which parts of keys they agree.  A model of how errors fall
on the parts, fitted to them as a truncated sample, tells how many pairs have errors in so many
parts that every key fails.  Two classes of pairs, careful and careless, let errors come together.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.blocking import Blocks
from estimation.linkage.pairs import Pairs

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Parts of keys that hang together, and the ways in which two records may agree on them.
_FIELDS: Mapping[str, tuple[frozenset[str], ...]] = {
    "s": (frozenset("s"), frozenset()), "g": (frozenset("g"), frozenset()),
    "p": (frozenset("p"), frozenset()), "l": (frozenset("l"), frozenset()),
    "b": (frozenset("bym"), frozenset("y"), frozenset("m"), frozenset()),
    "d": (frozenset("dwv"), frozenset("wv"), frozenset("w"), frozenset("v"), frozenset()),
}  # fmt: skip

#: Numbers of classes of pairs: each is fitted, and the mean of their log odds taken, for none of
#: them was nearest to the truth in all generated worlds.
_CLASSES = (1, 2, 3)

#: With more pairs of lists the share of all is taken for each.
_MOST_PAIRS = 15

_ROUNDS = 400

#: Links that the first guess of a class counts as, where few were found and where many: a class
#: that hardly shows may not be anything.
_PRIOR_FEW, _PRIOR_MANY = 50.0, 5.0

#: Share that is usually missed, and the links that count as much as knowing it.
_USUAL, _FEW_LINKS = 0.02, 150.0

#: With fewer links between two lists the share of all lists is taken; with more it is mixed with
#: that of the two, as if so many links had shown it.
_FEWEST, _TOWARDS = 200, 2000.0


@dataclasses.dataclass(frozen=True)
class Missed:
    """Links that no key brought together.

    Parameters
    ----------
    share : float
        Of all links, those of which no key has both records.
    found : float
        Links that were found, expected number.
    apart : float
        Standard deviation of the log odds between models with one, two and three classes.
    """

    share: float
    found: float
    apart: float


@functools.cache
def _states(fields: str) -> tuple[tuple[int, ...], ...]:
    return tuple(itertools.product(*(range(len(_FIELDS[name])) for name in fields)))


def missed_share(
    blocks: Blocks, left: IntArray, right: IntArray, probability: FloatArray
) -> Missed:  # fmt: skip
    """Estimate which share of links no key brought together.

    Parameters
    ----------
    blocks : Blocks
    left, right : (pair,) integers
        Pairs that some key joins.
    probability : (pair,) shares
        That they are links.

    Notes
    -----
    The idea is that of capture and recapture, with keys in the place of lists: what several
    imperfect detectors found tells what all of them missed.
    """
    likely = probability > 0.05
    left, right, weight = left[likely], right[likely], probability[likely]
    found = float(weight.sum())
    fields = "".join(name for name in _FIELDS if name in blocks.parts)
    filled, state = _agreement(blocks, fields, left, right)
    states = _states(fields)
    groups = np.array(list(itertools.product((False, True), repeat=len(fields))))
    group = filled @ (1 << np.arange(len(fields))[::-1])
    place = np.ravel_multi_index(tuple(state.T), tuple(len(_FIELDS[name]) for name in fields))
    observed = np.zeros((len(groups), len(states)))
    np.add.at(observed, (group, place), weight)
    fails = np.array([[_fails(blocks, fields, one, some) for some in states] for one in groups])
    observed *= fails < 1  # a pair that no key joins came by another
    total = float(observed.sum())
    answers = [_fitted(observed, fails, groups, fields, states, one) for one in _CLASSES]
    if total <= 0 or max(answers) <= 0:
        return Missed(0.0, found, 0.0)
    odds = np.log(np.maximum(answers, 1e-6 * total) / total)
    # few links hardly tell of classes: drawn towards what is usual
    own = found / (found + _FEW_LINKS)
    middle = own * float(odds.mean()) + (1 - own) * math.log(_USUAL / (1 - _USUAL))
    return Missed(1 / (1 + math.exp(-middle)), found, float(odds.std(ddof=1)))


def missed_between(
    blocks: Blocks, pairs: Pairs, probability: FloatArray, lists: IntArray, number: int
) -> tuple[FloatArray, Missed]:
    """Estimate the missed share of links between each two lists, and of all.

    Parameters
    ----------
    blocks : Blocks
    pairs : Pairs
    probability : (pair,) shares
    lists : (record,) integers
    number : int
        Of lists.

    Returns
    -------
    missed : (list, list) shares
        The diagonal is within lists; where links are few, that of all.
    overall : Missed
    """
    all_links = missed_share(blocks, pairs.left, pairs.right, probability)
    if all_links.share <= 0:
        return np.zeros((number, number)), all_links
    found = np.full((number, number), all_links.share)
    low = np.minimum(lists[pairs.left], lists[pairs.right])
    high = np.maximum(lists[pairs.left], lists[pairs.right])
    few = number * (number + 1) // 2 <= _MOST_PAIRS
    for one in range(number if few else 0):
        for other in range(one, number):
            rows = (low == one) & (high == other)
            if float(probability[rows].sum()) < _FEWEST:
                continue
            some = missed_share(blocks, pairs.left[rows], pairs.right[rows], probability[rows])
            # drawn towards that of all lists, as if so many links of these had been found there
            own = some.found / (some.found + _TOWARDS)
            logs = own * math.log(max(some.share, 1e-9)) + (1 - own) * math.log(all_links.share)
            found[one, other] = found[other, one] = math.exp(logs)
    return found, all_links


def _agreement(
    blocks: Blocks, fields: str, left: IntArray, right: IntArray
) -> tuple[NDArray[np.bool_], IntArray]:
    """Return which fields both records have, and how they agree on each, (pair, field)."""
    filled = np.zeros((len(left), len(fields)), dtype=bool)
    state = np.zeros((len(left), len(fields)), dtype=np.int64)
    for column, name in enumerate(fields):
        ways = _FIELDS[name]
        same = {}
        for letter in ways[0]:
            part = blocks.parts.get(letter)
            if part is None:
                same[letter] = np.zeros(len(left), dtype=bool)
                continue
            one, other = part[left], part[right]
            filled[:, column] |= (one > 0) & (other > 0)
            same[letter] = (one > 0) & (one == other)
        state[:, column] = len(ways) - 1
        for place in range(len(ways) - 2, -1, -1):
            agrees = np.all([same[letter] for letter in ways[place]], axis=0)
            state[agrees, column] = place
        # a field that is missing agrees on nothing
        state[~filled[:, column], column] = len(ways) - 1
    return filled, state


def _fails(blocks: Blocks, fields: str, filled: NDArray[np.bool_], state: tuple[int, ...]) -> float:
    """Return the probability that no key joins two records that agree so."""
    agreed: set[str] = set()
    for name, there, way in zip(fields, filled, state, strict=True):
        if there:
            agreed |= _FIELDS[name][way]
    found = 1.0
    for key, open_share in blocks.usable.items():
        if set(key) <= agreed:
            found *= 1.0 - open_share
    return found


def _fitted(
    observed: FloatArray, fails: FloatArray, groups: NDArray[np.bool_], fields: str,
    states: tuple[tuple[int, ...], ...], classes: int,
) -> float:  # fmt: skip
    """Return the expected number of missed links, by expectation and maximization."""
    way = np.array(states)
    first = _first(fields, classes)
    prior = float(np.clip(15_000.0 / max(observed.sum(), 1.0), _PRIOR_MANY, _PRIOR_FEW))
    model = first
    total, missed, now = float(observed.sum()), -1.0, 0.0
    for _ in range(_ROUNDS):
        joint = _joint(model, way, groups)  # (class, group, state)
        cell = joint.sum(axis=0)
        seen = float((cell * (1 - fails)).sum())
        unseen = cell * fails * (total / max(seen, 1e-12))
        now = float(unseen.sum())
        weight = joint / np.maximum(cell, 1e-300) * (observed + unseen)
        model = _updated(weight, way, groups, first, prior)
        if abs(now - missed) < 1e-5 * max(now, 1.0):
            break
        missed = now
    return now


@dataclasses.dataclass(frozen=True, eq=False)
class _Model:
    """Classes of pairs: how many, how often a field is there in both, how it then agrees."""

    classes: FloatArray  # (class,)
    there: FloatArray  # (class, field)
    agreement: list[FloatArray]  # of each field (class, way)


def _first(fields: str, classes: int) -> _Model:
    right = np.linspace(0.95, 0.5, classes)
    agreement = []
    for name in fields:
        ways = len(_FIELDS[name])
        rest = np.repeat((1 - right)[:, None] / (ways - 1), ways - 1, axis=1)
        agreement.append(np.column_stack([right, rest]))
    there = np.linspace(0.9, 0.5, classes)[:, None] * np.ones(len(fields))
    shares = np.linspace(3.0, 1.0, classes)
    return _Model(shares / shares.sum(), there, agreement)


def _updated(
    weight: FloatArray, way: IntArray, groups: NDArray[np.bool_], first: _Model, prior: float
) -> _Model:  # fmt: skip
    sizes = weight.sum(axis=(1, 2))
    by_group = weight.sum(axis=2)
    there = (by_group @ groups + prior * first.there) / (sizes[:, None] + prior)
    agreement = []
    for column, rate in enumerate(first.agreement):
        part = weight[:, groups[:, column]].sum(axis=1)
        counts = prior * rate
        for one in range(rate.shape[1]):
            counts[:, one] += part[:, way[:, column] == one].sum(axis=1)
        agreement.append(counts / counts.sum(axis=1, keepdims=True))
    shares = sizes + 1.0
    return _Model(shares / shares.sum(), there, agreement)


def _joint(model: _Model, way: IntArray, groups: NDArray[np.bool_]) -> FloatArray:
    """Return the probability of class, of which fields are there, and of agreement."""
    found = model.classes[:, None, None] * np.ones((1, len(groups), len(way)))
    for column, rate in enumerate(model.agreement):
        filled = groups[None, :, column, None]
        there = model.there[:, column, None, None]
        # of a missing field only one way is there: the last
        absent = (way[:, column] == rate.shape[1] - 1).astype(float)[None, None, :]
        found *= np.where(filled, there * rate[:, None, way[:, column]], (1 - there) * absent)
    return found
