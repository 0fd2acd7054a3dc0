"""Corrections of fitted models: what is renamed, merged, split and taught."""

import functools
import pickle
from copy import copy

import joblib
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from skl_tot import HMMSegmenter, SemiSupervisedSegmenter, TemporalOTSegmenter
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import merge, refine, rename, split
from skl_tot.datasets import make_activities
from skl_tot.decoding import decode
from skl_tot.decoding.chain import Chain
from skl_tot.methods.gaussians import AnyOrder
from skl_tot.methods.pipelines import segmenter_of
from skl_tot.methods.scores import Merge, Split, fit_split
from skl_tot.preprocessing import FramewiseTransformer

VIDEOS, CODES = make_activities(
    n_videos=6, n_actions=4, n_features=5, noise=0.3, mean_length=40, random_state=0
)
NAMED = {f"v{i}": video for i, video in enumerate(VIDEOS)}
WORDS = np.array(["take", "pour", "stir", "lay"])


def fit_tot(order="mostly"):
    model = TemporalOTSegmenter(
        4,
        order=order,
        max_iter=20,
        n_networks=2,
        switch_cost=0.1,
        device="cpu",
        random_state=0,
    )
    model.set_params(optimizer__learning_rate=1e-2, optimizer__frames_per_video=64)
    return model.fit(VIDEOS)


def fit_pipeline():
    pca = FramewiseTransformer(PCA(3))
    return make_pipeline(pca, MallowSegmenter(4, standardize=None)).fit(VIDEOS)


def labels_of(n, words=WORDS):
    """Labels of the first recordings; None of the others."""
    return [words[path] if i < n else None for i, path in enumerate(CODES)]


def fit_taught():
    estimator = MallowSegmenter(4, switch_cost=0.1)
    return SemiSupervisedSegmenter(estimator).fit(VIDEOS, labels_of(3))


FITS = {
    "tot": fit_tot,
    "free": lambda: fit_tot("free"),
    "mallow": lambda: MallowSegmenter(4).fit(VIDEOS),
    "words": lambda: rename(MallowSegmenter(4).fit(VIDEOS), ["a", "b", "c", "d"]),
    "background": lambda: MallowSegmenter(4, background_percentile=30).fit(VIDEOS),
    "pipeline": fit_pipeline,
    "taught": fit_taught,
}


@pytest.fixture(autouse=True)
def _quick_clusterings(monkeypatch):
    """Fits of no time that labels learn from, beside that of the model."""
    where = "skl_tot.corrections.semi_supervised.default_estimators"
    monkeypatch.setattr(where, lambda look: [HMMSegmenter(6, max_iter=5)])


@pytest.fixture(scope="module")
def fitted():
    """Give a fitted model by its name; each is fitted when it is first asked for."""
    return functools.cache(lambda name: FITS[name]())


def assert_same(paths, expected):
    for path, other in zip(paths, expected, strict=True):
        np.testing.assert_array_equal(path, other)


@pytest.mark.parametrize("name", ["tot", "mallow"])
def test_merge_is_the_sum_of_probabilities(fitted, name):
    model = fitted(name)
    before, state = model.log_likelihood(VIDEOS), pickle.dumps(model)
    probabilities = model.predict_proba(VIDEOS)
    merged = merge(model, [2, 0])
    assert pickle.dumps(model) == state
    for i, scores in enumerate(before):
        sums = np.logaddexp(scores[:, 0], scores[:, 2])
        by_hand = np.stack([scores[:, 1], sums, scores[:, 3]], axis=1)
        np.testing.assert_allclose(
            merged.log_likelihood(VIDEOS)[i], by_hand, atol=1e-12
        )
        path = decode(by_hand, *merged.decoder_)
        np.testing.assert_array_equal(merged.predict(VIDEOS[i]), path)
        summed = probabilities[i][:, [1, 2, 3]]
        summed[:, 1] += probabilities[i][:, 0]
        np.testing.assert_allclose(merged.predict_proba(VIDEOS)[i], summed, rtol=1e-5)
        expected = np.array([1, 0, 1, 2])[model.labels_[i]]
        np.testing.assert_array_equal(merged.labels_[i], expected)
    assert merged.actions_.tolist() == [0, 1, 2]


