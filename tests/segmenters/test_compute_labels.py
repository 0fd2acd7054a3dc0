"""Without ``compute_labels`` the last pass over the data is left out, and no more."""

import numpy as np
import pytest

from skl_tot import CTESegmenter, TemporalOTSegmenter

QUICK = {"n_actions": 4, "max_iter": 10, "frames_per_video": 16, "random_state": 0}


@pytest.fixture(params=[TemporalOTSegmenter, CTESegmenter])
def estimator(request):
    return request.param(**QUICK)


@pytest.mark.parametrize("background", [None, 20.0])
def test_all_but_the_labels_is_learned(estimator, activity, background):
    videos, _ = activity
    estimator.set_params(background_percentile=background).fit(videos)
    labels, learned = estimator.labels_, set(vars(estimator))
    estimator.set_params(compute_labels=False).fit(videos)
    assert set(vars(estimator)) == learned - {"labels_"}
    predicted = estimator.predict(videos), estimator.fit_predict(videos)
    for one, other, expected in zip(*predicted, labels):
        np.testing.assert_array_equal(one, expected)
        np.testing.assert_array_equal(other, expected)
    assert not hasattr(estimator, "labels_")


def test_no_pass_over_the_data_for_labels(estimator, activity, monkeypatch):
    def fail(*_, **__):
        raise AssertionError("decoded")

    monkeypatch.setattr("skl_tot.segmenters.outputs.read_video", fail)
    estimator.set_params(compute_labels=False).fit(activity[0])
    with pytest.raises(AssertionError, match="decoded"):
        estimator.set_params(compute_labels=True).fit(activity[0])


def test_partial_fit(activity):
    videos, _ = activity
    model = TemporalOTSegmenter(**QUICK).partial_fit(videos)
    assert len(model.labels_) == len(videos)
    model.set_params(compute_labels=False).partial_fit(videos[:2])
    assert not hasattr(model, "labels_")
    twin = TemporalOTSegmenter(**QUICK).partial_fit(videos).partial_fit(videos[:2])
    np.testing.assert_array_equal(model.prototypes_, twin.prototypes_)


def test_failed_fit_keeps_the_labels(estimator, activity):
    labels = estimator.fit(activity[0]).labels_
    with pytest.raises(ValueError, match="Video 1"):
        estimator.set_params(compute_labels=False).fit([*activity[0][:1], [[1.0]]])
    assert estimator.labels_ is labels


def test_form_of_the_input(estimator, activity):
    estimator.set_params(compute_labels=False)
    assert isinstance(estimator.fit_predict(activity[0][0]), np.ndarray)


def test_no_bool(estimator, activity):
    with pytest.raises(ValueError, match="The 'compute_labels' parameter"):
        estimator.set_params(compute_labels="no").fit(activity[0])
