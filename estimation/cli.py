"""The command line: parse, run one command, turn errors into one line and an exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from estimation.floor import ShadowedModelsError, check_models
from estimation.version import __version__

_COMMANDS = (
    "total", "check", "run", "link", "lists", "nowcast", "replay", "excess", "sensitivity",
    "audit_plan", "compare", "calibrate", "report", "datasets", "explore", "doctor",
)  # fmt: skip

_OUR_FAULT, _INTERRUPTED = 5, 130


class _Parser(argparse.ArgumentParser):
    """A parser whose errors fit on one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see '{self.prog} --help'\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; it loads nothing that computes."""
    top = _Parser(
        prog="undercount",
        description="How many died when only some were counted.",
        epilog="exit codes: 0 done, 2 usage, 3 bad data or file, 4 refused or not estimable, "
        "5 our fault, 6 partly done, 130 interrupted",
    )
    top.add_argument("--version", action="version", version=f"undercount {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in _COMMANDS:
        importlib.import_module(f"estimation.commands.{name}").add(commands)
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    words : sequence of str, optional
        The arguments; those of the process by default.
    """
    arguments = parser().parse_args(words)
    name = f"undercount {arguments.command}"
    if sys.stdout is None:  # the shell closed it
        return _tell(name, "output: standard output is closed; nothing can be printed", 3)
    try:
        if arguments.command != "doctor":
            check_models()
        code = int(arguments.run(arguments))
        sys.stdout.flush()
        return code
    except ShadowedModelsError as error:
        return _tell(name, str(error), 3)
    except KeyboardInterrupt as stopped:
        said = str(stopped) or "interrupted; nothing was left half written, run it again to go on"
        return _tell(name, said, _INTERRUPTED)
    except BrokenPipeError:
        # the reader of our output went away: not an error, and nothing more can be said to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the last place before the user: no traceback may pass
        return _judge(name, error)


def _judge(name: str, error: Exception) -> int:
    """Return the exit code of an error, told in one line."""
    if os.environ.get("UNDERCOUNT_DEBUG"):
        raise error
    from estimation.errors import UndercountError

    if isinstance(error, UndercountError):
        return _tell(name, str(error), error.exit_code)
    if isinstance(error, OSError):
        return _tell(name, f"{error.filename or 'output'}: {error.strerror or error}", 3)
    if isinstance(error, MemoryError):
        return _tell(name, "not enough memory; ask for fewer --draws", _OUR_FAULT)
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return _tell(
        name, f"our fault: {words}; set UNDERCOUNT_DEBUG=1 to see where, and report it", _OUR_FAULT
    )


def _tell(name: str, message: str, code: int) -> int:
    if sys.stderr is not None:
        print(f"{name}: {message}", file=sys.stderr)
    return code