@pytest.mark.parametrize("name", ["tot", "free"])
def test_pseudo_labels_follow_merges_and_refuse_splits(fitted, name):
    model = fitted(name)
    codes = model.pseudo_labels(VIDEOS[0])
    merged = merge(merge(model, [2, 0]), [0, 2])  # first 1 | 0, 2 | 3, then 1, 3 | 0, 2
    expected = np.stack([codes[:, 1] + codes[:, 3], codes[:, 0] + codes[:, 2]], axis=1)
    np.testing.assert_allclose(merged.pseudo_labels(VIDEOS[0]), expected, rtol=1e-6)
    parts = split(model, 1, VIDEOS)
    for corrected in (parts, merge(parts, [0, 3])):
        with pytest.raises(ValueError):
            corrected.pseudo_labels(VIDEOS[0])


def test_names_follow(fitted):
    model = fitted("mallow")
    named = rename(model, {1: "pour", 3: "stir"})
    assert named.actions_.tolist() == ["action 0", "pour", "action 2", "stir"]
    assert_same(named.predict(VIDEOS), [named.classes_[path] for path in model.labels_])
    assert_same(named.labels_, named.predict(VIDEOS))
    named = rename(named, {"pour": "stir", "stir": "pour"})  # at once
    assert named.actions_.tolist() == ["action 0", "stir", "action 2", "pour"]
    merged = merge(named, ["pour", "action 0"])
    assert merged.actions_.tolist() == ["stir", "action 2", "pour"]
    expected = np.array(["pour", "stir", "action 2", "pour"])
    assert_same(merged.labels_, [expected[path] for path in model.labels_])
    halved = split(merged, "pour", VIDEOS)
    assert halved.actions_.tolist() == ["stir", "action 2", "pour 1", "pour 2"]
    assert set(np.concatenate(halved.predict(VIDEOS))) >= {"pour 1", "pour 2"}
    numbered = split(rename(model, [5, 2, 9, 1]), 2, VIDEOS)
    assert numbered.actions_.tolist() == [5, 2, 10, 9, 1]


@pytest.mark.parametrize("name", ["tot", "taught"])
def test_parts_of_a_split_add_up_and_merge_back(fitted, name):
    model = fitted(name)
    label = model.actions_[1].item()
    before = model.log_likelihood(VIDEOS)
    halved = split(model, label, VIDEOS)
    assert not hasattr(halved, "labels_")
    for old, new in zip(before, halved.log_likelihood(VIDEOS)):
        both = np.logaddexp(new[:, 1], new[:, 2])
        np.testing.assert_allclose(both, old[:, 1], atol=1e-12)
        others = np.delete(new, [1, 2], axis=1)
        np.testing.assert_array_equal(others, np.delete(old, 1, axis=1))
    merged = merge(halved, halved.actions_[[1, 2]].tolist())
    for old, new in zip(before, merged.log_likelihood(VIDEOS)):
        np.testing.assert_allclose(new, old, atol=1e-12)


def assert_decodes(model, starts, moves):
    """Costs of paths, and labels that follow from these costs and the scores."""
    chain = model.decoder_.decoder.learned_chain
    np.testing.assert_array_equal(chain.starts, starts)
    np.testing.assert_array_equal(chain.moves, moves)
    ends = np.zeros(len(starts))
    for scores, path in zip(model.log_likelihood(VIDEOS), model.predict(VIDEOS)):
        expected = Chain(starts, moves, ends).viterbi(scores)
        np.testing.assert_array_equal(path, model.actions_[expected])


