"""Corrections of fitted models."""

import pickle

import joblib
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

from skl_tot import (
    ActivitySegmenter,
    HMMSegmenter,
    SemiSupervisedSegmenter,
    TemporalOTSegmenter,
)
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import merge, rename, split
from skl_tot.corrections.layers import Merge, Split
from skl_tot.datasets import make_activities
from skl_tot.decoding import decode
from skl_tot.decoding.decoders import nats_of_switch
from skl_tot.methods.hmm_model import AnyOrder

VIDEOS, LABELS = make_activities(
    n_videos=6, n_actions=4, n_features=5, noise=0.3, mean_length=60, random_state=0
)
WORDS = np.array(["take", "pour", "stir", "lay"])


def fit_tot(**options):
    own = {"max_iter": 200, "n_networks": 2, "switch_cost": 0.1, "random_state": 0}
    model = TemporalOTSegmenter(4, device="cpu", **own | options)
    model.set_params(optimizer__learning_rate=1e-2, optimizer__frames_per_video=64)
    return model.fit(VIDEOS)


def fit_guided():
    known = [WORDS[own] for own in LABELS[:3]] + [None] * 3
    return SemiSupervisedSegmenter(MallowSegmenter(4, switch_cost=0.1)).fit(
        VIDEOS, known
    )


FITS = {
    "tot": fit_tot,
    "mallow": lambda: MallowSegmenter(4).fit(VIDEOS),
    "guided": fit_guided,
}


@pytest.fixture(scope="module")
def fitted():
    """Give a fitted model by its name; each is fitted when it is first asked for."""
    found = {}

    def get(name):
        if name not in found:
            found[name] = FITS[name]()
        return found[name]

    return get


def numbers_of(model):
    """Labels of the fit as indices of the actions."""
    return [np.searchsorted(model.actions_, own) for own in model.labels_]


def same(first, second):
    return all(map(np.array_equal, first, second))


@pytest.mark.parametrize("name", ["tot", "mallow"])
def test_merge_is_what_one_computes_by_hand(fitted, name):
    model = fitted(name)
    before, state = model.log_likelihood(VIDEOS), pickle.dumps(model)
    probabilities = model.predict_proba(VIDEOS)
    merged = merge(model, [2, 0])
    assert pickle.dumps(model) == state
    for i, own in enumerate(before):
        by_hand = np.stack(
            [own[:, 1], np.logaddexp(own[:, 0], own[:, 2]), own[:, 3]], axis=1
        )
        np.testing.assert_allclose(
            merged.log_likelihood(VIDEOS)[i], by_hand, atol=1e-12
        )
        path = decode(by_hand, *merged.decoder_)
        assert np.array_equal(merged.predict(VIDEOS[i]), path)
        summed = probabilities[i][:, [1, 2, 3]]
        summed[:, 1] += probabilities[i][:, 0]
        np.testing.assert_allclose(merged.predict_proba(VIDEOS)[i], summed, rtol=1e-5)
        expected = np.array([1, 0, 1, 2])[model.labels_[i]]
        assert np.array_equal(merged.labels_[i], expected)
    assert merged.score(VIDEOS) > 0
    assert merged.n_actions_ == 3
    assert merged.actions_.tolist() == [0, 1, 2]


def test_names_follow(fitted):
    model = fitted("mallow")
    numbers = model.predict(VIDEOS)
    named = rename(model, {1: "pour", 3: "stir"})
    assert named.actions_.tolist() == ["action 0", "pour", "action 2", "stir"]
    assert same(named.predict(VIDEOS), [named.classes_[x] for x in numbers])
    assert same(named.labels_, named.predict(VIDEOS))
    named = rename(named, {"pour": "stir", "stir": "pour"})  # at once
    assert named.actions_.tolist() == ["action 0", "stir", "action 2", "pour"]
    merged = merge(named, ["pour", "action 0"])
    assert merged.actions_.tolist() == ["stir", "action 2", "pour"]
    expected = np.array(["pour", "stir", "action 2", "pour"])
    assert same(merged.labels_, [expected[x] for x in model.labels_])
    halved = split(merged, "pour", VIDEOS)
    assert halved.actions_.tolist() == ["stir", "action 2", "pour 1", "pour 2"]
    assert set(np.concatenate(halved.predict(VIDEOS))) >= {"pour 1", "pour 2"}
    path = halved.predict(VIDEOS[0], transcripts=["stir", "pour 1"])
    assert path[[0, -1]].tolist() == ["stir", "pour 1"]


