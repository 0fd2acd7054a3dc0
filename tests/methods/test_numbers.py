"""How many actions recordings bear out."""

import numpy as np
import pytest

from skl_tot import (
    HMMSegmenter,
    MallowSegmenter,
    choose_n_actions,
)
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, save_model
from skl_tot.methods import METHODS, method_class

NUMBERS = range(1, 8)


@pytest.fixture(scope="module")
def activity():
    return make_activities(
        12, 4, noise=0.4, unevenness=0.5, mean_length=60, random_state=0
    )[0]


@pytest.mark.parametrize("n_actions", [2, 3, 5])
def test_is_found_where_it_is_clear(n_actions):
    videos, _ = make_activities(
        12, n_actions, noise=0.4, unevenness=0.5, mean_length=80, random_state=0
    )
    numbers = choose_n_actions(HMMSegmenter(), videos, numbers=NUMBERS)
    assert numbers["best"] == n_actions
    assert not numbers["at_edge"]
    assert numbers["n_actions"] == list(NUMBERS)
    assert len(numbers["score"]) == len(numbers["spread"]) == 7
    best = numbers["n_actions"].index(n_actions)
    assert numbers["score"][best] == max(numbers["score"])
    assert numbers["score"][0] == 0
    assert 0 <= numbers["spread"][best] < numbers["score"][best]


@pytest.mark.parametrize("last", [2, 3])
def test_best_at_the_edge_is_said(activity, last):
    with pytest.warns(UserWarning, match=f"at the edge of 1 to {last}: more"):
        numbers = choose_n_actions(HMMSegmenter(), activity, range(1, last + 1))
    assert numbers["best"] == last
    assert numbers["at_edge"]


@pytest.mark.filterwarnings("ignore:Actions (found|that)")
@pytest.mark.parametrize("name", METHODS)
def test_every_method_takes_auto(name, activity, tmp_path, monkeypatch):
    monkeypatch.setattr("skl_tot.methods.numbers.NUMBERS", range(3, 6))
    settings = {"n_actions": "auto"}
    known = method_class(name)().get_params(deep=False)
    settings |= {key: 20 for key in ("max_iter",) if key in known and name != "asal"}
    if name == "auto":
        settings["candidates"] = [("a", HMMSegmenter()), ("b", MallowSegmenter())]
    if name == "asal":
        settings |= {"estimator": HMMSegmenter(), "max_iter": 1, "n_steps": 2}
    settings |= {key: 0 for key in ("random_state",) if key in known}
    model = method_class(name)(**settings).fit(activity)
    assert model.n_actions == "auto"
    assert model.n_actions_ == model.numbers_["best"] == 4
    assert len(model.actions_) == 4
    assert model.log_likelihood(activity)[0].shape[1] == 4
    save_model(model, tmp_path / "m.skops")
    loaded = load_model(tmp_path / "m.skops")
    assert loaded.numbers_ == model.numbers_
    np.testing.assert_array_equal(loaded.predict(activity)[0], model.labels_[0])


def test_a_number_has_no_numbers(activity):
    assert HMMSegmenter(3).fit(activity).numbers_ is None
