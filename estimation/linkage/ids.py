"""Names of records that tell nothing: salted hashes.

The salt stays with whoever holds the raw lists.  Without it an id leads nowhere; with it and the
lists it leads to a list and a line.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from estimation.errors import DataError

if TYPE_CHECKING:
    from estimation.tables.records import Records

#: Fewer bytes could be tried through.
_SHORTEST = 16

_BYTES_OF_ID = 12


def read_salt(path: Path, beside: Iterable[Path]) -> bytes:
    """Return the salt of a file; a new file gets a random one.

    Parameters
    ----------
    path : Path
    beside : iterable of Path
        Files of data, lists and results: a salt in the folder of one of them would go with it.

    Raises
    ------
    DataError
        If it stands in a folder of data, is too short, or cannot be read or written.
    """
    folder = path.resolve().parent
    for one in beside:
        if one.resolve().parent == folder:
            raise DataError(
                f"stands in the folder of {one.name}", where=str(path),
                why="who gets the folder gets the key to its ids",
                remedy="keep the salt in a folder of its own",
            )  # fmt: skip
    try:
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32) + "\n")
        salt = path.read_bytes().strip()
    except OSError as error:
        raise DataError(
            f"cannot be read or written: {error.strerror or error}", where=str(path),
            remedy="name a file that may be written",
        ) from None  # fmt: skip
    if len(salt) < _SHORTEST:
        raise DataError(
            f"is a salt of {len(salt)} bytes", where=str(path),
            why=f"fewer than {_SHORTEST} can be tried through until the ids fit",
            remedy="name a file that does not exist: a random salt is written to it",
        )  # fmt: skip
    return salt


def record_id(salt: bytes, name: str, own: str) -> str:
    """Return the id of a record.

    Parameters
    ----------
    salt : bytes
    name : str
        Of its list.
    own : str
        What tells the record from others of the list: its id there, or its line.
    """
    key = hashlib.blake2b(salt, digest_size=32).digest()
    return hashlib.blake2b(f"{name}\0{own}".encode(), key=key, digest_size=_BYTES_OF_ID).hexdigest()


def own_names(records: Sequence[Records]) -> list[tuple[str, str, int]]:
    """Return the list, the id or line there, and the line of all records, one after the other."""
    found = []
    for one in records:
        ids = one.frame["id"].tolist()
        lines = one.frame["line"].tolist()
        found += [
            (one.name, f"id {known}" if known else f"line {line}", int(line))
            for known, line in zip(ids, lines, strict=True)
        ]  # fmt: skip
    return found
