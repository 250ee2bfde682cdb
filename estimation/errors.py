"""The tree of errors, as users of `estimation` meet it.

Every module of `estimation` that imports `models` imports this one first, so that a hidden `models`
is told in one sentence instead of a traceback about a missing submodule.
"""

from estimation.floor import ShadowedModelsError, check_models

check_models()

from models.errors import (  # noqa: E402  the check must come first
    InvalidValueError,
    NotEstimableError,
    RefusedError,
    UndercountError,
)

__all__ = [
    "DataError", "GateError", "Interrupted", "InvalidValueError", "NotEstimableError",
    "RefusedError", "ShadowedModelsError", "UndercountError", "UsageError",
]  # fmt: skip


class UsageError(UndercountError):
    """A command or function was called in a way it does not know."""

    exit_code = 2


class DataError(UndercountError):
    """A file that cannot be read or written, or that holds what it should not."""

    exit_code = 3


class GateError(RefusedError):
    """A fit failed its checks, so that no number is reported from it."""


class Interrupted(KeyboardInterrupt):
    """Work on many tasks was interrupted; the message says what is done and how to go on."""
