"""The answers and pictures of all short examples, in one folder.

    uv run python -m examples.pictures [FOLDER]

`examples.from_records`, which links generated lists, is run by itself.
"""

from __future__ import annotations

import sys
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


def run_all(folder: Path) -> int:
    """Answer every question; return the first exit code that is not 0, the others go on."""
    codes = []
    for name, answer in EXAMPLES.items():
        print(f"{name}.png")
        codes.append(run(answer, folder))
        print()
    print(f"Pictures: {folder}")
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(run_all(asked_folder(__doc__)))