def test_costs_of_learned_paths_follow_a_merge(fitted):
    """The cost of a move is the least of those that it may be."""
    model = fitted("taught")
    starts, moves = model.start_costs_, model.move_costs_
    members = [[0], [1, 3], [2]]
    merged = merge(model, model.actions_[[1, 3]].tolist())
    cheapest = [
        [min(moves[i, j] for i in a for j in b) for b in members] for a in members
    ]
    assert_decodes(merged, [min(starts[a]) for a in members], cheapest)
    assert len(np.unique(cheapest)) > 2  # moves that labels show cost less
    for old, new in zip(model.log_likelihood(VIDEOS), merged.log_likelihood(VIDEOS)):
        both = np.logaddexp(old[:, 1], old[:, 3])
        expected = np.stack([old[:, 0], both, old[:, 2]], axis=1)
        np.testing.assert_allclose(new, expected, atol=1e-12)


def test_costs_of_learned_paths_follow_a_split(fitted):
    """Halves are entered and left as the action is, and follow each other for least."""
    model = fitted("taught")
    halved = split(model, model.actions_[1].item(), VIDEOS)
    whole = [0, 1, 1, 2, 3]
    moves = model.move_costs_[np.ix_(whole, whole)]
    moves[1, 2] = moves[2, 1] = min(cost for cost in model.move_costs_.flat if cost)
    assert_decodes(halved, model.start_costs_[whole], moves)
    paths = np.concatenate(halved.predict(VIDEOS))
    assert {f"{model.actions_[1]} {k}" for k in (1, 2)} <= set(paths.tolist())


def test_names_of_a_learned_model_stay_with_their_columns(fitted):
    """New names, in another alphabetical order, take no other action's place."""
    model = fitted("taught")
    named = rename(model, dict(zip(model.actions_.tolist(), ["z", "y", "x", "w"])))
    assert named.actions_.tolist() == ["z", "y", "x", "w"]
    assert_decodes(named, model.start_costs_, model.move_costs_)
    for make in ("log_likelihood", "predict_proba", "predict_posterior"):
        assert_same(getattr(named, make)(VIDEOS), getattr(model, make)(VIDEOS))
    words = dict(zip(model.actions_.tolist(), named.actions_.tolist()))
    for path, old in zip(named.labels_, model.labels_):
        assert path.tolist() == [words[label] for label in old.tolist()]
    # what is learned from the new names has them in alphabetical order
    y = [None if path is None else [words[x] for x in path] for path in labels_of(3)]
    again = refine(named, VIDEOS, y)
    assert again.actions_.tolist() == ["w", "x", "y", "z"]
    columns = [again.actions_.tolist().index(name) for name in named.actions_]
    expected = refine(model, VIDEOS, labels_of(3)).predict_posterior(VIDEOS)
    for found, old in zip(again.predict_posterior(VIDEOS), expected):
        np.testing.assert_allclose(found[:, columns], old, atol=1e-9)


def test_actions_that_no_label_names_stay_so(fitted):
    model = copy(fitted("taught"))
    model.unlabelled_actions_ = ["lay", "take"]
    named = rename(model, {"lay": "rest", "pour": "lay"})
    assert named.unlabelled_actions_ == ["rest", "take"]
    assert merge(named, ["rest", "take"]).unlabelled_actions_ == ["rest"]
    assert merge(named, ["rest", "stir"]).unlabelled_actions_ == ["take"]
    halves = split(named, "take", VIDEOS).unlabelled_actions_
    assert halves == ["rest", "take 1", "take 2"]


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
    nats = []
    for model in (fitted("tot"), merge(fitted("tot"), [0, 1])):
        decoder, cost = model.decoder_
        log_likelihood = model.log_likelihood(VIDEOS[0])
        nats.append(decoder.nats_of_switch(cost, log_likelihood, len(VIDEOS[0])))
    assert nats[0] == pytest.approx(nats[1])
    assert nats[0] > 0


