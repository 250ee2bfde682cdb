"""Estimands that sections of a study ask for."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from estimation.errors import DataError, UndercountError
from estimation.sensitivity.posteriors import Target
from estimation.study.sections import as_table, refuse_unknown
from estimation.summaries.estimands import KINDS, Area, Estimand
from estimation.words import suggestion
from models.checks import text
from models.model import Model

#: Keys of an estimand, beside its kind.
OF_ESTIMAND = tuple(f.name for f in dataclasses.fields(Estimand) if f.name != "kind")


def read_estimand(table: Mapping[str, Any], where: str, model: Model) -> Estimand:
    """Return the estimand that the keys of a section describe.

    Parameters
    ----------
    table : mapping
        "estimand" (its kind), and keys of `Estimand`; an area is a number, or low and high.
    where : str
        The place, for messages.
    model : Model
        Whose strata they name.

    Raises
    ------
    UndercountError
        If a value is not what it should be.
    """
    parts = {key: table[key] for key in OF_ESTIMAND if key in table}
    if "area" in parts:
        parts["area"] = _area(parts["area"], where)
    if not isinstance(parts.get("among", []), list):
        raise DataError("must be a list of strata", where="among")
    for name in parts.get("among", []):
        text(name, "among")
    for key in ("stratum", "over_stratum"):
        if key in parts:
            text(parts[key], key)
    estimand = Estimand(text(table["estimand"], "estimand"), **parts)
    _refuse_unknown_strata(estimand, model)
    return estimand


def read_target(section: object, where: str, model: Model) -> Target:
    """Return what a scenario is looked at for: a variable by its name, or an estimand.

    Parameters
    ----------
    section : str or mapping
        As in "total" or { name = "2024 over 2023", estimand = "ratio", period = 2024, ... }.
    where : str
        The place, for messages.
    model : Model
    """
    if isinstance(section, str):
        return Target(section)
    table = as_table(section, where)
    refuse_unknown(table, {"name", "estimand", "accept_maturity", *OF_ESTIMAND}, where)
    if "estimand" not in table:
        raise DataError("'estimand' is missing", where=where, remedy="one of " + ", ".join(KINDS))
    try:
        name = text(table.get("name", table["estimand"]), "name")
        accept = table.get("accept_maturity")
        reason = text(accept, "accept_maturity") if accept is not None else None
        return Target(name, read_estimand(table, where, model), reason)
    except UndercountError as error:
        raise error.inside(where) from None


def _refuse_unknown_strata(estimand: Estimand, model: Model) -> None:
    """Refuse strata that the model lacks before anything is fitted."""
    strata = model.coords().get("stratum", [])
    named = {"stratum": estimand.stratum, "over_stratum": estimand.over_stratum}
    places = [(place, name) for place, name in named.items() if name is not None]
    for place, name in (*places, *(("among", name) for name in estimand.among)):
        if name not in strata:
            raise DataError(f"no stratum {name!r}", where=place,
                            remedy=suggestion(name, strata) if strata else "this model has none",
                            )  # fmt: skip


def _area(value: object, where: str) -> Area:
    if isinstance(value, Mapping):
        table = as_table(value, f"{where}.area")
        refuse_unknown(table, {"low", "high"}, f"{where}.area")
        if set(table) != {"low", "high"}:
            raise DataError("needs low and high", where="area")
        return Area(table["low"], table["high"])
    return Area(value, value)  # type: ignore[arg-type]  # Area refuses what is no number
