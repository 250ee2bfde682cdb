"""Claims of a study: a section becomes a claim with its estimand."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any

from estimation.errors import DataError, UndercountError
from estimation.study.sections import as_table, refuse_unknown
from estimation.summaries.claims import Claim
from estimation.summaries.estimands import Area, Estimand
from estimation.words import suggestion
from models.checks import text
from models.model import Model

_OF_ESTIMAND = tuple(f.name for f in dataclasses.fields(Estimand) if f.name != "kind")
_OF_CLAIM = tuple(f.name for f in dataclasses.fields(Claim))


def read_claim(table: Mapping[str, Any], where: str, models: Mapping[str, Model]) -> Claim:
    """Return the claim that a section states.

    Parameters
    ----------
    table : mapping
        Keys: those of `Claim` and, beside `estimand` (its kind), those of `Estimand`; an area is a
        number, or a table with low and high.
    where : str
        The place, for messages.
    models : mapping of Model
        The further models of the study by name, and the main one by "".

    Raises
    ------
    DataError
        If a key is unknown or missing, or a value is not what it should be.
    """
    refuse_unknown(table, {*_OF_CLAIM, *_OF_ESTIMAND}, where)
    for key in ("statement", "estimand"):
        if key not in table:
            raise DataError(f"{key!r} is missing", where=where)
    model, further = table.get("model", ""), [name for name in models if name]
    if model and model not in further:
        raise DataError(f"no model {model!r}", where=f"{where}.model",
                        remedy=suggestion(str(model), further) if further
                        else "add a section [models.NAME]")  # fmt: skip
    as_of = table.get("as_of")
    dated = isinstance(as_of, datetime.date) and not isinstance(as_of, datetime.datetime)
    if as_of is not None and not dated:
        raise DataError(f"must be a date, not {as_of!r}", where=f"{where}.as_of",
                        remedy="write 2025-05-04, without quotes")  # fmt: skip
    try:
        parts = {key: table[key] for key in _OF_ESTIMAND if key in table}
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
        rest = {key: table[key] for key in _OF_CLAIM if key in table and key != "estimand"}
        _refuse_unknown_strata(estimand, models[model])
        return Claim(estimand=estimand, **rest)
    except UndercountError as error:
        raise error.inside(where) from None


def _refuse_unknown_strata(estimand: Estimand, model: Model) -> None:
    """Refuse strata that the model lacks before anything is fitted."""
    strata = model.base.cells.strata if model.base.cells is not None else ()
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
