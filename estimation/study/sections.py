"""Sections of a study file: tables with known keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from estimation.errors import DataError
from estimation.words import suggestion


def as_table(section: object, where: str) -> Mapping[str, Any]:
    """Return the section if it is a table."""
    if not isinstance(section, Mapping):
        raise DataError(f"must be a table, not {section!r}", where=where)
    return section


def refuse_unknown(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Refuse keys that nobody reads, and name the nearest known one."""
    allowed = sorted(known)
    for key in table:
        if key not in allowed:
            raise DataError(
                f"unknown key {key!r}", where=where, why="it would be ignored",
                remedy=suggestion(key, allowed),
            )  # fmt: skip


def flag(table: Mapping[str, Any], key: str, where: str, *, default: bool = True) -> bool:
    """Return a key that is true or false."""
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise DataError(f"must be true or false, not {value!r}", where=f"{where}.{key}")
    return value
