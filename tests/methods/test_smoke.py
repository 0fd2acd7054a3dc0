"""Each estimator learns and labels, in the smallest fit that does so."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone


@pytest.fixture(scope="module")
def videos():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(n, 3)) + np.arange(n)[:, None] / 5 for n in (18, 17, 20)]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_fits_and_predicts(estimator, videos):
    labels = [np.arange(len(video)) // 10 for video in videos]
    model = clone(estimator).fit(videos, labels)
    twin = pickle.loads(pickle.dumps(model))
    found = twin.predict(videos), twin.predict_posterior(videos)
    for video, own, labels, codes in zip(videos, model.predict(videos), *found):
        assert labels.shape == (len(video),)
        assert np.isin(labels, range(model.n_actions_)).all()
        np.testing.assert_array_equal(labels, own)
        np.testing.assert_allclose(codes.sum(axis=1), 1, rtol=1e-6)
    assert model.score(videos) >= 0
    assert clone(model).get_params().keys() == model.get_params().keys()
