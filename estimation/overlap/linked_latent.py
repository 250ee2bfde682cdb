"""Latent classes fitted to some draws of a linkage, all with one compiled graph."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence

import numpy as np

from estimation.diagnostics.gate import require
from estimation.diagnostics.verdicts import Verdict
from estimation.errors import GateError
from estimation.overlap.cells import CellCheck, check_cells
from estimation.overlap.latent import (
    Drawn,
    LatentFit,
    LatentOptions,
    latent_estimate,
    latent_model,
    latent_rows,
    sampled,
)
from estimation.overlap.linkage import Linked
from estimation.overlap.linked_verdict import fit_verdict, pooled_verdict
from estimation.overlap.methods import REFUSALS
from estimation.progress import Progress
from estimation.randomness import integer
from models.lists.lists import Lists
from models.lists.patterns import BoolArray, Patterns
from models.model import Model

#: Draws of each chain of all fits together if nobody says; twice those of a single fit: short
#: chains have fewer effective draws, and the tails of the mixture are those of a few fits.
DRAWS = 12_000

#: Draws of each chain of a fit are not fewer than this: its chains must be seen to agree.
FEWEST_DRAWS = 250

#: Up to so many lists all patterns are taken: other tables then find the compilation made.
_ALL_PATTERNS = 5


@dataclasses.dataclass(frozen=True, eq=False)
class LikeLists(Lists):
    """Lists with all patterns of several tables, so that these share one compilation.

    Patterns without a person add nothing to the likelihood.

    Parameters
    ----------
    every : (n_pattern, n_list) booleans, optional
        Different patterns, in order; those of the own table are among them.
    """

    every: BoolArray | None = None

    @functools.cached_property
    def _unique(self) -> tuple[np.ndarray, np.ndarray]:
        own = self.patterns.on
        if self.every is None:
            return own, np.arange(len(own))
        places = {row.tobytes(): place for place, row in enumerate(self.every)}
        return self.every, np.array([places[row.tobytes()] for row in own], dtype=np.int64)


def common_patterns(tables: Sequence[Patterns]) -> BoolArray:
    """Return the patterns on which tables of the same lists are fitted, (n_pattern, n_list)."""
    lists = tables[0].on.shape[1]
    if lists <= _ALL_PATTERNS:
        numbers = np.arange(1, 2**lists)
        return np.asarray((numbers[:, None] & (1 << np.arange(lists)[::-1])) > 0)
    return np.asarray(np.unique(np.concatenate([one.on for one in tables]), axis=0))


def linked_latent(
    tables: Mapping[int, Patterns], *, options: LatentOptions = LatentOptions(),
    prob: float = 0.95, seed: int = 1,
) -> tuple[Linked, LatentFit]:  # fmt: skip
    """Fit latent classes to draws of a linkage.

    A fit whose own checks fail is made once more with the draws of a single fit; if they fail
    again, that draw is left out.

    Parameters
    ----------
    tables : mapping of int to Patterns
        By the place of the draw; of the same lists and strata.
    options : LatentOptions
        `draws` of each chain are those of all fits together.
    prob : float
    seed : int

    Returns
    -------
    Linked, LatentFit
        Estimates of each draw; and what is reported of all together: draws of rows beside the
        total in equal parts, the cells of a draw in the middle, a verdict that is not yet required.

    Raises
    ------
    NotEstimableError, RefusedError, GateError
        If no draw has an answer.
    """
    places = list(tables)
    given = [tables[place] for place in places]
    if len(given[0].strata) == 1:  # nothing to pool
        given = [one.pooled() for one in given]
    every = common_patterns(given)
    whole = options.draws or DRAWS
    part = dataclasses.replace(options, draws=max(-(-whole // len(places)), FEWEST_DRAWS))
    kept: dict[int, Drawn] = {}
    refused: dict[int, str] = {}
    fault: Exception | None = None
    for number, place in enumerate(places):
        name = f"{options.name}, draw {place + 1} of the linkage"
        own = dataclasses.replace(part, name=name)
        longer = dataclasses.replace(own, draws=max(whole, 4 * FEWEST_DRAWS))
        try:
            model = latent_model(given[number], options, LikeLists, every=every)
            kept[place] = _passing(model, (own, longer), prob, integer(seed, "linkage", str(place)),
                                   options.accept)  # fmt: skip
        except REFUSALS as error:
            fault, refused[place] = error, str(error)
        end = "made" if place in kept else "failed"
        options.tell(Progress(name, end, number + 1, len(places)))
    if not kept:
        raise fault or GateError("no fit was made", where="linkage")
    fits = list(kept.values())
    cells = [check_cells(one.joint, one.unknowns["latent"], seed) for one in fits]
    estimates = tuple(
        latent_estimate(one, options, cell) for one, cell in zip(fits, cells, strict=True)
    )
    linked = Linked(tuple(kept), estimates, refused)
    verdict = pooled_verdict([one.tree for one in fits], prob)
    return linked, _together(fits, linked, verdict, cells[linked.middle], prob)


def _passing(
    model: Model, tries: Sequence[LatentOptions], prob: float, seed: int, accept: str | None
) -> Drawn:
    """Return the first fit whose own checks pass, or raise with those that failed."""
    for last, options in enumerate(tries, 1):
        drawn = sampled(model, options, seed)
        try:
            require(fit_verdict(drawn.tree, prob), accept)
        except GateError:
            if last == len(tries):
                raise
            continue
        return drawn
    raise TypeError("nothing was tried")


def _together(
    fits: Sequence[Drawn], linked: Linked, verdict: Verdict, cells: CellCheck, prob: float
) -> LatentFit:  # fmt: skip
    size = min(len(one.estimands["total"]) for one in fits)
    estimands = {
        name: np.concatenate([_spaced(one.estimands[name], size) for one in fits])
        for name in fits[0].estimands
    }
    estimate = linked.pooled()
    rows = latent_rows(fits[0].joint, estimands, prob, estimate.moment_order)
    return LatentFit(estimate, verdict, rows, cells, np.asarray(estimands["coverage"]))


def _spaced(values: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(values[np.linspace(0, len(values) - 1, size).round().astype(int)])
