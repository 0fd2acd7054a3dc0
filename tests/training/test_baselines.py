"""Terms and the frame classifier of baselines, by torch, loops and definitions."""

import math

import numpy as np
import pytest
import torch
from sklearn.utils import Bunch

from skl_tot.datasets import make_activities
from skl_tot.recordings import Recordings
from skl_tot.training.baselines import (
    ClassifierTrainer,
    ConceptContrast,
    Prediction,
    Reconstruction,
    another_order,
    classify,
    concept_loss,
    embed_actions,
    join_embeddings,
    order_shapes,
    read_order,
)
from skl_tot.training.batches import Batch
from skl_tot.training.components import MLP, Adam
from skl_tot.training.loop import parameter_shapes
from skl_tot.training.network import TorchEncoder, init_network


def generator():
    return torch.Generator("cpu").manual_seed(0)


@pytest.fixture
def unit():
    """A network, and torch's unit with the same weights."""
    draw, network = generator(), {}
    for name, dimensions in order_shapes(5, 4).items():
        shape = (1, *dimensions.values())
        network[name] = 0.5 * torch.randn(shape, generator=draw)
    with torch.random.fork_rng():
        unit = torch.nn.GRU(5, 4, batch_first=True)
    with torch.no_grad():
        unit.weight_ih_l0.copy_(network["reader_weight"][0].T)
        unit.weight_hh_l0.copy_(network["state_weight"][0].T)
        unit.bias_ih_l0.copy_(network["reader_bias"][0])
        unit.bias_hh_l0.zero_()
    return network, unit


def test_verdicts_equal_torch_on_sequences_of_many_lengths(unit):
    network, unit = unit
    lengths = [3, 1, 6, 2]
    sequences = torch.randn(4, 6, 5, generator=generator())
    found = read_order(network, sequences, torch.tensor(lengths))
    for verdict, sequence, length in zip(found, sequences, lengths):
        _, state = unit(sequence[None, :length])
        expected = state[0] @ network["verdict_weight"][0] + network["verdict_bias"]
        torch.testing.assert_close(verdict, expected[0, 0])


def test_action_embedding_is_the_state_after_one_frame(unit):
    network, unit = unit
    frames = torch.randn(1, 7, 5, generator=generator())
    expected, _ = unit(frames[0, :, None])
    torch.testing.assert_close(embed_actions(network, frames)[0], expected[:, 0])


def test_classifier_learns_and_goes_on():
    videos, labels = make_activities(9, 3, n_features=4, noise=0.3, random_state=0)
    adam = Adam(0.01, weight_decay=0.0, frames_per_video=32, batch_size=2)
    trainer = ClassifierTrainer(
        Recordings(videos[:6]),
        adam.settings(MLP(16, 8), max_iter=1),
        n_actions=3,
        device=torch.device("cpu"),
        seed=0,
    )
    labels, truth = labels[:6], labels[6:]
    seen = []
    _, first = trainer.learn(labels, 60, seen.append)
    network, second = trainer.learn(labels, 60)
    assert sum(seen) == 60
    assert len(first) == len(second) == 60
    assert np.mean(second) < np.mean(first[:10]) / 2
    encoder = TorchEncoder(network, torch.device("cpu"))
    others = Recordings(videos[6:])
    for i, own in enumerate(truth):
        found = encoder.apply(others, i, classify)
        assert np.mean(found.argmax(axis=1) == own) > 0.85
        joint = encoder.apply(others, i, join_embeddings)
        assert joint.shape == (len(own), 8 + 32)
        expected = joint @ network["action_weight"] + network["action_bias"]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_other_orders_of_segments():
    """Half of them swap two neighbours; none is the usual one."""
    draw, usual = generator(), np.arange(6)
    orders = [another_order(6, draw) for _ in range(200)]
    assert all(sorted(order) == [*usual] != [*order] for order in orders)
    moved = [np.flatnonzero(order != usual).tolist() for order in orders]
    pairs = [places for places in moved if len(places) == 2]
    swaps = [places for places in pairs if places[1] - places[0] == 1]
    assert 70 < len(swaps) < 130
    assert len(pairs) - len(swaps) < 10


SIZES = {"n_features": 5, "hidden_dim": 4, "embedding_dim": 3}


def make_batch(frames, later=None):
    n = len(frames)
    times = torch.zeros(n)
    return Batch(frames, times, torch.ones(2, 1, 1), None, slice(0, n), n, later)


def draw(term, n_networks=2):
    """Parameters, large enough to leave the middle of the sigmoids."""
    generator = torch.Generator().manual_seed(1)
    shapes = parameter_shapes(5, Bunch(**SIZES), [term])
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
