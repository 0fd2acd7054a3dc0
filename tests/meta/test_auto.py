"""The look of `AutoSegmenter`, and the estimator that it spells out and fits."""

import functools

import numpy as np
import pytest
from sklearn.base import clone

import skl_tot
from skl_tot import (
    AutoSegmenter,
    HMMSegmenter,
    SemiSupervisedSegmenter,
    TemporalOTSegmenter,
)
from skl_tot.corrections import semi_supervised
from skl_tot.datasets import make_activities
from skl_tot.meta import auto
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.pipelines import describe_look
from skl_tot.preprocessing import SignalWindows, look


def assert_same(first, second):
    for path, expected in zip(first, second, strict=True):
        np.testing.assert_array_equal(path, expected)


@pytest.fixture(scope="module", autouse=True)
def _short_fits():
    """Fits of one network and of few steps, which still find the actions."""
    with pytest.MonkeyPatch.context() as patch:
        short = functools.partial(TemporalOTSegmenter, max_iter=40, n_networks=1)
        patch.setattr(auto, "TemporalOTSegmenter", short)
        yield


@pytest.fixture(scope="module")
def videos():
    options = {"n_features": 6, "mean_length": 50, "order": "free"}
    return make_activities(12, 3, **options, random_state=1)[0]


@pytest.fixture(scope="module")
def swings():
    """Signals that swing in three ways around one mean."""
    rng, signals = np.random.default_rng(0), []
    for _ in range(4):
        path = np.tile(np.arange(3), 3).repeat(90)
        phase = np.cumsum(np.array([0.1, 0.3, 0.9])[path])
        signal = np.c_[np.sin(phase), np.cos(phase)]
        signals.append(signal + 0.2 * rng.normal(size=signal.shape))
    return signals


@pytest.fixture(scope="module")
def fitted(videos):
    return AutoSegmenter(3, random_state=0).fit(videos)


class TestChoice:
    def test_the_order_is_that_of_the_look(self, fitted, videos):
        look = skl_tot.look(videos, 3)
        assert str(fitted.look_) == str(look)
        assert type(fitted.estimator_) is TemporalOTSegmenter
        assert fitted.estimator_.order == look.order
        assert "order='free'" in repr(fitted.estimator_)

    def test_a_clone_of_the_estimator_gives_the_same(self, fitted, videos):
        twin = clone(fitted.estimator_).fit(videos)
        assert_same(twin.labels_, fitted.labels_)
        assert_same(twin.predict(videos), fitted.predict(videos))
        assert_same(twin.predict_proba(videos), fitted.predict_proba(videos))
        assert_same(twin.predict_posterior(videos), fitted.predict_posterior(videos))
        assert twin.score(videos) == fitted.score(videos)

    def test_costs_are_chosen_where_actions_return(self, monkeypatch):
        look = skl_tot.look(make_activities(10, 3, random_state=0)[0], 3)
        for returns, cost in [(2.4, "auto"), (2.5, "estimate")]:
            object.__setattr__(look, "returns", returns)
            assert auto.spell_out(look, "mostly", 3).switch_cost == cost
            assert auto.spell_out(look, "free", 3).switch_cost == cost

    @pytest.mark.filterwarnings("ignore:.*Frames are those of a raw signal")
    def test_raw_signals_get_windows(self, swings):
        recordings = skl_tot.Recordings(swings, fps=25)
        with_rate = AutoSegmenter(3, random_state=0).fit(recordings)
        model = AutoSegmenter(3, random_state=0).fit(swings)
        assert with_rate.estimator_["windows"].window == model.look_.window / 25
        assert_same(list(with_rate.labels_.values()), model.labels_)
        windows, segmenter = (step for _, step in model.estimator_.steps)
        assert windows.window_ == SignalWindows().fit(swings).window_
        assert windows.window == model.look_.window
        assert type(segmenter) is HMMSegmenter  # of few recordings
        frames = windows.transform(swings)
        twin = clone(segmenter).fit(frames)
        assert_same(model.predict(swings), twin.predict(frames))
        assert_same(model.predict_posterior(swings), twin.predict_posterior(frames))

    def test_what_is_given_reaches_the_estimator(self, videos):
        given = {"standardize": "video", "min_duration": 4, "device": "cpu"}
        model = AutoSegmenter(3, random_state=np.random.RandomState(0), **given)
        estimator = model.fit(videos).estimator_
        assert given.items() <= estimator.get_params().items()
        assert isinstance(estimator.random_state, int)
        assert_same(clone(estimator).fit(videos).labels_, model.labels_)

    @pytest.mark.filterwarnings("ignore:The recordings bear out")
    def test_a_number_that_is_chosen_is_spelt_out(self, videos, monkeypatch):
        monkeypatch.setattr("skl_tot.methods.numbers.NUMBERS", [2, 3])
        videos = videos[:6]
        model = AutoSegmenter("auto", random_state=0).fit(videos)
        chosen = skl_tot.choose_n_actions(model.estimator_, videos)["best"]
        assert model.n_actions_ == model.estimator_.n_actions == chosen


