"""What is printed of a sensitivity study: small tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from estimation.report.text import bullets, table
from estimation.sensitivity.anatomy import Anatomy
from estimation.sensitivity.effects import effects, levels
from estimation.sensitivity.indices import Index
from estimation.sensitivity.power_scaling import Scaled
from estimation.sensitivity.scenarios import Scenarios
from estimation.sensitivity.tipping import Tipping
from estimation.summaries.agreement import percent

#: Values of fields up to which each has a row.
_MOST = 40


def plain(value: float) -> str:
    """Return a number for a cell: deaths whole, ratios and shares to three digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def scenarios_text(found: Scenarios, alone: Scenarios) -> str:
    """Return how many scenarios there are, and what each field does to each target alone."""
    done = len(found.reasons) - len(found.failed)
    said = f"{done:,} scenario{'s' * (done != 1)}"
    said += f", {len(found.failed):,} more failed" if found.failed else ""
    if found.sampled:
        said += f"; {found.sampled:,} graph{'s' * (found.sampled > 1)} to sample"
    parts = [said + "."]
    if found is not alone:
        parts.append(bullets([_spread(found, number) for number in range(len(found.targets))]))
    parts += [_target_table(alone, number) for number in range(len(alone.targets))]
    return "\n\n".join(parts)


def _spread(found: Scenarios, number: int) -> str:
    """Return how far the median of a target moves over all scenarios."""
    target, values = found.targets[number], found.column("median", number)
    values = np.sort(values[np.isfinite(values)])
    told = target.label if target.event else f"median of {target.name}"
    middle = np.quantile(values, [0.05, 0.95])
    return (
        f"{told}: {plain(values[0])} at the smallest and {plain(values[-1])} at the largest, "
        f"{plain(middle[0])} to {plain(middle[1])} in nine of ten scenarios"
    )


def _target_table(found: Scenarios, number: int) -> str:
    level = percent(found.prob)
    target = found.targets[number]
    name = target.name
    stated = [found.column(key, number)[0] for key in ("median", "low", "high")]
    head = [f"{name}, each field alone", f"median {name}", f"low ({level})", f"high ({level})"]
    if target.event:
        head[1:] = [target.label]
    rows = [["as stated", *(plain(value) for value in stated)]]
    chosen = [(axis, levels(found, axis, number)) for axis in found.design.axes]
    if sum(len(of_axis) for _, of_axis in chosen) > _MOST:
        chosen = [(one.axis, [one.smallest, one.largest]) for one in effects(found, number)]
    for axis, of_axis in chosen:
        rows += [
            [f"{axis.label} = {one.words}", *(plain(x) for x in (one.median, one.low, one.high))]
            for one in of_axis
        ]
    return table(head, [row[: len(head)] for row in rows])


def anatomy_text(found: Anatomy) -> str:
    """Return the parts of an interval, and how wide it were if one of them were known."""
    head = [f"{found.target}: {percent(found.prob)} interval {plain(found.width)} wide",
            "share of it", "+-", "width if known", "width alone"]  # fmt: skip
    rows = [
        [part.name, percent(part.share), percent(part.error), plain(part.width_if_known),
         plain(part.width_alone)]
        for part in found.parts
    ]  # fmt: skip
    return table(head, rows)


def indices_text(found: Sequence[Index]) -> str:
    """Return Sobol indices of the median and the width."""
    head = ["Sobol index of", "for the", "alone", "(95 %)", "with others", "(95 %)"]
    rows = [
        [one.field, f"{one.statistic} of {one.target}", f"{one.first:.2f}",
         f"{one.first_low:.2f} to {one.first_high:.2f}", f"{one.total:.2f}",
         f"{one.total_low:.2f} to {one.total_high:.2f}"]
        for one in found if one.statistic in ("median", "width")
    ]  # fmt: skip
    return table(head, rows)


def tipping_text(found: Sequence[Tipping]) -> str:
    """Return tipping points as sentences."""
    return bullets(
        [f"{one.question.title}: {one.says}" if one.question.title else one.says for one in found]
    )


def scaled_text(found: Sequence[Scaled]) -> str:
    """Return the table of power scaling."""
    head = ["power scaling of", "", "variable", "sensitivity", ""]
    rows = [
        [one.name, one.kind, one.variable,
         "" if one.sensitivity is None else f"{one.sensitivity:.3f}",
         "flat or known" if one.sensitivity is None else
         "responds" if one.responds else "hardly responds"]
        for one in found
    ]  # fmt: skip
    return table(head, rows)
