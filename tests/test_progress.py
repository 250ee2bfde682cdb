"""How long work is shown: bars, lines or nothing, and that stdout stays the answer's."""

import argparse
import io
import sys
import threading

import pytest
from rich.console import Console

from estimation.commands.progress import Bars, Lines, shown_progress
from estimation.progress import BEGUN, SAMPLING, STARTED, Chain, Progress, begin, silent, watch


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def lines():
    stream, clock = io.StringIO(), Clock()
    shown = Lines("undercount run", stream, clock)

    def tell(seconds, now):
        clock.now = 100.0 + seconds
        shown(now)
        return stream.getvalue().splitlines()

    return tell


def test_short_work_gets_no_lines(lines):
    lines(0.1, Progress("fits", BEGUN))
    lines(1.0, Progress("base", STARTED))
    assert lines(4.9, Progress("base", "made", 1, 1)) == []


def test_lines_say_what_is_done_and_how_long_the_rest_takes(lines):
    lines(0, Progress("fits", BEGUN))
    lines(0, Progress("weekly", STARTED))
    chains = (Chain(500, 2000, 3), Chain(1500, 2000, 1))
    said = lines(20, Progress("weekly", SAMPLING, chains=chains))
    assert said == [
        "undercount run: fits: weekly, 2,000 of 4,000 draws, 4 divergent, about 20 s left (20 s)"
    ]
    # the next on the same task comes after some seconds, the end of a task soon
    assert lines(21, Progress("weekly", SAMPLING, chains=chains)) == said
    assert lines(24, Progress("weekly", "made", 1, 4))[1:] == [
        "undercount run: fits: weekly made, 1 of 4, about 1 min 12 s left (24 s)"
    ]
    assert len(lines(24.5, Progress("late", "failed", 2, 4))) == 2
    assert len(lines(24.6, Progress("late", "stored", 4, 4))) == 3
    assert lines(3700, Progress("sensitivity <b>", BEGUN))[-1] == (
        "undercount run: sensitivity <b>: begun (1 h 1 min)"
    )


def _bars(*told, width=100):
    """Return what is on the screen before the bars go, and all that was written."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=width, height=40, color_system=None)
    with Bars(console, "undercount run") as bars:
        for now in told:
            bars(now)
        screen = io.StringIO()
        Console(file=screen, width=width, color_system=None).print(bars.shown())
    return screen.getvalue().splitlines(), written.getvalue()


def test_a_bar_a_stage_and_a_bar_a_chain():
    chains = (Chain(500, 2000, 3), Chain(1500, 2000))
    shown, _ = _bars(
        Progress("fits", BEGUN), Progress("base", STARTED), Progress("base", "made", 1, 4),
        Progress("weekly", STARTED), Progress("weekly", SAMPLING, chains=chains),
    )  # fmt: skip
    assert shown[0].startswith("fits")
    assert "1 of 4" in shown[0]
    assert shown[1].startswith("  weekly, chain 1")
    assert "500 of 2,000" in shown[1]
    assert "3 divergent" in shown[1]
    assert "1,500 of 2,000" in shown[2]
    assert "divergent" not in shown[2]
    assert len(shown) == 3


def test_what_ended_is_gone_from_the_screen():
    shown, _ = _bars(
        Progress("fits", BEGUN), Progress("weekly", SAMPLING, chains=(Chain(1, 20),) * 4),
        Progress("weekly", "made", 1, 1), Progress("comparison steps", BEGUN),
    )  # fmt: skip
    assert len(shown) == 1
    assert shown[0].startswith("comparison steps")
    assert "of" not in shown[0]  # how much it is nobody knows yet


def test_a_log_that_takes_no_more_ends_no_work():
    class Full(io.StringIO):
        def write(self, _):
            raise OSError(28, "No space left on device")

    Lines("undercount run", Full(), after=0.0)(Progress("fits", BEGUN))
    closed = io.StringIO()
    closed.close()
    Lines("undercount run", closed, after=0.0)(Progress("fits", BEGUN))


def test_latent_classes_are_told_by_one_name(monkeypatch):
    from estimation.errors import NotEstimableError
    from estimation.overlap import latent, methods

    def sampled(patterns, *, options, prob, seed):
        options.tell(Progress(options.name, SAMPLING, chains=(Chain(1, 20),)))
        raise NotEstimableError("there is no fit in this test", where="latent")

    told = []
    monkeypatch.setattr(latent, "latent", sampled)
    with pytest.raises(NotEstimableError):
        methods.answers(None, ["latent"], options=latent.LatentOptions(tell=told.append))
    assert [one.stage for one in told] == [STARTED, SAMPLING]
    assert {one.name for one in told} == {"latent"}


def test_a_sampler_may_tell_while_its_task_ends():
    screen = Console(file=io.StringIO(), force_terminal=True, width=100)
    faults = []
    with Bars(screen, "fits") as bars:

        def sample():
            for done in range(300):
                try:
                    bars(Progress("weekly", SAMPLING, chains=(Chain(done, 300),) * 4))
                except KeyError as error:
                    faults.append(error)

        sampler = threading.Thread(target=sample)
        usual = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        sampler.start()
        for _ in range(150):
            bars(Progress("weekly", "made", 1, 2))
            bars(Progress("checks", BEGUN))
        sampler.join()
        sys.setswitchinterval(usual)
    assert not faults


def test_names_are_no_markup():
    shown, _ = _bars(Progress("[red]fits[/red] <b>", BEGUN))
    assert shown[0].startswith("[red]fits[/red] <b>")


def test_bars_leave_nothing_behind():
    _, written = _bars(Progress("fits", BEGUN), Progress("weekly", "made", 1, 2))
    assert written.endswith("\x1b[1A\x1b[2K")  # the line of the bar is erased
    assert written.count("\x1b[?25h") == written.count("\x1b[?25l") == 1  # the cursor is back


@pytest.mark.parametrize(
    ("stream", "quiet", "json", "kind"),
    [
        (Terminal, False, False, Bars), (Terminal, False, True, Bars),
        (Terminal, True, False, None), (io.StringIO, False, False, Lines),
        (io.StringIO, False, True, None), (io.StringIO, True, False, None),
    ],
)  # fmt: skip
def test_who_is_shown_what(monkeypatch, stream, quiet, json, kind):
    monkeypatch.setattr(sys, "stderr", stream())
    monkeypatch.setenv("TERM", "xterm")
    arguments = argparse.Namespace(quiet=quiet, json=json, command="run")
    with shown_progress(arguments) as tell:
        assert tell is silent if kind is None else isinstance(tell, kind)


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "dumb")
    arguments = argparse.Namespace(quiet=False, json=False, command="run")
    with shown_progress(arguments) as tell:
        assert isinstance(tell, Lines)


def test_bars_write_nothing_on_stdout(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    arguments = argparse.Namespace(quiet=False, json=True, command="run")
    with shown_progress(arguments) as tell:
        tell(Progress("fits", BEGUN))
        sys.stdout.write("{}\n")
    assert capsys.readouterr().out == "{}\n"
    assert "fits" in sys.stderr.getvalue()


def test_a_sampler_is_watched_only_if_somebody_listens():
    assert watch(silent, "weekly") is None
    told = []
    begin(told.append, "fits")
    watch(told.append, "weekly")((Chain(1, 2),))
    assert told == [Progress("fits", BEGUN), Progress("weekly", SAMPLING, chains=(Chain(1, 2),))]
