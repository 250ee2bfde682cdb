"""The session: compile a graph once per structure and process, then swap data and priors.

Whoever asks, models of one structure share a compilation.  A structure is what the model says of
itself, and the shapes of its data.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from estimation.errors import UndercountError
from estimation.fit.preflight import StartCheck, fitting_data, plain_data
from estimation.fit.reading import straight_reading
from estimation.fit.stop import asked_to_stop
from estimation.places import set_compile_folder
from estimation.progress import Chain, Watch

if TYPE_CHECKING:
    import pymc
    from nutpie.compile_pymc import CompiledPyMCModel

#: Seconds between looks at whether sampling is to stop.
_LOOK = 0.2

#: Start points looked at when the sampler could not start from its own.
_TRIALS = 20


class Graphed(Protocol):
    """What the session needs of a model."""

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""

    def graph(self) -> pymc.Model:
        """Return the PyMC model; every number in it is ``pm.Data``."""

    def graph_data(self) -> dict[str, Any]:
        """Return the values of all ``pm.Data``, by name."""


class Compilation:
    """A compiled structure, and the shared data of its graph.

    Parameters
    ----------
    model : Graphed
        Any model of the structure.
    """

    def __init__(self, model: Graphed) -> None:
        import nutpie
        from pymc.initial_point import make_initial_point_fn

        graph = model.graph()
        self._shared = {variable.name: variable for variable in graph.data_vars}
        self._held = {name: np.asarray(v.get_value()) for name, v in self._shared.items()}
        # numbers that the graph itself has cut off must not be compiled in
        fitting_data(self._held, plain_data(model.graph_data()))
        self._lock = threading.Lock()  # start points and checks read the shared data
        self._check = StartCheck(graph)
        self._center = make_initial_point_fn(model=graph, jitter_rvs=set(), return_transformed=True)
        self._names = [variable.name for variable in graph.value_vars]
        with straight_reading():
            self._sampler = nutpie.compile_pymc_model(graph)
        used = {variable.name for variable in self._sampler.shared_var_keys}
        self._swapped = [name for name in self._shared if name in used]

    def holding(self, data: Mapping[str, np.ndarray]) -> CompiledPyMCModel:
        """Return a sampler that holds data, and starts where those data say.

        nutpie swaps the data of the density only; start points would be those of the model that
        was compiled first, and results would depend on the order of fits.
        """
        held = fitting_data(self._held, data)
        sampler = self._sampler.with_data(**{name: held[name] for name in self._swapped})
        return dataclasses.replace(
            sampler, initial_point_func=self._with(held, self._sampler.initial_point_func)
        )

    def check_start(self, data: Mapping[str, np.ndarray], *, jittered: bool = False) -> None:
        """Refuse data under which a variable has no density where sampling starts."""
        held = fitting_data(self._held, data)
        start = self._with(held, self._sampler.initial_point_func)
        check = self._with(held, self._check)
        if not jittered:
            check(self._with(held, self._center)(0))
            return
        for seed in range(_TRIALS):
            check(self._unflatten(start(seed)))

    def _with(
        self, held: Mapping[str, np.ndarray], function: Callable[[Any], Any]
    ) -> Callable[[Any], Any]:
        def call(argument: Any) -> Any:
            with self._lock:
                for name, value in held.items():
                    self._shared[name].set_value(value)
                return function(argument)

        return call

    def _unflatten(self, flat: np.ndarray) -> dict[str, np.ndarray]:
        center, found, used = self._center(0), {}, 0
        for name in self._names:
            size = int(np.asarray(center[name]).size)
            found[name] = flat[used : used + size].reshape(np.shape(center[name]))
            used += size
        return found


class Session:
    """Compilations by structure.

    Attributes
    ----------
    compilations : int
        How many structures were compiled.
    """

    def __init__(self) -> None:
        self._compiled: dict[tuple[Any, ...], Compilation] = {}
        self._lock = threading.Lock()

    @property
    def compilations(self) -> int:
        """Return how many structures were compiled."""
        return len(self._compiled)

    def compilation(self, model: Graphed) -> Compilation:
        """Return the compilation of the structure of a model; made at first use."""
        shapes = {name: np.shape(value) for name, value in model.graph_data().items()}
        key = (type(model).__qualname__, model.structure(), tuple(sorted(shapes.items())))
        with self._lock:
            if key not in self._compiled:
                set_compile_folder()
                self._compiled[key] = Compilation(model)
            return self._compiled[key]

    def sample(
        self, model: Graphed, *, draws: int, tune: int, chains: int, cores: int, seed: int,
        progress: Watch | None = None, target_accept: float = 0.8,
    ) -> Any:  # fmt: skip
        """Sample the graph of a model by NUTS.

        Parameters
        ----------
        model : Graphed
        draws, tune, chains : int
            Kept draws and warm-up draws a chain, and chains.
        cores : int
            Threads; the draws do not depend on it.
        seed : int
            0 to 2^32 - 1.
        progress : callable, optional
            Told how far each chain is, a few times a second; see `estimation.progress`.
        target_accept : float
            Mean acceptance that the step size is tuned for.

        Returns
        -------
        xarray.DataTree
            nutpie's.

        Raises
        ------
        InvalidValueError
            If data are missing, masked or do not fit the graph.
        NotEstimableError
            If a variable has no density where sampling starts.
        UndercountError
            If the sampler fails for another reason.
        """
        data = plain_data(model.graph_data())
        compilation = self.compilation(model)
        compilation.check_start(data)
        import nutpie

        options: dict[str, Any] = {} if progress is None else {"progress_callback": _told(progress)}
        running = None
        try:
            running = nutpie.sample(
                compilation.holding(data), draws=draws, tune=tune, chains=chains,
                cores=min(cores, chains), seed=seed, target_accept=target_accept,
                save_warmup=False, progress_bar=False,
                blocking=False, **options,
            )  # fmt: skip
            return _wait(running)
        except RuntimeError:
            # the words of the compiled code say nothing to a reader: find the culprit ourselves
            compilation.check_start(data, jittered=True)
            raise UndercountError(
                "the sampler stopped although every variable has a density where it starts",
                where="nuts", why="its gradient may not be finite there",
                remedy="check the priors for values at the edge of what they allow",
            ) from None  # fmt: skip
        except BaseException:  # Ctrl-C too: its threads would sample on
            if running is not None:
                running.cancel()
            raise


def _wait(running: Any) -> Any:
    """Wait for a sampler, but look now and then whether it is to stop.

    nutpie's own waiting returns the draws so far when it is interrupted, as if it were done.
    """
    while True:
        try:
            return running.wait(timeout=_LOOK)
        except TimeoutError:
            if asked_to_stop():
                raise KeyboardInterrupt from None


def _told(progress: Watch) -> Callable[[list[Any]], None]:
    return lambda chains: progress(tuple(
        Chain(one.finished_draws, one.total_draws, len(one.divergent_draws)) for one in chains
    ))  # fmt: skip


#: The session of this process.
session = Session()
