"""Tables, figures and words of coverage as learned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from estimation.files import write_rows
from estimation.learning.rows import conflict_rows, finding_rows
from estimation.report.figures import missing_plotting
from estimation.report.learned import draw_learned, learned_says
from estimation.study.learned import LearnedFound


def learned_rows(found: LearnedFound) -> list[dict[str, Any]]:
    """Return the rows of learned.csv."""
    return [{"learned": found.plan.name, **row} for row in finding_rows(found.findings, found.prob)]


def learned_conflicts(found: LearnedFound) -> list[dict[str, Any]]:
    """Return the rows of conflicts.csv."""
    return [
        {"learned": found.plan.name, **row} for row in conflict_rows(found.findings, found.prob)
    ]


def write_learned(found: Sequence[LearnedFound], folder: Path) -> list[str]:
    """Write learned.csv and conflicts.csv if there are any; return the names of the tables."""
    tables = {
        "learned.csv": [row for one in found for row in learned_rows(one)],
        "conflicts.csv": [row for one in found for row in learned_conflicts(one)],
    }
    return [name for name, rows in tables.items() if write_rows(folder / name, rows)]


def draw_all_learned(found: Sequence[LearnedFound], folder: Path) -> list[str]:
    """Draw a figure each, where matplotlib is installed; return the names of the figures."""
    if missing_plotting():
        return []
    drawn = []
    for one in found:
        name = f"sources-{one.plan.name}"
        draw_learned(one.findings, one.prob, one.plan.title, one.plan.published, folder / name)
        drawn += [name, f"{name}-total"]
    return drawn


def says_learned(found: LearnedFound) -> str:
    """Return what was found, for a person."""
    plan = found.plan
    said = learned_says(found.findings, found.prob, plan.published)
    return f"Coverage {plan.name}: {plan.title}\n\n{said}"
