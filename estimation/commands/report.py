"""``undercount report``: one HTML page of what a command wrote to a folder; no fit."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.commands.common import common_options

if TYPE_CHECKING:
    from estimation.report.html.run_folder import RunFolder

#: Settings that are no options of a command.
_APART = ("command", "seed", "table")

#: Settings that are called otherwise on the command line.
_SPELLED = {"begin": "from", "end": "to"}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "report", parents=[common_options(prob=False)],
        help="one HTML page of a stored run, or of the folder of another command; no fit",
    )  # fmt: skip
    parser.add_argument("folder", type=Path, metavar="DIR", help="what a command wrote with --out")
    parser.add_argument(
        "--out", type=_page_argument, metavar="FILE.html",
        help="the page (default: report.html in the folder)",
    )  # fmt: skip
    parser.set_defaults(run=run)


def _page_argument(word: str) -> Path:
    path = Path(word)
    # a data file named by mistake would be lost
    if path.suffix.lower() not in (".html", ".htm"):
        raise argparse.ArgumentTypeError(f"{word!r} must end in .html")
    return path


def run(arguments: argparse.Namespace) -> int:
    """Write the page and return 0."""
    from estimation.files import whole_file
    from estimation.report.html.run_folder import REPORT
    from estimation.report.html.words import sentence
    from estimation.study.report import report_of_folder

    folder = Path(arguments.folder)
    found, written = report_of_folder(folder, _of_settings)
    target = arguments.out or folder / REPORT
    with whole_file(target) as aside:
        aside.write_text(written, encoding="utf-8")
    verdict = found.summary["diagnostics"]["verdict"] or "none"
    if arguments.json:
        said = {"report": str(target), "command": found.command, "verdict": verdict,
                "failed": found.failed, "changed": list(found.changed),
                "figures": len(found.figures)}  # fmt: skip
        print(json.dumps(said, allow_nan=False))
        return 0
    print(f"Written to {target}")
    if not arguments.quiet:
        print(f"Checks of the fits: {verdict}.")
        for name, why in found.failed.items():
            print(f"{name} failed: {sentence(why)}")
        if found.changed:
            print(f"Not as the run wrote them, which the page says: {', '.join(found.changed)}")
    return 0


def _of_settings(found: RunFolder) -> str:
    """Return the command that repeats a folder without a study, or nothing if it is not known."""
    settings: dict[str, Any] = {"seed": None} | found.record["settings"]
    words = [found.command]
    if settings.get("table") is not None:
        words.append(str(settings["table"]))
    words += [word for name, value in settings.items() if name not in _APART
              for word in _option(name, value)]  # fmt: skip
    words += ["--seed", str(found.record["seed"])]
    if not _means(words, settings):
        return ""
    from estimation.report.html.record import FILES, file_name

    # where the files lay is nobody's business: they are named as they lie beside each other
    kept = {str(settings[name]) for name in FILES if isinstance(settings.get(name), str)}
    told = [file_name(word) if word in kept else word for word in words]
    return shlex.join(["undercount", *told])


def _option(name: str, value: object) -> list[str]:
    option = f"--{_SPELLED.get(name, name).replace('_', '-')}"
    if value is None or value is False or value == []:
        return []
    if value is True:
        return [option]
    return [option, *map(str, value)] if isinstance(value, list) else [option, str(value)]


def _means(words: list[str], settings: dict[str, Any]) -> bool:
    """Return whether a command line says what the settings hold."""
    parser = argparse.ArgumentParser()
    module = importlib.import_module(f"estimation.commands.{words[0].replace('-', '_')}")
    module.add(parser.add_subparsers())
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            read = vars(parser.parse_args(words))
    except SystemExit:
        return False
    return all(_plain(read.get(name)) == _plain(value) for name, value in settings.items()
               if name not in ("command", "seed"))  # fmt: skip


def _plain(value: object) -> object:
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else str(value)
