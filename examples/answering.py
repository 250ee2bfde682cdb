"""What the short examples share: a folder from the command line, and errors in one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from estimation.errors import UndercountError

FOLDER = Path("example-pictures")

#: Exit codes as of the command line: a file that cannot be written, and no answer.
_NOT_WRITTEN, _NO_ANSWER = 3, 4


def run(answer: Callable[[Path], str], folder: Path) -> int:
    """Print the answer of an example, which writes its picture; return the exit code.

    Parameters
    ----------
    answer : callable
        From the folder of the picture to the sentence that is printed.
    folder : Path
        Made if it is not there; a picture of the same name is written over.
    """
    from estimation.report.figures import missing_plotting

    if missing := missing_plotting():
        return _tell(f"picture {missing}", _NO_ANSWER)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        print(answer(folder))
    except UndercountError as error:
        return _tell(str(error), error.exit_code)
    except OSError as error:
        return _tell(f"{error.filename or folder}: {error.strerror or error}", _NOT_WRITTEN)
    return 0


def asked_folder(question: str) -> Path:
    """Return the folder named on the command line.

    Parameters
    ----------
    question : str
        What ``--help`` says first.
    """
    parser = argparse.ArgumentParser(description=question.split("\n\n")[0])
    parser.add_argument(
        "folder", nargs="?", type=Path, default=FOLDER, metavar="FOLDER",
        help=f"where pictures are written (default {FOLDER})",
    )  # fmt: skip
    found: Path = parser.parse_args().folder
    return found


def _tell(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code
