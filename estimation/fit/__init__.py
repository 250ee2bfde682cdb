"""Fitting: the exact engine, the session, NUTS, and the form of a fit.

The package bears the name of its one public function, so it can be called like it:
``from estimation import fit`` gives the same thing whatever was imported before.
"""

import sys
import types
from typing import Any


class _CallablePackage(types.ModuleType):
    """A package that passes calls on to `estimation.fit.engine.fit`."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Fit a model; see `estimation.fit.engine.fit`."""
        from estimation.fit.engine import fit

        return fit(*arguments, **options)


sys.modules[__name__].__class__ = _CallablePackage
