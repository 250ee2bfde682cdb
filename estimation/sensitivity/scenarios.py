"""Scenarios: one model with fields replaced, many times over, by any executor."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.errors import RefusedError, UndercountError, UsageError
from estimation.fit.batch import run_tasks
from estimation.fit.engine import Engine, as_store, plan
from estimation.fit.store import Refit, Store
from estimation.progress import Progress, Tell, silent
from estimation.sensitivity.axes import put
from estimation.sensitivity.chunks import NUMBERS, Chunk, Settings, evaluate_chunk
from estimation.sensitivity.designs import Design
from estimation.sensitivity.posteriors import TOTAL, Target, graph_key
from models.model import Model

if TYPE_CHECKING:
    import pandas

#: Scenarios of one task: some seconds of work, so that little is lost when it is interrupted.
_EXACT_CHUNK, _SAMPLED_CHUNK = 500, 50

#: Independent draws of all scenarios together, and of each; where bounds are not known well enough
#: a scenario is drawn anew with more.
BUDGET, FEWEST_DRAWS, MOST_DRAWS = 40_000_000, 4_000, 100_000

#: Graphs to sample above which a study must be confirmed.
_MANY = 1_000


@dataclasses.dataclass(frozen=True, eq=False)
class Scenarios:
    """What a sensitivity study found.

    Parameters
    ----------
    design : Design
        Scenario 0 is the model as stated.
    targets : tuple of Target
    prob : float
        Level of the intervals.
    numbers : (n_scenario, n_target, 12) array
        See `NUMBERS`; NaN where a scenario failed or a moment does not exist.
    reasons : tuple of str
        Why each scenario failed; empty if it did not.
    verdicts : tuple of str
        Of the checks of each.
    sampled : int
        Graphs that were sampled.
    """

    design: Design
    targets: tuple[Target, ...]
    prob: float
    numbers: np.ndarray
    reasons: tuple[str, ...]
    verdicts: tuple[str, ...]
    sampled: int

    @property
    def failed(self) -> dict[int, str]:
        """Return the reasons of the scenarios that failed."""
        return {i: reason for i, reason in enumerate(self.reasons) if reason}

    def column(self, name: str, target: int = 0) -> np.ndarray:
        """Return one of `NUMBERS` of all scenarios, (n_scenario,)."""
        return np.asarray(self.numbers[:, target, NUMBERS.index(name)])

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield a row a scenario and target: the varied fields, and what was found."""
        from estimation.sensitivity.axes import words_of

        axes, size = self.design.axes, len(self.reasons)
        words = [() if axis.ranged else tuple(words_of(v) for v in axis.values) for axis in axes]
        for start in range(0, size, 10_000):
            codes = self.design.codes(start, start + 10_000)
            for i, row in enumerate(codes.tolist(), start):
                fields = {
                    axis.field: "" if code != code else code if axis.ranged else said[int(code)]
                    for axis, said, code in zip(axes, words, row, strict=True)
                }
                for j, target in enumerate(self.targets):
                    numbers = self.numbers[i, j].tolist()
                    found = {
                        name: None if value != value else value
                        for name, value in zip(NUMBERS, numbers, strict=True)
                    }
                    judged = {"verdict": self.verdicts[i]}
                    why = {"reason": self.reasons[i]}
                    yield {"scenario": i, **fields, "estimand": target.label} | judged | found | why

    def table(self) -> pandas.DataFrame:
        """Return the rows as a table."""
        import pandas

        return pandas.DataFrame(self.rows())


