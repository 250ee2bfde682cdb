"""Models of one table side by side, with verdicts that say how far their ranking can be trusted."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Literal

from estimation.comparison.held_out import HeldOutComparison, leave_future_out, leave_stratum_out
from estimation.comparison.leave_one_out import MOST_REFITS, LeaveOneOut, leave_one_out
from estimation.errors import UsageError
from estimation.fit.nuts import TUNE
from estimation.fit.store import Refit, Store
from estimation.progress import Tell, silent
from models.model import Model

#: Verdicts on a method.
RANKED, CLOSE, FEW, UNRELIABLE = (
    "ranked", "too close to rank", "too few points to rank", "unreliable",
)  # fmt: skip

#: Further verdicts on a model beside the best.
BEST, WORSE = "best", "worse"

METHODS = ("loo", "future", "stratum")

#: Differences below so many nats, or standard errors, rank nothing; the first is ArviZ's own rule.
SMALLEST_DIFFERENCE, SMALLEST_ERRORS = 4.0, 2.0

#: Points, and folds, below which the error of a difference is not known; the first is ArviZ's.
FEWEST_POINTS, FEWEST_FOLDS = 100, 8


@dataclasses.dataclass(frozen=True)
class Compared:
    """One model under one method.

    Parameters
    ----------
    model, method : str
    kind : str
        How the density was had: integrated, conditional, refits, future or stratum.
    elpd, se : float
        Expected log predictive density (nats), and its standard error.
    difference, difference_se : float
        To the best model: 0 or below.
    weight : float or None
        By stacking; of leave-one-out only.
    points : int
        Cells, or folds, that were predicted.
    influential, refits : int
        Of leave-one-out.
    verdict, says : str
    """

    model: str
    method: str
    kind: str
    elpd: float
    se: float
    difference: float
    difference_se: float
    weight: float | None
    points: int
    influential: int
    refits: int
    verdict: str
    says: str


@dataclasses.dataclass(frozen=True)
class MethodVerdict:
    """Whether a method ranks the models, and in which words."""

    method: str
    verdict: str
    says: str


@dataclasses.dataclass(frozen=True)
class Comparison:
    """All models under all methods.

    Parameters
    ----------
    compared : tuple of Compared
        By method; best first, unreliable ones last.
    verdicts : dict of MethodVerdict
        By method.
    details : dict
        By method, what `leave_one_out`, `leave_future_out` or `leave_stratum_out` returned.
    """

    compared: tuple[Compared, ...]
    verdicts: dict[str, MethodVerdict]
    details: dict[str, LeaveOneOut | HeldOutComparison]

    def rows(self) -> list[dict[str, Any]]:
        """Return a row a model and method, for CSV or JSON; what is not a number is None."""
        return [
            {
                name: None if isinstance(value, float) and not math.isfinite(value) else value
                for name, value in dataclasses.asdict(one).items()
            }
            for one in self.compared
        ]


def compare_models(
    models: Mapping[str, Model], methods: Sequence[str] = ("loo",), *,
    fits: Mapping[str, Any] | None = None, method: Literal["auto", "psis", "refit"] = "auto",
    most_refits: int = MOST_REFITS, horizon: int = 4, folds: int = 8, earliest: Any = None,
    strata: Sequence[str] | None = None, draws: int | None = None, chains: int = 4,
    tune: int = TUNE, seed: int = 1, cores: int | None = None,
    store: Store | str | Path | None = None, refit: Refit = "on_change",
    executor: Executor | None = None, tell: Tell = silent,
) -> Comparison:  # fmt: skip
    """Compare models of one table by what they predict of counts they did not see.

    Parameters
    ----------
    models : mapping of Model
        By name; they differ in the loss process.
    methods : sequence of {"loo", "future", "stratum"}
        Leave-one-out, leave-future-out, leave-stratum-out.
    fits, method, most_refits
        See `leave_one_out`.
    horizon, folds, earliest
        See `leave_future_out`.
    strata
        See `leave_stratum_out`.
    draws, chains, tune, seed, cores, store, refit, executor, tell
        See `estimation.fit.batch.fit_many`.

    Raises
    ------
    UsageError
        If a method is unknown.
    RefusedError
        If a ranking would be made up: see `estimation.comparison.refusals`.
    """
    if isinstance(methods, str) or not methods or not set(methods) <= set(METHODS):
        raise UsageError(f"{methods!r} are no methods", where="methods",
                         remedy="a list of " + ", ".join(METHODS))  # fmt: skip
    fitting: dict[str, Any] = {
        "draws": draws, "chains": chains, "tune": tune, "seed": seed, "cores": cores,
        "store": store, "refit": refit, "executor": executor, "tell": tell,
    }  # fmt: skip
    details: dict[str, LeaveOneOut | HeldOutComparison] = {}
    compared: list[Compared] = []
    verdicts = {}
    for one in dict.fromkeys(methods):
        if one == "loo":
            left = leave_one_out(models, fits=fits, method=method, most_refits=most_refits,
                                 **fitting)  # fmt: skip
            details[one], rows = left, _rows_of_points(left)
        else:
            held = (
                leave_future_out(models, horizon, folds, earliest, **fitting) if one == "future"
                else leave_stratum_out(models, strata, **fitting)
            )  # fmt: skip
            details[one], rows = held, _rows_of_folds(held)
        compared += rows
        verdicts[one] = _verdict(one, rows)
    return Comparison(tuple(compared), verdicts, details)


def _rows_of_points(found: LeaveOneOut) -> list[Compared]:
    rows, order = [], [] if found.table is None else list(found.table.index)
    for name in [*order, *[name for name in found.models if name not in order]]:
        one, difference, error, weight = found.models[name], math.nan, math.nan, None
        if found.table is not None and name in order:
            raw = found.table.loc[name]
            difference, error = float(raw["elpd_diff"]), float(raw["dse"])
            weight = float(raw["weight"])
        verdict, says = _judged(
            name, order[0] if order else "", difference, error, found.points, FEWEST_POINTS,
            "points", one.failed,
        )  # fmt: skip
        elpd, se = (math.nan, math.nan) if one.elpd is None else (one.elpd.elpd, one.elpd.se)
        rows.append(
            Compared(name, "loo", one.kind, float(elpd), float(se), difference, error, weight,
                     found.points, one.influential, one.refits, verdict, says)
        )  # fmt: skip
    return rows


def _rows_of_folds(found: HeldOutComparison) -> list[Compared]:
    rows, order = [], list(found.differences)
    folds = len(found.shared)
    for name in order or list(dict.fromkeys(one.model for one in found.folds)):
        if not order:
            nan = math.nan
            rows.append(Compared(name, found.kind, found.kind, nan, nan, nan, nan, None, 0, 0, 0,
                                 UNRELIABLE, found.says()))  # fmt: skip
            continue
        one = found.differences[name]
        verdict, says = _judged(
            name, order[0], one.difference, one.difference_se, folds, FEWEST_FOLDS, "folds", ""
        )
        rows.append(
            Compared(name, found.kind, found.kind, one.elpd, one.se, one.difference,
                     one.difference_se, None, folds, 0, 0, verdict, f"{says}; {found.says()}")
        )  # fmt: skip
    return rows


def _judged(
    name: str, best: str, difference: float, error: float, size: int, fewest: int, unit: str,
    failed: str,
) -> tuple[str, str]:  # fmt: skip
    if failed:
        return UNRELIABLE, f"unreliable: {failed}"
    if not best:
        return UNRELIABLE, "no other model is reliable, so that there is nothing to compare it with"
    if name == best:
        return BEST, f"has the highest predictive density of {size} {unit}"
    said = f"{-difference:.1f} nats below {best}, standard error {error:.1f}"
    if size < fewest:
        return FEW, f"{said}; {size} {unit} are too few to know that error (below {fewest})"
    if abs(difference) < SMALLEST_DIFFERENCE:
        return CLOSE, f"{said}: less than {SMALLEST_DIFFERENCE:g} nats"
    if not abs(difference) >= SMALLEST_ERRORS * error:
        return CLOSE, f"{said}: less than {SMALLEST_ERRORS:g} standard errors"
    return WORSE, f"{said}: clearly worse"


def _verdict(method: str, rows: Sequence[Compared]) -> MethodVerdict:
    """Judge the lead of the best model over the others."""
    sound = [row for row in rows if row.verdict != UNRELIABLE]
    lost = [row.model for row in rows if row.verdict == UNRELIABLE]
    aside = f"; not ranked, being unreliable: {', '.join(lost)}" if lost and sound else ""
    if len(sound) < 2:
        return MethodVerdict(method, UNRELIABLE, rows[-1].says)
    best, others = sound[0].model, sound[1:]
    verdicts = {row.verdict for row in others}
    if FEW in verdicts:
        return MethodVerdict(method, FEW, f"{others[0].model}: {others[0].says}{aside}")
    close = [row.model for row in others if row.verdict == CLOSE]
    worse = [row.model for row in others if row.verdict == WORSE]
    if close:
        says = f"{best} cannot be told from {', '.join(close)}"
        says += f", but is clearly better than {', '.join(worse)}" if worse else ""
        return MethodVerdict(method, CLOSE, says + aside)
    says = f"{best} predicts clearly better than {', '.join(worse)}"
    return MethodVerdict(method, RANKED, says + aside)
