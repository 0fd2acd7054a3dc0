import numpy as np
import pytest
import torch

from skl_tot.datasets import make_activities
from skl_tot.recordings import Recordings
from skl_tot.training.baselines import (
    ClassifierTrainer,
    classify,
    embed_actions,
    join_embeddings,
    order_shapes,
    read_order,
    shuffled,
)
from skl_tot.training.components import MLP, Adam
from skl_tot.training.network import TorchEncoder


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
    orders = [shuffled(6, draw) for _ in range(200)]
    assert all(sorted(order) == [*usual] != [*order] for order in orders)
    moved = [np.flatnonzero(order != usual).tolist() for order in orders]
    pairs = [places for places in moved if len(places) == 2]
    swaps = [places for places in pairs if places[1] - places[0] == 1]
    assert 70 < len(swaps) < 130
    assert len(pairs) - len(swaps) < 10