def test_renamed_to_background(fitted):
    """Frames of no action and of an action with their name are not mixed up."""
    with pytest.raises(ValueError, match="'background', the name"):
        rename(fitted("background"), {1: "background"})
    plain = rename(fitted("mallow"), {1: "background"})
    assert plain.actions_[1] == "background"


def test_a_taught_model_does_not_change_with_the_first():
    model = fit_pipeline()
    taught = refine(model, VIDEOS, labels_of(2))
    before = taught.predict_proba(VIDEOS)
    others, _ = make_activities(4, n_actions=4, n_features=5, random_state=7)
    model.fit(others)
    assert_same(taught.predict_proba(VIDEOS), before)


def test_refine_with_labels_of_some_by_name():
    model = MallowSegmenter(4).fit(NAMED)
    y = {"v4": WORDS[CODES[4]], "v0": WORDS[CODES[0]]}
    refined = refine(model, NAMED, y)
    for name, labels in y.items():
        np.testing.assert_array_equal(refined.labels_[name], labels)
    with pytest.raises(ValueError, match="v9"):
        refine(model, NAMED, y | {"v9": y["v0"]})


@pytest.mark.parametrize(
    ("name", "words", "unlabelled"),
    [
        ("numbers", WORDS, "action 3"),
        ("words", np.array(["d", "c", "b", "a"]), "action 1"),  # d is taken
    ],
)
def test_actions_without_a_label_keep_their_name(name, words, unlabelled):
    videos, codes = make_activities(8, 4, mean_length=50, noise=0.7, random_state=0)
    model = HMMSegmenter(4, max_iter=5).fit(videos)
    if name == "words":
        model = rename(model, list("abcd"))
    X = [x[y < 3] if i < 2 else x for i, (x, y) in enumerate(zip(videos, codes))]
    y = [words[path[path < 3]] if i < 2 else None for i, path in enumerate(codes)]
    with pytest.warns(UserWarning, match="without a label"):
        refined = refine(model, X, y)
    assert refined.unlabelled_actions_ == [unlabelled]
    assert refined.actions_.tolist() == sorted(words[:3].tolist()) + [unlabelled]
    is_last = np.concatenate(codes[2:]) == 3
    found = np.concatenate(refined.predict(videos[2:])) == unlabelled
    assert np.mean(found == is_last) > 0.9


LENGTH = len(VIDEOS[0])
HOSTILE = {  # labels of the first recording, and the actions that they name
    "one frame": (["take", *[""] * (LENGTH - 1)], ["take"]),
    "name of an action": (["action 1"] * LENGTH, ["action 1"]),
    "background": (
        ["background", *WORDS[CODES[0][1:]]],
        ["background", *sorted(WORDS)],
    ),
    "every second": ([0 if i % 2 else -1 for i in range(LENGTH)], [0]),
}


@pytest.mark.filterwarnings("ignore:Labels show one action")
@pytest.mark.parametrize(
    ("name", "case"),
    [*(("words", case) for case in HOSTILE), ("pipeline", "one frame")],
)
def test_hostile_labels_are_learned(fitted, name, case):
    model, (labels, expected) = fitted(name), HOSTILE[case]
    state = joblib.hash(model)
    refined = refine(model, VIDEOS, [labels, *[None] * 5])
    assert joblib.hash(model) == state
    segmenter = segmenter_of(refined)
    actions = segmenter.actions_.tolist()
    assert actions == expected + segmenter.unlabelled_actions_
    assert len(set(actions)) == len(actions) == segmenter.n_actions_
    found = set(np.concatenate(refined.predict(VIDEOS)).tolist())
    assert found <= {"background", -1} | set(actions)


