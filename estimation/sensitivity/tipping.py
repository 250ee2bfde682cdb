"""Tipping points: where a field would have to lie for the answer to be another one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from estimation.errors import InvalidValueError, UndercountError
from estimation.sensitivity.axes import replaced
from estimation.sensitivity.posteriors import Posteriors, Target
from estimation.summaries.agreement import percent
from models.checks import ordered, real, text
from models.model import Model

#: The word for how completely a list holds the chosen cells, as a multiple of those compared with.
RELATIVE_COVERAGE = "relative_coverage"

#: Values looked at before crossings are refined, by engine, and how far these are refined (as a
#: share of the range).
_LOOKED_AT = {"exact": 33, "nuts": 9}
_FINE = {"exact": 1e-5, "nuts": 1e-3}

#: Kinds of estimands that compare two groups of cells.
_COMPARISONS = ("ratio", "daily_ratio")


@dataclasses.dataclass(frozen=True)
class Question:
    """Which values of a field put a target above a threshold.

    Parameters
    ----------
    field : str
        A field of numbers; a belief is taken as a known share.  "relative_coverage": how much more
        completely the list would have to hold the chosen cells of a ratio than those compared with.
    threshold : float
    low, high : float, optional
        Range of values that are looked at; none for "relative_coverage".
    target : Target
        Compared with the threshold.
    title : str
        The question in words.
    """

    field: str
    threshold: float
    low: float | None = None
    high: float | None = None
    target: Target = Target()
    title: str = ""

    def __post_init__(self) -> None:
        text(self.field, "field")
        text(self.title, "title")
        object.__setattr__(self, "threshold", real(self.threshold, "threshold"))
        relative = self.field == RELATIVE_COVERAGE
        given = [name for name in ("low", "high") if getattr(self, name) is not None]
        if relative:
            kind = self.target.estimand.kind if self.target.estimand else self.target.name
            if given:
                raise InvalidValueError(f"{RELATIVE_COVERAGE} has no range", where=given[0],
                                        why="it follows from the ratio")  # fmt: skip
            if kind not in _COMPARISONS or self.threshold <= 0:
                raise InvalidValueError(
                    f"{RELATIVE_COVERAGE} needs a ratio and a threshold above 0, not {kind} and "
                    f"{self.threshold:g}", where="estimand",
                )  # fmt: skip
            return
        if len(given) < 2:
            raise InvalidValueError("needs a range to look at", where=self.field,
                                    remedy="give low and high")  # fmt: skip
        low, high = real(self.low, "low"), real(self.high, "high")
        ordered(low, high, self.field, strictly=True)


@dataclasses.dataclass(frozen=True)
class Tipping:
    """Where a field tips the answer.

    Parameters
    ----------
    question : Question
    prob : float
    median : tuple of float
        Values at which the median of the target equals the threshold.
    low, high : tuple of float
        Values at which the lower (upper) end of the interval does.
    says : str
        The answer in words.
    """

    question: Question
    prob: float
    median: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    says: str

    def row(self) -> dict[str, object]:
        """Return plain data, several crossings joined by semicolons."""
        question = self.question
        crossings = {
            name: "; ".join(f"{value:.6g}" for value in getattr(self, name))
            for name in ("median", "low", "high")
        }
        return {
            "question": question.title, "field": question.field, "estimand": question.target.name,
            "threshold": question.threshold,
            **{f"at_{name}": found for name, found in crossings.items()}, "says": self.says,
        }  # fmt: skip


def tipping_point(posteriors: Posteriors, model: Model, question: Question) -> Tipping:
    """Return where a field would have to lie for the target to cross the threshold.

    Parameters
    ----------
    posteriors : Posteriors
    model : Model
        As it is stated.
    question : Question

    Raises
    ------
    UndercountError
        If a value in the range is refused.

    Notes
    -----
    All values share random numbers, so that quantiles move nearly smoothly with the field (draws of
    a beta belief jump now and then); crossings are
    bracketed on a grid (two within one step of it are missed) and refined.
    """
    prob = posteriors.prob
    levels = ((1 - prob) / 2, 0.5, (1 + prob) / 2)
    if question.field == RELATIVE_COVERAGE:
        ratio = posteriors.of(model, question.target) / question.threshold
        ends = [float(q) for q in np.quantile(ratio, levels)]
        return Tipping(question, prob, (ends[1],), (ends[0],), (ends[2],),
                       _relative(question, prob, *ends))  # fmt: skip
    kept: dict[float, np.ndarray] = {}
    stated = model.value_of(question.field)
    counts = isinstance(stated, int) and not isinstance(stated, bool)

    def distances(value: float) -> np.ndarray:
        if value not in kept:
            try:
                at = float(round(value)) if counts else value
                draws = posteriors.of(replaced(model, question.field, at), question.target)
            except UndercountError as error:
                error.where = f"{question.field} = {value:g}: {error.where}"
                raise
            # of an event the probability is told, which has no interval
            found = np.full(3, draws.mean()) if draws.dtype == bool else np.quantile(draws, levels)
            kept[value] = found - question.threshold
        return kept[value]

    engine = posteriors.plan(model).engine
    grid = np.linspace(real(question.low, "low"), real(question.high, "high"), _LOOKED_AT[engine])
    found = np.stack([distances(float(value)) for value in grid])
    fine = _FINE[engine] * float(grid[-1] - grid[0])
    low_end, middle, high_end = (
        _crossings(lambda value, k=k: float(distances(value)[k]), grid, found[:, k], fine)  # type: ignore[misc]
        for k in range(3)
    )
    if question.target.event:
        low_end = high_end = ()
    says = _says(question, prob, found[:, 1], low_end, middle, high_end)
    return Tipping(question, prob, middle, low_end, high_end, says)


def _crossings(
    distance: Callable[[float], float], grid: np.ndarray, found: np.ndarray, fine: float
) -> tuple[float, ...]:
    from scipy.optimize import brentq

    above = found > 0
    return tuple(
        float(brentq(distance, grid[i], grid[i + 1], xtol=fine))
        for i in np.flatnonzero(above[1:] != above[:-1])
    )


def _relative(question: Question, prob: float, low: float, middle: float, high: float) -> str:
    return (
        f"{question.target.name} would be {question.threshold:g} if the list held the first "
        f"{middle:.3g} times as completely as the second ({percent(prob)} interval {low:.3g} to "
        f"{high:.3g})"
    )


def _says(
    question: Question, prob: float, medians: np.ndarray, low_end: tuple[float, ...],
    middle: tuple[float, ...], high_end: tuple[float, ...],
) -> str:  # fmt: skip
    name, field, level = question.target.label, question.field, percent(prob)
    limit = _number(question.threshold)
    ends = " to ".join(_number(medians[i] + question.threshold) for i in (0, -1))
    told = "the" if question.target.event else "the median of"
    by = "" if question.target.event else ", by its median"
    if not middle:
        side = "above" if medians[0] > 0 else "at or below"
        said = (
            f"{told} {name} stays {side} {limit} for {field} from {question.low:g} to "
            f"{question.high:g} ({ends})"
        )
        touched = low_end or high_end
        return said + (f"; an end of its {level} interval crosses at "
                       + _listed(touched) if touched else "")  # fmt: skip
    if len(middle) > 1:
        return f"{told} {name} crosses {limit} at {field} = {_listed(middle)}"
    falls = medians[0] > 0
    side = "below" if falls else "above"
    said = f"{name} is above {limit} where {field} is {side} {middle[0]:.4g}{by}"
    for end, values in (("lower", low_end), ("upper", high_end)):
        if len(values) > 1:
            said += f"; the {end} end of its {level} interval crosses at {_listed(values)}"
    if len(low_end) == 1:
        said += f"; by its whole {level} interval {side} {low_end[0]:.4g}"
    if len(high_end) == 1:
        other = "above" if falls else "below"
        said += f"; by no part of it {other} {high_end[0]:.4g}"
    return said


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)
