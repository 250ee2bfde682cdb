"""Which evidence may stand together: nothing counts twice, and what drifts must be informed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.audits import Audits
from models.beliefs import Known
from models.beliefs.base import FloatArray
from models.errors import InvalidValueError, RefusedError
from models.excess import Excess
from models.snapshots import Snapshots
from models.triangle import Triangle

#: Names of data and variables of the graph.
_TAKEN = frozenset({
    "center", "factor", "priors", "latent", "position", "typical", "interpolation", "period",
    "losses", "count", "deaths", "total", "unseen", "observed", "coverage", "precision", "eventual",
    "names_by_cell", "rate", "before", "after", "corrected", "publication",
    "delay", "begin", "published", "merged", "seen", "constant", "weekdays",
})  # fmt: skip


def refuse_combination(evidence: Mapping[str, Any], base: str) -> None:
    """Refuse evidence that may not stand beside a list.

    Parameters
    ----------
    evidence : mapping
        All evidence by name.
    base : str
        Name of the list.
    """
    named = evidence[base]
    _refuse_shared_beliefs(evidence, base)
    _refuse_names(evidence)
    if isinstance(named.coverage, Known):
        raise RefusedError(
            "is taken as known beside evidence that informs it", where=f"evidence.{base}.coverage",
            why="whatever that evidence says would be laid to its own bias",
            remedy="state a belief that has a width, such as between(0.45, 0.65, 0.5)",
        )  # fmt: skip
    for name, item in evidence.items():
        if isinstance(item, Audits) and isinstance(named, Triangle):
            raise RefusedError(
                "audits beside a list with delays", where=f"evidence.{name}",
                why="deaths were looked up in the list of one day, and how much of it was there "
                "by then is not written into the graph",
                remedy="give the list as a count of that day",
            )  # fmt: skip
        if isinstance(named, Snapshots):
            _refuse_open_end(item, name)
        if isinstance(item, Excess):
            zero = [key for key, value in item.baseline.content().items() if value == 0]
            if zero:
                raise InvalidValueError(
                    f"{zero[0]} = 0", where=f"evidence.{name}.baseline",
                    why="a scale is an unknown here", remedy="take a small number",
                )  # fmt: skip


def refuse_uninformed_drift(weights: Mapping[str, FloatArray], base: str) -> None:
    """Refuse coverage that drifts where all evidence speaks of all periods alike."""
    if not informs_drift(weights):
        raise RefusedError(
            "coverage drifts, and nothing informs how", where=f"evidence.{base}.coverage_drift",
            why="the list alone cannot tell fewer deaths from fewer of them listed",
            remedy="add a register or audits of single spans, or a table of deaths",
        )  # fmt: skip


def informs_drift(weights: Mapping[str, FloatArray]) -> bool:
    """Return whether some row of evidence speaks of a part of the periods."""
    return any(
        bool((rows.max(axis=1) > 0).any() and (rows.min(axis=1) < rows.max(axis=1)).any())
        for rows in weights.values()
    )


def refuse_same_rows(weights: FloatArray, name: str) -> None:
    """Refuse rows of a register that mean the same periods."""
    for row in range(1, len(weights)):
        same = (weights[:row] == weights[row]).all(axis=1)
        if same.any():
            raise InvalidValueError(
                f"rows {int(np.argmax(same)) + 1} and {row + 1} mean the same periods",
                where=f"evidence.{name}.estimates",
                why="two estimates of one number count it as twice as certain",
                remedy="keep one, or give the second as evidence of its own source",
            )  # fmt: skip


def _refuse_open_end(item: Any, name: str) -> None:
    """Refuse evidence until an open end beside totals whose periods may go on after the last."""
    ends = (*getattr(getattr(item, "estimates", None), "end", ()), getattr(item, "end", ""))
    if None in ends:
        raise InvalidValueError(
            "has an open end", where=f"evidence.{name}",
            why="beside totals over time it would be that of all periods, those to come too",
            remedy="give the day after the last one",
        )  # fmt: skip


def _refuse_names(evidence: Mapping[str, Any]) -> None:
    """Refuse names that data or unknowns of the graph have."""
    for name in evidence:
        if name in _TAKEN:
            raise InvalidValueError(f"{name!r} is a word of the graph", where="evidence",
                                    remedy="give it another name")  # fmt: skip
        for other in evidence:
            if other.startswith(f"{name}_"):
                raise InvalidValueError(
                    f"{other!r} begins with {name!r}: parts of the two could not be told apart",
                    where="evidence", remedy="give one of them another name",
                )  # fmt: skip


def _refuse_shared_beliefs(evidence: Mapping[str, Any], base: str) -> None:
    """Refuse a belief that was made from a source that is also evidence."""
    sources = {
        source: name for name, item in evidence.items() if name != base
        for source in {item.source, *item.derived_from} - {""}
    }  # fmt: skip
    for name, item in evidence.items():
        for field in ("coverage", "precision", "tail", "share"):
            belief = getattr(item, field, None)
            said = getattr(belief, "source", "")
            if said and sources.get(said, name) != name:
                raise RefusedError(
                    f"was made from {said!r}, which is evidence {sources[said]!r} too",
                    where=f"evidence.{name}.{field}", why="the same information would count twice",
                    remedy="keep one of the two",
                )  # fmt: skip
