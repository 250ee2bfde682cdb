"""Where kept things live: fits that need not be made again, and compiled code."""

from __future__ import annotations

import os
import sys
from pathlib import Path

#: The environment variable that names another folder.
VARIABLE = "UNDERCOUNT_CACHE"

#: How the name of the file of a kept result ends.
ENDING = ".record"


def cache_folder() -> Path:
    """Return the folder for kept fits and compiled code; it need not exist yet."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("undercount", appauthor=False)


def store_folder() -> Path:
    """Return the folder in which commands keep fits unless told otherwise."""
    return cache_folder() / "fits"


def store_size(folder: Path) -> tuple[int, int]:
    """Return the number of kept results in a folder, and their size in bytes."""
    sizes = [path.stat().st_size for path in folder.glob(f"??/*{ENDING}")]
    return len(sizes), sum(sizes)


def compile_folder() -> Path:
    """Return the folder in which PyTensor keeps compiled code.

    It is ours unless PyTensor was imported earlier or PYTENSOR_FLAGS names another.
    """
    if "pytensor" in sys.modules:
        import pytensor

        return Path(pytensor.config.base_compiledir)
    for flag in os.environ.get("PYTENSOR_FLAGS", "").split(","):
        name, _, value = flag.partition("=")
        if name.strip() == "base_compiledir":
            return Path(value.strip()).expanduser()
    return cache_folder() / "compiled"


def set_compile_folder() -> Path:
    """Make PyTensor keep compiled code in `compile_folder`; to be called before its import.

    Raises
    ------
    DataError
        If the folder cannot be made.
    """
    folder = compile_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        from estimation.errors import DataError  # not before: `models` may be hidden

        raise DataError(
            f"the folder of compiled code cannot be made: {error.strerror}", where=str(folder),
            remedy=f"name another with the environment variable {VARIABLE}",
        ) from error  # fmt: skip
    flags = os.environ.get("PYTENSOR_FLAGS", "")
    if "pytensor" not in sys.modules and "base_compiledir" not in flags:
        ours = f"base_compiledir={folder}"
        os.environ["PYTENSOR_FLAGS"] = f"{flags},{ours}" if flags else ours
    return folder
