import inspect
import subprocess
import sys

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from skl_tot import HMMSegmenter, TemporalOTSegmenter

SETTINGS = [
    {"alpha": 0.5},
    {"n_prototypes": 2, "prior": "path", "prior__n_diagonal": 30, "n_networks": 3},
    {"decoding": "free", "switch_cost": 0.3},
    {"n_prototypes": 3, "network__temperature": 0.2},
]


def digests(all_settings):
    import hashlib

    import numpy as np
    import torch

    from skl_tot import baselines
    from skl_tot.datasets import make_activities

    torch.set_num_threads(1)
    videos, _ = make_activities(5, 4, mean_length=80, random_state=3)
    found = []
    for settings in all_settings:
        model = baselines.paper(4, max_iter=30, random_state=7).set_params(**settings)
        labels = np.concatenate(model.fit(videos).predict(videos))
        bits = labels.tobytes() + model.prototypes_.tobytes()
        found.append(hashlib.sha256(bits).hexdigest())
    return found


def test_same_seed_same_bits_in_a_new_process():
    code = f"{inspect.getsource(digests)}\nprint(*digests({SETTINGS}))"
    command = [sys.executable, "-c", code]
    other = subprocess.run(command, capture_output=True, text=True, check=True)
    own = digests(SETTINGS)
    assert other.stdout.split() == own
    assert len(own) == len(set(own)) == len(SETTINGS)


def test_global_random_states_are_not_touched(activity):
    np.random.seed(11)  # noqa: NPY002
    torch.manual_seed(11)
    numpy_state = np.random.get_state()  # noqa: NPY002
    torch_state = torch.get_rng_state()
    options = {"order": "mostly", "alpha": 1.0, "random_state": 0}
    model = TemporalOTSegmenter(4, max_iter=10, **options).fit(activity[0])
    model.partial_fit(activity[0]).predict(activity[0])
    model.transform(activity[0])
    model.score(activity[0])
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(numpy_state[1], after[1])
    assert numpy_state[2:] == after[2:]
    assert torch.equal(torch_state, torch.get_rng_state())


@pytest.fixture
def set_threads():
    """Function that sets torch's number of threads until the test ends."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


# calls of a fitted estimator that compute, beside its fit
CALLS = ["predict", "predict_proba", "partial_fit", "transform", "pseudo_labels"]


@pytest.mark.parametrize(
    "name", ["TemporalOTSegmenter", "ASOTSegmenter", "ASALSegmenter", "HMMSegmenter"]
)
def test_threads_change_no_bits_and_are_left(set_threads, make_estimator, name):
    """Sums over 600 features or 2,000 frames differ where threads share them."""
    videos = [np.random.default_rng(i).normal(size=(2000, 600)) for i in range(2)]
    found = {}
    for n_threads in (1, 2, 3):
        set_threads(n_threads)
        model = make_estimator(name, optimizer__frames_per_video=512).fit(videos)
        found[n_threads] = [model.labels_]
        for call in CALLS:
            if hasattr(model, call):
                output = getattr(model, call)(videos)
                found[n_threads].append(getattr(output, "network_", output))
        assert torch.get_num_threads() == n_threads
    for n_threads in (2, 3):
        assert_same_arrays(found[n_threads], found[1])


def blas_threads():
    """Threads of each BLAS that is loaded."""
    found = threadpool_info()
    return {own["num_threads"] for own in found if own["user_api"] == "blas"}


def test_fits_use_one_thread_of_blas(activity, monkeypatch):
    inside, learn = set(), HMMSegmenter._learn

    def watch(self, videos):
        inside.update(blas_threads())
        return learn(self, videos)

    monkeypatch.setattr(HMMSegmenter, "_learn", watch)
    with threadpool_limits(2, "blas"):
        HMMSegmenter(4, max_iter=2).fit(activity[0])
        assert (inside, blas_threads()) == ({1}, {2})


def assert_same_arrays(found, expected):
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        found, expected = list(found.values()), list(expected.values())
    if isinstance(expected, list):
        for own, other in zip(found, expected, strict=True):
            assert_same_arrays(own, other)
        return
    np.testing.assert_array_equal(found, expected)
