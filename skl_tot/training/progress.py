"""A progress bar with the loss, for whoever has tqdm."""

import contextlib

import numpy as np

from skl_tot.inputs.extras import import_extra


@contextlib.contextmanager
def progress_bar(n_steps, verbose):
    """Show a bar while the block runs.

    Parameters
    ----------
    n_steps : int
        Steps expected.
    verbose : bool or int
        Whether to show anything.

    Yields
    ------
    update : callable or None
        Takes the losses of the steps done since the last call.

    Raises
    ------
    ImportError
        If tqdm is not installed.
    """
    if not verbose:
        yield None
        return
    tqdm = import_extra("tqdm.auto", "progress").tqdm
    with tqdm(total=n_steps, unit="step") as bar:

        def update(losses):
            bar.set_postfix(loss=f"{np.mean(losses):.4f}", refresh=False)
            bar.update(len(losses))

        yield update
