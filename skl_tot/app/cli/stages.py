"""Stages of commands that take long: a bar on a terminal, else a line now and then."""

import contextlib
import sys
import threading
import time
from typing import Any

from skl_tot.progress import watched

# Seconds from the start of a command to the first sign, from that of a later stage, and
# between signs.
FIRST, OF_STAGE, BETWEEN_LINES, BETWEEN_BARS = 3, 1, 10, 0.5
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
        self.bar: Any = None

    def report(self, n_done, n_steps):
        self.n_done, self.n_steps = n_done, n_steps

    def run(self):
        is_terminal = sys.stderr.isatty()
        wait = max(OF_STAGE, _begun[0] + FIRST - time.monotonic())
        while not self.is_over.wait(wait):
            self.draw() if is_terminal else self.print()
            wait = BETWEEN_BARS if is_terminal else BETWEEN_LINES

    def draw(self):
        """Draw the bar; without steps, the time that has passed."""
        if self.bar is None:
            from tqdm import tqdm

            self.bar = tqdm(desc=self.text, unit=self.unit, file=sys.stderr)
            self.bar.start_t = self.started
        self.bar.n, self.bar.total = self.n_done, self.n_steps
        self.bar.bar_format = None if self.n_steps else "{desc} [{elapsed}]"
        self.bar.refresh()

    def print(self):
        """Print a line."""
        seconds = time.time() - self.started
        done = f"{seconds:.0f} s"
        if self.n_steps:
            done = f"{self.n_done} of {self.n_steps} {self.unit}s"
        if self.n_steps and self.n_done:
            left = seconds * (self.n_steps / self.n_done - 1)
            done += f", about {left:.0f} s left"
        with contextlib.suppress(OSError):  # who read the lines has gone
            print(f"skl-tot: {self.text}, {done}", file=sys.stderr, flush=True)

    def end(self):
        """Wait for the thread, and leave the bar as it is at the end."""
        self.is_over.set()
        self.join()
        if self.bar is not None:
            self.draw()
            self.bar.close()
