"""Capture frequencies: how many persons were recorded once, twice, three times."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from numpy.typing import NDArray

from estimation.errors import InvalidValueError, NotEstimableError
from models.lists.patterns import Patterns

#: More records of one person are refused: tables of frequencies are dense.
MOST_CAPTURES = 1_000

IntArray = NDArray[np.int64]


@dataclasses.dataclass(frozen=True, eq=False)
class Captures:
    """Counts of persons by the number of times that they were recorded.

    Parameters
    ----------
    captures : (n,) integers, 1 or more
        Numbers of records of a person; each stands once, in any order.
    counts : (n,) integers, persons
        How many persons have so many records.
    occasions : int, optional
        How many records a person can have at most: the number of lists or of visits; None if there
        is no such number, as with police stops or insurance claims.

    Raises
    ------
    InvalidValueError
        If shapes or values do not fit.
    """

    captures: IntArray
    counts: IntArray
    occasions: int | None = None

    def __post_init__(self) -> None:
        found = {}
        for name in ("captures", "counts"):
            values = np.asarray(getattr(self, name))
            if values.ndim != 1 or values.dtype.kind not in "iu":
                raise InvalidValueError("must be a row of whole numbers", where=name)
            found[name] = values.astype(np.int64)
        captures, counts = found["captures"], found["counts"]
        if captures.shape != counts.shape:
            raise InvalidValueError(f"must have {len(captures)} numbers", where="counts")
        if counts.size and counts.min() < 0:
            raise InvalidValueError("must be 0 or more", where="counts", why="they count persons")
        if captures.size and captures.min() < 1:
            raise InvalidValueError(
                "must be 1 or more", where="captures",
                why="how many persons were never recorded is what is to be estimated",
                remedy="leave that row out",
            )  # fmt: skip
        if len(np.unique(captures)) < len(captures):
            raise InvalidValueError("a number of records stands twice", where="captures",
                                    remedy="add the two counts")  # fmt: skip
        self._check_limit(captures[counts > 0])
        order = np.argsort(captures)
        order = order[counts[order] > 0]
        for name, values in found.items():
            values = np.ascontiguousarray(values[order])
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    def _check_limit(self, captures: IntArray) -> None:
        most = int(captures.max(initial=0))
        occasions = self.occasions
        if max(most, occasions or 0) > MOST_CAPTURES:
            raise InvalidValueError(f"more than {MOST_CAPTURES} records of one person are too many",
                                    where="captures")  # fmt: skip
        if occasions is not None and occasions < max(most, 1):
            raise InvalidValueError(
                f"is {occasions}, but somebody has {most} records", where="occasions",
                remedy="give the number of occasions, or none if it has no limit",
            )  # fmt: skip

    @classmethod
    def from_patterns(cls, patterns: Patterns) -> Captures:
        """Return how many persons are on one, two, ... of the lists.

        Raises
        ------
        NotEstimableError
            If the count of a pattern is not known.
        """
        if not patterns.complete:
            raise NotEstimableError(
                "the count of a pattern is not known, or only at most so large",
                where=patterns.label(int(np.flatnonzero(~patterns.counted)[0])),
                why="the numbers on one, two, ... lists are then not known either",
                remedy="leave that list out",
            )
        captures = np.arange(1, len(patterns.lists) + 1)
        return cls(captures, patterns.captures[1:], len(patterns.lists))

    @functools.cached_property
    def observed(self) -> int:
        """Return the number of persons with any record."""
        return int(self.counts.sum())

    @functools.cached_property
    def records(self) -> int:
        """Return the number of records of all persons."""
        return int((self.captures * self.counts).sum())

    @property
    def most(self) -> int:
        """Return the largest number of records of one person."""
        return int(self.captures.max(initial=0))

    @property
    def limit(self) -> int:
        """Return the largest number of records that is modeled: the occasions, if they have one."""
        return self.most if self.occasions is None else self.occasions

    @functools.cached_property
    def frequencies(self) -> IntArray:
        """Return how many persons have 0, 1, 2, ... records, (limit + 1,); the first is 0."""
        found = np.zeros(max(self.limit, 2) + 1, dtype=np.int64)
        found[self.captures] = self.counts
        return found

    @property
    def once(self) -> int:
        """Return the number of persons with one record."""
        return int(self.frequencies[1])

    @property
    def twice(self) -> int:
        """Return the number of persons with two records."""
        return int(self.frequencies[2])


def check_repeats(captures: Captures) -> None:
    """Refuse frequencies that say nothing of the persons without a record.

    Raises
    ------
    NotEstimableError
        If nobody was recorded, once or twice.
    """
    if captures.occasions == 1:
        raise NotEstimableError("there is one list only", where="lists",
                                why="nobody can be on two, and only overlaps tell who was missed",
                                remedy="add a list that was made by others")  # fmt: skip
    if not captures.observed:
        raise NotEstimableError("nobody is on any list", where="counts")
    if not captures.twice:
        raise NotEstimableError(
            "nobody was recorded exactly twice", where="captures",
            why="without persons met again any total, however large, is possible",
            remedy="merge lists of the same origin, or match the records of the lists again",
        )  # fmt: skip
    if not captures.once:
        raise NotEstimableError(
            "nobody was recorded only once", where="captures",
            why=f"all methods answer the {captures.observed} that were recorded, without a spread",
            remedy="check whether persons with one record were left out",
        )  # fmt: skip
