"""Two processes on the CPU train as one."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from skl_tot.metrics import mof_score

if not torch.distributed.is_available():
    pytest.skip("torch has no distributed package", allow_module_level=True)

SCRIPT = """
import json, os, sys
import numpy as np, torch
import torch.distributed as dist
from skl_tot import CTESegmenter, TemporalOTSegmenter
from skl_tot.datasets import make_activities

rank, size, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
settings = json.loads(sys.argv[4])
torch.set_num_threads(1)
if size > 1:
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=size
    )
noise = settings.pop("noise", 1.0)
videos, _ = make_activities(9, 4, mean_length=80, noise=noise, random_state=3)
options = {"n_frames": 32, "random_state": settings.pop("random_state", 0)}
n_passes = settings.pop("n_passes", 0)
if settings.pop("method", "tot") == "cte":
    model = CTESegmenter(4, max_iter=60, n_init=1, **options)
else:
    model = TemporalOTSegmenter(4, max_iter=200, freeze_iter=20, **options, **settings)
if n_passes:
    for _ in range(n_passes):
        model.partial_fit(videos)
else:
    model.fit(videos)
gaussians = getattr(model, "gaussians_", [])
np.savez(
    f"{folder}/{rank}",
    gaussians=np.array([gaussian.means_ for gaussian in gaussians]),
    labels=np.concatenate(model.labels_),
    losses=model.loss_curve_,
    **{f"weight{i}": w for i, w in enumerate([*model.coefs_, *model.intercepts_])},
)
if size > 1:
    dist.destroy_process_group()
    os._exit(0)  # gloo's threads now and then abort an interpreter that ends at once
"""


def run(folder, size, settings):
    folder.mkdir()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(rank), str(size), folder, settings],
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    errors = [process.communicate(timeout=300)[1] for process in processes]
    for process, message in zip(processes, errors):
        assert process.returncode == 0, message
    return [dict(np.load(folder / f"{rank}.npz")) for rank in range(size)]


@pytest.mark.parametrize(
    "settings",
    [
        '{"batch_size": 4}',
        '{"batch_size": 3, "n_init": 4, "alpha": 0.3, "beta": 0.2}',
        # 9 videos: the last mini-batch of a pass has one, and one process has none
        '{"batch_size": 2, "n_passes": 8, "alpha": 0.3}',
        '{"batch_size": 3, "prior": "path", "path_iter": 5, "n_parts": 2}',
        '{"method": "cte"}',
    ],
)
def test_two_processes_equal_one(tmp_path, settings):
    first, second = run(tmp_path / "two", 2, settings)
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name], err_msg=name)
    (alone,) = run(tmp_path / "one", 1, settings)
    # rounding differs, and grows with the steps
    np.testing.assert_allclose(first["losses"][:20], alone["losses"][:20], rtol=1e-4)
    np.testing.assert_allclose(first["losses"], alone["losses"], rtol=0.05)
    assert mof_score(alone["labels"], first["labels"]) > 0.98


@pytest.mark.parametrize("method", ["tot", "cte"])
def test_without_a_seed_all_use_the_first_one(tmp_path, method):
    settings = {"random_state": None, "method": method, "noise": 3.0}
    first, second = run(tmp_path / "two", 2, json.dumps(settings))
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name], err_msg=name)
