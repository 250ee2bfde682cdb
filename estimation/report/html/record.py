"""The end of the page: data and sources, and what repeats the run."""

from __future__ import annotations

from typing import Any

from estimation.report.html.builder import Child, Element, element, listed, part, table
from estimation.report.html.run_folder import REPORT, RunFolder
from estimation.report.html.stated import Stated, StatedData
from estimation.report.html.wording import told
from estimation.report.html.words import capital, dated, plain, sentence, share

#: Settings whose names say little.
_SETTINGS = {"prob": "Probability of intervals", "engine": "How draws are made",
             "begin": "From", "end": "To"}  # fmt: skip

_NOT_PRINTED = (
    "Not printed, but in the page on a screen: the model in formulas, traces and ranks of the "
    "chains, all checks one by one, versions, hashes of fits and files, and the study itself. For "
    "machines provenance.json, in the folder of the page, has the last of them."
)

#: Settings that name files.
FILES = ("table", "remove", "published")


def sources_part(stated: Stated) -> Element | None:
    """Return evidence with its source, and shipped tables with license and caveats."""
    shipped = {one.source: one.name for one in stated.tables}
    rows = []
    for model in stated.models:
        rows += [
            [one.name, model.title, told(one.what, stated), dated(one.as_of) or "not stated",
             _source(one.source, shipped), capital(one.scope)]
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
        cells = [[one.name, one.what, dated(one.as_of), one.source, one.license]
                 for one in stated.tables]  # fmt: skip
        said.append(table("Shipped tables that were read, with their licenses", head, cells))
        said += _caveats(stated.tables)
    return part("sources", "Data and sources", *said)


def _source(source: str, shipped: dict[str, str]) -> str:
    """Return a source; that of a shipped table stands with the table."""
    name = shipped.get(source)
    return f"table {name}, below" if name else source or "not stated"


def _caveats(tables: tuple[StatedData, ...]) -> list[Child | None]:
    told_by_table = [one for one in tables if one.caveats]
    if not told_by_table:
        return []
    found: list[Child | None] = [element("h3", "What could mislead in these tables")]
    for one in told_by_table:
        found.append(element("p", element("strong", one.what), f" ({one.name})", class_="of"))
        found.append(listed([capital(sentence(dated(caveat))) for caveat in one.caveats]))
    return found


def provenance_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return what repeats the run: command, seed, settings, versions, hashes, the study."""
    record = found.record
    facts = [("Seed of the random numbers", str(record["seed"]))]
    facts += [
        (_SETTINGS.get(key) or plain(key).capitalize(), _setting(key, value))
        for key, value in record["settings"].items()
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
    said.append(_hidden("Versions", _pairs("Versions of packages", "package", "version",
                                           record["versions"])))  # fmt: skip
    fits = record.get("fits")
    if isinstance(fits, dict) and fits:
        hashes = "Fits, by the hash of all that their numbers depend on"
        said.append(_hidden("Fits and their hashes", _pairs(hashes, "fit", "hash", fits)))
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
    said.append(element("p", _NOT_PRINTED, class_="printed"))
    return part("provenance", "How to repeat this", *said)


def _hidden(title: str, *children: Child | None) -> Element:
    return element("details", element("summary", title), *children)


def _pairs(caption: str, key: str, value: str, found: dict[str, Any]) -> Element:
    rows: list[list[Child]] = [[str(name), element("code", str(of))] for name, of in found.items()]
    return table(caption, [key, value], rows)


def _setting(key: str, value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_setting(key, one) for one in value)
    if key == "prob" and isinstance(value, float):
        return share(value)
    # where a table lay on the disk of whoever made the run is nobody's business
    return file_name(str(value)) if key in FILES else str(value)


def file_name(value: str) -> str:
    """Return the last part of a path of any system."""
    return value.replace("\\", "/").rsplit("/", 1)[-1]
