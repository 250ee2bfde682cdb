"""``overlap``: the total from who is on which list, by one method or all of them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimation.diagnostics.gate import exact_verdict
from estimation.diagnostics.verdicts import Verdict
from estimation.errors import NotEstimableError, UsageError
from estimation.fit.key import engine_versions
from estimation.overlap.curves import dependence_curve, prior_curve
from estimation.overlap.known_truth import Method, left_out, self_test
from estimation.overlap.latent import LatentFit, LatentOptions, latent, spread_curve
from estimation.overlap.linkage_tables import LINKAGE_TABLES, Linkage
from estimation.overlap.methods import (
    METHODS,
    REFUSALS,
    WEIGHTS,
    Answers,
    answers,
    captures_methods,
    classical_method,
)
from estimation.overlap.mixture import Mixed, checked_weights, mixture
from estimation.progress import begin, silent
from estimation.result import Result
from estimation.summaries.overlap import OverlapEstimate
from models.lists.form import POOLED
from models.lists.links import check_links
from models.lists.patterns import Patterns

#: Methods that are quick enough to be asked again and again.
QUICK = ("graphical", "loglinear", "chao")

#: With more lists even these take minutes each: only the bound is asked again.
_MOST_AGAIN = 8

#: Replicates of the bootstrap where a method is asked for each list.
_SHORT = 200


@dataclasses.dataclass(frozen=True, eq=False)
class Overlap:
    """What overlapping lists say of the total.

    Parameters
    ----------
    patterns : Patterns, optional
        None of a table of captures.
    answers : Answers
        Of each method.
    mixed : Mixed, optional
        The mixture, if several were asked.
    self_test, left_out : list of dict
        See `estimation.overlap.known_truth`.
    prob : float
    seed : int
    links : tuple of str
        What must be said of lists without a person in common with others.
    spreads : list of dict
        Latent classes under other priors of how much they differ, if these were asked for.
    linkage : Linkage, optional
        Of draws of a linkage: how much of the spread is error of linkage.  Patterns, tests and
        the table without each list are then those of one draw in the middle.
    """

    patterns: Patterns | None
    answers: Answers
    mixed: Mixed | None
    self_test: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    prob: float
    seed: int
    links: tuple[str, ...] = ()
    spreads: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    linkage: Linkage | None = None

    @property
    def estimates(self) -> dict[str, OverlapEstimate]:
        """Return all estimates, that of the answer first."""
        found = dict(self.answers.estimates)
        return {"mixture": self.mixed.estimate, **found} if self.mixed else found

    @property
    def latent(self) -> LatentFit | None:
        """Return the fit of latent classes, if there is one."""
        return self.answers.latent

    @property
    def first(self) -> OverlapEstimate:
        """Return the estimate that is the answer."""
        return next(iter(self.estimates.values()))

    @functools.cached_property
    def dependence(self) -> list[dict[str, Any]]:
        """Return the curve in the strength of the identifying assumption."""
        bounds = {name for name, one in self.estimates.items() if one.bound}
        kept = {name: one for name, one in self.estimates.items() if name not in bounds}
        return dependence_curve(kept or self.estimates, self.prob)

    @functools.cached_property
    def priors(self) -> list[dict[str, Any]]:
        """Return the curve in the prior of the total."""
        return prior_curve(self.answers.estimates, self.prob)

    @property
    def verdict(self) -> Verdict:
        """Return the checks of the fit; of methods that need none, that there are enough draws."""
        if self.latent is not None:
            return self.latent.verdict
        return exact_verdict({"total": self.first.draws}, (), self.prob)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of estimates, the answer first."""
        found = [one.row(self.prob) for one in self.estimates.values()]
        return found + (self.latent.rows if self.latent else [])

    def notes(self) -> list[str]:
        """Return what a reader must know, the most serious first."""
        found = list(self.mixed.estimate.notes) if self.mixed else []
        for name, why in self.answers.refused.items():
            found.append(f"{name} has no answer: {why}")
        found += self.linkage.notes if self.linkage else ()
        found += [*self.links, *self._low(), *self._untested()]
        for name, one in self.answers.estimates.items():
            said = one.notes if len(self.estimates) == 1 else [f"{name}: {n}" for n in one.notes]
            found += [note for note in said if note not in found]
        return found

    def _low(self) -> list[str]:
        """Return which estimates lie below the lower bound."""
        bound = self.answers.estimates.get("chao")
        if bound is None:
            return []
        below = [name for name, one in self.answers.estimates.items()
                 if not one.bound and one.estimate < bound.estimate]  # fmt: skip
        if not below:
            return []
        return [
            f"Below the lower bound of Chao ({bound.estimate:,.0f}) lie {', '.join(below)}: where "
            "persons differ in how visible they are, these are too low; where lists avoid each "
            "other, the bound is too high."
        ]

    def _untested(self) -> list[str]:
        """Return which methods were not tested on each list."""
        if self.patterns is None or len(self.patterns.lists) <= _MOST_AGAIN:
            return []
        tested = {row["method"] for row in self.left_out}
        missing = [name for name in QUICK if name in self.answers.estimates and name not in tested]
        if not missing:
            return []
        return [
            f"Lists are more than {_MOST_AGAIN}: {', '.join(missing)} were not tested on each of "
            "them, which takes long (--thorough)."
        ]

    def result(self) -> Result:
        """Return the object that every estimating command prints."""
        engine = self.first.engine
        versions = engine_versions("nuts" if engine == "nuts" else "exact")
        return Result(engine, self.seed, self.prob, self.rows(), self.verdict, (),
                      tuple(self.notes()), versions)  # fmt: skip

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return the tables beside the estimates, by name."""
        empty: dict[str, list[dict[str, Any]]] = {key: [] for key in LINKAGE_TABLES}
        return {
            "methods": [one.about() for one in self.estimates.values()],
            "dependence": self.dependence, "priors": self.priors, "self_test": self.self_test,
            "left_out": self.left_out, "spreads": self.spreads,
            "cells": self.latent.cells.rows if self.latent else [],
            **(self.linkage.tables(self.prob) if self.linkage else empty),
        }  # fmt: skip


def overlap(
    patterns: Patterns, methods: Sequence[str] = METHODS, *,
    weights: Mapping[str, float] | None = None, options: LatentOptions = LatentOptions(),
    thorough: bool = False, prob: float = 0.95, seed: int = 1,
) -> Overlap:  # fmt: skip
    """Estimate how many there are, from who is on which list.

    Parameters
    ----------
    patterns : Patterns
        Who is on which list.
    methods : sequence of str
        Of `estimation.overlap.methods.METHODS`; all by default.  Where several are asked, the
        first row is a mixture of them.
    weights : mapping of str to float, optional
        Of the mixture; a third each for latent, graphical and loglinear by default.
    options : LatentOptions
        How latent classes are fitted.
    thorough : bool
        Whether latent classes too are asked for each list: a fit a list, and another without it.
    prob : float
        Level of the intervals.
    seed : int

    Raises
    ------
    NotEstimableError
        If the lists do not overlap as they must, or no method has an answer.
    GateError
        If latent classes alone are asked for and their fit fails its checks.
    UsageError
        If a method is not known, or a weight is none.
    """
    links = check_links(patterns)
    stated = checked_weights(WEIGHTS if weights is None else weights)
    begin(options.tell, "methods")
    found = answers(patterns, methods, options=options, prob=prob, seed=seed)
    mixed = mixture(found.estimates, stated, seed) if len(methods) > 1 else None
    beside = asked_again(patterns, found, options, thorough=thorough, prob=prob, seed=seed)
    return Overlap(patterns, found, mixed, beside["self_test"], beside["left_out"], prob, seed,
                   links, beside["spreads"])  # fmt: skip


def asked_again(
    patterns: Patterns, found: Answers, options: LatentOptions, *, thorough: bool, prob: float,
    seed: int,
) -> dict[str, list[dict[str, Any]]]:  # fmt: skip
    """Return self_test, left_out and spreads of one table, for methods that have an answer."""
    begin(options.tell, "tests of known answer")
    few = len(patterns.lists) <= _MOST_AGAIN
    quick = [name for name in QUICK if few or thorough or name == "chao"]
    asked = [name for name in found.estimates if name in quick or (thorough and name == "latent")]
    again: dict[str, Method] = {name: _again(name, options, prob, seed) for name in asked}
    wanted = thorough and found.latent is not None and options.captures == POOLED
    return {
        "self_test": self_test(patterns, again, prob),
        "left_out": left_out(patterns, again, prob),
        "spreads": spread_curve(patterns, options, prob=prob, seed=seed) if wanted else [],
    }


def captures_overlap(
    captures: NDArray[np.int64], counts: NDArray[np.int64], occasions: int | None,
    method: str = "all", *, prob: float = 0.95, seed: int = 1,
) -> Overlap:  # fmt: skip
    """Estimate the total from how many were captured once, twice, and so on.

    Parameters
    ----------
    captures, counts : (n,) integers
        How often, and how many persons so often.
    occasions : int, optional
        How often one could be captured; none without limit.
    method : {"all", "chao"}
        The lower bound alone, or beside it what estimates the total; the bound is the first row,
        for such a table tells persons who differ from persons who are alike only by assumption.
    prob : float
    seed : int

    Raises
    ------
    UsageError
        If the method needs to know who was on which list.
    NotEstimableError
        If no method has an answer.
    """
    from estimation.classical.captures.frequencies import Captures

    if method not in ("all", "chao"):
        raise UsageError(
            f"{method} needs to know who is on which list", where="method",
            why="the table tells only how often each was captured", remedy="chao or all",
        )  # fmt: skip
    table = Captures(captures, counts, occasions)
    found: dict[str, OverlapEstimate] = {}
    refused: dict[str, str] = {}
    asked = captures_methods(seed)
    for name in ("chao",) if method == "chao" else asked:
        try:
            found[name] = asked[name](table)
        except REFUSALS as error:
            if method == "chao":
                raise
            refused[name] = str(error)
    if not found:
        raise NotEstimableError("no method has an answer", where="captures",
                                why="; ".join(dict.fromkeys(refused.values())))  # fmt: skip
    return Overlap(None, Answers(found, refused), None, [], [], prob, seed)


def _again(name: str, options: LatentOptions, prob: float, seed: int) -> Method:
    if name == "latent":
        quiet = dataclasses.replace(options, tell=silent)
        return lambda patterns: latent(patterns, options=quiet, prob=prob, seed=seed).estimate
    if name == "loglinear":
        return short_loglinear(seed)
    return classical_method(name, seed)


def short_loglinear(seed: int) -> Method:
    """Return log-linear models with few replicates, for tables that are one of many."""
    from estimation.classical.loglinear.estimate import loglinear

    return lambda patterns: loglinear(patterns, replicates=_SHORT, seed=seed)
