"""Labels of some recordings predict those of others."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from skl_tot.datasets import make_activities
from skl_tot.meta import across
from skl_tot.recordings import Recordings
from skl_tot.recordings.container import fit_scaler

N_ACTIONS = 3


@pytest.fixture(scope="module")
def data():
    videos, labels = make_activities(
        12, N_ACTIONS, n_features=4, mean_length=60, noise=1.5, random_state=0
    )
    takes = Recordings([video.astype(float) for video in videos])
    return takes.standardize(fit_scaler(takes)), labels


def spoiled(labels, share, seed=0):
    """Labels of which some are drawn at random."""
    rng, found = np.random.default_rng(seed), []
    for own in labels:
        other = rng.integers(N_ACTIONS, size=len(own))
        found.append(np.where(rng.uniform(size=len(own)) < share, other, own))
    return found


def test_scores_are_those_of_scikit_learn(monkeypatch):
    """Without shrinkage, and with full powers of shares, up to a constant per frame."""
    monkeypatch.setattr(across, "SHRINKAGE", 0.0)
    monkeypatch.setattr(across, "PRIOR_POWER", 1.0)
    monkeypatch.setattr(across, "PRIOR_FRAMES", 0.0)
    rng = np.random.default_rng(0)
    path = rng.integers(N_ACTIONS, size=300)
    frames = rng.normal(size=(300, 5)) + rng.normal(size=(N_ACTIONS, 5))[path]
    sums = [
        across._Sums(frames[rows], path[rows], N_ACTIONS)
        for rows in (slice(0, 100), slice(100, 300))
    ]
    guess = {}
    across._learn(guess, sums)
    found = frames @ guess["weights"] + guess["offsets"]
    expected = LinearDiscriminantAnalysis(solver="lsqr").fit(frames, path)
    expected = expected.decision_function(frames)
    np.testing.assert_allclose(
        found - found[:, :1], expected - expected[:, :1], rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("by_time", [False, True])
def test_spoiled_labels_are_mended(data, by_time):
    takes, labels = data
    before = spoiled(labels, 0.3)
    guess, after = across.refine_across(takes, before, N_ACTIONS, by_time=by_time)
    wrong = np.concatenate(before) != np.concatenate(labels)
    still = np.concatenate(after) != np.concatenate(labels)
    assert still.mean() < 0.5 * wrong.mean()
    new = across.guessed_paths(takes, guess)
    assert (np.concatenate(new) == np.concatenate(after)).mean() > 0.9


def test_recordings_that_do_not_tell_about_each_other(data):
    takes, labels = data
    random = spoiled(labels, 1.0)
    assert across.refine_across(takes, random, N_ACTIONS, by_time=True) is None
    few = takes.select(np.arange(across.LEAST_RECORDINGS - 1))
    assert across.refine_across(few, labels[:9], N_ACTIONS, by_time=True) is None
