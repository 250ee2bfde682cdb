"""How a posterior stands to a published range."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.errors import InvalidValueError, UsageError
from models.checks import ordered, positive, text

if TYPE_CHECKING:
    import xarray
#: Coarsest unit of rounding that is recognized, to the nearest and outward, as a share of the end.
_MOST_ROUNDING, _FINE_ROUNDING = 0.1, 0.01


@dataclasses.dataclass(frozen=True)
class Published:
    """A range that somebody published, without or with a level.

    Parameters
    ----------
    low, high : float
        The ends, in the unit of the estimand, above 0.
    estimand : str
        What it is about.
    name : str
        What to call it; the estimand by default.
    source : str
        Who published it, where.
    """

    low: float
    high: float
    estimand: str = "total"
    name: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        for field in ("low", "high"):
            object.__setattr__(self, field, positive(getattr(self, field), field))
        ordered(self.low, self.high, "published range")
        for field in ("estimand", "name", "source"):
            text(getattr(self, field), field)
        object.__setattr__(self, "name", self.name or self.estimand)


@dataclasses.dataclass(frozen=True)
class Division:
    """The arithmetic behind a stated range: true names and the ends of the stated coverage."""

    count: float
    low: float
    high: float

    @staticmethod
    def of(parts: dict[str, float] | None) -> Division | None:
        """Return the division that `Model.stated_division` tells, if there is one."""
        return Division(**parts) if parts else None

    def gives(self, published: Published) -> bool:
        """Return whether the published ends are count / coverage, up to rounding."""
        return (
            published.estimand == "total"
            and _rounds_to(self.count / self.high, published.low, outward=-1)
            and _rounds_to(self.count / self.low, published.high, outward=1)
        )


@dataclasses.dataclass(frozen=True)
class Agreement:
    """How a posterior stands to a published range.

    Parameters
    ----------
    published : Published
        The range.
    prob : float
        Level of our interval.
    mass_inside : float
        Posterior probability of the range.
    below, above : float
        Posterior probability on either side of it.
    overlap : float
        Share of our interval's width that lies inside the range.
    level : float
        Level of our equal-tailed interval that comes nearest to the range.
    mismatch : float
        How far the ends of that interval are from those of the range at most, as a share of them.
    same_assumption : bool
        Whether the range is the same division as ours, so that agreement confirms nothing.
    says : str
        One sentence.
    """

    published: Published
    prob: float
    mass_inside: float
    below: float
    above: float
    overlap: float
    level: float
    mismatch: float
    same_assumption: bool
    says: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        found = dataclasses.asdict(self)
        published = found.pop("published")
        del found["prob"]
        return {
            "name": published["name"],
            "low": published["low"],
            "high": published["high"],
            **found,
        }


def agreement(posterior: xarray.DataTree, published: Published, prob: float = 0.95) -> Agreement:
    """Compare a posterior with a published range.

    Parameters
    ----------
    posterior : xarray.DataTree
        What `fit` returned.
    published : Published
        The range.
    prob : float
        Level of our interval.

    Returns
    -------
    Agreement

    Raises
    ------
    InvalidValueError
        If the posterior has no such estimand.
    UsageError
        If prob is not strictly between 0 and 1.
    """
    if not 0 < prob < 1:
        raise UsageError(f"must lie strictly between 0 and 1, not {prob!r}", where="prob")
    variables = posterior["posterior"]
    if published.estimand not in variables:
        raise InvalidValueError(
            f"no estimand {published.estimand!r} in this posterior", where="published.estimand",
            remedy="one of " + ", ".join(str(name) for name in variables.data_vars),
        )  # fmt: skip
    division = Division.of(json.loads(posterior.attrs["division"]))
    return compare(variables[published.estimand].to_numpy(), published, prob, division)


def compare(
    draws: np.ndarray, published: Published, prob: float, division: Division | None
) -> Agreement:
    """Compare draws of an estimand with a published range; see `agreement`."""
    ordered_draws = np.sort(draws, axis=None)
    n = ordered_draws.size
    below = float(np.searchsorted(ordered_draws, published.low, "left")) / n
    above = 1 - float(np.searchsorted(ordered_draws, published.high, "right")) / n
    low, high = np.quantile(ordered_draws, [(1 - prob) / 2, (1 + prob) / 2])
    shared = min(high, published.high) - max(low, published.low)
    inside_width = low == high and published.low <= low <= published.high
    overlap = 1.0 if inside_width else max(float(shared), 0.0) / max(float(high - low), 1e-300)
    inside = max(0.0, 1 - below - above)
    level, mismatch = _nearest_level(ordered_draws, published, inside)
    same = division is not None and division.gives(published)
    shown = division if same else None
    says = _sentence(published, prob, inside, (low, high), level, mismatch, shown)
    return Agreement(published, prob, inside, below, above, overlap, level, mismatch, same, says)


def _nearest_level(
    ordered_draws: np.ndarray, published: Published, inside: float
) -> tuple[float, float]:
    """Return the level whose equal-tailed interval is nearest, and its largest relative error.

    Intervals of small counts are the same at many levels; of those the one nearest to the mass
    inside is returned.
    """
    levels = np.concatenate([np.linspace(0, 0.99, 1000), 1 - np.geomspace(0.00999, 1e-5, 400)])
    last = ordered_draws.size - 1

    def at(p: np.ndarray) -> np.ndarray:
        return np.asarray(ordered_draws[np.rint(p * last).astype(int)], dtype=float)

    lows, highs = at((1 - levels) / 2), at((1 + levels) / 2)
    errors = np.maximum(
        np.abs(lows / published.low - 1), np.abs(highs / published.high - 1)
    )  # fmt: skip
    tied = np.flatnonzero(errors <= errors.min() + 1e-12)
    best = int(tied[np.argmin(np.abs(levels[tied] - inside))])
    return float(levels[best]), float(errors[best])


def _rounds_to(quotient: float, end: float, outward: int) -> bool:
    """Return whether a quotient was rounded to `end`: to the nearest 1, 5, 10, 50 ... or outward.

    `outward` is -1 for a lower end and 1 for an upper one.
    """
    unit, limit = 1.0, 1.0
    while unit <= max(_MOST_ROUNDING * end, 1.0):
        if end % unit == 0 or unit == 1:
            beyond = outward * (end - quotient)
            fine = unit <= max(_FINE_ROUNDING * end, 1.0)
            if abs(beyond) <= unit / 2 or (fine and 0 <= beyond < unit):
                return True
        unit, limit = (unit * 5, limit) if unit == limit else (limit * 10, limit * 10)
    return False


def percent(share: float) -> str:
    """Return a share in percent, never rounded to a certainty that it does not have."""
    if 0.9995 <= share < 1:
        return "more than 99.9 %"
    if 0 < share < 0.0005:
        return "less than 0.1 %"
    return f"{100 * share:.3g} %"


def _sentence(
    published: Published, prob: float, inside: float, interval: tuple[float, float], level: float,
    mismatch: float, division: Division | None,
) -> str:  # fmt: skip
    ends = f"{published.low:,.0f} to {published.high:,.0f}"
    held = f"{percent(inside)} of the posterior of the {published.estimand}"
    says = f"{held} lies in the published {ends}"
    if mismatch <= 0.02:
        says += f", which comes nearest to our {percent(level)} interval"
    else:
        low, high = interval
        says += f"; our {percent(prob)} interval is {low:,.0f} to {high:,.0f}"
    if division is not None:
        says += (
            f"; same assumption, no independent check: the range is {division.count:,.0f} / "
            f"{division.high:g} and {division.count:,.0f} / {division.low:g}"
        )
    return says + "."
