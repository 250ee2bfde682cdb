"""Tables of overlapping lists for tests, from the shipped data."""

import csv

import numpy as np

from estimation.datasets.load import dataset_path
from models.lists.patterns import Patterns


def listed(name: str) -> Patterns:
    """Return a shipped table without stratum columns."""
    with dataset_path(name).open(encoding="utf-8", newline="") as lines:
        head, *rows = csv.reader(lines)
    on = np.array([[cell == "1" for cell in row[:-1]] for row in rows])
    return Patterns(tuple(head[:-1]), on, np.array([int(row[-1]) for row in rows]))


def typed(names: str, counts: dict[str, int], **marks: set[str]) -> Patterns:
    """Return a table by hand: names of one letter, and counts by the lists of a pattern."""
    patterns = [*counts, *(one for kind in marks.values() for one in kind if one not in counts)]
    on = np.array([[name in pattern for name in names] for pattern in patterns])
    given = np.array([counts.get(pattern, 0) for pattern in patterns])
    marked = {
        kind: np.array([pattern in cells for pattern in patterns]) for kind, cells in marks.items()
    }
    return Patterns(tuple(names), on, given, **marked)


def reordered(patterns: Patterns, order: list[int]) -> Patterns:
    """Return the table with its lists in another order."""
    names = tuple(patterns.lists[place] for place in order)
    return Patterns(names, patterns.on[:, order], patterns.counts,
                    unknown=patterns.is_unknown, at_most=patterns.is_bound)  # fmt: skip
