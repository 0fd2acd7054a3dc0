"""What a fit makes of a look: its order, its windows, and another try at a collapse."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.base import clone

import skl_tot
from skl_tot import HMMSegmenter, TemporalOTSegmenter
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.extend import Adam
from skl_tot.methods.base import BaseSegmenter
from skl_tot.preprocessing import SignalWindows


def assert_same(first, second):
    for own, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(own, other)


def tot(n_actions=3, **params):
    short = {"max_iter": 40, "n_networks": 1, "random_state": 0}
    short["optimizer"] = Adam(frames_per_video=32)
    return TemporalOTSegmenter(n_actions, **short | params)


@pytest.fixture(scope="module", params=["strict", "free"])
def videos(request):
    return make_activities(
        12, 3, n_features=6, mean_length=90, order=request.param, random_state=1
    )[0]


@pytest.fixture(scope="module")
def unordered():
    return make_activities(
        12, 3, n_features=6, mean_length=90, order="free", random_state=1
    )[0]


@pytest.fixture(scope="module")
def swings():
    """Signals that swing in three ways around one mean."""
    rng, found = np.random.default_rng(0), []
    for _ in range(4):
        path = np.tile(np.arange(3), 4).repeat(300)
        phase = np.cumsum(np.array([0.1, 0.3, 0.9])[path])
        signal = np.c_[np.sin(phase), np.cos(phase)]
        found.append(signal + 0.2 * rng.normal(size=signal.shape))
    return found


class TestOrder:
    @pytest.mark.parametrize(
        "model",
        [HMMSegmenter(3, max_iter=3), tot(max_iter=200)],
        ids=lambda model: type(model).__name__,
    )
    def test_is_that_of_the_look(self, videos, model):
        model = clone(model).set_params(random_state=0).fit(videos)
        order = skl_tot.look(videos, 3).order
        assert (model.order_, model.look_.order) == (order, order)
        labels = model.labels_
        assert_same(labels, model.set_params(order=order).fit(videos).labels_)
        assert model.look_ is None


@pytest.fixture(scope="module")
def windowed(swings):
    return HMMSegmenter(3, random_state=0).fit(swings)


class TestWindows:
    @pytest.mark.filterwarnings("ignore:.*Frames are those of a raw signal")
    def test_are_those_of_a_pipeline(self, windowed, swings):
        windows = SignalWindows().fit(swings)
        assert windowed.windows_.window_ == windows.window_
        assert windowed.n_around_ == windows.n_around_
        frames = windows.transform(swings)
        own = HMMSegmenter(3, order=windowed.order_, random_state=0).fit(frames)
        assert_same(windowed.labels_, own.labels_)
        assert_same(windowed.predict(swings), own.predict(frames))


@pytest.fixture(scope="module")
def fitted(unordered):
    return tot(order="free", max_iter=150).fit(unordered)


class TestStates:
    """Those of the free order of `TemporalOTSegmenter`."""

    def test_a_stream_does_not_drop_them(self, fitted, unordered):
        before = fitted.predict(unordered[0])
        with pytest.raises(ValueError, match=r"partial_fit cannot .* or begin with"):
            fitted.partial_fit(unordered)
        np.testing.assert_array_equal(fitted.predict(unordered[0]), before)
        streamed = tot(order="free").partial_fit(unordered)
        assert streamed.partial_fit(unordered).states_ is None

    def test_scores_are_densities_of_components(self, fitted, unordered):
        states = fitted.states_
        for video, scores in zip(unordered, fitted.log_likelihood(unordered)):
            frames = fitted.scaler_.transform(video) - states["center"]
            frames = frames @ states["components"].T
            expected = []
            for mean, variances in zip(states["means"], states["covars"]):
                own = norm.logpdf(frames, mean, np.sqrt(variances))
                expected.append(own.sum(axis=1))
            expected = np.transpose(expected)
            np.testing.assert_allclose(
                scores - scores[:, :1], expected - expected[:, :1], atol=1e-6
            )


class Collapsing(BaseSegmenter):
    """Finds what the first feature says in some orders, and one action in others."""

    decoding, switch_cost, background_percentile = "framewise", 0.0, None
    standardize = None
    _defaults_by_order = {"strict": {}, "mostly": {}, "free": {}}

    def __init__(self, n_actions=4, *, order="auto", right=()):
        self.n_actions = n_actions
        self.order = order
        self.right = right

    def _learn(self, videos):
        self.n_actions_ = self.n_actions
        self.learned_ = self.order_

    def _log_likelihoods(self, videos):
        for video in videos:
            actions = video[:, 0].round().astype(int)
            actions *= self.learned_ in self.right
            yield np.eye(self.n_actions)[actions]


@pytest.fixture(scope="module")
def steps():
    """Two recordings, which leave the order open, and their actions."""
    labels = [np.repeat([0, 1, 2, 3], 20), np.repeat([0, 1, 2, 3], 25)]
    return [path[:, None] + np.zeros(2) for path in labels], labels


class TestCollapse:
    def test_is_mended_by_the_other_order(self, steps):
        with pytest.warns(UserWarning, match='order="free"') as caught:
            model = Collapsing(right=("free",)).fit(steps[0])
        assert len(caught) == 1
        assert caught[0].filename == __file__
        assert (model.order_, model.look_.order) == ("free", "mostly")
        assert_same(model.labels_, steps[1])
        assert_same(model.predict(steps[0]), steps[1])

    @pytest.mark.filterwarnings("ignore:Actions found")
    @pytest.mark.parametrize(
        ("order", "right"), [("auto", ()), ("mostly", ("free",)), ("free", ("mostly",))]
    )
    def test_stays_with_a_given_order_or_if_all_collapse(self, steps, order, right):
        with pytest.warns(UserWarning, match="^Labels collapse"):
            model = Collapsing(order=order, right=right).fit(steps[0])
        first = "mostly" if order == "auto" else order
        assert (model.order_, model.learned_) == (first, first)
        assert not np.concatenate(model.labels_).any()
        assert not np.concatenate(model.predict(steps[0])).any()


def test_a_method_without_free_order_says_so(unordered):
    with pytest.warns(UserWarning, match="MallowSegmenter has no free order"):
        model = MallowSegmenter(3).fit(unordered)
    assert model.order_ == "mostly"
