"""The prior of paths against posteriors of the decoder."""

import numpy as np
import pytest
import torch

from skl_tot.decoding.chain import skip_chain
from skl_tot.training.pseudo_labels import log_path_prior, sinkhorn


class TestPathPrior:
    @pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 5), (40, 1), (200, 6)])
    def test_equals_the_posterior_of_paths_with_skips(self, shape):
        scores = np.random.default_rng(0).normal(scale=3, size=shape)
        prior = log_path_prior(torch.tensor(scores)).exp().numpy()
        expected = skip_chain(scores.shape[1], 0.0).posterior(scores)
        np.testing.assert_allclose(prior, expected, atol=1e-9)

    def test_equals_the_posterior_in_single_precision(self):
        scores = np.random.default_rng(0).normal(scale=5, size=(256, 24))
        prior = log_path_prior(torch.tensor(scores, dtype=torch.float32)).exp()
        expected = skip_chain(24, 0.0).posterior(scores)
        np.testing.assert_allclose(prior, expected, atol=1e-3)

    def test_batch_equals_loop(self):
        scores = torch.randn(3, 20, 4, generator=torch.Generator().manual_seed(0))
        for problem, prior in zip(scores, log_path_prior(scores)):
            torch.testing.assert_close(prior, log_path_prior(problem))

    def test_codes_stay_finite_when_one_path_is_certain(self):
        scores = torch.full((10, 3), -1e4)
        scores[:, 1] = 0.0
        codes = sinkhorn(torch.zeros(10, 3), 0.07, log_prior=log_path_prior(scores))
        assert torch.isfinite(codes).all()
