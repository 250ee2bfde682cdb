"""Lists, pairs of records and ways to part them, made by hand, for the tests of the linkage."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd

from estimation.linkage.pairs import Pairs
from estimation.tables.records import Records


def parted(records):
    """Yield all partitions of some records, as lists of lists."""
    if not records:
        yield []
        return
    first, *rest = records
    for number in range(len(rest) + 1):
        for others in itertools.combinations(rest, number):
            left = [one for one in rest if one not in others]
            for parts in parted(left):
                yield [[first, *others], *parts]


def blocks_of(row):
    """Return the blocks of a row of `partitions`, as a set of sets."""
    size = len(row)
    return frozenset(
        frozenset(record for record in range(size) if block >> record & 1) for block in row if block
    )


def pairs_of(some):
    """Return pairs of `{(left, right): weights of fields}`."""
    ends = np.array(sorted(some), dtype=np.int64).reshape(-1, 2)
    weights = np.array([some[one, other] for one, other in sorted(some)], dtype=np.float32)
    return Pairs(ends[:, 0], ends[:, 1], weights, np.ones(len(ends), dtype=np.int64))


def records_of(name, size=None, **columns):
    """Return a list of persons as it is read from a file, with some columns filled."""
    size = size or len(next(iter(columns.values())))
    texts = ("id", "name", "surname", "given", "patronymic", "place", "sex")
    numbers = ("birth_day", "death_day", "birth_year")
    frame = pd.DataFrame({
        "line": np.arange(size) + 2,
        **{one: pd.array(columns.get(one, [""] * size), dtype="str") for one in texts},
        **{one: np.asarray(columns.get(one, [np.nan] * size), dtype=float) for one in numbers},
    })  # fmt: skip
    dated = frame["birth_day"].notna()
    years = frame["birth_day"].fillna(0).to_numpy().astype("datetime64[D]").astype("datetime64[Y]")
    frame["birth_year"] = frame["birth_year"].where(~dated, years.astype(int) + 1970.0)
    frame["birth_year_slack"] = 0
    return Records(name, Path(f"{name}.csv"), f"{name}.csv", frame, (), name)
