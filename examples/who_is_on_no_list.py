"""How many of the killed of Kosovo in 1999 are on none of four lists.

    uv run python -m examples.who_is_on_no_list [FOLDER]

Who is on two lists tells how many are on none, if the lists are dependent only as a model says. An
average over decomposable graphs and the log-linear model of least BIC answer, beside the number of
names in a later near-census. The last panel of the picture asks for each list how large it is,
from the others: of one both answers are far too low, a warning that the table alone can give.
Latent classes, which need a sampler, are left out: ``undercount lists kosovo_1999`` asks all
methods.
"""

from __future__ import annotations

import sys
from pathlib import Path

from examples.answering import asked_folder, run

TABLE, PROB = "kosovo_1999", 0.95


def answer(folder: Path) -> str:
    """Return the totals of two methods beside the truth, and draw all that was asked of them."""
    from estimation.datasets.load import describe_dataset
    from estimation.overlap.overlap import overlap
    from estimation.report.overlap import draw_overlap
    from estimation.report.text import rounded
    from estimation.tables.patterns import read_patterns

    patterns = read_patterns(TABLE).patterns
    methods = {"graphical": "the average over graphs", "loglinear": "the log-linear model"}
    found = overlap(patterns, list(methods), weights=dict.fromkeys(methods, 0.5), prob=PROB)
    truth = describe_dataset(TABLE).true_total
    assert truth is not None
    title = f"Killed in Kosovo 1999, from four lists; named later: {truth:,}"
    draw_overlap(found, title, folder / "who_is_on_no_list")
    said = []
    for method, words in methods.items():
        one = found.answers.estimates[method]
        row = one.row(PROB)
        held = "holds" if row["low"] <= truth <= row["high"] else "does not hold"
        ends = f"{rounded(row['low'])} to {rounded(row['high'])}"
        said.append(f"{words} says {one.estimate:,.0f} ({ends}), which {held} it")
    return (
        f"{patterns.observed:,} killed are on {len(patterns.lists)} lists, and {truth:,} were "
        f"named later: {'; '.join(said)}."
    )


if __name__ == "__main__":
    sys.exit(run(answer, asked_folder(__doc__)))
