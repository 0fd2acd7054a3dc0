import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skl_tot.recordings import Recordings
from skl_tot.training.components import MLP, Adam
from skl_tot.training.frame_classifier import (
    ClassifierTrainer,
    classify,
    embed_actions,
    join_embeddings,
    order_loss,
    order_shapes,
    read_order,
    shuffled,
)
from skl_tot.training.network import Encoder


def generator(seed=0):
    return torch.Generator("cpu").manual_seed(seed)


def drawn(shapes, scale=0.5):
    draw, network = generator(), {}
    for name, dimensions in shapes.items():
        shape = (1, *dimensions.values())
        network[name] = scale * torch.randn(shape, generator=draw)
    return network


@pytest.fixture
def unit():
    """A network, and torch's unit with the same weights."""
    network = drawn(order_shapes(5, 4))
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


@given(n_segments=st.integers(2, 12), seed=st.integers(0, 10**6))
def test_shuffled_is_another_order(n_segments, seed):
    order = shuffled(n_segments, generator(seed))
    assert sorted(order) == list(range(n_segments))
    assert list(order) != list(range(n_segments))


def test_loss_leaves_out_videos_of_a_single_segment():
    network = drawn(order_shapes(5, 4))
    embeddings = torch.randn(2, 6, 5, generator=generator())
    labels = np.array([[1] * 6, [0, 0, 1, 1, 2, 2]])
    both = order_loss(network, embeddings, labels, generator(1))
    alone = order_loss(network, embeddings[1:], labels[1:], generator(1))
    torch.testing.assert_close(both, alone)
    assert order_loss(network, embeddings[:1], labels[:1], generator(1)) == 0


def ordered_videos(n_videos, seed):
    """Mean embeddings of segments whose content drifts along a circle, with noise."""
    rng = np.random.default_rng(seed)
    angles = np.linspace(0, 3, 6) + rng.normal(scale=0.1, size=(n_videos, 6))
    codes = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    codes = codes + rng.normal(scale=0.1, size=codes.shape)
    return torch.from_numpy(np.repeat(codes, 4, axis=1)).float()


def accuracy(network, videos, seed):
    draw = generator(seed)
    own = videos[:, ::4]
    turned = torch.stack([video[shuffled(6, draw)] for video in own])
    n_read = torch.full((len(own),), 6)
    right = (read_order(network, own, n_read) > 0).double().mean()
    return (right + (read_order(network, turned, n_read) < 0).double().mean()) / 2


def test_order_is_learned():
    labels = np.tile(np.repeat(np.arange(6), 4), (40, 1))
    network = drawn(order_shapes(2, 8))
    network = {name: value.requires_grad_() for name, value in network.items()}
    optimizer = torch.optim.Adam(network.values(), lr=0.02)
    train, test = ordered_videos(40, 0), ordered_videos(200, 1)
    draw = generator()
    before = accuracy(network, test, 5)
    for _ in range(80):
        optimizer.zero_grad()
        order_loss(network, train, labels, draw).backward()
        optimizer.step()
    assert abs(before - 0.5) < 0.2
    assert accuracy(network, test, 5) > 0.9


def blobs(seed=0, n_videos=6):
    """Videos of three actions, and their labels."""
    rng = np.random.default_rng(seed)
    videos, labels = [], []
    for _ in range(n_videos):
        own = np.repeat([0, 1, 2], rng.integers(5, 30, size=3))
        centres = 3 * np.eye(4)[own]
        videos.append(centres + rng.normal(size=centres.shape))
        labels.append(own)
    return Recordings(videos), labels


def make_trainer(videos, order_weight=1.0, learning_rate=0.01):
    adam = Adam(learning_rate, weight_decay=0.0, frames_per_video=32, batch_size=2)
    return ClassifierTrainer(
        videos,
        adam.settings(MLP(16, 8), max_iter=1),
        n_actions=3,
        order_dim=6,
        order_weight=order_weight,
        device=torch.device("cpu"),
        seed=0,
    )


def test_classifier_learns_and_goes_on():
    videos, labels = blobs()
    trainer = make_trainer(videos)
    seen = []
    _, first = trainer.learn(labels, 60, seen.extend)
    network, second = trainer.learn(labels, 60)
    assert seen == first
    assert len(first) == len(second) == 60
    assert np.mean(second) < np.mean(first[:10]) / 2
    encoder = Encoder(network, torch.device("cpu"))
    others, truth = blobs(seed=1)
    for i, own in enumerate(truth):
        found = encoder.apply(others, i, classify)
        assert np.mean(found.argmax(axis=1) == own) > 0.85
        joint = encoder.apply(others, i, join_embeddings)
        assert joint.shape == (len(own), 8 + 6)
        expected = joint @ network["action_weight"] + network["action_bias"]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_diverging_loss_is_an_error():
    videos, labels = blobs()
    with pytest.raises(ValueError, match="no longer finite"):
        make_trainer(videos, learning_rate=1e38).learn(labels, 20)
