"""How many deaths of the last four weeks will be known later: Sweden, spring of 2020.

    uv run python -m examples.late_names [FOLDER]

On each date only what was reported by then is read.  The chain ladder takes the delays of recent
deaths to be those of earlier ones.  On the first date its interval holds what came, on the second
it does not, and nothing in it warns of that: ask the past more often (``undercount replay``).
"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

from examples.answering import asked_folder, run

DATES = (datetime.date(2020, 5, 5), datetime.date(2020, 5, 19))
PROB, DAYS, LONGEST_DELAY = 0.95, 28, 35


def answer(folder: Path) -> str:
    """Return what was foretold on each date and what came, and draw both."""
    from estimation.nowcasts.pasts import CHAIN_LADDER
    from estimation.nowcasts.replay import replay
    from estimation.report.nowcasts import Panel, draw_replay
    from estimation.summaries.estimates import estimate_rows
    from estimation.tables.reports import read_reports

    reports = read_reports("sweden_covid_deaths", negative="earlier")
    found = replay(reports, DATES, method="chain-ladder", last=DAYS, max_delay=LONGEST_DELAY)
    panels, said = [], []
    for past in found.pasts:
        draws = past.draws[CHAIN_LADDER]
        panels.append(Panel(past.as_of, past.periods, draws, past.known, past.final))
        (row,) = estimate_rows({"eventual": draws.sum(axis=1)}, PROB)
        held = "holds" if row["low"] <= past.final.sum() <= row["high"] else "does not hold"
        said.append(
            f"On {past.as_of} {past.known.sum():,} deaths of the last {DAYS} days were known and "
            f"{row['median']:,.0f} ({row['low']:,.0f} to {row['high']:,.0f}) foretold, which "
            f"{held} the {past.final.sum():,} that are known now."
        )
    draw_replay(
        panels, "Deaths with COVID-19 in Sweden: what the chain ladder saw coming",
        folder / "late_names", unit=found.step,
    )  # fmt: skip
    return "\n".join(said)


if __name__ == "__main__":
    sys.exit(run(answer, asked_folder(__doc__)))
