"""The key of a result: a hash of everything that its numbers depend on, and of nothing else."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from estimation.version import __version__

#: What the numbers of each engine depend on, beside Python and this package.
_PACKAGES = {
    "exact": ("numpy", "scipy"),
    "nuts": ("numpy", "scipy", "pymc", "pytensor", "numba", "nutpie"),
}


#: The parts of this project that numbers come from.
_ROOT = Path(__file__).resolve().parents[2]
_CODE = ("models", "estimation/fit", "estimation/diagnostics/ranks.py", "estimation/randomness.py")


def canonical(value: Any) -> Any:
    """Return plain data with one spelling a value: floats by their exact digits, keys sorted."""
    if isinstance(value, Mapping):
        return {str(key): canonical(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [canonical(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return canonical(value.tolist())
    if isinstance(value, float):
        return value.hex()
    return value


def content_key(**parts: Any) -> str:
    """Return the SHA-256 of the canonical form, in hexadecimal."""
    written = json.dumps(canonical(parts), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


@functools.cache
def _version(package: str) -> str:
    """Return the version of a package without importing it: a kept fit is found without PyMC."""
    return np.__version__ if package == "numpy" else metadata.version(package)


def engine_versions(engine: str) -> dict[str, str]:
    """Return the versions of what the numbers of an engine depend on."""
    return {
        "undercount": __version__,
        "python": platform.python_version(),
        **{package: _version(package) for package in _PACKAGES[engine]},
    }


@functools.cache
def code_digest(*further: str) -> str:
    """Return a hash of the code that numbers come from.

    A version number is raised by hand and can be forgotten; a kept fit must never outlive the code
    that made it.

    Parameters
    ----------
    *further : str
        Files and folders of the project beside those of fits.
    """
    digest = hashlib.sha256()
    for part in (*_CODE, *further):
        place = _ROOT / part
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()
