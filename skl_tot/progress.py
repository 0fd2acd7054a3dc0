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
def progress_bar(n_steps, verbose):
    """Show a bar, or report progress; yields a function of the losses of new steps."""
    report, n_done = _WATCHER.get(), 0
    if report is not None:

        def count(losses):
            nonlocal n_done
            n_done += len(losses)
            report(n_done, n_steps)

        with watched(None):  # bars within the block are not reported
            report(0, n_steps)
            yield count
            if n_done < n_steps:  # ended early; later work has no steps
                report(0, 0)
    elif verbose:
        from tqdm.auto import tqdm

        with tqdm(total=n_steps, unit="step") as bar:

            def show(losses):
                mean = sum(losses) / len(losses)
                bar.set_postfix(loss=f"{mean:.4f}", refresh=False)
                bar.update(len(losses))

            yield show
    else:
        yield None
