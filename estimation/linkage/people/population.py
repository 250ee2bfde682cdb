"""Persons: families with one surname, ages of soldiers, days of death."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.people.given_names import Texts, given_names, places_drawn
from estimation.linkage.people.places import PLACES, shares_of_peoples, weights_of_places
from estimation.linkage.people.surnames import surnames
from estimation.randomness import stream

IntArray = NDArray[np.int64]

#: The first day on which anybody dies, and for how many weeks; days are those since 1970-01-01.
FIRST_DAY = int(np.datetime64("2022-02-24", "D").astype(np.int64))
WEEKS = 160

_YEAR = 365.25
_YOUNGEST, _OLDEST = 18.1, 68.0
_SIZES, _SHARES_OF_SIZES = np.array([2, 3, 4]), np.array([0.7, 0.22, 0.08])
_FATHER_AND_SONS = 0.2
_TWINS = 0.02


@dataclasses.dataclass(frozen=True, eq=False)
class Persons:
    """All persons of a world, on a list or not; each array is (n_person,).

    Parameters
    ----------
    surname, given, father : integers
        Places of surname, given name and the father's given name in their tables.
    woman : booleans
        Who is a woman.
    birth, death : integers, days since 1970-01-01
        Dates.
    place : integers
        Place in `PLACES`.
    family : integers
        Number of the family; who has none of their own family here is alone in theirs.
    """

    surname: IntArray
    given: IntArray
    father: IntArray
    woman: NDArray[np.bool_]
    birth: IntArray
    death: IntArray
    place: IntArray
    family: IntArray

    def surnames(self, who: IntArray) -> Texts:
        """Return surnames in small Cyrillic letters of the persons `who`."""
        table, place = surnames(), self.surname[who]
        return np.where(self.woman[who], table.women[place], table.men[place])

    def given_names(self, who: IntArray) -> Texts:
        """Return given names in small Cyrillic letters of the persons `who`."""
        return np.asarray(given_names().spelled[self.given[who]])

    def fathers_names(self, who: IntArray) -> Texts:
        """Return father's names in small Cyrillic letters of the persons `who`."""
        table, place = given_names(), self.father[who]
        return np.where(self.woman[who], table.daughters[place], table.sons[place])

    def places(self, who: IntArray) -> Texts:
        """Return the places of the persons `who`."""
        return np.asarray(np.array(PLACES, dtype=object)[self.place[who]])

    def ages(self, who: IntArray) -> IntArray:
        """Return ages at death of the persons `who`, full years."""
        return full_years(self.birth[who], self.death[who])


def full_years(birth: IntArray, death: IntArray) -> IntArray:
    """Return the birthdays between two days since 1970-01-01."""
    (years, before), (later, after) = _year_and_day(birth), _year_and_day(death)
    return later - years - (after < before)