def run_scenarios(
    model: Model, design: Design, *, targets: Sequence[Target] = (TOTAL,), prob: float = 0.95,
    engine: Engine = "auto", draws: int | None = None, seed: int = 1, accept: str | None = None,
    store: Store | str | Path | None = None, refit: Refit = "on_change",
    executor: Executor | None = None, cores: int | None = None, confirmed: bool = False,
    budget: int = BUDGET, tell: Tell = silent,
) -> Scenarios:  # fmt: skip
    """Find the targets in all scenarios of a design; they share random numbers.

    Parameters
    ----------
    model : Model
        As it is stated.
    design : Design
    targets : sequence of Target
        What is looked at.
    prob : float
        Level of the intervals.
    engine, draws, seed, store, refit
        See `estimation.fit.engine.fit`; where draws are independent, 1,000 to 25,000 a chain: fewer
        in larger designs, more in scenarios whose bounds are then not known well enough.
    accept : str, optional
        Reason to keep scenarios whose fits failed their checks.
    executor : concurrent.futures.Executor, optional
        Any; the numbers do not depend on it.
    cores : int, optional
        Processor cores of a fit by NUTS; with an executor each takes one.
    confirmed : bool
        Whether more than 1,000 graphs may be sampled.
    budget : int
        Independent draws of all scenarios together.
    tell : callable
        Told how far it is.

    Returns
    -------
    Scenarios
        Scenarios that failed are kept with their reasons.

    Raises
    ------
    InvalidValueError
        If the model has no such field.
    RefusedError
        If more than 1,000 graphs were to be sampled and nobody confirmed it.
    UndercountError
        If the model as stated fails.
    """
    axes = tuple(axis.of(model) for axis in design.axes)
    design = dataclasses.replace(design, axes=axes)
    chosen = plan(model, engine, draws=draws, seed=seed).engine
    most = draws
    if draws is None and chosen == "exact":
        each = min(max(budget // design.size, FEWEST_DRAWS), MOST_DRAWS)
        draws, most = each // 4, MOST_DRAWS // 4
    if not 0 < prob < 1:
        raise UsageError(f"must lie strictly between 0 and 1, not {prob!r}", where="prob")
    settings = Settings(
        engine, draws, most, seed, prob, accept, 1 if executor is not None else cores
    )
    if chosen == "exact":
        chunks, sampled = _exact_chunks(design), 0
    else:
        groups = graphs(model, design, None if confirmed else _MANY)
        if groups is None:
            raise RefusedError(_how_long(model, settings, design.size), where="design",
                               why="each needs sampling of its own",
                               remedy="take fewer points, or confirm (--yes)")  # fmt: skip
        chunks, sampled = _sampled_chunks(design, groups), len(groups.keys() - {""})
    tasks = {
        number: (model, design.axes, chunk, tuple(targets), settings, as_store(store), refit)
        for number, chunk in enumerate(chunks)
    }
    counted = 0

    def done(_: int, result: Any) -> None:
        if isinstance(result, UndercountError):  # of a store, or ours: no scenario is to blame
            raise result
        nonlocal counted
        counted += 1
        tell(Progress("scenarios", result[3], counted, len(tasks)))

    results = run_tasks(evaluate_chunk, tasks, executor=executor, store=as_store(store), done=done)
    return _assembled(design, tuple(targets), prob, sampled, chunks, results)


def _assembled(
    design: Design, targets: tuple[Target, ...], prob: float, sampled: int, chunks: list[Chunk],
    results: dict[int, Any],
) -> Scenarios:  # fmt: skip
    numbers = np.full((design.size, len(targets), len(NUMBERS)), np.nan)
    reasons, verdicts = [""] * design.size, [""] * design.size
    for number, chunk in enumerate(chunks):
        found, why, judged, _ = results[number]
        numbers[chunk.index] = found
        for i, reason, verdict in zip(chunk.index.tolist(), why, judged, strict=True):
            reasons[i], verdicts[i] = reason, verdict
    if reasons[0]:
        raise RefusedError(f"the model as stated fails: {reasons[0]}", where="scenario 0")
    return Scenarios(design, targets, prob, numbers, tuple(reasons), tuple(verdicts), sampled)


def _exact_chunks(design: Design) -> list[Chunk]:
    return [
        Chunk(np.arange(start, min(start + _EXACT_CHUNK, design.size)),
              design.codes(start, start + _EXACT_CHUNK))
        for start in range(0, design.size, _EXACT_CHUNK)
    ]  # fmt: skip


def _sampled_chunks(design: Design, groups: dict[str, list[int]]) -> list[Chunk]:
    """Return scenarios that are worked on together: those of one graph."""
    codes = design.codes(0, design.size)
    return [
        Chunk(np.array(group[start : start + _SAMPLED_CHUNK]),
              codes[group[start : start + _SAMPLED_CHUNK]])
        for group in groups.values()
        for start in range(0, len(group), _SAMPLED_CHUNK)
    ]  # fmt: skip


def graphs(model: Model, design: Design, most: int | None = None) -> dict[str, list[int]] | None:
    """Return the scenarios of each graph by its key; those that are refused stand under "".

    Parameters
    ----------
    model : Model
    design : Design
    most : int, optional
        Graphs above which the answer is None, so that a grid of millions is not listed in vain.
    """
    found: dict[str, list[int]] = {}
    for start in range(0, design.size, _EXACT_CHUNK):
        for i, codes in enumerate(design.codes(start, start + _EXACT_CHUNK).tolist(), start):
            try:
                key = graph_key(put(model, design.axes, codes))
            except UndercountError:
                key = ""
            found.setdefault(key, []).append(i)
            if most is not None and len(found) > most:
                return None
    return found


def _how_long(model: Model, settings: Settings, most: int) -> str:
    """Return how long a study takes, from two fits of the model as it is stated."""
    import time

    posteriors = settings.posteriors()
    posteriors.posterior(model)  # compiles
    posteriors.forget()
    start = time.perf_counter()
    posteriors.posterior(model)
    seconds = (time.perf_counter() - start) * most
    units = [("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)]
    name, unit = next(((n, u) for n, u in units if seconds >= 2 * u), ("seconds", 1.0))
    return f"up to {most:,} graphs to sample would take about {seconds / unit:,.0f} {name} here"
