"""Which unknowns a model with evidence on coverage has, and where each stands in one vector.

The blocks of the list come first (models/learning/counted.py, models/learning/reported.py), then
those of coverage, then those of each register, audit and table of deaths, whose names end in that
of the evidence.  All but scales, log odds of shares and the free level are standard normal.

A half-normal scale of coverage or evidence is prior * exp(sinh(v)), and v stands in the vector:
few effects leave such scales next to unknown down to nothing, and in v this end is near, where
their log has a long tail in which a sampler loses its way.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

from models.beliefs import Belief, Beta, Known, LogitNormal
from models.errors import RefusedError

#: Begins the names of blocks of scales.
SCALE = "size_"

#: How priors of shares are written in structures and data: two numbers each.
BETA, LOGIT_NORMAL = "beta", "logit_normal"


@dataclasses.dataclass(frozen=True)
class ExcessForm:
    """Sizes of a table of deaths: years (of war too), ages, pandemic years."""

    years: int
    ages: int
    pandemic: int


@dataclasses.dataclass(frozen=True)
class Form:
    """The shape of a model whose coverage is learned.

    Parameters
    ----------
    listed : tuple of (str, int)
        Blocks of the list with their sizes.
    shares : tuple of (str, str)
        Free shares by block, and the kind of their prior.
    knots : int
        Knots of the walk of coverage over periods; 0 if coverage does not drift.
    registers : tuple of str
        Names of registers.
    audits : tuple of (str, int)
        Names of audits, and their numbers of places.
    excess : tuple of (str, ExcessForm)
        Names of tables of deaths, and their sizes.
    """

    listed: tuple[tuple[str, int], ...]
    shares: tuple[tuple[str, str], ...]
    knots: int
    registers: tuple[str, ...]
    audits: tuple[tuple[str, int], ...]
    excess: tuple[tuple[str, ExcessForm], ...]

    @functools.cached_property
    def blocks(self) -> dict[str, slice]:
        """Return where each block of unknowns stands in the vector."""
        found: dict[str, slice] = {}
        start = 0
        for name, size in self._sizes():
            if size > 0:
                found[name] = slice(start, start + size)
                start += size
        return found

    @functools.cached_property
    def size(self) -> int:
        """Return the length of the vector of unknowns."""
        return sum(size for _, size in self._sizes())

    @functools.cached_property
    def own(self) -> dict[str, slice]:
        """Return the blocks that are not those of the list."""
        listed = {name for name, _ in self.listed}
        return {name: block for name, block in self.blocks.items() if name not in listed}

    def _sizes(self) -> list[tuple[str, int]]:
        sizes = [*self.listed, *((name, 1) for name, _ in self.shares)]
        if self.knots:
            sizes += [(f"{SCALE}coverage_step", 1), ("coverage_step", self.knots - 1)]
        sizes += [(f"bias_{name}", 1) for name in self.registers]
        for name, places in self.audits:
            sizes += [(f"bias_{name}", 1), (f"{SCALE}place_{name}", 1), (f"place_{name}", places)]
        for name, of in self.excess:
            sizes += [
                (f"level_{name}", of.ages), (f"common_{name}", 1), (f"{SCALE}slope_{name}", 1),
                (f"slope_{name}", of.ages), (f"{SCALE}drift_{name}", 1),
                (f"drift_{name}", of.years - 1),
                (f"pandemic_{name}", of.pandemic), (f"age_{name}", of.ages),
                (f"{SCALE}noise_{name}", 1),
            ]  # fmt: skip
        return sizes


def prior_numbers(belief: Belief, where: str) -> tuple[str, float, float]:
    """Return kind and the two numbers of the prior of a share that other evidence informs.

    Raises
    ------
    RefusedError
        If the belief has no density on all of (0, 1), or none in closed form.
    """
    if isinstance(belief, Beta):
        return BETA, belief.alpha, belief.beta
    if isinstance(belief, LogitNormal):
        return LOGIT_NORMAL, belief.mu, belief.sigma
    hard = belief.hard and not isinstance(belief, Known)
    raise RefusedError(
        "is a hard range beside evidence that informs it" if hard
        else f"is {belief.kind.replace('_', ' ')}: beside other evidence a closed form is needed",
        where=where,
        why="where evidence points out of the range, all would pile up at its end" if hard else
        "the sampler works on its log odds",
        remedy="state how probable the range is: between, with a mass",
    )  # fmt: skip


def free_shares(beliefs: Mapping[str, Belief]) -> dict[str, tuple[str, float, float]]:
    """Return kind and numbers of the priors of all shares that are not known."""
    return {
        name: prior_numbers(belief, name)
        for name, belief in beliefs.items() if not isinstance(belief, Known)
    }  # fmt: skip
