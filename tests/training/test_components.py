"""Priors, transports and optimisers as objects: names, copies, limits."""

import pytest
import torch

from skl_tot.training.components import MLP, Adam
from skl_tot.training.pseudo_labels import (
    PathPrior,
    Sinkhorn,
    StructuredTransport,
    TemporalPrior,
)
from skl_tot.training.terms import Prediction, TemporalCoherence, TimeStamp


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


def test_parameters_without_default_take_none_from_a_base():
    with pytest.raises(TypeError, match="'weight' and 'lag'"):
        Prediction()


def test_order_of_parameters_of_a_path_prior():
    prior = PathPrior(7, 0.8)
    assert prior.get_params() == {"n_diagonal": 7, "sigma": 0.8}


def test_path_prior_starts_as_the_diagonal():
    similarities, coverage = torch.rand(8, 3), torch.ones(2, 1, 1)
    prior, diagonal = PathPrior(n_diagonal=5, sigma=0.8), TemporalPrior(0.8)
    given = similarities, coverage
    torch.testing.assert_close(prior(*given, 4, 0.1), diagonal(*given, 4, 0.1))
    assert (prior(*given, 5, 0.1) != diagonal(*given, 5, 0.1)).any()


@pytest.mark.parametrize(("freeze_iter", "n_steps"), [(7, 7), (0.25, 50), (0, 0)])
def test_frozen_steps(freeze_iter, n_steps):
    settings = Adam(freeze_iter=freeze_iter).settings(MLP(2, 2), max_iter=200)
    assert settings.freeze_iter == n_steps
