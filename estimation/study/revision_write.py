"""Tables, figures and words of revisions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from estimation.files import write_rows
from estimation.report.figures import missing_plotting
from estimation.report.revision import draw_revision, revision_says
from estimation.study.revision import RevisionFound


def revision_rows(found: RevisionFound) -> list[dict[str, Any]]:
    """Return the rows of revision.csv: a part each, overall (no period) and by period."""
    plan, level = found.plan, found.revision.prob
    dates = {"earlier": plan.earlier.as_of.isoformat(), "later": plan.later.as_of.isoformat()}
    return [{"revision": plan.name, **dates, **row, "prob": level} for row in found.revision.rows()]


def write_revision(found: Sequence[RevisionFound], folder: Path) -> list[str]:
    """Write revision.csv if there are any; return the names of the tables written."""
    rows = (row for one in found for row in revision_rows(one))
    return ["revision.csv"] if write_rows(folder / "revision.csv", rows) else []


def draw_revisions(found: Sequence[RevisionFound], folder: Path) -> list[str]:
    """Draw a figure each, where matplotlib is installed; return the names of the figures."""
    if missing_plotting():
        return []
    drawn = []
    for one in found:
        drawn.append(f"revision-{one.plan.name}")
        draw_revision(one.revision, one.plan.title, folder / drawn[-1])
    return drawn


def says_revision(found: RevisionFound) -> str:
    """Return what was found, for a person."""
    plan = found.plan
    return f"Revision {plan.name}: {plan.title}\n\n{revision_says(found.revision)}"
