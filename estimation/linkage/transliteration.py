"""One word of a name, in Cyrillic or any Latin transliteration, in one canonical spelling.

A Latin word becomes rough Cyrillic by rules, since what its letters stand for depends on the
neighbors and on the system; Cyrillic becomes few Latin letters, in which what the systems and
habits confuse (i/y/j, e/yo/ye, g/h/kh, sh/shch, doubled letters, soft signs) is the same. The
result is read by the same rules as itself.
"""

# ruff: noqa: RUF001  letters of both scripts are meant

from __future__ import annotations

import functools
import re
import unicodedata

_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_LATIN = re.compile(r"[a-z\u00df-\u024f\u0259\u1e00-\u1eff]")

#: Signs for a soft or hard sign, and invisible characters, stand for no sound.
_SILENT = re.compile("['\"`´ʹʺʻʼʽˈ‘’‚“”„′″՚\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")

#: A sign before j keeps it apart from the letter before.
_SOFT = re.compile(f"(?<=[a-z]){_SILENT.pattern}(?=j)")

_SOUNDS = {
    "a": "аәѣ", "b": "б", "v": "в", "g": "гґғѓхҳһ", "d": "дђ", "e": "еёєэ", "zh": "жҗ", "z": "зѕ",
    "i": "иіїйјыӣ", "k": "кқќ", "l": "лљ", "m": "м", "n": "нњң", "o": "оө", "p": "п", "r": "р",
    "s": "с", "t": "т", "u": "уўүұӯ", "f": "фѳ", "ts": "ц", "ch": "чҷћ", "sh": "шщ",
    "dzh": "џ", "iu": "ю", "ia": "я", "": "ъьӏ",
}  # fmt: skip
_SIMPLE = str.maketrans({letter: sound for sound, same in _SOUNDS.items() for letter in same})

#: Letters of scholarly systems and of other languages that say more than their letter without
#: the mark.
_MARKED = str.maketrans(
    {"š": "ш", "ş": "ш", "ș": "ш", "ž": "ж", "ż": "ж", "č": "ч", "ć": "ч", "ç": "ч", "ĉ": "ч",
     "ŝ": "щ", "ĵ": "ж", "â": "я", "û": "ю", "ł": "л", "đ": "д", "ð": "д", "ø": "о", "ß": "с",
     "æ": "е", "ı": "и", "ə": "а", "þ": "т"}
)  # fmt: skip

_LETTERS = str.maketrans(
    dict(zip("abcdefghijklmnopqrstuvwyz", "абкдефгхийклмнопкрстуввиз", strict=True))
)

#: Latin to rough Cyrillic, in order, with a letter without which a rule has nothing to do; what
#: has become Cyrillic is not looked at again.
_RULES = tuple(
    (needed, re.compile(pattern), meaning)
    for needed, pattern, meaning in (
        # the commonest stems that systems write ambiguously
        ("k", r"ku[sz]ne(?:cz|z|ts|tz|c(?!h))", "кузнец"),
        ("j", r"^j(?=uk|ouk|ura|oura|dan|ann|arov|arik|il|iv|ir)|(?<=^nade)j|(?<=^ro)j(?=k)"
            r"|(?<=[ano])j(?=e(?!v|w|nk))", "ж"),
        ("d", r"ale(?:ks|x)and(?:e?r|re)$", "александр"),
        ("h", r"^mich(?=[aei])", "мих"),
        ("h", r"(?<=[ao])ch(?=m[aeou])|(?<=za)ch(?=ar)|(?<=ti)ch(?=on)", "х"),
        ("h", r"^chr(?=is)", "кр"),
        ("h", r"(?<![st])ch(?=esla[vw]|enko$|uk$)", "ч"),
        ("g", r"g(?:u(?=[ei])|h)", "г"),
        ("h", r"^eh(?=[dlrmv])", "э"),
        ("d", r"^ae(?=duar)", "э"),
        ("j", r"^j(?=amal|alal|amil|abr)", "дж"),
        # endings
        ("f", r"(?<=[oe])ff?$(?<!sef)", "в"),
        ("c", r"(?<=[oe][vw]i)(?:t?ch|tsch|cz?)$|(?<=[oe][vw]y)c[hz]?$", "ч"),
        ("y", r"(?<=sed|ern|bel|asn|kos)ych$", "yх"),
        ("c", r"c(?=enko$|uk$|k(?:ov|in)|n|eslav)|(?<=[lkmt]i)c$", "ч"),
        ("c", r"(?<=[aeou])c(?=[eo][vw]a?$)", "ч"),
        ("c", r"cz?(?=[eo][vw]a?$)", "ц"),
        ("z", r"(?<=[nlrjiy])z(?=ewa?$)|(?<=jel)z(?=in)|(?<=[ost])z(?=k[iy]$)", "ц"),
        ("c", r"c(?=k(?:i|y|ii|iy|ij|yi|yy|yj|aia|aja|aya|a|oi|oj|oy|ogo)$)", "ц"),
        # a c that lost its mark; in names of other languages it is a k
        ("c", r"(?<=[jlnrtp])c(?=[iy]n)", "ц"),
        ("c", r"(?<!^ni)(?<!^ma)(?<!^mar)(?<!^lu)(?<!^vi)(?<!s)(?<!c)c(?=[aeiou])(?!con)"
            r"(?=.*(?:(?:[oe]v|in)(?:a|i?c|ich|na)?|enko|[uy]k)$)", "ч"),
        # several letters for one sound
        ("c", r"schtsch|chtch|szcz|shch", "ш"),
        ("c", r"tsch|tch|cz(?=[eiy]|[uay]k)|(?<=i)cz$", "ч"),
        ("s", r"sch|shh|sh|sz|sc(?=[eiu])", "ш"),
        ("p", r"ph", "ф"),
        ("t", r"th", "т"),
        ("z", r"zh", "ж"),
        ("d", r"^dj(?!a(?:ch|tsch|kov))|(?<=[an])dj|dž", "дж"),
        ("k", r"kh", "х"),
        ("", r"ts|tz|tc(?!h)|cz|c(?=[eiyv])(?!h)|(?<=e)c$", "ц"),
        ("c", r"ck", "к"),
        # x is kh in two standards, ks in all habits
        ("x", r"x(?=.*(?:shh|cz))|^x(?!eni|av|i?$)|(?<=[^aeiou])(?<!^)x", "х"),
        ("x", r"(?<=[uyi])x(?<!felix)", "х"),
        ("x", r"(?<=o)x(?!an)|(?<=e)x(?=[aeiou])(?<!lex)|(?<=a)x(?<!max)(?<!^ax(?=[eai]))", "х"),
        ("x", r"x", "кс"),
        ("q", r"qu", "кв"),
    )
)  # fmt: skip

