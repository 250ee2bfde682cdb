"""``undercount doctor``: versions, engines, cache folder, and whether `models` is hidden."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import sys
from importlib import metadata
from typing import Any

from estimation.commands.common import common_options
from estimation.floor import shadowing_file
from estimation.places import compile_folder, store_folder, store_size

_REQUIRED = ("numpy", "scipy", "pandas", "xarray", "pymc", "pytensor", "arviz", "arviz-base",
             "arviz-stats", "nutpie", "numba", "zarr", "rich", "pandera", "pyarrow")  # fmt: skip
_OPTIONAL = {"matplotlib": "plot", "h5netcdf": "netcdf", "splink": "link",
             "dash": "explore"}  # fmt: skip


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "doctor", parents=[common_options(prob=False)],
        help="what is installed, what is missing, and what stands in the way",
    )  # fmt: skip
    parser.set_defaults(run=run)


def examine() -> dict[str, Any]:
    """Return what was found, as plain data."""
    missing = []
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for name in ("undercount", *_REQUIRED, *_OPTIONAL):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
            if name in _REQUIRED:
                missing.append(name)
    shadow = shadowing_file()
    engines = {
        "exact": importlib.util.find_spec("numpy") is not None,
        "nuts": not {"pymc", "nutpie", "numba"} & set(missing),
    }
    return {
        "verdict": "fail" if missing or shadow else "pass",
        "versions": versions,
        "missing": missing,
        "engines": engines,
        "compile_cache": str(compile_folder()) if engines["nuts"] else None,
        "store": _store(),
        "processors": os.cpu_count(),
        "models_hidden_by": shadow,
    }


def _store() -> dict[str, Any]:
    folder = store_folder()
    results, size = store_size(folder)
    return {"folder": str(folder), "results": results, "bytes": size}


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; return 0 if all is well, else 3."""
    found = examine()
    if arguments.json:
        print(json.dumps({"seed": arguments.seed, **found}))
    else:
        print("\n".join(_lines(found, quiet=arguments.quiet)))
    return 0 if found["verdict"] == "pass" else 3


def _lines(found: dict[str, Any], *, quiet: bool) -> list[str]:
    lines = []
    if not quiet:
        for name, version in found["versions"].items():
            absent = (
                f'not installed (pip install "undercount[{_OPTIONAL[name]}]")'
                if name in _OPTIONAL
                else "MISSING"
            )
            lines.append(f"{name:<14}{version or absent}")
        lines.append(
            f"{'engines':<14}"
            + ", ".join(name for name, works in found["engines"].items() if works)
        )
        lines.append(f"{'compile cache':<14}{found['compile_cache']}")
        store = found["store"]
        lines.append(
            f"{'kept fits':<14}{store['results']:,} in {store['folder']}, "
            f"{store['bytes'] / 1e6:,.1f} MB"
        )
        lines.append(f"{'processors':<14}{found['processors']}")
    if found["models_hidden_by"]:
        lines.append(
            f"models is hidden by {found['models_hidden_by']}: rename it or work in another folder"
        )
    if found["missing"]:
        lines.append(
            "missing: "
            + ", ".join(found["missing"])
            + f"; reinstall undercount for {sys.executable}"
        )
    lines.append("all is well" if found["verdict"] == "pass" else "something stands in the way")
    return lines
