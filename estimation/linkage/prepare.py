"""Records of all lists in one table, spelled alike, ready to be compared.

The table holds names: it lives in memory, for the time of the linkage, and is never written.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.errors import NotEstimableError
from estimation.linkage.spelling import canonical, split_name

if TYPE_CHECKING:
    import pandas as pd

    from estimation.tables.records import Records

#: What is compared, in order.
FIELDS = ("surname", "given", "patronymic", "birth", "death", "place", "sex")

#: How much likelier a name must be in the other place before surname and given name are swapped.
_SWAP_ODDS = 20.0


@dataclasses.dataclass(frozen=True, eq=False)
class Prepared:
    """Records of all lists, one after the other.

    Parameters
    ----------
    frame : DataFrame
        Not shown: it holds names.
        Columns surname, given, patronymic, place, sex (text or missing), birth_day, death_day
        (days since 1970), birth_year, birth_text (ISO), birth_swapped (day and month exchanged).
    lists : (record,) integers
        Place of the list of each record.
    names : tuple of str
        Names of the lists.
    filled : (record, field) booleans
        Whether a record has each of `fields`.
    fields : tuple of str
        Those of `FIELDS` that at least two records have.
    swapped : int
        Records in which surname and given name were exchanged.
    """

    frame: pd.DataFrame = dataclasses.field(repr=False)
    lists: NDArray[np.int64]
    names: tuple[str, ...]
    filled: NDArray[np.bool_]
    fields: tuple[str, ...]
    swapped: int

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Return the number of records of each list, (list,)."""
        return np.bincount(self.lists, minlength=len(self.names))

    def __len__(self) -> int:
        return len(self.lists)


def prepare(records: Sequence[Records]) -> Prepared:
    """Return the records of several lists in one table."""
    import pandas as pd

    whole = pd.concat([one.frame for one in records], ignore_index=True)
    lists = np.repeat(np.arange(len(records)), [len(one.frame) for one in records])
    frame, swapped = _names(whole)
    days = {name: whole[name].to_numpy(float) for name in ("birth_day", "death_day")}
    frame["birth_year"] = _whole(whole["birth_year"].to_numpy(float))
    frame["birth_day"] = _whole(days["birth_day"])
    frame["death_day"] = _whole(days["death_day"])
    text, swapped_day = _birth_texts(days["birth_day"])
    frame["birth_text"] = text
    frame["birth_swapped"] = _whole(swapped_day)
    frame["place"] = _text(canonical(whole["place"]))
    frame["sex"] = _text(whole["sex"])
    there = {
        "birth": frame["birth_year"].notna(), "death": frame["death_day"].notna(),
        **{name: frame[name].notna() for name in FIELDS if name in frame.columns},
    }  # fmt: skip
    fields = tuple(name for name in FIELDS if int(there[name].sum()) > 1)
    if not fields:
        raise NotEstimableError(
            "no two records have a field in common", where="linkage",
            why="nothing can be compared", remedy="map more columns",
        )  # fmt: skip
    filled = np.column_stack([there[name].to_numpy(bool) for name in fields])
    names = tuple(one.name for one in records)
    return Prepared(frame, lists, names, filled, fields, swapped)


def _names(whole: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    import pandas as pd

    parts = split_name(whole["name"])
    found = {}
    for part in ("surname", "given", "patronymic"):
        stated = whole[part]
        found[part] = canonical(stated.where(stated != "", parts[part]))
    frame = pd.DataFrame(found)
    swap = _in_wrong_place(frame["surname"], frame["given"])
    frame.loc[swap, ["surname", "given"]] = frame.loc[swap, ["given", "surname"]].to_numpy()
    for part in ("surname", "given", "patronymic"):
        frame[part] = _text(frame[part])
    return frame, int(swap.sum())


def _in_wrong_place(surname: pd.Series[str], given: pd.Series[str]) -> NDArray[np.bool_]:
    """Return where surname and given name have changed places, by how often either stands where."""
    import pandas as pd

    size = len(surname)
    both = pd.concat([surname, given], ignore_index=True)
    codes, different = pd.factorize(both)
    as_surname = np.bincount(codes[:size], minlength=len(different)) + 0.5
    as_given = np.bincount(codes[size:], minlength=len(different)) + 0.5
    towards_given = np.log(as_given / as_surname)
    odds = towards_given[codes[:size]] - towards_given[codes[size:]]
    there = (surname != "").to_numpy(bool) & (given.str.len() > 1).to_numpy(bool)
    return np.asarray(there & (odds > np.log(_SWAP_ODDS)))


def _text(values: pd.Series[str]) -> pd.Series[str]:
    """Return text with nothing where it is empty."""
    return values.astype(object).where(values != "", None)


def _whole(values: NDArray[np.float64]) -> pd.arrays.IntegerArray:
    import pandas as pd

    missing = ~np.isfinite(values)
    return pd.arrays.IntegerArray(np.where(missing, 0, values).astype(np.int32), missing)


def _birth_texts(days: NDArray[np.float64]) -> tuple[pd.Series[str], NDArray[np.float64]]:
    """Return dates as text, and the days with day and month exchanged (nan if there is none)."""
    import pandas as pd

    missing = ~np.isfinite(days)
    dates = np.where(missing, 0, days).astype("datetime64[D]")
    codes, different = pd.factorize(dates)
    text = pd.Series(np.datetime_as_string(different), dtype=object)[codes].reset_index(drop=True)
    years, months = dates.astype("datetime64[Y]"), dates.astype("datetime64[M]")
    day = (dates - months).astype(int) + 1
    month = (months - years).astype(int) + 1
    possible = ~missing & (day <= 12) & (day != month)
    other = years.astype("datetime64[M]") + (np.where(possible, day, 1) - 1)
    swapped = other.astype("datetime64[D]") + (month - 1)
    exchanged = np.where(possible, swapped.astype(int), np.nan)
    return text.where(~missing, None), exchanged
