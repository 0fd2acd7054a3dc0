"""The table of decoders, its checks, and what segmenters read of videos."""

import itertools

import numpy as np
import pytest
from scipy import sparse

from skl_tot import HMMSegmenter
from skl_tot.decoding import DECODERS, Decoder, decode, path_posterior
from skl_tot.decoding.chain import free_chain, skip_chain
from skl_tot.decoding.decoders import move_decoder, tempered_posterior
from skl_tot.decoding.evidence import find_switch_cost

CYCLIC = ["cyclic", "cyclic_skip"]


def make_cycles(n_cycles, duration=6, noise=1.0):
    """Log-likelihoods of four actions that take turns, and their labels."""
    labels = np.tile(np.repeat(np.arange(4), duration), n_cycles)
    noise = np.random.default_rng(0).normal(scale=noise, size=(len(labels), 4))
    return 3 * np.eye(4)[labels] + noise, labels


def make_two(n_frames):
    frames = np.arange(n_frames) // 20 % 2 + np.random.default_rng(0).normal(
        size=n_frames
    )
    return -0.5 * (frames[:, None] - [0, 1]) ** 2


def test_a_chain_is_enough():
    decoder = Decoder(chain=skip_chain)
    scores = np.random.default_rng(0).normal(size=(9, 3))
    chain = skip_chain(3, 0.3 * 3)
    path = decode(scores, decoder, 0.3)
    np.testing.assert_array_equal(path, chain.viterbi(scores))
    found = path_posterior(scores, decoder, 0.3)
    np.testing.assert_array_equal(found, chain.posterior(scores))
    own = Decoder(
        lambda scores, cost, min_frames: scores.argmax(axis=1), chain=free_chain
    )
    np.testing.assert_array_equal(decode(scores, own, 9.0), scores.argmax(axis=1))
    with pytest.raises(TypeError, match="needs a chain, or a path and a posterior"):
        Decoder(own.path)


def test_who_goes_by_cycles_or_costs():
    names = {name for name, decoder in DECODERS.items() if decoder.cycle_frames}
    assert names == set(CYCLIC)
    names = {name for name, decoder in DECODERS.items() if not decoder.uses_cost}
    assert names == {"fixed", "framewise"}


def test_framewise():
    scores = np.random.default_rng(0).normal(size=(9, 3))
    path = decode(scores, "framewise", 5.0)
    np.testing.assert_array_equal(path, scores.argmax(axis=1))
    found = path_posterior(scores, "framewise", 5.0)
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected)


def test_transcripts_along_any_decoder():
    rng = np.random.default_rng(0)
    transcript = np.array([2, 0, 2])
    truth = np.repeat(transcript, [9, 4, 7])
    scores = 5 * np.eye(3)[truth] + rng.normal(size=(20, 3))
    for name in DECODERS:
        found = decode(scores, name, 3.0, transcript=transcript)
        np.testing.assert_array_equal(found, truth)


@pytest.mark.parametrize("decoding", sorted(DECODERS))
class TestSwitchCost:
    def test_auto(self, decoding):
        scores = make_two(80)
        cost = find_switch_cost(scores) * 2 / 80
        np.testing.assert_array_equal(
            decode(scores, decoding, "auto"), decode(scores, decoding, cost)
        )
        np.testing.assert_allclose(
            path_posterior(scores, decoding, "auto"),
            path_posterior(scores, decoding, cost),
        )

    def test_tempered(self, decoding):
        scores = make_two(60)
        found = tempered_posterior(scores, DECODERS[decoding], 0.2)
        np.testing.assert_array_equal(found, path_posterior(scores, decoding, 0.2))
        confidence = {"tempering": 0.25, "agreement": 0.6}
        found = tempered_posterior(scores, DECODERS[decoding], 0.2, confidence)
        exact = path_posterior(0.25 * scores, decoding, 0.05)
        np.testing.assert_allclose(found, 0.6 * exact + 0.2)


def test_cost_is_not_looked_for_where_it_does_not_matter(monkeypatch):
    monkeypatch.setattr("skl_tot.decoding.decoders.find_switch_cost", None)
    for decoding in ("fixed", "framewise"):
        decode(np.eye(3), decoding, "auto")


def test_guides_are_tempered_as_a_whole():
    """Log-likelihoods and costs, so that the best path stays what it is."""
    scores = np.random.default_rng(0).normal(size=(30, 3))
    moves = np.log([[1.0, 0.9, 0.1], [0.2, 1.0, 0.8], [0.5, 0.5, 1.0]])
    decoder = move_decoder(moves, np.log([0.6, 0.3, 0.1]))
    for factor in (0.25, 0.5):
        path = decoder.path(factor * scores, factor * 1.5)
        np.testing.assert_array_equal(path, decoder.path(scores, 1.5))
    confidence = {"tempering": 0.25, "agreement": 0.75}
    found = tempered_posterior(scores, decoder, 0.1, confidence)
    plain = decoder.posterior(0.25 * scores, 0.25 * 0.1 * 10)
    np.testing.assert_allclose(found, 0.75 * plain + 0.25 / 3)


