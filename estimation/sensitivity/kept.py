"""Findings that are kept: plain data under the key of all that they depend on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from estimation.fit.key import code_digest, engine_versions
from estimation.fit.record import Record
from estimation.fit.store import Refit, Store, obtain
from estimation.sensitivity.posteriors import Posteriors
from models.model import Model

#: The code, beside that of fits, that findings come from.
CODE = ("estimation/sensitivity", "estimation/comparison", "estimation/summaries",
        "estimation/diagnostics/gate.py")  # fmt: skip


def kept(
    store: Store | None, refit: Refit, kind: str, model: Model, posteriors: Posteriors,
    parts: dict[str, Any], find: Callable[[], Any],
) -> Any:  # fmt: skip
    """Return a finding from the store, or make and keep it.

    Parameters
    ----------
    store, refit
        See `estimation.fit.store.obtain`.
    kind : str
        What is found.
    model : Model
    posteriors : Posteriors
        Its settings are part of the key.
    parts : dict
        What else the finding depends on, as plain data.
    find : callable
        Returns the finding as plain data (JSON).
    """
    planned = posteriors.plan(model)
    made_of = {
        "kind": kind, "model": model.content(), "labels": model.coords(),
        "engine": planned.engine, "settings": planned.settings, "seed": planned.seed,
        "prob": posteriors.prob, "accept": bool(posteriors.accept), "parts": parts,
        "versions": engine_versions(planned.engine), "code": code_digest(*CODE),
    }  # fmt: skip
    record, _ = obtain(store, refit, made_of, lambda: Record(made_of, {"found": find()}, {}))
    return record.meta["found"]
