"""How fast one count is answered: the whole process, and draws a second.

    uv run python -m benchmarks.first_answer

Whole processes, start-up and compilation included, are timed in turn (ours, the baseline, ours,
...), so that a busy machine slows both; the ratio of medians is what counts.  The baseline is
`benchmarks/plain_pymc.py`, the script that an analyst would write.
"""

import json
import re
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from estimation.fit.exact import exact_chunks
from models import Count, Flat, Model, between, uniform

HERE = Path(__file__).resolve().parent
ROUNDS = 3
OURS = (
    sys.executable, "-m", "estimation", "total", "106745", "--coverage", "0.45", "0.65",
    "--published", "164223", "237211", "--json",
)  # fmt: skip
CASES = {
    "hard range": OURS,
    "central 90 % of a beta": (*OURS, "--mass", "0.9"),
}


def _timed(command: tuple[str, ...]) -> tuple[float, str]:
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE.parent)
    return time.perf_counter() - start, done.stdout


def processes() -> None:
    """Time whole processes in turn and print ratios."""
    plain = (sys.executable, str(HERE / "plain_pymc.py"))
    seconds: dict[str, list[float]] = {name: [] for name in ("plain", *CASES)}
    _timed(OURS)  # both start with warm files
    _, printed = _timed(plain)
    found = re.search(r"ESS bulk of the total: (\d+)", printed)
    for _ in range(ROUNDS):
        for name, command in {"plain": plain, **CASES}.items():
            seconds[name].append(_timed(command)[0])
    median = {name: statistics.median(values) for name, values in seconds.items()}
    draws = json.loads(_timed(OURS)[1])["diagnostics"]["checks"][0]["value"]
    print(f"plain PyMC script: {median['plain']:.2f} s, ESS of the total {found and found[1]}")
    for name in CASES:
        ratio = median["plain"] / median[name]
        print(
            f"undercount total --json, {name}: {median[name]:.2f} s, {draws:,} independent draws, "
            f"{ratio:.0f} times faster"
        )


def throughput() -> None:
    """Draw totals on one core and print draws a second and peak memory."""
    draws = 20_000_000
    for name, belief in (("uniform", uniform(0.45, 0.65)), ("beta", between(0.45, 0.65, 0.9))):
        model = Model(Flat(), {"names": Count(106_745, belief)})
        best = 0.0
        for seed in range(3):
            start = time.perf_counter()
            kept = sum(int(np.count_nonzero(c.total)) for c in exact_chunks(model, draws, seed))
            best = max(best, kept / (time.perf_counter() - start))
        print(f"exact totals, {name} coverage: {best / 1e6:.1f} million a second on one core")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory after {draws:,} draws at a time: {peak:.0f} MiB")


if __name__ == "__main__":
    processes()
    throughput()
