"""Priors, transports and optimisers as objects: names, copies, limits."""

import pytest
import torch

from skl_tot.training.components import Adam
from skl_tot.training.pseudo_labels import (
    PathPrior,
    Sinkhorn,
    StructuredTransport,
    TemporalPrior,
    log_path_prior,
)
from skl_tot.training.terms import TemporalCoherence, TimeStamp


@pytest.mark.parametrize(
    ("component", "name"),
    [
        (TemporalPrior(0), "sigma"),
        (PathPrior(-1), "n_diagonal"),
        (Sinkhorn(0), "n_iter"),
        (StructuredTransport(radius=1.0), "radius"),
        (TemporalCoherence(window=0), "window"),
        (TimeStamp(-1.0), "weight"),
        (Adam(freeze_iter=1.0), "freeze_iter"),
        (Adam(learning_rate=0), "learning_rate"),
    ],
)
def test_what_is_not_valid_is_named(component, name):
    with pytest.raises(ValueError, match=f"'{name}' parameter of"):
        component.checked()


def test_path_prior_starts_as_the_diagonal():
    similarities, coverage = torch.rand(8, 3), torch.ones(2, 1, 1)
    prior, diagonal = PathPrior(n_diagonal=5, sigma=0.8), TemporalPrior(0.8)
    given = similarities, coverage
    torch.testing.assert_close(prior(*given, 4, 0.1), diagonal(*given, 4, 0.1))
    assert (prior(*given, 5, 0.1) != diagonal(*given, 5, 0.1)).any()


def test_path_prior_weighs_actions_by_their_frames():
    """Codes of the actions of a frame, over the sum of each action's."""
    similarities, coverage = torch.rand(8, 3), torch.tensor([1.0, 0.5]).view(2, 1, 1)
    codes = torch.softmax(similarities / 0.1, dim=1)
    likelihoods = (codes / codes.sum(dim=0)).log().view(2, 4, 3)
    expected = log_path_prior(coverage * likelihoods).view(8, 3)
    posterior = PathPrior(n_diagonal=0)(similarities, coverage, 0, 0.1)
    torch.testing.assert_close(posterior, expected)
