"""Age groups of a table: which of them fill a range of ages, each age once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from estimation.errors import DataError
from estimation.words import listed
from models.mortality import OPEN_END, age_bounds

Bounds = Mapping[str, tuple[int, int]]


def bounds_of(names: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return the first age of each group and the first beyond it, the lowest and widest first.

    Parameters
    ----------
    names : collection of str
        What is no age group is left out.
    """
    found = {name: bounds for name in names if (bounds := age_bounds(name)) is not None}
    return dict(sorted(found.items(), key=lambda item: (item[1][0], -item[1][1])))


def tilings(groups: Bounds, low: int, high: int, *, most: int = 2) -> list[tuple[str, ...]]:
    """Return ways to fill the ages from `low` to below `high` by groups that do not overlap.

    Parameters
    ----------
    groups : mapping of bounds
        By name.
    low, high : int
        First age, and the first beyond the range.
    most : int
        So many are looked for; single ages beside wide groups would give millions.
    """
    # ages from which the end can be reached: without it a search might run into dead ends for ever
    open_ends = {high}
    for _, (start, end) in sorted(groups.items(), key=lambda item: -item[1][0]):
        if end in open_ends:
            open_ends.add(start)
    found: list[tuple[str, ...]] = []
    unfinished: list[tuple[tuple[str, ...], int]] = [((), low)] if low in open_ends else []
    while unfinished and len(found) < most:
        names, reached = unfinished.pop()
        if reached == high:
            found.append(names)
            continue
        following = [
            (name, end) for name, (start, end) in groups.items()
            if start == reached and end in open_ends
        ]  # fmt: skip
        # the widest group is looked at first
        unfinished += [((*names, name), end) for name, end in reversed(following)]
    return found


def chosen_groups(groups: Bounds, whole: Collection[str], ages: str, where: str) -> tuple[str, ...]:
    """Return the age groups that fill a range, or say why none or several do.

    Parameters
    ----------
    groups : mapping of bounds
        All groups of the table.
    whole : collection of str
        Groups that are there in every year and for both sexes: they come first.
    ages : str
        The range, such as "15-49".
    where : str
        What messages call the table.

    Raises
    ------
    DataError
        If the groups leave a gap, reach beyond the range, or fill it in more than one way.
    """
    bounds = age_bounds(ages)
    if bounds is None:
        raise DataError(f"{ages!r} is no range of ages", where="ages", remedy="write 15-49 or 15+")
    low, high = bounds
    complete = {name: one for name, one in groups.items() if name in whole}
    for candidates in (complete, groups):
        found = tilings(candidates, low, high)
        if len(found) == 1:
            return found[0]
        if found:
            first, second = (set(one) for one in found[:2])
            raise DataError(
                f"the ages {ages} can be put together in more than one way: by "
                f"{listed(sorted(first - second))}, or by {listed(sorted(second - first))}",
                where=where, why="which rows are meant cannot be told",
                remedy="leave the rows of one way out",
            )  # fmt: skip
    raise DataError(
        f"its age groups do not fill {ages}: {_gap(groups, low, high)}", where=where,
        why="deaths of other ages would be counted, or some of these not",
        remedy=f"choose ages at which groups begin and end: {listed(groups)}",
    )  # fmt: skip


def _gap(groups: Bounds, low: int, high: int) -> str:
    for name, (start, end) in groups.items():
        for edge in (low, high):
            if start < edge < end and edge < OPEN_END:
                return f"{name} reaches beyond it"
    reached = {low}
    for start, end in groups.values():
        if start in reached and end <= high:
            reached.add(end)
    return f"no group that fits begins at {max(reached - {high})}"


def overlapped(groups: Bounds, chosen: Collection[str]) -> list[str]:
    """Return the groups that share ages with the chosen ones and are not among them.

    Parameters
    ----------
    groups : mapping of bounds
    chosen : collection of str
    """
    return [
        name for name, (start, end) in groups.items()
        if name not in chosen
        and any(start < groups[one][1] and groups[one][0] < end for one in chosen)
    ]  # fmt: skip
