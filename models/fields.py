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
from models.losses import WalkPooled

#: Words of a range with a mass.
_STATED = ("low", "high", "mass")


def replaced(parts: Mapping[str, Any], field: str, value: Any) -> tuple[str, Any]:
    """Return the name of the part that holds a field, and that part with the field replaced.

    Parameters
    ----------
    parts : mapping
        "losses", and evidence by name.
    field : str
        Dotted name.
    value : object

    Raises
    ------
    InvalidValueError
        If there is no such field; the message lists those that exist.
    """
    head, *path = field.split(".")
    if head not in parts or not _exists(parts[head], path):
        raise InvalidValueError(
            f"no field {field!r}", where="model", remedy="one of " + ", ".join(field_names(parts))
        )
    try:
        return head, _replaced(parts[head], path, value)
    except UndercountError as error:
        raise error.inside(".".join([head, *path[:-1]])) from None


def value_of(parts: Mapping[str, Any], field: str) -> Any:
    """Return the value of a field; see `replaced`."""
    head, *path = field.split(".")
    if head not in parts or not _exists(parts[head], path):
        raise InvalidValueError(
            f"no field {field!r}", where="model", remedy="one of " + ", ".join(field_names(parts))
        )
    found = parts[head]
    for name in path:
        found = _child(found, name)
    return found


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
    if isinstance(part, (Tabulated, Cells)) or not dataclasses.is_dataclass(part):
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


def _replaced(part: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    name, rest = path[0], path[1:]
    if isinstance(part, WalkPooled) and not hasattr(part, name):
        home = "walk" if hasattr(part.walk, name) else "pooled"
        return dataclasses.replace(part, **{home: _replaced(getattr(part, home), path, value)})
    if isinstance(part, Belief):
        return _with_number(part, name, value)
    return dataclasses.replace(part, **{name: _replaced(_child(part, name), rest, value)})


def _with_number(belief: Belief, name: str, value: Any) -> Belief:
    """Return a belief with one of its numbers replaced; what was stated of it is restated."""
    words: dict[str, Any] = {"reason": belief.reason, "source": belief.source}
    if name in _STATED and _restatable(belief):
        stated: dict[str, Any] = dict(zip(_STATED, belief.stated or (), strict=True))
        stated[name] = value
        return between(**stated, shape=belief.kind, **words)
    return dataclasses.replace(belief, **{"stated": None, name: value})
