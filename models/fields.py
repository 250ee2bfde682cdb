"""Fields of a model by dotted names, as in "names.coverage", "names.coverage.low", "losses.step".

A belief that was stated as a range with a mass can be varied in those words (low, high, mass), not
only in the parameters of its distribution.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from models.beliefs import Belief, Beta, LogitNormal, Tabulated, between
from models.cells import Cells
from models.errors import InvalidValueError, UndercountError
from models.estimates import Estimates
from models.losses import WalkPooled
from models.mortality import Mortality
from models.reports import Reports
from models.snapshots import Totals

#: Words of a range with a mass.
_STATED = ("low", "high", "mass")


def replaced(parts: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parts with fields replaced at once, so that none must fit the others' old values.

    Parameters
    ----------
    parts : mapping
        "losses", and evidence by name.
    values : mapping
        By dotted name.

    Raises
    ------
    InvalidValueError
        If there is no such field; the message lists those that exist.
    """
    changes: dict[str, dict[tuple[str, ...], Any]] = {}
    for field, value in values.items():
        _require(parts, field)
        head, *path = field.split(".")
        changes.setdefault(head, {})[tuple(path)] = value
    found = dict(parts)
    for head, of_part in changes.items():
        try:
            found[head] = _rebuilt(parts[head], of_part)
        except UndercountError as error:
            raise error.inside(head) from None
    return found


def value_of(parts: Mapping[str, Any], field: str) -> Any:
    """Return the value of a field; see `replaced`."""
    _require(parts, field)
    head, *path = field.split(".")
    found = parts[head]
    for name in path:
        found = _child(found, name)
    return found


def _require(parts: Mapping[str, Any], field: str) -> None:
    head, *path = field.split(".")
    if head not in parts or not _exists(parts[head], path):
        raise InvalidValueError(
            f"no field {field!r}", where="model", remedy="one of " + ", ".join(field_names(parts))
        )


def field_names(parts: Mapping[str, Any]) -> list[str]:
    """Return the dotted names of all fields, parts first."""
    return [*parts, *(f"{head}.{name}" for head, part in parts.items() for name in _below(part))]


def _below(part: Any) -> list[str]:
    found: list[str] = []
    for name in _names(part):
        found.append(name)
        found += [f"{name}.{inner}" for inner in _below(_child(part, name))]
    return found


def _names(part: Any) -> list[str]:
    """Return the fields of a part that may be replaced."""
    data = (Tabulated, Cells, Reports, Totals, Estimates, Mortality)
    if isinstance(part, data) or not dataclasses.is_dataclass(part):
        return []
    if isinstance(part, Belief):
        words = list(_STATED) if _restatable(part) else []
        return list(dict.fromkeys([*words, *part.hyperparameters()]))
    kind: Any = type(part)
    names = _own_names(kind)
    if isinstance(part, WalkPooled):
        # a study states the parts of the product side by side
        inner: tuple[Any, Any] = (type(part.walk), type(part.pooled))
        names = [*_own_names(inner[0]), *_own_names(inner[1]), *names]
    return names


@functools.cache
def _own_names(part: Any) -> list[str]:
    """Return the fields of a class."""
    return [field.name for field in dataclasses.fields(part)]


def _exists(part: Any, path: list[str]) -> bool:
    for name in path:
        if name not in _names(part):
            return False
        part = _child(part, name)
    return True


def _child(part: Any, name: str) -> Any:
    if isinstance(part, Belief) and name in _STATED and _restatable(part):
        return dict(zip(_STATED, part.stated or (), strict=True))[name]
    if isinstance(part, WalkPooled) and not hasattr(part, name):
        return getattr(part.walk if hasattr(part.walk, name) else part.pooled, name)
    return getattr(part, name)


def _restatable(belief: Belief) -> bool:
    """Return whether a belief was elicited from a range with a mass."""
    return isinstance(belief, (Beta, LogitNormal)) and belief.stated is not None


def _rebuilt(part: Any, changes: Mapping[tuple[str, ...], Any]) -> Any:
    """Return a part with values at paths below it; a value at the empty path replaces it first."""
    part = changes.get((), part)
    below: dict[str, dict[tuple[str, ...], Any]] = {}
    for path, value in changes.items():
        if path:
            below.setdefault(path[0], {})[path[1:]] = value
    if not below:
        return part
    for name in below:
        if name not in _names(part):  # of a value that was put there just now
            raise InvalidValueError(
                f"no field {name!r}", remedy="one of " + ", ".join(_names(part))
            )
    if isinstance(part, WalkPooled):
        below = _in_its_parts(part, below)
    if isinstance(part, Belief):
        return _with_numbers(part, {name: one[()] for name, one in below.items()})
    values = {}
    for name, inner in below.items():
        try:
            values[name] = _rebuilt(_child(part, name), inner)
        except UndercountError as error:
            raise error.inside(name) from None
    return dataclasses.replace(part, **values)


def _in_its_parts(
    losses: WalkPooled, below: Mapping[str, dict[tuple[str, ...], Any]]
) -> dict[str, dict[tuple[str, ...], Any]]:
    """Return changes of a product by its own fields: those of its parts belong to the parts."""
    found: dict[str, dict[tuple[str, ...], Any]] = {}
    for name, inner in below.items():
        if hasattr(losses, name):
            found.setdefault(name, {}).update(inner)
            continue
        home = "walk" if hasattr(losses.walk, name) else "pooled"
        found.setdefault(home, {}).update({(name, *path): x for path, x in inner.items()})
    return found


def _with_numbers(belief: Belief, numbers: Mapping[str, Any]) -> Belief:
    """Return a belief with numbers replaced; what was stated of it is restated."""
    stated = set(_STATED) & set(numbers) if _restatable(belief) else set()
    if not stated:
        return dataclasses.replace(belief, **{"stated": None, **numbers})
    if len(stated) < len(numbers):
        raise InvalidValueError(
            "is given as a range and by its parameters", why="either follows from the other"
        )
    words: dict[str, Any] = {"reason": belief.reason, "source": belief.source}
    range_and_mass = dict(zip(_STATED, belief.stated or (), strict=True)) | dict(numbers)
    return between(**range_and_mass, shape=belief.kind, **words)
