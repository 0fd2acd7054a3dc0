"""Other processes: one has the same bits as this, and two on the CPU train as one."""

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

# torch's compiler, and what its shapes of unknown size need: seconds in each process
NEEDLESS = {"sympy", "torch._dynamo", "torch._inductor"}

# 9 videos: the last mini-batch of a pass has one, and one process has none
CASES = {
    "restarts": (TemporalOTSegmenter, 3, {"n_networks": 4, "terms": [TimeStamp(0.2)]}),
    "streamed": (TemporalOTSegmenter, 2, {"alpha": 0.3}),
    "path": (
        TemporalOTSegmenter,
        3,
        {"prior": PathPrior(n_diagonal=5), "n_prototypes": 2},
    ),
    "vte": (baselines.VTESegmenter, 2, {"n_init": 1}),
    "ude": (baselines.UDESegmenter, 3, {}),
}
UNSEEDED = {"tot, unseeded": (TemporalOTSegmenter, 4, {})}
IN_NEW = ["restarts", "path"]


def train(name):
    """What a model learns, as arrays by name."""
    torch.set_num_threads(1)
    kind, batch_size, settings = (CASES | UNSEEDED)[name]
    is_seeded = name in CASES
    noise = 1.0 if is_seeded else 3.0
    videos, _ = make_activities(9, 4, mean_length=40, noise=noise, random_state=3)
    settings = settings | {"optimizer": Adam(batch_size=batch_size)}
    model = kind(4, max_iter=8, random_state=0 if is_seeded else None, **settings)
    for _ in range(5 if name == "streamed" else 1):
        model.partial_fit(videos) if name == "streamed" else model.fit(videos)
    gaussians = getattr(model, "gaussians_", [])
    return {
        "gaussians": np.array([gaussian.means_ for gaussian in gaussians]),
        "labels": np.concatenate(model.labels_),
        "losses": np.array(model.loss_curve_),
        **model.network_,
    }


def train_as(rank, folder):
    """What each of the two processes does."""
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


def fit_more():
    """Fits whose imports are asked for."""
    videos, _ = make_activities(3, 3, random_state=0)
    adam = Adam(frames_per_video=8, batch_size=1)
    model = TemporalOTSegmenter(3, order="mostly", max_iter=3, optimizer=adam)
    model.fit(videos).partial_fit(videos)
    start, options = baselines.EqualPartsSegmenter(3), {"max_iter": 1, "n_steps": 2}
    model = baselines.ASALSegmenter(3, estimator=start, optimizer=adam, **options)
    model.fit(videos).predict(videos)


def learned(folder, name, rank):
    return dict(np.load(folder / f"{name}-{rank}.npz"))


def assert_same(found, expected, name):
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value, err_msg=f"{name}: {key}")


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Modules of a new process, and the folder where it and its two children write."""
    folder = tmp_path_factory.mktemp("two")
    command = [sys.executable, __file__, folder]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stderr
    return found.stdout, folder


@pytest.fixture(scope="module")
def alone():
    """What this process learns."""
    return {name: train(name) for name in CASES}


def test_a_new_process_has_the_same_bits_and_no_compiler(other, alone):
    assert other[0] == "[]\n"
    for name in IN_NEW:
        assert_same(learned(other[1], name, "new"), alone[name], name)


@pytest.mark.skipif(
    not (hasattr(os, "fork") and torch.distributed.is_available()),
    reason="no processes that meet",
)
def test_two_processes_equal_one(other, alone):
    for name in CASES | UNSEEDED:  # without a seed, all use that of the first process
        both = learned(other[1], name, 0)
        assert_same(learned(other[1], name, 1), both, name)
        if name in CASES:  # rounding differs, and grows with the steps
            losses = both["losses"], alone[name]["losses"]
            np.testing.assert_allclose(*losses, 1e-4, err_msg=name)
            assert mof_score(alone[name]["labels"], both["labels"]) > 0.98, name


if __name__ == "__main__":
    can_meet = hasattr(os, "fork") and torch.distributed.is_available()
    children = fork_both(sys.argv[1]) if can_meet else []
    for name in IN_NEW:
        np.savez(f"{sys.argv[1]}/{name}-new", **train(name))
    fit_more()
    print(sorted(NEEDLESS & sys.modules.keys()))
    assert not any(os.waitpid(child, 0)[1] for child in children)
