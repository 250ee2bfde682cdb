"""What changes with the reading of "45 % to 65 % of the deaths are on the list".

    uv run python -m examples.how_sure_of_coverage [FOLDER]

Whoever says "45 % to 65 %" may mean that nothing else is possible, or that it is likely.  One count
tells nothing of coverage, so that this choice passes to the total as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.answering import asked_folder, run

NAMES, PROB = 106_745, 0.95


def answer(folder: Path) -> str:
    """Return the total under three readings, and draw them below each other."""
    from estimation import Published, fit, summary
    from estimation.report.figures import draw_totals
    from estimation.report.text import rounded
    from models import Count, Flat, Model, between, uniform

    readings = {
        "nothing else is possible": uniform(0.45, 0.65),
        "95 % sure": between(0.45, 0.65, 0.95),
        "80 % sure": between(0.45, 0.65, 0.8),
    }
    totals, rows = [], {}
    for label, belief in readings.items():
        posterior = fit(Model(Flat(), {"names": Count(NAMES, belief)}))
        # raises if the fit failed its checks
        table = summary(posterior, PROB).loc[["total"], ["median", "eti95_lb", "eti95_ub"]]
        rows[label] = table.to_numpy(float)[0]
        totals.append((label, posterior["posterior"]["total"].to_numpy().ravel()))
    draw_totals(
        totals, Published(164_223, 237_211), PROB,
        "Three readings of “45 % to 65 % of the deaths are on the list”",
        folder / "how_sure_of_coverage",
    )  # fmt: skip
    said = []
    for label, (middle, low, high) in rows.items():
        said.append(f"“{label}”: {rounded(middle)} ({rounded(low)} to {rounded(high)})")
    widths = [high - low for _, low, high in rows.values()]
    return (
        f"Read as {', as '.join(said)}. The middle hardly moves, the 95 % interval of the last is "
        f"{widths[-1] / widths[0]:.1f} times as wide as that of the first."
    )


if __name__ == "__main__":
    sys.exit(run(answer, asked_folder(__doc__)))
