import pickle

import numpy as np
import pytest
import skops.io
from scipy.special import log_softmax, softmax
from sklearn.cluster import KMeans

from skl_tot import UDESegmenter
from skl_tot.decoding.chain import fixed_chain
from skl_tot.methods.parts import time_order
from skl_tot.metrics import mof_score


def quick(n_actions=4, **params):
    defaults = {"max_iter": 30, "frames_per_video": 32, "random_state": 0}
    return UDESegmenter(n_actions, **(defaults | params))


@pytest.fixture(scope="module")
def fitted(activity):
    return quick().fit(activity[0])


def test_learns(activity):
    model = quick(max_iter=600).fit(activity[0])
    assert mof_score(activity[1], model.labels_) > 0.7
    before, after = model.loss_curve_[300:320], model.loss_curve_[-20:]
    assert np.mean(after) < np.mean(before)


def test_reconstructs_before_there_are_concepts(activity):
    curve = quick(max_iter=400, reconstruction_iter=399).fit(activity[0]).loss_curve_
    assert len(curve) == 400
    assert np.mean(curve[350:399]) < 0.5 * curve[0]
    assert curve[399] > curve[398] + 0.2  # of a contrast with hundreds of frames


def test_embeddings_and_concepts_have_unit_length(fitted, activity):
    for z in fitted.transform(activity[0]):
        np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, rtol=1e-5)
    assert fitted.concepts_.shape == (4, 40)
    np.testing.assert_allclose(np.linalg.norm(fitted.concepts_, axis=1), 1, rtol=1e-5)


def test_decodes_its_own_probabilities(fitted, activity):
    videos, _ = activity
    probabilities = fitted.predict_proba(videos)
    for z, path, proba in zip(fitted.transform(videos), fitted.labels_, probabilities):
        scores = z @ fitted.concepts_.T / fitted.temperature
        np.testing.assert_allclose(proba, softmax(scores, axis=1), rtol=1e-4)
        chain = fixed_chain(scores.shape[1])
        expected = chain.viterbi(log_softmax(scores, axis=1))
        np.testing.assert_array_equal(expected, path)


def test_labels_of_the_fit_are_those_of_predict(fitted, activity):
    for one, other in zip(fitted.predict(activity[0]), fitted.labels_):
        np.testing.assert_array_equal(one, other)


def test_concepts_are_in_the_order_of_time(activity):
    """Of the frames nearest to them; the fit has put them there."""
    for seed in range(3):
        model = quick(random_state=seed, max_iter=100).fit(activity[0])
        nearest = [np.eye(4)[x.argmax(1)] for x in model.log_likelihood(activity[0])]
        assert time_order(nearest).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "options",
    [{"reconstruction_iter": 30}, {"reconstruction_iter": 10**9}, {"max_iter": 1}],
)
def test_concepts_start_at_centres_of_clusters(activity, options):
    model = quick(**options).fit(activity[0])
    frames = np.concatenate(model.transform(activity[0])).astype("f4")
    centres = KMeans(4, n_init=10, random_state=0).fit(frames).cluster_centers_
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    distances = np.linalg.norm(centres[:, None] - model.concepts_, axis=2)
    np.testing.assert_allclose(distances.min(axis=0), 0, atol=0.02)
    assert len(set(distances.argmin(axis=0))) == 4


def test_without_weight_concepts_stay(activity):
    short, long = (
        quick(reconstruction_iter=20, max_iter=n, concept_weight=0.0, weight_decay=0.0)
        for n in (20, 60)
    )
    concepts = [model.fit(activity[0]).concepts_ for model in (short, long)]
    distances = np.linalg.norm(concepts[0][:, None] - concepts[1], axis=2)
    np.testing.assert_allclose(distances.min(axis=0), 0, atol=1e-6)


def test_steps(activity):
    for share, steps in ((0.5, 31), (7, 31), (10**9, 31), (1e-9, 31), (0.99, 1)):
        model = quick(reconstruction_iter=share, max_iter=steps).fit(activity[0])
        assert model.n_iter_ == len(model.loss_curve_) == steps


@pytest.mark.parametrize("share", [0, 0.0, 1.0, -1, "half"])
def test_bad_shares_are_refused(activity, share):
    with pytest.raises(ValueError, match="'reconstruction_iter' parameter of UDE"):
        quick(reconstruction_iter=share).fit(activity[0])


def test_failed_fit_changes_nothing(fitted, activity):
    before = {name: value.copy() for name, value in fitted.network_.items()}
    model = pickle.loads(pickle.dumps(fitted)).set_params(learning_rate=1e30)
    with pytest.raises(ValueError, match="finite"):
        model.fit([video * 1e3 for video in activity[0]])
    for name, value in before.items():
        np.testing.assert_array_equal(model.network_[name], value)
    np.testing.assert_array_equal(model.labels_[0], fitted.labels_[0])


def test_same_seed_same_result(fitted, activity):
    again = quick().fit(activity[0])
    for name, value in fitted.network_.items():
        np.testing.assert_array_equal(again.network_[name], value)
    np.testing.assert_array_equal(again.labels_[0], fitted.labels_[0])
    other = quick(random_state=1).fit(activity[0])
    assert (other.concepts_ != fitted.concepts_).any()


def test_global_random_state_is_not_touched(activity):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    quick().fit(activity[0]).predict(activity[0])
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_survives_pickle_and_skops(fitted, activity):
    data = skops.io.dumps(fitted)
    untrusted = skops.io.get_untrusted_types(data=data)
    assert untrusted == ["skl_tot.UDESegmenter"]
    for loaded in (
        pickle.loads(pickle.dumps(fitted)),
        skops.io.loads(data, trusted=untrusted),
    ):
        for one, other in zip(loaded.predict(activity[0]), fitted.labels_):
            np.testing.assert_array_equal(one, other)


def test_files_with_other_shapes_are_refused(fitted):
    model = pickle.loads(pickle.dumps(fitted))
    model._check_state()
    model.network_["prototypes"] = model.concepts_[:3]
    with pytest.raises(ValueError, match="prototypes"):
        model._check_state()


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize(
    "videos",
    [
        [np.ones((20, 3))] * 2,
        [np.zeros((20, 3))] * 2,
        [np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)],
        [np.random.default_rng(0).normal(size=(n, 1)) for n in (9, 1, 3)],
    ],
    ids=["constant", "zero", "as many frames as actions", "short videos"],
)
def test_edge_cases_have_valid_paths(videos):
    model = quick(frames_per_video=2).fit(videos)
    for path, video in zip(model.labels_, videos):
        assert (np.diff(path) >= 0).all()
        assert len(path) == len(video)
        if len(video) >= 4:
            assert set(path) == {0, 1, 2, 3}


def test_one_frame():
    assert quick(1).fit(np.ones((1, 3))).labels_.tolist() == [0]
    one = quick(1, embedding_dim=1, hidden_dim=1, frames_per_video=1)
    assert one.fit(np.ones((1, 1))).labels_.tolist() == [0]
