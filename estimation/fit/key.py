"""The key of a fit: a hash of everything that its numbers depend on, and of nothing else."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

from estimation.version import __version__


def canonical(value: Any) -> Any:
    """Return plain data with one spelling a value: floats by their exact digits, keys sorted."""
    if isinstance(value, Mapping):
        return {str(key): canonical(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [canonical(item) for item in value]
    if isinstance(value, np.ndarray):
        return [canonical(item) for item in value.tolist()]
    if isinstance(value, float):
        return value.hex()
    return value


def content_key(**parts: Any) -> str:
    """Return the SHA-256 of the canonical form, in hexadecimal."""
    written = json.dumps(canonical(parts), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def engine_versions(engine: str) -> dict[str, str]:
    """Return the versions of what the numbers of an engine depend on."""
    found = {
        "undercount": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    if engine == "nuts":
        import nutpie
        import pymc
        import pytensor

        found |= {module.__name__: module.__version__ for module in (pymc, pytensor, nutpie)}
    return found
