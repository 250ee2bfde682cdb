"""Given names and how often they are borne, and the father's names made from them.

Frequencies are rounded facts about a population of men; no name stands beside a surname.
"""

# ruff: noqa: RUF001 -- letters that look alike are what this is about
from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: An array of texts.
Texts = NDArray[Any]

PEOPLES = ("russian", "tatar", "caucasian", "buryat")

#: Name, how many men of 1,000 bear it, how many of their fathers do.
_MEN = {
    "russian": """
александр 118 96, сергей 92 86, алексей 72 44, андрей 66 34, дмитрий 62 22, владимир 54 92,
евгений 46 28, николай 38 74, иван 36 34, максим 34 4, михаил 33 34, виктор 28 54, юрий 26 42,
роман 26 6, денис 24 3, антон 20 3, олег 22 22, игорь 28 26, павел 24 16, артём 22 2,
виталий 18 12, анатолий 16 42, василий 18 32, вадим 14 8, константин 13 10, никита 12 1,
кирилл 10 2, илья 11 4, валерий 15 30, станислав 9 6, вячеслав 16 20, руслан 14 4, геннадий 9 22,
данил 7 1, егор 6 2, борис 5 16, леонид 6 16, григорий 7 10, эдуард 8 6, ярослав 5 2,
степан 4 4, владислав 14 6, пётр 7 20, георгий 5 6, фёдор 5 8, марк 2 1, тимур 5 1,
артур 6 1, герман 2 3, глеб 2 1, даниил 6 1, богдан 2 1, матвей 2 2, семён 4 4, яков 1 4, лев 2 3,
арсений 2 1, тимофей 3 2, давид 2 1, родион 2 1, филипп 2 1, всеволод 1 1, святослав 2 1,
вениамин 1 3, аркадий 1 6, ефим 1 2, захар 2 1, прохор 1 1, савелий 1 1, игнат 1 1, назар 1 1,
альберт 2 4, рудольф 1 2, валентин 4 14, иннокентий 1 2, иосиф 1 2, кузьма 1 2, ростислав 1 1,
афанасий 1 2, лука 1 1, трофим 1 1, тарас 1 2, остап 1 1, анисим 1 1, климент 1 1, эмиль 1 1""",
    "tatar": """
ильдар 50 20, рустам 60 10, марат 55 25, ринат 52 25, айдар 40 8, рамиль 48 24, ильнур 36 4,
азат 30 12, фанис 18 16, дамир 30 6, ильшат 24 8, булат 22 5, рафаэль 14 18, наиль 30 30,
тагир 18 14, радик 30 16, фарит 20 40, вилдан 10 12, салават 20 20, ришат 24 22, айрат 44 14,
ирек 16 10,
альфред 6 8, хамит 6 24, мидхат 4 18, флюр 8 16, венер 10 10, ахмет 5 16, рашит 16 40,
камиль 16 20""",
    "caucasian": """
магомед 120 110, ахмед 60 50, руслан 50 30, шамиль 44 26, рамзан 34 22, мурад 36 16, ибрагим 36 40,
али 40 36, муса 28 32, иса 22 26, умар 26 24, хасан 24 30, хусейн 18 22, арсен 30 14, заур 26 12,
аслан 32 20, тимур 26 6, магомедрасул 10 6, гаджи 18 16, омар 16 20, юсуп 16 20, адам 22 16,
ислам 26 6, апти 8 10, лечи 8 12, султан 18 24, беслан 14 8, анзор 14 6, казбек 14 14, мустафа 8 12,
абдул 10 20, сайпудин 6 10, расул 22 10, эльдар 14 6, абубакар 8 4""",
    "buryat": """
баир 90 50, бато 50 40, булат 40 30, жаргал 50 30, зорикто 46 14, солбон 44 26, цырен 46 60,
даши 30 50, бэлик 20 16, тумэн 24 10, аюр 24 16, баярто 26 16, эрдэм 34 6, чингис 40 8,
доржи 30 60, буянто 18 20, айдыс 24 6, мерген 30 12,
сылдыс 20 8, начын 18 6, аян 22 4, орлан 20 8, бадма 16 30""",
}  # fmt: skip

_WOMEN = {
    "russian": """
елена 90, ольга 84, наталья 80, татьяна 76, ирина 70, светлана 62, анна 60, екатерина 62,
мария 50, анастасия 44, юлия 50, марина 36, людмила 34, галина 28, надежда 26, любовь 20,
оксана 26, виктория 24, ксения 18, дарья 22, вера 14, лариса 16, алёна 14, яна 10, кристина 14,
софья 6, полина 8, алла 6, инна 6, евгения 14""",
    "tatar": """
гульнара 60, алсу 40, лилия 50, эльвира 40, резеда 24, айгуль 36, фарида 20, рамиля 16""",
    "caucasian": """
патимат 60, аминат 44, зарема 30, мадина 50, хадижат 20, лейла 16, фатима 36, зулай 10""",
    "buryat": "сэсэг 40, туяна 40, оюна 36, дарима 40, цырена 12, чодураа 20, аяна 24",
}  # fmt: skip

