"""Views of frames, against plain numpy."""

import numpy as np
import pytest

from skl_tot import Recordings
from skl_tot.datasets import make_activities
from skl_tot.preprocessing import FrameView, SignalWindows

VIDEOS, _ = make_activities(4, 3, n_features=5, mean_length=40, random_state=0)


def products(arrays):
    """Inner products of all frames, which a rotation keeps."""
    frames = np.concatenate(arrays)
    return frames @ frames.T


def scaled(arrays, scaling):
    if scaling == "video":
        return [(own - own.mean(axis=0)) / own.std(axis=0) for own in arrays]
    frames = np.concatenate(arrays).astype(float)
    return [(own - frames.mean(axis=0)) / frames.std(axis=0) for own in arrays]


@pytest.mark.parametrize("scaling", ["dataset", "video"])
@pytest.mark.parametrize("widths", [(), [3, 9]])
def test_equals_numpy(scaling, widths):
    """Scaled frames and windows, rotated, with the largest variances first."""
    view = FrameView([1.0] * bool(widths), scaling=scaling).fit(VIDEOS)
    parts = [VIDEOS, *(own.transform(VIDEOS) for own in view.windows_)]
    columns = scaled([np.hstack(own) for own in zip(*parts)], scaling)
    found = view.transform(VIDEOS)
    centred = np.concatenate(columns)
    centred = centred - centred.mean(axis=0)
    values = np.linalg.eigvalsh(centred.T @ centred)[::-1]
    variances = (np.concatenate(found) ** 2).sum(axis=0)
    np.testing.assert_allclose(variances, values[: len(variances)], rtol=1e-4)
    assert found[0].shape[1] == min(40, len(columns[0].T))
    if len(columns[0].T) <= 40:
        expected = centred @ centred.T
        np.testing.assert_allclose(products(found), expected, atol=1e-3)


def test_windows_have_multiples_of_the_automatic_width():
    automatic = SignalWindows().fit(VIDEOS).window_
    recordings = Recordings(VIDEOS, fps=25)
    for X, rate in ((VIDEOS, 1), (recordings, 25)):
        view = FrameView([1, 3], n_components=4).fit(X)
        widths = [own.window_ for own in view.windows_]
        assert widths[0] == pytest.approx(automatic, abs=2)
        assert widths[0] < widths[1] <= max(map(len, VIDEOS))
        assert view.windows_[0].get_params()["window"] == widths[0] / rate
        assert [own.shape for own in view.transform(X)] == [(len(x), 4) for x in VIDEOS]
    names = [f"component {i}" for i in range(4)]
    assert view.get_feature_names_out().tolist() == names


@pytest.mark.parametrize("scaling", ["dataset", "video"])
@pytest.mark.parametrize("windows", [(), (1, 3)])
class TestExtremes:
    def finite(self, view, X):
        found = view.fit(X).transform(X)
        assert [len(own) for own in found] == [len(own) for own in X]
        assert all(np.isfinite(own).all() for own in found)
        return found

    def test_wide_features(self, windows, scaling):
        rng = np.random.default_rng(0)
        wide = [rng.normal(size=(30, 500)) for _ in range(3)]
        view = FrameView(windows, scaling=scaling, n_components=7)
        found = self.finite(view, wide)
        assert found[0].shape == (30, 7)
        assert (view.rotation_ is not None) == bool(windows)

    def test_few_frames(self, windows, scaling):
        for lengths in ([1, 3], [1, 4], [40, 1]):
            few = [own[:length] for own, length in zip(VIDEOS, lengths)]
            self.finite(FrameView(windows, scaling=scaling), few)

    def test_constant_features(self, windows, scaling):
        still = [np.c_[own, np.full(len(own), 7.0)] for own in VIDEOS]
        found = self.finite(FrameView(windows, scaling=scaling), still)
        plain = FrameView(windows, scaling=scaling).fit_transform(VIDEOS)
        if not windows:
            np.testing.assert_allclose(products(found), products(plain), atol=1e-3)
        constant = [np.full((20, 2), 3.0), np.full((9, 2), 3.0)]
        found = self.finite(FrameView(windows, scaling=scaling), constant)
        if not (windows and scaling == "video"):  # which scales rounding errors
            assert np.abs(np.concatenate(found)).max() < 1e-9


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"windows": [1, 0]}, "windows is .*, expected widths above 0"),
        ({"windows": [True]}, "windows is .*, expected widths above 0"),
        ({"windows": 3}, "The 'windows' parameter"),
        ({"scaling": "none"}, "The 'scaling' parameter"),
        ({"n_components": 0}, "The 'n_components' parameter"),
    ],
)
def test_refusals(parameters, match):
    with pytest.raises(ValueError, match=match):
        FrameView(**parameters).fit(VIDEOS)


def test_frames_around_that_a_stream_keeps():
    assert FrameView().fit(VIDEOS).n_around_ == 0
    view = FrameView((1, 3)).fit(VIDEOS)
    assert view.n_around_ == max(own.window_ // 2 for own in view.windows_)
    middle, n = len(VIDEOS[0]) // 2, view.n_around_
    near = VIDEOS[0][middle - n : middle + n + 1]
    whole = view.transform(VIDEOS[0])[middle]
    np.testing.assert_allclose(view.transform(near)[n], whole, atol=1e-9)
    # a recording is scaled when it has ended
    assert not hasattr(FrameView(scaling="video").fit(VIDEOS), "n_around_")
