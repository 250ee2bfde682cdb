"""How often totals from linked lists hold the truth, with the error of the links and without it.

    uv run python -m benchmarks.linkage_worlds [--worlds 50] [--persons 4000] [--out FILE]

Each world has its own persons and three lists that see them independently, in Cyrillic, in one
transliteration and in many, with errors, gaps, families and duplicates. The lists are read from
files and linked as by the command. Then the total is estimated from all draws of the linkage, and,
ignoring its error, from the likeliest links alone. Answers are kept in FILE, so that an interrupted
run goes on where it was; kinds of worlds that have more in common with a clean register or with a
hard one may be chosen by `--hard`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from estimation.classical.graphical import graphical
from estimation.classical.loglinear.estimate import loglinear
from estimation.linkage.link import Linked, LinkOptions, link
from estimation.linkage.people.errors import Errors
from estimation.linkage.people.world import ListPlan, World, generate_world
from estimation.linkage.quality import quality
from estimation.summaries.overlap import OverlapEstimate
from estimation.tables.records import read_lists
from models.lists.patterns import Patterns

LEVELS = (0.5, 0.8, 0.95)

#: Draws of the linkage that are estimated from, and bootstrap replicates of each.
DRAWS, REPLICATES = 40, 100


def patterns_of(counts: np.ndarray, names: tuple[str, ...]) -> Patterns:
    """Return counts by lists as patterns."""
    table = counts.reshape(-1, 1 << len(names)).sum(axis=0)
    codes = np.flatnonzero(table)
    on = codes[:, None] >> np.arange(len(names)) & 1 == 1
    return Patterns(names, on, table[codes])


def methods(patterns: Patterns, seed: int) -> Iterator[OverlapEstimate]:
    """Yield the estimates of a table."""
    yield graphical(patterns, seed=seed)
    yield loglinear(patterns, replicates=REPLICATES, seed=seed)


def pair_scores(linked: Linked, truth: np.ndarray) -> tuple[float, float]:
    """Return precision and recall of the pairs of the likeliest links."""
    right = made = 0
    persons = list(linked.links.certain)
    chosen = linked.links.likeliest(*linked.calibration.middle)
    for one, part in zip(linked.links.groups, chosen, strict=True):
        blocks = one.partitions.blocks[part]
        for group, subset in zip(*np.nonzero(blocks), strict=True):
            records = one.records_of(int(group), int(blocks[group, subset]))
            if len(records) > 1:
                persons.append(records)
    for records in persons:
        same = truth[records][:, None] == truth[records][None, :]
        made += len(records) * (len(records) - 1) // 2
        right += int(np.triu(same, 1).sum())
    sizes = np.bincount(truth)
    return right / max(made, 1), right / max(int((sizes * (sizes - 1) // 2).sum()), 1)


def world_of(persons: int, seed: int, hard: float) -> World:
    """Return a world of three independent lists."""
    errors = Errors(hard=hard)
    plans = [
        ListPlan("first", 0.4, errors=errors),
        ListPlan("second", 0.3, script="bgn", errors=errors),
        ListPlan("third", 0.35, script="loose", errors=errors),
    ]
    return generate_world(persons, plans, seed=seed)


def asked(persons: int, seed: int, hard: float) -> dict[str, Any]:
    """Return what one world says."""
    world = world_of(persons, seed, hard)
    with tempfile.TemporaryDirectory() as folder:
        world.write(Path(folder))
        records = read_lists([Path(folder) / f"{name}.csv" for name in world.lists])
        began = time.perf_counter()
        linked = link(records, options=LinkOptions(draws=DRAWS, cores=1), seed=seed)
        seconds = time.perf_counter() - began
    names = linked.names
    truth = np.concatenate([world.truth[name] for name in names])
    precision, recall = pair_scores(linked, truth)
    believed = quality(linked)
    likeliest = linked.tally.counts(
        linked.links.groups, linked.links.likeliest(*linked.calibration.middle)
    )
    found: dict[str, Any] = {
        "seed": seed, "persons": persons, "hard": hard, "seconds": seconds,
        "precision": precision, "recall": recall,
        "believed_precision": believed.precision, "believed_recall": believed.recall,
    }  # fmt: skip
    with_error: dict[str, list[np.ndarray]] = {}
    for counts in linked.draws:
        for one in methods(patterns_of(counts, names), seed):
            with_error.setdefault(one.method, []).append(
                np.quantile(one.draws, (np.arange(400) + 0.5) / 400)
            )
    true_links = {one.method: one for one in methods(world.pattern_counts(), seed)}
    for one in methods(patterns_of(likeliest, names), seed):
        mixed = np.concatenate(with_error[one.method])
        for name, draws in (
            ("with", mixed), ("ignoring", one.draws), ("true links", true_links[one.method].draws)
        ):  # fmt: skip
            found[f"{one.method}, {name}"] = {
                "median": float(np.median(draws)),
                "place": float((draws <= world.persons).mean()),
                **{str(level): [float(end) for end in
                                np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])]
                   for level in LEVELS},
            }  # fmt: skip
    return found


def report(rows: list[dict[str, Any]]) -> None:
    """Print how often intervals hold the truth."""
    number = len(rows)
    persons = np.array([row["persons"] for row in rows])
    hard = rows[0]["hard"]
    print(f"{number} worlds of {persons[0]:,} persons, hard records {hard:.0%}")
    keys = ("precision", "recall", "believed_precision", "believed_recall", "seconds")
    mean = {key: np.mean([row[key] for row in rows]) for key in keys}
    f1 = 2 * mean["precision"] * mean["recall"] / (mean["precision"] + mean["recall"])
    print(f"pairs: precision {mean['precision']:.4f} (believed {mean['believed_precision']:.4f}), "
          f"recall {mean['recall']:.4f} (believed {mean['believed_recall']:.4f}), F1 {f1:.4f}; "
          f"linking {mean['seconds']:.1f} s")  # fmt: skip
    print(f"{'':28s}{'bias':>8s}{'width':>8s}" + "".join(f"{one:>12.0%}" for one in LEVELS))
    for name in (key for key in rows[0] if ", " in key):
        bias = np.mean([row[name]["median"] for row in rows] / persons - 1)
        cells = []
        for level in LEVELS:
            ends = np.array([row[name][str(level)] for row in rows])
            share = float(((ends[:, 0] <= persons) & (persons <= ends[:, 1])).mean())
            cells.append(f"{share:>6.0%} ±{np.sqrt(share * (1 - share) / number):.0%}")
        width = np.mean((ends[:, 1] - ends[:, 0]) / persons)
        print(f"{name:28s}{bias:>+8.1%}{width:>8.1%}" + "".join(f"{one:>12s}" for one in cells))


def main() -> None:
    """Ask the worlds and print what they say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=50)
    parser.add_argument("--first", type=int, default=1, help="seed of the first world")
    parser.add_argument("--persons", type=int, default=4000)
    parser.add_argument("--hard", type=float, default=0.05, help="share of hard records")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--report", action="store_true", help="print what is kept, ask nothing")
    arguments = parser.parse_args()
    kept = []
    if arguments.out is not None and arguments.out.is_file():
        kept = [json.loads(line) for line in arguments.out.read_text().splitlines()]
    rows = [row for row in kept
            if row["persons"] == arguments.persons and row["hard"] == arguments.hard]  # fmt: skip
    done = {row["seed"] for row in rows}
    for seed in range(arguments.first, arguments.first + arguments.worlds):
        if seed not in done and not arguments.report:
            rows.append(asked(arguments.persons, seed, arguments.hard))
            if arguments.out is not None:
                with arguments.out.open("a") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
    report(rows)


if __name__ == "__main__":
    main()
