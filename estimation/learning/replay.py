"""Replay of what was known: list, latest estimate and judged coverage, against what came next.

At each day on which a total of the list was published, a model that is given what was published by
then foretells the next total, and the next estimate of the source whose latest one it was given.
"""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from estimation.comparison.scoring import Score, score_row
from estimation.diagnostics.gate import sampled_verdict
from estimation.diagnostics.verdicts import FAIL, INCONCLUSIVE, Check, Thresholds, Verdict
from estimation.errors import UndercountError
from estimation.fit import nuts
from estimation.fit.batch import run_tasks
from estimation.fit.engine import as_store
from estimation.fit.key import code_digest, engine_versions
from estimation.fit.record import Record
from estimation.fit.store import Refit, Store, obtain
from estimation.learning.as_known import (
    BEGIN,
    LEVEL,
    NEXT_ESTIMATE,
    NEXT_TOTAL,
    THROUGH,
    belief_of,
    foretell,
    is_enough,
    model_of,
)
from estimation.learning.history import Day, History, shipped_history
from estimation.learning.naive import continued, divided, quantiles
from estimation.progress import Progress, Tell, silent
from estimation.randomness import stream
from models.beliefs.base import FloatArray

#: Ways to foretell.
MODEL, CONTINUED, DIVIDED = "model", "last pace continued", "list over judged coverage"

#: Each fit is one of many: see `estimation.nowcasts.fits`.
THRESHOLDS = Thresholds(rhat=1.05, ess=100, mcse=0.2, divergences=0.01)

#: What the numbers of a kept forecast depend on, beside models and fits.
_CODE = ("estimation/learning/as_known.py", "estimation/learning/replay.py")


@dataclasses.dataclass(frozen=True)
class Forecast:
    """What was foretold at a day, with what came.

    Parameters
    ----------
    as_of : datetime.date
        The day of which everything that was published was known.
    what : {"next total of the list", "next estimate"}
    until : datetime.date
        The day of the total, or the last that the estimate counts.
    method : {"model", "last pace continued", "list over judged coverage"}
    known : float
        The last total of the list, or the value of the last estimate.
    score : Score
        Truth, median, whether intervals held, weighted interval score.
    low, high : float
        95 % interval.
    """

    as_of: Day
    what: str
    until: Day
    method: str
    known: float
    score: Score
    low: float
    high: float

    @property
    def inside(self) -> bool:
        """Return whether the 95 % interval held what came."""
        return bool(self.score.inside[0.95])

    @property
    def width(self) -> float:
        """Return the width of the 95 % interval over what came."""
        return (self.high - self.low) / self.score.truth

    @property
    def width_of_new(self) -> float:
        """Return the width over what came beyond what was known."""
        return (self.high - self.low) / max(abs(self.score.truth - self.known), 1.0)


@dataclasses.dataclass(frozen=True)
class LearnedReplay:
    """All forecasts of a replay.

    Parameters
    ----------
    rows : tuple of Forecast
    fits : int
        Fits that were made.
    unsound, doubtful : tuple of str
        Dates whose fit failed its checks, or whose checks were inconclusive; all are scored, since
        leaving out what is hard would flatter.
    failed : dict of str
        Why there is no fit, by date.
    """

    rows: tuple[Forecast, ...]
    fits: int
    unsound: tuple[str, ...]
    doubtful: tuple[str, ...]
    failed: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Sampler:
    """How fits are sampled: see `estimation.fit.engine.fit`."""

    draws: int = 400
    chains: int = 4
    tune: int = 400
    seed: int = 1


