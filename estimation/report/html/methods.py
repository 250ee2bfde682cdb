"""Estimates of commands without a study: by method, and by what tells them apart."""

from __future__ import annotations

from typing import Any

from estimation.report.html.builder import Child, Element, Wide, part, table
from estimation.report.html.columns import method_words
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated
from estimation.report.html.wording import told
from estimation.report.html.words import between, dated, plain, sentence, shown
from estimation.summaries.agreement import percent

#: Rows of a table that are shown at most; longer than so many it is set in halves.
_MOST, _HALVED = 60, 24

#: What is estimated, in words.
_NAMES = {"excess": "deaths beyond those expected", "eventual": "names in the end",
          "total": "persons in all", "known": "names known", "coverage": "share on any list",
          "list_coverage": "share on the list",
          "reported_by_now": "share known by now"}  # fmt: skip


_KEYS = {"last": "the last of them, together"}


def estimate_words(name: str) -> str:
    """Return what an estimand is called."""
    return _NAMES.get(name, plain(name))


def methods_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return a table for each way in which the rows are told apart."""
    if found.command == "run":
        return None
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in found.summary["estimates"]:
        groups.setdefault(tuple(row["index"]), []).append(row)
    said: list[Child | None] = [
        _by_method(found, rows) if not keys else _by(found, keys, rows)
        for keys, rows in groups.items()
    ]  # fmt: skip
    refused: list[list[Child | Wide]] = [
        [method_words(key), sentence(told(why, stated))] for key, why in found.failed.items()
    ]
    if refused:
        said.append(table("Refused, where numbers would stand", ["what", "why"], refused))
    return part("readings", "All estimates", *said)


def _columns(rows: list[dict[str, Any]]) -> tuple[list[tuple[str, str]], bool]:
    """Return what is estimated by which method, and whether there are several methods."""
    pairs = dict.fromkeys((row["name"], str(row.get("method") or "")) for row in rows)
    return list(pairs), len({method for _, method in pairs}) > 1


def _by_method(found: RunFolder, rows: list[dict[str, Any]]) -> Element:
    names = list(dict.fromkeys(row["name"] for row in rows))
    points = _points(found)
    cells: dict[str, dict[str, str]] = {}
    for row in rows:
        method = str(row.get("method") or "")
        cells.setdefault(method, {})[row["name"]] = between(row["name"], row)
    head = ["method", *(["estimate"] if points else []),
            *(f"{estimate_words(name)} (median, {percent(found.prob)} interval)"
              for name in names)]  # fmt: skip
    body: list[list[Child | Wide]] = [
        [method_words(method) if method else "the model",
         *([points.get(method, "")] if points else []),
         *(one.get(name, "") for name in names)]
        for method, one in cells.items()
    ]  # fmt: skip
    return table("By method", head, body, numbers=(1,) if points else ())


def _points(found: RunFolder) -> dict[str, str]:
    """Return the estimate of each method, where it is another number than the median."""
    methods = found.summary.get("methods")
    if not isinstance(methods, list):
        return {}
    return {
        str(one.get("method")): shown("total", float(one["estimate"])) for one in methods
        if isinstance(one, dict) and isinstance(one.get("estimate"), int | float)
        and not isinstance(one["estimate"], bool)
    }  # fmt: skip


def _by(found: RunFolder, keys: tuple[str, ...], rows: list[dict[str, Any]]) -> Element:
    columns, several = _columns(rows)
    cells: dict[tuple[str, ...], dict[tuple[str, str], dict[str, Any]]] = {}
    for row in rows:
        pair = (row["name"], str(row.get("method") or ""))
        cells.setdefault(tuple(row["index"].values()), {})[pair] = row
    kept = {key: one for key, one in cells.items() if not _complete(one)}
    left = len(cells) - len(kept)
    head = [
        *(_KEYS.get(key) or plain(key) for key in keys),
        *(_heading(name, method, several) for name, method in columns),
    ]
    body: list[list[Child | Wide]] = [
        [*(dated(word) for word in key),
         *(between(pair[0], one[pair]) if pair in one else "" for pair in columns)]
        for key, one in list(kept.items())[:_MOST]
    ]  # fmt: skip
    apart = " and ".join("last periods" if key == "last" else plain(key) for key in keys)
    caption = f"By {apart} (median, {percent(found.prob)} interval)"
    if left:
        caption += f"; {left} that are complete are left out"
    if len(kept) > _MOST:
        caption += f"; the first {_MOST} of {len(kept):,}, all are in the tables of the folder"
    return table(caption, head, body, halves=len(body) > _HALVED and len(head) <= 3)


def _heading(name: str, method: str, several: bool) -> str:
    return estimate_words(name) + (f", {method_words(method)}" if several and method else "")


def _complete(one: dict[tuple[str, str], dict[str, Any]]) -> bool:
    """Return whether a period is known as it will be: no more names come."""
    eventual = [row for (name, _), row in one.items() if name == "eventual"]
    known = [row["median"] for (name, _), row in one.items() if name == "known"]
    return bool(eventual and known) and all(
        row["low"] == row["high"] == known[0] for row in eventual
    )
