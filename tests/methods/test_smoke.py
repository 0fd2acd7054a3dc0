"""Each estimator learns and labels, in the smallest fit that does so."""

import numpy as np
import pytest
from sklearn.base import clone


@pytest.fixture(scope="module")
def videos():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(n, 3)) + np.arange(n)[:, None] / 5 for n in (18, 17, 20)]


def test_fits_and_predicts(estimator, videos):
    model = clone(estimator).fit(videos)
    for video, labels in zip(videos, model.predict(videos)):
        assert labels.shape == (len(video),)
        assert np.isin(labels, range(model.n_actions_)).all()
    assert clone(model).get_params().keys() == model.get_params().keys()