def replay_learned(
    history: History | None = None, *, first: Day = BEGIN, last: Day = THROUGH,
    sampler: Sampler = Sampler(), store: Store | str | Path | None = None,
    refit: Refit = "on_change", executor: Executor | None = None, cores: int | None = None,
    tell: Tell = silent,
) -> LearnedReplay:  # fmt: skip
    """Foretell, at each day of a total, the next one and the next estimate.

    The first day is that of the first total after an estimate with bounds was published (of the
    shipped tables the 15th, 2023-08-04): before it nothing stands beside the judgment, so that
    there is nothing to learn coverage from.

    Parameters
    ----------
    history : History, optional
        What was published; the shipped tables by default.
    first, last : datetime.date
        Days outside are left out.
    sampler : Sampler
    store, refit, cores
        See `estimation.fit.engine.fit`; each date is kept, so that a replay can go on.
    executor : concurrent.futures.Executor, optional
        Works on the dates; each fit then takes one core.
    tell : callable
        Told how far the batch is.
    """
    history = shipped_history() if history is None else history
    tasks: dict[str, tuple[Any, ...]] = {}
    for total in history.totals:
        known = history.known_by(total.day)
        ahead = history.next_total(total.day), history.next_publication(total.day)
        if first <= total.day <= last and is_enough(known) and ahead != (None, None):
            spans = ahead[0] and ahead[0].day, ahead[1] and ahead[1].until
            tasks[total.day.isoformat()] = (
                known, *spans, sampler, as_store(store), refit, cores if executor is None else 1,
            )  # fmt: skip
    counted = 0

    def done(name: str, result: Any) -> None:
        nonlocal counted
        counted += 1
        stage = "failed" if isinstance(result, UndercountError) else result[2]
        tell(Progress(name, stage, counted, len(tasks)))

    answers = run_tasks(_keep, tasks, executor=executor, store=as_store(store), done=done)
    failed = {name: str(one) for name, one in answers.items() if isinstance(one, UndercountError)}
    sound = {name: one for name, one in answers.items() if name not in failed}
    unsound, doubtful = (
        tuple(name for name, one in sound.items() if one[1].verdict == verdict)
        for verdict in (FAIL, INCONCLUSIVE)
    )
    rows = [row for name, one in sound.items() for row in _rows(history, name, one[0])]
    return LearnedReplay(tuple(rows), len(sound), unsound, doubtful, failed)


def _keep(
    known: History, next_total: Day | None, next_estimate: Day | None, sampler: Sampler,
    store: Store | None, refit: Refit, cores: int | None,
) -> tuple[dict[str, FloatArray], Verdict, str]:  # fmt: skip
    """Return draws of what is foretold from what was known, and keep them; for processes too."""
    model = model_of(known)
    made_of = {
        "kind": "learned replay", "model": model.content(),
        "until": [day and day.isoformat() for day in (next_total, next_estimate)],
        "settings": dataclasses.asdict(sampler), "versions": engine_versions("nuts"),
        "code": code_digest(*_CODE),
    }  # fmt: skip

    def make() -> Record:
        sampled = nuts.sample_graph(
            model, sampler.draws, tune=sampler.tune, chains=sampler.chains, cores=cores,
            seed=sampler.seed,
        )  # fmt: skip
        rng = stream(sampler.seed, "learned replay")
        found = foretell(model, sampled.free["latent"], next_total, next_estimate, rng)
        checks = sampled_verdict(
            found, sampler.chains, sampled.statistics, LEVEL, THRESHOLDS
        ).checks  # fmt: skip
        meta = {"checks": [json.dumps(dataclasses.asdict(check)) for check in checks]}
        return Record(made_of, meta, found)

    record, origin = obtain(store, refit, made_of, make)
    checks = tuple(Check(**json.loads(one)) for one in record.meta["checks"])
    return dict(record.arrays), Verdict(checks), origin


def _rows(history: History, name: str, drawn: dict[str, FloatArray]) -> list[Forecast]:
    """Return what was foretold at a day by all methods, with what came."""
    day = Day.fromisoformat(name)
    known, found = history.known_by(day), []
    total, estimate = history.next_total(day), history.next_publication(day)
    if total is not None:
        last = float(known.totals[-1].names)
        for method, foretold in (
            (MODEL, quantiles(drawn[NEXT_TOTAL])), (CONTINUED, continued(known, total.day))
        ):  # fmt: skip
            score = score_row({"quantiles": foretold}, float(total.names))
            found.append(Forecast(day, NEXT_TOTAL, total.day, method, last, score,
                                  foretold[0.025], foretold[0.975]))  # fmt: skip
    if estimate is not None and known.estimate is not None:
        last = known.estimate.value
        for method, foretold in (
            (MODEL, quantiles(drawn[NEXT_ESTIMATE])),
            (DIVIDED, divided(known, belief_of(known), estimate.until)),
        ):
            score = score_row({"quantiles": foretold}, estimate.value)
            found.append(Forecast(day, NEXT_ESTIMATE, estimate.until, method, last, score,
                                  foretold[0.025], foretold[0.975]))  # fmt: skip
    return found
