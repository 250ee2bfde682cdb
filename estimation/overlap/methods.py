"""The methods for overlapping lists, by name, each with the same face."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from estimation.errors import GateError, NotEstimableError, RefusedError, UsageError
from estimation.progress import STARTED, Progress, silent
from estimation.summaries.overlap import OverlapEstimate
from estimation.words import suggestion

if TYPE_CHECKING:
    from estimation.classical.captures.frequencies import Captures
    from estimation.overlap.latent import LatentFit, LatentOptions
    from models.lists.patterns import Patterns

#: All methods, in the order in which they are shown; `latent` is fitted by NUTS.
METHODS = ("latent", "graphical", "loglinear", "sample_coverage", "chao")

#: Weights of the mixture unless others are stated: those that estimate the total and say how sure
#: they are of their own form.  A bound is no estimate; sample coverage has no such part.
WEIGHTS: Mapping[str, float] = {"latent": 1 / 3, "graphical": 1 / 3, "loglinear": 1 / 3}

#: What a method may say instead of an answer.
REFUSALS = (NotEstimableError, RefusedError, GateError)


@dataclasses.dataclass(frozen=True, eq=False)
class Answers:
    """What several methods say of one table.

    Parameters
    ----------
    estimates : dict of str to OverlapEstimate
        By method, in the order of `METHODS`.
    refused : dict of str to str
        Why a method has no answer.
    latent : LatentFit, optional
        The fit of latent classes, if it was asked for and passed.
    """

    estimates: dict[str, OverlapEstimate]
    refused: dict[str, str]
    latent: LatentFit | None = None


def checked_methods(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of methods in their order.

    Raises
    ------
    UsageError
        If one is not known.
    """
    for name in names:
        if name not in METHODS:
            raise UsageError(f"no method {name!r}", where="method",
                             remedy=suggestion(name, METHODS))  # fmt: skip
    return tuple(name for name in METHODS if name in names)


def classical_method(name: str, seed: int) -> Callable[[Patterns], OverlapEstimate]:
    """Return a method that needs no sampling, as a function of the table."""
    if name == "graphical":
        from estimation.classical.graphical import graphical

        return lambda patterns: graphical(patterns, seed=seed)
    if name == "loglinear":
        from estimation.classical.loglinear.estimate import loglinear

        return lambda patterns: loglinear(patterns, seed=seed)
    if name == "sample_coverage":
        from estimation.classical.captures.coverage import sample_coverage

        return lambda patterns: dataclasses.replace(
            sample_coverage(patterns, seed=seed), method="sample_coverage"
        )
    from estimation.classical.captures.lower_bounds import chao

    return lambda patterns: chao(patterns, seed=seed)


def captures_methods(seed: int) -> dict[str, Callable[[Captures], OverlapEstimate]]:
    """Return the methods for a table of how often each was captured, the lower bound first."""
    from estimation.classical.captures.heterogeneity import (
        captures_equal,
        captures_heterogeneity,
    )
    from estimation.classical.captures.lower_bounds import captures_chao, captures_zelterman
    from estimation.classical.captures.nonparametric import captures_ace, captures_jackknife

    return {
        "chao": lambda table: captures_chao(table, seed=seed),
        "zelterman": lambda table: captures_zelterman(table, seed=seed),
        "equal": lambda table: captures_equal(table, seed=seed),
        "darroch": lambda table: captures_heterogeneity(table, "darroch", seed=seed),
        "ace": lambda table: captures_ace(table, seed=seed),
        "jackknife": lambda table: captures_jackknife(table, seed=seed),
    }


def answers(
    patterns: Patterns, names: Sequence[str] = METHODS, *, options: LatentOptions | None = None,
    prob: float = 0.95, seed: int = 1,
) -> Answers:  # fmt: skip
    """Ask several methods for the total.

    A method that refuses is told with its reason; if one alone is asked for, its error is raised.

    Parameters
    ----------
    patterns : Patterns
    names : sequence of str
        Of `METHODS`.
    options : LatentOptions, optional
    prob : float
    seed : int

    Raises
    ------
    UsageError
        If a method is not known.
    NotEstimableError
        If no method has an answer.
    """
    found: dict[str, OverlapEstimate] = {}
    refused: dict[str, str] = {}
    fitted: LatentFit | None = None
    tell = silent if options is None else options.tell
    asked = checked_methods(names)
    for number, name in enumerate(asked, 1):
        tell(Progress(name, STARTED))
        try:
            if name == "latent":
                from estimation.overlap.latent import LatentOptions, latent

                fitted = latent(patterns, options=options or LatentOptions(), prob=prob, seed=seed)
                found[name] = fitted.estimate
            else:
                found[name] = classical_method(name, seed)(patterns)
        except REFUSALS as error:
            if len(names) == 1:
                raise
            refused[name] = str(error)
        tell(Progress(name, "made" if name in found else "failed", number, len(asked)))
    if not found:
        reasons = "; ".join(f"{name}: {why}" for name, why in refused.items())
        raise NotEstimableError("no method has an answer", where="lists", why=reasons)
    return Answers(found, refused, fitted)
