"""Losses over cells: a walk over periods, pooled strata, and their product."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from models.checks import positive
from models.declare import Assumption, Parameter
from models.errors import InvalidValueError


@dataclasses.dataclass(frozen=True)
class Walk:
    """The log rate is a random walk over periods, with heavy-tailed steps.

    Model: log rate[t] - log rate[t-1] ~ StudentT(tail, drift, step); step ~ HalfNormal(step);
    drift ~ Normal(0, drift), or none; the level is free (scale prior).

    Parameters
    ----------
    step : float
        Scale of the half-normal prior of the step size, in log units a period.
    tail : float
        Degrees of freedom of the steps: at 4 one bad period stands out without smearing over its
        neighbors; above 100 the steps are as good as normal.
    drift : float, optional
        Standard deviation of the normal prior of a constant drift a period; none by default.
    """

    step: float = 0.3
    tail: float = 4.0
    drift: float | None = None
    kind: ClassVar[str] = "walk"

    def __post_init__(self) -> None:
        for name in ("step", "tail"):
            object.__setattr__(self, name, positive(getattr(self, name), name))
        if self.tail < 1:
            raise InvalidValueError(
                f"must be 1 or more, not {self.tail:g}", where="tail",
                why="steps with heavier tails than Cauchy's leave the rate free to be anything",
            )  # fmt: skip
        if self.drift is not None:
            object.__setattr__(self, "drift", positive(self.drift, "drift"))

    def __mul__(self, other: object) -> WalkPooled:
        """Return the product with pooled strata: additive on the log scale."""
        return WalkPooled(self, other) if isinstance(other, Pooled) else NotImplemented

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the walk."""
        return {"kind": self.kind, **dataclasses.asdict(self)}

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the unknowns that the walk brings."""
        center = "0" if self.drift is None else "drift"
        found = [
            Parameter(
                "log_walk", "log rate of a period against the mean count of a cell", "1", "any",
                f"steps are Student's t, {self.tail:g} degrees of freedom, center {center}, scale "
                "step; the level has the scale prior (improper)", dims=("period",),
            ),
            Parameter(
                "step", "scale of the change of the log rate from period to period", "1", "above 0",
                f"half-normal, scale {self.step:g}",
            ),
        ]  # fmt: skip
        if self.drift is not None:
            words = f"normal, mean 0, standard deviation {self.drift:g}"
            found.append(Parameter("drift", "constant change of the log rate a period", "1", "any",
                                   words))  # fmt: skip
        return tuple(found)

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold for the walk."""
        return (
            Assumption(
                "deaths of one cell are independent of each other, given its rate", "either",
                "deaths or names that come in bursts make bands of single periods too narrow",
            ),
        )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Pooled:
    """Strata are partially pooled, for each person at risk.

    Model: log(rate[s] / exposure[s]) = level + effect[s]; effect ~ Normal(0, spread);
    spread ~ HalfNormal(spread); the level is free (scale prior).  Written with effects that sum to
    zero, which is the same beside a free level, without a redundant term.

    Parameters
    ----------
    spread : float
        Scale of the half-normal prior of the spread of log rates.
    """

    spread: float = 1.0
    kind: ClassVar[str] = "pooled"

    def __post_init__(self) -> None:
        object.__setattr__(self, "spread", positive(self.spread, "spread"))

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the pooling."""
        return {"kind": self.kind, **dataclasses.asdict(self)}

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the unknowns that pooling brings."""
        return (
            Parameter("effect", "log seen rate of a stratum against the level", "1",
                      "any; pooled strata sum to 0", "normal, mean 0, standard deviation spread",
                      dims=("stratum",)),
            Parameter("spread", "spread of the log rates of strata", "1", "above 0",
                      f"half-normal, scale {self.spread:g}"),
        )  # fmt: skip

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold for the pooling."""
        return (
            Assumption(
                "strata are alike but for a normal spread of their log rates", "either",
                "a stratum apart from all others is drawn towards them if it has few names",
            ),
        )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class WalkPooled:
    """A walk over periods times pooled strata: ``Walk(...) * Pooled(...)``.

    Model: log(rate[t, s] / exposure[s]) = walk[t] + effect[s] + own[t, s]; own[0, s] = 0 and
    own[t] - own[t-1] ~ Normal(0, own_step), summing to zero over strata, for what all share is in
    the walk.  Without `own_step` there is no own: all strata rise and fall together.

    Parameters
    ----------
    walk : Walk
        What all strata share.
    pooled : Pooled
        The strata in the first period.
    own_step : float, optional
        Scale of the half-normal prior of the steps of a walk of each stratum's own.
    """

    walk: Walk
    pooled: Pooled
    own_step: float | None = None
    kind: ClassVar[str] = "walk_pooled"

    def __post_init__(self) -> None:
        if not isinstance(self.walk, Walk) or not isinstance(self.pooled, Pooled):
            raise InvalidValueError("takes a Walk and a Pooled", where="losses")
        if self.own_step is not None:
            object.__setattr__(self, "own_step", positive(self.own_step, "own_step"))

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the product."""
        parts = {"walk": self.walk.content(), "pooled": self.pooled.content()}
        return {"kind": self.kind, **parts, "own_step": self.own_step}

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the unknowns that all parts bring."""
        found = [*self.walk.parameters(), *self.pooled.parameters()]
        if self.own_step is not None:
            found.append(
                Parameter("own_step", "scale of a stratum's own change of the log rate a period",
                          "1", "above 0", f"half-normal, scale {self.own_step:g}")
            )  # fmt: skip
        return tuple(found)

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold for all parts."""
        found = [*self.walk.assumptions(), *self.pooled.assumptions()]
        if self.own_step is None:
            found.append(
                Assumption(
                    "the rates of all strata rise and fall together", "either",
                    "a period in which one stratum suffered most is shared out among all",
                )
            )  # fmt: skip
        return tuple(found)


def walk_pooled(
    step: float = 0.3, tail: float = 4.0, drift: float | None = None, spread: float = 1.0,
    own_step: float | None = None,
) -> WalkPooled:  # fmt: skip
    """Return a walk over periods times pooled strata; see `Walk`, `Pooled` and `WalkPooled`."""
    return WalkPooled(Walk(step, tail, drift), Pooled(spread), own_step)
