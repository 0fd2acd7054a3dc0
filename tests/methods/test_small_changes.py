"""Small changes to the code that no other test would notice."""

import numpy as np
import pytest
import torch

from skl_tot import baselines
from skl_tot.decoding.decoders import Decoded
from skl_tot.decoding.gaussians import STREAM_MEMORY
from skl_tot.extend import Adam
from skl_tot.methods.discriminants import time_order
from skl_tot.methods.networks import code_overlap, merge_groups
from skl_tot.methods.pipelines import path_confidence
from skl_tot.training.pseudo_labels import PathPrior, log_path_prior


def quick(n_actions=4, **params):
    optimizer = Adam(freeze_iter=10, frames_per_video=32)
    fixed = {"max_iter": 30, "optimizer": optimizer, "random_state": 0}
    return baselines.paper(n_actions, **fixed).set_params(**params)


@pytest.fixture
def videos(activity):
    return activity[0]


def test_frames_drawn_twice_are_half_the_evidence():
    generator = torch.Generator().manual_seed(0)
    similarities = torch.rand(20, 3, generator=generator)
    coverage = torch.tensor([0.5, 1.0])[:, None, None]
    prior = PathPrior(0)(similarities, coverage, 0, 0.1)
    log_codes = torch.log_softmax(similarities / 0.1, -1)
    log_codes = log_codes - log_codes.logsumexp(0)
    for rows, share in ((slice(0, 10), 0.5), (slice(10, 20), 1.0)):
        expected = log_path_prior(share * log_codes[rows])
        torch.testing.assert_close(prior[rows], expected)


def test_a_stream_remembers_what_overlapped(videos):
    model = quick(n_prototypes=2).partial_fit(videos)
    before = model.overlap_
    model.partial_fit(videos[:2])
    codes = [model._codes(x) for x in model.similarities(videos[:2])]
    expected = code_overlap(codes) + STREAM_MEMORY * before
    np.testing.assert_allclose(model.overlap_, expected)


def test_background_is_sure():
    posterior = np.array([[0.2, 0.8], [0.3, 0.7], [1.0 + 1e-9, 0.0]])
    path = np.array([-1, 0, 0])
    confidence = path_confidence(Decoded(None, path, posterior))
    np.testing.assert_array_equal(confidence, [1.0, 0.3, 1.0])
    words = np.array(["pour", "pour"])
    confidence = path_confidence(Decoded(None, path, posterior), words)
    np.testing.assert_allclose(confidence, [1.0, 1.0, 1.0])


class TestOrderWithoutPrior:
    def test_moments_are_sorted_like_prototypes(self, videos, monkeypatch):
        where = "skl_tot.methods.networks.time_order"
        monkeypatch.setattr(where, lambda codes, _: list(codes) and np.arange(3))
        unsorted = quick(3, prior=None).fit(videos)
        order = np.array([2, 0, 1])
        monkeypatch.setattr(where, lambda codes, _: list(codes) and order)
        model = quick(3, prior=None).fit(videos)
        np.testing.assert_array_equal(model.prototypes_, unsorted.prototypes_[order])
        for name in ("exp_avg", "exp_avg_sq"):
            np.testing.assert_array_equal(
                model.moments_["prototypes"][name],
                unsorted.moments_["prototypes"][name][order],
            )


def test_time_is_relative_to_the_length_of_a_video():
    short, long = np.zeros((10, 2)), np.zeros((100, 2))
    short[9, 0] = 1.0  # at the end of a short video
    long[50, 1] = 1.0  # half-way in a long one
    assert time_order([short, long]).tolist() == [1, 0]


def test_an_action_without_weight_counts_as_half_way():
    assert time_order([np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])]).tolist() == [
        0,
        2,
        1,
    ]


@pytest.mark.parametrize(
    ("size", "merged"),
    [
        # shared / (size a * size b) ** e of two pairs: 8 / 400 ** e, 20 / size ** e
        (2000, [0, 0, 1, 2]),  # with e = 1 / 2 the other pair would be first
        (1300, [0, 1, 2, 2]),  # with e = 1 this one would be
    ],
)
def test_exponent_of_merging(size, merged):
    overlap = np.zeros((4, 4))
    overlap[0, 1] = overlap[1, 0] = 8
    overlap[2, 3] = overlap[3, 2] = 20
    sizes = np.array([20, 20, 40, size / 40])
    overlap[np.diag_indices(4)] = sizes - overlap.sum(axis=1)
    np.testing.assert_array_equal(merge_groups(overlap, 3), merged)