def _year_and_day(days: IntArray) -> tuple[IntArray, IntArray]:
    """Return the year, and a number that rises with month and day."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    day = (dates - months).astype(np.int64)
    month = months.astype(np.int64)
    return month // 12 + 1970, month % 12 * 31 + day


def draw_persons(persons: int, *, seed: int, families: float, women: float) -> Persons:
    """Draw the persons of a world.

    Parameters
    ----------
    persons : int
        How many.
    seed : int
        Seed of the world.
    families : float
        Share of persons who belong to families of two to four.
    women : float
        Share of women.
    """
    family = _families(persons, families, stream(seed, "people", "families"))
    first = np.flatnonzero(np.diff(family, prepend=-1))  # of each family
    count = len(first)
    sizes = np.diff(first, append=persons)
    rng = stream(seed, "people", "origin")
    place = places_drawn(weights_of_places(), rng.random(count))
    cuts = np.cumsum(shares_of_peoples(), axis=1)[place]
    people = np.minimum((rng.random(count)[:, None] >= cuts).sum(axis=1), cuts.shape[1] - 1)
    surname = surnames().drawn(people, stream(seed, "people", "surnames"))
    rng = stream(seed, "people", "given names")
    with_father = (sizes > 1) & (rng.random(count) < _FATHER_AND_SONS)
    is_father = np.zeros(persons, dtype=bool)
    is_father[first[with_father]] = True
    woman = (rng.random(persons) < women) & ~is_father
    men = np.zeros(count, dtype=bool)
    table = given_names()
    fathers = table.drawn(people, men, rng, fathers=True)
    father = fathers[family]
    given = table.drawn(people[family], woman, rng)
    given[is_father] = fathers[with_father]
    grandfathers = table.drawn(people, men, rng, fathers=True)
    father[is_father] = grandfathers[with_father]
    given = _all_different(given, family, woman, is_father, people[family], rng)
    birth = _births(family, first, is_father, stream(seed, "people", "births"))
    death = _deaths(persons, stream(seed, "people", "deaths"))
    return Persons(surname[family], given, father, woman, birth, death, place[family], family)


def _families(persons: int, share: float, rng: np.random.Generator) -> IntArray:
    """Return the number of the family of each person; members stand side by side."""
    together = round(persons * share)
    sizes = rng.choice(_SIZES, size=together // 2 + 1, p=_SHARES_OF_SIZES)
    ends = np.cumsum(sizes)
    sizes = sizes[ends <= together]
    sizes = np.concatenate([sizes, np.ones(persons - sizes.sum(), dtype=np.int64)])
    return np.repeat(np.arange(len(sizes)), sizes)


def _all_different(
    given: IntArray, family: IntArray, woman: NDArray[np.bool_], is_father: NDArray[np.bool_],
    people: IntArray, rng: np.random.Generator,
) -> IntArray:  # fmt: skip
    """Draw given names again until no two of a family bear the same one."""
    given = given.copy()
    names = len(given_names().spelled)
    for _ in range(100):
        key = family * names + given
        order = np.lexsort((~is_father, key))  # a father keeps his name
        again = order[1:][key[order][1:] == key[order][:-1]]
        if not len(again):
            break
        given[again] = given_names().drawn(people[again], woman[again], rng)
    return given


def _births(
    family: IntArray, first: IntArray, is_father: NDArray[np.bool_], rng: np.random.Generator
) -> IntArray:
    """Return days of birth: brothers some years apart, fathers before their sons."""
    persons = len(family)
    young = rng.random(len(first)) < 0.35
    age = np.where(young, 18.5 + rng.gamma(2.2, 2.6, len(first)),
                   rng.normal(39.0, 9.5, len(first)))  # fmt: skip
    outside = (age < _YOUNGEST) | (age > _OLDEST)
    age[outside] = rng.uniform(20, 50, outside.sum())
    gap = 1.0 + rng.gamma(2.0, 1.2, persons)
    gap[rng.random(persons) < _TWINS] = 0.0
    gap[first] = 0.0
    second = np.flatnonzero(is_father) + 1
    gap[second] = rng.uniform(19, 32, len(second))
    # members stand from the eldest to the youngest: ages fall along a family
    passed = np.cumsum(gap)
    ages = age[family] - (passed - passed[first][family])
    short = _YOUNGEST - np.minimum.reduceat(ages, first)
    ages += np.maximum(short, 0.0)[family]
    return np.asarray(FIRST_DAY - np.ceil(ages * _YEAR), dtype=np.int64)


def weights_of_weeks(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return how many die in each week, relative to each other: waves, a rise, and noise."""
    week = np.arange(WEEKS)
    waves = sum(
        height * np.exp(-0.5 * ((week - middle) / width) ** 2)
        for height, middle, width in ((1.1, 4, 4), (1.3, 50, 8), (0.5, 103, 6))
    )
    return (0.6 + 0.012 * week + waves) * rng.gamma(20.0, 1 / 20, WEEKS)


def _deaths(persons: int, rng: np.random.Generator) -> IntArray:
    weeks = places_drawn(weights_of_weeks(rng), rng.random(persons))
    return FIRST_DAY + 7 * weeks + rng.integers(0, 7, persons)
