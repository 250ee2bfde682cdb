"""How many died if 106,745 are known by name, and these are 45 % to 65 % of all.

    uv run python -m examples.how_many_died [FOLDER]

The published range is the count divided by 65 % and by 45 %.  A distribution over the same range
says which of its totals are likely; it cannot say whether the range itself is right.
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.answering import asked_folder, run

NAMES, PROB = 106_745, 0.95


def answer(folder: Path) -> str:
    """Return the total beside the published range, and draw both."""
    from estimation import Published, agreement, fit
    from estimation.report.figures import draw_totals
    from estimation.report.text import answer as in_words
    from estimation.summaries.estimates import estimate_rows
    from models import Count, Flat, Model, uniform

    model = Model(Flat(), {"names": Count(NAMES, uniform(0.45, 0.65))})
    posterior = fit(model)
    published = Published(164_223, 237_211)
    # the comparison stands first: it raises if the fit failed its checks
    compared = agreement(posterior, published, PROB).says
    total = posterior["posterior"]["total"].to_numpy().ravel()
    (row,) = estimate_rows({"total": total}, PROB)
    label = f"{NAMES:,} names, coverage 45 % to 65 %"
    draw_totals([(label, total)], published, PROB, "How many died", folder / "how_many_died")
    return f"{in_words(row, PROB, NAMES)}\n{compared}"


if __name__ == "__main__":
    sys.exit(run(answer, asked_folder(__doc__)))
