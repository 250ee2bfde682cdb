"""Which column of a list of persons holds what: by statement, or by well-known headings."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from estimation.errors import DataError, UsageError
from estimation.words import listed, suggestion

#: What a column may hold, with headings by which it is known in any list.
_HEADINGS = {
    "id": "id, record_id, номер, №",
    "name": "name, full_name, fullname, fio, фио, піб",
    "surname": "surname, last_name, lastname, family_name, familiya, фамилия, прізвище",
    "given": "given, given_name, first_name, firstname, forename, имя, ім'я",
    "patronymic": "patronymic, father_name, fathers_name, middle_name, отчество, по_батькові",
    "birth_date": "birth_date, birthdate, date_of_birth, dob, birthday, дата_рождения, "
    "дата_народження",
    "birth_year": "birth_year, year_of_birth, yob, год_рождения, рік_народження",
    "age": "age, age_at_death, возраст, вік",
    "death_date": "death_date, deathdate, date_of_death, dod, дата_смерти, дата_гибели, "
    "дата_смерті, дата_загибелі",
    "place": "place, region, residence, место, регион, область, регіон",
    "sex": "sex, gender, пол, стать",
}
FIELDS = tuple(_HEADINGS)
_FIELD_OF = {
    heading: field for field, headings in _HEADINGS.items() for heading in headings.split(", ")
}
NAMES = ("name", "surname", "given", "patronymic")

_GAP = re.compile(r"[\s_.\-\u00a0]+")


def positions(
    header: Sequence[str], stated: Mapping[str, str], label: str
) -> tuple[dict[str, int], list[str]]:
    """Return the place of the column of each field, from 0, and notes on columns left out.

    Headings of the file are never repeated: a file without a header has a person there.

    Parameters
    ----------
    header : sequence of str
        Headings as they stand in the file.
    stated : mapping from field to heading
        What the user says; an empty heading says that a field is not to be read.
    label : str
        What messages call the file.

    Raises
    ------
    UsageError
        If a field is not known or two fields are one column.
    DataError
        If headings are repeated, there is no such column, two columns could be one field, or the
        columns that are needed are not there.
    """
    plain = [_plain(heading) for heading in header]
    _refuse_repeated(plain, label)
    found = {
        field: _stated(field, heading, header, plain, label)
        for field, heading in _checked(stated).items()
        if heading
    }
    taken = set(found.values())
    known: dict[str, list[int]] = {}
    for place, heading in enumerate(plain):
        field = _FIELD_OF.get(heading)
        if field is not None and field not in stated and place not in taken:
            known.setdefault(field, []).append(place)
    for field, several in known.items():
        if len(several) > 1:
            raise DataError(
                f"columns {_numbers(several)} could each be {field}", where=f"{label} line 1",
                why="which of them is meant cannot be told",
                remedy=f"state the heading of {field} under columns",
            )  # fmt: skip
        found[field] = several[0]
    _refuse_missing(found, label)
    declined = {
        place for place, one in enumerate(plain)
        if (field := _FIELD_OF.get(one)) in stated and field is not None and not stated[field]
    }  # fmt: skip
    rest = set(range(len(header))) - set(found.values()) - declined
    return found, _unread(sorted(rest), plain, set(FIELDS) - set(stated) - set(found), label)


def _plain(heading: str) -> str:
    return _GAP.sub("_", heading.strip().casefold().replace("\u2019", "'"))


def _numbers(indices: Sequence[int]) -> str:
    return listed((str(place + 1) for place in indices), most=10)


def _checked(stated: Mapping[str, str]) -> dict[str, str]:
    """Return the stated headings in their plain form."""
    for field in stated:
        if field not in FIELDS:
            raise UsageError(
                f"a list of persons has no field {field!r}", where="columns",
                remedy=suggestion(field, FIELDS),
            )  # fmt: skip
        if not isinstance(stated[field], str):
            raise UsageError("must be the heading of a column", where=f"columns.{field}")
    chosen = {field: _plain(heading) for field, heading in stated.items()}
    fields = [field for field in chosen if chosen[field]]
    for field in fields:
        for other in fields[: fields.index(field)]:
            if chosen[field] == chosen[other]:
                raise UsageError(f"{other} and {field} are the same column", where="columns",
                                 remedy="state one of them")  # fmt: skip
    return chosen


def _stated(
    field: str, wanted: str, header: Sequence[str], plain: Sequence[str], label: str
) -> int:
    if wanted in plain:
        return plain.index(wanted)
    near = difflib.get_close_matches(wanted, plain, n=1, cutoff=0.6)
    hint = f"did you mean column {plain.index(near[0]) + 1}? " if near else ""
    raise DataError(
        f"no column of {len(header)} has the heading that is stated for {field}",
        where=f"{label} line 1", remedy=f"{hint}write the heading as in line 1",
    )  # fmt: skip


def _refuse_repeated(plain: Sequence[str], label: str) -> None:
    for place, heading in enumerate(plain):
        if heading and heading in plain[:place]:
            raise DataError(
                f"columns {plain.index(heading) + 1} and {place + 1} have the same heading",
                where=f"{label} line 1", why="which of them is meant cannot be told",
                remedy="rename or remove one",
            )  # fmt: skip


def _refuse_missing(found: Mapping[str, int], label: str) -> None:
    if not found:
        raise DataError(
            "no heading is known", where=f"{label} line 1",
            why="the file has no header, or it calls its columns otherwise",
            remedy=f"add a header, or state the headings of {', '.join(FIELDS)} under columns",
        )  # fmt: skip
    if "name" not in found and "surname" not in found:
        raise DataError(
            "has neither a name nor a surname", where=f"{label} line 1",
            why="records without names cannot be linked",
            remedy="state the heading of name or surname under columns",
        )  # fmt: skip
    if set(found) <= {*NAMES, "id"}:
        raise DataError(
            "has nothing but names", where=f"{label} line 1",
            why="nothing tells persons of the same name apart",
            remedy=f"add or state one of {', '.join(FIELDS[5:])}",
        )  # fmt: skip


def _unread(rest: Sequence[int], plain: Sequence[str], free: set[str], label: str) -> list[str]:
    """Return notes on columns that are not read, with what they may have been meant as."""
    notes = []
    headings = [heading for heading, field in _FIELD_OF.items() if field in free]
    for place in rest:
        near = difflib.get_close_matches(plain[place], headings, n=1, cutoff=0.8)
        if near:
            notes.append(f"{label}: column {place + 1} is not read; its heading is nearly one of "
                         f"{_FIELD_OF[near[0]]}")  # fmt: skip
    if rest:
        one = len(rest) == 1
        notes.append(f"{label}: column{'' if one else 's'} {_numbers(rest)} "
                     f"{'is' if one else 'are'} not read")  # fmt: skip
    return notes
