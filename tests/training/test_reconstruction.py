"""Later frames, decoded features and the contrast of concepts."""

import math

import numpy as np
import pytest
import torch

from skl_tot.training.baselines import (
    ConceptContrast,
    Prediction,
    Reconstruction,
    concept_loss,
)
from skl_tot.training.batches import Batch
from skl_tot.training.network import encoder_shapes, init_network

SIZES = {"n_features": 5, "hidden_dim": 4, "embedding_dim": 3}


def make_batch(frames, later=None):
    n = len(frames)
    times = torch.zeros(n)
    return Batch(frames, times, torch.ones(2, 1, 1), None, slice(0, n), n, later)


def draw(term, n_networks=2):
    """Parameters, large enough to leave the middle of the sigmoids."""
    generator = torch.Generator().manual_seed(1)
    shapes = encoder_shapes(SIZES) | term.shapes(SIZES)
    network = init_network(shapes, n_networks=n_networks, generator=generator)
    return {name: value.double() * 30 for name, value in network.items()}


@pytest.mark.parametrize("term", [Reconstruction(), Prediction()])
def test_loss_of_decoders_equals_a_loop(term):
    network = draw(term)
    rng = np.random.default_rng(0)
    frames, later = torch.tensor(rng.normal(size=(2, 6, 5)))
    embeddings = torch.tensor(rng.uniform(size=(2, 6, 3)))
    losses = term.loss(network, embeddings, make_batch(frames, later), 0)
    for r in range(2):
        p = {name: value[r].numpy() for name, value in network.items()}
        total = 0.0
        for t in range(6):
            added = embeddings[r, t].numpy() @ p["decoder_hidden_weight"]
            hidden = 1 / (1 + np.exp(-added - p["decoder_hidden_bias"]))
            found = hidden @ p["decoder_output_weight"] + p["decoder_output_bias"]
            target = frames[t].numpy()
            if term.lag:
                added = target @ p["hidden_weight"] + p["hidden_bias"]
                found += 1 / (1 + np.exp(-added)) @ p["decoder_skip_weight"]
                target = later[t].numpy()
            total += ((found - target) ** 2).mean()
        assert losses[r].item() == pytest.approx(total / 6)


def slow_concept_loss(scores):
    """InfoNCE with concepts as anchors, written out."""
    n_frames, n_concepts = scores.shape
    m = max(1, n_frames // (2 * n_concepts))
    total = 0.0
    for k in range(n_concepts):
        confidence = []
        for row in scores:
            confidence.append(math.exp(row[k]) / sum(math.exp(s) for s in row))
        ranking = sorted(range(n_frames), key=lambda t: -confidence[t])
        others = sum(math.exp(scores[t, k]) for t in ranking[m:])
        for t in ranking[:m]:
            found = math.exp(scores[t, k])
            total -= math.log(found / (found + others)) / (m * n_concepts)
    return total


class TestConceptContrast:
    @pytest.mark.parametrize("shape", [(24, 3), (5, 4), (3, 4), (1, 2), (2, 1), (1, 1)])
    def test_loss_equals_loops(self, shape):
        scores = np.random.default_rng(0).normal(0, 2, size=(2, *shape))
        losses = concept_loss(torch.tensor(scores))
        for own, loss in zip(scores, losses):
            assert loss.item() == pytest.approx(slow_concept_loss(own))

    def test_concepts_have_unit_length(self):
        network = {"prototypes": 3 * torch.rand(2, 4, 3)}
        ConceptContrast(4).constrain(network)
        torch.testing.assert_close(network["prototypes"].norm(dim=2), torch.ones(2, 4))
