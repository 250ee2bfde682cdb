"""Coverage as judged and as learned: in words, by span, and what each source does to the total."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from estimation.learning.conflict import IN_CONFLICT, STRAINED
from estimation.learning.findings import Findings
from estimation.learning.rows import (
    JUDGED,
    LEARNED,
    TOTAL,
    conflict_rows,
    finding_rows,
    pulls,
    spans_told_by,
)
from estimation.learning.sources import source_name
from estimation.report import style
from estimation.report.text import bullets, rounded, table
from estimation.summaries.agreement import Published, percent

#: Inches: a row, and the axis.
_ROW, _AXIS = 0.42, 0.6

#: Inches: words beside a row.
_LABEL = 2.4

#: How far marks of one row stand apart, rows.
_APART = 0.18


def learned_says(found: Findings, prob: float, published: Published | None = None) -> str:
    """Return coverage by span, totals under each choice of sources, and whether sources agree."""
    rows = finding_rows(found, prob)
    level = percent(prob)
    parts = [_coverage_table(rows, spans_told_by(found), level), _total_table(found, rows, level)]
    if found.conflicts:
        parts.append(_conflict_table(found, prob, level))
    return "\n\n".join([*parts, bullets(_notes(found, rows, published))])


def _coverage_table(rows: list[dict[str, Any]], told: str, level: str) -> str:
    judged = {row["span"]: row for row in rows if row["sources"] == JUDGED}
    head = ["names over deaths", "names", "age, months", "judged", f"({level})", told,
            f"({level})", f"deaths {told}", f"({level})"]  # fmt: skip
    cells = []
    for row in rows:
        if row["sources"] != told:
            continue
        other = judged.get(row["span"])
        cells.append([
            row["span"], f"{row['names']:,}",
            "" if row["age_months"] is None else f"{row['age_months']:.0f}",
            *(_share(other) if other else ("", "")), *_share(row),
            f"{row['deaths_median']:,.0f}",
            f"{rounded(row['deaths_low'])} to {rounded(row['deaths_high'])}",
        ])  # fmt: skip
    return table(head, cells)


def _share(row: dict[str, Any]) -> tuple[str, str]:
    values = [row[f"coverage_{key}"] for key in ("low", "median", "high")]
    if None in values:
        return "", ""
    low, middle, high = (100 * value for value in values)
    return f"{middle:.0f} %", f"{low:.0f} to {high:.0f} %"


def _total_table(found: Findings, rows: list[dict[str, Any]], level: str) -> str:
    moved = pulls(found)
    cells = []
    for row in rows:
        if row["span"] != TOTAL:
            continue
        factor, width = moved.get(_left_out(row["sources"]), (None, None))
        cells.append([
            _choice(row["sources"]), f"{row['deaths_median']:,.0f}",
            f"{row['deaths_low']:,.0f}", f"{row['deaths_high']:,.0f}",
            "" if factor is None else f"{100 * (factor - 1):+.0f} %",
            "" if width is None else f"{width:.2f}",
        ])  # fmt: skip
    head = ["total deaths", "median", f"low ({level})", f"high ({level})", "source moves it by",
            "and its width times"]  # fmt: skip
    return table(head, cells)


def _conflict_table(found: Findings, prob: float, level: str) -> str:
    cells = []
    for row in conflict_rows(found, prob):
        whole = row["said"] > 1
        numbers = [row[key] for key in ("said", "foretold_median", "foretold_low", "foretold_high")]
        told = [f"{one:,.0f}" if whole else f"{100 * one:.0f} %" for one in numbers]
        rare = "< 0.001" if row["rarity"] < 1e-3 else f"{row['rarity']:.2g}"
        cells.append([f"{source_name(row['source'])}: {row['what']}", *told, rare, row["verdict"]])
    head = ["does it agree with the others?", "says", "foretold", f"low ({level})",
            f"high ({level})", "rarity", "verdict"]  # fmt: skip
    return table(head, cells)


def _notes(found: Findings, rows: list[dict[str, Any]], published: Published | None) -> list[str]:
    notes = [
        "Judged: names and what is believed of coverage, the same in all periods. Learned: with "
        "what all sources say. Coverage is that of the list by now; young periods are still "
        "filling.",
    ]  # fmt: skip
    if found.conflicts:
        notes.append(
            "A source is compared with what all others foretell of its numbers; rarity is the "
            "probability of numbers as far off or farther: strained below "
            f"{STRAINED:g}, in conflict below {IN_CONFLICT:g}."
        )
    clash = [source_name(one.source) for one in found.in_conflict]
    if clash and found.widened:
        notes.append(
            f"IN CONFLICT with all others: {', '.join(clash)}. No average is reported: the answer "
            "called learned mixes, in equal parts, that of all sources and those that leave one "
            "out. By span, and how far a source moves the total, is told of all sources as if they "
            "agreed. Find out which source is wrong."
        )  # fmt: skip
    reasons = {
        f"without {source_name(one.left_out)}": one.verdict.accepted
        for one in found.without if one.verdict is not None and one.verdict.accepted
    }  # fmt: skip
    if reasons:
        why = next(iter(reasons.values()))
        notes.append(f"Accepted although checks failed ({why}): {', '.join(reasons)}.")
    if published is not None:
        notes.append(_stands(found, rows, published))
    return notes


def _stands(found: Findings, rows: list[dict[str, Any]], published: Published) -> str:
    """Return where a published range stands in the learned and in the judged total."""
    label = _label(found)
    said = []
    for name, under in ((LEARNED, found.learned), (JUDGED, found.judged)):
        drawn = under.total if label == TOTAL else under.deaths[label]
        inside = float(np.mean((drawn >= published.low) & (drawn <= published.high)))
        below = float(np.mean(drawn < published.low))
        said.append(
            f"{name} deaths lie in it with probability {percent(inside)}, below it with "
            f"{percent(below)}, above it with {percent(max(1 - inside - below, 0.0))}"
        )  # fmt: skip
    at = "" if label == TOTAL else f", deaths {label}"
    return (
        f"Published {published.low:,.0f} to {published.high:,.0f} ({published.name}{at}): "
        + "; ".join(said) + "."
    )  # fmt: skip


def _label(found: Findings) -> str:
    """Return the time that a published range is of: until the date that was asked for, or all."""
    return next((span.label for span in found.spans if not span.is_part), TOTAL)


def draw_learned(
    found: Findings, prob: float, title: str, published: Published | None, target: Path
) -> None:
    """Draw coverage by span, as judged and as learned, and totals under each choice of sources.

    Beside a published range totals are those until the date that was asked for, if there was one.

    Parameters
    ----------
    found : Findings
    prob : float
        Level of the intervals.
    title : str
        Heading.
    published : Published, optional
        A range of totals.
    target : Path
        File name without ending; SVG and PNG are written: the name, and the name with "-total".
    """
    rows = finding_rows(found, prob)
    level = percent(prob)
    told = spans_told_by(found)
    spans = [row for row in rows if row["sources"] == told]
    judged = {row["span"]: row for row in rows if row["sources"] == JUDGED}
    with style.sheet(title, target, height=_AXIS + _ROW * len(spans)) as (_, (axes,)):
        for place, row in enumerate(spans):
            _mark(axes, place - _APART, row, "coverage", style.POSTERIOR, 100, "o")
            if row["span"] in judged:
                _mark(axes, place + _APART, judged[row["span"]], "coverage", style.PUBLISHED, 100,
                      "s")  # fmt: skip
        axes.plot([], [], "-o", color=style.POSTERIOR, ms=4, label=f"{told}, {level} interval")
        axes.plot([], [], "-s", color=style.PUBLISHED, ms=4, label=f"judged, {level} interval")
        labels = [
            row["span"] if row["age_months"] is None
            else f"{row['span']} ({row['age_months']:.0f} months old)" for row in spans
        ]  # fmt: skip
        _rows_of(axes, labels)
        axes.set_xlim(0, 100)
        axes.set_xlabel("names on the list for 100 deaths")
    # a published range is of a time, and what is drawn beside it of the same
    label = _label(found) if published is not None else TOTAL
    totals = [row for row in rows if row["span"] == label]
    height = _AXIS + _ROW * len(totals)
    beside = target.with_name(f"{target.name}-total")
    with style.sheet(title, beside, height=height) as (_, (axes,)):
        if published is not None:
            axes.axvspan(published.low, published.high, color=style.PALE, lw=0, zorder=0,
                         label=style.wrapped(f"published: {published.name}", style.WIDTH / 2,
                                             style.SMALL))  # fmt: skip
        for place, row in enumerate(totals):
            color = {LEARNED: style.POSTERIOR, JUDGED: style.PUBLISHED}.get(
                row["sources"], style.INK
            )
            _mark(axes, place, row, "deaths", color, 1, "o")
        axes.plot([], [], "-o", color=style.INK, ms=4, label=f"median and {level} interval")
        _rows_of(axes, [_choice(row["sources"]) for row in totals])
        axes.set_xlim(left=0)
        high = max(row["deaths_high"] for row in totals)
        style.number_axis(axes.xaxis, high, style.WIDTH)
        axes.set_xlabel("deaths of all periods" if label == TOTAL else f"deaths {label}")


def _left_out(sources: str) -> str:
    """Return which source is left out; nothing of rows with all, whatever sources are called."""
    return sources.removeprefix("without ") if sources.startswith("without ") else ""


def _choice(sources: str) -> str:
    left_out = _left_out(sources)
    return f"without {source_name(left_out)}" if left_out else sources


def _rows_of(axes: Any, labels: list[str]) -> None:
    words = [style.wrapped(label, _LABEL, style.SMALL) for label in labels]
    axes.set_yticks(range(len(labels)), words, fontsize=style.SMALL)
    axes.set_ylim(len(labels) - 0.4, -0.6)


def _mark(
    axes: Any, place: float, row: dict[str, Any], what: str, color: str, times: float, mark: str
) -> None:
    values = [row[f"{what}_{key}"] for key in ("low", "median", "high")]
    if None in values:
        return
    low, middle, high = (times * value for value in values)
    axes.plot([low, high], [place] * 2, color=color, lw=1.6)
    axes.plot([middle], [place], mark, color=color, ms=5)
