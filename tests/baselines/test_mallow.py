from functools import partial

import numpy as np
import pytest
from sklearn.base import clone

from skl_tot.baselines import MallowSegmenter
from skl_tot.decoding.decoders import order_decoder
from skl_tot.decoding.orders import mallow_order
from skl_tot.metrics import mof_score, segment_f1_score


@pytest.fixture(scope="module")
def fitted(activity):
    return MallowSegmenter(4).fit(activity[0])


@pytest.fixture(scope="module")
def swapped():
    """Videos of four actions, two of which come the other way round in a third."""
    rng = np.random.default_rng(0)
    centres = 4 * rng.normal(size=(4, 6))
    orders = [[0, 1, 2, 3], [0, 1, 2, 3], [0, 2, 1, 3]] * 4
    labels = [np.repeat(order, rng.integers(15, 30, 4)) for order in orders]
    return [centres[own] + rng.normal(size=(len(own), 6)) for own in labels], labels


def test_finds_an_order_for_each_video(swapped):
    videos, labels = swapped
    model = MallowSegmenter(4).fit(videos[:9])
    for decoding in ("mallow", "peaks"):
        model.set_params(decoding=decoding)
        assert mof_score(labels[9:], model.predict(videos[9:])) > 0.95
    assert model.dispersions_[1] < min(model.dispersions_[[0, 2]])
    fixed = model.set_params(decoding="fixed").predict(videos[11])
    assert (np.diff(fixed) >= 0).all()
    assert mof_score([labels[11]], [fixed]) < 0.95


def test_decodes_with_the_dispersions_of_the_fit(swapped):
    videos, _ = swapped
    model = MallowSegmenter(4, switch_cost=0.1).fit(videos)
    for dispersions in (model.dispersions_, np.full(3, 1e6)):
        model.dispersions_ = dispersions
        decoder = order_decoder(partial(mallow_order, dispersions=dispersions))
        for video in videos:
            scores = model.log_likelihood(video)
            cost = 0.1 * len(video) / 4
            np.testing.assert_array_equal(
                model.predict(video), decoder.path(scores, cost)
            )
            np.testing.assert_allclose(
                model.predict_posterior(video),
                decoder.posterior(scores, cost),
                atol=1e-7,
            )
    for path in model.predict(videos):  # no inversion is worth so much
        assert (np.diff(path) >= 0).all()


@pytest.mark.parametrize("standardize", ["dataset", "video", None])
def test_units_do_not_matter(activity, standardize):
    """Nor does the place of zero; without standardisation, one unit for all."""
    model = MallowSegmenter(4, standardize=standardize)
    expected = model.fit_predict(activity[0])
    for scale in (1e-6, 1e6):
        found = model.fit_predict([scale * video + scale for video in activity[0]])
        assert mof_score(expected, found) > 0.999


@pytest.mark.parametrize("decoding", ["mallow", "peaks", "fixed", "skip", "free"])
@pytest.mark.parametrize(
    ("n_actions", "videos"),
    [
        (4, [np.ones((20, 3))] * 2),
        (4, [np.random.default_rng(0).normal(size=(4, 2))]),
        (4, [np.random.default_rng(0).normal(size=(n, 2)) for n in (9, 1, 3)]),
        (1, [np.random.default_rng(0).normal(size=(n, 3)) for n in (5, 1)]),
        (3, [np.random.default_rng(0).normal(size=(30, 1))]),
        (1, [np.ones((1, 1))]),
        (3, [np.random.default_rng(0).normal(size=(10, 40))]),
    ],
    ids=["constant", "K frames", "short", "K=1", "D=1", "one number", "many features"],
)
def test_edge_cases_have_valid_paths(decoding, n_actions, videos):
    options = {"order": "mostly", "background_percentile": 5}
    model = MallowSegmenter(n_actions, decoding=decoding, **options)
    for path, video in zip(model.fit_predict(videos), videos):
        assert path.shape == (len(video),)
        assert set(path) <= {-1, *range(n_actions)}
    for probabilities in model.predict_posterior(videos):
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert model.predict([videos[0][:1]])[0].shape == (1,)


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("scale", [1e200, 1e300])
def test_features_out_of_reach(fitted, activity, scale):
    videos = [video.astype("f8") for video in activity[0]]
    model = clone(fitted).set_params(standardize=None, order="mostly").fit(videos)
    before = model.predict(activity[0][0])
    with pytest.raises(ValueError, match=r"^Recording 1: the features are too far"):
        model.predict([activity[0][0], np.full((8, 5), scale)])
    with pytest.raises(ValueError, match="squares are too large"):
        model.fit([scale * video for video in videos])
    np.testing.assert_array_equal(model.predict(activity[0][0]), before)


@pytest.mark.parametrize(
    ("name", "least_mof", "least_f1"),
    [
        ("utkinect", 0.7, 0.5),
        ("hiro_snap", 0.9, 0.95),
        ("breakfast_coffee5", 0.5, 0.35),
    ],
)
def test_real_recordings(real_data, name, least_mof, least_f1):
    # equal parts, which it starts from, have MoF .53, .65 and .57
    data = real_data(name)
    labels = MallowSegmenter(len(data.target_names)).fit_predict(data.videos)
    assert mof_score(data.labels, labels) > least_mof
    assert segment_f1_score(data.labels, labels) > least_f1
