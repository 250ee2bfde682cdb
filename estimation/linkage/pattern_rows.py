"""Draws of a linkage as the rows of a table: who is on which lists, in each draw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from estimation.linkage.link import Linked


def pattern_rows(linked: Linked, stratum: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the rows: a 0/1 column a list, the stratum if there is one, draw, reach, count.

    Parameters
    ----------
    linked : Linked
    stratum : str, optional
        Name of the column of strata; empty where the stratum of persons is not known.
    """
    lists = len(linked.names)
    for draw, (counts, reached) in enumerate(zip(linked.draws, linked.reached, strict=True), 1):
        for code in np.flatnonzero(counts):
            row: dict[str, Any] = {
                name: int(code >> place & 1) for place, name in enumerate(linked.names)
            }
            if stratum is not None:
                label = (int(code) >> lists) - 1
                row[stratum] = linked.strata[label] if label >= 0 else ""
            yield {**row, "draw": draw, "reach": f"{reached:.6f}", "count": int(counts[code])}
