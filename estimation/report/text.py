"""What is printed for a person: one sentence, a small table, notes."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from estimation.diagnostics.verdicts import PASS, Verdict
from estimation.summaries.agreement import percent
from estimation.summaries.claims import Judged

#: Estimands that are no numbers of deaths.
_SHARES = ("coverage", "realized_coverage", "period_coverage", "list_coverage", "precision")


def rounded(number: float) -> str:
    """Return a number of deaths to three significant digits, for sentences."""
    if abs(number) < 1000:
        return f"{number:,.0f}"
    unit = 10 ** (math.floor(math.log10(abs(number))) - 2)
    return f"{round(number / unit) * unit:,.0f}"


def answer(
    row: dict[str, Any], prob: float, observed: int,
    of: tuple[str, str] = ("confirmed name", "confirmed names"),
) -> str:  # fmt: skip
    """Return the one sentence: how many died, with what interval.

    Parameters
    ----------
    row : dict
        Of the total.
    prob : float
    observed : int
        How many were counted.
    of : tuple of str
        What was counted: one, and several.
    """
    low, middle, high = rounded(row["low"]), rounded(row["median"]), rounded(row["high"])
    counted = f"{observed:,} {of[observed != 1]}"
    if low == high:
        return f"{counted}: {middle} died."
    return f"{counted}: about {middle} died ({percent(prob)} interval {low} to {high})."


def number(name: str, value: float | None) -> str:
    """Return a cell of the table: deaths as whole numbers, shares to three digits."""
    if value is None:
        return "does not exist"
    if name in _SHARES or name.startswith(("share_", "bias_")):
        return f"{value:.3f}"
    return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.3g}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned table: the first column to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        return "  ".join([first, *rest]).rstrip()

    return "\n".join([line(head), "  ".join("-" * width for width in widths), *map(line, rows)])


def estimate_table(rows: Sequence[dict[str, Any]], prob: float) -> str:
    """Return the table of one model's estimands."""
    head = ["", "median", "mean", f"low ({percent(prob)})", f"high ({percent(prob)})"]
    keys = ("median", "mean", "low", "high")
    cells = [
        [row["name"].replace("_", " "), *(number(row["name"], row[key]) for key in keys)]
        for row in rows
    ]
    return table(head, cells)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"


def bullets(lines: Sequence[str]) -> str:
    """Return lines with a dash before each."""
    return "\n".join(f"- {line}" for line in lines)


def claims_table(claims: Sequence[Judged]) -> str:
    """Return a row a claim, with the reason of its verdict on a line below.

    Parameters
    ----------
    claims : sequence of Judged
    """
    lines = []
    for judged in claims:
        claim = judged.claim
        found = "" if judged.median is None else f"; estimated {_estimated(judged)}"
        unit = f" {claim.unit}" if claim.unit and claim.stated() != "yes" else ""
        lines.append(f"{judged.verdict:<11}  {claim.statement}")
        lines.append(f"{'':<11}  stated {claim.stated()}{unit}{found}")
        lines += textwrap.wrap(judged.why, 86, initial_indent=" " * 13, subsequent_indent=" " * 13)
    return "\n".join(lines)


def _estimated(judged: Judged) -> str:
    def plain(x: float) -> str:
        return f"{x:,.0f}" if abs(x) >= 1000 else f"{x:.3g}"

    middle = plain(judged.median or 0.0)
    if judged.low is None or judged.high is None:
        return f"with probability {percent(judged.median or 0.0)}"
    if judged.low == judged.high:
        return middle
    return f"{middle} ({plain(judged.low)} to {plain(judged.high)})"


def verdict_table(verdicts: Mapping[str, Verdict], origins: Mapping[str, str]) -> str:
    """Return the table of a batch: a row a fit, a column a check; what is not passed is marked.

    Parameters
    ----------
    verdicts : mapping of Verdict
        By fit.
    origins : mapping of str
        "made" or "stored", by fit.
    """
    names = list(dict.fromkeys(c.name for verdict in verdicts.values() for c in verdict.checks))
    rows = []
    for fit, verdict in verdicts.items():
        found = {check.name: check for check in verdict.checks}
        cells = [
            f"{'' if found[name].verdict == PASS else '! '}{_short(found[name].value)}"
            if name in found
            else ""
            for name in names
        ]
        rows.append([fit, origins.get(fit, ""), verdict.verdict, *cells])
    return table(["fit", "origin", "verdict", *(name.replace("_", " ") for name in names)], rows)
