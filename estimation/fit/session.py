"""Compile a graph once per structure and process; swap data and hyperparameters afterwards."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.errors import UndercountError
from models.model import Model

if TYPE_CHECKING:
    from nutpie.compile_pymc import CompiledPyMCModel

_compiled: dict[tuple[Any, ...], CompiledPyMCModel] = {}
_lock = threading.Lock()


def compiled(model: Model) -> CompiledPyMCModel:
    """Return a compiled sampler that holds the data and hyperparameters of `model`.

    Parameters
    ----------
    model : Model
        Models of one structure share a compilation.
    """
    import nutpie

    structure = model.structure()
    with _lock:
        if structure not in _compiled:
            _compiled[structure] = nutpie.compile_pymc_model(model.graph())
        base = _compiled[structure]
    return base.with_data(**{name: np.asarray(value) for name, value in model.graph_data().items()})


def sample(
    model: Model, *, draws: int, tune: int, chains: int, cores: int, seed: int, progress: bool
) -> Any:
    """Sample the graph of `model` by NUTS and return nutpie's DataTree."""
    import nutpie

    try:
        return nutpie.sample(
            compiled(model),
            draws=draws,
            tune=tune,
            chains=chains,
            cores=min(cores, chains),
            seed=seed,
            save_warmup=False,
            progress_bar=progress,
        )
    except RuntimeError as error:
        # nutpie hands on failures of its compiled code as RuntimeError with a foreign stack
        raise UndercountError(
            "the sampler could not start or stopped",
            where="nuts",
            why=str(error).splitlines()[0],
            remedy="check the study, or use the exact engine",
        ) from error