BAD = [
    lambda m: rename(m, {9: "a"}),
    lambda m: rename(m, {True: "a"}),
    lambda m: rename(m, {0: "a", 1: "a"}),
    lambda m: rename(m, {0: "action 2"}),
    lambda m: rename(m, ["a", "b"]),
    lambda m: rename(m, ["a", "b", "c", ""]),
    lambda m: rename(m, {0: "a\nb"}),
    lambda m: rename(m, {0: "-1"}),
    lambda m: rename(m, [0, 1, 2, -1]),
    lambda m: rename(m, "abcd"),
    lambda m: rename(rename(m, ["a", "b", "c", "d"]), {"a": 7}),  # text and a number
    lambda m: merge(m, [0]),
    lambda m: merge(m, [0, 0]),
    lambda m: merge(m, [0, [1]]),
    lambda m: merge(m, "01"),
    lambda m: split(m, 7, VIDEOS),
    lambda m: split(m, 0, [v[:, :2] for v in VIDEOS]),
    lambda m: split(m, 0, [np.ones_like(v) for v in VIDEOS]),
    lambda m: refine(m, VIDEOS, [["a\nb"] * LENGTH, *[None] * 5]),
    lambda m: refine(m, VIDEOS, [[0] * (LENGTH + 1), *[None] * 5]),
    lambda m: refine(m, VIDEOS, [["a"] * LENGTH, CODES[1], *[None] * 4]),
]


@pytest.mark.parametrize("call", BAD)
def test_errors_leave_the_model(fitted, call):
    model = fitted("mallow")
    before = pickle.dumps(vars(model))
    with pytest.raises((TypeError, ValueError)) as error:
        call(model)
    assert "\n" not in str(error.value)
    assert pickle.dumps(vars(model)) == before


def split_of(sources, shares):
    n = len(shares)
    ones = np.ones(1), np.ones(n), np.ones(n)
    return Split(np.array(sources), np.array(shares), *ones)


def test_moves_by_hand():
    """Of every frame: a merged action stays where its members changed places."""
    moves = np.array([[0.8, 0.1, 0.1], [0.1, 0.5, 0.4], [0.3, 0.2, 0.5]])
    starts, shares = np.array([0.5, 0.2, 0.3]), np.array([0.6, 0.3, 0.1])
    paths = AnyOrder(starts, moves)
    merged = paths.corrected([Merge(np.array([0, 1, 0]))], shares)
    left = (0.6 * 0.1 + 0.1 * 0.2) / 0.7
    np.testing.assert_allclose(merged.transitions, [[1 - left, left], [0.5, 0.5]])
    np.testing.assert_allclose(merged.starts, [0.8, 0.2])
    parted = paths.corrected([split_of([0, 0, 1, 2], [0.25, 0.75])], shares)
    third = 0.2 / 3
    expected = [
        [0.8, third, third, third],
        [third, 0.8, third, third],
        [0.025, 0.075, 0.5, 0.4],
        [0.075, 0.225, 0.2, 0.5],
    ]
    np.testing.assert_allclose(parted.transitions, expected)
    np.testing.assert_allclose(parted.starts, [0.125, 0.375, 0.2, 0.3])
    alone = AnyOrder(np.ones(1), np.ones((1, 1)))
    parted = alone.corrected([split_of([0, 0], [0.25, 0.75])], np.ones(1))
    np.testing.assert_allclose(parted.transitions, np.eye(2), atol=1e-11)


def test_parts_without_spread_keep_a_thousandth_of_that_of_both():
    frames = np.repeat([[0.0, 0.0], [3.0, 4.0]], 10, axis=0)
    layer = fit_split(1, 3, frames, np.linspace(0, 1, 20))
    assert layer.sources.tolist() == [0, 1, 1, 2]
    np.testing.assert_allclose(layer.shares, 0.5)
    positions = frames @ layer.direction
    np.testing.assert_allclose(layer.means, positions[[0, -1]], atol=1e-12)
    np.testing.assert_allclose(layer.variances, 1e-3 * positions.var())
