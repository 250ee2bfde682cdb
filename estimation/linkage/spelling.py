"""Names in one spelling: whatever script and transliteration, the same name is the same text."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from estimation.linkage.name_parts import split_name
from estimation.linkage.transliteration import canonical_word, forget_words

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

__all__ = ["canonical", "sound_key", "split_name"]

#: Between words: blanks of all kinds, hyphens, dashes, dots, commas, brackets, slashes.
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212_.,;:/\\|()\[\]{}«»*]+")

#: Consonants that are confused by ear, by the letters of the canonical spelling.
_ALIKE = (
    (re.compile(r"dzh|zh|sh|ch|ts"), "s"),
    (re.compile(r"[zc]"), "s"),
    (re.compile(r"b"), "p"),
    (re.compile(r"v"), "f"),
    (re.compile(r"d"), "t"),
    (re.compile(r"[gxq]"), "k"),
    (re.compile(r"(.)\1+"), r"\1"),
)
_FIRST_VOWEL = re.compile(r"^(?:i[aeou]|[aeiou])+")
_VOWELS = re.compile(r"[aeiou]")
#: Unstressed vowels change into one another at the beginning, too.
_SAME_VOWELS = str.maketrans("aeou", "aiau")


def canonical(values: pd.Series[str]) -> pd.Series[str]:
    """Return names in canonical spelling.

    Words of Cyrillic (Russian, Ukrainian and other letters) and of Latin letters in any
    transliteration become small Latin letters with one blank between words; words in other scripts
    are normalized (NFKC) and folded only. The canonical spelling of a canonical spelling is itself,
    but for rare words.

    Parameters
    ----------
    values : (n,) Series of str
        Names, whole or in part, empty where missing.

    Returns
    -------
    (n,) Series of str
        With the same index; empty where missing.
    """
    return _by_unique(values, _canonical)


def sound_key(values: pd.Series[str]) -> pd.Series[str]:
    """Return a coarse key of how names sound, equal for most spelling errors.

    Vowels count only at the beginning of a word, voiced consonants are voiceless, all sibilants
    are one, and endings of women and men agree.

    Parameters
    ----------
    values : (n,) Series of str
        Names, raw or in canonical spelling, empty where missing.

    Returns
    -------
    (n,) Series of str
        With the same index; empty where missing.
    """
    return _by_unique(values, _sounds)


def _by_unique(values: pd.Series[str], change: Callable[[str], str]) -> pd.Series[str]:
    import pandas as pd

    codes, different = pd.factorize(values)
    changed = pd.array([change(str(one)) for one in different] + [""], dtype="str")
    forget_words()
    return pd.Series(changed.take(codes), index=values.index, name=values.name)


def _words(name: str) -> list[str]:
    return [word for word in _BETWEEN.split(name) if word]


def _canonical(name: str) -> str:
    spelled = [canonical_word(word) for word in _words(unicodedata.normalize("NFKC", name))]
    return " ".join(word for word in spelled if word)


def _sounds(name: str) -> str:
    return " ".join(_sounds_of_word(word) for word in _canonical(name).split())


def _sounds_of_word(word: str) -> str:
    if not word.isascii():
        return word
    for pattern, same in _ALIKE:
        word = pattern.sub(same, word)
    start = _FIRST_VOWEL.match(word)
    first = start.group()[-1].translate(_SAME_VOWELS) if start else ""
    return first + _VOWELS.sub("", word[start.end() if start else 0 :])
