"""What one list writes of its persons: the cells of its records, with errors of its own."""

# ruff: noqa: RUF001 -- letters that look alike are what this is about
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.people.errors import Errors, wrong_births
from estimation.linkage.people.given_names import Texts
from estimation.linkage.people.places import PLACES, weights_of_places
from estimation.linkage.people.population import IntArray, Persons
from estimation.linkage.people.slips import confused, slipped
from estimation.linkage.people.transliteration import WRITERS, transliterated, written
from estimation.randomness import stream

if TYPE_CHECKING:
    import pandas as pd

#: What a list may hold beside names; "father_name" is a part of the column `name`.
FIELDS = ("father_name", "birth_date", "age", "death_date", "place", "sex")

_TYPICAL = 0.4
_MOST_DAYS_OFF = 5


def records_of(
    persons: Persons, who: IntArray, *, seed: int, name: str, script: str, errors: Errors,
    has: tuple[str, ...],
) -> pd.DataFrame:  # fmt: skip
    """Return the cells of one list, a row for each of `who`, as a CSV file would hold them.

    Parameters
    ----------
    persons : Persons
        All persons.
    who : (n_record,) integers
        The person of each record.
    seed : int
        Seed of the world.
    name : str
        Name of the list: its errors are those of no other list.
    script : str
        How names and places are spelled.
    errors : Errors
        How frequent errors are.
    has : tuple of str
        Which of `FIELDS` the list holds.
    """
    import pandas as pd

    def happens(share: float, purpose: str) -> NDArray[np.bool_]:
        # a draw for each record, whatever the share: other shares leave other errors as they are
        return stream(seed, "people", name, purpose).random(len(who)) < share

    hard = happens(errors.hard, "hard")
    columns: dict[str, Texts] = {
        "name": _names(persons, who, hard, happens, seed, name, script, errors, has)
    }
    unborn = hard | happens(errors.birth_missing, "birth missing")
    rng = stream(seed, "people", name, "births")
    wrong = happens(errors.birth_wrong, "birth wrong")
    if "birth_date" in has:
        birth = persons.birth[who]
        birth = np.where(wrong, wrong_births(birth, rng), birth)
        columns["birth_date"] = np.where(unborn, "", _iso(birth))
    if "age" in has:
        off = rng.integers(1, 4, len(who)) * rng.choice([-1, 1], len(who))
        ages = persons.ages(who) + np.where(wrong, off, 0)
        columns["age"] = np.where(unborn, "", ages.astype(str).astype(object))
    if "death_date" in has:
        rng = stream(seed, "people", name, "deaths")
        off = rng.integers(1, _MOST_DAYS_OFF + 1, len(who)) * rng.choice([-1, 1], len(who))
        death = persons.death[who] + np.where(happens(errors.death_off, "death off"), off, 0)
        missing = happens(errors.death_missing, "death missing")
        columns["death_date"] = np.where(missing, "", _iso(death))
    if "place" in has:
        columns["place"] = _places(persons, who, happens, seed, name, script, errors)
    if "sex" in has:
        missing = happens(errors.sex_missing, "sex missing")
        columns["sex"] = np.where(missing, "", np.where(persons.woman[who], "f", "m"))
    return pd.DataFrame({key: pd.array(cells, dtype="str") for key, cells in columns.items()})


def _names(
    persons: Persons, who: IntArray, hard: NDArray[np.bool_], happens: Any, seed: int, name: str,
    script: str, errors: Errors, has: tuple[str, ...],
) -> Texts:  # fmt: skip
    """Return whole names: surname, given name, father's name."""
    writers = stream(seed, "people", name, "writers").integers(0, WRITERS, len(who))
    no_father = happens(errors.father_missing, "father missing")
    if "father_name" not in has:
        no_father[:] = True
    # a hard record has slips in two of the parts that it shows
    spared = stream(seed, "people", name, "spared").integers(0, 3, len(who))
    spared = np.where(no_father, 2, spared)
    parts = []
    for place, clean in enumerate((persons.surnames, persons.given_names, persons.fathers_names)):
        wrong = happens(errors.spelling, f"spelling {place}") | (hard & (spared != place))
        rng = stream(seed, "people", name, "slips", str(place))
        parts.append(_capital(_spelled(clean(who), wrong, script, writers, rng)))
    surname, given, father = parts
    short = happens(errors.initial, "initial")
    for part in (given, father):
        part[short] = [text[0] + "." for text in part[short]]
    first = np.where(no_father, given, given + " " + father)
    turned = happens(errors.swapped, "swapped")
    return np.where(turned, first + " " + surname, surname + " " + first)


def _spelled(
    names: Texts, wrong: NDArray[np.bool_], script: str, writers: IntArray,
    rng: np.random.Generator,
) -> Texts:  # fmt: skip
    """Return names as the list writes them; each that is `wrong` differs from the right one."""
    found = written(names, script, writers).copy()
    rows = np.flatnonzero(wrong)
    rows = rows[rng.random(len(names))[rows] < _TYPICAL]
    mistaken = written(confused(names[rows], rng), script, writers[rows])
    # confusions may be lost where a script writes both letters alike
    differ = mistaken != found[rows]
    found[rows[differ]] = mistaken[differ]
    wrong = wrong.copy()
    wrong[rows[differ]] = False
    found[wrong] = slipped(found[wrong], rng)
    return found


def _places(
    persons: Persons, who: IntArray, happens: Any, seed: int, name: str, script: str,
    errors: Errors,
) -> Texts:  # fmt: skip
    rng = stream(seed, "people", name, "places")
    weights = weights_of_places()
    true = persons.place[who]
    other = rng.choice(len(PLACES), size=len(who), p=weights / weights.sum())
    other = np.where(other == true, (other + 1) % len(PLACES), other)
    place = np.where(happens(errors.place_wrong, "place wrong"), other, true)
    # a list has one way to write a place, also where names are by many writers
    ways = np.array([place_written(one, script) for one in PLACES], dtype=object)
    return np.where(happens(errors.place_missing, "place missing"), "", ways[place])


def place_written(place: str, script: str) -> str:
    """Return a place as a script writes it; what is loose with names follows BGN/PCGN here."""
    if script == "cyrillic":
        return place
    script = "bgn" if script == "loose" else script

    def word(found: re.Match[str]) -> str:
        made = transliterated(found[0].lower(), script)
        return made.capitalize() if found[0][0].isupper() else made

    return re.sub("[А-ЯЁа-яё]+", word, place)


def _capital(names: Texts) -> Texts:
    import pandas as pd

    codes, different = pd.factorize(names)
    found = np.array([name.capitalize() for name in different], dtype=object)
    return np.asarray(found[codes])


def _iso(days: IntArray) -> Texts:
    return np.datetime_as_string(days.astype("datetime64[D]")).astype(object)
