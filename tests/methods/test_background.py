import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import f1_score

from skl_tot import HMMSegmenter, TemporalOTSegmenter, baselines
from skl_tot.datasets import make_activities
from skl_tot.decoding import gaussians
from skl_tot.decoding.gaussians import MIN_VARIANCE, find_background
from skl_tot.metrics import mof_score

QUICK = {"max_iter": 30, "decoding": "fixed"}


def fit_background(videos, *arguments, **options):
    return gaussians.fit_background(lambda: iter(videos), *arguments, **options)


def with_unrelated_frames(seed, share):
    """Videos of an activity with four runs of frames like no action, labelled -1."""
    rng = np.random.default_rng(seed)
    videos, labels = make_activities(20, 5, noise=0.7, random_state=seed)
    for i, (video, actions) in enumerate(zip(videos, labels)):
        n_frames = int(len(video) * share / (1 - share))
        runs = np.array_split(rng.normal(0, 2, size=(n_frames, 16)), 4)
        cuts = np.sort(rng.integers(0, len(video) + 1, 4))
        at = np.repeat(cuts, [len(run) for run in runs])
        videos[i] = np.insert(video, at, np.concatenate(runs), axis=0)
        labels[i] = np.insert(actions, at, -1)
    return videos, labels


class TestKernel:
    def test_equals_independent_gaussians(self):
        rng = np.random.default_rng(0)
        videos = [rng.normal(3, 2, size=(n, 3)) for n in (30, 40)]
        labels = [np.sort(rng.integers(0, 2, len(video))) for video in videos]
        background = fit_background(videos, labels, 2, 25)
        frames, actions = np.concatenate(videos), np.concatenate(labels)
        densities = []
        for k in range(2):
            members = frames[actions == k]
            scale = np.sqrt(members.var(axis=0) + MIN_VARIANCE)
            density = norm(members.mean(axis=0), scale).logpdf(frames).sum(axis=1)
            threshold = np.percentile(density[actions == k], 25)
            densities.append(density - threshold)
        expected = np.max(densities, axis=0) < 0
        assert expected.any()
        found = find_background(videos, background)
        np.testing.assert_array_equal(found, expected)


def test_finds_unrelated_frames_and_spares_the_actions():
    videos, labels = with_unrelated_frames(seed=0, share=0.3)
    model = baselines.paper(5, background_percentile=30, max_iter=600, random_state=0)
    predicted = model.fit_predict(videos)
    model.background_ = None  # what it would say without, as is tested below
    plain = model.predict(videos)
    truth, guess = np.concatenate(labels), np.concatenate(predicted)
    assert f1_score(truth == -1, guess == -1) >= 0.7
    pair = plain, predicted
    before, after = (mof_score(labels, paths, ignore_labels=-1) for paths in pair)
    assert after >= before


@pytest.mark.parametrize("Segmenter", [TemporalOTSegmenter, HMMSegmenter])
class TestEstimators:
    def test_paths_run_through_what_is_left(self, activity, Segmenter):
        videos, _ = activity
        model = Segmenter(4, background_percentile=20, **QUICK).fit(videos)
        for path in model.predict(videos):
            kept = path[path >= 0]
            assert (np.diff(kept) >= 0).all()
            assert set(kept) == {0, 1, 2, 3}
        share = np.mean(np.concatenate(model.labels_) == -1)
        assert 0.05 < share < 0.21  # at most the percentile of each action
