"""Errors about widths ask whether videos lie the other way round."""

import re

import numpy as np
import pytest

from skl_tot import TemporalOTSegmenter
from skl_tot.datasets import FeatureFiles
from skl_tot.recordings.checks import HINT

QUICK = {"n_actions": 2, "max_iter": 5, "freeze_iter": 2, "frames_per_video": 8}
TURNED = [np.random.default_rng(i).normal(size=(4, 30 + i)) for i in range(3)]


@pytest.mark.parametrize("on_disk", [False, True])
def test_a_fit_of_turned_videos(tmp_path, on_disk):
    videos = TURNED
    if on_disk:
        paths = [tmp_path / f"{i}.npy" for i in range(len(videos))]
        for path, video in zip(paths, videos):
            np.save(path, video)
        videos = FeatureFiles(paths)
    message = f"^Video 1: X has 31 features, but .* 30 .*{re.escape(HINT)}$"
    with pytest.raises(ValueError, match=message):
        TemporalOTSegmenter(**QUICK).fit(videos)


def test_predictions_of_turned_videos():
    model = TemporalOTSegmenter(**QUICK, random_state=0).fit([x.T for x in TURNED])
    for given in (TURNED[0], TURNED):
        with pytest.raises(ValueError, match=re.escape(HINT)):
            model.predict(given)


@pytest.mark.parametrize("shapes", [[(30, 4), (31, 5)], [(30, 4), (30, 5)], [(3, 4)]])
def test_other_errors_of_width_do_not_ask(shapes):
    video = np.random.default_rng(0).normal(size=(30, 6))
    model = TemporalOTSegmenter(**QUICK).fit(video)
    with pytest.raises(ValueError, match="features as input") as info:
        model.predict([np.ones(shape) for shape in shapes])
    assert HINT not in str(info.value)


def test_other_errors_do_not_ask():
    videos = [np.full((4, 30), np.inf), np.ones((4, 31))]
    with pytest.raises(ValueError, match=r"^Video 0: Input X contains inf") as info:
        TemporalOTSegmenter(**QUICK).fit(videos)
    assert HINT not in str(info.value)
