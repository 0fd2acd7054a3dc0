import inspect
import subprocess
import sys

import numpy as np
import pytest
import torch

SETTINGS = [
    {"alpha": 0.5},
    {"n_prototypes": 2, "prior": "path", "prior__n_diagonal": 30, "n_networks": 3},
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


@pytest.fixture
def set_threads():
    """Function that sets torch's number of threads until the test ends."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


# calls of a fitted estimator that compute, beside its fit
CALLS = ["predict", "predict_proba", "partial_fit", "transform", "pseudo_labels"]


@pytest.mark.parametrize("name", ["TemporalOTSegmenter", "HMMSegmenter"])
def test_threads_change_no_bits_and_are_left(set_threads, make_estimator, name):
    """Sums over 600 features or 2,000 frames differ where threads share them."""
    videos = [np.random.default_rng(i).normal(size=(2000, 600)) for i in range(2)]
    found = {}
    for n_threads in (1, 3):
        set_threads(n_threads)
        model = make_estimator(name, optimizer__frames_per_video=512).fit(videos)
        found[n_threads] = [model.labels_]
        for call in CALLS:
            if hasattr(model, call):
                output = getattr(model, call)(videos)
                found[n_threads].append(getattr(output, "network_", output))
        assert torch.get_num_threads() == n_threads
    assert_same_arrays(found[3], found[1])


def assert_same_arrays(found, expected):
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        found, expected = list(found.values()), list(expected.values())
    if isinstance(expected, list):
        for own, other in zip(found, expected, strict=True):
            assert_same_arrays(own, other)
        return
    np.testing.assert_array_equal(found, expected)
