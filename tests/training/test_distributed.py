"""Two processes on the CPU train as one."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from skl_tot import TemporalOTSegmenter
from skl_tot.baselines import VTESegmenter
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score
from skl_tot.training.components import Adam
from skl_tot.training.pseudo_labels import PathPrior
from skl_tot.training.terms import TimeStamp

if not torch.distributed.is_available():
    pytest.skip("torch has no distributed package", allow_module_level=True)

# 9 videos: the last mini-batch of a pass has one, and one process has none
CASES = {
    "whole": (TemporalOTSegmenter, 4, {}),
    "restarts": (TemporalOTSegmenter, 3, {"n_networks": 4, "terms": [TimeStamp(0.2)]}),
    "streamed": (TemporalOTSegmenter, 2, {"alpha": 0.3}),
    "path": (TemporalOTSegmenter, 3, {"prior": PathPrior(5), "n_prototypes": 2}),
    "vte": (VTESegmenter, 2, {"n_init": 1}),
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
    model = kind(4, max_iter=15, random_state=0 if is_seeded else None, **settings)
    if name == "streamed":
        for _ in range(5):
            model.partial_fit(videos)
    else:
        model.fit(videos)
    gaussians = getattr(model, "gaussians_", [])
    weights = enumerate([*model.coefs_, *model.intercepts_])
    return {
        "gaussians": np.array([gaussian.means_ for gaussian in gaussians]),
        "labels": np.concatenate(model.labels_),
        "losses": np.array(model.loss_curve_),
        **{f"weight{i}": weight for i, weight in weights},
    }


def train_all(rank, folder):
    """What each of the two processes does."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    for name in CASES | UNSEEDED:
        np.savez(f"{folder}/{name}-{rank}", **train(name))
    torch.distributed.destroy_process_group()
    os._exit(0)  # gloo's threads now and then abort an interpreter that ends at once


def learned_by_two(folder, name):
    """What the first process has learned, which is what the second one has."""
    first, second = (dict(np.load(folder / f"{name}-{rank}.npz")) for rank in range(2))
    for key, value in first.items():
        np.testing.assert_array_equal(value, second[key], err_msg=f"{name}: {key}")
    return first


@pytest.mark.skipif(os.name == "nt", reason="processes meet by another address there")
def test_two_processes_equal_one(tmp_path):
    """In one test for all cases, as starting processes takes most of the time."""
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, str(rank), tmp_path],
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    alone = {name: train(name) for name in CASES}
    errors = [process.communicate(timeout=300)[1] for process in processes]
    for process, message in zip(processes, errors):
        assert process.returncode == 0, message
    for name, one in alone.items():
        both = learned_by_two(tmp_path, name)
        # rounding differs, and grows with the steps
        losses = both["losses"], one["losses"]
        np.testing.assert_allclose(*losses, 1e-4, err_msg=name)
        assert mof_score(one["labels"], both["labels"]) > 0.98, name
    for name in UNSEEDED:  # without a seed, all use that of the first process
        learned_by_two(tmp_path, name)


if __name__ == "__main__":
    train_all(int(sys.argv[1]), sys.argv[2])
