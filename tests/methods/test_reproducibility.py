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
        model = baselines.paper(4, max_iter=8, random_state=7).set_params(**settings)
        labels = np.concatenate(model.fit(videos).predict(videos))
        bits = labels.tobytes() + model.prototypes_.tobytes()
        found.append(hashlib.sha256(bits).hexdigest())
    return found


# torch's compiler, and what its shapes of unknown size need: seconds in each process
NEEDLESS = ["sympy", "torch._dynamo", "torch._inductor"]
FIT = """
import sys
from skl_tot import TemporalOTSegmenter
from skl_tot.baselines import ASALSegmenter
from skl_tot.datasets import make_activities
from skl_tot.extend import Adam

videos, _ = make_activities(3, 3, random_state=0)
adam = Adam(frames_per_video=8, batch_size=1)
model = TemporalOTSegmenter(3, order="mostly", max_iter=3, optimizer=adam)
model.fit(videos).partial_fit(videos)
ASALSegmenter(3, max_iter=1, n_steps=2, optimizer=adam).fit(videos).predict(videos)
print([name for name in sys.argv[1:] if name in sys.modules])
"""


def test_a_new_process_has_the_same_bits_and_no_compiler():
    code = f"{inspect.getsource(digests)}\nprint(*digests({SETTINGS})){FIT}"
    command = [sys.executable, "-c", code, *NEEDLESS]
    other = subprocess.run(command, capture_output=True, text=True, check=True)
    own = digests(SETTINGS)
    assert other.stdout.splitlines() == [" ".join(own), "[]"]
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
