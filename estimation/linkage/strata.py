"""Strata of records: a field by which the persons of the patterns are counted apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from estimation.errors import DataError, UsageError
from estimation.linkage.tally import Labels

if TYPE_CHECKING:
    import pandas as pd

    from estimation.tables.records import Records

#: Fields that may be strata.
STRATA = ("sex", "place", "death_year", "death_month")

#: More strata are no table any more, and come near to naming persons.
_MOST = 200

#: Records of a place below which its name is not written.
SMALLEST = 5


def labels(records: Sequence[Records], stratum: str | None) -> Labels:
    """Return the stratum of each record of all lists.

    Parameters
    ----------
    records : sequence of Records
    stratum : str, optional
        Of `STRATA`; no strata by default.

    Raises
    ------
    UsageError
        If the field is none of `STRATA`.
    DataError
        If no record has it, or there are too many.
    """
    import pandas as pd

    number = sum(len(one.frame) for one in records)
    if stratum is None:
        return Labels((), np.full(number, -1, dtype=np.int64))
    if stratum not in STRATA:
        raise UsageError(f"no stratum {stratum!r}", where="by", remedy=", ".join(STRATA))
    whole = pd.concat([_texts(one.frame, stratum) for one in records], ignore_index=True)
    if stratum == "place":
        whole = _alike(whole)
    counts = whole[whole != ""].value_counts()
    if counts.empty:
        raise DataError("no record has it", where=f"by {stratum}", remedy="map its column")
    if stratum == "place":
        # rare spellings may be anything, a name among them: they are not written
        counts = counts[counts >= SMALLEST]
    if len(counts) > _MOST:
        raise DataError(
            f"has {len(counts):,} different values", where=f"by {stratum}",
            why=f"more than {_MOST} strata hold too few persons each",
            remedy="group them in the lists first",
        )  # fmt: skip
    names = tuple(sorted(str(one) for one in counts.index))
    place = {name: at for at, name in enumerate(names)}
    return Labels(names, np.asarray(whole.map(place).fillna(-1), dtype=np.int64))


def _texts(frame: pd.DataFrame, stratum: str) -> pd.Series[str]:
    import pandas as pd

    if stratum in ("sex", "place"):
        return frame[stratum].fillna("").astype(str).str.strip().str.casefold()
    days = frame["death_day"].to_numpy(float)
    missing = ~np.isfinite(days)
    dates = np.where(missing, 0, days).astype(np.int64)
    texts = np.datetime_as_string(dates.astype("datetime64[D]")).astype(str)
    whole = pd.Series(texts, dtype="str").str[: 4 if stratum == "death_year" else 7]
    return whole.where(~missing, "")


def _alike(places: pd.Series[str]) -> pd.Series[str]:
    """Return places of all lists in one spelling each: the commonest."""
    from estimation.linkage.spelling import canonical

    keys = canonical(places)
    pairs = places.groupby([keys, places]).size().sort_values(kind="stable")
    commonest = dict(pairs.index)  # of each key the last, which is the commonest
    return keys.map(commonest)