@pytest.mark.parametrize("name", ["tot", "guided"])
def test_halves_add_up(fitted, name):
    model = fitted(name)
    action = int(np.bincount(np.concatenate(numbers_of(model))).argmax())
    label = model.actions_[action].item()
    before = model.log_likelihood(VIDEOS)
    halved = split(model, label, VIDEOS)
    assert not hasattr(halved, "labels_")
    for own, now in zip(before, halved.log_likelihood(VIDEOS)):
        both = np.logaddexp(now[:, action], now[:, action + 1])
        np.testing.assert_allclose(both, own[:, action], atol=1e-12)
        rest = np.delete(now, [action, action + 1], axis=1)
        np.testing.assert_array_equal(rest, np.delete(own, action, axis=1))
    # and they can be put together again
    again = merge(halved, halved.actions_[[action, action + 1]].tolist())
    for own, now in zip(before, again.log_likelihood(VIDEOS)):
        np.testing.assert_allclose(now, own, atol=1e-12)


def test_split_along_a_line_finds_what_was_merged(fitted):
    before = fitted("mallow").predict(VIDEOS)
    merged = merge(fitted("mallow"), [1, 2])
    halved = split(merged, 1, VIDEOS)
    for own, now in zip(merged.log_likelihood(VIDEOS), halved.log_likelihood(VIDEOS)):
        np.testing.assert_allclose(np.logaddexp(now[:, 1], now[:, 2]), own[:, 1])
    found = np.concatenate(halved.predict(VIDEOS))
    assert np.mean(found == np.concatenate(before)) > 0.9
    layer = halved.layers_[-1]
    np.testing.assert_allclose(layer.shares.sum(), 1)
    np.testing.assert_allclose(np.linalg.norm(layer.direction), 1)


def halves(sources, shares):
    n = len(shares)
    return Split(
        np.array(sources), np.array(shares), np.ones(1), np.ones(n), np.ones(n)
    )


def test_moves_by_hand():
    """Of every frame: a merged action stays where its members changed places."""
    moves = np.array([[0.8, 0.1, 0.1], [0.1, 0.5, 0.4], [0.3, 0.2, 0.5]])
    starts, shares = np.array([0.5, 0.2, 0.3]), np.array([0.6, 0.3, 0.1])
    known = AnyOrder(starts, moves)
    assert known.after([], shares) is known
    merged = known.after([Merge(np.array([0, 1, 0]))], shares)
    left = (0.6 * 0.1 + 0.1 * 0.2) / 0.7
    np.testing.assert_allclose(merged.moves, [[1 - left, left], [0.5, 0.5]])
    np.testing.assert_allclose(merged.starts, [0.8, 0.2])
    parted = known.after([halves([0, 0, 1, 2], [0.25, 0.75])], shares)
    third = 0.2 / 3
    expected = [
        [0.8, third, third, third],
        [third, 0.8, third, third],
        [0.025, 0.075, 0.5, 0.4],
        [0.075, 0.225, 0.2, 0.5],
    ]
    np.testing.assert_allclose(parted.moves, expected)
    np.testing.assert_allclose(parted.starts, [0.125, 0.375, 0.2, 0.3])
    alone = AnyOrder(np.ones(1), np.ones((1, 1)))
    parted = alone.after([halves([0, 0], [0.25, 0.75])], np.ones(1))
    np.testing.assert_allclose(parted.moves, np.eye(2), atol=1e-11)


def test_merged_densities_are_means_of_those_in_the_fit():
    """Parts of an action add up to it, and count with it."""
    model = HMMSegmenter(4, order="free", random_state=0).fit(VIDEOS)
    counts = np.bincount(np.concatenate(model.labels_))
    np.testing.assert_allclose(model.shares_, counts / counts.sum())
    before = np.exp(model.log_likelihood(VIDEOS[0]))
    merged = merge(merge(model, [0, 2]), [0, 2])
    mean = before[:, [0, 2, 3]] @ counts[[0, 2, 3]] / counts[[0, 2, 3]].sum()
    found = np.exp(merged.log_likelihood(VIDEOS[0]))
    np.testing.assert_allclose(found, np.stack([mean, before[:, 1]], axis=1))
    again = merge(split(merged, 0, VIDEOS), [0, 1])
    np.testing.assert_allclose(np.exp(again.log_likelihood(VIDEOS[0])), found)


