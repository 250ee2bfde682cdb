"""Random numbers that do not depend on order: each purpose has a stream with a name."""

import copy
import functools
import hashlib

import numpy as np


def stream(seed: int, *name: str) -> np.random.Generator:
    """Return the generator for a purpose.

    Parameters
    ----------
    seed : int
        Seed of the run.
    *name : str
        Name of the purpose, as a path; equal names give equal numbers in any process and order.
    """
    # of its own: a sequence counts what is spawned from it
    return np.random.default_rng(copy.copy(_sequence(seed, name)))


def integer(seed: int, *name: str) -> int:
    """Return a seed for a library that takes only an integer."""
    return int(_sequence(seed, name).generate_state(1, np.uint32)[0])


@functools.lru_cache(maxsize=64)  # many scenarios begin with the same few
def _sequence(seed: int, name: tuple[str, ...]) -> np.random.SeedSequence:
    digest = hashlib.sha256("/".join(name).encode()).digest()
    key = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    return np.random.SeedSequence(seed, spawn_key=key)
