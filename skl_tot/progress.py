"""Progress of long work, for bars and for whoever watches."""

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
def progress_bar(n_steps, verbose):
    """Show a bar during the block; yields a function that takes losses of new steps."""
    with counter(n_steps, verbose) as count:

        def update(losses):
            count(len(losses), loss=f"{sum(losses) / len(losses):.4f}")

        yield update


@contextlib.contextmanager
def counter(n_steps, verbose, unit="step"):
    """Show a bar, or report progress; yields a function of new steps."""
    report, n_done = _WATCHER.get(), 0
    if report is not None:

        def count(n_new, **_):
            nonlocal n_done
            n_done += n_new
            report(n_done, n_steps)

        with watched(None):  # bars within the block are not reported
            report(0, n_steps)
            yield count
            if n_done < n_steps:  # ended early; later work has no steps
                report(0, 0)
    elif verbose:
        from tqdm.auto import tqdm

        with tqdm(total=n_steps, unit=unit) as bar:

            def count(n_new, **shown):
                bar.set_postfix(shown, refresh=False)
                bar.update(n_new)

            yield count
    else:
        yield lambda *_, **__: None
