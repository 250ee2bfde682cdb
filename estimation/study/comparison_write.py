"""Tables and figures of comparisons and of audits to come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from estimation.files import write_rows
from estimation.report.comparison import draw_comparison, draw_mixture
from estimation.report.figures import missing_plotting
from estimation.report.information import draw_information
from estimation.study.audit_plan import AuditFound
from estimation.study.comparison_run import ComparisonFound
from estimation.summaries.agreement import Published


def write_comparisons(
    comparisons: Sequence[ComparisonFound], audits: Sequence[AuditFound], folder: Path
) -> list[str]:
    """Write comparison.csv, mixture.csv and information.csv; return those that have rows."""
    tables: dict[str, list[dict[str, Any]]] = {
        "comparison.csv": [
            {"study": one.plan.name} | row for one in comparisons for row in one.rows
        ],
        "mixture.csv": [mixture_row(one) for one in comparisons if one.mixture is not None],
        "information.csv": [
            {"study": one.plan.name, "model": one.plan.scenario} | row
            for one in audits
            for row in one.information.rows()
        ],
    }
    written = []
    for name, rows in tables.items():
        if rows:
            write_rows(folder / name, rows)
            written.append(name)
    return written


def mixture_row(found: ComparisonFound) -> dict[str, Any]:
    """Return a mixture as a flat row, its weights in one cell."""
    mixture = found.mixture
    if mixture is None:
        raise ValueError("no mixture")
    row = mixture.row()
    quantiles, index = row.pop("quantiles"), row.pop("index")
    weights = "; ".join(f"{name} {weight:.6g}" for name, weight in mixture.weights.items())
    return {
        "study": index["comparison"], **row, **{f"q{p}": q for p, q in quantiles.items()},
        "weights": weights, "variance_within": mixture.within, "variance_between": mixture.between,
        "share_between": mixture.share_between,
    }  # fmt: skip


def draw_comparisons(
    comparisons: Sequence[ComparisonFound], audits: Sequence[AuditFound],
    published: Published | None, folder: Path,
) -> list[str]:  # fmt: skip
    """Draw comparisons, mixtures and curves of audits; return the names of the figures."""
    if missing_plotting():
        return []
    drawn: list[str] = []

    for one in comparisons:
        methods = dict.fromkeys(row["method"] for row in one.rows)
        for method in methods:
            rows = [
                (one.plan.titles[row["model"]], _number(row["difference"]),
                 _number(row["difference_se"]), row["weight"], row["verdict"])
                for row in one.rows if row["method"] == method
            ]  # fmt: skip
            name = f"comparison-{one.plan.name}-{method}"
            draw_comparison(rows, f"{one.plan.title} ({method})", folder / name)
            drawn.append(name)
        if one.mixture is not None:
            parts = [
                (one.plan.titles[name], weight, one.draws[name])
                for name, weight in one.mixture.weights.items()
            ]
            ends = (one.mixture.low, one.mixture.median, one.mixture.high)
            draw_mixture(parts, ends, one.prob, one.plan.title, folder / f"mixture-{one.plan.name}",
                         published)  # fmt: skip
            drawn.append(f"mixture-{one.plan.name}")
    for audit in audits:
        found = audit.information
        sizes = [x.size for x in found.audits]
        costs = [x.cost or 0.0 for x in found.audits] if audit.plan.cost is not None else None
        spread = (np.array([x.width_10 for x in found.audits]),
                  np.array([x.width_90 for x in found.audits]))  # fmt: skip
        name = f"information-{audit.plan.name}"
        draw_information(
            sizes, [x.expected_width for x in found.audits], found.now, found.limit,
            f"How much an audit would narrow the total: {audit.plan.title}", folder / name,
            found.prob, costs, spread, cost_unit=audit.plan.unit,
        )  # fmt: skip
        drawn.append(name)
    return drawn


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
