"""``excess``: deaths of one sex over what the other sex and earlier years predict."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from estimation.classical.excess import RatioLine, ratio_line
from estimation.diagnostics.gate import exact_verdict, require
from estimation.diagnostics.verdicts import INCONCLUSIVE, PASS, Check, Verdict
from estimation.errors import UsageError
from estimation.fit.key import engine_versions
from estimation.randomness import stream
from estimation.result import Result
from estimation.summaries.estimates import estimate_rows
from estimation.words import suggestion
from models.baseline import Baseline, log_ratio_draws, without_war
from models.mortality import Mortality

Method = Literal["line", "model"]

#: Independent draws of the model, unless told otherwise.
DRAWS = 20_000

#: Residual degrees of freedom below which the error of a line is hardly known.
_FEWEST_DEGREES = 3

#: Below so many deaths of a year and age the normal approximation of log counts is rough.
_FEW = 20

_MEANING = (
    "This is how many more died of one sex than the other sex and earlier years predict: all that "
    "changed for that sex alone is in it, not only the war."
)
_MISSING = (
    "Only registered deaths count: whoever was not registered as dead by the end of the year is "
    "missing here, so that the true number is higher by as much."
)
_READS = (
    "The model reads the years between base and war, and lets all ages drift together: its "
    "interval says how well the ratio could be foretold, which widens it beyond that of the line."
)


@dataclasses.dataclass(frozen=True, eq=False)
class Excess:
    """Excess deaths by one method.

    Parameters
    ----------
    mortality : Mortality
        What they are estimated from.
    method : {"line", "model"}
    prob : float
        Level of the intervals.
    seed : int
    estimates : list of dict
        Rows: the sum over all years of the war, each year, each year and age.
    verdict : Verdict
    notes : tuple of str
        What a reader must know beside the numbers.
    assumptions : tuple of mapping
        What must hold, with the direction of the error if it does not.
    line : RatioLine, optional
        The line, if it is the method.
    draws : (draw, n_war_year, n_age) array, optional
        Joint draws of the excess, if the model is the method.
    log_ratio : (draw, n_year, n_age) array, optional
        Draws of the log ratio without a war, from the first year of the base on.
    """

    mortality: Mortality
    method: Method
    prob: float
    seed: int
    estimates: list[dict[str, Any]]
    verdict: Verdict
    notes: tuple[str, ...]
    assumptions: tuple[dict[str, str], ...] = ()
    line: RatioLine | None = None
    draws: NDArray[np.float64] | None = None
    log_ratio: NDArray[np.float64] | None = None

    def result(self) -> Result:
        """Return the object that every estimating command prints."""
        return Result(
            "classical" if self.method == "line" else "exact", self.seed, self.prob,
            self.estimates, self.verdict, (), self.notes, engine_versions("exact"),
        )  # fmt: skip


def excess(
    mortality: Mortality, method: Method = "line", *, baseline: Baseline = Baseline(),
    prob: float = 0.95, draws: int = DRAWS, seed: int = 1, accept: str | None = None,
) -> Excess:  # fmt: skip
    """Estimate excess deaths of the affected sex in each year of the war.

    Parameters
    ----------
    mortality : Mortality
        Deaths of both sexes by year and age.
    method : {"line", "model"}
        The published line through the ratio of the base, or exact draws of a Bayesian model that
        reads all years before the war.
    baseline : Baseline
        Scales of the priors of the model.
    prob : float
        Level of the intervals.
    draws : int
        Independent draws of the model.
    seed : int
    accept : str, optional
        Why too few draws are to be reported all the same.

    Returns
    -------
    Excess
        ``result()`` has the form of all estimates.

    Raises
    ------
    UsageError
        If the method is not known.
    NotEstimableError
        If the model finds no death of the affected sex in a year and age before the war.
    GateError
        If there are too few draws for the bounds, and no reason to accept that.
    """
    if method not in get_args(Method):
        raise UsageError(
            f"no method {method!r}", where="method",
            remedy=suggestion(str(method), get_args(Method)),
        )  # fmt: skip
    notes = (_MEANING, _MISSING)
    if method == "line":
        line = ratio_line(mortality)
        return Excess(
            mortality, method, prob, seed, line.rows(prob), _verdict_of(line),
            (*notes, *line.notes), _assumed(Baseline()), line=line,
        )  # fmt: skip
    generator = stream(seed, "excess", method)
    ratio = log_ratio_draws(mortality, baseline, generator, draws)
    found = mortality.affected[mortality.war] - without_war(mortality, ratio, generator)
    return Excess(
        mortality, method, prob, seed, _rows(mortality, found, prob),
        require(exact_verdict(_sums(mortality, found), (), prob), accept),
        (*notes, _READS, *_few(mortality)), _assumed(baseline), draws=found, log_ratio=ratio,
    )  # fmt: skip


def _assumed(baseline: Baseline) -> tuple[dict[str, str], ...]:
    return tuple(dataclasses.asdict(one) for one in baseline.assumptions())


def _sums(mortality: Mortality, draws: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return draws of the sum over all years of the war, and of each, by name."""
    by_year = draws.sum(axis=2)
    years = {str(year): by_year[:, t] for t, year in enumerate(mortality.war_years)}
    return {"excess": by_year.sum(axis=1), **years}


def _rows(mortality: Mortality, draws: NDArray[np.float64], prob: float) -> list[dict[str, Any]]:
    def row(values: NDArray[np.float64], **index: str) -> list[dict[str, Any]]:
        return estimate_rows({"excess": values}, prob, method="model", index=index)

    total, *by_year = _sums(mortality, draws).values()
    rows = row(total)
    for year, values in zip(mortality.war_years, by_year, strict=True):
        rows += row(values, year=str(year))
    for t, year in enumerate(mortality.war_years):
        for a, age in enumerate(mortality.ages):
            rows += row(draws[:, t, a], year=str(year), age=age)
    return rows


def _verdict_of(line: RatioLine) -> Verdict:
    enough = line.degrees >= _FEWEST_DEGREES
    says = f"{line.degrees} residual degrees of freedom" + ("" if enough else " say little")
    return Verdict(
        (
            Check(
                "degrees_of_freedom", PASS if enough else INCONCLUSIVE, float(line.degrees),
                float(_FEWEST_DEGREES), says, "" if enough else "take a longer base",
            ),
        )
    )  # fmt: skip


def _few(mortality: Mortality) -> list[str]:
    modelled = np.array(mortality.years) >= mortality.base[0]
    before = modelled & ~mortality.war
    least = min(int(values[before].min()) for values in (mortality.affected, mortality.other))
    if least >= _FEW:
        return []
    return [
        f"A year and age has only {least:,} deaths: counting noise is taken as normal on the log "
        "scale, which is rough there; wider ages would mend it."
    ]
