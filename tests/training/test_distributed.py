"""Two processes on the CPU train as one."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from skl_tot import CTESegmenter, TemporalOTSegmenter, UDESegmenter, VTESegmenter
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score

if not torch.distributed.is_available():
    pytest.skip("torch has no distributed package", allow_module_level=True)

OPTIONS = {"frames_per_video": 32, "random_state": 0}
CASES = {
    "whole": {"batch_size": 4},
    "restarts": {"batch_size": 3, "n_init": 4, "alpha": 0.3, "beta": 0.2},
    # 9 videos: the last mini-batch of a pass has one, and one process has none
    "streamed": {"batch_size": 2, "n_passes": 8, "alpha": 0.3},
    "path": {"batch_size": 3, "prior": "path", "path_iter": 5, "n_parts": 2},
    "cte": {"method": "cte"},
    "vte": {"method": "vte", "horizon": 5, "prediction_weight": 0.3},
    "ude": {"method": "ude", "batch_size": 3},
}
UNSEEDED = {
    "tot, unseeded": {"random_state": None, "noise": 3.0},
    "cte, unseeded": {"random_state": None, "noise": 3.0, "method": "cte"},
}


def train(method="tot", noise=1.0, n_passes=0, **settings):
    """What a model learns, as arrays by name."""
    videos, _ = make_activities(9, 4, mean_length=80, noise=noise, random_state=3)
    settings = OPTIONS | settings
    if method == "cte":
        model = CTESegmenter(4, max_iter=60, n_init=1, **settings)
    elif method == "vte":
        model = VTESegmenter(4, max_iter=60, n_init=1, **settings)
    elif method == "ude":
        model = UDESegmenter(4, max_iter=60, **settings)
    else:
        model = TemporalOTSegmenter(4, max_iter=200, freeze_iter=20, **settings)
    if n_passes:
        for _ in range(n_passes):
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
    for name, settings in (CASES | UNSEEDED).items():
        np.savez(f"{folder}/{name}-{rank}", **train(**settings))
    torch.distributed.destroy_process_group()
    os._exit(0)  # gloo's threads now and then abort an interpreter that ends at once


def learned_by_two(folder, name):
    """What the first process has learned, which is what the second one has."""
    first, second = (dict(np.load(folder / f"{name}-{rank}.npz")) for rank in range(2))
    for key, value in first.items():
        np.testing.assert_array_equal(value, second[key], err_msg=f"{name}: {key}")
    return first


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
    alone = {name: train(**settings) for name, settings in CASES.items()}
    errors = [process.communicate(timeout=300)[1] for process in processes]
    for process, message in zip(processes, errors):
        assert process.returncode == 0, message
    for name, one in alone.items():
        both = learned_by_two(tmp_path, name)
        # rounding differs, and grows with the steps
        losses = both["losses"], one["losses"]
        np.testing.assert_allclose(losses[0][:20], losses[1][:20], 1e-4, err_msg=name)
        np.testing.assert_allclose(*losses, rtol=0.05, err_msg=name)
        assert mof_score(one["labels"], both["labels"]) > 0.98, name
    for name in UNSEEDED:  # without a seed, all use that of the first process
        learned_by_two(tmp_path, name)


if __name__ == "__main__":
    train_all(int(sys.argv[1]), sys.argv[2])
