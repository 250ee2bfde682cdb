"""Commands that a test interrupts."""

import signal


def hear_interrupts() -> None:
    """Undo, in a new process, what a shell does to commands in the background.

    These ignore Ctrl-C, and so do all processes that they start.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
