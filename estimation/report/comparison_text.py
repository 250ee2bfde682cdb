"""What is printed of comparisons and of audits to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from estimation.comparison.mixtures import Mixture
from estimation.report.sensitivity_text import plain
from estimation.report.text import bullets, table
from estimation.sensitivity.information import Information
from estimation.summaries.agreement import percent


def information_text(found: Information, unit: str) -> str:
    """Return a row an audit: how wide the interval is expected to be after it."""
    priced = any(audit.cost is not None for audit in found.audits)
    head = ["deaths looked up", f"expected width ({percent(found.prob)})", "of today's", "+-",
            "10 % to 90 % of audits", "method"]  # fmt: skip
    rows = [["none (today)", plain(found.now), "100 %", "", "", ""]]
    for audit in found.audits:
        rows.append([
            f"{audit.size:,}", plain(audit.expected_width), percent(audit.share_of_now),
            plain(audit.error), f"{plain(audit.width_10)} to {plain(audit.width_90)}", audit.method,
        ])  # fmt: skip
    limit = [
        "all (coverage known)",
        plain(found.limit),
        percent(found.limit / found.now),
        "",
        "",
        "",
    ]
    rows.append(limit)
    if priced:
        head.append(unit)
        costs = [plain(audit.cost) if audit.cost is not None else "" for audit in found.audits]
        rows = [[*row, cost] for row, cost in zip(rows, ["", *costs, ""], strict=True)]
    return table(head, rows)


def comparison_text(
    rows: Sequence[Mapping[str, Any]], verdicts: Mapping[str, str], titles: Mapping[str, str]
) -> str:
    """Return a table a method, the best model first, and what follows from it."""
    parts = []
    for method, verdict in verdicts.items():
        head = [f"{method}: model", "kind", "elpd", "se", "difference", "se", "weight", "points",
                "influential", "refits"]  # fmt: skip
        cells = [
            [titles[row["model"]], str(row["kind"]), *map(_number, (
                row["elpd"], row["se"], row["difference"], row["difference_se"])),
             "" if row["weight"] is None else f"{row['weight']:.2f}",
             *(f"{row[key]:,}" for key in ("points", "influential", "refits"))]
            for row in rows if row["method"] == method
        ]  # fmt: skip
        parts.append(table(head, cells) + "\n" + bullets([verdict]))
    return "\n\n".join(parts)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}"


def mixture_text(found: Mixture, titles: Mapping[str, str]) -> str:
    """Return the mixture with its weights, and what not knowing the model adds."""
    weights = ", ".join(
        f"{titles[name]} {percent(weight)}" for name, weight in found.weights.items()
    )
    said = (
        f"Mixture of the totals: median {plain(found.median)}, {percent(found.prob)} interval "
        f"{plain(found.low)} to {plain(found.high)} ({weights})."
    )
    share = found.share_between
    if share is None:
        return said + " Its variance does not exist under one of the models."
    return said + f" {percent(share)} of its variance lies between the models, the rest within."
