"""What all commands share: options, values on the command line, printing."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estimation.fit.store import Store
    from estimation.result import Result


def whole_argument(word: str) -> int:
    """Return a whole number written plainly or with commas between thousands."""
    plain = word.replace(",", "") if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+", word) else word
    if not re.fullmatch(r"[+-]?\d+", plain):
        raise argparse.ArgumentTypeError(f"{word!r} is no whole number")
    if len(plain) > 25:
        raise argparse.ArgumentTypeError(f"{word!r} is too large to represent")
    return int(plain)


def number_argument(word: str) -> float:
    """Return a number."""
    try:
        return float(word)
    except ValueError:
        hint = "; write 0.45 for 45 %" if word.endswith("%") else ""
        raise argparse.ArgumentTypeError(f"{word!r} is no number{hint}") from None


def level_argument(word: str) -> float:
    """Return a probability strictly between 0 and 1."""
    value = number_argument(word)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{word} must lie strictly between 0 and 1")
    return value


def seed_argument(word: str) -> int:
    """Return a seed: a whole number, 0 or more."""
    value = whole_argument(word)
    if value < 0:
        raise argparse.ArgumentTypeError(f"a seed is 0 or more, not {value}")
    return value


def draws_argument(word: str) -> int:
    """Return a number of draws, 4 to 10 million a chain."""
    value = whole_argument(word)
    if not 4 <= value <= 10_000_000:
        raise argparse.ArgumentTypeError(f"draws a chain are 4 to 10,000,000, not {value}")
    return value


def common_options(*, prob: bool = True) -> argparse.ArgumentParser:
    """Return the parser of the options that every command takes."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object and nothing else"
    )
    parser.add_argument(
        "--seed", type=seed_argument, metavar="N", help="seed of the random numbers"
    )
    if prob:
        parser.add_argument(
            "--prob", type=level_argument, default=0.95, metavar="P",
            help="level of the intervals (default 0.95)",
        )  # fmt: skip
    parser.add_argument("--quiet", action="store_true", help="print no more than the answer")
    return parser


def engine_option(parser: argparse.ArgumentParser) -> None:
    """Add the choice of the engine, and the override of the gate."""
    parser.add_argument(
        "--engine", choices=("auto", "exact", "nuts"), default="auto",
        help="exact draws where they exist (auto), or the PyMC graph under NUTS",
    )  # fmt: skip
    parser.add_argument(
        "--accept", metavar="REASON",
        help="report a fit that failed its checks; the reason is printed with it",
    )  # fmt: skip


def store_options(parser: argparse.ArgumentParser, *, executor: str = "none") -> None:
    """Add where fits are kept and found again and, if it fits many models, by what it works."""
    from estimation.places import VARIABLE

    parser.add_argument(
        "--store", type=Path, metavar="DIR",
        help=f"folder of kept fits (default: 'fits' in the cache folder, see 'undercount doctor' "
        f"and {VARIABLE})",
    )  # fmt: skip
    parser.add_argument(
        "--refit", choices=("never", "on_change", "always"),
        help="take fits from the store only; fit what is new (default); fit everything anew "
        "(default when a run is repeated)",
    )  # fmt: skip
    if executor:
        parser.add_argument(
            "--executor", metavar="WORD",
            help="none, threads[:N], processes[:N] or dask://HOST:PORT; the numbers do not "
            f"depend on it (default: {executor})",
        )  # fmt: skip


def open_store(arguments: argparse.Namespace) -> Store | None:
    """Return the store that was named, or the one in the cache folder if it can be written."""
    from estimation.fit.store import Store
    from estimation.places import store_folder

    if arguments.store is not None:
        return Store(arguments.store)
    folder = store_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(
            f"undercount {arguments.command}: {folder}: {error.strerror}; fits are not kept, name "
            "a folder with --store",
            file=sys.stderr,
        )
        return None
    store = Store(folder)
    store.sweep()
    return store


def print_json(result: Result) -> None:
    """Print the JSON object."""
    print(result.to_json())
