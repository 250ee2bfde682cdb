"""The end of the page: data and sources, all checks, and what repeats the run."""

from __future__ import annotations

from typing import Any

from estimation.report.html.builder import Child, Element, element, listed, part, table
from estimation.report.html.run_folder import REPORT, RunFolder
from estimation.report.html.stated import Stated, StatedData
from estimation.report.html.verdict import state
from estimation.report.html.words import plain, sentence

#: Checks that are listed at most; a run of many fits has hundreds.
_MOST_CHECKS = 200

#: Settings that name files.
FILES = ("table", "remove", "published")


def sources_part(stated: Stated) -> Element | None:
    """Return evidence with its source, and shipped tables with license and caveats."""
    rows = []
    for model in stated.models:
        rows += [
            [one.name, model.title, one.what, one.as_of or "not stated", one.source or "not stated",
             one.scope or "not stated"]
            for one in model.data
        ]  # fmt: skip
    # scenarios read the same evidence in other ways: it is told once
    once = {(row[0], *row[2:]): row for row in reversed(rows)}
    rows = [row for row in rows if once[row[0], *row[2:]] is row]
    said: list[Child | None] = []
    if rows:
        head = ["evidence", "model", "what", "as of", "source", "scope"]
        said.append(table("Evidence with its sources", head, rows))
    if stated.tables:
        head = ["table", "what", "as of", "source", "license"]
        cells = [[one.name, one.what, one.as_of, one.source, one.license] for one in stated.tables]
        said.append(table("Shipped tables that were read, with their licenses", head, cells))
        said += _caveats(stated.tables)
    return part("sources", "Data and sources", *said)


def _caveats(tables: tuple[StatedData, ...]) -> list[Child | None]:
    items = [element("span", element("strong", f"{one.name}: "), sentence(caveat))
             for one in tables for caveat in one.caveats]  # fmt: skip
    return [element("h3", "What could mislead in these tables"), listed(items)] if items else []


def diagnostics_part(found: RunFolder) -> Element | None:
    """Return every check with its value and threshold; what was not passed comes first."""
    checks = found.summary["diagnostics"]["checks"]
    order = {"fail": 0, "inconclusive": 1}
    ranked = sorted(checks, key=lambda one: order.get(one["verdict"], 2))
    rows: list[list[Child]] = [
        [sentence(one["says"]), state(one["verdict"]), _plainly(one.get("value")),
         _plainly(one.get("threshold")), str(one.get("remedy", ""))]
        for one in ranked[:_MOST_CHECKS]
    ]  # fmt: skip
    if not rows:
        return None
    caption = "Checks with value and threshold"
    if len(ranked) > _MOST_CHECKS:
        caption += f" (the first {_MOST_CHECKS} of {len(ranked):,}, those not passed before others)"
    head = ["check", "verdict", "value", "threshold", "remedy"]
    return part("diagnostics", "Diagnostics", table(caption, head, rows, numbers=(2, 3)))


def _plainly(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def provenance_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return what repeats the run: command, seed, settings, versions, hashes, the study."""
    record = found.record
    facts = [("Written", str(record.get("created", "not stated"))), ("Seed", str(record["seed"]))]
    facts += [
        (plain(key).capitalize(), _setting(key, value)) for key, value in record["settings"].items()
        if value not in (None, [], "", False) and key not in ("seed", "command")
    ]  # fmt: skip
    pairs = [element("div", element("dt", key), element("dd", value)) for key, value in facts]
    said: list[Child | None] = []
    if stated.repeat:
        said += [
            element("p", "In the folder of this page, the same numbers are made again by"
                    if "study" in record else "The same numbers are made again by"),
            element("pre", stated.repeat),
        ]  # fmt: skip
    said.append(element("dl", *pairs, class_="facts"))
    said.append(_pairs("Versions", "package", "version", record["versions"]))
    fits = record.get("fits")
    if isinstance(fits, dict) and fits:
        said.append(_pairs("Fits, by the hash of all that their numbers depend on", "fit", "hash",
                           fits))  # fmt: skip
    files = {name: digest for name, digest in record["files"].items()
             if name != REPORT and not name.startswith("posterior/")}  # fmt: skip
    left = len([name for name in record["files"] if name.startswith("posterior/")])
    said.append(
        _hidden(
            "Files and their SHA-256",
            _pairs("Files of the folder", "file", "SHA-256", files),
            element("p", f"{left:,} files of posteriors are in provenance.json.") if left else None,
        )
    )
    kept = record.get("study")
    if isinstance(kept, dict) and isinstance(kept.get("text"), str):
        said.append(_hidden("The study, as it was run", element("pre", kept["text"])))
    return part("provenance", "How to repeat this", *said)


def _hidden(title: str, *children: Child | None) -> Element:
    return element("details", element("summary", title), *children)


def _pairs(caption: str, key: str, value: str, found: dict[str, Any]) -> Element:
    rows: list[list[Child]] = [[str(name), element("code", str(of))] for name, of in found.items()]
    return table(caption, [key, value], rows)


def _setting(key: str, value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_setting(key, one) for one in value)
    # where a table lay on the disk of whoever made the run is nobody's business
    return file_name(str(value)) if key in FILES else str(value)


def file_name(value: str) -> str:
    """Return the last part of a path of any system."""
    return value.replace("\\", "/").rsplit("/", 1)[-1]
