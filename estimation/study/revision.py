"""The section ``[[revision]]``: two vintages of one list, and why the total changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from estimation.comparison.alignment import align
from estimation.comparison.revision import DRAWS, Revision, revision_anatomy
from estimation.comparison.vintages import Vintage
from estimation.errors import DataError, UndercountError
from estimation.study.build import build
from estimation.study.sections import as_table, refuse_unknown
from models.checks import text

_KEYS = ("name", "title", "earlier", "later", "new", "same")
_OF_VINTAGE = tuple(field.name for field in dataclasses.fields(Vintage))
_BELIEFS = ("coverage", "precision")


@dataclasses.dataclass(frozen=True)
class RevisionPlan:
    """Two vintages of one list to be compared.

    Parameters
    ----------
    name, title : str
    earlier, later : Vintage
    new : tuple of str, optional
        Periods that hold new deaths; by default those that the earlier list has not.
    same : mapping of str to tuple of str
        By label of the later vintage: what the earlier one calls the same period.
    """

    name: str
    title: str
    earlier: Vintage
    later: Vintage
    new: tuple[str, ...] | None = None
    same: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    def says(self) -> str:
        """Return what is asked, in a line."""
        one, other = self.earlier, self.later
        return (
            f"revision {self.name}: {one.listed:,} names of {one.as_of}, {other.listed:,} of "
            f"{other.as_of}"
        )


@dataclasses.dataclass(frozen=True, eq=False)
class RevisionFound:
    """What became of the total between two vintages."""

    plan: RevisionPlan
    revision: Revision


def read_revision(table: Mapping[str, Any], where: str) -> RevisionPlan:
    """Return the plan that a section describes.

    Parameters
    ----------
    table : mapping
        Keys: name, title, earlier, later (those of `Vintage`, beliefs as sections of their own),
        new and same (see `estimation.comparison.alignment.align`).  What the later vintage does
        not say of coverage, precision, source and scope is as in the earlier one.
    where : str
        The place, for messages.

    Raises
    ------
    DataError
        If a key is unknown or missing, or the vintages do not fit together.
    UndercountError
        If a value is refused.
    """
    refuse_unknown(table, _KEYS, where)
    for key in ("name", "earlier", "later"):
        if key not in table:
            raise DataError(f"{key!r} is missing", where=where)
    name = text(table["name"], f"{where}.name")
    title = text(table.get("title", name), f"{where}.title")
    earlier = _vintage(table["earlier"], f"{where}.earlier")
    later = _vintage(table["later"], f"{where}.later", like=earlier)
    new = None
    if "new" in table:
        new = _labels(table["new"], f"{where}.new")
    stated = as_table(table.get("same", {}), f"{where}.same")
    same = {
        label: (old,) if isinstance(old, str) else _labels(old, f"{where}.same.{label}")
        for label, old in stated.items()
    }
    try:
        align(earlier, later, new, same)
    except UndercountError as error:
        raise error.inside(where) from None
    return RevisionPlan(name, title, earlier, later, new, same)


def run_revision(
    plan: RevisionPlan, prob: float, seed: int, draws: int | None = None
) -> RevisionFound:
    """Carry out one plan.

    Parameters
    ----------
    plan : RevisionPlan
    prob : float
        Level of the intervals.
    seed : int
        Of the run.
    draws : int, optional
        How many.
    """
    found = revision_anatomy(
        plan.earlier, plan.later, prob, draws or DRAWS, seed, new=plan.new, same=plan.same
    )
    return RevisionFound(plan, found)


def _vintage(section: object, where: str, like: Vintage | None = None) -> Vintage:
    table = as_table(section, where)
    refuse_unknown(table, _OF_VINTAGE, where)
    for key in ("as_of", "names", *(() if like else ("coverage",))):
        if key not in table:
            raise DataError(f"{key!r} is missing", where=where)
    values = {key: value for key, value in table.items() if key not in _BELIEFS}
    values.setdefault("title", f"list of {table['as_of']}")
    for key in _BELIEFS:
        if key in table:
            values[key] = build("belief", table[key], f"{where}.{key}")
    for key in (*_BELIEFS, "source", "scope") if like is not None else ():
        values.setdefault(key, getattr(like, key))
    try:
        return Vintage(**values)
    except UndercountError as error:
        raise error.inside(where) from None


def _labels(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise DataError(f"must be labels of periods, not {value!r}", where=where,
                        remedy='as in ["2025"]')  # fmt: skip
    return tuple(value)
