"""Designs: which combinations of values a sensitivity study looks at."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np

from estimation.errors import InvalidValueError
from estimation.randomness import integer
from estimation.sensitivity.axes import Axis
from estimation.words import suggestion
from models.checks import whole

#: Every value with the others as stated; all combinations; random points that cover each axis
#: evenly; low-discrepancy points.
DESIGNS = ("one_at_a_time", "full", "latin_hypercube", "sobol")

_RANDOM = ("latin_hypercube", "sobol")

#: Scenarios above which their numbers do not fit into memory.
LARGEST = 10_000_000

#: Points of a random design if their number is not stated.
POINTS = 64


@dataclasses.dataclass(frozen=True, eq=False)
class Design:
    """Points of a sensitivity study; they are made when they are asked for.

    Parameters
    ----------
    axes : sequence of Axis
    kind : {"one_at_a_time", "full", "latin_hypercube", "sobol"}
    points : int, optional
        Of a random design; a power of two for Sobol points.
    seed : int
        Of random designs.
    given : (n_point, n_axis) array, optional
        Codes of the points (see `Axis`); of a design of kind "given".

    Raises
    ------
    InvalidValueError
        If there is no axis, two have one field, or the kind or number of points does not fit.

    Notes
    -----
    The first point is the model as it is stated, in every design.
    """

    axes: tuple[Axis, ...]
    kind: str = "one_at_a_time"
    points: int | None = None
    seed: int = 1
    given: np.ndarray | None = None

    def __post_init__(self) -> None:
        axes = tuple(self.axes)
        object.__setattr__(self, "axes", axes)
        if not axes:
            raise InvalidValueError("has no field to vary", where="vary", why="the grid is empty",
                                    remedy='name one, as in field = "names.coverage"')  # fmt: skip
        fields = [axis.field for axis in axes]
        for field in fields:
            if fields.count(field) > 1:
                raise InvalidValueError(f"{field!r} is varied twice", where="vary")
            for other in fields:
                if other.startswith(f"{field}."):
                    raise InvalidValueError(
                        f"{other!r} is part of {field!r}, which is varied too", where="vary",
                        why="one value would stand in the other", remedy="vary one of them",
                    )  # fmt: skip
        if (self.kind == "given") != (self.given is not None):
            raise InvalidValueError(
                "a design is given by its points, or by its kind", where="given"
            )
        if self.given is not None:
            return
        if self.kind not in DESIGNS:
            raise InvalidValueError(f"no design {self.kind!r}", where="design",
                                    remedy=suggestion(str(self.kind), DESIGNS))  # fmt: skip
        if self.size > LARGEST:
            raise InvalidValueError(
                f"{self.size:,} scenarios are too many", where="design",
                why="their numbers do not fit into memory", remedy=f"{LARGEST:,} at most",
            )  # fmt: skip
        if self.points is None:
            return
        if self.kind not in _RANDOM:
            raise InvalidValueError(f"{self.kind} has no number of points", where="points",
                                    why="the values of its axes give it")  # fmt: skip
        points = whole(self.points, "points", high=LARGEST, why="")
        if points < 2 or (self.kind == "sobol" and points & (points - 1)):
            raise InvalidValueError(
                f"{points} points", where="points",
                why="Sobol points are balanced in powers of two" if points > 1 else "",
                remedy=f"take {2 ** max(1, round(math.log2(max(points, 2))))}",
            )  # fmt: skip

    @property
    def size(self) -> int:
        """Return the number of scenarios, that of the model as stated included."""
        if self.kind == "one_at_a_time":
            return 1 + sum(axis.size for axis in self.axes)
        if self.kind == "full":
            return 1 + math.prod(axis.size for axis in self.axes)
        if self.given is not None:
            return 1 + len(self.given)
        return 1 + (self.points or POINTS)

    def codes(self, start: int, stop: int) -> np.ndarray:
        """Return codes of the scenarios from `start` to `stop`, (scenario, axis); NaN: as stated.

        See `Axis.value` for what a code means.
        """
        index = np.arange(start, min(stop, self.size))
        found = np.full((index.size, len(self.axes)), np.nan)
        inside = index > 0
        if self.kind == "full":
            sizes = [axis.size for axis in self.axes]
            on_grid = np.stack(np.unravel_index(index[inside] - 1, sizes))
            for column, (axis, place) in enumerate(zip(self.axes, on_grid, strict=True)):
                found[inside, column] = axis.grid()[place]
        elif self.kind == "one_at_a_time":
            first = 1
            for column, axis in enumerate(self.axes):
                mine = (index >= first) & (index < first + axis.size)
                found[mine, column] = axis.grid()[index[mine] - first]
                first += axis.size
        elif self.given is not None:
            found[inside] = self.given[index[inside] - 1]
        else:
            places = self._places[index[inside] - 1]
            for column, axis in enumerate(self.axes):
                found[inside, column] = axis.at(places[:, column])
        return found

    @functools.cached_property
    def _places(self) -> np.ndarray:
        from scipy.stats import qmc

        size, dimensions = self.points or POINTS, len(self.axes)
        seed = integer(self.seed, "design", self.kind)
        if self.kind == "sobol":
            return np.asarray(qmc.Sobol(dimensions, rng=seed).random(size))
        return np.asarray(qmc.LatinHypercube(dimensions, rng=seed).random(size))
