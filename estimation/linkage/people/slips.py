"""Slips of the pen in names: letters too many, missing, wrong or swapped, and typical confusions.

Names stand as a matrix of letters, (n_name, n_letter), padded with 0.
"""

# ruff: noqa: RUF001 -- letters that look alike are what this is about
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.people.given_names import Texts

Letters = NDArray[Any]

_CYRILLIC = np.array([ord(letter) for letter in "абвгдежзийклмнопрстуфхцчшщыьэюя"], dtype=np.uint32)
_LATIN = np.array([ord(letter) for letter in "abcdefghijklmnopqrstuvwxyz"], dtype=np.uint32)

#: Letters taken for each other, each way.
_CONFUSED = ("её", "ий", "иы", "оа", "еи", "бп", "дт", "зс", "вф", "эе", "щш", "жш")
_SIGN = ord("ь")
_SIGNS = np.array([ord(sign) for sign in "`'’”"], dtype=np.uint32)
_CONSONANTS = np.array([ord(letter) for letter in "бвгджзклмнпрстфхцчшщ"], dtype=np.uint32)
_BEFORE_SIGN = np.array([ord(letter) for letter in "лнтсрдзм"], dtype=np.uint32)


def slipped(names: Texts, rng: np.random.Generator) -> Texts:
    """Return names in small letters with one letter added, dropped, replaced or swapped, (n,).

    Each name differs from what it was.
    """
    if not len(names):
        return names
    letters = _letters(names)
    count, length = len(names), (letters > 0).sum(axis=1)
    alphabet = np.where((letters[:, :1] > 0x3FF), _CYRILLIC[:1], _LATIN[:1]).ravel()
    new = np.where(alphabet == _CYRILLIC[0], _CYRILLIC[rng.integers(0, len(_CYRILLIC), count)],
                   _LATIN[rng.integers(0, len(_LATIN), count)])  # fmt: skip
    kind = rng.choice(4, size=count, p=[0.22, 0.28, 0.35, 0.15])
    differs = (letters[:, :-1] != letters[:, 1:]) & (letters[:, 1:] > 0)
    sign_follows = np.isin(letters[:, 1], _SIGNS)  # which no name begins with
    differs[:, 0] &= ~sign_follows
    swap, can_swap = _chosen(differs, rng)
    position = (rng.random(count) * (length + (kind == 0))).astype(np.int64)
    position = np.where((kind == 1) & (position == 0) & sign_follows, 1, position)
    kind = np.where((kind == 3) & ~can_swap, 0, kind)
    kind = np.where((kind == 1) & (length < 3), 2, kind)  # no name becomes a single letter
    rows = np.arange(count)
    old = letters[rows, np.minimum(position, letters.shape[1] - 1)]
    after = np.where(new == alphabet, new + 1, new - 1)  # a neighbor of what stands there already
    new = np.where((kind == 2) & (new == old), after, new)
    found = np.where((kind == 0)[:, None], _inserted(letters, position, new), letters)
    found = np.where((kind == 1)[:, None], _deleted(letters, position), found)
    some = kind == 2
    found[rows[some], position[some]] = new[some]
    some = kind == 3
    found[rows[some], swap[some]] = letters[rows[some], swap[some] + 1]
    found[rows[some], swap[some] + 1] = letters[rows[some], swap[some]]
    return _texts(found)


def confused(names: Texts, rng: np.random.Generator) -> Texts:
    """Return Cyrillic names with one typical confusion, (n,).

    Letters taken for each other, a letter doubled or single, a soft sign too many or missing; a
    name that has no such letter stays as it is.
    """
    if not len(names):
        return names
    letters = _letters(names)
    count, rows = len(names), np.arange(len(names))
    found = letters.copy()
    kind = rng.choice(3, size=count, p=[0.6, 0.2, 0.2])

    # the letter that stands for another
    first = np.array([[ord(pair[0]), ord(pair[1])] for pair in _CONFUSED], dtype=np.uint32)
    pairs = np.concatenate([first, first[:, ::-1]])
    pairs = pairs[rng.permutation(len(pairs))]
    place, can = _chosen(np.isin(letters, pairs[:, 0]), rng)
    same = letters[rows, place][:, None] == pairs[None, :, 0]
    partner = pairs[np.argmax(same * rng.random(same.shape), axis=1), 1]
    some = (kind == 0) & can
    found[rows[some], place[some]] = partner[some]

    doubled = np.zeros(letters.shape, dtype=bool)
    doubled[:, 1:] = (letters[:, 1:] == letters[:, :-1]) & (letters[:, 1:] > 0)
    found = _dropped_or_added(letters, found, kind == 1, doubled, np.isin(letters, _CONSONANTS),
                              None, rng)  # fmt: skip
    bare = np.isin(letters, _BEFORE_SIGN)
    bare[:, :-1] &= letters[:, 1:] != _SIGN
    found = _dropped_or_added(letters, found, kind == 2, letters == _SIGN, bare, _SIGN, rng)
    return _texts(found)


def _dropped_or_added(
    letters: Letters, found: Letters, rows: NDArray[np.bool_], there: NDArray[np.bool_],
    where: NDArray[np.bool_], letter: int | None, rng: np.random.Generator,
) -> Letters:  # fmt: skip
    """Drop a letter that is `there`, or else add one after a letter `where` it could stand."""
    place, has = _chosen(there, rng)
    found = np.where((rows & has)[:, None], _deleted(letters, place), found)
    place, could = _chosen(where, rng)
    added = letters[np.arange(len(letters)), place]
    if letter is not None:
        added = np.full(len(letters), letter, dtype=letters.dtype)
    more = _inserted(letters, place + 1, added)
    return np.asarray(np.where((rows & ~has & could)[:, None], more, found))


def _chosen(
    mask: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return a random column of those marked in each row, and whether any is."""
    place = np.argmax(mask * (1.0 - rng.random(mask.shape)), axis=1)
    return place, mask.any(axis=1)


def _letters(names: Texts) -> Letters:
    fixed = np.asarray(names, dtype=np.str_)
    width = fixed.dtype.itemsize // 4
    letters = np.zeros((len(names), width + 2), dtype=np.uint32)  # room for a letter more
    letters[:, :width] = fixed.view(np.uint32).reshape(len(names), width)
    return letters


def _texts(letters: Letters) -> Texts:
    width = letters.shape[1]
    return np.ascontiguousarray(letters).view(f"<U{width}").ravel().astype(object)


def _inserted(letters: Letters, position: NDArray[np.int64], new: Letters) -> Letters:
    columns = np.arange(letters.shape[1])
    source = columns - (columns > position[:, None])
    found = np.take_along_axis(letters, source, axis=1)
    found[np.arange(len(letters)), position] = new
    return found


def _deleted(letters: Letters, position: NDArray[np.int64]) -> Letters:
    columns = np.arange(letters.shape[1])
    source = np.minimum(columns + (columns >= position[:, None]), letters.shape[1] - 1)
    return np.take_along_axis(letters, source, axis=1)