class Collapsing(BaseSegmenter):
    """Finds what the first feature says in some orders, and one action in others."""

    decoding, switch_cost, background_percentile = "framewise", 0.0, None
    standardize = None
    right: tuple = ()

    def __init__(self, n_actions=4, *, order="mostly"):
        self.n_actions = n_actions
        self.order = order

    def _learn(self, videos):
        self.n_actions_ = self.n_actions

    def _log_likelihoods(self, videos):
        for video in videos:
            actions = video[:, 0].round().astype(int) * (self.order in self.right)
            yield np.eye(self.n_actions)[actions]


# two recordings, which leave the order open
STEPS = [np.repeat([0, 1, 2, 3], n)[:, None] + np.zeros(2) for n in (20, 25)]


class TestCollapse:
    @pytest.fixture
    def collapsing(self, monkeypatch):
        """Let `AutoSegmenter` fit segmenters that collapse but in some orders."""

        def make(look, order, n_actions, **_):
            return Collapsing(n_actions, order=order)

        monkeypatch.setattr(auto, "spell_out", make)
        return lambda *right: monkeypatch.setattr(Collapsing, "right", right)

    @pytest.mark.parametrize("n_actions", [2, 3, 4])  # one of a few is too few, too
    def test_the_other_order_is_fitted_and_said(self, collapsing, n_actions):
        collapsing("free")
        videos = [np.minimum(video, n_actions - 1) for video in STEPS]
        said = rf'With order="mostly", 1.0 of {n_actions} .* has order="free" instead'
        with pytest.warns(UserWarning, match=said) as caught:
            model = AutoSegmenter(n_actions).fit(videos)
        assert len(caught) == 1
        assert caught[0].filename == __file__
        assert (model.estimator_.order, model.look_.order) == ("free", "mostly")
        assert_same(model.labels_, [video[:, 0] for video in videos])
        assert describe_look(model)[0].endswith('so the model uses order="free".')

    @pytest.mark.parametrize(
        ("right", "most"),
        [([], 2**20), (["free"], 1), (["mostly", "free"], 2**20)],
        ids=["no other is better", "too many frames", "four are in effect"],
    )
    def test_the_first_fit_stays(self, collapsing, monkeypatch, right, most):
        collapsing(*right)
        monkeypatch.setattr(auto, "MOST_FITTED_AGAIN", most)
        describe = auto.collapses.describe_collapse
        monkeypatch.setattr(
            auto.collapses, "describe_collapse", lambda *fit: describe(*fit) or "few"
        )
        with pytest.warns(UserWarning, match="^Labels collapse.*SemiSupervised"):
            model = AutoSegmenter(4).fit(STEPS)
        assert model.estimator_.order == "mostly"

    @pytest.mark.parametrize("order", ["mostly", "free"])
    def test_a_segmenter_keeps_its_order_and_warns(self, order):
        said = "^Labels collapse: 1.0 of 4 .*AutoSegmenter.*SemiSupervisedSegmenter"
        with pytest.warns(UserWarning, match=said):
            model = Collapsing(order=order).fit(STEPS)
        assert model.order_ == order
        assert not np.concatenate(model.labels_).any()


@pytest.mark.parametrize("kind", [AutoSegmenter, SemiSupervisedSegmenter])
def test_one_fit_looks_once(kind, monkeypatch):
    videos, labels = make_activities(6, 3, mean_length=20, random_state=0)
    looks = []

    def look_at(*arguments):
        looks.append(look_of_module(*arguments))
        return looks[-1]

    look_of_module = auto.look_at
    for module in (auto, semi_supervised, look):
        monkeypatch.setattr(module, "look_at", look_at)
    model = kind(random_state=0)
    model.fit(videos, [labels[0], *[None] * 5] if model.is_taught else None)
    assert looks == [model.look_]
