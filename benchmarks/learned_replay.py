"""What was foretold of a list and its coverage from what was known, against what came.

    uv run python -m benchmarks.learned_replay

At each of 29 totals of the named list since August 2023 a model sees what was published by then:
totals, the latest estimate from the register of inheritance cases, and judged coverage.  It
foretells the next total and the next estimate.  Fits are kept, so that an interrupted run goes on
where it was; the first takes a few minutes.
"""

import argparse
import sys
from collections.abc import Sequence

from estimation.fit.batch import Progress
from estimation.fit.executors import named_executor
from estimation.fit.store import Store
from estimation.learning.as_known import NEXT_ESTIMATE
from estimation.learning.replay import LearnedReplay, Sampler, replay_learned
from estimation.learning.replay_table import kept, of_target
from estimation.places import store_folder

HEAD = ("foretold", "method", "forecasts", "of numbers", "95 % held", "median width",
        "width over new", "median off by", "mean WIS")  # fmt: skip


def _tell(now: Progress) -> None:
    if sys.stderr.isatty():
        print(f"\r{now.name}: {now.done} of {now.total}", end="", file=sys.stderr, flush=True)


def table(found: LearnedReplay) -> list[str]:
    """Return the lines of the table of a replay."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + " --- |" * len(HEAD)]
    for row in kept(found):
        cells = (
            row.what, row.method, str(row.forecasts), str(row.targets),
            f"{100 * row.inside:.0f} % ± {100 * row.error:.0f}", f"{100 * row.width:.1f} %",
            f"{100 * row.width_of_new:.0f} %", f"{100 * row.off:.1f} %", f"{row.wis:,.0f}",
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def single_rows(found: LearnedReplay) -> list[str]:
    """Return a line a forecast of the model."""
    return [
        f"{row.as_of} {row.what} to {row.until}, {row.method}: {row.score.median:,.0f} "
        f"({row.low:,.0f} to {row.high:,.0f}), came {row.score.truth:,.0f}"
        + ("" if row.inside else " OUTSIDE")
        for row in found.rows
    ]


def main(words: Sequence[str] | None = None) -> None:
    """Print the table, and that of each estimate that was foretold."""
    parser = argparse.ArgumentParser(prog="benchmarks.learned_replay")
    parser.add_argument("--executor", default="none", help="none, threads[:N] or processes[:N]")
    parser.add_argument("--draws", type=int, default=400, help="a chain, of four")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", action="store_true", help="print each forecast too")
    chosen = parser.parse_args(words)
    with named_executor(chosen.executor) as workers:
        found = replay_learned(
            sampler=Sampler(draws=chosen.draws, seed=chosen.seed), store=Store(store_folder()),
            executor=workers, tell=_tell,
        )  # fmt: skip
    print("\n".join(table(found)))
    for one in of_target(found, NEXT_ESTIMATE):
        print(f"\nThe estimate of {one.rows[0].score.truth:,.0f} until {one.rows[0].until}:\n")
        print("\n".join(table(one)))
    if chosen.rows:
        print("\n" + "\n".join(single_rows(found)))
    for name, why in found.failed.items():
        print(f"{name} failed: {why}", file=sys.stderr)
    said = f": {', '.join(found.unsound)}" if found.unsound else ""
    print(f"\nFits: {found.fits}; no fit at {len(found.failed)} dates; {len(found.unsound)} failed "
          f"their checks{said}; of {len(found.doubtful)} these were inconclusive (a few divergent "
          "draws). All fits are scored.")  # fmt: skip


if __name__ == "__main__":
    main()
