"""How much narrower the answer would be after looking up 200, 500 or 2,000 graves.

    uv run python -m examples.what_would_an_audit_tell [FOLDER]

An audit looks up deaths that are known from elsewhere, whether or not they are listed; the share
that is found tells coverage.  All results that it may have are summed over, before anybody goes.  A
belief with mass outside of 45 % to 65 % is needed: a hard range has nothing to learn there.
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.answering import asked_folder, run

NAMES, PROB, GRAVES = 106_745, 0.95, (200, 500, 2_000)


def answer(folder: Path) -> str:
    """Return the expected widths of the interval of the total, and draw them."""
    from estimation.report.information import draw_information
    from estimation.report.text import rounded
    from estimation.sensitivity.information import expected_information
    from estimation.sensitivity.posteriors import Posteriors
    from models import Count, Flat, Model, between

    model = Model(Flat(), {"names": Count(NAMES, between(0.45, 0.65, 0.9))})
    found = expected_information(Posteriors(prob=PROB), model, GRAVES)
    audits = found.audits
    draw_information(
        [one.size for one in audits], [one.expected_width for one in audits], found.now,
        found.limit, "What an audit of graves is expected to tell of the total",
        folder / "what_would_an_audit_tell", PROB,
        spread=([one.width_10 for one in audits], [one.width_90 for one in audits]),
    )  # fmt: skip
    said = [
        f"{rounded(one.expected_width)} after {one.size:,} graves "
        f"({100 * one.share_of_now:.0f} % of today's)"
        for one in audits
    ]
    return (
        f"Today the 95 % interval of the total is {rounded(found.now)} deaths wide; expected are "
        f"{', '.join(said)}, and {rounded(found.limit)} if coverage were known exactly."
    )


if __name__ == "__main__":
    sys.exit(run(answer, asked_folder(__doc__)))