#: Names whose father's name follows no rule: the stem before -ич and before -на.
_IRREGULAR = {
    "лев": ("львович", "львовна"), "павел": ("павлович", "павловна"),
    "пётр": ("петрович", "петровна"), "яков": ("яковлевич", "яковлевна"),
    "михаил": ("михайлович", "михайловна"), "илья": ("ильич", "ильинична"),
    "никита": ("никитич", "никитична"), "кузьма": ("кузьмич", "кузьминична"),
    "лука": ("лукич", "лукинична"), "дмитрий": ("дмитриевич", "дмитриевна"),
    "георгий": ("георгиевич", "георгиевна"),
}  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class GivenNames:
    """All given names in small Cyrillic letters; persons hold places in these arrays.

    Parameters
    ----------
    spelled : (n_name,) texts
        The names.
    people : (n_name,) integers
        Place in `PEOPLES` of the people that bears it.
    of_women : (n_name,) booleans
        Whether women bear it.
    weight, weight_of_fathers : (n_name,) floats
        How often it is borne by the persons, and by their fathers.
    sons, daughters : (n_name,) texts
        The father's name made from it; empty for names of women.
    """

    spelled: Texts
    people: NDArray[np.int64]
    of_women: NDArray[np.bool_]
    weight: NDArray[np.float64]
    weight_of_fathers: NDArray[np.float64]
    sons: Texts
    daughters: Texts

    def drawn(
        self, people: NDArray[np.int64], women: NDArray[np.bool_], rng: np.random.Generator,
        *, fathers: bool = False,
    ) -> NDArray[np.int64]:  # fmt: skip
        """Return places of names drawn for persons, (n_person,).

        Parameters
        ----------
        people : (n_person,) integers
            The people of each.
        women : (n_person,) booleans
            Who is a woman.
        rng : numpy.random.Generator
            Randomness.
        fathers : bool
            Draw the names of fathers.
        """
        found = np.zeros(len(people), dtype=np.int64)
        weights = self.weight_of_fathers if fathers else self.weight
        position = rng.random(len(people))
        for group in range(len(PEOPLES)):
            for woman in (False, True):
                rows = np.flatnonzero((people == group) & (women == woman))
                names = np.flatnonzero((self.people == group) & (self.of_women == woman))
                found[rows] = names[places_drawn(weights[names], position[rows])]
        return found


def places_drawn(weights: NDArray[np.float64], position: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the places to which positions between 0 and 1 fall on a line cut by weights."""
    cuts = np.cumsum(weights)
    places = np.searchsorted(cuts, position * cuts[-1], side="right")
    return np.asarray(np.minimum(places, len(cuts) - 1))


def fathers_name(name: str) -> tuple[str, str]:
    """Return the father's name of a son and of a daughter, made from a given name."""
    if name in _IRREGULAR:
        return _IRREGULAR[name]
    if name.endswith("ий"):
        stem = name[:-2] + "ье"
    elif name.endswith(("й", "ь")):
        stem = name[:-1] + "е"
    elif name[-1] in "аеиуэюяо":
        # names of the east keep their vowel, only -o and -i of some give way
        stem = name[:-1] + "о" if name.endswith("о") else name + "е"
    else:
        stem = name + ("е" if name[-1] in "жшчщц" else "о")
    return stem + "вич", stem + "вна"


def _rows(table: str) -> list[tuple[str, list[float]]]:
    cells = [row.split() for row in table.replace("\n", " ").split(",")]
    return [(name, [float(number) for number in numbers]) for name, *numbers in cells]


@functools.cache
def given_names() -> GivenNames:
    """Return all given names."""
    rows: list[tuple[str, int, bool, float, float]] = []
    for place, people in enumerate(PEOPLES):
        rows += [(name, place, False, often, of_fathers)
                 for name, (often, of_fathers) in _rows(_MEN[people])]  # fmt: skip
        rows += [(name, place, True, numbers[0], 0.0) for name, numbers in _rows(_WOMEN[people])]
    made = [("", "") if woman else fathers_name(name) for name, _, woman, _, _ in rows]
    return GivenNames(
        np.array([row[0] for row in rows], dtype=object),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=bool),
        np.array([row[3] for row in rows]),
        np.array([row[4] for row in rows]),
        np.array([one[0] for one in made], dtype=object),
        np.array([one[1] for one in made], dtype=object),
    )
