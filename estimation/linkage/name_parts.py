"""Whole names taken apart: surname, given name and the name after the father."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Literal, get_args

from estimation.errors import UsageError
from estimation.linkage.transliteration import canonical_word, forget_words
from estimation.words import suggestion

if TYPE_CHECKING:
    import pandas as pd

Order = Literal["surname first", "given first"]

_PARTS = ("surname", "given", "patronymic")

#: Endings of names after the father, in canonical spelling.
_SON = re.compile(
    r".(?:ovich|evich)$|^(?:ilich|kuzmich|lukich|fomich|fokich|nikitich|savich|silich|ionich"
    r"|eremich|fotich|gavrilich)$"
)
_DAUGHTER = re.compile(r"..(?:ovna|evna|ivna|inichna|ichna)$")
_TURKIC = re.compile(r"...(?:ogli|oglu|uli|kizi|gizi)$")
#: Words that follow the name of the father.
_AFTER_FATHER = frozenset(("ogli", "oglu", "uli", "ulu", "kizi", "kiz", "gizi", "zade"))
#: Small words that belong to the surname after them.
_BEFORE_SURNAME = frozenset(
    re.findall(
        r"\w+",
        "von van der den de del della di la le el al ter ibn ben bin "
        "фон ван дер де ди ла аль эль тер ибн бен",
    )
)
_HYPHEN = re.compile(r"\s*[-\u2010-\u2015\u2212]\s*")
_INITIALS = re.compile(r"(?<=\.)(?=[^\W\d_])|\s+")
_BRACKETS = re.compile(r"[()\[\]{}«»\"“”„]")


def split_name(values: pd.Series[str], order: Order = "surname first") -> pd.DataFrame:
    """Return whole names in their parts, as they are written.

    A name after the father is found by its ending wherever it stands: after it stands the surname
    or nothing. Initials stay as one letter. "Surname, given names" and a surname all in capitals
    are understood in either order. A single word is a surname.

    Parameters
    ----------
    values : (n,) Series of str
        Whole names, empty where missing.
    order : {"surname first", "given first"}
        What stands first where nothing else tells.

    Returns
    -------
    DataFrame of (n,) str
        Columns surname, given, patronymic, with the same index; empty where missing.

    Raises
    ------
    UsageError
        If there is no such order.
    """
    import pandas as pd

    if order not in get_args(Order):
        raise UsageError(
            f"there is no order {order!r}", where="order", remedy=suggestion(order, get_args(Order))
        )
    codes, different = pd.factorize(values)
    found = [_split(str(one), order == "surname first") for one in different]
    found.append(("", "", ""))
    forget_words()
    columns = {
        part: pd.array([one[place] for one in found], dtype="str").take(codes)
        for place, part in enumerate(_PARTS)
    }
    return pd.DataFrame(columns, index=values.index)


def _split(name: str, surname_first: bool) -> tuple[str, str, str]:
    plain = _BRACKETS.sub(" ", unicodedata.normalize("NFKC", name))
    plain = _HYPHEN.sub("-", plain.strip(" -\t\n"))
    before, comma, after = plain.partition(",")
    if comma and before.strip() and after.strip():
        given, patronymic = _given_names(_words(after.replace(",", " ")))
        return " ".join(_words(before)), given, patronymic
    words = _words(plain.replace(",", " "))
    if len(words) < 2:
        return " ".join(words), "", ""
    at = _after_father(words, surname_first)
    if at is not None:
        return _around(words, at, surname_first)
    return _by_order(words, surname_first)


def _words(text: str) -> list[str]:
    """Return words without dots; a word after the father is joined with his name."""
    words: list[str] = []
    for piece in _INITIALS.split(text):
        word = piece.strip(".;:'`*_/")
        if not word:
            continue
        small = bool(words) and words[-1].split()[-1] in _BEFORE_SURNAME
        if small or (words and canonical_word(word) in _AFTER_FATHER):
            words[-1] += " " + word
        else:
            words.append(word)
    return words


def _after_father(words: list[str], surname_first: bool) -> int | None:
    """Return the place of the name after the father, if there is one."""
    for place in range(len(words) - 1, -1, -1):
        last = re.split(r"[\s-]", words[place])[-1]
        spelled = canonical_word(last)
        if words[place] != last and spelled in _AFTER_FATHER:
            return place
        if _DAUGHTER.search(spelled) or _TURKIC.search(spelled):
            return place if place else None
        # surnames end like names of sons: one that stands where the surname must stand is one
        if _SON.search(spelled):
            if place > 1 and _SON.search(canonical_word(words[place - 1])):
                return place - 1
            only_given = len(words) == 2 and place == 1 and not surname_first
            return None if not place or only_given else place
    return None


def _around(words: list[str], at: int, surname_first: bool) -> tuple[str, str, str]:
    """Return the parts by the place of the name after the father."""
    if at == len(words) - 1:  # [surname] given father
        return " ".join(words[: at - 1]), words[at - 1], words[at]
    # given father surname
    return " ".join(words[at + 1 :]), " ".join(words[:at]), words[at]


def _by_order(words: list[str], surname_first: bool) -> tuple[str, str, str]:
    whole = [place for place, word in enumerate(words) if not _is_initial(word)]
    if len(whole) == 1 and len(words) > 1:
        given, patronymic = _given_names([word for word in words if _is_initial(word)])
        return words[whole[0]], given, patronymic
    capital = [place for place in whole if words[place].isupper()]
    if len(capital) == 1 and len(capital) < len(whole):
        rest = words[: capital[0]] + words[capital[0] + 1 :]
        return words[capital[0]], *_given_names(rest)
    if surname_first or _is_initial(words[-1]):
        return words[0], *_given_names(words[1:])
    return words[-1], *_given_names(words[:-1])


def _given_names(words: list[str]) -> tuple[str, str]:
    at = _after_father(words, True) if len(words) > 1 else None
    if at == len(words) - 1:
        return " ".join(words[:at]), words[at]
    return (words[0] if words else ""), " ".join(words[1:])


def _is_initial(word: str) -> bool:
    if len(word) == 1:
        return word.lower() != word.upper()
    return word.lower() in ("yu", "ya", "ye", "iu", "ia")
