"""Published claims with their verdicts."""

from __future__ import annotations

import collections

from estimation.report.html.builder import Child, Element, Wide, element, part, table
from estimation.report.html.columns import finite
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated
from estimation.report.html.wording import told
from estimation.report.html.words import between, capital, sentence, share
from estimation.report.text import number
from estimation.summaries.agreement import percent

_VERDICTS = {"agrees": "pass", "disagrees": "fail", "cannot-tell": "inconclusive"}


def claims_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return published claims with their verdicts."""
    claims = found.rows("claims")
    if not claims:
        return None
    # the source of most is told once
    usual = collections.Counter(row.get("source", "") for row in claims).most_common(1)[0][0]
    rows: list[list[Child | Wide]] = [
        [
            _with_note(capital(row.get("claim", "")),
                       "" if row.get("source", "") == usual else row.get("source", "")),
            element("strong", row.get("verdict", "").replace("-", " "),
                    class_=f"state {_VERDICTS.get(row.get('verdict', ''), 'unknown')}"),
            _stated(row), _with_note(_estimated(row), stated.model(row.get("model", "")).title),
            _why(row, stated),
        ]
        for row in claims
    ]  # fmt: skip
    head = ["claim", "verdict", "stated", "estimated, by which model", "why"]
    said = element("p", f"A claim agrees if the whole {percent(found.prob)} interval lies in what "
                   "is stated, disagrees if none of it does, and cannot be told otherwise.",
                   class_="note")  # fmt: skip
    caption = "Claims with their verdicts" + (
        f"; source, if no other is named: {usual}" if usual else ""
    )
    return part("claims", "Published claims, put to the test", said, table(caption, head, rows))


def _with_note(text: str, note: str) -> Child:
    if not note:
        return text
    return element("span", text, element("span", note, class_="beneath"))


def _stated(row: dict[str, str]) -> str:
    said = f"{row.get('stated', '')} {row.get('unit', '')}".strip()
    return "that it is so" if said == "yes" else said


def _estimated(row: dict[str, str]) -> str:
    middle = finite(row.get("median", ""))
    if middle is None:
        return row.get("median") or "no number"
    ends = [finite(row[key]) for key in ("low", "high") if row.get(key)]
    if len(ends) < 2 or ends[0] is None or ends[1] is None:
        return f"probability {share(middle)}"
    if ends[0] == ends[1] == middle:
        return number("", middle)  # a count, which is exact
    return between("", {"median": middle, "low": ends[0], "high": ends[1]})


def _why(row: dict[str, str], stated: Stated) -> str:
    said = told(row.get("why", ""), stated)
    # the probability stands beside it
    estimated = _estimated(row)
    if said.startswith(estimated):
        said = said[len(estimated) :].lstrip(";, ")
        said = f"the probability lies {said}" if said.startswith("between") else said
    return capital(sentence(said))
