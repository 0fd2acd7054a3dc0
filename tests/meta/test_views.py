"""What candidates of a vote see of long recordings and of raw signals."""

import numpy as np
import pytest

from skl_tot import AutoSegmenter
from skl_tot.baselines import MallowSegmenter
from skl_tot.decoding import decode
from skl_tot.meta.members import find_stride, on_all_frames, thinned
from skl_tot.preprocessing import SignalWindows
from skl_tot.preprocessing.windows import apply_windows, fit_windows
from skl_tot.recordings import Recordings


def swing(n_frames, rng):
    """Swings of three speeds, one after the other."""
    labels = np.repeat(np.arange(3), rng.multinomial(n_frames - 900, [1 / 3] * 3) + 300)
    phase = np.cumsum(np.array([0.05, 0.3, 1.2])[labels])
    return np.c_[np.sin(phase), np.cos(phase)] + rng.normal(0, 0.2, (n_frames, 2))


@pytest.fixture(scope="module")
def signals():
    rng = np.random.default_rng(0)
    return Recordings([swing(n, rng) for n in (6000, 7001, 6500, 9000)], fps=50)


@pytest.fixture(scope="module")
def fitted(signals):
    options = {"order": "mostly", "random_state": 0}
    candidates = [("mallow", MallowSegmenter(order="mostly"))]
    return AutoSegmenter(
        3, candidates=candidates, windows=SignalWindows(2), **options
    ).fit(signals)


def test_every_so_many_frames_of_windows(signals):
    videos = signals
    windows = fit_windows(videos)
    width, stride = windows.window_, find_stride(videos, windows, 3)
    assert stride == min(6, width // 4)
    seen = thinned(apply_windows(windows, videos), stride)
    assert seen.fps == 50 / stride
    whole = windows.transform(videos)
    labels = list(
        on_all_frames([np.arange(len(x)) for x in seen], videos.lengths, stride)
    )
    for i, video in enumerate(videos):
        assert len(labels[i]) == len(video)
        for t in range(0, len(video), 97):
            middle = min(t // stride * stride + stride // 2, len(video) - 1)
            np.testing.assert_allclose(seen[i][labels[i][t]], whole[i][middle])


def test_short_recordings_are_seen_as_they_are(signals):
    videos = Recordings([video[:1500] for video in signals])
    assert find_stride(videos, None, 3) == 1
    assert thinned(videos, 1) is videos


@pytest.mark.filterwarnings("ignore:.*Frames are those of a raw signal")
def test_vote_is_that_of_what_is_seen(fitted, signals):
    windows, s = SignalWindows(2).fit(signals), fitted.stride_
    assert s > 1
    assert fitted.windows_.window_ == windows.window_
    arrays = []
    for array in windows.transform(signals):
        rows = np.minimum(np.arange(s // 2, len(array) + s // 2, s), len(array) - 1)
        arrays.append(array[rows])
    own = MallowSegmenter(3, order="mostly").fit(arrays)
    found = fitted.candidate_labels(signals)["mallow"]
    for path, expected in zip(found, own.predict(arrays), strict=True):
        frames = np.arange(len(path)) // s
        np.testing.assert_array_equal(path, fitted.mappings_[0][expected][frames])
    for path, expected in zip(fitted.predict(signals), fitted.labels_.values()):
        np.testing.assert_array_equal(path, expected)


def test_a_switch_costs_what_it_does_in_what_is_seen(fitted, signals):
    s, cost = fitted.stride_, fitted.decoder_[1]
    for own, path in zip(fitted.log_likelihood(signals), fitted.labels_.values()):
        seen = decode(own[::s], fitted.decoding_, cost)
        assert (path == seen[np.arange(len(path)) // s]).mean() > 0.99
