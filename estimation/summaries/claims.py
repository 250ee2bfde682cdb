"""Published claims put to the test: stated, estimated, and whether the two agree.

The verdict is the rule of Kruschke (2018, https://doi.org/10.1177/2515245918771304) for an interval
and a region: a claim agrees if the whole interval lies in what was stated, disagrees if no part of
it does, and cannot be told otherwise.  An event agrees or disagrees if its probability leaves no
more room than the level of the interval.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import math
from typing import Any

import numpy as np

from estimation.errors import DataError
from estimation.summaries.agreement import Division, Published, percent
from estimation.summaries.estimands import Estimand, Evaluated, evaluate
from estimation.summaries.losses import Losses
from estimation.summaries.maturity import LATE, UnequalMaturityError
from estimation.summaries.spans import last_day, parse_span
from models.checks import ordered, real, text

AGREES, DISAGREES, CANNOT_TELL = "agrees", "disagrees", "cannot-tell"

#: Estimands that are no comparison: the age of their period is said, and counts for nothing more.
_ABSOLUTE = ("total", "rate", "per_area")

#: Estimands that compare periods, and were refused without late reports.
_RELATIVE = ("ratio", "daily_ratio", "share", "rise", "rises", "peak_to_trough")

#: Months in which a list is still filling.
_FILLING = 12

#: Days of a span below which dates of obituaries cannot stand in for dates of death.
_SHORT = 28


@dataclasses.dataclass(frozen=True)
class Claim:
    """A published statement, and how to put it to the test.

    Parameters
    ----------
    statement : str
        What was said, in few words.
    estimand : Estimand
        What it is about.
    value : float, optional
        The stated value, meant to its last written digit.
    low, high : float, optional
        Or the stated range; one end may be open.  An event needs neither.
    unit, source : str
        Of the statement.
    model : str
        The model of the study that can test it; the main one by default.
    as_of : datetime.date, optional
        The date at which names were counted, for claims about names.
    accept_maturity : str
        Reason to compare periods of unequal maturity.
    """

    statement: str
    estimand: Estimand
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    source: str = ""
    model: str = ""
    as_of: datetime.date | None = None
    accept_maturity: str = ""

    def __post_init__(self) -> None:
        for name in ("statement", "unit", "source", "model", "accept_maturity"):
            text(getattr(self, name), name)
        given = {name: getattr(self, name) for name in ("value", "low", "high")}
        for name, number in given.items():
            if number is not None:
                real(number, name)
        if self.value is not None and (self.low is not None or self.high is not None):
            raise DataError("states a value and a range", where="value", remedy="give one of them")
        if self.low is not None and self.high is not None:
            ordered(self.low, self.high, "claim")
        event = self.estimand.kind in ("rise", "rises", "largest", "largest_rate")
        if event != all(number is None for number in given.values()):
            raise DataError(
                f"{self.estimand.kind} " + ("is an event" if event else "is a number"),
                where="estimand", remedy="leave value, low and high out" if event
                else "state a value, low or high",
            )  # fmt: skip

    def region(self) -> tuple[float, float]:
        """Return what was stated, as a range."""
        if self.value is not None:
            half = _last_digit(self.value) / 2
            return self.value - half, self.value + half
        low = -math.inf if self.low is None else self.low
        return low, math.inf if self.high is None else self.high

    def stated(self) -> str:
        """Return what was stated, in words."""
        if self.value is not None:
            return _written(self.value)
        if self.low is None:
            return "yes" if self.high is None else f"{_written(self.high)} or less"
        if self.high is None:
            return f"{_written(self.low)} or more"
        return f"{_written(self.low)} to {_written(self.high)}"


@dataclasses.dataclass(frozen=True)
class Judged:
    """A claim with its verdict.

    Parameters
    ----------
    claim : Claim
    median, low, high : float or None
        Of the estimand, at the level of the interval; of an event the median is its probability.
    verdict : {"agrees", "disagrees", "cannot-tell"}
    why : str
        One sentence.
    """

    claim: Claim
    median: float | None
    low: float | None
    high: float | None
    verdict: str
    why: str


def judge(claim: Claim, losses: Losses, division: dict[str, float] | None = None) -> Judged:
    """Put a claim to the test.

    Parameters
    ----------
    claim : Claim
    losses : Losses
        Of the fit of the claim's model.
    division : dict, optional
        What `Model.stated_division` returned: a stated range of the total may repeat it.

    Returns
    -------
    Judged
    """
    try:
        found, accepted = _evaluated(claim, losses)
    except DataError as error:
        said = str(error)
        if losses.periods and losses.dating != "death":
            said += f"; and {_dating(losses)}"
        return Judged(claim, None, None, None, CANNOT_TELL, said)
    if found.event:
        judged = _judge_event(claim, found, losses.prob, accepted)
    else:
        judged = _judge_number(claim, found, losses, accepted)
    return _with_caveats(judged, losses, division)


def _evaluated(claim: Claim, losses: Losses) -> tuple[Evaluated, bool]:
    """Return the estimand, and whether its bias was accepted; without that the bias counts."""
    reason = claim.accept_maturity
    try:
        return evaluate(claim.estimand, losses, accept_maturity=reason), bool(reason)
    except UnequalMaturityError:
        return evaluate(claim.estimand, losses, accept_maturity="judged by its direction"), False


def _judge_event(claim: Claim, found: Evaluated, prob: float, accepted: bool) -> Judged:
    p = float(np.mean(found.draws))
    n = found.draws.size
    p = min(max(p, 0.5 / n), 1 - 0.5 / n)  # so many draws know no certainty
    says = f"probability {percent(p)}"
    level = max(prob, 1 - prob)  # below one half, both verdicts would hold at once
    if level <= p:
        verdict = AGREES
    elif p <= 1 - level:
        verdict = DISAGREES
    else:
        verdict = CANNOT_TELL
        says += f", between {percent(1 - level)} and {percent(level)}"
    moves = {"too low": verdict == DISAGREES, "too high": verdict == AGREES, "either": True}
    if found.bias and not accepted and verdict != CANNOT_TELL and moves[found.bias]:
        verdict = CANNOT_TELL
        says += "; late names could change that: the periods are of unequal maturity"
    elif found.bias and accepted:
        says += f"; unequal maturity accepted: {claim.accept_maturity}"
    return Judged(claim, p, None, None, verdict, says)


def _judge_number(claim: Claim, found: Evaluated, losses: Losses, accepted: bool) -> Judged:
    tails = [(1 - losses.prob) / 2, 0.5, (1 + losses.prob) / 2]
    low, median, high = (float(q) for q in np.quantile(found.draws, tails))
    start, end = claim.region()
    inside = float(np.mean((found.draws >= start) & (found.draws <= end)))
    level = f"{percent(losses.prob)} interval {_ends(low, high)}"
    if start <= low and high <= end:
        verdict, says = AGREES, f"the {level} lies in what is stated"
    elif high < start or end < low:
        verdict, says = DISAGREES, f"the {level} lies outside of what is stated"
    else:
        verdict = CANNOT_TELL
        says = f"{percent(inside)} of the posterior lies in what is stated; {level}"
    if claim.estimand.kind == "observed":
        verdict, says = _judge_names(claim, losses, median, verdict)
    if found.bias and accepted:
        says += f"; unequal maturity accepted: {claim.accept_maturity}"
    elif found.bias:
        verdict, says = _with_bias(found.bias, verdict, says, (low, high), (start, end))
    return Judged(claim, median, low, high, verdict, says)


def _judge_names(claim: Claim, losses: Losses, names: float, verdict: str) -> tuple[str, str]:
    """Judge a claim about names: a younger list holds fewer."""
    dated = f"list of {losses.as_of}" if losses.as_of else "list"
    held = f"the {dated} holds {names:,.0f} names"
    if losses.partial:
        return CANNOT_TELL, f"{held}, but the table lacks part of it"
    if claim.as_of is None or losses.as_of is None or claim.as_of == losses.as_of:
        return verdict, held
    start, end = claim.region()
    earlier = claim.as_of < losses.as_of
    if (earlier and start > names) or (not earlier and end < names):
        return DISAGREES, f"{held}, which is {'fewer' if earlier else 'more'} than stated for " + (
            f"{'an earlier' if earlier else 'a later'} one"
        )  # fmt: skip
    return CANNOT_TELL, (
        f"{held}; the claim is about that of {claim.as_of}, which only a table of that date can "
        "test: lists grow"
    )


def _with_bias(
    bias: str, verdict: str, says: str, interval: tuple[float, float], region: tuple[float, float]
) -> tuple[str, str]:
    """Keep a verdict only if names that are still to come cannot change it."""
    firm = {
        ("too low", DISAGREES): interval[0] > region[1],
        ("too low", AGREES): math.isinf(region[1]),
        ("too high", DISAGREES): interval[1] < region[0],
        ("too high", AGREES): math.isinf(region[0]),
    }
    if firm.get((bias, verdict), False):
        return verdict, f"{says}; late names can only strengthen that"
    if verdict == CANNOT_TELL:
        return verdict, f"{says}; the periods are of unequal maturity"
    direction = {"too low": "raise", "too high": "lower"}.get(bias, "change")
    return CANNOT_TELL, f"{says}, but late names may {direction} it: periods of unequal maturity"


def _with_caveats(judged: Judged, losses: Losses, division: dict[str, float] | None) -> Judged:
    claim = judged.claim
    e = claim.estimand
    spans = [one for one in (e.period, e.over_period) if one is not None]
    judged = _with_ends(judged, losses, spans)
    undated = losses.deaths.shape[1] - max(len(losses.periods), 1)
    if spans and undated:
        names = float(np.median(losses.observed[:, -1].sum(axis=1)))
        said = f"{judged.why}; {names:,.0f} names without a period are in none"
        judged = dataclasses.replace(judged, why=said)
    if losses.late and e.kind in _RELATIVE and spans:
        judged = dataclasses.replace(judged, why=f"{judged.why}; {LATE}")
    if (
        e.kind in _ABSOLUTE and e.period is not None and losses.as_of is not None
        and not losses.late
    ):  # fmt: skip
        end = last_day(losses.select(e.period).periods[-1], losses.step)
        months = (losses.as_of - end).days / 30.44
        if months < _FILLING:
            said = (
                f"{judged.why}; the end of {e.period} was {months:.0f} months old, and is taken to "
                "be covered like the whole list"
            )
            judged = dataclasses.replace(judged, why=said)
    if spans and losses.dating != "death":
        shortest = min(losses.select(one).days for one in spans)
        if shortest < _SHORT and judged.verdict != CANNOT_TELL:
            return dataclasses.replace(
                judged, verdict=CANNOT_TELL, why=f"{judged.why}, but {_dating(losses)}"
            )
    ends = (claim.low, claim.high)
    whole = e.kind == "total" and e.period is None and e.stratum is None
    made_of = Division.of(division)
    if whole and made_of is not None and (ends[0] or 0) > 0 and ends[1]:
        published = Published(ends[0] or 0, ends[1])
        same = "; same assumption, no independent check" if made_of.gives(published) else ""
        return dataclasses.replace(judged, why=judged.why + same)
    return judged


def _with_ends(judged: Judged, losses: Losses, spans: list[str]) -> Judged:
    """Say which spans the table holds in part only, and take no verdict if it ends too early.

    What a table leaves out at its beginning may be before the first death; at its end it is not.
    """
    for span in map(parse_span, spans):
        begins, latest = losses.periods[0], losses.periods[-1]
        ends = last_day(latest, losses.step)
        late = 2 * (begins - span.first).days >= losses.days(begins)
        early = 2 * (span.last - ends).days >= losses.days(latest)
        if late or early:
            said = f"{judged.why}; of {span.words} the table holds {max(begins, span.first)} to "
            judged = dataclasses.replace(
                judged, why=f"{said}{min(ends, span.last)} only",
                verdict=CANNOT_TELL if early else judged.verdict,
            )  # fmt: skip
    return judged


def _dating(losses: Losses) -> str:
    if losses.dating == "obituary":
        return (
            "dates of obituaries stand in for unknown dates of death: single days and weeks cannot "
            "be told apart"
        )
    return "the dates are of reports, not of deaths"


def _ends(low: float, high: float) -> str:
    def short(x: float) -> str:
        return f"{x:,.0f}" if abs(x) >= 999.5 else f"{x:.3g}"

    return f"{short(low)} to {short(high)}"


def _last_digit(value: float) -> float:
    """Return the unit of the last digit that a number was written with."""
    exponent = decimal.Decimal(repr(float(value))).normalize().as_tuple().exponent
    return float(f"1e{exponent}")


def _written(value: float) -> str:
    """Return a number with all of its digits and marks between thousands."""
    return f"{decimal.Decimal(repr(float(value))).normalize():,f}"


def claim_row(judged: Judged) -> dict[str, Any]:
    """Return the row of claims.csv: claim, stated, median, low, high, verdict, why, and sources."""
    claim = judged.claim
    return {
        "claim": claim.statement, "stated": claim.stated(), "median": judged.median,
        "low": judged.low, "high": judged.high, "verdict": judged.verdict, "why": judged.why,
        "unit": claim.unit, "model": claim.model or "base", "source": claim.source,
    }  # fmt: skip
