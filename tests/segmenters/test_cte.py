import pickle

import numpy as np
import pytest
import skops.io
from scipy.stats import multivariate_normal
from sklearn.cluster import KMeans

from skl_tot import CTESegmenter
from skl_tot.decoding.chain import fixed_chain
from skl_tot.metrics import mof_score, segment_f1_score
from skl_tot.segmenters.cte import ordered_gaussians


def quick(n_actions=4, **params):
    defaults = {"max_iter": 30, "frames_per_video": 32, "n_init": 1, "random_state": 0}
    return CTESegmenter(n_actions, **(defaults | params))


@pytest.fixture(scope="module")
def fitted(activity):
    return quick().fit(activity[0])


class TestOrderedGaussians:
    @pytest.fixture
    def frames(self):
        """Two videos that show the clusters at 0, 10 and 20 in the order 10, 20, 0."""
        rng = np.random.default_rng(0)
        return np.concatenate(
            [rng.normal(m, 0.5, size=(n, 2)) for n in (12, 20) for m in (10, 20, 0)]
        )

    def test_order_is_that_of_time(self, frames):
        gaussians = ordered_gaussians(frames, [36, 60], KMeans(3, n_init=5), 1e-6)
        means = [gaussian.means_[0, 0] for gaussian in gaussians]
        np.testing.assert_allclose(means, [10, 20, 0], atol=0.5)

    def test_densities_equal_scipy(self, frames):
        kmeans = KMeans(3, n_init=5, random_state=0)
        gaussians = ordered_gaussians(frames, [36, 60], kmeans, 0.0)
        for gaussian in gaussians:
            cluster = kmeans.predict(gaussian.means_)[0]
            members = frames[kmeans.labels_ == cluster]
            expected = multivariate_normal(
                members.mean(axis=0), np.cov(members.T, bias=True)
            ).logpdf(frames)
            np.testing.assert_allclose(gaussian.score_samples(frames), expected)

    def test_cluster_of_one_frame_is_as_wide_as_all(self):
        frames = np.array([[0.0], [0.1], [0.2], [9.0]])
        last = ordered_gaussians(frames, [4], KMeans(2, n_init=5), 1e-6)[1]
        assert last.covariances_.item() == pytest.approx(np.var(frames), rel=1e-3)


def test_decodes_its_own_densities(fitted, activity):
    embeddings = fitted.transform(activity[0])
    for video, path in zip(embeddings, fitted.labels_):
        scores = [gaussian.score_samples(video) for gaussian in fitted.gaussians_]
        expected = fixed_chain(len(scores)).viterbi(np.transpose(scores))
        np.testing.assert_array_equal(expected, path)


def test_attributes_and_outputs(fitted, activity):
    videos, _ = activity
    assert len(fitted.gaussians_) == 4
    assert fitted.n_iter_ == len(fitted.loss_curve_) == 30
    assert not hasattr(fitted, "prototypes_")
    codes = fitted.predict_proba(videos)
    np.testing.assert_allclose(codes[0].sum(axis=1), 1, rtol=1e-5)
    assert fitted.transform(videos)[0].shape == (len(videos[0]), 40)
    assert fitted.score(videos) > 0
    for path in fitted.predict(videos):
        assert (np.diff(path) >= 0).all()
        assert set(path) == {0, 1, 2, 3}


def test_learns_time(activity):
    model = quick(max_iter=600).fit(activity[0])
    assert model.loss_curve_[-1] < 1 / 24  # half the variance of uniform times
    assert mof_score(activity[1], model.labels_) > 0.7


def test_one_frame():
    assert quick(1).fit(np.ones((1, 3))).labels_.tolist() == [0]


def test_global_random_state_is_not_touched(activity):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    quick().fit(activity[0]).predict(activity[0])
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_features_beyond_single_precision(activity):
    model = quick(standardize=None).fit(activity[0])
    huge = np.full((8, 5), 1e300)
    with pytest.raises(ValueError, match=r"^Video 1: the scores are not finite"):
        model.predict([activity[0][0], huge])


def test_same_seed_same_result(fitted, activity):
    again = quick().fit(activity[0])
    np.testing.assert_array_equal(again.coefs_[0], fitted.coefs_[0])
    np.testing.assert_array_equal(again.labels_[0], fitted.labels_[0])


def test_survives_pickle_and_skops(fitted, activity):
    data = skops.io.dumps(fitted)
    untrusted = skops.io.get_untrusted_types(data=data)
    assert untrusted == ["skl_tot.CTESegmenter"]
    for loaded in (
        pickle.loads(pickle.dumps(fitted)),
        skops.io.loads(data, trusted=untrusted),
    ):
        for one, other in zip(loaded.predict(activity[0]), fitted.labels_):
            np.testing.assert_array_equal(one, other)


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize(
    "videos",
    [
        [np.ones((20, 3))] * 2,
        [np.random.default_rng(0).normal(size=(4, 2))],
        [np.random.default_rng(0).normal(size=(n, 2)) for n in (9, 1, 3)],
    ],
    ids=["constant", "as many frames as actions", "short videos"],
)
def test_edge_cases_have_valid_paths(videos):
    for path, video in zip(quick().fit(videos).labels_, videos):
        assert (np.diff(path) >= 0).all()
        assert len(path) == len(video)
        if len(video) >= 4:
            assert set(path) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("name", "least_mof"), [("hapt", 0.42), ("jigsaws_throws", 0.50)]
)
def test_is_no_straw_man(real_data, name, least_mof):
    # The authors' code has MoF .428 and .505 on these features.
    data = real_data(name)
    model = CTESegmenter(len(data.target_names), random_state=0)
    predicted = model.fit_predict(data.videos)
    assert mof_score(data.labels, predicted) >= least_mof
    assert segment_f1_score(data.labels, predicted) > 0.1
