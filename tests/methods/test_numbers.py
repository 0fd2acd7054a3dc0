"""How many actions recordings bear out."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import HMMSegmenter, choose_n_actions
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.methods.pipelines import last_step
from skl_tot.metrics.label_free import held_out_information, video_information
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.progress import watched


@pytest.fixture(scope="module")
def activity():
    options = {"noise": 0.4, "unevenness": 0.5, "mean_length": 30}
    return make_activities(6, 4, **options, random_state=0)[0]


def test_is_found_where_it_is_clear(activity):
    told = []
    with watched(lambda *steps: told.append(steps)):
        numbers = choose_n_actions(HMMSegmenter(), activity, [1, 3, 4, 5])
    assert told == [(n_done, 4) for n_done in range(5)]
    assert numbers["best"] == 4
    assert not numbers["at_edge"]
    assert numbers["n_actions"] == [1, 3, 4, 5]
    assert numbers["score"][-2] == max(numbers["score"])
    assert numbers["score"][0] == 0


@pytest.mark.parametrize("n_actions", [2, 3])
def test_score_is_agreement_of_halves_times_what_they_tell(n_actions):
    """Halves that are equal agree; then models are those of public segmenters."""
    videos, _ = make_activities(5, 3, noise=3, mean_length=60, random_state=0)
    videos = [video for video in videos for _ in range(2)]
    found = choose_n_actions(HMMSegmenter(), videos, [n_actions])["score"][0]
    frames = np.concatenate(videos)
    scaled = [(x - frames.mean(axis=0)) / frames.std(axis=0) for x in videos]
    scores = []
    for model in (HMMSegmenter(n_actions), in_order(n_actions)):
        model.set_params(decoding="free", switch_cost=0.5).fit(videos)
        args = model.labels_, n_actions
        told = held_out_information(lambda i: [scaled[i]], *args)
        told -= video_information(*args)
        scores.append((1 - 1 / n_actions) * np.exp(2 * told))
    assert found == pytest.approx(max(scores), rel=1e-3)


def in_order(n_actions):
    """Mallow's model, whose orders are forbidden."""

    class Ordered(MallowSegmenter):
        def _learn(self, videos):
            with pytest.MonkeyPatch.context() as patch:
                place = "skl_tot.baselines.alternating.mallow_inversions"
                patch.setattr(place, lambda _, costs: np.zeros(len(costs), int))
                return super()._learn(videos)

    return Ordered(n_actions)


def test_best_at_the_edge_is_said(activity):
    with pytest.warns(UserWarning, match="at the edge of 1 to 2"):
        numbers = choose_n_actions(HMMSegmenter(), activity, [1, 2])
    assert numbers["best"] == 2
    assert numbers["at_edge"]


FOUR = {"n_actions": [3, 4, 5], "score": [1.0, 3.0, 2.0]}
FOUR |= {"best": 4, "at_edge": False}


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_method_takes_auto(estimator_name, make_estimator, activity, monkeypatch):
    if estimator_name in ("CyclicSegmenter", "SemiSupervisedSegmenter"):
        pytest.skip("leaves the number to its segmenter")
    place = "skl_tot.methods.base.compare_numbers"
    monkeypatch.setattr(place, lambda _, order: FOUR)
    model = make_estimator(estimator_name, n_actions="auto", max_iter=20).fit(activity)
    assert model.n_actions == "auto"
    segmenter = last_step(model)  # of AutoSegmenter, the one that it has chosen
    assert model.n_actions_ == segmenter.numbers_["best"] == 4
    assert len(segmenter.actions_) == 4
    assert segmenter.log_likelihood(activity)[0].shape[1] == 4


def test_choice_is_that_of_a_fit_in_a_pipeline(activity, monkeypatch):
    monkeypatch.setattr("skl_tot.methods.numbers.NUMBERS", [3, 4, 5])
    scaler = FramewiseTransformer(StandardScaler())
    model = make_pipeline(scaler, HMMSegmenter("auto", standardize=None))
    numbers = choose_n_actions(model, activity)
    assert numbers == model.fit(activity)[-1].numbers_
    plain = HMMSegmenter(standardize="video")
    assert choose_n_actions(plain, activity)["score"] != numbers["score"]
    assert clone(model).get_params()["hmmsegmenter__n_actions"] == "auto"


@pytest.mark.parametrize(("n_videos", "most"), [(1, 2), (10, 0)])
def test_without_an_order(n_videos, most):
    """The drift of an only recording may look like further actions."""
    videos, labels = make_activities(
        n_videos, 5, mean_length=900 / n_videos, noise=0.4, order="free", random_state=1
    )
    true = len(np.unique(np.concatenate(labels)))
    numbers = choose_n_actions(HMMSegmenter(order="free"), videos, range(1, 8))
    assert 0 <= numbers["best"] - true <= most
    # halves agree on all
    assert numbers["score"][true - 1] == pytest.approx(1 - 1 / true, abs=0.01)
