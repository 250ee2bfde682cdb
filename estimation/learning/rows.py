"""Findings as rows of a table: by span, as judged, as learned, and without each source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from estimation.learning.findings import Findings, Under
from estimation.learning.spans import ALL_TIME

#: What rows are called: the answer, the judgment alone, and all sources where they are in conflict.
LEARNED, JUDGED, TOGETHER = "learned", "judged", "all sources"

#: The label of the sum over all periods.
TOTAL = "total"


def finding_rows(found: Findings, prob: float) -> list[dict[str, Any]]:
    """Return one row a choice of sources and span: deaths, coverage, names.

    Coverage is names on the list over deaths.
    """
    choices: list[tuple[str, Under]] = [(LEARNED, found.learned)]
    if found.widened:  # the answer is a mixture then, and not known for each span
        choices.append((TOGETHER, found.together))
    choices.append((JUDGED, found.judged))
    choices += [(f"without {one.left_out}", one) for one in found.without]
    return [row for name, under in choices for row in _rows(name, under, found, prob)]


def _rows(name: str, under: Under, found: Findings, prob: float) -> Iterator[dict[str, Any]]:
    everything = sum(found.names[span.label] for span in found.spans if span.is_part)
    yield _row(name, TOTAL, everything, under.total, None, prob)
    for span in found.spans:
        if span.label == ALL_TIME:
            continue  # that is the total
        if under.shown is not None and span.label not in under.shown:
            continue
        names, deaths = found.names[span.label], under.deaths[span.label]
        yield _row(name, span.label, names, deaths, span.age, prob)


def _row(
    name: str, label: str, names: int, deaths: np.ndarray, age: float | None, prob: float
) -> dict[str, Any]:
    levels = [(1 - prob) / 2, 0.5, (1 + prob) / 2]
    low, middle, high = (float(value) for value in np.quantile(deaths, levels))
    # a mixture has as many draws as it has: quantiles of a ratio are those of its inverse, turned
    return {
        "sources": name, "span": label, "age_months": age, "names": names,
        "deaths_median": middle, "deaths_low": low, "deaths_high": high,
        "coverage_median": _ratio(names, middle), "coverage_low": _ratio(names, high),
        "coverage_high": _ratio(names, low), "prob": prob,
    }  # fmt: skip


def spans_told_by(found: Findings) -> str:
    """Return by which rows spans are told: the answer, or all sources where that is a mixture."""
    return TOGETHER if found.widened else LEARNED


def _ratio(names: int, deaths: float) -> float | None:
    """Return names over deaths; nothing where possibly nobody died."""
    return names / deaths if deaths > 0 else None


def conflict_rows(found: Findings, prob: float) -> list[dict[str, Any]]:
    """Return one row a number of a source, as it says and as all others foretell it."""
    return [
        {
            "source": one.source, "what": row.what, "said": row.said, "foretold_median": row.median,
            "foretold_low": row.low, "foretold_high": row.high, "prob": prob,
            "rarity": one.rarity, "verdict": one.verdict,
        }
        for one in found.conflicts for row in one.rows
    ]  # fmt: skip


def pulls(found: Findings) -> dict[str, tuple[float, float]]:
    """Return, by source, what it does to the total: factor of the median, and of the width.

    It is told of the total of all sources together, in conflict or not.  The width is that of the
    central half of the log.  1 means that the source changes nothing; a
    factor of the width below 1, that it narrows the answer.
    """

    def shape(total: np.ndarray) -> tuple[float, float]:
        low, middle, high = np.log(np.maximum(np.quantile(total, [0.25, 0.5, 0.75]), 1))
        return float(middle), float(high - low)

    middle, width = shape(found.together.total)
    result = {}
    for one in found.without:
        other_middle, other_width = shape(one.total)
        result[one.left_out] = (
            float(np.exp(middle - other_middle)), width / max(other_width, 1e-12)
        )  # fmt: skip
    return result
