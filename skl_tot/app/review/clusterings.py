"""Fits without labels, for a review that begins without a model."""

import contextlib
import threading
import warnings

from skl_tot.corrections.semi_supervised import default_estimators
from skl_tot.io.models import load_model, save_model

PAUSE, PATIENCE = 0.2, 3.0  # seconds between two looks at the thread; for its end


class Ended(Exception):
    """The review is closed while a fit goes on."""


class Clusterings:
    """Fits one after the other in a thread, kept in a folder as they are done."""

    def __init__(self, recordings, folder):
        self.fitted, self.n_done, self.total = [], 0, 0
        self._recordings, self._folder = recordings, folder
        self._thread, self._is_over = None, False

    def start(self, tell=lambda error: None):
        """Begin, unless begun; tell of each fit that ends, with its error or None."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, args=[tell], daemon=True)
            self._thread.start()

    def _run(self, tell):
        try:
            estimators = default_estimators(self._recordings, random_state=0)
            self.total = len(estimators)
            tell(None)
            for k, estimator in enumerate(estimators):
                error = self._add(k, estimator)
                self.n_done += 1
                tell(error)
        except Ended:
            return
        except Exception as error:
            tell(error)

    def _add(self, k, estimator):
        """Add a fit, or give the error that it ends with."""
        from skl_tot.training.devices import watched

        path = None if self._folder is None else self._folder / f"{k}.skops"
        model = None
        # a file that cannot be read is fitted again
        with contextlib.suppress(Exception):
            model = load_model(path)
        try:
            if model is None:
                with watched(self._go_on), warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # they are evidence, no result
                    model = estimator.fit(self._recordings)
                vars(model).pop("labels_", None)  # not needed
                if path is not None:
                    self._folder.mkdir(exist_ok=True)
                    save_model(model, path)
            self.fitted.append(model)
        except Exception as error:  # others may go
            self._go_on()
            return error
        return None

    def _go_on(self, *_):
        if self._is_over:
            raise Ended

    @property
    def counts(self):
        """Number of fits that are there, that have ended, and of all."""
        return [len(self.fitted), self.n_done, self.total]

    def wait(self, tell=lambda done, total: None):
        """Wait for all fits; return those that did not fail."""
        self.start()
        while self._thread.is_alive():
            tell(self.n_done, self.total)
            self._thread.join(PAUSE)
        return self.fitted

    def close(self):
        """End soon, with the fits that are kept."""
        self._is_over = True
        if self._thread is not None:
            self._thread.join(PATIENCE)
