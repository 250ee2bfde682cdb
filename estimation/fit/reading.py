"""How compiled densities read their data: straight, instead of by a loop that numba unrolls.

nutpie hands a compiled density the addresses and shapes of all data.  The code by which it reads
them is a loop over arrays of different types; to unroll it numba looks through the function again
for each array, which took most of the time of compiling.  Here it is one line an array.  The
density is given the same arrays of the same types, and draws stay the same to the last bit.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

#: What is replaced, and the parameters that it must have.
_NAME = "make_extraction_fn"
_PARAMETERS = ["inner", "shared_data", "shared_var_keys", "record_dtype"]

#: Bytes of an address and of an extent.
_WORD = np.dtype(np.uintp).itemsize

_lock = threading.Lock()


@contextlib.contextmanager
def straight_reading() -> Iterator[None]:
    """Have nutpie compile in this block code that reads data straight.

    A nutpie that does it in another way than the one known here is left alone.
    """
    from nutpie import compile_pymc

    theirs = getattr(compile_pymc, _NAME, None)
    if theirs is None or list(inspect.signature(theirs).parameters) != _PARAMETERS:
        yield
        return
    with _lock:
        setattr(compile_pymc, _NAME, _reader)
        try:
            yield
        finally:
            setattr(compile_pymc, _NAME, theirs)


def _reader(
    inner: Callable[..., Any], shared_data: Mapping[str, np.ndarray],
    shared_var_keys: Sequence[str], record_dtype: np.dtype[Any],
) -> Callable[..., Any]:  # fmt: skip
    """Return the function of a point and of the address of the record that calls the density.

    Parameters
    ----------
    inner : callable
        The density of a point and all data.
    shared_data : mapping of arrays
        Data by key: their number of axes and their types are compiled in.
    shared_var_keys : sequence of str
        Keys, in the order that the density wants.
    record_dtype : dtype
        Where addresses and shapes stand.
    """
    import numba
    from numba.np.numpy_support import carray

    address, extent, read_only = _intrinsics()
    words: dict[str, Any] = {
        "inner": inner, "address": address, "extent": extent, "read_only": read_only,
        "carray": carray,
    }  # fmt: skip
    lines, held = [], ["x"]
    for number, key in enumerate(shared_var_keys):
        data = shared_data[key]
        first = _offset(record_dtype, "shared", "shape", key)
        shape = "".join(f"extent(base, {first + _WORD * axis}), " for axis in range(data.ndim))
        place = f"address(base, {_offset(record_dtype, 'shared', 'data', key)})"
        words[f"type_{number}"] = data.dtype
        lines.append(f"    held_{number} = read_only(carray({place}, ({shape}), type_{number}))")
        held.append(f"held_{number}")
    source = ["def extract(x, base):", *lines, f"    return inner({', '.join(held)})"]
    exec("\n".join(source), words)
    return numba.njit(inline="always")(words["extract"])


def _offset(record: np.dtype[Any], *path: str) -> int:
    """Return where a field of a field begins, in bytes."""
    offset = 0
    for name in path:
        assert record.fields is not None
        record, begins = record.fields[name][:2]
        offset += int(begins)
    return offset


@functools.cache
def _intrinsics() -> tuple[Any, Any, Any]:
    """Return how compiled code reads an address, an extent, and takes an array as read-only."""
    from numba import types
    from numba.extending import intrinsic

    def loading(kind: Any) -> Any:
        @intrinsic
        def load(typing_context: Any, base: Any, offset: Any) -> Any:
            if not isinstance(offset, types.IntegerLiteral):
                return None  # numba asks again with the number itself

            def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
                bytes_on = context.get_constant(types.intp, offset.literal_value)
                place = builder.gep(arguments[0], [bytes_on])
                pointer = context.get_value_type(kind).as_pointer()
                return builder.load(builder.bitcast(place, pointer))

            return kind(base, offset), code

        return load

    @intrinsic
    def read_only(typing_context: Any, array: Any) -> Any:
        frozen = array.copy(readonly=True)

        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            cast = context.cast(builder, arguments[0], array, frozen)
            context.nrt.incref(builder, frozen, cast)
            return cast

        return frozen(array), code

    return loading(types.voidptr), loading(types.intp), read_only
