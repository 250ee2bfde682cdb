"""From generated records to a total: people, lists, links, draws of patterns, the total.

    uv run python -m examples.from_records [FOLDER]

Six thousand generated persons died. Three lists know some of them: one in Cyrillic, one in a
transliteration, one in many spellings and with ages instead of birth dates; with errors, gaps,
families and duplicates. The lists are linked, and the total is estimated from the draws of the
links. The folder then holds the lists, patterns.csv with its report and picture, and total/ with
tables and the picture of the total; printed beside it is the truth, which no step has seen.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from estimation.cli import main
from estimation.linkage.people.world import ListPlan, generate_world

PERSONS = 6000

WITH_AGES = ("father_name", "age", "death_date", "place", "sex")


def run(folder: Path) -> int:
    """Make the lists, link them, estimate the total; return the exit code."""
    plans = [
        ListPlan("memorial", 0.4),
        ListPlan("obituaries", 0.3, script="bgn"),
        ListPlan("graves", 0.35, script="loose", has=WITH_AGES),
    ]
    world = generate_world(PERSONS, plans, seed=7)
    raw = folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    world.write(raw)
    lists = [str(raw / f"{plan.name}.csv") for plan in plans]
    patterns, total = folder / "patterns.csv", folder / "total"
    code = main(["link", *lists, "--out", str(patterns)])
    if code:
        return code
    print("\n" + "-" * 40 + "\n")
    code = main(["lists", str(patterns), "--method", "graphical", "--out", str(total), "--quiet"])
    if code:
        return code
    found = json.loads((total / "summary.json").read_text(encoding="utf-8"))["estimates"][0]
    print(
        f"\nThe truth is {world.persons:,}; the 95 % interval is "
        f"{found['low']:,.0f} to {found['high']:,.0f}.\nPictures: {patterns.with_suffix('.png')}, "
        f"{total / 'overlap.png'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1] if len(sys.argv) > 1 else "from-records")))