def test_cost_of_a_switch_stays(fitted):
    """In nats: the cost in units of the actions is smaller for fewer of them."""
    model = fitted("tot")
    merged = merge(model, [0, 1])
    frames = model.log_likelihood(VIDEOS[0]), merged.log_likelihood(VIDEOS[0])
    nats = [
        nats_of_switch(one.decoder_.switch_cost, scores, one.decoder_.decoder)
        for one, scores in zip((model, merged), frames)
    ]
    assert nats[0] == pytest.approx(nats[1])
    assert nats[0] > 0


BAD = [
    (lambda m: rename(m, {9: "a"}), "no action 9"),
    (lambda m: rename(m, {"pour": "a"}), "no action 'pour'"),
    (lambda m: rename(m, {True: "a"}), "no action True"),
    (lambda m: rename(m, {0: "a", 1: "a"}), "'a' twice"),
    (lambda m: rename(m, {0: 1}), "1 twice"),
    (lambda m: rename(m, {0: "action 2"}), "'action 2' twice"),
    (lambda m: rename(m, ["a", "b"]), "number of names is 2, expected 4"),
    (lambda m: rename(m, ["a", "b", "c", ""]), "text of one line"),
    *(
        (lambda m, name=name: rename(m, {0: name}), "text of one line")
        for name in ["a\nb", "a\tb", "a\0b", "a\ud800", "-1", "\u2028a"]
    ),
    (lambda m: rename(m, [0, 1, 2, -1]), "integer from 0"),
    (lambda m: rename(m, "abcd"), "expected a dict"),
    (lambda m: rename(m, None), "expected a dict"),
    (lambda m: merge(m, [0]), "2 or more"),
    (lambda m: merge(m, []), "2 or more"),
    (lambda m: merge(m, [0, 0]), "expected 2 or more distinct"),
    (lambda m: merge(m, [0, 4]), "no action 4"),
    (lambda m: merge(m, [0, [1]]), "no action"),
    (lambda m: merge(m, "01"), "sequence of labels"),
    (lambda m: split(m, 7, VIDEOS), "no action 7"),
    (lambda m: split(m, 0, None), "expected .* array"),
    (lambda m: split(m, 0, VIDEOS, n=1), "n is 1"),
    (lambda m: split(m, 0, [v[:, :2] for v in VIDEOS]), "features"),
    (lambda m: split(m, 3, np.zeros((1, 5))), "distinct frames"),
    (lambda m: split(m, 0, VIDEOS, n=10_000), "expected 10000"),
]


@pytest.mark.parametrize(("call", "text"), BAD)
def test_errors_leave_the_model(fitted, call, text):
    model = fitted("mallow")
    before = pickle.dumps(vars(model))
    with pytest.raises((TypeError, ValueError), match=text) as error:
        call(model)
    assert "\n" not in str(error.value)
    assert pickle.dumps(vars(model)) == before


@pytest.mark.parametrize(
    "call",
    [
        lambda m: rename(m, {0: "a"}),
        lambda m: merge(m, [0, 1]),
        lambda m: split(m, 0, VIDEOS),
    ],
)
def test_not_fitted_and_no_segmenter(call):
    with pytest.raises(NotFittedError):
        call(MallowSegmenter(2))
    with pytest.raises(TypeError, match="expected a segmenter"):
        call(StandardScaler())


class TestActionsCalledBackground:
    """They and frames of no action are told apart, or are the same."""

    def test_not_by_a_model_that_looks_for_background(self):
        model = MallowSegmenter(4, background_percentile=30).fit(VIDEOS)
        state = joblib.hash(model)
        for names in ({1: "background"}, ["a", "b", "background", "c"]):
            with pytest.raises(ValueError, match="have 'background', the name"):
                rename(model, names)
        assert joblib.hash(model) == state
        activities = ActivitySegmenter(model, 1, random_state=0).fit(VIDEOS)
        with pytest.raises(ValueError, match="have 'background', the name"):
            rename(activities, {1: "background"})
        plain = rename(MallowSegmenter(4).fit(VIDEOS), {1: "background"})
        assert plain.actions_[1] == "background"
