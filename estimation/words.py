"""Words of a user that nobody knows: the nearest one that is known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return "did you mean" with the nearest known word, or the list of them.

    Parameters
    ----------
    word : str
        What the user wrote.
    known : iterable of str
        What could have been meant; of more than 20 words the first 20 are listed.
    """
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return "one of " + listed(words) if words else ""


def listed(words: Iterable[str], *, most: int = 20) -> str:
    """Return words with commas between them; after `most` of them only how many follow."""
    every = list(words)
    more = len(every) - most
    return ", ".join(every[:most]) + (f" and {more} more" if more > 0 else "")
