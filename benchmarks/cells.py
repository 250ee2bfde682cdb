"""How fast tables of counts are answered: a process against a textbook script, and growth.

    uv run python -m benchmarks.cells [--quick]

Every part runs in a process of its own, one after the other.  The weekly study and its baseline
`benchmarks/textbook_walk.py` are timed in turn, start-up and compilation included, so that a busy
machine slows both; medians of rounds with warm caches count.  Peak memory is that of the process.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models import Model

HERE = Path(__file__).resolve().parent
ROUNDS = 3
STRATA, MONTHS = 85, 40
#: How a part is run in a process of its own.
PART = ("-m", "benchmarks.cells")
GROWTH = ((85, 40), (85, 120), (250, 120))


def run_weekly() -> dict[str, Any]:
    """Fit the weekly study with an empty store, and write what it says of every week."""
    from estimation import fit
    from estimation.diagnostics.gate import tree_verdict
    from estimation.tables.read import read_cells
    from models import Count, Model, Walk, uniform

    read = read_cells("named_by_week")
    model = Model(Walk(), {"names": Count(read.cells, uniform(0.45, 0.65))})
    with tempfile.TemporaryDirectory() as folder:
        tree = fit(model, store=folder)
        verdict = tree_verdict(tree, 0.95)
        posterior = tree["posterior"].to_dataset()
        table = posterior["deaths"].quantile([0.025, 0.5, 0.975], ("chain", "draw"))
        table.to_pandas().T.to_csv(Path(folder) / "deaths.csv")
    years = posterior["period"].str.slice(0, 4)
    parts = {f"deaths_{y}": part.sum("period") for y, part in posterior["deaths"].groupby(years)}
    return _judged({"total": posterior["total"], **parts}, tree, verdict)


def run_table(losses: str) -> dict[str, Any]:
    """Fit a simulated table, from building the model to the verdict of the gate."""
    from estimation import fit
    from estimation.diagnostics.gate import tree_verdict

    start = time.perf_counter()
    model = simulated(STRATA, MONTHS, losses)
    tree = fit(model)
    verdict = tree_verdict(tree, 0.95)
    seconds = time.perf_counter() - start
    return _judged({"total": tree["posterior"]["total"]}, tree, verdict) | {"seconds": seconds}


def run_growth(strata: int, months: int) -> dict[str, Any]:
    """Compile once, then fit: seconds of each."""
    from estimation import fit
    from estimation.fit.session import session

    model = simulated(strata, months, "additive")
    start = time.perf_counter()
    session.compilation(model)
    compiled = time.perf_counter()
    fit(model)
    return {"compile": compiled - start, "fit": time.perf_counter() - compiled}


def simulated(strata: int, months: int, losses: str) -> Model:
    """Return a model of a simulated table of about 30 names a cell; coverage is uniform."""
    import datetime

    import numpy as np

    from models import Cells, Count, Model, Pooled, Walk, WalkPooled, uniform

    rng = np.random.default_rng(1)
    walk = np.cumsum(rng.normal(0, 0.15, (months, 1)), axis=0)
    effects = rng.normal(0, 0.8, strata)
    own = np.cumsum(rng.normal(0, 0.1, (months, strata)), axis=0) if losses == "own walks" else 0.0
    rate = np.exp(walk + effects + own)
    counts = rng.poisson(30 * rate / rate.mean())
    first = 12 * 2022 + 2
    periods = [datetime.date(m // 12, m % 12 + 1, 1) for m in range(first, first + months)]
    names = [f"region {i:03}" for i in range(strata)]
    own_step = 0.1 if losses == "own walks" else None
    cells = Cells(counts, tuple(periods), "month", tuple(names))
    evidence = {"names": Count(cells, uniform(0.45, 0.65))}
    return Model(WalkPooled(Walk(), Pooled(), own_step), evidence)


def _judged(estimands: dict[str, Any], tree: Any, verdict: Any) -> dict[str, Any]:
    """Return what both sides of a comparison say of a fit."""
    import arviz as az

    draws = {name: values.to_numpy() for name, values in estimands.items()}
    checks = {check.name: check for check in verdict.checks}
    return {
        "ess": {name: round(float(az.ess(values))) for name, values in draws.items()},
        "mean": {name: round(float(values.mean())) for name, values in draws.items()},
        "rhat": checks["rhat"].value,
        "divergences": int(tree["sample_stats"]["diverging"].sum()),
        "draws": draws["total"].size,
        "verdict": verdict.verdict,
    }


def _measured(*words: str) -> dict[str, Any]:
    """Run a process, and return what its last line says, its seconds and its peak memory."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as told:
        command, here = [sys.executable, *words], HERE.parent
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told, cwd=here)
        printed = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        if status:
            told.seek(0)
            raise SystemExit(f"{' '.join(words)} failed:\n{told.read()}")
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return {**found, "wall": seconds, "memory": usage.ru_maxrss / 1024}


