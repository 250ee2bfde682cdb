"""``undercount explore``: a local page to ask what if, and to look at stored runs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from estimation.commands.common import common_options, whole_argument

if TYPE_CHECKING:
    from estimation.explore.state import State

_FOLDER = Path("undercount-runs")

_PORT, _LAST_PORT = 8050, 65_535


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "explore", parents=[common_options()],
        help="a page on this machine: move what is assumed, look at stored runs",
    )  # fmt: skip
    parser.add_argument(
        "folder", nargs="?", type=Path, metavar="DIR",
        help=f"folder of stored runs (default {_FOLDER})",
    )  # fmt: skip
    parser.add_argument(
        "--port", type=_port, default=_PORT, metavar="N",
        help=f"port on this machine (default {_PORT}; 0: any that is free)",
    )  # fmt: skip
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    parser.set_defaults(run=run)


def _port(word: str) -> int:
    value = whole_argument(word)
    if not 0 <= value <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"a port is 0 to {_LAST_PORT}, not {value}")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C; return 0."""
    from estimation.errors import DataError
    from estimation.explore.server import serving

    folder = arguments.folder or _FOLDER
    if not folder.is_dir() and (arguments.folder or folder.exists()):
        raise DataError("is no folder of runs", where=str(folder), remedy="name one that is there")
    with serving(folder, _start(arguments), arguments.port) as (address, serve):
        try:
            _tell(arguments, address, folder)
            serve()
        except KeyboardInterrupt:
            pass
    return 0


def _start(arguments: argparse.Namespace) -> State:
    from estimation.explore.state import State

    seed = State().seed if arguments.seed is None else arguments.seed
    return State(seed=seed, prob=arguments.prob)


def _tell(arguments: argparse.Namespace, address: str, folder: Path) -> None:
    if arguments.json:
        print(json.dumps({"address": address, "folder": str(folder)}), flush=True)
    elif arguments.quiet:
        print(address, flush=True)
    else:
        print(f"The explorer is at {address} (this machine only; Ctrl-C ends it)", flush=True)
    if sys.stdout.isatty() and not arguments.no_browser and not arguments.json:
        import threading
        import webbrowser

        # some browsers return only once they are closed
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