@pytest.mark.parametrize("decoding", CYCLIC)
class TestCycles:
    def test_finds_cycles(self, decoding):
        scores, labels = make_cycles(30, noise=0.5)
        np.testing.assert_array_equal(decode(scores, decoding, "auto"), labels)
        own = path_posterior(scores, decoding, "auto")[np.arange(len(labels)), labels]
        assert own.mean() > 0.9

    def test_only_one_leaves_actions_out(self, decoding):
        scores, labels = make_cycles(6, noise=0.1)
        kept = ~((labels == 2) & (np.arange(len(labels)) // 24 % 2 == 1))
        # a cost small enough, as each switch of a long video costs its mean duration
        path = decode(scores[kept], decoding, 0.02)
        is_equal = np.array_equal(path, labels[kept])
        assert is_equal == (decoding == "cyclic_skip")

    def test_a_segmenter_knows_how_long_cycles_are(self, decoding):
        scores, _ = make_cycles(4, noise=0.3)
        frames = scores.astype(np.float32)
        model = HMMSegmenter(4, decoding=decoding, switch_cost=0.5, n_components=None)
        model.fit([frames[:24], frames[24:48]])
        assert model.mean_frames_ == 24
        long = np.tile(frames, (10, 1))
        given = model.log_likelihood(long)
        # 0.5 for each of the 6 frames of a mean action of a cycle, not of the video
        cost = 0.5 * 6 * 4 / len(long)
        expected = decode(given, decoding, cost)
        np.testing.assert_array_equal(model.predict(long), expected)
        short = frames[:12]
        expected = decode(model.log_likelihood(short), decoding, 0.5)
        np.testing.assert_array_equal(model.predict(short), expected)


@pytest.mark.parametrize("cost", ["Auto", "", None, -1, np.nan, 1e301])
def test_other_costs(cost):
    with pytest.raises(ValueError, match="expected a number from 0 on, or 'auto'"):
        decode(np.eye(2), "free", cost)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (np.ma.array(np.eye(2)), TypeError, "is a MaskedArray, expected an array"),
        (sparse.eye(2, format="csr"), TypeError, "expected an array"),
        ([[0, 1], [2]], ValueError, "no table of numbers"),
        (np.array([["a"]]), TypeError, "expected numbers"),
        (np.zeros(3), ValueError, r"has shape \(3,\), expected \(frames, actions\)"),
        (np.zeros((0, 3)), ValueError, "has shape"),
        ([[np.nan, 1.0]], ValueError, "not finite, or too large"),
        ([[1e151, 1.0]], ValueError, "not finite, or too large"),
    ],
)
def test_what_are_no_log_likelihoods(values, error, message):
    for function in (decode, path_posterior):
        with pytest.raises(error, match=message):
            function(values)


@pytest.mark.parametrize(
    "transcript", [[], [2], [-1], [0.0], ["a"], [[0, 1]], 0, sparse.eye(2)]
)
def test_transcripts_of_other_actions(transcript):
    with pytest.raises(ValueError, match="expected actions from 0 to 1"):
        decode(np.eye(2), transcript=transcript)


def test_other_decoders():
    with pytest.raises(ValueError, match="decoding is 'Free', expected one of"):
        decode(np.eye(2), "Free")


def test_small():
    for name in DECODERS:
        for shape in [(1, 1), (1, 3), (5, 1), (2, 4)]:
            scores = np.random.default_rng(0).normal(size=shape)
            assert decode(scores, name, 0.5).shape == shape[:1]
            assert path_posterior(scores, name, 0.5).shape == shape


def best_of_all(score, n_frames, n_actions, min_frames):
    """Best path (n_frames,) whose segments last, by ``score(path)``."""
    best = None, -np.inf
    for path in itertools.product(range(n_actions), repeat=n_frames):
        ends = np.flatnonzero(np.diff(path, prepend=-1, append=-1))
        if np.diff(ends).min() >= min_frames and score(np.array(path)) > best[1]:
            best = np.array(path), score(np.array(path))
    return best


class TestMinFrames:
    """What is around chains, which `test_chain` holds against all paths."""

    @pytest.mark.parametrize("decoding", sorted(DECODERS))
    @pytest.mark.parametrize("min_frames", [2, 7, 50])
    def test_no_segment_is_shorter(self, decoding, min_frames):
        for seed in range(5):
            scores = np.random.default_rng(seed).normal(size=(60, 4))
            path = decode(scores, decoding, 0.001, min_frames=min_frames)
            ends = np.flatnonzero(np.diff(path, prepend=-1, append=-1))
            assert np.diff(ends).min() >= min_frames
            shares = path_posterior(scores, decoding, 0.001, min_frames=min_frames)
            np.testing.assert_allclose(shares.sum(axis=1), 1)
            one = decode(scores[:5], decoding, 0.001, min_frames=min_frames)
            assert min_frames == 2 or len(set(one.tolist())) == 1
            assert len(decode(scores, decoding, min_frames=10**30)) == 60

    @pytest.mark.parametrize("seed", range(5))
    def test_frames_by_themselves_equal_all_paths(self, seed):
        scores = np.random.default_rng(seed).normal(size=(7, 3))
        expected, _ = best_of_all(lambda y: scores[np.arange(7), y].sum(), 7, 3, 2)
        found = decode(scores, "framewise", min_frames=2)
        np.testing.assert_array_equal(found, expected)
        exact = free_chain(3, 0.0).posterior(scores, 2)
        found = path_posterior(scores, "framewise", min_frames=2)
        np.testing.assert_allclose(found, exact)

    def test_transcripts(self):
        scores = np.random.default_rng(0).normal(size=(20, 3))
        for name in DECODERS:
            found = decode(scores, name, transcript=[2, 0, 2], min_frames=6)
            starts = np.flatnonzero(np.diff(found, prepend=-1))
            assert found[starts].tolist() == [2, 0, 2]
            assert np.diff([*starts, 20]).min() >= 6

    @pytest.mark.parametrize("value", [0, -1, 2.0, True, None, "2"])
    def test_bad_values(self, value):
        for function in (decode, path_posterior):
            with pytest.raises(ValueError, match=r"min_frames is .* an integer"):
                function(np.zeros((4, 2)), min_frames=value)
