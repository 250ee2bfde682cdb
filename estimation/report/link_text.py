"""What ``undercount link`` prints for a person: no name, no value of any record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from estimation.report.text import bullets, rounded, table
from estimation.summaries.agreement import percent


def link_says(content: Mapping[str, Any], notes: Sequence[str], *, quiet: bool = False) -> str:
    """Return the report of a linkage.

    Parameters
    ----------
    content : mapping
        As of `estimation.linkage.report.content`.
    notes : sequence of str
    quiet : bool
        The answer and the table of lists only.
    """
    blocks = [_answer(content), _lists(content)]
    if not quiet:
        blocks += [_overlaps(content), _quality(content)]
        if notes:
            blocks.append("Notes\n" + bullets(notes))
    return "\n\n".join(blocks)


def _range(one: Mapping[str, float]) -> str:
    low, high = rounded(one["low"]), rounded(one["high"])
    middle = rounded(one["median"])
    return middle if low == high else f"{middle} ({low} to {high})"


def _answer(content: Mapping[str, Any]) -> str:
    records = sum(one["records"] for one in content["lists"])
    return (
        f"{records:,} records on {len(content['lists'])} lists are {_range(content['persons'])} "
        f"persons ({percent(content['prob'])} interval over {content['draws']} draws of the links)."
    )


def _lists(content: Mapping[str, Any]) -> str:
    rows = [
        [one["list"], f"{one['records']:,}", _range(one["persons"]),
         f"{1 - one['precision']['median']:.2%}", f"{one['unreached']:.1%}"]
        for one in content["lists"]
    ]  # fmt: skip
    return table(["list", "records", "persons", "duplicates", "compared with none"], rows)


def _overlaps(content: Mapping[str, Any]) -> str:
    rows = [
        [" + ".join(one["lists"]), _range(one["both"]), _range(one["compared"]),
         f"{one['missed']:.1%}"] for one in content["overlaps"]
    ]  # fmt: skip
    head = ["on both lists", "persons", "of whom compared", "links missed by all keys"]
    return table(head, rows)


def _quality(content: Mapping[str, Any]) -> str:
    found = content["quality"]
    by = (f"learned from {found['judged']} judged pairs" if found["judged"]
          else "by the model alone: no pair was judged")  # fmt: skip
    return (
        f"Of the likeliest links {found['precision']:.2%} are right, and they are "
        f"{found['recall']:.1%} of all ({by}).\nThe patterns hold draws of the links, so that "
        "`undercount lists` carries their error into the total."
    )
