"""Find out whether `models` is ours: the name is generic, and an analyst's own file may hide it."""

import importlib.util
import sys
from pathlib import Path


class ShadowedModelsError(ImportError):
    """Another module named `models` stands before the one that belongs to `estimation`."""


def shadowing_file() -> str | None:
    """Return the file that `import models` finds instead of ours, or None if it finds ours."""
    ours = Path(__file__).resolve().parent.parent / "models" / "__init__.py"
    loaded = sys.modules.get("models")
    if loaded is not None:
        found = getattr(loaded, "__file__", None)
    else:
        spec = importlib.util.find_spec("models")
        found = spec.origin if spec is not None else None
        if spec is not None and found is None:
            found = next(iter(spec.submodule_search_locations or ["an unknown place"]))
    if found is None:
        return "nothing: no module named models is installed"
    return None if Path(found).resolve() == ours else str(found)


def check_models() -> None:
    """Raise if `import models` does not find the package that belongs to `estimation`.

    Raises
    ------
    ShadowedModelsError
        With one sentence that names the file in the way.
    """
    found = shadowing_file()
    if found is not None:
        raise ShadowedModelsError(
            f"undercount needs its own package 'models' but Python finds {found}; "
            "rename that file or folder, or run from another folder"
        )
