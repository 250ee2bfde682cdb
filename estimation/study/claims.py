"""Claims of a study: a section becomes a claim with its estimand."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any

from estimation.errors import DataError, UndercountError
from estimation.study.estimands import OF_ESTIMAND, read_estimand
from estimation.study.sections import refuse_unknown
from estimation.summaries.claims import Claim
from estimation.words import suggestion
from models.model import Model

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
    refuse_unknown(table, {*_OF_CLAIM, *OF_ESTIMAND}, where)
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
        estimand = read_estimand(table, where, models[model])
        rest = {key: table[key] for key in _OF_CLAIM if key in table and key != "estimand"}
        return Claim(estimand=estimand, **rest)
    except UndercountError as error:
        raise error.inside(where) from None
