"""Progress of long work, for whoever watches."""

import contextlib
from contextvars import ContextVar

_WATCHER: ContextVar = ContextVar("watcher", default=None)


@contextlib.contextmanager
def watched(report):
    """Report steps and their total to a function, whose errors end the block."""
    token = _WATCHER.set(report)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def each(items):
    """Yield items of a list, and report how many are done."""
    report = _WATCHER.get() or (lambda *_: None)
    for n_done, item in enumerate(items):
        report(n_done, len(items))
        yield item
    report(len(items), len(items))


@contextlib.contextmanager
def part(number, n_parts):
    """Report the steps of the block as those of a part of longer work, in percent."""
    report = _WATCHER.get()
    if report is None:
        yield
        return

    def tell(n_done, n_steps):
        if n_steps:  # unless the work has no more
            report(round(100 * (number + n_done / n_steps) / n_parts), 100)

    with watched(tell):
        tell(0, 1)
        yield


@contextlib.contextmanager
def counted(n_steps):
    """Report steps of the block; yields a function of the number of new ones."""
    report, n_done = _WATCHER.get() or (lambda *_: None), 0

    def count(n_new):
        nonlocal n_done
        n_done += n_new
        report(n_done, n_steps)

    with watched(None):  # steps within the block are not reported
        report(0, n_steps)
        yield count
        if n_done < n_steps:  # ended early; later work has no steps
            report(0, 0)
