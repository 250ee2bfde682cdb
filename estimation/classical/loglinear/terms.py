"""Hierarchical models as sets of terms; a term is the lists it joins, as bits of a whole number.

The first list is the highest bit, as in `Patterns.dense`.  A model holds its terms of two or more
lists; the intercept and every list by itself are always in.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from estimation.errors import InvalidValueError, NotEstimableError
from estimation.words import suggestion

Model = tuple[int, ...]


def bit_of(place: int, lists: int) -> int:
    """Return the bit of a list."""
    return 1 << (lists - 1 - place)


def places_in(term: int, lists: int) -> list[int]:
    """Return which lists a term joins."""
    return [place for place in range(lists) if term & bit_of(place, lists)]


def columns_of(model: Model, lists: int) -> NDArray[np.int64]:
    """Return the terms of a design in order: intercept, lists, interactions."""
    return np.array([0, *(bit_of(place, lists) for place in range(lists)), *model], dtype=np.int64)


def subsets_of(term: int) -> Iterator[int]:
    """Return all terms within a term, itself first, the intercept left out."""
    part = term
    while part:
        yield part
        part = (part - 1) & term


def closed(terms: Iterable[int]) -> Model:
    """Return the smallest hierarchical model with these terms."""
    found = {part for term in terms for part in subsets_of(term) if part.bit_count() > 1}
    return tuple(sorted(found, key=lambda term: (term.bit_count(), -term)))


def generators_of(model: Model) -> list[int]:
    """Return the terms of a model that lie within no other."""
    return [
        term for term in model if not any(term != other and term & other == term for other in model)
    ]


def written(model: Model, names: Sequence[str]) -> str:
    """Return a model as a formula of its generators, with names of lists."""
    lists = len(names)
    joined = 0
    for term in model:
        joined |= term
    alone = [bit_of(place, lists) for place in range(lists)]
    terms = [*generators_of(model), *(bit for bit in alone if not bit & joined)]
    return " + ".join("*".join(names[place] for place in places_in(term, lists)) for term in terms)


def parsed(formula: str, names: Sequence[str]) -> Model:
    """Return the model of a formula such as "EXH*ABA*OSCE + EXH*HRW".

    Parameters
    ----------
    formula : str
        Generators, joined by ``+``; the lists of a generator are joined by ``*`` or ``:``.  All
        terms within a generator, and all lists by themselves, are in the model.
    names : sequence of str
        Names of the lists.

    Raises
    ------
    InvalidValueError
        If a name is no list.
    NotEstimableError
        If a generator joins all lists.
    """
    terms = []
    for generator in formula.split("+"):
        term = 0
        for name in (part.strip() for part in re.split(r"[*:]", generator)):
            if name not in names:
                raise InvalidValueError(
                    f"{name!r} in {formula!r} is no list", where="formula",
                    why="a model is a sum of terms, each of them lists joined by *",
                    remedy=suggestion(name, names) or f"lists are {', '.join(names)}",
                )  # fmt: skip
            term |= bit_of(list(names).index(name), len(names))
        terms.append(term)
    if any(term.bit_count() == len(names) for term in terms):
        raise NotEstimableError(
            "a term joins all lists", where="formula",
            why="it fits the persons seen whatever the number of those on no list",
            remedy="leave it out: that it is absent is the assumption of these models",
        )  # fmt: skip
    return closed(terms)


def every_model(lists: int) -> list[Model]:
    """Return all hierarchical models but the saturated one: 1, 8, 113, 6,893 for 2 to 5 lists."""
    everything = [term for term in range(1, 2**lists) if 1 < term.bit_count() < lists]
    by_order = [
        [term for term in everything if term.bit_count() == order] for order in range(2, lists)
    ]
    found: list[frozenset[int]] = [frozenset()]
    for terms in by_order:
        larger = []
        for model in found:
            open_to = [term for term in terms if _rests_on(term, model)]
            larger += [
                model.union(chosen)
                for size in range(len(open_to) + 1)
                for chosen in itertools.combinations(open_to, size)
            ]
        found = larger
    return [closed(model) for model in found]


def pair_terms(lists: int) -> list[int]:
    """Return all terms of two lists."""
    bits = [bit_of(place, lists) for place in range(lists)]
    return [one | other for one, other in itertools.combinations(bits, 2)]


def pair_models(lists: int) -> list[Model]:
    """Return all models of terms of two lists; of two lists only their independence."""
    if lists < 3:
        return [()]
    pairs = pair_terms(lists)
    return [
        chosen for size in range(len(pairs) + 1) for chosen in itertools.combinations(pairs, size)
    ]


def neighbors_of(model: Model, lists: int) -> list[Model]:
    """Return the hierarchical models with one term more or less, never that of all lists."""
    inside = frozenset(model)
    candidates = set(pair_terms(lists)) if lists > 2 else set()
    for term in model:
        candidates |= {term | bit_of(place, lists) for place in range(lists)}
    more = [
        closed((*model, term))
        for term in sorted(candidates - inside)
        if term.bit_count() < lists and _rests_on(term, inside)
    ]
    less = [tuple(term for term in model if term != out) for out in generators_of(model)]
    return more + less


def components_of(model: Model, lists: int) -> list[int]:
    """Return groups of lists that no term joins, as bits; within a group terms lead to all."""
    groups = [bit_of(place, lists) for place in range(lists)]
    for term in model:
        touched = [group for group in groups if group & term]
        union = 0
        for group in touched:
            union |= group
        groups = [group for group in groups if not group & term] + [union]
    return sorted(groups, reverse=True)


def _rests_on(term: int, model: frozenset[int]) -> bool:
    below = (term & ~(1 << bit) for bit in range(term.bit_length()) if term >> bit & 1)
    return all(part.bit_count() < 2 or part in model for part in below)
