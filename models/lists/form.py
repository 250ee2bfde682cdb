"""Which unknowns a model of overlapping lists has, and where each stands in one vector.

All are standard normal but: `stick` and, under the uniform prior, `capture`, which are standard
logistic (log odds of uniform variables); scales `size_*`, prior * exp(sinh(v)) with a half-normal
prior; the free `level`; and log odds of shares.
"""

from __future__ import annotations

import dataclasses
import functools

#: Begins the names of blocks of scales.
SCALE = "size_"

#: Priors of the probabilities to be on a list, by class.
POOLED, UNIFORM = "pooled", "uniform"

#: Blocks of standard logistic variables.
LOGISTIC = ("stick", "capture")


@dataclasses.dataclass(frozen=True)
class Form:
    """The shape of a model of overlapping lists.

    Parameters
    ----------
    lists, classes, strata : int
        Their numbers; one stratum if there are none.
    captures : {"pooled", "uniform"}
        Prior of the probabilities to be on a list.
    losses : {"scale", "gamma", "pooled"}
        Prior of the rates.
    registers : tuple of str
        Names of registers beside the lists.
    shares : tuple of (str, str)
        Free shares of registers, and the kind of their prior.
    """

    lists: int
    classes: int
    strata: int
    captures: str
    losses: str
    registers: tuple[str, ...] = ()
    shares: tuple[tuple[str, str], ...] = ()

    @functools.cached_property
    def blocks(self) -> dict[str, slice]:
        """Return where each block of unknowns stands in the vector."""
        found: dict[str, slice] = {}
        start = 0
        for name, size in self._sizes():
            found[name] = slice(start, start + size)
            start += size
        return found

    @functools.cached_property
    def size(self) -> int:
        """Return the length of the vector of unknowns."""
        return sum(size for _, size in self._sizes())

    @functools.cached_property
    def scales(self) -> tuple[str, ...]:
        """Return the blocks of scales."""
        return tuple(name for name in self.blocks if name.startswith(SCALE))

    @functools.cached_property
    def logistic(self) -> tuple[str, ...]:
        """Return the blocks of standard logistic variables."""
        return tuple(name for name in self.blocks if name in LOGISTIC)

    @functools.cached_property
    def normal(self) -> tuple[str, ...]:
        """Return the blocks of standard normal variables."""
        apart = {*self.scales, *self.logistic, "level", *(name for name, _ in self.shares)}
        return tuple(name for name in self.blocks if name not in apart)

    def _sizes(self) -> list[tuple[str, int]]:
        sizes = [("level", self.strata), ("concentration", 1)]
        if self.classes > 1:
            sizes.append(("stick", self.classes - 1))
        if self.captures == UNIFORM:
            sizes.append(("capture", self.classes * self.lists))
        else:
            sizes += [
                ("center", 1), (f"{SCALE}list", 1), ("list", self.lists),
                (f"{SCALE}class", 1), ("class", self.classes),
                (f"{SCALE}deviation", 1), ("deviation", self.classes * self.lists),
            ]  # fmt: skip
        if self.strata > 1:
            if self.classes > 1:
                sizes += [(f"{SCALE}stick_stratum", 1),
                          ("stick_stratum", self.strata * (self.classes - 1))]  # fmt: skip
            sizes += [(f"{SCALE}list_stratum", 1), ("list_stratum", self.strata * self.lists)]
        if self.losses == POOLED:
            sizes.append((f"{SCALE}rate", 1))
        sizes += [(f"bias_{name}", 1) for name in self.registers]
        return sizes + [(name, 1) for name, _ in self.shares]