def weekly() -> None:
    """Time whole processes of both in turn and print seconds, draws a second and ratios."""
    sides = {
        "textbook script": lambda: _measured(str(HERE / "textbook_walk.py")),
        "undercount": lambda: _measured(*PART, "weekly"),
    }
    for measure in sides.values():
        measure()  # both start with warm files and compiled code
    rounds = [{name: measure() for name, measure in sides.items()} for _ in range(ROUNDS)]
    speed, wall = {}, {}
    for name in sides:
        found = [each[name] for each in rounds]
        wall[name] = statistics.median(one["wall"] for one in found)
        ess = {key: statistics.median(one["ess"][key] for one in found) for key in found[0]["ess"]}
        speed[name], one = min(ess.values()) / wall[name], found[-1]
        print(
            f"182 weeks, {name}: {wall[name]:.1f} s a process, ESS of the total "
            f"{ess['total']:.0f} and of years {min(ess.values()):.0f} or more, of {one['draws']:,} "
            f"draws: {speed[name]:.0f} a second; R-hat {one['rhat']:.3f}, {one['divergences']} "
            f"divergences, total {one['mean']['total']:,.0f}, {one['memory']:.0f} MiB",
            flush=True,
        )
    theirs, ours = sides
    faster, more = wall[theirs] / wall[ours], speed[ours] / speed[theirs]
    print(f"undercount: {faster:.1f} times faster, {more:.1f} times the effective draws a second")


def tables() -> None:
    """Print seconds and checks of simulated tables, and how cost grows."""
    for losses in ("additive", "own walks"):
        one = _measured(*PART, "table", losses)
        print(
            f"{STRATA} strata x {MONTHS} months, {losses}: {one['seconds']:.1f} s from build to "
            f"gate ({one['wall']:.1f} s the process), {one['verdict']}, R-hat {one['rhat']:.3f}, "
            f"{one['divergences']} divergences, ESS of the total {one['ess']['total']:.0f}, "
            f"{one['memory']:.0f} MiB",
            flush=True,
        )
    for strata, months in GROWTH:
        one = _measured(*PART, "growth", str(strata), str(months))
        print(
            f"{strata} x {months} = {strata * months:,} cells, additive: compiled in "
            f"{one['compile']:.1f} s, {one['fit']:.1f} s a fit, {one['memory']:.0f} MiB",
            flush=True,
        )


def main(words: list[str]) -> None:
    """Carry out one part and print it as JSON, or run all parts."""
    match words:
        case ["weekly"]:
            print(json.dumps(run_weekly()))
        case ["table", losses]:
            print(json.dumps(run_table(losses)))
        case ["growth", strata, months]:
            print(json.dumps(run_growth(int(strata), int(months))))
        case _:
            weekly()
            if "--quick" not in words:
                tables()


if __name__ == "__main__":
    main(sys.argv[1:])
