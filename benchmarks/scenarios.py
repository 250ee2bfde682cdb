"""How fast a study is varied: many scenarios of one count, and of a table of weeks.

    uv run python -m benchmarks.scenarios [--million]

10,000 scenarios of one count, 4,000 draws or more each, by the command in a fresh process with the
executor it takes by itself: start-up, tables and figures included.  The plain way is a loop over
``pm.sample`` on the same models with as many draws, of which three fits are timed and scaled to
all.  200 scenarios of the shipped weekly study go through one session, its compilation included;
the plain way there compiles the graph anew for each, three timed and scaled, and leaves the total
uncompleted.  Every part runs in a process of its own, one after the other.  Memory is the largest
sum of what a process and its children hold, pages that they share counted in each.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
COUNT, TIMED, WEEKLY = 106_745, 3, 200
LOW, HIGH = (0.3, 0.5), (0.55, 0.8)
#: Seconds between looks at the memory of a process.
LOOK = 0.2

STUDY = """
title = "One count"

[losses]
kind = "flat"

[evidence.names]
kind = "count"
count = {count}
coverage = {{ kind = "uniform", low = 0.45, high = 0.65 }}

[[sensitivity]]
name = "grid"
design = "full"
anatomy = false
power_scaling = false
vary = [
  {{ field = "names.coverage.low", low = {low[0]}, high = {low[1]}, steps = {steps} }},
  {{ field = "names.coverage.high", low = {high[0]}, high = {high[1]}, steps = {steps} }},
]
"""


class Measured(NamedTuple):
    """Seconds of a process and its children: by the clock, of processors; MiB; what it printed."""

    wall: float
    processor: float
    memory: float
    printed: str


def measured(*words: str) -> Measured:
    """Run Python with these words in a fresh process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start, memory = time.perf_counter(), 0.0
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen([sys.executable, *words], stdout=told, cwd=HERE.parent)
        while process.poll() is None:
            memory = max(memory, _held(process.pid))
            time.sleep(LOOK)
        wall = time.perf_counter() - start
        told.seek(0)
        printed = told.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{printed}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(wall, used, memory, printed)


def _held(process: int) -> float:
    """Return the resident memory of a process and its children, MiB; 0 where no one can say."""
    try:
        place = Path("/proc") / str(process)
        pages = int((place / "statm").read_text().split()[1])
        children = (place / "task" / str(process) / "children").read_text().split()
    except OSError:  # it has ended, or this is no Linux
        return 0.0
    own = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return own + sum(_held(int(child)) for child in children)


class Clock:
    """Seconds since it was made: by the clock, and of processors in this process."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Return both."""
        return time.perf_counter() - self._start[0], time.process_time() - self._start[1]


def grid(steps: int) -> float:
    """Vary one count by the command, print what it took, and return its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        study, out = Path(folder) / "study.toml", Path(folder) / "out"
        study.write_text(STUDY.format(count=COUNT, low=LOW, high=HIGH, steps=steps))
        command = ("-m", "estimation", "sensitivity", str(study), "--out", str(out))
        found = measured(*command, "--store", str(Path(folder) / "store"))
        with (out / "sensitivity.csv").open() as file:
            rows = sum(1 for _ in file) - 2  # of names, and of the model as it is stated
    print(
        f"{rows:,} scenarios of one count, the command: {found.wall:.1f} s "
        f"({found.processor:.1f} s of processors), {found.memory:,.0f} MiB",
        flush=True,
    )
    return found.wall


def run_loop() -> dict[str, float]:
    """Fit scenarios of one count by ``pm.sample``; one before, so that caches are warm."""
    import numpy as np
    import pymc as pm

    from models import Count, Flat, Model, uniform

    rng, start = np.random.default_rng(1), 0.0
    for i in range(TIMED + 1):
        if i == 1:
            start = time.perf_counter()
        belief = uniform(float(rng.uniform(*LOW)), float(rng.uniform(*HIGH)))
        with Model(Flat(), {"names": Count(COUNT, belief)}).graph():
            pm.sample(1000, chains=4, random_seed=i, progressbar=False, quiet=True)
    return {"each": (time.perf_counter() - start) / TIMED}


def run_weekly() -> dict[str, Any]:
    """Vary the prior of the weekly step, which changes the graph, and coverage, which does not."""
    from estimation.fit.session import Session, session
    from estimation.sensitivity.axes import Axis
    from estimation.sensitivity.designs import Design
    from estimation.sensitivity.posteriors import Posteriors
    from estimation.sensitivity.scenarios import run_scenarios
    from estimation.study.read import read_study

    model = next(one.model for one in read_study(None).scenarios if one.name == "weekly")
    axes = {
        "step": Axis("losses.step", low=0.05, high=1.0, steps=WEEKLY, scale="log"),
        "coverage": Axis("names.coverage", low=0.4, high=0.7, steps=WEEKLY),
    }
    found: dict[str, Any] = {}
    for name, axis in axes.items():
        clock = Clock()
        scenarios = run_scenarios(model, Design((axis,)))
        found[name], found[f"processors {name}"] = clock.read()
        found[f"failed {name}"] = len(scenarios.failed)
    found["compilations"] = session.compilations
    settings = Posteriors().plan(model).settings
    cores = os.cpu_count() or 1
    clock = Clock()
    for code in axes["step"].grid()[:: WEEKLY // TIMED][:TIMED]:
        Session().sample(
            axes["step"].put(model, float(code)), draws=settings["draws"], tune=settings["tune"],
            chains=settings["chains"], cores=cores, seed=1, target_accept=0.95,
        )  # fmt: skip
    wall, processors = clock.read()
    return found | {"anew": wall / TIMED, "processors anew": processors / TIMED}


def weekly() -> None:
    """Print what scenarios of the weekly table take."""
    found = json.loads(measured("-m", "benchmarks.scenarios", "weekly").printed.splitlines()[-1])
    anew, processors = found["anew"] * WEEKLY, found["processors anew"] * WEEKLY
    print(
        f"{WEEKLY} scenarios of the weekly table, prior of the step: {found['step']:.1f} s "
        f"({found['processors step']:.1f} s of processors) with {found['compilations']} "
        f"compilation(s), {found['failed step']} failed; compiled anew for each {anew:.0f} s "
        f"({processors:.0f} s; {TIMED} timed, {found['anew']:.1f} s each, scaled): "
        f"{anew / found['step']:.1f} times faster "
        f"({processors / found['processors step']:.1f} by processors)"
    )
    print(
        f"{WEEKLY} scenarios of the weekly table, coverage, which its graph does not hold: "
        f"{found['coverage']:.1f} s ({found['processors coverage']:.1f} s), "
        f"{found['failed coverage']} failed: {anew / found['coverage']:.0f} times faster",
        flush=True,
    )


def main(words: list[str]) -> None:
    """Carry out one part and print it as JSON, or run all parts."""
    match words:
        case ["loop"]:
            print(json.dumps(run_loop()))
        case ["weekly"]:
            print(json.dumps(run_weekly()))
        case _:
            steps = 100
            ours = grid(steps)
            loop = measured("-m", "benchmarks.scenarios", "loop").printed.splitlines()[-1]
            each = json.loads(loop)["each"]
            print(
                f"a loop over pm.sample: {each * steps**2:,.0f} s ({TIMED} timed, {each:.1f} s "
                f"each, scaled to {steps**2:,}): {each * steps**2 / ours:,.0f} times as long",
                flush=True,
            )
            weekly()
            if "--million" in words:
                grid(1000)


if __name__ == "__main__":
    main(sys.argv[1:])
