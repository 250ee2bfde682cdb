"""How long work is shown: bars on a terminal, plain lines elsewhere, nothing if so asked."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

from estimation.progress import BEGUN, SAMPLING, STARTED, Chain, Progress, Tell, silent

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import ProgressColumn, Task, TaskID

#: Seconds: work that is shorter gets no lines; between lines on the ends of tasks; between lines on
#: a task that is sampling.
SHORT, _BETWEEN, _SAMPLING = 5.0, 1.0, 15.0


@contextlib.contextmanager
def shown_progress(arguments: argparse.Namespace) -> Iterator[Tell]:
    """Give a function that shows on stderr how far the work is.

    On a terminal it shows bars, which are gone once the work ends; elsewhere a line now and then if
    the work is long; nothing with ``--quiet``.  With ``--json`` there are no lines: who reads JSON
    often reads stderr with it.
    """
    if arguments.quiet or sys.stderr is None:
        yield silent
        return
    name = f"undercount {arguments.command}"
    if sys.stderr.isatty():
        from rich.console import Console

        console = Console(stderr=True)
        if not console.is_dumb_terminal:
            with Bars(console, name) as bars:
                yield bars
            return
    yield silent if arguments.json else Lines(name, sys.stderr, after=SHORT)


class Bars:
    """Bars: one a stage of the work, one a chain that is sampling.

    Parameters
    ----------
    console : rich.console.Console
    name : str
        Of the first stage, until one is told.
    """

    def __init__(self, console: Console, name: str) -> None:
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Display

        columns = [
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            *(_told_by(told) for told in (_counted, _timed)),
            TextColumn("{task.fields[divergent]}", style="yellow", markup=False),
        ]
        # what is printed on stdout belongs to scripts: it is not taken over
        self._display = Display(
            *columns, console=console, transient=True, redirect_stdout=False,
            speed_estimate_period=600,
        )  # fmt: skip
        self._name = name
        self._stage: TaskID | None = None
        self._of: dict[str, list[TaskID]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Bars:
        self._display.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._display.stop()

    def __call__(self, now: Progress) -> None:
        """Show it; threads of samplers tell it too."""
        with self._lock:
            self._take(now)

    def shown(self) -> RenderableType:
        """Return what the screen shows now."""
        return self._display.get_renderable()

    def _take(self, now: Progress) -> None:
        if now.stage == BEGUN:
            self._begin(now.name)
            return
        if self._stage is None:
            self._begin(self._name)
        if now.stage == STARTED:
            self._of.setdefault(now.name, [self._add(f"  {now.name}, preparing")])
        elif now.stage == SAMPLING:
            self._show(now.name, now.chains)
        else:
            self._remove(now.name)
            if self._stage is not None:
                self._display.update(self._stage, completed=now.done, total=now.total)

    def _begin(self, name: str) -> None:
        for task in tuple(self._of):
            self._remove(task)
        if self._stage is not None:
            self._display.remove_task(self._stage)
        self._stage = self._add(name)

    def _show(self, name: str, chains: tuple[Chain, ...]) -> None:
        rows = self._of.get(name, [])
        if len(rows) != len(chains) or self._display_total(rows) is None:
            self._remove(name)
            rows = [self._add(f"  {name}, chain {i}") for i in range(1, len(chains) + 1)]
            self._of[name] = rows
        for row, chain in zip(rows, chains, strict=True):
            found = f"{chain.divergences:,} divergent" if chain.divergences else ""
            self._display.update(row, completed=chain.done, total=chain.total, divergent=found)

    def _display_total(self, rows: list[TaskID]) -> float | None:
        totals = [task.total for task in self._display.tasks if task.id in rows]
        return totals[0] if totals else None

    def _remove(self, name: str) -> None:
        for row in self._of.pop(name, ()):
            self._display.remove_task(row)

    def _add(self, words: str) -> TaskID:
        return self._display.add_task(words, total=None, divergent="")


def _told_by(told: Callable[[Task], str]) -> ProgressColumn:
    """Return a column of what is told of a row."""
    from rich.progress import ProgressColumn
    from rich.text import Text

    class Told(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(told(task), style="cyan")

    return Told()


def _counted(row: Task) -> str:
    return "" if row.total is None else f"{row.completed:,.0f} of {row.total:,.0f}"


def _timed(row: Task) -> str:
    said = _time(row.elapsed or 0.0)
    left = row.time_remaining
    return said + (f", about {_time(left)} left" if left else "")


class Lines:
    """A line now and then, for files and pipes.

    Parameters
    ----------
    name : str
        With which each line begins.
    stream : file
    clock : callable
        Returns seconds.
    after : float
        Seconds until the first line.
    """

    def __init__(
        self, name: str, stream: TextIO, clock: Callable[[], float] = time.monotonic, *,
        after: float = SHORT,
    ) -> None:  # fmt: skip
        self._name, self._stream, self._clock, self._after = name, stream, clock, after
        self._begun = self._stage_begun = clock()
        self._last = self._begun
        self._sampling: dict[str, float] = {}
        self._stage = ""

    def __call__(self, now: Progress) -> None:
        """Print a line if it is time for one."""
        clock = self._clock()
        if now.stage == BEGUN:
            self._stage, self._stage_begun = now.name, clock
            self._say(clock, "begun", 0.0)
        elif now.stage == STARTED:
            self._sampling[now.name] = clock
        elif now.stage == SAMPLING:
            begun = self._sampling.setdefault(now.name, clock)
            self._say(clock, _sampled(now, clock - begun), _SAMPLING)
        else:
            self._sampling.pop(now.name, None)
            said = f"{now.name} {now.stage}, {now.done:,} of {now.total:,}"
            left = _left(now.done, now.total, clock - self._stage_begun)
            self._say(clock, said + left, 0.0 if now.done == now.total else _BETWEEN)

    def _say(self, clock: float, words: str, between: float) -> None:
        if clock - self._begun < self._after or clock - self._last < between:
            return
        self._last = clock
        of = ": ".join(word for word in (self._name, self._stage, words) if word)
        # a log that is full or closed is no reason to lose the work
        with contextlib.suppress(OSError, ValueError):
            print(f"{of} ({_time(clock - self._begun)})", file=self._stream, flush=True)


def _sampled(now: Progress, seconds: float) -> str:
    done, total = (sum(getattr(one, key) for one in now.chains) for key in ("done", "total"))
    divergent = sum(one.divergences for one in now.chains)
    said = f"{now.name}, {done:,} of {total:,} draws"
    said += f", {divergent:,} divergent" if divergent else ""
    return said + _left(done, total, seconds)


def _left(done: int, total: int, seconds: float) -> str:
    """Return how long the rest will take if it goes on as so far."""
    if not 0 < done < total:
        return ""
    return f", about {_time(seconds * (total - done) / done)} left"


def _time(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
