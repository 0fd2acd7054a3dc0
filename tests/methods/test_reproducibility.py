import inspect
import subprocess
import sys

import numpy as np
import torch

from skl_tot import TemporalOTSegmenter

SETTINGS = [
    {"alpha": 0.5},
    {"n_parts": 2, "prior": "path", "prior__n_diagonal": 30, "n_init": 3},
    {"decoding": "free", "switch_cost": 0.3},
    {"n_parts": 3, "network__temperature": 0.2},
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
    model = TemporalOTSegmenter(4, max_iter=10, alpha=1.0, random_state=0).fit(
        activity[0]
    )
    model.partial_fit(activity[0]).predict(activity[0])
    model.transform(activity[0])
    model.score(activity[0])
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(numpy_state[1], after[1])
    assert numpy_state[2:] == after[2:]
    assert torch.equal(torch_state, torch.get_rng_state())


def test_threads_are_left_as_they_are(activity):
    before = torch.get_num_threads()
    TemporalOTSegmenter(4, max_iter=3).fit(activity[0])
    assert torch.get_num_threads() == before


def test_no_seed_draws_anew(activity):
    first, second = (
        TemporalOTSegmenter(4, max_iter=1).fit(activity[0]) for _ in range(2)
    )
    assert (first.prototypes_ != second.prototypes_).any()
