import hashlib
import json
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
SCRIPT = """
import hashlib, json, sys
import numpy as np, torch
torch.set_num_threads(1)
from skl_tot import baselines
from skl_tot.datasets import make_activities
videos, _ = make_activities(5, 4, mean_length=80, random_state=3)
for settings in json.loads(sys.argv[1]):
    model = baselines.paper(4, max_iter=60, random_state=7).set_params(**settings)
    labels = np.concatenate(model.fit(videos).predict(videos))
    digest = hashlib.sha256(labels.tobytes() + model.prototypes_.tobytes())
    print(digest.hexdigest())
"""


def test_same_seed_same_bits_in_new_processes():
    command = [sys.executable, "-c", SCRIPT, json.dumps(SETTINGS)]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdout=pipe, text=True) for _ in range(2)]
    first, second = (process.communicate()[0].split() for process in processes)
    assert first == second
    assert len(first) == len(set(first)) == len(SETTINGS)
    assert {len(digest) for digest in first} == {2 * hashlib.sha256().digest_size}


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
