"""Model files of fits that looked at the recordings, with their readings."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skl_tot import AutoSegmenter, HMMSegmenter
from skl_tot.baselines import KMeansSegmenter, MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, save_model
from skl_tot.meta.candidates import Plan
from skl_tot.preprocessing import GapFiller


def plans_of(order, **_):
    """Members of a vote that fit at once."""
    other = MallowSegmenter(order="mostly")
    if order == "free":
        other = KMeansSegmenter(switch_cost="auto")
    return [Plan("hmm", HMMSegmenter(order=order)), Plan("other", other)]


@pytest.fixture
def vote(monkeypatch):
    """Recordings too few to show a course, and a vote with two readings of them."""
    monkeypatch.setattr("skl_tot.meta.auto.default_plans", plans_of)
    options = {"n_features": 6, "mean_length": 30, "order": "free", "random_state": 0}
    videos, _ = make_activities(8, 4, **options)
    model = AutoSegmenter(4, random_state=0).fit(videos)
    assert len(model.readings_) == 2
    return videos, model


def test_look_and_readings_there_and_back(vote, tmp_path):
    videos, model = vote
    save_model(make_pipeline(GapFiller(), model), tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")[-1]
    assert type(loaded.look_) is type(model.look_)
    assert str(loaded.look_) == str(model.look_)  # the course is NaN
    assert loaded.look_.sentences() == model.look_.sentences()
    for found, expected in zip(loaded.readings_, model.readings_):
        for name in ("name", "sentence", "agreement", "trust"):
            assert found[name] == expected[name]
        np.testing.assert_equal(found["labels"], expected["labels"])
    other = model.readings_[1]
    loaded.use_reading(other["name"])
    np.testing.assert_equal(loaded.predict(videos), other["model"].predict(videos))
    # the reading of before is another one now, in a file of its own, too
    save_model(loaded, tmp_path / "other.skops")
    again = load_model(tmp_path / "other.skops").use_reading(model.readings_[0]["name"])
    np.testing.assert_equal(again.predict(videos), model.predict(videos))
    assert again.look_.sentences() == model.look_.sentences()


def test_reading_that_cannot_label_frames(vote, tmp_path):
    """Models of readings are checked like the model itself."""
    _, model = vote
    other = model.readings_[1]["model"]
    other.mappings_ = other.mappings_ + 99
    save_model(model, tmp_path / "model.skops")
    with pytest.raises(ValueError, match=r"readings_.*cannot label frames"):
        load_model(tmp_path / "model.skops")
