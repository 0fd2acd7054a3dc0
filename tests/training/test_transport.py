import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from skl_tot.training.priors import log_temporal_prior
from skl_tot.training.transport import sinkhorn


def random_scores(*shape, seed=0, scale=1.0):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape) * scale)


@pytest.mark.parametrize("case", ["a", "c", "d"])
class TestGolden:
    def test_prior(self, golden, case):
        _, n_frames, n_actions, _, sigma, _ = golden[f"{case}_params"]
        ours = log_temporal_prior(int(n_frames), int(n_actions), sigma)
        theirs = np.log(golden[f"{case}_prior"].astype(float))
        difference = ours - theirs
        assert np.ptp(difference) < 1e-4  # theirs are float32
        assert np.abs(ours).max() > 1

    @pytest.mark.parametrize("kind", ["tot", "ot"])
    def test_codes(self, golden, case, kind):
        n_videos, n_frames, n_actions, epsilon, sigma, n_iter = golden[f"{case}_params"]
        prior = torch.tensor(log_temporal_prior(int(n_frames), int(n_actions), sigma))
        codes = sinkhorn(
            torch.tensor(golden[f"{case}_scores"]),
            epsilon,
            log_prior=prior.repeat(int(n_videos), 1) if kind == "tot" else None,
            n_iter=int(n_iter),
        )
        np.testing.assert_allclose(codes, golden[f"{case}_q_{kind}"], atol=1e-5)


class TestPrior:
    def test_follows_equation_8(self):
        n_frames, n_actions, sigma = 7, 3, 1.3
        prior = log_temporal_prior(n_frames, n_actions, sigma)
        for i in range(n_frames):
            for j in range(n_actions):
                distance = abs(i / n_frames - j / n_actions)
                distance /= (1 / n_frames**2 + 1 / n_actions**2) ** 0.5
                expected = -(distance**2) / (2 * sigma**2)
                assert prior[i, j] == pytest.approx(expected)

    def test_prefers_the_diagonal(self):
        prior = log_temporal_prior(120, 4, 0.5)
        assert (np.diff(prior.argmax(axis=1)) >= 0).all()
        assert set(prior.argmax(axis=1)) == {0, 1, 2, 3}

    def test_infinite_sigma_is_uniform(self):
        np.testing.assert_array_equal(log_temporal_prior(5, 3, np.inf), 0)


class TestSinkhorn:
    @pytest.mark.parametrize("with_prior", [False, True])
    @pytest.mark.parametrize("rho", [0.05, 0.3, 2.0])
    def test_converges_to_pot(self, rho, with_prior):
        n_frames, n_actions = 24, 5
        scores = random_scores(n_frames, n_actions)
        prior = log_temporal_prior(n_frames, n_actions, 1.0) * with_prior
        codes = sinkhorn(scores, rho, log_prior=torch.tensor(prior), n_iter=20_000)
        # POT minimises <Q, M> + reg sum Q log Q.
        expected = ot.sinkhorn(
            np.full(n_frames, 1 / n_frames),
            np.full(n_actions, 1 / n_actions),
            -scores.numpy() - rho * prior,
            rho,
            method="sinkhorn_log",
            numItermax=100_000,
            stopThr=1e-13,
        )
        np.testing.assert_allclose(codes / n_frames, expected, atol=1e-6)
        np.testing.assert_allclose(codes.sum(0), n_frames / n_actions, rtol=1e-6)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    @pytest.mark.parametrize("rho", np.logspace(-4, 1, 11))
    def test_finite_with_exact_rows_for_every_rho(self, rho, dtype):
        prior = torch.tensor(log_temporal_prior(64, 12, 0.5))
        for scale in (0.01, 1.0, 40.0):
            scores = random_scores(2 * 64, 12, scale=scale).to(dtype)
            codes = sinkhorn(scores, rho, log_prior=prior.repeat(2, 1).to(dtype))
            assert torch.isfinite(codes).all()
            assert (codes >= 0).all()
            np.testing.assert_allclose(codes.sum(1), 1, rtol=1e-5)

    def test_batch_equals_loop(self):
        scores = random_scores(3, 20, 4)
        prior = torch.tensor(log_temporal_prior(20, 4, 1.0))
        batch = sinkhorn(scores, 0.1, log_prior=prior)
        for problem, codes in zip(scores, batch):
            torch.testing.assert_close(codes, sinkhorn(problem, 0.1, log_prior=prior))

    def test_marginals_span_the_mini_batch(self):
        # Video one looks like action 0 throughout and video two like action 1: the
        # mini-batch is balanced as it is, each video by itself is not.
        scores = torch.zeros(2, 10, 2)
        scores[0, :, 0] = scores[1, :, 1] = 1
        together = sinkhorn(scores.reshape(20, 2), 0.05, n_iter=50)
        apart = sinkhorn(scores, 0.05, n_iter=50)
        assert together[:10, 0].min() > 0.99
        torch.testing.assert_close(apart, torch.full_like(apart, 0.5))

    def test_equals_plain_iterations(self):
        scores, rho = random_scores(9, 3), 0.5
        prior = log_temporal_prior(9, 3, 1.0)
        plain = np.exp((scores.numpy() + rho * prior) / rho)
        for _ in range(3):
            plain /= plain.sum(0)
            plain /= plain.sum(1, keepdims=True)
        codes = sinkhorn(scores, rho, log_prior=torch.tensor(prior), n_iter=3)
        np.testing.assert_allclose(codes, plain, rtol=1e-9)

    @settings(max_examples=50)
    @given(
        n_frames=st.integers(1, 12),
        n_actions=st.integers(1, 6),
        rho=st.floats(0.05, 10),
        seed=st.integers(0, 1000),
    )
    def test_no_action_is_favoured_by_an_offset(self, n_frames, n_actions, rho, seed):
        scores = random_scores(n_frames, n_actions, seed=seed)
        offset = random_scores(1, n_actions, seed=seed + 1)
        plain, shifted = sinkhorn(scores, rho), sinkhorn(scores + offset, rho)
        torch.testing.assert_close(plain, shifted)
