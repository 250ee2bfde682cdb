"""Open the file of a list of persons: encodings, separators and rows, without showing a cell."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from estimation.errors import DataError, UsageError
from estimation.files import unguarded
from estimation.tables.record_columns import positions
from estimation.tables.record_rows import Rows, counted, places
from estimation.words import suggestion

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Callable

#: What may be stated.
ENCODINGS = ("utf-8", "utf-16", "cp1251", "cp1252", "cp1250", "cp866", "koi8-r", "koi8-u")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_FILES = (
    (b"PK\x03\x04", "is a spreadsheet or an archive", "save it as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "is an old spreadsheet", "save it as CSV UTF-8"),
    (b"PAR1", "is Parquet", "give it the ending .parquet"),
    (b"\x1f\x8b", "is compressed", "give it the ending .csv.gz"),
)
#: Rows that are held as Python objects at a time.
_CHUNK = 50_000


def open_rows(
    path: Path, columns: Mapping[str, str], encoding: str | None
) -> tuple[Rows, str, list[str]]:
    """Return the columns of a list that are read, the digest of the file, and notes.

    Parameters
    ----------
    path : Path
        A file that ends in .csv, .csv.gz or .parquet.
    columns : mapping from field to heading
        What the user states.
    encoding : str, optional
        What the user states of a CSV; by default UTF-8, or UTF-16 with its mark.

    Raises
    ------
    DataError, UsageError
        If it cannot be read as it is, or what is stated is not so.
    """
    name = path.name.lower()
    if not name.endswith((".csv", ".csv.gz", ".parquet")):
        raise DataError(
            "is no list that can be read", where=str(path),
            remedy="give a file that ends in .csv, .csv.gz or .parquet",
        )  # fmt: skip
    if not path.is_file():
        raise DataError("there is no such file", where=str(path), remedy="check the path")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from None
    digest = hashlib.sha256(data).hexdigest()
    if name.endswith(".parquet"):
        if encoding is not None:
            raise UsageError("an encoding is stated for Parquet, which has its own",
                             where=path.name, remedy="remove it")  # fmt: skip
        from estimation.tables.record_parquet import read_parquet

        rows, notes = read_parquet(data, path.name, columns)
        return rows, digest, notes
    if name.endswith(".gz"):
        data = _unpacked(data, path.name)
    text = io.TextIOWrapper(io.BytesIO(data), _encoding(data, encoding, path.name), newline="")
    rows, notes = _read_csv(text, path.name, columns)
    return rows, digest, notes


def _unpacked(data: bytes, label: str) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        pass
    raise DataError("cannot be unpacked", where=label, why="it is cut off or damaged",
                    remedy="compress it anew")  # fmt: skip


def _encoding(data: bytes, stated: str | None, label: str) -> str:
    """Return the encoding of a CSV, which is certain or stated, never guessed."""
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise DataError("is empty", where=label, remedy="give a header and one row a record")
    for magic, what, remedy in _OTHER_FILES:
        if data.startswith(magic):
            raise DataError(f"{what}, not CSV", where=label, remedy=remedy)
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if marked == "":
        raise DataError("is UTF-32", where=label, remedy="save it as UTF-8")
    wanted = _known(stated)
    if marked and wanted and wanted not in marked:
        raise DataError(
            f"begins with the mark of {marked.removesuffix('-sig')}, but {wanted} is stated",
            where=label, remedy="state no encoding",
        )  # fmt: skip
    encoding = marked or wanted or "utf-8"
    if encoding == "utf-8" and b"\0" in data[:4096]:
        raise DataError("holds zero bytes", where=label, why="it may be UTF-16 without its mark",
                        remedy="save it as UTF-8, or state the encoding utf-16")  # fmt: skip
    broken = _first_broken(data, encoding)
    if broken is not None:
        line = data.count(b"\n", 0, broken) + 1
        likely = _likely(data) if encoding.startswith("utf-8") else ""
        may = f"it looks like {likely}" if likely else ""
        remedy = f"save it as UTF-8{f', or state the encoding {likely} if it is' if likely else ''}"
        called = encoding.removesuffix("-sig").upper()
        raise DataError(f"is not {called}", where=f"{label} line {line}", why=may, remedy=remedy)
    if (
        not encoding.startswith("utf")
        and not data.isascii()
        and _first_broken(data, "utf-8") is None
    ):
        raise DataError(f"is UTF-8, but {wanted} is stated", where=label,
                        why="letters would become others", remedy="state no encoding")  # fmt: skip
    return encoding


def _known(stated: str | None) -> str | None:
    if stated is None:
        return None
    try:
        name = codecs.lookup(stated).name
    except (LookupError, TypeError):
        name = ""
    known = {codecs.lookup(one).name: one for one in ENCODINGS}
    if name not in known:
        raise UsageError(f"{stated!r} is no encoding that is read", where="encoding",
                         remedy=suggestion(str(stated), ENCODINGS))  # fmt: skip
    return known[name]


def _first_broken(data: bytes, encoding: str) -> int | None:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start
    return None


def _likely(data: bytes) -> str:
    """Return the encoding of Cyrillic in which the commonest letters are common."""
    share = {}
    for name in ("cp1251", "koi8-r", "cp866"):
        text = data[:1_000_000].decode(name, errors="replace").lower()
        letters = sum(not one.isascii() for one in text)
        share[name] = sum(text.count(one) for one in "оаеин") / max(letters, 1)
    best = max(share, key=lambda name: share[name])
    return best if share[best] > 0.25 else ""


def _read_csv(
    text: io.TextIOWrapper, label: str, columns: Mapping[str, str]
) -> tuple[Rows, list[str]]:
    import pandas as pd

    reader = csv.reader(text, strict=True)
    header = _next(reader, label)
    if not header or not any(cell.strip() for cell in header):
        raise DataError("has no header", where=f"{label} line 1", remedy="write one")
    _refuse_separator(header, label)
    found, notes = positions([unguarded(cell) for cell in header], columns, label)
    chunks: dict[str, list[pd.Series[str]]] = {field: [] for field in found}
    lines: list[int] = []
    short: list[int] = []
    long: list[int] = []
    held: list[list[str]] = []

    def put() -> None:
        for field, place in found.items():
            cells = [unguarded(row[place]) for row in held]
            chunks[field].append(pd.Series(cells, dtype="str"))
        held.clear()

    _collect(reader, label, len(header), held, lines, short, long, put)
    put()
    for wrong, what, remedy in (
        (long, "more", "put cells that hold commas into quotation marks"),
        (short, "fewer", "write all cells of a row"),
    ):
        if wrong:
            raise DataError(
                f"{counted(len(wrong), 'row')} with {what} than the {len(header)} cells of the "
                "header", where=f"{label} {places(np.array(wrong), 'line')}", remedy=remedy,
            )  # fmt: skip
    if not lines:
        raise DataError("has a header but no rows", where=label, remedy="give one row a record")
    frame = pd.DataFrame(
        {field: pd.concat(parts, ignore_index=True) for field, parts in chunks.items()}
    )
    numbers = {field: place + 1 for field, place in found.items()}
    return Rows(frame, np.array(lines, np.int64), numbers, label, "line"), notes


def _collect(
    reader: Reader, label: str, width: int, held: list[list[str]], lines: list[int],
    short: list[int], long: list[int], put: Callable[[], None],
) -> None:  # fmt: skip
    """Hand rows on in chunks, with the lines at which they begin."""
    while True:
        started = reader.line_num + 1
        row = _next(reader, label)
        if row is None:
            return
        if len(row) != width:
            if row:  # an empty line is no row
                (long if len(row) > width else short).append(started)
            continue
        held.append(row)
        lines.append(started)
        if len(held) == _CHUNK:
            put()


def _next(reader: Reader, label: str) -> list[str] | None:
    started = reader.line_num + 1
    try:
        return next(reader, None)
    except csv.Error:
        pass
    raise DataError(
        "cannot be read as CSV", where=f"{label} line {started}",
        why="a quotation mark is not closed, or text follows a closed one",
        remedy="write a quotation mark inside of a quoted cell twice",
    )  # fmt: skip


def _refuse_separator(header: list[str], label: str) -> None:
    line = ",".join(header)
    for mark, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if line.count(mark) > line.count(","):
            raise DataError(f"has {called} between its cells", where=label,
                            remedy="save it with commas")  # fmt: skip
    if len(header) == 1:
        raise DataError(
            "has one column", where=label,
            why="commas, semicolons and tabs were looked for; names alone tell nobody apart",
            remedy="add columns, such as the date of birth",
        )  # fmt: skip
