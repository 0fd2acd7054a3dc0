import numpy as np
import pytest
from scipy.stats import norm

from skl_tot import HMMSegmenter, TemporalOTSegmenter
from skl_tot.decoding.evidence import MIN_VARIANCE, find_background, fit_background


def test_equals_independent_gaussians():
    rng = np.random.default_rng(0)
    videos = [rng.normal(3, 2, size=(n, 3)) for n in (30, 40)]
    labels = [np.sort(rng.integers(0, 2, len(video))) for video in videos]
    background = fit_background(lambda: iter(videos), labels, 2, 25)
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


@pytest.mark.parametrize("Segmenter", [TemporalOTSegmenter, HMMSegmenter])
def test_paths_run_through_what_is_left(activity, Segmenter):
    videos, _ = activity
    model = Segmenter(4, background_percentile=20, decoding="fixed", max_iter=30)
    model.fit(videos)
    for path in model.predict(videos):
        kept = path[path >= 0]
        assert (np.diff(kept) >= 0).all()
        assert set(kept) == {0, 1, 2, 3}
    share = np.mean(np.concatenate(model.labels_) == -1)
    assert 0.05 < share < 0.21  # at most the percentile of each action
