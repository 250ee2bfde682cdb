"""The object that every estimating command prints and stores."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

from estimation.diagnostics.verdicts import Verdict
from estimation.summaries.agreement import Agreement


@dataclasses.dataclass(frozen=True)
class Result:
    """Estimates with their verdict, as one JSON object.

    Parameters
    ----------
    engine : {"exact", "nuts", "classical"}
    seed : int
    prob : float
        Level of low and high in each row.
    estimates : list of dict
        Rows of estimates, the overall total first.
    diagnostics : Verdict
    published : tuple of Agreement
    notes : tuple of str
        What a reader must know beside the numbers.
    versions : dict of str to str
    """

    engine: str
    seed: int
    prob: float
    estimates: list[dict[str, Any]]
    diagnostics: Verdict
    published: tuple[Agreement, ...]
    notes: tuple[str, ...]
    versions: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "engine": self.engine,
            "seed": self.seed,
            "prob": self.prob,
            "interval": "eti",
            "estimates": self.estimates,
            "diagnostics": self.diagnostics.to_dict(),
            "published": [found.to_dict() for found in self.published],
            "notes": list(self.notes),
            "versions": self.versions,
        }

    def to_json(self) -> str:
        """Return the object as one line of strict JSON; what is not finite becomes null."""
        return json.dumps(finite(self.to_dict()), allow_nan=False)


def finite(value: Any) -> Any:
    """Return plain data for JSON: what is not finite becomes None, whole numbers integers."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        # whole numbers of persons are written as such
        return int(value) if value.is_integer() and abs(value) >= 1 else value
    return value
