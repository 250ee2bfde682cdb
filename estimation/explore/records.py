"""Files of stored runs, read within limits: none is trusted, and none may hold up a page."""

from __future__ import annotations

import functools
import json
import math
import re
import tomllib
from pathlib import Path
from typing import Any

#: Bytes above which a file of JSON is not read, and a study is not parsed.
MOST_BYTES, _MOST_STUDY = 20_000_000, 500_000

#: Keys within keys within keys: no study has them, and to parse them takes very long.
_DEEP = re.compile(r"(?:\.[^.=,\[\]{}\n]{1,200}){60}")

type Stamp = tuple[int, int, int]


def stamp(path: Path) -> Stamp:
    """Return what changes when a file does; zeros where there is none, or only a link."""
    try:
        found = path.lstat()
    except (OSError, ValueError):
        return 0, 0, 0
    return found.st_ino, found.st_mtime_ns, found.st_size


def json_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file, not to be changed; an empty one if there is none."""
    try:
        # what is no plain file could keep a reader waiting
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_BYTES:
            return {}
    except (OSError, ValueError):
        return {}
    return _read(path, stamp(path))


@functools.lru_cache(maxsize=3)
def _read(path: Path, _: Stamp) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def study_table(record: dict[str, Any]) -> dict[str, Any]:
    """Return the study in the provenance of a run; an empty one if it cannot be read."""
    return _parsed(study_text(record))


def study_text(record: dict[str, Any]) -> str:
    """Return the text of the study in the provenance of a run."""
    study = record.get("study")
    found = words(study.get("text")) if isinstance(study, dict) else ""
    return "" if len(found) > _MOST_STUDY or _DEEP.search(found) else found


@functools.lru_cache(maxsize=8)
def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    # not every number that TOML allows is one for Python
    except (ValueError, RecursionError):
        return {}


def study_title(record: dict[str, Any]) -> str:
    """Return the title of the study of a run, without reading all of it where that can be done."""
    text = study_text(record)
    head = text.partition("\n[")[0]
    try:
        found = tomllib.loads(head)
    except (ValueError, RecursionError):
        found = _parsed(text)
    return words(found.get("title"))


def items(value: object) -> list[Any]:
    """Return a list; an empty one in place of anything else."""
    return value if isinstance(value, list) else []


def objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list."""
    return [one for one in items(value) if isinstance(one, dict)]


def table_of(value: object) -> dict[str, Any]:
    """Return a table; an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def words(value: object, most: int = 0) -> str:
    """Return a text, cut to so many letters; an empty one in place of anything else."""
    found = value if isinstance(value, str) else ""
    return found if not 0 < most < len(found) else f"{found[:most]} ..."


def finite(value: object) -> float | None:
    """Return a number; None in place of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
