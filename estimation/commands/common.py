"""What all commands share: options, values on the command line, printing."""

from __future__ import annotations

import argparse
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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


def progress_line(arguments: argparse.Namespace) -> Any:
    """Return a function that tells a stage on stderr, on a terminal only."""
    if arguments.quiet or arguments.json or not sys.stderr.isatty():
        return lambda _: None
    return lambda stage: print(f"fitting: {stage}", file=sys.stderr, flush=True)


def print_json(result: Result) -> None:
    """Print the JSON object."""
    print(result.to_json())
