"""What lists must have before closed forms can say anything of those who are on none."""

from __future__ import annotations

import numpy as np

from estimation.classical.captures.frequencies import Captures, check_repeats
from estimation.errors import NotEstimableError
from models.lists.patterns import Patterns


def check_known(patterns: Patterns, concerns: tuple[str, ...] | None = None) -> None:
    """Refuse counts that are not known.

    Parameters
    ----------
    patterns : Patterns
    concerns : tuple of str, optional
        Lists that matter; all unless given.

    Raises
    ------
    NotEstimableError
        If a pattern on one of the lists has no count, or only an upper bound.
    """
    places = [patterns.lists.index(name) for name in concerns or patterns.lists]
    bad = np.flatnonzero(~patterns.counted & patterns.on[:, places].any(axis=1))
    if bad.size:
        raise NotEstimableError(
            "the count is not known, or only at most so large",
            where=f"the pattern {patterns.label(int(bad[0]))}",
            why="this method needs all counts: taken as 0 it would change the total either way",
            remedy="leave that list out, or take a log-linear or latent-class model, which can "
            "leave the count open",
        )


def usable_lists(patterns: Patterns) -> tuple[Patterns, tuple[str, ...]]:
    """Return the table without strata and empty lists, and what a reader must know of that.

    Raises
    ------
    NotEstimableError
        If counts are not known, there is one list, nobody is on exactly one or two, or one list
        holds everybody.
    """
    notes = []
    check_known(patterns)
    if patterns.strata:
        patterns = patterns.pooled()
        notes.append("The strata were added up: a difference of the lists' reach between them "
                     "acts like persons who differ.")  # fmt: skip
    empty = [name for name, total in zip(patterns.lists, patterns.list_totals, strict=True)
             if not total]  # fmt: skip
    if len(empty) == len(patterns.lists):
        raise NotEstimableError("nobody is on any list", where="counts")
    if empty:
        patterns = patterns.leave_out(empty)
        notes.append(f"Nobody is on {', '.join(empty)}, so that it says nothing of the others.")
    check_repeats(Captures.from_patterns(patterns))
    everybody = np.flatnonzero(patterns.list_totals == patterns.observed)
    if everybody.size:
        raise NotEstimableError(
            "holds everybody who is on any list", where=f"list {patterns.lists[everybody[0]]}",
            why="no other list names a person whom it missed, so that nobody seems missing",
            remedy="check whether the list was made from the others; if so leave it out",
        )  # fmt: skip
    overlaps = patterns.pairs - np.diag(patterns.list_totals)
    exclusive = [name for name, row in zip(patterns.lists, overlaps, strict=True) if not row.any()]
    if exclusive:
        notes.append(f"Nobody on {', '.join(exclusive)} is on another list: if such a list takes "
                     "only persons who are on no other, the total is too high.")  # fmt: skip
    return patterns, tuple(notes)


def check_three(patterns: Patterns, remedy: str) -> None:
    """Refuse two lists where a method must tell dependence from size.

    Raises
    ------
    NotEstimableError
        If there are fewer than three lists.
    """
    if len(patterns.lists) < 3:
        raise NotEstimableError(
            "there are two lists", where="lists", remedy=remedy,
            why="one overlap cannot tell a small population from lists that share persons",
        )  # fmt: skip
