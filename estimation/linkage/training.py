"""How often fields agree for one person, learned without labels.

Pairs that agree on two fields, say surname and given name, are a mixture of persons and namesakes.
How they agree on the other fields tells both apart (expectation and maximization); pairs that agree
on other fields teach the fields that were held fixed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: A level of agreement counts as if so many links had shown it: none is impossible.
_PRIOR = 0.5

#: Links that the first guess counts as.  Where links are few, any class of pairs that are alike,
#: brothers or namesakes of one place, would else be learned to be one person.
_TYPICAL = 50.0

#: A set of pairs with fewer links teaches nothing.
_FEWEST_LINKS = 20.0

_ROUNDS = 200


@dataclasses.dataclass(frozen=True, eq=False)
class Lesson:
    """Pairs that agree on some fields.

    Parameters
    ----------
    held : frozenset of str
        Fields on which they agree; nothing is learned of these.
    levels : (pair, field) integers
        Level of agreement of each field, 0 the lowest; -1 where it is missing.
    """

    held: frozenset[str]
    levels: IntArray


def learned(
    lessons: Sequence[Lesson], fields: Sequence[str], random: Mapping[str, FloatArray]
) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Learn how often each level of agreement occurs for one person.

    Parameters
    ----------
    lessons : sequence of Lesson
    fields : sequence of str
        In the order of the columns of levels.
    random : mapping of str to (level,) shares
        How often two persons agree so, by field.

    Returns
    -------
    agree : dict of str to (level,) shares
        For one person; all levels at least as often as half a link would show.
    untrained : tuple of str
        Fields of which no lesson told anything: the highest level is taken at 90 %.
    """
    counts = {name: np.zeros(len(random[name])) for name in fields}
    for lesson in lessons:
        free = [place for place, name in enumerate(fields) if name not in lesson.held]
        for name, found in _one(lesson.levels, free, fields, random).items():
            counts[name] += found
    agree, untrained = {}, []
    for name in fields:
        levels = len(random[name])
        if counts[name].sum() < _FEWEST_LINKS and levels > 1:
            untrained.append(name)
            agree[name] = np.full(levels, 0.1 / max(levels - 1, 1))
            agree[name][-1] = 0.9
        else:
            agree[name] = _shares(counts[name])
    return agree, tuple(untrained)


def _shares(counts: FloatArray) -> FloatArray:
    smooth = counts + _PRIOR + _TYPICAL * _first(len(counts))
    return np.asarray(smooth / smooth.sum())


def _one(
    levels: IntArray, free: Sequence[int], fields: Sequence[str], random: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """Return the expected links by level of each field that a lesson teaches."""
    if not len(levels) or not free:
        return {}
    # many pairs agree alike
    vectors, number = np.unique(levels[:, list(free)], axis=0, return_counts=True)
    names = [fields[place] for place in free]
    apart = np.zeros(len(vectors))
    for column, name in enumerate(names):
        there = vectors[:, column] >= 0
        apart[there] += np.log(random[name][vectors[there, column]])
    agree = {name: _first(len(random[name])) for name in names}
    share, before = 0.1, -1.0
    counts: dict[str, FloatArray] = {}
    for _ in range(_ROUNDS):
        one = np.zeros(len(vectors))
        for column, name in enumerate(names):
            there = vectors[:, column] >= 0
            one[there] += np.log(agree[name][vectors[there, column]])
        odds = one - apart + np.log(share / (1 - share))
        links = number / (1 + np.exp(-np.clip(odds, -700, 700)))
        share = float(np.clip((links.sum() + _PRIOR) / (number.sum() + 1), 1e-12, 1 - 1e-9))
        for column, name in enumerate(names):
            there = vectors[:, column] >= 0
            counts[name] = np.bincount(
                vectors[there, column], weights=links[there], minlength=len(random[name])
            )  # fmt: skip
            agree[name] = _shares(counts[name])
        if abs(links.sum() - before) < 1e-4 * max(before, 1.0):
            break
        before = float(links.sum())
    return counts if before >= _FEWEST_LINKS else {}


def _first(levels: int) -> FloatArray:
    """Return a first guess: the higher a level, the likelier."""
    if levels == 1:
        return np.ones(1)
    rest = np.geomspace(0.01, 0.1, levels - 1)
    return np.append(0.15 * rest / rest.sum(), 0.85)
