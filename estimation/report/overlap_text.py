"""What ``undercount lists`` prints for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from estimation.overlap.known_truth import summarized
from estimation.overlap.overlap import Overlap
from estimation.report.overlap_linkage import linkage_says, linkage_sentence
from estimation.report.text import bullets, rounded, table
from estimation.summaries.agreement import percent


def overlap_says(name: str, found: Overlap, notes: Sequence[str], *, quiet: bool = False) -> str:
    """Return the answer, and unless `quiet` all that belongs beside it.

    Parameters
    ----------
    name : str
        Name of the table.
    found : Overlap
    notes : sequence of str
    quiet : bool
    """
    blocks = [_answer(name, found), _methods(found)]
    if quiet:
        return "\n\n".join(blocks)
    blocks += [
        linkage_says(found),
        _dependence(found),
        _priors(found),
        _spreads(found),
        _self_test(found),
        _left_out(found),
    ]
    blocks.append("Notes\n" + bullets(notes))
    assumed = [f"{method}: {one.assumption}" for method, one in found.answers.estimates.items()]
    blocks.append("What makes persons on no list known, by method\n" + bullets(assumed))
    blocks.append(_checks(found))
    return "\n\n".join(block for block in blocks if block)


def _answer(name: str, found: Overlap) -> str:
    row = found.first.row(found.prob)
    lists = found.patterns
    counted = f"{name}: {found.first.observed:,} persons"
    if found.linkage:
        counted += f" (median of {found.linkage.number:,} draws of a linkage)"
    if lists is not None:
        each = ", ".join(f"{one} {int(total):,}" for one, total in
                         zip(lists.lists, lists.list_totals, strict=True))  # fmt: skip
        counted += f" on {len(lists.lists)} lists ({each})"
    low, middle, high = (rounded(row[key]) for key in ("low", "median", "high"))
    by = "a mixture of methods" if found.mixed else found.first.method.replace("_", " ")
    if found.first.bound:
        return (
            f"{counted}\nAt least about {middle} in all ({by}: a lower bound)."
            + linkage_sentence(found)
        )
    return (
        f"{counted}\nAbout {middle} in all ({percent(found.prob)} interval {low} to {high}; {by})."
        + linkage_sentence(found)
    )


def _methods(found: Overlap) -> str:
    level = percent(found.prob)
    cells = []
    for method, one in found.estimates.items():
        row = one.row(found.prob)
        cells.append([method.replace("_", " "),
                      *(f"{value:,.0f}" for value in (one.estimate, row["low"], row["high"])),
                      _kind(found, method)])  # fmt: skip
    return table(["method", "total", f"low ({level})", f"high ({level})", ""], cells)


def _kind(found: Overlap, method: str) -> str:
    if found.estimates[method].bound:
        return "lower bound"
    if found.mixed and method in found.mixed.weights:
        return f"weight {found.mixed.weights[method]:.0%}"
    return "" if method == "mixture" or not found.mixed else "weight 0"


def _dependence(found: Overlap) -> str:
    rows = [row for row in found.dependence if row["method"] == found.first.method]
    if not rows:
        return ""
    cells = [[f"{row['factor']:.2f}", *_numbers(row)] for row in rows]
    return (
        "If the odds to be on no list are so many times what the assumption implies (the data "
        "cannot tell)\n" + table(["factor", "median", "low", "high"], cells)
    )


def _priors(found: Overlap) -> str:
    cells = [
        [row["method"], f"N^{row['power']:g}", *_numbers(row),
         "" if row["settled"] else "rests on a few draws"]
        for row in found.priors
    ]  # fmt: skip
    if not cells:
        return ""
    return "Under other priors of the total\n" + table(
        ["method", "prior", "median", "low", "high", ""], cells
    )


def _spreads(found: Overlap) -> str:
    cells = [
        [f"{row['class_spread']:g}", *(["-"] * 3 if row["refused"] else _numbers(row))]
        for row in found.spreads
    ]
    if not cells:
        return ""
    return "Latent classes, by how much these may differ in visibility\n" + table(
        ["class_spread", "median", "low", "high"], cells
    )


def _numbers(row: dict[str, Any]) -> list[str]:
    return [f"{row[key]:,.0f}" for key in ("median", "low", "high")]


def _self_test(found: Overlap) -> str:
    if not found.self_test:
        return ""
    cells = []
    for row in found.self_test:
        said = ["-", "-", "-", "no answer"]
        if not row["refused"]:
            verdict = "holds" if row["holds"] else "too low" if row["high"] < row["truth"] else (
                "too high"
            )  # fmt: skip
            said = [*_numbers(row), verdict]
        cells.append([row["list"], row["method"], f"{row['truth']:,}", *said])
    short = "; ".join(
        f"{method} holds {int(one['held'])} of {int(one['answered'])}"
        for method, one in summarized(found.self_test).items()
    )
    return (
        f"The persons of each list as a population of known size ({short})\n"
        + table(["list", "method", "truth", "median", "low", "high", ""], cells)
    )  # fmt: skip


def _left_out(found: Overlap) -> str:
    cells = [
        [row["list"], row["method"], f"{row['observed']:,}",
         *(_numbers(row) if not row["refused"] else ["-", "-", "-"])]
        for row in found.left_out
    ]  # fmt: skip
    if not cells:
        return ""
    return "Without each list\n" + table(
        ["list", "method", "persons", "median", "low", "high"], cells
    )


def _checks(found: Overlap) -> str:
    verdict = found.verdict
    lines = [f"Checks of the fit ({found.result().engine}): {verdict.verdict}."]
    lines += [check.says for check in verdict.checks if check.verdict != "pass"]
    if verdict.accepted:
        lines.append(f"Accepted although checks failed: {verdict.accepted}")
    return "\n".join(lines)
