"""What a change of the total consists of: in words, and as steps from one total to the other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from estimation.comparison.alignment import LATE, MOVED, NEW, PARTS
from estimation.comparison.revision import CHANGE, EARLIER, LATER, Revision
from estimation.comparison.vintages import span_of
from estimation.report import style
from estimation.report.text import bullets, rounded, table
from estimation.summaries.agreement import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from models.beliefs.base import FloatArray

#: Inches: a row, the axis, and the words beside the rows.
_ROW, _AXIS = 0.46, 0.6

#: Half the height of a bar, rows; room to the right of the last interval, share of the width.
_HALF, _ROOM = 0.2, 0.06

#: Periods up to which each has a line; the CSV has all.
_LISTED = 24

#: Share of the width from which a step that takes away can be seen.
_SEEN = 0.002


def revision_says(found: Revision) -> str:
    """Return tables of the parts and of the periods, and what must be known to read them.

    Parameters
    ----------
    found : Revision
    """
    level = percent(found.prob)
    rows = found.rows()
    overall = [row for row in rows if not row["period"]]
    head = ["", "names", "median", f"low ({level})", f"high ({level})"]
    cells = [
        [_words(row["part"], found), "" if row["names"] is None else f"{row['names']:,.0f}",
         *(f"{round(row[key]):,}" for key in ("median", "low", "high"))]
        for row in overall
    ]  # fmt: skip
    aligned = found.aligned
    by_period = []
    for i, period in enumerate(aligned.periods):
        change = next(r for r in rows if r["period"] == period and r["part"] == CHANGE)
        by_period.append(
            [period, f"{aligned.before[i]:,}", f"{aligned.after[i]:,}",
             f"{aligned.names(MOVED)[i] + 0.0:,.0f}",
             *(f"{round(change[key]):,}" for key in ("median", "low", "high"))]
        )  # fmt: skip
    below = ["deaths of", "names before", "names after", "re-dated", "change", f"low ({level})",
             f"high ({level})"]  # fmt: skip
    parts = [table(head, cells)]
    if len(by_period) <= _LISTED:
        parts.append(table(below, by_period))
    return "\n\n".join([*parts, bullets(_notes(found))])


def _words(part: str, found: Revision) -> str:
    dates = {EARLIER: found.earlier.as_of, LATER: found.later.as_of}
    if part in dates:
        return f"{part}, {dates[part]}"
    return "re-dating (names moved, at least)" if part == MOVED else part


def _notes(found: Revision) -> list[str]:
    aligned = found.aligned
    notes = []
    for label, old in aligned.renamed.items():
        named = " and ".join(repr(one) for one in old)
        new = aligned.new[aligned.periods.index(label)]
        also = (
            "its new deaths are known only together with names that were dated since"
            if new
            else "names of it that were dated to other periods since look like late names there"
        )
        notes.append(f"{named} of the earlier list is taken for {label!r}: {also}.")
    for label, new in zip(aligned.periods, aligned.new, strict=True):
        span = span_of(label)
        if new and span is not None and span.first <= found.earlier.as_of:
            notes.append(
                f"{label} began before {found.earlier.as_of}: what was added to it holds late "
                "names too, so that new deaths are too many."
            )
    if aligned.moved:
        notes.append(_moved(found))
    late, factor = float(aligned.names(LATE).sum()), found.coverage_factor()
    if found.same_belief() and round(late) > 0:
        notes.append(
            f"With coverage unchanged, {late:,.0f} late names add "
            f"{rounded(float(np.median(found.deaths(LATE))))} deaths of times that the earlier "
            "total already held. If that total was right, coverage of those times has risen by a "
            f"factor of {factor:.3f} instead, and they add none."
        )
    elif not found.same_belief():
        if round(late):
            middle = [float(one.coverage.quantile(0.5)) for one in (found.earlier, found.later)]
            notes.append(
                "If the earlier total was right, late names have changed coverage by a factor of "
                f"{factor:.3f}; the median of the stated beliefs changes by one of "
                f"{middle[1] / middle[0]:.3f}."
            )
        notes.append(
            "Both beliefs are taken as one: a draw has the same rank in either. New knowledge that "
            "is apart from the old would make the part of the changed belief more uncertain."
        )
    else:
        notes.append("Both lists state the same belief: one draw of coverage serves both.")
    notes.append("Coverage is taken to be the same in all periods; young ones are less complete.")
    return notes


def _moved(found: Revision) -> str:
    aligned = found.aligned
    ends = {part: aligned.bounds(part) for part in (NEW, LATE)}
    said = f"At least {aligned.moved:,} names changed their period, or were taken off the list"
    if ends[NEW][0] == ends[NEW][1]:
        return said + "."
    bounds = "; ".join(f"{part} {low:,} to {high:,}" for part, (low, high) in ends.items())
    return (
        f"{said}; which periods took them is not known. The split is in proportion to what each "
        f"gained; names could be: {bounds}."
    )


def draw_revision(found: Revision, title: str, target: Path) -> None:
    """Draw the steps from the earlier to the later total, with intervals.

    Bars go from median to median of the running sum, so that they join; dots and lines are the
    median and the interval of each part alone.

    Parameters
    ----------
    found : Revision
    title : str
        Heading.
    target : Path
        File name without ending; SVG and PNG are written.
    """
    level = percent(found.prob)
    running = found.deaths(EARLIER)
    start = float(np.median(running))
    rows: list[tuple[str, FloatArray, float, float | None]] = [
        (f"{found.earlier.title}: {found.earlier.listed:,} names", running, 0.0, None)
    ]
    for part in PARTS:
        drawn = found.deaths(part)
        running = running + drawn
        end = float(np.median(running))
        rows.append((_label(part, found), drawn, start, end))
        start = end
    after = found.deaths(LATER)
    rows.append((f"{found.later.title}: {found.later.listed:,} names", after, 0.0, None))
    with style.sheet(title, target, height=_AXIS + _ROW * len(rows)) as (_, (axes,)):
        ends = [
            _draw_row(axes, place, drawn, begin, end, found.prob)
            for place, (_, drawn, begin, end) in enumerate(rows)
        ]
        low, high = min(left for left, _ in ends), max(right for _, right in ends)
        axes.set_xlim(low - _ROOM * (high - low), high + 6.5 * _ROOM * (high - low))
        axes.plot([], [], color=style.INK, lw=1.2, marker="o", ms=4,
                  label=f"median and {level} interval")  # fmt: skip
        axes.plot([], [], color=style.POSTERIOR, lw=6, alpha=0.7, label="adds")
        if any(end is not None and begin - end > _SEEN * (high - low) for *_, begin, end in rows):
            axes.plot([], [], color=style.PUBLISHED, lw=6, alpha=0.7, label="takes away")
        axes.set_yticks(range(len(rows)), [row[0] for row in rows], fontsize=style.SMALL)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        style.number_axis(axes.xaxis, high, style.WIDTH)
        axes.set_xlabel("deaths (the axis does not begin at 0)")


def _label(part: str, found: Revision) -> str:
    if part == MOVED:
        return f"{part}: {found.aligned.moved:,} names moved"
    if part in (NEW, LATE):
        return f"{part}: {found.aligned.names(part).sum() + 0.0:,.0f} names"
    return part


def _draw_row(
    axes: Axes, place: int, drawn: FloatArray, begin: float, end: float | None, prob: float
) -> tuple[float, float]:
    """Draw a total or a part; return how far its marks reach."""
    low, middle, high = (float(x) for x in style.band(drawn, prob))
    if end is not None:
        color = style.POSTERIOR if end >= begin else style.PUBLISHED
        axes.barh(place, end - begin, 2 * _HALF, left=begin, color=color, alpha=0.7, lw=0)
        # where the last bar ended, this one begins
        axes.plot([begin] * 2, [place - 1, place + _HALF], color=style.FAINT, lw=0.8, zorder=0)
    elif place:
        axes.plot([middle] * 2, [place - 1, place], color=style.FAINT, lw=0.8, zorder=0)
    axes.plot([begin + low, begin + high], [place] * 2, color=style.INK, lw=1.2)
    axes.plot([begin + middle], [place], "o", color=style.INK, ms=4)
    sign = "+" if end is not None and round(middle) > 0 else ""
    words = f"{sign}{_plain(middle)}\n({_plain(low)} to {_plain(high)})"
    axes.annotate(
        words if low < high else f"{sign}{_plain(middle)}", (begin + max(high, 0.0), place),
        textcoords="offset points", xytext=(6, 0), va="center", fontsize=style.SMALL,
    )  # fmt: skip
    return begin + min(low, 0.0) if end is not None else low, begin + max(high, 0.0)


def _plain(value: float) -> str:
    return rounded(value if abs(value) >= 0.5 else 0.0)
