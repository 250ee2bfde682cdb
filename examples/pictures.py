"""The answers and pictures of all short examples, in one folder.

    uv run python -m examples.pictures [FOLDER]
    uv run python -m examples.pictures --readme

The second refreshes the pictures of README.md, the only generated files that are kept.
`examples.from_records`, which links generated lists, is run by itself.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from examples import (
    excess_of_men,
    how_many_died,
    how_sure_of_coverage,
    late_names,
    what_would_an_audit_tell,
    who_is_on_no_list,
)
from examples.answering import asked_folder, run

#: In the order of the questions that an analyst asks.
EXAMPLES = {
    "how_many_died": how_many_died.answer,
    "how_sure_of_coverage": how_sure_of_coverage.answer,
    "what_would_an_audit_tell": what_would_an_audit_tell.answer,
    "who_is_on_no_list": who_is_on_no_list.answer,
    "excess_of_men": excess_of_men.answer,
    "late_names": late_names.answer,
}

#: What README.md shows, and where it is kept.
README = ("how_many_died", "what_would_an_audit_tell", "who_is_on_no_list", "late_names")
KEPT = Path(__file__).with_name("readme")


def run_all(folder: Path) -> int:
    """Answer every question; return the first exit code that is not 0, the others go on."""
    codes = []
    for name, answer in EXAMPLES.items():
        print(f"{name}.png")
        codes.append(run(answer, folder))
        print()
    print(f"Pictures: {folder}")
    return next((code for code in codes if code), 0)


def refresh_readme(kept: Path = KEPT) -> int:
    """Make the pictures of README.md anew; all of them, or none if an example fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        code = next((code for one in README if (code := run(EXAMPLES[one], folder))), 0)
        if not code:
            kept.mkdir(exist_ok=True)
            for one in README:
                shutil.copyfile(folder / f"{one}.svg", kept / f"{one}.svg")
        return code


if __name__ == "__main__":
    if sys.argv[1:] == ["--readme"]:
        sys.exit(refresh_readme())
    sys.exit(run_all(asked_folder(__doc__)))
