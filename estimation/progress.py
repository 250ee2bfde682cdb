"""How far long work is, as plain data: who works tells it, and a display may show it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

#: A stage of the work as a whole begins; its tasks come after.
BEGUN = "begun"

#: A task is prepared; a task is sampling.
STARTED, SAMPLING = "started", "sampling"


@dataclasses.dataclass(frozen=True)
class Chain:
    """How far a chain of a sampler is.

    Parameters
    ----------
    done, total : int
        Draws, those of the warm-up among them.
    divergences : int
        So far.
    """

    done: int
    total: int
    divergences: int = 0


@dataclasses.dataclass(frozen=True)
class Progress:
    """What a piece of work tells.

    Parameters
    ----------
    name : str
        The task; of a stage that begins, what is done in it.
    stage : {"begun", "started", "sampling", "stored", "made", "failed"}
        A stage of the whole work, or what happens to a task; the last three are ends.
    done, total : int
        At the end of a task: tasks of the stage that are done, and all of them.
    chains : tuple of Chain
        Of a task while it is sampling.
    """

    name: str
    stage: str
    done: int = 0
    total: int = 0
    chains: tuple[Chain, ...] = ()


Tell = Callable[[Progress], None]

#: What a sampler tells, a few times a second.
Watch = Callable[[tuple[Chain, ...]], None]


def silent(_: Progress) -> None:
    """Tell nothing."""


def begin(tell: Tell, name: str) -> None:
    """Tell that a stage of the work begins."""
    tell(Progress(name, BEGUN))


def watch(tell: Tell, name: str) -> Watch | None:
    """Return what the sampler of a task tells; nothing if nobody listens."""
    if tell is silent:
        return None
    return lambda chains: tell(Progress(name, SAMPLING, chains=chains))
