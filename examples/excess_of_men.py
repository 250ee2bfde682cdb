"""How many more Russian men of 15 to 49 died in 2022 and 2023 than without a war.

    uv run python -m examples.excess_of_men [FOLDER]

For each age a line goes through the ratio of male to female deaths of 2015 to 2019; what men died
above it in the war is the excess, in the way that was published.  Deaths by HIV are taken off both
sexes first.  ``undercount excess deaths_by_age_sex --method model`` says how much wider the
interval is when the line is not taken for granted.
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.answering import asked_folder, run

PROB = 0.95


def answer(folder: Path) -> str:
    """Return the excess of both years and of each, and draw the ratio by age."""
    from estimation.excess import excess
    from estimation.report.excess import draw_excess
    from estimation.report.text import rounded
    from estimation.tables.mortality import read_mortality

    read = read_mortality("deaths_by_age_sex", remove="hiv_deaths_by_age_sex", ages="15-49")
    found = excess(read.mortality, "line", prob=PROB)
    draw_excess([found], "Deaths of men over those of women, HIV removed", folder / "excess_of_men")
    years = read.mortality.war_years
    together, *by_year = found.estimates[: 1 + len(years)]
    said = [
        f"{row['median']:,.0f} in {year} ({rounded(row['low'])} to {rounded(row['high'])})"
        for year, row in zip(years, by_year, strict=True)
    ]
    return (
        f"{together['median']:,.0f} more men died than expected (95 % interval "
        f"{rounded(together['low'])} to {rounded(together['high'])}): {', '.join(said)}."
    )


if __name__ == "__main__":
    sys.exit(run(answer, asked_folder(__doc__)))
