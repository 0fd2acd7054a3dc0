import pickle
import warnings
from pathlib import Path

import pytest

from skl_tot import TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.extend import Adam

# NotFittedError and InvalidParameterError of scikit-learn are ValueErrors
ALLOWED = (TypeError, ValueError, OSError, ImportError)
QUICK = {"max_iter": 3, "optimizer": Adam(frames_per_video=8), "random_state": 0}


@pytest.fixture
def _in_a_folder(tmp_path, monkeypatch):
    """Work in an empty folder, as a hostile path may be one that can be written."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def videos():
    """A few short videos of two features."""
    return make_activities(
        4, 2, n_features=2, mean_length=12, noise=0.1, random_state=0
    )[0]


@pytest.fixture(scope="session")
def tot(videos):
    """Fitted segmenter of the paper."""
    return TemporalOTSegmenter(2, **QUICK).fit(videos)


@pytest.fixture(scope="session")
def attack():
    """Return what is wrong with how a call ends: a text, or None."""

    def run(call, *arguments, naming="", allowed=ALLOWED, unchanged=None, **options):
        before = learned(unchanged)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fault, failed = _ending(call, arguments, options, allowed, str(naming))
        if failed and learned(unchanged) != before:
            return "the failed call changed the estimator"
        for warning in caught:
            is_theirs = "sklearn" in Path(warning.filename).parts
            if not is_theirs and not issubclass(warning.category, UserWarning):
                return f"{warning.category.__name__}: {warning.message}"
        return fault

    return run


def _ending(call, arguments, options, allowed, names):
    """Say what is wrong with the error of a call, and whether there was one."""
    try:
        call(*arguments, **options)
    except allowed as error:
        text = str(error)
        kind = f"{type(error).__name__}: {text[:200]!r}"
        ours = type(error).__name__ != "InvalidParameterError"  # shows values as are
        if not text.strip() or "Traceback" in text or (ours and "\n" in text.strip()):
            return f"not one line of {kind}", True
        return (None if names in str(error) else f"{names} not named in {kind}"), True
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]!r}", True
    return None, False


def learned(estimator):
    """Pickle of what an estimator has besides its parameters."""
    if estimator is None:
        return None
    parameters = estimator.get_params(deep=False)
    own = {k: v for k, v in vars(estimator).items() if k not in parameters}
    return pickle.dumps(own)
