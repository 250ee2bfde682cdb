"""Time, memory and F1 of linking large lists of generated persons.

    uv run python -m benchmarks.linkage_size [--records 100000] [--memory 8] [--folder DIR]

Three lists, in Cyrillic, in one transliteration and in many, each of so many records of two and a
half times as many persons. Each size is linked in a process of its own, by the command, whose time
and peak memory are measured; F1 of pairs of the likeliest links needs the truth, and is computed
after a second linkage in this process. Lists in DIR are used again.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.linkage_worlds import pair_scores
from estimation.linkage.link import LinkOptions, link
from estimation.linkage.people.world import ListPlan, generate_world
from estimation.tables.records import read_lists


def main() -> None:
    """Link and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--memory", type=float, default=8.0)
    parser.add_argument("--no-truth", action="store_true", help="time and memory only")
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    scripts = {"first": "cyrillic", "second": "bgn", "third": "loose"}
    plans = [ListPlan(name, 0.4, script=script) for name, script in scripts.items()]
    world = generate_world(int(arguments.records / 0.404), plans, seed=1)
    with tempfile.TemporaryDirectory() as spare:
        folder = arguments.folder or Path(spare)
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{name}.csv" for name in scripts]
        if not all(path.is_file() for path in paths):
            world.write(folder)
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "estimation", "link", *map(str, paths), "--quiet", "--out",
             str(Path(spare) / "patterns.csv"), "--memory", str(arguments.memory)], check=True,
        )  # fmt: skip
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        sizes = ", ".join(f"{len(one):,}" for one in world.lists.values())
        print(f"lists of {sizes}: {seconds:.0f} s, {peak:.1f} GiB")
        if arguments.no_truth:
            return
        linked = link(read_lists(paths), options=LinkOptions(draws=20, memory=arguments.memory))
    precision, recall = pair_scores(linked, np.concatenate(list(world.truth.values())))
    f1 = 2 * precision * recall / (precision + recall)
    print(f"pairs: precision {precision:.4f}, recall {recall:.4f}, F1 {f1:.4f}")


if __name__ == "__main__":
    main()
