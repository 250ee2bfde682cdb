"""What you do with a model: fit, judge, summarize, compare, report.

Names are loaded when they are first used: importing this package costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

from estimation.floor import check_models
from estimation.version import __version__

if TYPE_CHECKING:
    from estimation.datasets.load import load_dataset
    from estimation.diagnostics.gate import tree_verdict, verdicts
    from estimation.errors import UndercountError
    from estimation.fit.batch import fit_many
    from estimation.fit.engine import fit
    from estimation.fit.store import Store
    from estimation.study.read import read_study
    from estimation.study.run import fit_study
    from estimation.study.write import write_run
    from estimation.summaries.agreement import Published, agreement
    from estimation.summaries.changes import change_points, month_on_month
    from estimation.summaries.losses import Losses
    from estimation.summaries.table import summary
    from estimation.tables.read import read_cells

_HOMES = {
    "Published": "estimation.summaries.agreement",
    "Store": "estimation.fit.store",
    "UndercountError": "estimation.errors",
    "Losses": "estimation.summaries.losses",
    "agreement": "estimation.summaries.agreement",
    "change_points": "estimation.summaries.changes",
    "fit_many": "estimation.fit.batch",
    "fit_study": "estimation.study.run",
    "load_dataset": "estimation.datasets.load",
    "month_on_month": "estimation.summaries.changes",
    "read_cells": "estimation.tables.read",
    "read_study": "estimation.study.read",
    "summary": "estimation.summaries.table",
    "tree_verdict": "estimation.diagnostics.gate",
    "verdicts": "estimation.diagnostics.gate",
    "write_run": "estimation.study.write",
}

__all__ = [
    "Losses", "Published", "Store", "UndercountError", "__version__", "agreement",
    "change_points", "fit", "fit_many", "fit_study", "load_dataset", "month_on_month",
    "read_cells", "read_study", "summary", "tree_verdict", "verdicts", "write_run",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name from its home."""
    if name not in (*_HOMES, "fit"):
        raise AttributeError(f"module 'estimation' has no attribute {name!r}")
    check_models()
    if name == "fit":  # the package of that name is callable
        return importlib.import_module("estimation.fit")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
