"""The table of decoders, its checks, and what segmenters read of videos."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from skl_tot import HMMSegmenter
from skl_tot.decoding import DECODERS, Chain, decode, path_posterior
from skl_tot.decoding.decoders import LearnedDecoder, tempered_posterior
from skl_tot.decoding.evidence import find_switch_cost
from skl_tot.io import load_model, save_model

CYCLIC = ["cyclic", "cyclic_skip"]


def test_a_segment_may_have_a_single_frame():
    scores = 9 * np.eye(2)[[0, 0, 1, 0]]
    np.testing.assert_array_equal(decode(scores, "free"), [0, 0, 1, 0])
    assert path_posterior(scores, "free").argmax(axis=1).tolist() == [0, 0, 1, 0]


def make_two(n_frames):
    noise = np.random.default_rng(0).normal(size=n_frames)
    frames = np.arange(n_frames) // 20 % 2 + noise
    return -0.5 * (frames[:, None] - [0, 1]) ** 2


@pytest.mark.parametrize("decoding", sorted(DECODERS))
class TestSwitchCost:
    def test_estimate(self, decoding):
        scores = make_two(80)
        cost = find_switch_cost(scores) * 2 / 80
        paths = (decode(scores, decoding, x) for x in ("estimate", cost))
        np.testing.assert_array_equal(*paths)
        np.testing.assert_allclose(
            path_posterior(scores, decoding, "estimate"),
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


@pytest.mark.parametrize("decoding", sorted(DECODERS))
def test_a_decoder_is_as_its_name(decoding, activity, tmp_path):
    videos, path = activity[0], tmp_path / "model.skops"
    named = HMMSegmenter(4, decoding=decoding, max_iter=3).fit(videos)
    model = clone(named).set_params(decoding=DECODERS[decoding]).fit(videos)
    assert vars(model.decoder_.decoder) == vars(named.decoder_.decoder)
    save_model(model, path)
    for labels, expected in zip(load_model(path).predict(videos), named.labels_):
        np.testing.assert_array_equal(labels, expected)


def test_tempering_scales_the_costs_of_a_learned_chain():
    rng = np.random.default_rng(0)
    scores, costs = rng.normal(size=(20, 3)), rng.exponential(size=(5, 3))
    decoder = LearnedDecoder(Chain(costs[0], costs[2:], costs[1]))
    confidence = {"tempering": 0.25, "agreement": 0.6}
    shares = tempered_posterior(scores, decoder, 0.0, confidence)
    costs = 0.25 * costs
    exact = Chain(costs[0], costs[2:], costs[1]).posterior(0.25 * scores)
    np.testing.assert_allclose(shares, 0.6 * exact + 0.4 / 3)


@pytest.mark.parametrize("decoding", CYCLIC)
def test_a_segmenter_knows_how_long_cycles_are(decoding):
    noise = np.random.default_rng(0).normal(scale=0.3, size=(96, 4))
    scores = 3 * np.eye(4)[np.tile(np.repeat(np.arange(4), 6), 4)] + noise
    model = HMMSegmenter(4, decoding=decoding, switch_cost=0.5, n_components=None)
    model.fit([scores[:24], scores[24:48]])
    long = np.tile(scores, (10, 1))
    decoder, switch_cost = model.decoder_
    log_likelihood = model.log_likelihood(long)
    # 0.5 for each of the 6 frames of a mean action of a cycle, not of the recording
    assert decoder.nats_of_switch(switch_cost, log_likelihood, len(long)) == 3.0
    assert decoder.nats_of_switch(switch_cost, log_likelihood, 12) == 1.5
    expected = decode(log_likelihood, decoding, 3.0 * 4 / len(long))
    np.testing.assert_array_equal(model.predict(long), expected)


TWO = np.eye(2)
COSTS = "Auto", -1, np.nan, True
SCORES = [[0, 1], [2]], np.zeros(3), [[np.nan, 1.0]], sparse.eye(2), np.array([["a"]])
CHAINS = [([0], TWO), (0, 0), ([], np.zeros((0, 0))), ([np.nan, 0], 0 * TWO)]
CHAINS += [([0, 0], [[0, -np.inf], [0, 0]]), ([0, 0], [[0, 0], [0, np.inf]])]
CHAINS += [([np.inf, np.inf], 0 * TWO)]
REFUSED = [
    *((each, (TWO, "free", x), {}) for each in (decode, path_posterior) for x in COSTS),
    *((decode, (TWO, decoding), {}) for decoding in ("Free", [1], {})),
    *((each, (x,), {}) for each in (decode, path_posterior) for x in SCORES),
    *((each, (TWO,), {"min_frames": 0}) for each in (decode, path_posterior)),
    *((Chain, (*chain, np.zeros(2)), {}) for chain in CHAINS),
]


@pytest.mark.parametrize(("function", "values", "options"), REFUSED)
def test_refusals(function, values, options):
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*values, **options)
    assert "\n" not in str(caught.value)
