"""Before sampling: do the data fit the graph, and has its start point a density.

The sampler runs compiled code that answers every mistake with the same words.  What can be known
before is told here, by variable, element and value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from estimation.errors import InvalidValueError, NotEstimableError, UndercountError


def element(name: str, index: tuple[int, ...]) -> str:
    """Return how an element of a variable is written: ``deaths[3, 0]``."""
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def plain_data(data: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the data of a graph as arrays of numbers.

    Raises
    ------
    InvalidValueError
        If an element is masked, is no number, or is not finite: the sampler would take a missing
        value for one more unknown.
    """
    found = {}
    for name, value in data.items():
        mask = np.ma.getmaskarray(value) if np.ma.isMaskedArray(value) else None
        if mask is not None and mask.any():
            raise _missing(name, np.argwhere(mask)[0], "is masked")
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise InvalidValueError(f"holds {array.dtype}, not numbers", where=name)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            index = np.argwhere(~np.isfinite(array))[0]
            raise _missing(name, index, f"is {array[tuple(index)]}")
        found[name] = array
    return found


def _missing(name: str, index: np.ndarray, what: str) -> InvalidValueError:
    return InvalidValueError(
        what, where=element(name, tuple(map(int, index))),
        why="a missing value would silently become one more unknown",
        remedy="give the number, or leave the cell out",
    )  # fmt: skip


def fitting_data(
    expected: Mapping[str, np.ndarray], data: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return the data in the types of a compiled graph.

    Parameters
    ----------
    expected : mapping of arrays
        What the graph was compiled with, by name.
    data : mapping of arrays
        What it is to hold now.

    Raises
    ------
    UndercountError
        If a name is missing or unknown, or a shape differs: the model breaks its own promise.
    InvalidValueError
        If a value does not fit the type: it would be cut off silently.
    """
    if set(expected) != set(data):
        odd = sorted(set(expected) ^ set(data))
        raise UndercountError(
            "the graph and its list of data disagree on " + ", ".join(odd), where="graph_data",
            why="numbers would stay those of another model",
        )  # fmt: skip
    found = {}
    for name, value in data.items():
        old = expected[name]
        if old.shape != value.shape:
            raise UndercountError(
                f"has shape {value.shape} where the graph was compiled for {old.shape}", where=name
            )
        with np.errstate(invalid="ignore", over="ignore"):
            cast = value.astype(old.dtype)
        if not np.array_equal(cast, value):
            index = tuple(map(int, np.argwhere(cast != value)[0]))
            raise InvalidValueError(
                f"{value[index]} does not fit {old.dtype}", where=element(name, index),
                why="the graph holds whole numbers there, or smaller ones",
            )  # fmt: skip
        found[name] = cast
    return found


class StartCheck:
    """Log densities of each variable of a graph at a start point.

    Parameters
    ----------
    graph : pymc.Model
        Its shared data are read at each call.
    """

    def __init__(self, graph: Any) -> None:
        import pytensor
        from pymc.logprob.utils import ParameterValueError

        self._broken = ParameterValueError
        self._inputs = [variable.name for variable in graph.value_vars]
        self._raw = {rv.name: graph.rvs_to_values[rv].name for rv in graph.free_RVs}
        self._observed = {rv.name: graph.rvs_to_values[rv] for rv in graph.observed_RVs}
        variables = [*graph.free_RVs, *graph.observed_RVs, *graph.potentials]
        # no optimization: they run a few times only, and compiling them must cost next to nothing;
        # one a variable, because the first that breaks its bounds would hide the others
        self._densities: dict[str, Callable[..., np.ndarray]] = {
            variable.name: pytensor.function(
                graph.value_vars, graph.logp(vars=[variable], sum=False)[0],
                mode="FAST_COMPILE", on_unused_input="ignore",
            )
            for variable in variables
        }  # fmt: skip

    def __call__(self, point: Mapping[str, np.ndarray]) -> None:
        """Check one point.

        Parameters
        ----------
        point : mapping of arrays
            Unconstrained values, by name of the value variable.

        Raises
        ------
        NotEstimableError
            If a variable has no finite log density there; its name, element and value are told.
        """
        values = [point[name] for name in self._inputs]
        for name, density in self._densities.items():
            try:
                with np.errstate(all="ignore"):
                    found = np.asarray(density(*values))
            except self._broken as error:
                bound = str(error).partition("\n")[0]
                raise self._error(name, (), point, f"breaks the bound {bound}") from None
            if not np.isfinite(found).all():
                index = tuple(map(int, np.argwhere(~np.isfinite(found))[0]))
                raise self._error(name, index, point, f"has log density {found[index]}")

    def _error(
        self, name: str, index: tuple[int, ...], point: Mapping[str, np.ndarray], says: str
    ) -> NotEstimableError:
        return NotEstimableError(
            f"{self._value(name, index, point)} {says} where sampling starts",
            where=element(name, index), why="data and priors exclude each other there",
            remedy="check that value, and the numbers of its prior",
        )  # fmt: skip

    def _value(self, name: str, index: tuple[int, ...], point: Mapping[str, np.ndarray]) -> str:
        if name in self._observed:
            return f"the observed {_pick(np.asarray(self._observed[name].eval()), index)}"
        if name in self._raw:
            raw = self._raw[name]
            return f"the start value {_pick(np.asarray(point[raw]), index)} ({raw})"
        return "it"


def _pick(values: np.ndarray, index: tuple[int, ...]) -> str:
    """Return one element in words, or the first few if a density stands for all of them."""
    if values.ndim == len(index):
        return f"{float(values[index]):g}"
    few = ", ".join(f"{float(value):g}" for value in values.ravel()[:3])
    return few + (", ..." if values.size > 3 else "")
