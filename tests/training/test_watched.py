"""Progress of fits for who watches them, in place of bars."""

import numpy as np
import pytest

from skl_tot import HMMSegmenter, SemiSupervisedSegmenter, TemporalOTSegmenter
from skl_tot.baselines import ASALSegmenter
from skl_tot.datasets import make_activities
from skl_tot.meta.cyclic import CyclicSegmenter
from skl_tot.progress import watched


@pytest.fixture(scope="module")
def videos():
    return make_activities(4, n_actions=2, n_features=4, random_state=0)[0]


def test_steps_of_a_network(videos, capsys):
    told, options = [], {"max_iter": 7, "random_state": 0}
    model = TemporalOTSegmenter(2, order="mostly", **options)
    with watched(lambda *values: told.append(values)):
        model.fit(videos)
    assert told[0] == (0, 7)
    assert told[-1] == (7, 7)
    assert sorted(told) == told
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "model",
    [
        HMMSegmenter(2, order="strict"),
        HMMSegmenter(2, order="free"),
        CyclicSegmenter(2, estimator=HMMSegmenter(2, max_iter=3)),
    ],
)
def test_steps_are_one_share_of_all(videos, model):
    told = []
    with watched(lambda *values: told.append(values)):
        model.set_params(random_state=0)
        model.fit([np.tile(x[::4], (5, 1)) for x in videos[:2]])
    assert len(set(told)) > 2
    assert sorted(told) == told


def test_steps_end_when_a_fit_settles(videos):
    """Labelling goes on after them, without a count."""
    told = []
    model = ASALSegmenter(2, max_iter=9, n_steps=5, random_state=0)
    with watched(lambda *values: told.append(values)):
        model.fit(videos)
    assert 0 < told[-2][0] < told[-2][1] == 45
    assert told[-1] == (0, 0)


def test_parts_of_a_fit_with_labels(videos):
    """Three fits without labels, the first with steps, and what follows."""
    told, y = [], [np.repeat([0, 1], [len(videos[0]) - 9, 9]), None, None, None]
    model = TemporalOTSegmenter(2, order="mostly", max_iter=200)
    with watched(lambda *values: told.append(values)):
        SemiSupervisedSegmenter([model, *[HMMSegmenter(2)] * 2]).fit(videos, y)
    assert {(0, 100), (25, 100), (50, 100)} <= set(told)
    assert any(0 < n < 25 for n, _ in told)
    assert sorted(told) == told


def test_an_error_ends_the_fit(videos):
    def tell(n_done, n_steps):
        if n_done:
            raise KeyError("enough")

    model = TemporalOTSegmenter(2, max_iter=10_000, random_state=0)
    with pytest.raises(KeyError, match="enough"), watched(tell):
        model.fit(videos)
    assert not hasattr(model, "actions_")
