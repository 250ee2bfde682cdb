"""The exact engine: independent posterior draws with NumPy alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from estimation.errors import RefusedError
from estimation.randomness import stream
from models.exact import Draws, draw_posterior
from models.model import Model
from models.single import Single

#: Draws by default: enough that bounds of intervals are known to well below 1 % of their width.
CHAINS, DRAWS = 4, 25_000


def exact_chunks(model: Model, draws: int, seed: int) -> Iterator[Draws]:
    """Yield posterior draws in chunks; memory does not grow with their number.

    Parameters
    ----------
    model : Model
        Flat losses with one count.
    draws : int
        Total number of draws, 1 or more.
    seed : int
        Seed of the run.
    """
    if draws < 1:
        raise RefusedError(f"{draws} draws", where="draws", remedy="ask for 400 or more")
    purposes = ("inclusion", "rate", "clustering", "completion", "precision")
    streams = tuple(stream(seed, "exact", purpose) for purpose in purposes)
    if not isinstance(model.joint, Single):
        raise RefusedError("this model has no exact draws", where="engine", remedy="take nuts")
    yield from draw_posterior(model.joint.losses, model.joint.count, draws, streams)


def exact_draws(model: Model, draws: int = CHAINS * DRAWS, seed: int = 1) -> dict[str, np.ndarray]:
    """Return posterior draws of all estimands, each (draws,); undefined ones are left out."""
    chunks = [chunk.named() for chunk in exact_chunks(model, draws, seed)]
    joined = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
    beyond = model.draw_beyond(joined["total"], stream(seed, "exact", "beyond"))
    return defined(joined | beyond)


def defined(draws: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Leave out realized coverage where it is 0 / 0: possibly nobody died."""
    if np.isnan(draws["realized_coverage"]).any():
        return {name: value for name, value in draws.items() if name != "realized_coverage"}
    return draws
