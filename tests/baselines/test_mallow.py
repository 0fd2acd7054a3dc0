import numpy as np
import pytest

from skl_tot.baselines import MallowSegmenter
from skl_tot.decoding.orders import MallowDecoder
from skl_tot.metrics import mof_score


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
    assert model.decoding_ == "mallow"
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
        decoder = MallowDecoder(dispersions)
        for video in videos:
            scores = model.log_likelihood(video)
            cost = 0.1 * len(video) / 4
            expected = decoder.path(scores, cost)
            np.testing.assert_array_equal(model.predict(video), expected)
            np.testing.assert_allclose(
                model.predict_posterior(video),
                decoder.posterior(scores, cost),
                atol=1e-7,
            )
    for path in model.predict(videos):  # no inversion is worth so much
        assert (np.diff(path) >= 0).all()
