"""A grid search on a Dask cluster gives the scores of a serial one."""

import os

import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skl_tot import HMMSegmenter
from skl_tot.metrics import mof_score
from skl_tot.recordings.files import open_arrays

distributed = pytest.importorskip("dask.distributed")


@pytest.fixture(scope="module")
def cluster():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster),
    ):
        yield


def scores(estimator, videos, labels):
    """MoF, and the process that computed it."""
    return {"mof": mof_score(labels, estimator.predict(videos)), "process": os.getpid()}


@pytest.mark.parametrize("lazy", [False, True])
def test_scores_equal_the_serial_ones(cluster, activity, tmp_path, lazy):
    videos, labels = activity
    if lazy:
        for i, video in enumerate(videos):
            np.save(tmp_path / f"{i}.npy", video)
        videos = open_arrays(sorted(tmp_path.glob("*.npy")))
    model = HMMSegmenter(4)  # workers start faster than with torch
    grid = {"n_actions": [2, 4]}
    search = GridSearchCV(
        model, grid, scoring=scores, refit=False, cv=2, error_score="raise"
    )
    expected = search.fit(videos, labels).cv_results_
    with joblib.parallel_config(backend="dask"):
        results = search.fit(videos, labels).cv_results_
    for split in range(2):
        name = f"split{split}_test_mof"
        np.testing.assert_array_equal(results[name], expected[name])
        assert os.getpid() not in results[f"split{split}_test_process"]
