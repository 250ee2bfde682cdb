"""``linked_overlap``: the total from draws of a linkage, error of linkage included."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from estimation.diagnostics.gate import require
from estimation.errors import NotEstimableError, RefusedError, UsageError
from estimation.overlap.known_truth import Method
from estimation.overlap.latent import LatentFit, LatentOptions
from estimation.overlap.linkage import FloatArray, Linked, pooled_draws
from estimation.overlap.linkage_tables import Linkage, linkage_rows
from estimation.overlap.linked_latent import linked_latent
from estimation.overlap.methods import (
    METHODS,
    REFUSALS,
    WEIGHTS,
    Answers,
    checked_methods,
    classical_method,
)
from estimation.overlap.mixture import Mixed, checked_weights, mixture
from estimation.overlap.overlap import Overlap, asked_again, overlap, short_loglinear
from estimation.progress import begin
from estimation.randomness import integer
from estimation.summaries.overlap import OverlapEstimate
from estimation.tables.linkage_draws import LinkageDraws
from estimation.words import listed
from models.lists.links import check_links
from models.lists.patterns import Patterns

#: Draws of a linkage that methods without a sampler answer; and fits of latent classes.
MOST_DRAWS, FITS = 50, 10

#: Above so many lists each draw takes seconds to minutes by graphs and log-linear models.
_MANY_LISTS, _DRAWS_OF_MANY = 6, 10
_SLOW = ("graphical", "loglinear")

#: So few draws of a linkage make intervals far wider (Student's t).
_FEW = 5

#: A method that refuses more than this share of draws has no answer.
_MOST_REFUSED = 0.1


def linked_overlap(
    linked: LinkageDraws, methods: Sequence[str] = METHODS, *,
    weights: Mapping[str, float] | None = None, options: LatentOptions = LatentOptions(),
    fits: int = FITS, thorough: bool = False, prob: float = 0.95, seed: int = 1,
) -> Overlap:  # fmt: skip
    """Estimate how many there are from draws of a linkage, each a table of who is on which list.

    Every method answers every draw (50 at most, evenly thinned; latent classes `fits` of them) and
    its answers are mixed in equal parts: of a Bayesian method this is the posterior given the
    records, of a classical one a mixture of confidence distributions.

    Parameters
    ----------
    linked : LinkageDraws
    methods, weights, options, thorough, prob, seed
        As of `overlap`; `options.draws` are those of all fits together.
    fits : int
        Draws of the linkage to which latent classes are fitted; 2 or more.

    Returns
    -------
    Overlap
        With `linkage`, and with patterns and tests of one draw in the middle; of a single draw
        what `overlap` says of it.

    Raises
    ------
    NotEstimableError, GateError, UsageError
        As of `overlap`; also if more than a tenth of draws has no answer.
    """
    names = checked_methods(methods)
    stated = checked_weights(WEIGHTS if weights is None else weights)
    number = len(linked.draws)
    if number == 1:
        return overlap(linked.draws[0], methods, weights=weights, options=options,
                       thorough=thorough, prob=prob, seed=seed)  # fmt: skip
    if fits < 2:
        raise UsageError("must be 2 or more", where="linkage_fits",
                         why="one fit does not tell how fits differ")  # fmt: skip
    tables = {place: linked.draws[place] for place in evenly(number, MOST_DRAWS)}
    tables, apart = _that_overlap(tables)
    found, fitted, refused = _asked(tables, names, options, fits, prob=prob, seed=seed)
    pooled = {name: fitted.estimate if fitted and name == "latent" else one.pooled()
              for name, one in found.items()}  # fmt: skip
    mixed = mixture(pooled, stated, seed) if len(names) > 1 else None
    middle = _middle(tables)
    beside = asked_again(tables[middle], Answers(pooled, refused, fitted), options,
                         thorough=thorough, prob=prob, seed=seed)  # fmt: skip
    alone = {name: pooled_draws(one.draws, between=False) for name, one in found.items()}
    estimates = dict(pooled)
    if mixed:
        estimates = {"mixture": mixed.estimate, **pooled}
        alone["mixture"] = _alone(mixed, pooled, alone, seed)
    rows = linkage_rows(estimates, found, alone, mixed.weights if mixed else {}, linked.reach, prob)
    linkage = Linkage(number, found, linked.reach, middle, rows,
                      tuple(_notes(number, tables, found, apart, middle)))  # fmt: skip
    return Overlap(
        tables[middle], Answers(pooled, refused, fitted), mixed, beside["self_test"],
        beside["left_out"], prob, seed, check_links(tables[middle]), beside["spreads"], linkage,
    )  # fmt: skip


def evenly(number: int, most: int) -> list[int]:
    """Return the places of at most so many of a number of things, evenly spaced."""
    if number <= most:
        return list(range(number))
    return [int(one) for one in np.linspace(0, number - 1, most).round()]


def _middle(tables: Mapping[int, Patterns]) -> int:
    order = sorted(tables, key=lambda place: (tables[place].observed, place))
    return order[(len(order) - 1) // 2]


def _that_overlap(
    tables: Mapping[int, Patterns],
) -> tuple[dict[int, Patterns], dict[int, NotEstimableError]]:
    """Return draws whose lists have persons in common, and why others are left out."""
    apart: dict[int, NotEstimableError] = {}
    for place, table in tables.items():
        try:
            check_links(table)
        except NotEstimableError as error:
            apart[place] = error
    if len(apart) > _MOST_REFUSED * len(tables):
        place, fault = next(iter(apart.items()))
        fault.where = f"{len(apart)} of {len(tables)} draws of the linkage, first {place + 1}"
        raise fault
    return {place: table for place, table in tables.items() if place not in apart}, apart


def _asked(
    tables: Mapping[int, Patterns], names: Sequence[str], options: LatentOptions, fits: int, *,
    prob: float, seed: int,
) -> tuple[dict[str, Linked], LatentFit | None, dict[str, str]]:  # fmt: skip
    """Return what methods say of draws, the fit of latent classes, and who refused and why."""
    found: dict[str, Linked] = {}
    refused: dict[str, str] = {}
    fitted: LatentFit | None = None
    for name in names:
        begin(options.tell, "latent classes" if name == "latent" else name)
        try:
            most = fits if name == "latent" else _most(name, tables)
            places = list(tables)
            some = {places[at]: tables[places[at]] for at in evenly(len(places), most)}
            if name == "latent":
                found[name], fit = linked_latent(some, options=options, prob=prob, seed=seed)
                _refuse_holes(name, found[name])
                verdict = require(fit.verdict, options.accept)
                fitted = dataclasses.replace(fit, verdict=verdict)
            else:
                found[name] = _answers(name, some, seed)
                _refuse_holes(name, found[name])
        except REFUSALS as error:
            found.pop(name, None)
            if len(names) == 1:
                raise
            refused[name] = str(error)
    if not found:
        reasons = "; ".join(f"{name}: {why}" for name, why in refused.items())
        raise NotEstimableError("no method has an answer", where="lists", why=reasons)
    return found, fitted, refused


def _most(name: str, tables: Mapping[int, Patterns]) -> int:
    lists = max(len(one.lists) for one in tables.values())
    return _DRAWS_OF_MANY if name in _SLOW and lists > _MANY_LISTS else MOST_DRAWS


def _answers(name: str, tables: Mapping[int, Patterns], seed: int) -> Linked:
    """Return what a method says of each draw, with random numbers of its own for each.

    Draws that are alike are asked once, so that they differ by no random number.
    """
    known: dict[bytes, int] = {}
    estimates: dict[int, OverlapEstimate] = {}
    refused: dict[int, str] = {}
    for place, table in tables.items():
        key = _key(table)
        first = known.setdefault(key, place)
        if first in refused:
            refused[place] = refused[first]
            continue
        if first == place:
            own = integer(seed, "linkage", str(place)) if place != min(tables) else seed
            try:
                estimates[place] = _method(name, own)(table)
            except REFUSALS as error:
                refused[place] = str(error)
                fault = error
        else:
            estimates[place] = estimates[first]
    if not estimates:
        raise fault
    return Linked(tuple(estimates), tuple(estimates.values()), refused)


def _method(name: str, seed: int) -> Method:
    return short_loglinear(seed) if name == "loglinear" else classical_method(name, seed)


def _key(table: Patterns) -> bytes:
    return b"".join(
        one.tobytes() for one in (table.on, table.counts, table.stratum_of, table.is_unknown,
                                  table.is_bound)
    )  # fmt: skip


def _refuse_holes(name: str, linked: Linked) -> None:
    """Refuse a method that has no answer for many draws: those that are left are not like them."""
    asked = len(linked.places) + len(linked.refused)
    if len(linked.refused) <= _MOST_REFUSED * asked and len(linked.places) > 1:
        return
    place, why = next(iter(linked.refused.items()))
    raise RefusedError(
        f"has no answer for {len(linked.refused)} of {asked} draws of the linkage", where=name,
        why=f"of draw {place + 1}: {why}",
        remedy="take another method, or look at what is uncertain in the linkage",
    )  # fmt: skip


def _alone(
    mixed: Mixed, pooled: Mapping[str, OverlapEstimate], alone: Mapping[str, FloatArray], seed: int
) -> FloatArray:
    """Return draws of the mixture without the error of linkage, about its own median."""
    parts = {name: dataclasses.replace(pooled[name], draws=alone[name]) for name in mixed.weights}
    draws = mixture(parts, mixed.weights, seed).estimate.draws
    return np.asarray(draws * (np.median(mixed.estimate.draws) / np.median(draws)))


def _notes(
    number: int, tables: Mapping[int, Patterns], found: Mapping[str, Linked],
    apart: Mapping[int, NotEstimableError], middle: int,
) -> list[str]:  # fmt: skip
    observed = [one.observed for one in tables.values()]
    used = {name: len(one.places) for name, one in found.items()}
    asked = listed([f"{name} {draws}" for name, draws in used.items()])
    notes = [
        f"Links are uncertain: {number} draws of the linkage have {min(observed):,} to "
        f"{max(observed):,} persons. Intervals hold that error; of these draws were used: {asked}.",
        "The persons of each list as a population of known size, the total without each list and "
        f"classes under other priors are asked of draw {middle + 1} alone, one in the middle.",
    ]
    if "latent" in found:
        fits = found["latent"]
        notes[-1] += f" Cells are those of the fit to draw {fits.places[fits.middle] + 1}."
    if min(used.values()) < _FEW:
        notes.append(
            f"Fewer than {_FEW} draws of the linkage hardly tell how far apart they lie: intervals "
            "are widened for that."
        )
    if apart:
        first = next(iter(apart.values()))
        notes.append(
            f"In {len(apart)} of {len(apart) + len(tables)} draws lists fall apart; they are left "
            f"out: {first}"
        )
    return notes
