"""Which pairs of records are compared at all: those that agree on at least one key.

All pairs of a million records are too many.  A key joins what survives most errors of spelling,
and several keys make up for the errors of each other.  What no key joins is never seen as a link:
`estimation.linkage.reach` says how many these may be.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.errors import NotEstimableError
from estimation.linkage.prepare import Prepared
from estimation.linkage.spelling import sound_key

if TYPE_CHECKING:
    import pandas as pd

#: What must agree: s, g, p the sound of surname, given and father's name; b, d the days of birth
#: and death; y the year of birth; w, v fourteen days around the death, staggered; m day and month
#: of birth; l the place.
KEYS = (
    "sgp", "sb", "gpb", "sgd", "bd", "sgl", "gpd", "sgm", "swl", "svl", "gbl", "sgw", "sgv", "pbl",
    "sgy", "gpl", "sl", "gbw", "gbv", "gdl", "sd", "sg", "sp", "gd", "dl", "gwl", "gvl", "swp",
    "svp",
)  # fmt: skip

#: A key compares at most so many pairs a record; its largest blocks are left to other keys.
PAIRS_A_RECORD = 4

#: All keys together compare at most so many times the pairs of one.
_ALL_PAIRS = 6

#: Share of a list that may be left uncompared since its records are like too many others.
_MOST_CROWDED = 0.2

_FORTNIGHT = 14

Key = NDArray[np.uint64]


@dataclasses.dataclass(frozen=True, eq=False)
class Blocks:
    """Keys of all records.

    Parameters
    ----------
    parts : dict of str to (record,) integers
        What keys are made of, by letter; 0 where missing.
    keys : dict of str to (record,) integers
        By name, as of `KEYS`; 0 where a record has no key or is alone with it.
    pairs : dict of str to int
        Pairs that each joins.
    dropped : dict of str to int
        Records that each leaves to the other keys since their blocks are too large.
    """

    parts: dict[str, Key]
    keys: dict[str, Key]
    pairs: dict[str, int]
    dropped: dict[str, int]

    @functools.cached_property
    def usable(self) -> dict[str, float]:
        """Return the share of records with each key whose block is not too large."""
        found = {}
        for name, dropped in self.dropped.items():
            there = int(_has(self.parts, name).sum())
            found[name] = 1.0 - dropped / there if there else 0.0
        return found

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Return which records any key joins with another, (record,)."""
        return np.any([key > 0 for key in self.keys.values()], axis=0)

    def hits(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many keys join each pair, (pair,)."""
        found = np.zeros(len(left), dtype=np.int64)
        for key in self.keys.values():
            one = key[left]
            found += (one > 0) & (one == key[right])
        return found


def blocks(prepared: Prepared, pairs_a_record: float = PAIRS_A_RECORD) -> Blocks:
    """Return the keys by which records are compared.

    Parameters
    ----------
    prepared : Prepared
    pairs_a_record : float
        At most so many pairs a record and key.

    Raises
    ------
    NotEstimableError
        If no key joins any two records.
    """
    parts = _parts(prepared.frame)
    keys: dict[str, Key] = {}
    pairs: dict[str, int] = {}
    left: dict[str, NDArray[np.bool_]] = {}

    def add(name: str, most: float) -> None:
        key = together([parts[part] for part in name])
        keys[name], pairs[name], left[name] = bounded(key, most)

    for name in KEYS:
        if all(part in parts for part in name):
            add(name, pairs_a_record)
    # the keys that join most are held back where all together join too many
    records = len(prepared)
    coarse = [name for name, number in pairs.items() if number > records]
    spare = _ALL_PAIRS * pairs_a_record * records - sum(pairs.values())
    if spare < 0 and coarse:
        share = (spare + sum(pairs[name] for name in coarse)) / len(coarse) / records
        for name in coarse:
            add(name, max(share, 0.5))
    _refuse_crowded(prepared, parts, left)
    dropped = {name: int(one.sum()) for name, one in left.items()}
    keys = {name: key for name, key in keys.items() if pairs[name]}
    if not keys:
        raise NotEstimableError(
            "no two records agree on enough to be compared", where="linkage",
            why="names alone, or too few fields that lists have in common, tell nobody apart",
            remedy="map more columns (birth date, date of death, place)",
        )  # fmt: skip
    return Blocks(parts, keys, {name: pairs[name] for name in keys}, dropped)


def _has(parts: dict[str, Key], name: str) -> NDArray[np.bool_]:
    return np.all([parts[part] > 0 for part in name], axis=0)


def _refuse_crowded(
    prepared: Prepared, parts: dict[str, Key], left: dict[str, NDArray[np.bool_]]
) -> None:  # fmt: skip
    """Refuse a list of which many records are too much like others to be compared."""
    has, large = (np.zeros(len(prepared), dtype=np.int64) for _ in range(2))
    for name, one in left.items():
        has += _has(parts, name)
        large += one
    crowded = (has > 0) & (has == large)
    for place, name in enumerate(prepared.names):
        share = float(crowded[prepared.lists == place].mean())
        if share > _MOST_CROWDED:
            raise NotEstimableError(
                f"{share:.0%} of the records of {name} are like too many others to be compared",
                where="linkage", why="nothing tells these persons apart",
                remedy="map more columns, leave out values that stand for 'not known', or raise "
                "--pairs",
            )  # fmt: skip


def _parts(frame: pd.DataFrame) -> dict[str, Key]:
    """Return the parts of keys by their letter; 0 where missing."""
    import pandas as pd

    found: dict[str, Key] = {}
    for letter, column in (("s", "surname"), ("g", "given"), ("p", "patronymic")):
        names = frame[column].fillna("")
        sounds = sound_key(names).where(names.str.len() > 1, "")
        found[letter] = hashed(sounds.to_numpy(object), (sounds == "").to_numpy(bool), letter)
    place = frame["place"].fillna("").to_numpy(object)
    found["l"] = hashed(place, place == "", "l")
    text = frame["birth_text"].fillna("")
    found["m"] = hashed(text.str[5:].to_numpy(object), (text == "").to_numpy(bool), "m")
    for letter, column, shift, width in (
        ("b", "birth_day", 0, 1), ("y", "birth_year", 0, 1), ("d", "death_day", 0, 1),
        ("w", "death_day", 0, _FORTNIGHT), ("v", "death_day", _FORTNIGHT // 2, _FORTNIGHT),
    ):  # fmt: skip
        days = frame[column]
        whole = days.fillna(0).to_numpy(np.int64)
        found[letter] = hashed((whole + shift) // width, days.isna().to_numpy(bool), letter)
    return {
        letter: values for letter, values in found.items() if pd.Series(values != 0).sum() > 1
    }  # fmt: skip


def hashed(values: NDArray[np.generic], missing: NDArray[np.bool_], salt: str) -> Key:
    """Return values as numbers, 0 where missing."""
    from pandas.util import hash_array

    mixed = hash_array(values) ^ np.uint64(0x9E3779B97F4A7C15 * (ord(salt) + 1) % 2**64)
    return np.where(missing, np.uint64(0), mixed | np.uint64(1))


def together(parts: list[Key]) -> Key:
    """Return one key of several parts; 0 where one is missing."""
    found = np.zeros_like(parts[0])
    missing = np.zeros(len(found), dtype=bool)
    for part in parts:
        found = (found ^ part) * np.uint64(0x100000001B3) + (part >> np.uint64(7))
        missing |= part == 0
    return np.where(missing, np.uint64(0), found | np.uint64(1))


def bounded(key: Key, pairs_a_record: float) -> tuple[Key, int, NDArray[np.bool_]]:
    """Return a key as small numbers, 0 where it joins nobody or too many; pairs; who is left."""
    values, place, sizes = np.unique(key, return_inverse=True, return_counts=True)
    sizes = np.where(values == 0, 0, sizes)
    pairs = sizes * (sizes - 1) // 2
    order = np.argsort(pairs, kind="stable")
    fits = np.zeros(len(values), dtype=bool)
    fits[order] = np.cumsum(pairs[order]) <= max(pairs_a_record * len(key), 1000)
    kept = fits & (pairs > 0)
    number = np.where(kept, np.cumsum(kept), 0).astype(np.uint64)
    place = place.reshape(-1)
    return number[place], int(pairs[kept].sum()), ~fits[place]
