"""``generate_world``: persons who died, the lists that hold some of them, and who is who.

The generative story: persons are drawn, alone or in families; each is on a list with the list's
own probability, which a person's visibility moves on all lists alike; each record errs on its own.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.errors import DataError, InvalidValueError
from estimation.files import guarded
from estimation.linkage.people.errors import Errors
from estimation.linkage.people.population import IntArray, Persons, draw_persons
from estimation.linkage.people.records import FIELDS, records_of
from estimation.linkage.people.transliteration import SCRIPTS
from estimation.randomness import stream
from models.lists.patterns import MOST_LISTS, Patterns

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True)
class ListPlan:
    """One list.

    Parameters
    ----------
    name : str
        Letters, digits, - and _: it names the file, too.
    coverage : float
        Share of all persons who are on it, above 0 and at most 1.
    script : str
        "cyrillic", "passport" (ICAO), "bgn" (BGN/PCGN), "gost" (7.79, system B), "scholarly"
        (without diacritics), or "loose": each record by one of many writers with their own habits.
    duplicates : float
        Share of its persons who stand on it twice, the second record with errors of its own.
    errors : Errors
        How frequent errors are.
    has : tuple of str
        Which fields it holds: "father_name", "birth_date" or "age", "death_date", "place", "sex".

    Raises
    ------
    InvalidValueError
        If a value is none of these.
    """

    name: str
    coverage: float
    script: str = "cyrillic"
    duplicates: float = 0.01
    errors: Errors = Errors()
    has: tuple[str, ...] = ("father_name", "birth_date", "death_date", "place", "sex")

    def __post_init__(self) -> None:
        object.__setattr__(self, "has", tuple(self.has))
        if not re.fullmatch(r"[\w-]+", self.name):
            raise InvalidValueError("names no file", where="name",
                                    remedy="take letters, digits, - and _")  # fmt: skip
        if not 0 < self.coverage <= 1:
            raise InvalidValueError(f"must be above 0 and at most 1, not {self.coverage!r}",
                                    where=f"{self.name}.coverage")  # fmt: skip
        _check_share(self.duplicates, f"{self.name}.duplicates")
        if self.script not in SCRIPTS:
            raise InvalidValueError(f"no script {self.script!r}", where=f"{self.name}.script",
                                    remedy=f"one of {', '.join(SCRIPTS)}")  # fmt: skip
        for field in self.has:
            if field not in FIELDS:
                raise InvalidValueError(f"no field {field!r}", where=f"{self.name}.has",
                                        remedy=f"some of {', '.join(FIELDS)}")  # fmt: skip
        if {"birth_date", "age"} <= set(self.has):
            raise InvalidValueError("gives both birth date and age", where=f"{self.name}.has",
                                    remedy="take one of them")  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class World:
    """Generated persons, and lists of them.

    Parameters
    ----------
    lists : dict of str to pandas.DataFrame
        Text columns as a CSV file holds them, rows in random order, empty where missing: `name`,
        `birth_date` or `age`, `death_date`, `place`, `sex`, as far as the list holds them.
    truth : dict of str to (n_record,) integers
        The person of each row, from 0.
    persons : int
        How many there are, on a list or not.
    people : Persons
        Who they are.
    """

    lists: dict[str, pd.DataFrame]
    truth: dict[str, IntArray]
    persons: int
    people: Persons

    @functools.cached_property
    def on(self) -> NDArray[np.bool_]:
        """Return who is on which list, (n_person, n_list)."""
        found = np.zeros((self.persons, len(self.truth)), dtype=bool)
        for place, who in enumerate(self.truth.values()):
            found[who, place] = True
        return found

    def pattern_counts(self) -> Patterns:
        """Return how many persons are truly on exactly these lists and on none of the others."""
        code = self.on @ (1 << np.arange(len(self.truth), dtype=np.int64))
        codes, counts = np.unique(code[code > 0], return_counts=True)
        rows = (codes[:, None] >> np.arange(len(self.truth))) & 1 == 1
        return Patterns(tuple(self.truth), rows, counts.astype(np.int64))

    def write(self, folder: str | Path) -> None:
        """Write each list as NAME.csv, in UTF-8; nothing there tells who is who.

        Parameters
        ----------
        folder : path
            Made if it is not there.

        Raises
        ------
        DataError
            If a file cannot be written.
        """
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, frame in self.lists.items():
                safe = frame.map(guarded)
                safe.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8")
        except OSError as error:
            raise DataError(f"cannot be written: {error.strerror or type(error).__name__}",
                            where=str(folder), remedy="name another folder") from None  # fmt: skip


def generate_world(
    persons: int, lists: Sequence[ListPlan], *, seed: int, families: float = 0.3,
    women: float = 0.02, visibility: float = 0.0,
) -> World:  # fmt: skip
    """Generate persons with known truth, and lists of them.

    Equal seeds give equal worlds.  The persons do not depend on the lists, nor one list on the
    others; who is on a list, and in what order, does not depend on its errors.

    Parameters
    ----------
    persons : int
        How many died.
    lists : sequence of ListPlan
        The lists, 1 to 30, of different names.
    seed : int
        Seed.
    families : float
        Share of persons who belong to families of two to four: brothers with equal surname,
        father's name and place, or a father and his sons.
    women : float
        Share of women.
    visibility : float
        Spread of how visible persons are: standard deviation of a normal variable that is added to
        their log odds of being on each list, while coverages stay.  0 for independent lists.

    Raises
    ------
    InvalidValueError
        If a value is out of range, or two lists have one name.
    """
    if isinstance(persons, bool) or not isinstance(persons, (int, np.integer)) or persons < 1:
        raise InvalidValueError(f"must be a whole number of 1 or more, not {persons!r}",
                                where="persons")  # fmt: skip
    names = [plan.name for plan in lists]
    if not 1 <= len(names) <= MOST_LISTS or len(set(names)) < len(names):
        raise InvalidValueError(f"must be 1 to {MOST_LISTS} lists of different names",
                                where="lists")  # fmt: skip
    _check_share(families, "families")
    _check_share(women, "women")
    if not 0 <= visibility < 20:
        raise InvalidValueError(f"must be 0 or more and below 20, not {visibility!r}",
                                where="visibility")  # fmt: skip
    people = draw_persons(int(persons), seed=seed, families=families, women=women)
    visible = visibility * stream(seed, "people", "visibility").normal(size=persons)
    frames, truth = {}, {}
    for plan in lists:
        who = _listed(plan, visible, visibility, seed)
        truth[plan.name] = who
        frames[plan.name] = records_of(
            people, who, seed=seed, name=f"list {plan.name}", script=plan.script,
            errors=plan.errors, has=plan.has,
        )  # fmt: skip
    return World(frames, truth, int(persons), people)


def _check_share(share: float, where: str) -> None:
    if not 0 <= share <= 1:
        raise InvalidValueError(f"must be a share from 0 to 1, not {share!r}", where=where)


def _listed(plan: ListPlan, visible: NDArray[np.float64], visibility: float, seed: int) -> IntArray:
    """Return the person of each record of a list, in random order."""
    chance: float | NDArray[np.float64] = plan.coverage
    if visibility > 0 and plan.coverage < 1:
        from scipy.special import expit

        chance = expit(_middle(plan.coverage, visibility) + visible)
    rng = stream(seed, "people", f"list {plan.name}", "persons")
    who = np.flatnonzero(rng.random(len(visible)) < chance)
    twice = who[rng.random(len(who)) < plan.duplicates]
    return rng.permutation(np.concatenate([who, twice]))


def _middle(coverage: float, visibility: float) -> float:
    """Return the log odds about which persons vary so that the list covers what it shall."""
    from scipy.optimize import brentq
    from scipy.special import expit
    from scipy.stats import norm

    middles = norm.ppf((np.arange(2_000) + 0.5) / 2_000) * visibility

    def excess(middle: float) -> float:
        return float(expit(middle + middles).mean()) - coverage

    return float(brentq(excess, -200.0, 200.0))
