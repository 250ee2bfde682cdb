"""The file of a kept result: a header and arrays under one hash, so that damage is always seen.

Layout: a line that names the format, a line with the SHA-256 of all that follows, a line of JSON,
then the arrays in NumPy's own format, in the order that the JSON names.  No pickle is read or
written.  Equal results give equal bytes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from typing import Any

import numpy as np

from estimation.fit.key import canonical, content_key

_FORMAT = b"undercount-record 1\n"


@dataclasses.dataclass(frozen=True, eq=False)
class Record:
    """A result as plain data.

    Parameters
    ----------
    made_of : dict
        Everything that the numbers depend on; its hash is the key.
    meta : dict
        What goes with the arrays; must be JSON.
    arrays : dict of arrays
        Numbers, truth values, texts or dates; no objects.
    """

    made_of: dict[str, Any]
    meta: dict[str, Any]
    arrays: dict[str, np.ndarray]

    @property
    def key(self) -> str:
        """Return the content key."""
        return content_key(**self.made_of)

    def to_bytes(self) -> bytes:
        """Return the contents of the file."""
        body = io.BytesIO()
        header = {
            "key": self.key,
            "made_of": canonical(self.made_of),
            "meta": self.meta,
            "arrays": list(self.arrays),
        }
        body.write(json.dumps(header, separators=(",", ":")).encode() + b"\n")
        for values in self.arrays.values():
            np.lib.format.write_array(body, np.asarray(values, order="C"), allow_pickle=False)
        written = body.getbuffer()  # a view: tables of many cells fill the memory
        digest = hashlib.sha256(written).hexdigest().encode()
        return b"".join((_FORMAT, digest, b"\n", written))


class DamagedRecordError(Exception):
    """The bytes are not the record that was asked for; the message says why."""


def from_bytes(contents: bytes, key: str) -> Record:
    """Return the record in a file, if it is whole and the one that was asked for.

    Parameters
    ----------
    contents : bytes
        What the file holds.
    key : str
        The content key of the record that should be there.

    Raises
    ------
    DamagedRecordError
        If the file is cut, changed, of another kind, or holds another result.
    """
    if not contents.startswith(_FORMAT):
        raise DamagedRecordError("it is no record of this format")
    start = contents.find(b"\n", len(_FORMAT)) + 1
    view = memoryview(contents)  # copies of large tables would fill the memory
    stated = bytes(view[len(_FORMAT) : max(start - 1, 0)])
    if not start or hashlib.sha256(view[start:]).hexdigest().encode() != stated:
        raise DamagedRecordError("its contents do not match their hash")
    # from here on the bytes are those that `to_bytes` wrote, or those of somebody who can hash
    end = contents.find(b"\n", start)
    head, rest = view[start:end], view[end + 1 :]
    try:
        header = json.loads(bytes(head))
        if header["key"] != key or content_key(**header["made_of"]) != key:
            raise DamagedRecordError("it holds another result than its name says")
        stream = io.BytesIO(rest)
        arrays = {
            name: np.lib.format.read_array(stream, allow_pickle=False) for name in header["arrays"]
        }
        return Record(header["made_of"], header["meta"], arrays)
    except (ValueError, KeyError, TypeError, EOFError) as error:
        raise DamagedRecordError(f"it cannot be read ({type(error).__name__})") from None
