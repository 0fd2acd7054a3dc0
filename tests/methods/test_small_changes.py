"""Small changes to the code that no other test would notice."""

import os
import pickle

import numpy as np
import pytest
import torch
from scipy.stats import norm

from skl_tot import baselines
from skl_tot.decoding import DECODERS, decode
from skl_tot.decoding.decoders import Reading
from skl_tot.decoding.evidence import STREAM_MEMORY, _log_densities
from skl_tot.extend import Adam
from skl_tot.methods.discriminants import time_order
from skl_tot.methods.pipelines import path_confidence
from skl_tot.methods.prototypes import code_overlap, merge_groups
from skl_tot.recordings import Recordings
from skl_tot.recordings.files import open_arrays
from skl_tot.training import loop
from skl_tot.training.batches import ResidentReader, sampled_batches
from skl_tot.training.components import Settings
from skl_tot.training.pseudo_labels import (
    FixedPrior,
    PathPrior,
    TemporalPrior,
    log_path_prior,
)


def quick(n_actions=4, **params):
    optimizer = Adam(freeze_iter=10, frames_per_video=32)
    fixed = {"max_iter": 30, "optimizer": optimizer, "random_state": 0}
    return baselines.paper(n_actions, **fixed).set_params(**params)


@pytest.fixture
def videos(activity):
    return activity[0]


def test_a_video_is_standardised_by_its_population_deviation(videos):
    own = Recordings(videos).standardize(per_video=True)
    for i, video in enumerate(videos):
        values = video.astype(float)
        expected = (values - values.mean(axis=0)) / values.std(axis=0, ddof=0)
        np.testing.assert_allclose(own.read(i, slice(None)), expected, atol=1e-5)


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


