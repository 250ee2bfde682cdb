"""A small file of pairs for a person to judge: ids only, and the judgments read back."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.errors import DataError
from estimation.files import unguarded, write_rows
from estimation.linkage.ids import own_names, record_id
from estimation.linkage.pairs import Pairs
from estimation.randomness import stream

if TYPE_CHECKING:
    from estimation.tables.records import Records

#: Pairs are taken evenly from these bands: those in the middle teach most.
BANDS = (0.001, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999, 1.0)

_COLUMNS = ("left", "right", "probability", "same")


@dataclasses.dataclass(frozen=True, eq=False)
class Judged:
    """Pairs that a person has judged.

    Parameters
    ----------
    left, right : (pair,) integers
        Places of the records, left < right.
    same : (pair,) booleans
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    same: NDArray[np.bool_]


def write_review(
    path: Path, pairs: Pairs, probability: NDArray[np.float64], records: Sequence[Records],
    salt: bytes, number: int, seed: int,
) -> int:  # fmt: skip
    """Write pairs to be judged, in random order; return how many.

    Parameters
    ----------
    path : Path
    pairs : Pairs
    probability : (pair,) shares
    records : sequence of Records
    salt : bytes
    number : int
        At most so many pairs.
    seed : int
    """
    generator = stream(seed, "linkage", "review")
    chosen = evenly(probability, number, generator)
    names = own_names(records)

    def identity(place: int) -> str:
        name, own, _ = names[place]
        return record_id(salt, name, own)

    rows = [
        {"left": identity(int(pairs.left[one])), "right": identity(int(pairs.right[one])),
         "probability": f"{probability[one]:.4f}", "same": ""}
        for one in generator.permutation(chosen)
    ]  # fmt: skip
    write_rows(path, rows)
    return len(rows)


def evenly(
    probability: NDArray[np.float64], number: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Return places of pairs, evenly from all bands as far as these have any."""
    band = np.digitize(probability, BANDS[:-1]) - 1
    there = [
        generator.permutation(np.flatnonzero(band == one))
        for one in range(len(BANDS) - 1) if (band == one).any()
    ]  # fmt: skip
    found: list[NDArray[np.int64]] = []
    left = number
    for place, some in enumerate(sorted(there, key=len)):
        take = min(len(some), left // (len(there) - place))
        found.append(some[:take])
        left -= take
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def write_key(path: Path, records: Sequence[Records], salt: bytes) -> None:
    """Write which id is which line of which list; it belongs with the raw lists."""
    write_rows(path, [
        {"id": record_id(salt, name, own), "list": name, "line": line}
        for name, own, line in own_names(records)
    ])  # fmt: skip


def read_judged(path: Path, records: Sequence[Records], salt: bytes) -> Judged:
    """Read judgments.

    Parameters
    ----------
    path : Path
        Columns left, right (ids) and same: 1, 0, or empty where it could not be told.
    records : sequence of Records
    salt : bytes
        The one of the review.

    Raises
    ------
    DataError
        If ids are not known, a judgment is none, or two contradict each other.
    """
    place = {record_id(salt, name, own): number
             for number, (name, own, _) in enumerate(own_names(records))}  # fmt: skip
    judged: dict[tuple[int, int], bool] = {}
    unknown, bad, against = [], [], []
    for line, row in _rows(path):
        said = (row.get("same") or "").strip()
        if not said:
            continue
        ends = [place.get(unguarded((row.get(side) or "").strip())) for side in ("left", "right")]
        if said not in ("0", "1"):
            bad.append(line)
        elif ends[0] is None or ends[1] is None or ends[0] == ends[1]:
            unknown.append(line)
        else:
            pair = (min(ends[0], ends[1]), max(ends[0], ends[1]))
            if judged.setdefault(pair, said == "1") != (said == "1"):
                against.append(line)
    for lines, what, why, remedy in (
        (bad, "'same' is neither 1, 0 nor empty", "", "write 1 for one person, 0 for two"),
        (unknown, "ids lead to no two records of these lists",
         "they were made with another salt, or from other lists",
         "name the salt and the lists of the review"),
        (against, "a pair is judged both ways", "one of them is wrong", "keep one of them"),
    ):  # fmt: skip
        if lines:
            some = ", ".join(map(str, lines[:5])) + (" ..." if len(lines) > 5 else "")
            raise DataError(f"line {some}: {what}", where=str(path), why=why, remedy=remedy)
    if not judged:
        raise DataError("holds no judgment", where=str(path), why="nothing can be learned from it",
                        remedy="fill the column same with 1 or 0")  # fmt: skip
    ends_of = np.array(sorted(judged), dtype=np.int64)
    same = np.array([judged[one, other] for one, other in sorted(judged)])
    return Judged(ends_of[:, 0], ends_of[:, 1], same)


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in ("left", "right", "same")
                       if name not in (reader.fieldnames or ())]  # fmt: skip
            if missing:
                raise DataError(
                    f"has no column {missing[0]}", where=str(path),
                    remedy="name the file of the review, with its columns",
                )  # fmt: skip
            return [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"cannot be read as a table ({type(error).__name__})", where=str(path),
            remedy="a csv file in utf-8 with columns left, right, same",
        ) from None  # fmt: skip