#: "ch" by the rest of the word: German and scholarly kh, French sh, otherwise ch.
_GERMAN = re.compile(r"w|sch|[šžčŝ]")
_FRENCH = re.compile(r"ou|tch(?!e[nr])")

#: What is confused, in Latin letters.
_CONFUSED = tuple(
    (re.compile(pattern), same)
    for pattern, same in (
        (r"t+ch", "ch"),
        (r"sch|sh+ch", "sh"),
        (r"(.)\1+", r"\1"),
        (r"ou", "u"),
        (r"ie(?=i[aeu])", ""),  # a hard sign in passports
        (r"i[eo]", "e"),
        (r"(?<=[csz]h)o", "e"),
        (r"liu", "lu"),
        (r"(?<=in)e$", ""),
        (r"^feodor", "fedor"),
        (r"^dimitr", "dmitr"),
        (r"(?<=^vasil)o", "e"),
        (r"(.)\1+", r"\1"),
    )
)

#: Letters that look alike in both scripts: a word may have a few of the wrong one.
_LOOKS = dict(zip("aceopxyikmtbhë", "асеорхуікмтвнё", strict=True))
_TO_CYRILLIC = str.maketrans(_LOOKS)
_TO_LATIN = str.maketrans({there: here for here, there in _LOOKS.items()})


@functools.lru_cache(maxsize=1 << 20)
def canonical_word(word: str) -> str:
    """Return the canonical spelling of a word without blanks.

    Parameters
    ----------
    word : str
        The word; other scripts than Cyrillic and Latin are only folded.
    """
    folded = unicodedata.normalize("NFKC", word).casefold()
    folded = _SOFT.sub("i", unicodedata.normalize("NFC", folded))
    plain = _SILENT.sub("", folded)
    cyrillic, latin = _CYRILLIC.search(plain), _LATIN.search(plain)
    if cyrillic and latin:
        plain = _one_script(plain)
        cyrillic = _CYRILLIC.search(plain)
    if not (cyrillic or latin):
        return plain
    rough = plain.replace("ьо", "ё").replace("йо", "ё") if cyrillic else _as_cyrillic(plain)
    simple = _bare(rough.translate(_SIMPLE))
    for pattern, same in _CONFUSED:
        simple = pattern.sub(same, simple)
    return simple or plain


def forget_words() -> None:
    """Remove the words of persons from memory."""
    canonical_word.cache_clear()


def _as_cyrillic(word: str) -> str:
    german, french = _GERMAN.search(word), _FRENCH.search(word)
    word = _bare(word.translate(_MARKED))
    letters = set(word) | {""}
    for needed, pattern, meaning in _RULES:
        if needed in letters:
            word = pattern.sub(meaning, word)
    if french and not german:
        word = word.replace("j", "ж")
    word = word.replace("ch", "х" if german else "ш" if french else "ч")
    return word.translate(_LETTERS)


def _bare(word: str) -> str:
    """Return a word without accents."""
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFKD", word)
    return unicodedata.normalize("NFC", "".join(one for one in parts if not _is_accent(one)))


def _is_accent(letter: str) -> bool:
    return unicodedata.category(letter) == "Mn"


def _one_script(word: str) -> str:
    """Return a word of two scripts in that of which the other has only look-alikes."""
    others = set(_LATIN.findall(word)) - set(_LOOKS)
    if not others:
        return word.translate(_TO_CYRILLIC)
    if set(_CYRILLIC.findall(word)) <= set(_LOOKS.values()):
        return word.translate(_TO_LATIN)
    return word
