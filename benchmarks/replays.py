"""Past nowcasts of shipped epidemics against what came: the table that stands in the docs.

    uv run python -m benchmarks.replays [TASK ...]

Every date sees the rows that were reported by then alone.  WIS is the weighted interval score of 23
quantiles, in persons a period; errors come from blocks of consecutive dates.  Fits are kept, so
that an interrupted run goes on where it was; seconds are those of this run.
"""

import argparse
import dataclasses
import datetime
import sys
import time
from collections.abc import Sequence

import numpy as np

from estimation.fit.batch import Progress
from estimation.fit.executors import named_executor
from estimation.fit.store import Store
from estimation.nowcasts.pasts import Replay
from estimation.nowcasts.questions import replay_dates
from estimation.nowcasts.replay import replay
from estimation.nowcasts.scores import INTERVALS, differences, score_rows
from estimation.places import store_folder
from estimation.tables.report_rows import ReportRows
from estimation.tables.reports import read_reports
from models.reports import steps_between


@dataclasses.dataclass(frozen=True)
class Task:
    """Which dates of which table, and what is looked at."""

    dataset: str
    begin: str
    end: str
    every: int
    last: int
    max_delay: int
    window: int
    first_event: str = ""


TASKS = {
    # deaths from 2020-04-03 on only: those before came with the first publication
    "sweden": Task("sweden_covid_deaths", "2020-05-19", "2020-07-14", 7, 14, 35, 56, "2020-04-03"),
    "sweden-all": Task("sweden_covid_deaths", "2020-04-21", "2020-07-14", 7, 14, 35, 56),
    "dengue": Task("dengue_puerto_rico", "1994-01-03", "1995-12-25", 4, 6, 10, 52),
    "germany": Task("germany_covid_hosp", "2021-11-22", "2022-04-25", 7, 28, 40, 60),
    "hus": Task("hus_o104_germany_2011", "2011-05-28", "2011-06-25", 1, 10, 15, 25),
    "mpox": Task("mpox_nyc_diagnosis", "2022-08-01", "2022-09-12", 7, 7, 10, 21),
}


def from_event(rows: ReportRows, day: str) -> ReportRows:
    """Return the rows of periods from a day on, whose delays are all true ones."""
    first = steps_between(rows.begin, datetime.date.fromisoformat(day), rows.step)
    kept = rows.event_index >= first
    columns = ("event_index", "report_index", "stratum_index", "counts")
    return dataclasses.replace(
        rows, mask_first=False, **{name: getattr(rows, name)[kept] for name in columns}
    )


def carry_out(task: Task, executor: str, draws: int, seed: int) -> tuple[Replay, float]:
    """Return the replay of a task, and how many seconds it took."""
    rows = read_reports(task.dataset, negative="earlier")
    if task.first_event:
        rows = from_event(rows, task.first_event)
    begin, end = (datetime.date.fromisoformat(day) for day in (task.begin, task.end))
    start = time.perf_counter()
    with named_executor(executor) as workers:
        found = replay(
            rows, replay_dates(rows, begin, end, task.every), last=task.last,
            max_delay=task.max_delay, window=task.window, store=Store(store_folder()),
            executor=workers, tell=_tell, draws=draws, seed=seed,
        )  # fmt: skip
    return found, time.perf_counter() - start


def _tell(now: Progress) -> None:
    if sys.stderr.isatty():
        print(f"\r{now.name}: {now.done} of {now.total}", end="", file=sys.stderr, flush=True)


def line(name: str, found: Replay, seconds: float) -> list[str]:
    """Return the cells of a task."""
    rows = {row["method"]: row for row in score_rows(found)}
    model = rows["model"]
    parts = [model[part] for part in ("dispersion", "overprediction", "underprediction")]
    held = [
        f"{100 * model[f'inside_{100 * level:g}']:.0f} "
        f"({_number(100 * model[f'inside_{100 * level:g}_error'], 0)})"
        for level in INTERVALS
    ]  # fmt: skip
    apart = {one.other: one for one in differences(found)}
    beaten = []
    for other in ("chain ladder", "as reported"):
        said = "not defined"
        if other in rows:
            said = f"{_short(rows[other]['wis'])} ({apart[other].value:+.2f} ± "
            said += f"{_number(apart[other].error, 2)})"
        beaten.append(said)
    failed = f" ({len(found.failed)} failed)" if found.failed else ""
    return [
        name, f"{model['dates']}{failed}", f"{_short(model['wis'])} ± "
        f"{_number(model['wis_error'], 2)}", " + ".join(_short(part) for part in parts), *held,
        f"{100 * model['sum_error']:.1f} %", *beaten, f"{seconds:.0f}",
    ]  # fmt: skip


HEAD = [
    "task", "dates", "WIS", "dispersion + over + under",
    *(f"{100 * level:g} %" for level in INTERVALS), "sum off by", "chain ladder (difference)",
    "as reported (difference)", "seconds",
]  # fmt: skip


def _number(value: float, digits: int) -> str:
    return "-" if np.isnan(value) else f"{value:.{digits}f}"


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:.1f}"


def main(words: Sequence[str] | None = None) -> None:
    """Print the table, a row a task."""
    parser = argparse.ArgumentParser(prog="benchmarks.replays")
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=", ".join(TASKS))
    parser.add_argument("--executor", default="none", help="none, threads[:N] or processes[:N]")
    parser.add_argument("--draws", type=int, default=500, help="a chain, of two")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(words)
    unknown = [name for name in chosen.tasks if name not in TASKS]
    if unknown:
        parser.error(f"no task {unknown[0]!r}; there are {', '.join(TASKS)}")
    print("| " + " | ".join(HEAD) + " |")
    print("|" + " --- |" * len(HEAD), flush=True)
    for name in chosen.tasks or TASKS:
        found, seconds = carry_out(TASKS[name], chosen.executor, chosen.draws, chosen.seed)
        print("| " + " | ".join(line(name, found, seconds)) + " |", flush=True)
        for note in found.notes[-2:]:
            print(f"{name}: {note}", file=sys.stderr)


if __name__ == "__main__":
    main()
