"""Edits of fitted segmenters, and cuts of their trees."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, is_valid_linkage
from scipy.special import logsumexp, softmax
from skl_tot.segmenters.fitted import check_fitted
from skl_tot.segmenters.levels import refine_path
from sklearn.exceptions import NotFittedError

from skl_tot import (
    ASALSegmenter,
    ASOTSegmenter,
    AutoSegmenter,
    HMMSegmenter,
    MallowSegmenter,
    TemporalOTSegmenter,
)
from skl_tot.corrections.editing import new_names
from skl_tot.datasets import make_activities
from skl_tot.decoding import decode, path_posterior
from skl_tot.io import load_model, save_model
from skl_tot.methods.layers import edited_moves, follow_parts
from skl_tot.methods.parts import cut_tree, merge_alike, merge_neighbours, merge_tree

VIDEOS, LABELS = make_activities(
    n_videos=6, n_actions=4, n_features=5, noise=0.3, mean_length=60, random_state=0
)
WORDS = np.array(["take", "pour", "stir", "lay"])


@pytest.fixture(scope="module")
def fits():
    """Fitted segmenters, which tests copy."""
    small = {"device": "cpu", "random_state": 0, "frames_per_video": 64}
    tot = TemporalOTSegmenter(
        4, max_iter=200, learning_rate=1e-2, n_init=2, switch_cost=0.1, **small
    )
    asot = ASOTSegmenter(4, n_parts=2, max_iter=100, **small)
    mallow = MallowSegmenter(4)
    guided = MallowSegmenter(4, guidance="labels", switch_cost=0.1)
    known = [WORDS[own] for own in LABELS[:3]] + [None] * 3
    return {
        "tot": tot.fit(VIDEOS),
        "asot": asot.fit(VIDEOS),
        "mallow": mallow.fit(VIDEOS),
        "guided": guided.fit(VIDEOS, known),
    }


@pytest.fixture
def copied(fits):
    return lambda name: copy.deepcopy(fits[name])


def standardized_videos(model):
    return check_fitted(model, VIDEOS)[0]


def same(first, second):
    return all(map(np.array_equal, first, second))


@pytest.mark.parametrize("name", ["tot", "asot", "mallow"])
def test_merge_is_what_one_computes_by_hand(copied, name):
    model = copied(name)
    before = model.log_likelihood(VIDEOS)
    probabilities = model.predict_proba(VIDEOS)
    labels = model.labels_
    assert model.merge([2, 0]) is model
    for i, own in enumerate(before):
        by_hand = np.stack(
            [own[:, 1], np.logaddexp(own[:, 0], own[:, 2]), own[:, 3]], axis=1
        )
        np.testing.assert_allclose(model.log_likelihood(VIDEOS)[i], by_hand)
        path = decode(by_hand, model.decoding, model.switch_cost)
        assert np.array_equal(model.predict(VIDEOS[i]), path)
        summed = probabilities[i][:, [1, 2, 3]]
        summed[:, 1] += probabilities[i][:, 0]
        np.testing.assert_allclose(model.predict_proba(VIDEOS)[i], summed, rtol=1e-5)
        assert np.array_equal(model.labels_[i], np.array([1, 0, 1, 2])[labels[i]])
    assert model.score(VIDEOS) > 0
    assert model.n_actions_ == 4


def test_merge_of_all_leaves_one_action(copied):
    model = copied("mallow").merge([0, 1, 2, 3])
    assert model.predict_proba(VIDEOS[0]).shape == (len(VIDEOS[0]), 1)
    assert not model.predict(VIDEOS[0]).any()
    assert not np.any(model.labels_[0])
    model.split(0, VIDEOS)
    assert set(model.predict(VIDEOS[0])) == {0, 1}


def test_names_follow(copied):
    model = copied("mallow")
    numbers = model.predict(VIDEOS)
    model.rename({1: "pour", 3: "stir"})
    assert model.classes_.tolist() == ["action 0", "pour", "action 2", "stir"]
    assert same(model.predict(VIDEOS), [model.classes_[x] for x in numbers])
    assert same(model.labels_, model.predict(VIDEOS))
    model.rename({"pour": "stir", "stir": "pour"})  # at once
    assert model.classes_.tolist() == ["action 0", "stir", "action 2", "pour"]
    model.merge(["pour", "action 0"])
    assert model.classes_.tolist() == ["stir", "action 2", "pour"]
    expected = np.array(["pour", "stir", "action 2", "pour"])
    old = copied("mallow").labels_
    assert same(model.labels_, [expected[x] for x in old])
    model.split("pour", VIDEOS)
    assert model.classes_.tolist() == ["stir", "action 2", "pour 1", "pour 2"]
    assert set(np.concatenate(model.predict(VIDEOS))) >= {"pour 1", "pour 2"}
    path = model.predict(VIDEOS[0], transcripts=["stir", "pour 1"])
    assert path[[0, -1]].tolist() == ["stir", "pour 1"]


def test_numbers_are_names_too(copied):
    model = copied("mallow").rename([7, 5, 2, 0]).merge([5, 0])
    assert model.classes_.tolist() == [7, 5, 2]
    assert model.split(5, VIDEOS, n=3).classes_.tolist() == [7, 5, 8, 9, 2]


@pytest.mark.parametrize("name", ["tot", "asot"])
def test_split_by_parts(copied, name):
    model = copied(name)
    n_first = len(model.merge_tree_) + 1
    sizes = np.bincount(model.prototype_actions_[:n_first])
    action = int(sizes.argmax())
    before = model.log_likelihood(VIDEOS)
    model.split(action)
    assert not hasattr(model, "labels_")
    (edit,) = model.edits_
    codes = model._log_parts(standardized_videos(model))
    for own, now, log_codes in zip(before, model.log_likelihood(VIDEOS), codes):
        both = np.logaddexp(now[:, action], now[:, action + 1])
        np.testing.assert_allclose(both, own[:, action], atol=1e-6)
        rest = np.delete(now, [action, action + 1], axis=1)
        np.testing.assert_array_equal(rest, np.delete(own, action, axis=1))
        for half in range(2):
            parts = logsumexp(log_codes[:, edit["parts"] == half], axis=1)
            sure = parts > -20
            np.testing.assert_allclose(now[sure, action + half], parts[sure], atol=1e-6)
    # the halves are those of the tree, cut once more
    first = np.flatnonzero(model.prototype_actions_[:n_first] == action)
    heights = model.merge_tree_[:, 2]
    for height in heights[::-1]:
        cut = fcluster(model.merge_tree_, height - 0.5, "distance")[first]
        if len(np.unique(cut)) == 2:
            break
    halves = edit["parts"][first]
    assert np.array_equal(halves == halves[0], cut == cut[0])
    # and they can be put together again
    model.merge([action, action + 1])
    for own, now in zip(before, model.log_likelihood(VIDEOS)):
        np.testing.assert_allclose(now, own, atol=1e-6)


def test_parts_are_followed_through_edits(copied):
    model = copied("tot").merge([0, 1])
    sizes = np.bincount(model.prototype_actions_[:12])
    assert sizes[0] + sizes[1] >= 2
    model.split(0)
    assert "parts" in model.edits_[1]
    halves = model.edits_[1]["parts"][:12]
    assert np.count_nonzero(halves >= 0) == sizes[0] + sizes[1]
    # along a line, parts tell no more
    model = copied("mallow").split(0, VIDEOS)
    with pytest.raises(ValueError, match="expected X"):
        model.split(0)


def test_parts_do_not_tell_halves_along_a_line(copied):
    model = copied("tot")
    single = int(np.bincount(model.prototype_actions_[:12]).argmin())
    model.split(single, VIDEOS)
    assert "means" in model.edits_[0]
    other = 0 if single else 3
    model.merge([single, single + 1, other])
    with pytest.raises(ValueError, match="expected X"):
        model.split(single - (other < single))


def test_halves_that_are_not_shown():
    log_codes = np.log(np.tile([0.1, 0.8, 0.1], (6, 1)))
    path, parts = np.array([0, 0, 1, 1, 1, 2]), np.array([-1, 0, 1])
    for decoding in ("fixed", "skip", "free"):
        refined = refine_path(path, 1, parts, log_codes, decoding, 0.1)
        assert refined.tolist() == [0, 0, 1, 1, 1, 3]


def test_all_parts_of_all_actions(copied):
    model = copied("tot")
    for _ in range(8):
        actions, _ = follow_parts(model.prototype_actions_, model.edits_)
        model.split(int(np.bincount(actions[:12]).argmax()))
    codes = np.exp(next(iter(model._log_parts(standardized_videos(model)))))
    expected = np.zeros((len(codes), 12))
    actions, _ = follow_parts(model.prototype_actions_, model.edits_)
    assert sorted(actions[:12]) == list(range(12))
    for k, action in enumerate(actions):
        expected[:, action] += codes[:, k]
    np.testing.assert_allclose(
        softmax(model.log_likelihood(VIDEOS[0]), axis=1), expected, atol=1e-9
    )


def test_split_along_a_line_finds_what_was_merged(copied):
    model = copied("mallow")
    before = model.predict(VIDEOS)
    merged = model.merge([1, 2])
    whole = merged.log_likelihood(VIDEOS)
    merged.split(1, VIDEOS)
    for own, now in zip(whole, merged.log_likelihood(VIDEOS)):
        np.testing.assert_allclose(np.logaddexp(now[:, 1], now[:, 2]), own[:, 1])
    found = np.concatenate(merged.predict(VIDEOS))
    assert np.mean(found == np.concatenate(before)) > 0.9
    edit = merged.edits_[-1]
    np.testing.assert_allclose(edit["shares"].sum(), 1)
    np.testing.assert_allclose(np.linalg.norm(edit["direction"]), 1)


def test_background_stays_what_it_was():
    model = MallowSegmenter(4, background_percentile=15).fit(VIDEOS)
    before = np.concatenate(model.predict(VIDEOS)) == -1
    assert before.any()
    for edit in (
        lambda: model.merge([0, 3]),
        lambda: model.split(0, VIDEOS),
        lambda: model.rename(["a", "b", "c", "d"]),
    ):
        edit()
        model._check_state()
        found = np.concatenate(model.predict(VIDEOS))
        assert np.array_equal(np.isin(found.astype(str), ["-1", "background"]), before)
    model._check_state()
    labels = copy.deepcopy(MallowSegmenter(4, background_percentile=15).fit(VIDEOS))
    labels.rename(["a", "b", "c", "d"])
    assert np.array_equal(np.concatenate(labels.labels_) == "background", before)


def test_moves_stay_distributions(copied):
    model = copied("guided")
    guide = model.guide_
    classes = model.classes_.tolist()
    for edit in (
        lambda: model.merge([classes[0], classes[2]]),
        lambda: model.split(classes[1], VIDEOS, n=3),
        lambda: model.merge([classes[3], f"{classes[1]} 2"]),
    ):
        edit()
        moves, starts = map(np.exp, edited_moves(guide, model.edits_))
        assert np.array_equal(np.diag(moves), np.ones(len(moves)))
        np.testing.assert_allclose(moves.sum(axis=1), 2)
        np.testing.assert_allclose(starts.sum(), 1)
        assert model.predict_posterior(VIDEOS[0]).shape[1] == len(moves)
        assert set(model.predict(VIDEOS[0])) <= set(model.classes_)
    assert model.guide_ is guide
    model._check_state()


def test_moves_by_hand():
    moves = np.array([[0, 0.5, 0.5], [0.2, 0, 0.8], [0.6, 0.4, 0]])
    np.fill_diagonal(moves, 1)
    starts = np.array([0.5, 0.2, 0.3])
    times = np.tile([0.6, 0.3, 0.1], (100, 1))
    with np.errstate(all="ignore"):
        guide = {"moves": np.log(moves), "starts": np.log(starts)}
    guide["times"] = np.log(times)
    merged, begun = edited_moves(guide, [{"groups": np.array([0, 1, 0])}])
    np.testing.assert_allclose(np.exp(merged), [[1, 1], [1, 1]])
    np.testing.assert_allclose(np.exp(begun), [0.8, 0.2])
    halves = {"sources": np.array([0, 0, 1, 2]), "shares": np.array([0.25, 0.75])}
    split, begun = edited_moves(guide, [halves])
    third = 1 / 3
    expected = [
        [1, third, third, third],
        [third, 1, third, third],
        [0.05, 0.15, 1, 0.8],
        [0.15, 0.45, 0.4, 1],
    ]
    np.testing.assert_allclose(np.exp(split), expected)
    np.testing.assert_allclose(np.exp(begun), [0.125, 0.375, 0.2, 0.3])
    both, _ = edited_moves(guide, [{"groups": np.array([0, 1, 1])}])
    np.testing.assert_allclose(np.exp(both), np.ones((2, 2)))
    four = np.full((4, 4), 1 / 3)
    np.fill_diagonal(four, 1)
    four[0], four[1] = [1, 0.5, 0.3, 0.2], [0.2, 1, 0.2, 0.6]
    guide = {"moves": np.log(four), "starts": np.log(np.full(4, 0.25))}
    guide["times"] = np.log(np.tile([0.3, 0.1, 0.3, 0.3], (100, 1)))
    merged, _ = edited_moves(guide, [{"groups": np.array([0, 0, 1, 2])}])
    ahead = np.array([0.3 * 0.3 + 0.1 * 0.2, 0.3 * 0.2 + 0.1 * 0.6])
    np.testing.assert_allclose(np.exp(merged[0]), [1, *ahead / ahead.sum()])
    np.testing.assert_allclose(np.exp(merged[1]), [2 / 3, 1, 1 / 3])


def test_guide_and_fit_forget_edits(copied):
    model = copied("mallow").merge([0, 1]).rename(["a", "b", "c"])
    model.guide(VIDEOS, LABELS)
    assert model.edits_ == []
    assert model.classes_.tolist() == [0, 1, 2, 3]
    model.merge([0, 3])
    assert model.predict(VIDEOS[0]).max() <= 2
    model.fit(VIDEOS)
    assert model.edits_ == []
    assert not hasattr(model, "classes_")
    assert same(model.predict(VIDEOS), copied("mallow").predict(VIDEOS))


def test_learned_durations_follow():
    model = ASALSegmenter(
        4, segmenter=MallowSegmenter(4), max_iter=20, random_state=0, device="cpu"
    )
    durations = model.fit(VIDEOS).mean_durations_
    model.merge([1, 2]).split(0, VIDEOS)
    assert all(set(path) == set(range(4)) for path in model.predict(VIDEOS))
    shares = model.edits_[1]["shares"]
    expected = [*(durations[0] * shares), durations[1] + durations[2], durations[3]]
    path = model._decoders(model.edits_)["durations"].path(np.zeros((200, 4)), 0.0)
    found = np.bincount(path) / 200
    np.testing.assert_allclose(found, expected / np.sum(expected), atol=0.02)


@pytest.mark.parametrize("decoding", ["mallow", "fixed", "skip", "peaks", "framewise"])
def test_all_decoders(copied, decoding):
    model = copied("mallow").set_params(decoding=decoding).merge([1, 2])
    assert max(map(np.max, model.predict(VIDEOS))) == 2
    model.merge([0, 1, 2]).split(0, VIDEOS)
    np.testing.assert_allclose(model.predict_posterior(VIDEOS[0]).sum(axis=1), 1)


@pytest.mark.parametrize("kind", [HMMSegmenter, AutoSegmenter, MallowSegmenter])
def test_other_segmenters_and_one_action(kind):
    options = {}
    if kind is AutoSegmenter:
        options["candidates"] = [("a", MallowSegmenter()), ("b", HMMSegmenter())]
    model = kind(1, **options).fit(VIDEOS[0])
    model.split(0, VIDEOS[0]).rename(["a", "b"])
    assert set(model.predict(VIDEOS[0])) == {"a", "b"}
    assert model.predict(VIDEOS[0][:1]).shape == (1,)
    model.merge(["b", "a"])
    assert set(model.predict(VIDEOS[0])) == {"b"}


@pytest.mark.parametrize("form", ["single", "list", "stacked", "object"])
def test_labels_keep_their_form(form):
    cut = [video[:40].astype(np.float32) for video in VIDEOS]
    X = {"single": cut[0], "list": cut, "stacked": np.stack(cut)}.get(form)
    if X is None:
        X = np.empty(len(cut), dtype=object)
        X[:] = [*map(np.array, cut)]
        for i, video in enumerate(cut):
            X[i] = video
    model = MallowSegmenter(3).fit(X)
    before = model.labels_
    model.rename(["a", "b", "c"]).merge(["a", "c"])
    assert type(model.labels_) is type(before)
    words = np.array(["a", "b", "a"])
    for own, old in zip(model.labels_, before):
        assert np.array_equal(own, words[old])


@pytest.mark.parametrize("name", ["tot", "asot", "mallow", "guided"])
def test_saved_and_loaded(copied, name, tmp_path):
    model = copied(name)
    first, second, *_ = model._words()
    model.merge([second, first])
    model.split(model._words()[0].item(), VIDEOS)
    model.rename({model._words()[1].item(): "new"})
    save_model(model, tmp_path / "model.skops")
    for again in (
        load_model(tmp_path / "model.skops"),
        pickle.loads(pickle.dumps(model)),
    ):
        assert same(again.predict(VIDEOS), model.predict(VIDEOS))
        assert again.classes_.tolist() == model.classes_.tolist()
        posterior = again.predict_posterior(VIDEOS[0])
        assert np.array_equal(posterior, model.predict_posterior(VIDEOS[0]))


def broken_states():
    nan = float("nan")
    yield "mallow", lambda m: setattr(m, "edits_", {})
    yield "mallow", lambda m: m.edits_[0].update(groups=np.array([0, 1, 2]))
    yield "mallow", lambda m: m.edits_[0].update(groups=np.array([0, 1, 2, 3]))
    yield "mallow", lambda m: m.edits_[0].update(groups=np.array([0, 5, 0, 1]))
    yield "mallow", lambda m: m.edits_[0].update(other=1)
    yield "mallow", lambda m: m.edits_[1].update(sources=np.array([0, 1, 2]))
    yield "mallow", lambda m: m.edits_[1].update(sources=np.array([1, 0, 0, 2]))
    yield "mallow", lambda m: m.edits_[1].update(shares=np.array([1.0, 0.0]))
    yield "mallow", lambda m: m.edits_[1].update(variances=np.array([1.0, -1.0]))
    yield "mallow", lambda m: m.edits_[1].update(means=np.array([1.0, nan]))
    yield "mallow", lambda m: m.edits_[1].update(direction=np.ones(4))
    yield "mallow", lambda m: m.edits_[1].pop("means")
    yield "mallow", lambda m: setattr(m, "classes_", np.array(["a", "b"]))
    yield "mallow", lambda m: setattr(m, "classes_", ["a", "b", "c", "d"])
    yield "mallow", lambda m: setattr(m, "classes_", np.array(["a", "a", "c", "d"]))
    yield "tot", lambda m: m.edits_[1].update(parts=np.full(24, -1))
    yield "tot", lambda m: m.edits_[1].update(parts=np.array([0, 1]))
    yield "tot", lambda m: setattr(m, "merge_tree_", m.merge_tree_[:-1])
    yield "tot", lambda m: setattr(m, "merge_tree_", m.merge_tree_[::-1].copy())
    yield "tot", lambda m: setattr(m, "merge_tree_", None)
    yield "tot", lambda m: setattr(m, "merge_tree_", m.merge_tree_.astype(int))
    yield "tot", lambda m: setattr(m, "_overlap", 0.0)
    yield (
        "tot",
        lambda m: setattr(m, "prototype_actions_", m.prototype_actions_[::-1].copy()),
    )


@pytest.mark.parametrize("number", range(len(list(broken_states()))))
def test_state_that_no_edit_leaves(copied, number):
    name, breaks = list(broken_states())[number]
    model = copied(name).merge([0, 1])
    action = 0
    if name == "tot":
        actions, _ = follow_parts(model.prototype_actions_, model.edits_)
        action = int(np.bincount(actions[:12]).argmax())
    model.split(action, VIDEOS)
    assert name == "mallow" or "parts" in model.edits_[1]
    model._check_state()
    breaks(model)
    with pytest.raises(ValueError, match="_") as error:
        model._check_state()
    assert "\n" not in str(error.value)


BAD = [
    (lambda m: m.rename({9: "a"}), "no action 9"),
    (lambda m: m.rename({"pour": "a"}), "no action 'pour'"),
    (lambda m: m.rename({True: "a"}), "no action True"),
    (lambda m: m.rename({0: "a", 1: "a"}), "'a' twice"),
    (lambda m: m.rename({0: 1}), "1 twice"),
    (lambda m: m.rename({0: "action 2"}), "'action 2' twice"),
    (lambda m: m.rename(["a", "b"]), "names has 2 names"),
    (lambda m: m.rename(["a", "b", "c", ""]), "not empty"),
    (lambda m: m.rename([0, 1, 2, -1]), "integers from 0"),
    (lambda m: m.rename({0: None}), "None"),
    (lambda m: m.rename("abcd"), "expected a dict"),
    (lambda m: m.rename(None), "expected a dict"),
    (lambda m: m.merge([0]), "2 or more"),
    (lambda m: m.merge([]), "2 or more"),
    (lambda m: m.merge([0, 0]), "differ"),
    (lambda m: m.merge([0, 4]), "no action 4"),
    (lambda m: m.merge([0, -1]), "no action -1"),
    (lambda m: m.merge([0, None]), "no action None"),
    (lambda m: m.merge([0, [1]]), "no action"),
    (lambda m: m.merge("01"), "sequence of labels"),
    (lambda m: m.merge(0), "sequence of labels"),
    (lambda m: m.split(7), "no action 7"),
    (lambda m: m.split(0), "expected X"),
    (lambda m: m.split(0, VIDEOS, n=1), "n is 1"),
    (lambda m: m.split(0, VIDEOS, n=2.0), "n is 2.0"),
    (lambda m: m.split(0, [v[:, :2] for v in VIDEOS]), "features"),
    (lambda m: m.split(3, np.zeros((1, 5))), "distinct frames"),
    (lambda m: m.split(0, VIDEOS, n=10_000), "expected 10000"),
]


@pytest.mark.parametrize(("call", "text"), BAD)
def test_errors_leave_the_model(copied, call, text):
    model = copied("mallow")
    before = pickle.dumps(vars(model))
    with pytest.raises((TypeError, ValueError), match=text) as error:
        call(model)
    assert "\n" not in str(error.value)
    assert pickle.dumps(vars(model)) == before


def test_not_fitted():
    for call in (
        lambda m: m.rename({0: "a"}),
        lambda m: m.merge([0, 1]),
        lambda m: m.split(0),
    ):
        with pytest.raises(NotFittedError):
            call(MallowSegmenter(2))


@given(st.permutations([0, 3, "pour", "take", "fill"]))
def test_all_names(names):
    expected = [f"action {x}" if isinstance(x, int) else x for x in names]
    assert new_names(names, np.arange(5)).tolist() == expected
    assert new_names(dict(enumerate(names)), np.arange(5)).tolist() == expected


@pytest.mark.parametrize("merge", [merge_neighbours, merge_alike])
@given(st.integers(0, 10_000), st.integers(1, 9))
def test_tree_has_the_merges(merge, seed, n_prototypes):
    codes = np.random.default_rng(seed).dirichlet(np.ones(n_prototypes), size=20)
    overlap = codes.T @ codes
    tree = merge_tree(overlap, merge)
    assert n_prototypes == 1 or is_valid_linkage(tree)
    for n_actions in range(1, n_prototypes + 1):
        actions = merge(overlap, n_actions)
        groups = cut_tree(tree, range(n_prototypes), n_actions)
        assert len(groups) == n_actions
        assert np.sort(np.concatenate(groups)).tolist() == list(range(n_prototypes))
        for group in groups:
            assert len(set(actions[group])) == 1


@pytest.mark.parametrize("name", ["tot", "asot"])
@pytest.mark.parametrize("decoding", ["free", "fixed", "skip", "framewise", "mallow"])
def test_cuts_are_nested(copied, name, decoding):
    model = copied(name).set_params(decoding=decoding)
    n_most = len(model.merge_tree_) + 1
    finer = None
    for n_actions in range(n_most, 0, -1):
        paths = model.predict(VIDEOS, n_actions=n_actions)
        flat = np.concatenate(paths)
        assert 0 <= flat.min() <= flat.max() < n_actions
        if n_actions == 4:
            assert same(paths, model.predict(VIDEOS))
        if n_actions >= 4 and decoding in ("fixed", "skip"):
            assert all((np.diff(path) >= 0).all() for path in paths)
        if finer is not None:
            owners = {}
            for path, fine in zip(paths, finer):
                cuts = np.flatnonzero(np.diff(path))
                assert set(cuts) <= set(np.flatnonzero(np.diff(fine)))
                for label, whole in zip(fine, path):  # one group each
                    assert owners.setdefault(label, whole) == whole
            assert len(set(owners.values())) >= len(owners) - 1
        finer = paths
    assert not flat.any()
    if decoding == "framewise":
        paths = model.predict(VIDEOS, n_actions=n_most)
        assert len(np.unique(np.concatenate(paths))) > 4


def test_cuts_with_background():
    model = TemporalOTSegmenter(
        3, max_iter=50, n_init=1, background_percentile=10, random_state=0, device="cpu"
    ).fit(VIDEOS)
    usual = model.predict(VIDEOS[0])
    for n_actions in (1, 2, 5, 9):
        path = model.predict(VIDEOS[0], n_actions=n_actions)
        assert np.array_equal(path == -1, usual == -1)


@pytest.mark.parametrize("n_actions", [0, 13, 2.0, "2", True])
def test_numbers_without_a_cut(copied, n_actions):
    with pytest.raises(ValueError, match="from 1 to 12"):
        copied("tot").predict(VIDEOS, n_actions=n_actions)


def test_cuts_of_something_else(copied):
    model = copied("tot").merge([0, 1])
    with pytest.raises(ValueError, match="use merge or split"):
        model.predict(VIDEOS, n_actions=2)
    with pytest.raises(ValueError, match="one of them"):
        copied("tot").predict(VIDEOS[0], n_actions=2, transcripts=[0, 1])
    model = TemporalOTSegmenter(2, max_iter=5, n_parts=1, n_init=1, device="cpu")
    model.fit(VIDEOS)
    assert model.merge_tree_ is None
    with pytest.raises(ValueError, match="n_parts or n_init"):
        model.predict(VIDEOS, n_actions=2)


def test_streams_have_trees_of_their_last_call(copied):
    model = copied("tot").merge([0, 1])
    model.partial_fit(VIDEOS[:2])
    assert model.edits_ == []
    model._check_state()
    assert set(model.predict(VIDEOS[0], n_actions=1)) == {0}


def test_posterior_after_edits(copied):
    model = copied("tot").merge([0, 1])
    model.confidence_ = None
    found = model.predict_posterior(VIDEOS[0])
    expected = path_posterior(model.log_likelihood(VIDEOS[0]), "free", 0.1)
    np.testing.assert_allclose(found, expected, atol=1e-6)