def test_coverage_of_a_mini_batch(videos):
    own = Recordings([videos[0], videos[1][:16]])
    reader = ResidentReader(own, torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    batches = sampled_batches(generator, reader, [np.array([[0, 1]])], 32, 0)
    coverage = next(batches).coverage
    assert coverage.flatten().tolist() == [1.0, 0.5]


def test_a_stream_remembers_what_overlapped(videos):
    model = quick(n_parts=2).partial_fit(videos)
    before = model.overlap_
    model.partial_fit(videos[:2])
    codes = [model._codes(x) for x in model.similarities(videos[:2])]
    expected = code_overlap(codes) + STREAM_MEMORY * before
    np.testing.assert_allclose(model.overlap_, expected)


def test_background_is_sure():
    posterior = np.array([[0.2, 0.8], [0.3, 0.7], [1.0 + 1e-9, 0.0]])
    path = np.array([-1, 0, 0])
    confidence = path_confidence(Reading(None, path, posterior))
    np.testing.assert_array_equal(confidence, [1.0, 0.3, 1.0])
    words = np.array(["pour", "pour"])
    confidence = path_confidence(Reading(None, path, posterior), words)
    np.testing.assert_allclose(confidence, [1.0, 1.0, 1.0])


def test_a_fit_stops_where_the_loss_is_not_below_the_best(videos, monkeypatch):
    """Of blocks with losses 1, 0.5 and 0.8 the third ends it: below the first only."""
    losses = iter(np.repeat([1.0, 0.5, 0.8, 0.1], 2))
    monkeypatch.setattr(
        loop, "train_step", lambda *_, **__: torch.tensor([next(losses)])
    )
    settings = Settings(
        embedding_dim=2,
        hidden_dim=2,
        frames_per_video=4,
        batch_size=1,
        max_iter=8,
        learning_rate=1e-3,
        weight_decay=0.0,
        tol=0.01,
        n_iter_no_change=2,
    )
    _, curve = loop.train(
        Recordings(videos),
        settings,
        [],
        device=torch.device("cpu"),
        seed=0,
    )
    np.testing.assert_allclose(curve, [1, 1, 0.5, 0.5, 0.8, 0.8])


class TestOrderWithoutPrior:
    def test_moments_are_sorted_like_prototypes(self, videos, monkeypatch):
        where = "skl_tot.methods.prototypes.time_order"
        monkeypatch.setattr(where, lambda codes: list(codes) and np.arange(3))
        unsorted = quick(3, prior=None).fit(videos)
        order = np.array([2, 0, 1])
        monkeypatch.setattr(where, lambda codes: list(codes) and order)
        model = quick(3, prior=None).fit(videos)
        np.testing.assert_array_equal(model.prototypes_, unsorted.prototypes_[order])
        for name in ("exp_avg", "exp_avg_sq"):
            np.testing.assert_array_equal(
                model.moments_["prototypes"][name],
                unsorted.moments_["prototypes"][name][order],
            )


class TestTablesOfAPrior:
    def test_follow_the_parameters(self):
        prior, similarities = TemporalPrior(1.0), torch.zeros(4, 2)
        first = prior(similarities, torch.ones(1, 1, 1), 0, 0.1)
        second = prior.set_params(sigma=2.0)(similarities, torch.ones(1, 1, 1), 0, 0.1)
        torch.testing.assert_close(first, 4 * second)

    def test_are_in_no_pickle(self):
        prior = TemporalPrior(1.0)
        before = pickle.dumps(prior)
        prior(torch.zeros(4, 2), torch.ones(1, 1, 1), 0, 0.1)
        assert pickle.dumps(prior) == before

    def test_may_be_views(self):
        class Turned(FixedPrior):
            def table(self, n_frames, n_prototypes):
                return np.zeros((n_frames, n_prototypes))[::-1, ::-1]

        assert Turned()(torch.zeros(4, 2), torch.ones(2, 1, 1), 0, 0.1).shape == (4, 2)


@pytest.mark.parametrize("name", DECODERS)
def test_fixed_and_skip_keep_the_order(name):
    rng = np.random.default_rng(0)
    paths = [decode(rng.normal(size=(40, 4)), name, 0.01) for _ in range(5)]
    decreases = any((np.diff(path) < 0).any() for path in paths)
    assert decreases != (name in ("fixed", "skip"))


@pytest.mark.parametrize("transcript", [[], [4], [-1, 0], [[0]], ["a"]])
def test_decoding_by_a_bad_transcript(transcript):
    with pytest.raises(ValueError, match="expected actions from 0 to 3"):
        decode(np.zeros((5, 4)), transcript=transcript)


def test_a_path_by_transcript_is_of_indices():
    path = decode(np.zeros((5, 4)), transcript=np.array([1, 0], dtype=np.int8))
    assert path.dtype == np.intp


def test_time_is_relative_to_the_length_of_a_video():
    short, long = np.zeros((10, 2)), np.zeros((100, 2))
    short[9, 0] = 1.0  # at the end of a short video
    long[50, 1] = 1.0  # half-way in a long one
    assert time_order([short, long]).tolist() == [1, 0]


def test_a_file_replaced_by_one_of_equal_size_is_opened_anew(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((5, 2)))
    files = open_arrays([path])
    assert not files[0][:].any()
    stamp = path.stat().st_mtime_ns
    np.save(tmp_path / "b.npy", np.ones((5, 2)))
    os.utime(tmp_path / "b.npy", ns=(stamp + 10**9, stamp + 10**9))
    os.replace(tmp_path / "b.npy", path)
    assert files[0][:].all()


def test_an_action_without_weight_counts_as_half_way():
    assert time_order([np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])]).tolist() == [
        0,
        2,
        1,
    ]


def test_background_goes_by_the_density_of_gaussians():
    rng = np.random.default_rng(0)
    background = {
        "means": rng.normal(size=(3, 2)),
        "variances": rng.uniform(0.1, 9, size=(3, 2)),
    }
    video = rng.normal(size=(6, 2)) * 3
    found = _log_densities(video, background)
    expected = norm.logpdf(
        video[:, None], background["means"], np.sqrt(background["variances"])
    ).sum(axis=2)
    difference = found - expected  # one constant for all
    np.testing.assert_allclose(difference, difference[0, 0])


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
