"""Stages of commands that take long: a renewed line on a terminal, else some lines."""

import contextlib
import sys
import threading
import time

from skl_tot.progress import watched

# Seconds from the start of a command to the first sign, from that of a later stage, and
# between signs.
FIRST, OF_STAGE, OF_LINES, OF_TERMINAL = 3, 1, 10, 0.5
_begun: list = []  # time of the start of the command; empty if stages are not shown


def begin(is_shown):
    """Start the clock of a command, whose stages are shown or not."""
    _begun[:] = [time.monotonic()] if is_shown else []


@contextlib.contextmanager
def stage(text, unit="step"):
    """Show the text during the block, with the steps that it reports."""
    if not _begun:
        yield
        return
    shown = _Stage(text, unit)
    shown.start()
    try:
        with watched(shown.report):
            yield
    finally:
        shown.end()


class _Stage(threading.Thread):
    """Thread that shows a stage; work without steps is seen to go on, too."""

    def __init__(self, text, unit):
        super().__init__(daemon=True)
        self.text, self.unit = text, unit
        self.n_done, self.n_steps = 0, None
        self.started, self.is_over = time.time(), threading.Event()
        self.is_terminal, self.is_shown = sys.stderr.isatty(), False

    def report(self, n_done, n_steps):
        self.n_done, self.n_steps = n_done, n_steps

    def run(self):
        wait = max(OF_STAGE, _begun[0] + FIRST - time.monotonic())
        while not self.is_over.wait(wait):
            self.print("" if self.is_terminal else "\n")
            wait = OF_TERMINAL if self.is_terminal else OF_LINES

    def print(self, end):
        seconds = time.time() - self.started
        done = f"{seconds:.0f} s"
        if self.n_steps:
            done = f"{self.n_done} of {self.n_steps} {self.unit}s"
        if self.n_steps and self.n_done:
            left = seconds * (self.n_steps / self.n_done - 1)
            done += f", about {left:.0f} s left"
        line = f"skl-tot: {self.text}, {done}"
        with contextlib.suppress(OSError):  # who read the lines has gone
            shown = f"\r{line:<79}" if self.is_terminal else line
            print(shown, end=end, file=sys.stderr, flush=True)
        self.is_shown = True

    def end(self):
        self.is_over.set()
        self.join()
        if self.is_terminal and self.is_shown:
            self.print("\n")
