"""Other processes: one has the same bits as this, and two on the CPU train as one."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from skl_tot import TemporalOTSegmenter, baselines
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score
from skl_tot.training.components import Adam
from skl_tot.training.pseudo_labels import PathPrior
from skl_tot.training.terms import TimeStamp

SETTINGS = [
    {"alpha": 0.5},
    {"n_prototypes": 2, "prior": "path", "prior__n_diagonal": 30, "n_networks": 3},
]
# torch's compiler, and what its shapes of unknown size need: seconds in each process
NEEDLESS = {"sympy", "torch._dynamo", "torch._inductor"}

# 9 videos: the last mini-batch of a pass has one, and one process has none
CASES = {
    "whole": (TemporalOTSegmenter, 4, {}),
    "restarts": (TemporalOTSegmenter, 3, {"n_networks": 4, "terms": [TimeStamp(0.2)]}),
    "streamed": (TemporalOTSegmenter, 2, {"alpha": 0.3}),
    "path": (TemporalOTSegmenter, 3, {"prior": PathPrior(5), "n_prototypes": 2}),
    "vte": (baselines.VTESegmenter, 2, {"n_init": 1}),
}
UNSEEDED = {"tot, unseeded": CASES["whole"]}


def train(name):
    """What a model learns, as arrays by name."""
    kind, batch_size, settings = (CASES | UNSEEDED)[name]
    is_seeded = name in CASES
    noise = 1.0 if is_seeded else 3.0
    videos, _ = make_activities(9, 4, mean_length=80, noise=noise, random_state=3)
    if "optimizer" in kind._get_param_names():
        settings = settings | {"optimizer": Adam(batch_size=batch_size)}
    else:
        settings = settings | {"batch_size": batch_size}
    model = kind(4, max_iter=8, random_state=0 if is_seeded else None, **settings)
    if name == "streamed":
        for _ in range(5):
            model.partial_fit(videos)
    else:
        model.fit(videos)
    gaussians = getattr(model, "gaussians_", [])
    return {
        "gaussians": np.array([gaussian.means_ for gaussian in gaussians]),
        "labels": np.concatenate(model.labels_),
        "losses": np.array(model.loss_curve_),
        **model.network_,
    }


def train_as(rank, folder):
    """What each of the two processes does."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    for name in CASES | UNSEEDED:
        np.savez(f"{folder}/{name}-{rank}", **train(name))
    torch.distributed.destroy_process_group()


def fork_both(folder):
    """Start two processes that need no time for imports."""
    children = []
    for rank in range(2):
        children.append(os.fork())
        if not children[-1]:
            status = 1
            try:
                train_as(rank, folder)
                status = 0
            finally:
                # gloo's threads now and then abort an interpreter that ends at once
                os._exit(status)
    return children


def digests():
    """Hashes of what models learn."""
    torch.set_num_threads(1)
    videos, _ = make_activities(5, 4, mean_length=80, random_state=3)
    found = []
    for settings in SETTINGS:
        model = baselines.paper(4, max_iter=8, random_state=7).set_params(**settings)
        labels = np.concatenate(model.fit(videos).predict(videos))
        bits = labels.tobytes() + model.prototypes_.tobytes()
        found.append(hashlib.sha256(bits).hexdigest())
    return found


def fit_more():
    """Fits whose imports are asked for."""
    videos, _ = make_activities(3, 3, random_state=0)
    adam = Adam(frames_per_video=8, batch_size=1)
    model = TemporalOTSegmenter(3, order="mostly", max_iter=3, optimizer=adam)
    model.fit(videos).partial_fit(videos)
    start, options = baselines.EqualPartsSegmenter(3), {"max_iter": 1, "n_steps": 2}
    model = baselines.ASALSegmenter(3, estimator=start, optimizer=adam, **options)
    model.fit(videos).predict(videos)


def learned_by_two(folder, name):
    """What the first process has learned, which is what the second one has."""
    first, second = (dict(np.load(folder / f"{name}-{rank}.npz")) for rank in range(2))
    for key, value in first.items():
        np.testing.assert_array_equal(value, second[key], err_msg=f"{name}: {key}")
    return first


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Lines of a new process, and the folder where two that it starts write."""
    folder = tmp_path_factory.mktemp("two")
    command = [sys.executable, __file__, folder]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stderr
    return found.stdout.splitlines(), folder


def test_a_new_process_has_the_same_bits_and_no_compiler(other):
    assert other[0] == [*digests(), "[]"]
    assert len(set(other[0])) == len(SETTINGS) + 1


@pytest.mark.skipif(
    not (hasattr(os, "fork") and torch.distributed.is_available()),
    reason="no processes that meet",
)
def test_two_processes_equal_one(other):
    for name in CASES:
        one, both = train(name), learned_by_two(other[1], name)
        # rounding differs, and grows with the steps
        losses = both["losses"], one["losses"]
        np.testing.assert_allclose(*losses, 1e-4, err_msg=name)
        assert mof_score(one["labels"], both["labels"]) > 0.98, name
    for name in UNSEEDED:  # without a seed, all use that of the first process
        learned_by_two(other[1], name)


if __name__ == "__main__":
    can_meet = hasattr(os, "fork") and torch.distributed.is_available()
    children = fork_both(sys.argv[1]) if can_meet else []
    print(*digests(), sep="\n")
    fit_more()
    print(sorted(NEEDLESS & sys.modules.keys()))
    assert not any(os.waitpid(child, 0)[1] for child in children)
