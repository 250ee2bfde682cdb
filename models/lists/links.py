"""Whether persons link the lists: without common persons any total is possible."""

from __future__ import annotations

import numpy as np

from models.beliefs.base import FloatArray
from models.errors import NotEstimableError
from models.lists.patterns import BoolArray, Patterns

#: Lists that would share a person with so much probability, and share none, were hardly made of
#: one population.
_BY_CHANCE = 0.01

#: A log number of missing persons at which a total is as good as infinite.
_LARGEST = 100.0


def linked_parts(patterns: Patterns) -> list[BoolArray]:
    """Return the parts into which lists fall that have no person in common, as masks.

    A cell whose count is not known links its lists; lists without a person are left out.
    """
    joined = patterns.pairs > 0
    for row in patterns.on[~patterns.counted]:
        joined = joined | np.outer(row, row)
    left = joined.diagonal().copy()
    found = []
    while left.any():
        reached = np.arange(len(left)) == np.argmax(left)
        for _ in patterns.lists:
            reached = joined[reached].any(axis=0)
        found.append(reached)
        left &= ~reached
    return found


def check_links(patterns: Patterns) -> tuple[str, ...]:
    """Return what must be said of lists without a common person; refuse where that is no chance.

    If lists of different parts were independent samples of one population, the number of persons
    that they share would be about Poisson: its mean tells whether none may be chance.

    Parameters
    ----------
    patterns : Patterns

    Raises
    ------
    NotEstimableError
        If there are not two lists with persons, none is on two, or parts share none where they
        would.
    """
    used = patterns.on.any(axis=0)
    if used.sum() < 2:
        raise NotEstimableError(
            "there is one list only" if len(patterns.lists) == 1
            else "persons are on one list only" if used.any() else "no person is on any list",
            where="lists", why="without a second list nothing tells how many it misses",
            remedy="add a list, or state a belief on coverage (undercount total)",
        )  # fmt: skip
    parts = linked_parts(patterns)
    if not np.triu(patterns.pairs, 1).any():
        raise NotEstimableError(
            "no person is on two lists", where="lists",
            why="without a person who is known to be on both every total above the sum of names "
            "fits",
            remedy="match the lists to each other, and check that they hold the same population",
        )  # fmt: skip
    totals, notes = patterns.list_totals.astype(float), []
    size = independent_total(totals, float(patterns.observed))
    *small, _ = sorted(parts, key=lambda part: float(totals[part].sum()))
    for part in small:
        names = ", ".join(name for name, one in zip(patterns.lists, part, strict=True) if one)
        common = float(totals[part].sum() * totals[~part].sum() / size)
        if np.exp(-common) < _BY_CHANCE:
            raise NotEstimableError(
                f"nobody on {names} is on any other list, where about {common:,.0f} persons would "
                "be by chance", where="lists",
                why="they list another population, or were not matched: every total fits",
                remedy=f"match them, or leave out {names}",
            )  # fmt: skip
        notes.append(
            f"Nobody on {names} is on any other list; about {common:.2g} persons would be by "
            "chance. If it is of another population, the total is too high: see without it."
        )
    return tuple(notes)


def independent_total(totals: FloatArray, observed: float) -> float:
    """Return the total at which independent lists have these totals and so many persons together.

    Parameters
    ----------
    totals : (n_list,) numbers, persons
        Persons on each list.
    observed : float
        Persons on any list.
    """
    from scipy.optimize import brentq

    if totals.max() >= observed:
        return float(observed)

    def surplus(log_missing: float) -> float:
        size = observed + np.exp(log_missing)
        return float(log_missing - np.log(size) - np.log1p(-totals / size).sum())

    low, high = -50.0, np.log(observed)
    while surplus(high) < 0:
        high += 5.0
        if high > _LARGEST:
            return float("inf")
    return observed + float(np.exp(brentq(surplus, low, high, xtol=1e-13)))
