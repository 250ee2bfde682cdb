"""Ways in which lists write Cyrillic names: four published systems, and habits that mix them.

Typed from the published tables for this generator alone: what reads names must not share them.
"""

# ruff: noqa: RUF001, RUF003 -- letters that look alike are what this is about
from __future__ import annotations

import functools
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.people.given_names import Texts
from estimation.randomness import stream

SCRIPTS = ("cyrillic", "passport", "bgn", "gost", "scholarly", "loose")

_PLAIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "з": "z", "и": "i", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u",
    "ф": "f",
}  # fmt: skip

_SYSTEMS = {
    # ICAO Doc 9303, as passports have it since 2013
    "passport": {
        "ё": "e", "ж": "zh", "й": "i", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch",
        "ъ": "ie", "ы": "y", "ь": "", "э": "e", "ю": "iu", "я": "ia",
    },
    # BGN/PCGN 1947: ye and yë at the start, after vowels, й, ъ, ь (marked here as Е and Ё)
    "bgn": {
        "ё": "ë", "Е": "ye", "Ё": "yë", "ж": "zh", "й": "y", "х": "kh", "ц": "ts", "ч": "ch",
        "ш": "sh", "щ": "shch", "ъ": "”", "ы": "y", "ь": "’", "э": "e", "ю": "yu", "я": "ya",
    },
    # GOST 7.79-2000, system B: c before letters written with i, e, y, j (marked here as Ц)
    "gost": {
        "ё": "yo", "ж": "zh", "й": "j", "х": "x", "ц": "cz", "Ц": "c", "ч": "ch", "ш": "sh",
        "щ": "shh", "ъ": "``", "ы": "y`", "ь": "`", "э": "e`", "ю": "yu", "я": "ya",
    },
    # ISO/R 9:1968 with diacritics and signs left out
    "scholarly": {
        "ё": "e", "ж": "z", "й": "j", "х": "ch", "ц": "c", "ч": "c", "ш": "s", "щ": "sc",
        "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "ju", "я": "ja",
    },
}  # fmt: skip

#: What single writers choose among, with how often; `ий` and `ый` stand for endings.
_HABITS: dict[str, dict[str, float]] = {
    "ё": {"e": 5, "yo": 3, "io": 1, "jo": 1}, "ж": {"zh": 8, "j": 1, "z": 1},
    "й": {"y": 5, "i": 3, "j": 2}, "х": {"kh": 6, "h": 3, "x": 0.5, "ch": 0.5},
    "ц": {"ts": 7, "c": 2, "tz": 1}, "ч": {"ch": 8, "tch": 1, "c": 1}, "ш": {"sh": 9, "sch": 1},
    "щ": {"shch": 5, "sch": 3, "sh": 2}, "ъ": {"": 8, "'": 2}, "ы": {"y": 8, "i": 2},
    "ь": {"": 8, "'": 2}, "э": {"e": 9, "ae": 1}, "ю": {"yu": 6, "iu": 2, "ju": 2},
    "я": {"ya": 6, "ia": 2, "ja": 2}, "Е": {"e": 6, "ye": 3, "je": 1}, "Ё": {"e": 5, "yo": 5},
    "ий": {"iy": 3, "y": 4, "ii": 2, "ij": 1}, "ый": {"yy": 2, "y": 6, "iy": 2},
    "кс": {"x": 5, "ks": 5}, "в": {"v": 19, "w": 1}, "у": {"u": 19, "ou": 1},
}  # fmt: skip

#: So many writers have habits of their own; each record of a loose list is by one of them.
WRITERS = 64

_AFTER_VOWEL = re.compile(r"(?:^|(?<=[аеёиоуыэюяйъь]))[её]")
_SOFT_TS = re.compile(r"ц(?=[иеёыйэюя])")
_LAST = re.compile(r"[иы]й$")


@functools.cache
def _writer(writer: int) -> dict[str, str]:
    rng = stream(0, "people", "writers", str(writer))
    found = {}
    for letters, ways in _HABITS.items():
        weights = np.array(list(ways.values()))
        found[letters] = list(ways)[rng.choice(len(ways), p=weights / weights.sum())]
    return found


@functools.cache
def _table(system: str) -> dict[int, str]:
    return str.maketrans({**_PLAIN, **_SYSTEMS[system]})


@functools.cache
def _habits(writer: int) -> dict[int, str]:
    single = {letter: way for letter, way in _writer(writer).items() if len(letter) == 1}
    return str.maketrans({**_PLAIN, **single})


def transliterated(name: str, script: str, writer: int = 0) -> str:
    """Return one name or word of small Cyrillic letters as a script writes it.

    Parameters
    ----------
    name : str
        In small letters.
    script : str
        One of `SCRIPTS`.
    writer : int
        Whose habits are followed where the script is "loose", 0 to `WRITERS` - 1.
    """
    if script == "cyrillic":
        return name
    if script == "loose":
        ways = _writer(writer)
        name = _LAST.sub(lambda found: ways[found[0]], name).replace("кс", ways["кс"])
        return _AFTER_VOWEL.sub(lambda found: found[0].upper(), name).translate(_habits(writer))
    if script == "bgn":
        name = _AFTER_VOWEL.sub(lambda found: found[0].upper(), name)
    elif script == "gost":
        name = _SOFT_TS.sub("Ц", name)
    return name.translate(_table(script))


def written(names: Texts, script: str, writers: NDArray[np.int64]) -> Texts:
    """Return names as a list writes them, (n,); each different one is looked at once.

    Parameters
    ----------
    names : (n,) texts
        In small Cyrillic letters.
    script : str
        One of `SCRIPTS`.
    writers : (n,) integers
        The writer of each record, for the script "loose".
    """
    import pandas as pd

    if script == "cyrillic":
        return names
    codes, different = pd.factorize(names)
    if script != "loose":
        found = np.array([transliterated(name, script) for name in different], dtype=object)
        return np.asarray(found[codes])
    pairs, which = np.unique(codes * WRITERS + writers, return_inverse=True)
    made: Any = np.empty(len(pairs), dtype=object)
    made[:] = [transliterated(different[pair // WRITERS], "loose", int(pair % WRITERS))
               for pair in pairs]  # fmt: skip
    return np.asarray(made[which])
