"""Mini-batches, the loop and the network, by plain numpy, torch and counts."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Bunch

from skl_tot.recordings import Recordings
from skl_tot.training import batches as _readers
from skl_tot.training.batches import (
    Batch,
    ResidentReader,
    StreamReader,
    open_reader,
    sample_frames,
    sampled_batches,
    shuffled_batches,
)
from skl_tot.training.components import MLP, Adam
from skl_tot.training.loop import (
    TrainingState,
    batch_loss,
    map_moments,
    new_state,
    parameter_shapes,
    resume,
    take_snapshot,
    train,
)
from skl_tot.training.network import (
    Encoder,
    TorchEncoder,
    encode,
    init_network,
    scale_weights,
    score_prototypes,
)
from skl_tot.training.pseudo_labels import Sinkhorn, TemporalPrior
from skl_tot.training.terms import CrossEntropy, TemporalCoherence, TimeStamp

CPU = torch.device("cpu")
ADAM = Adam(1e-2, decay=0.0, frames_per_video=8)
DEFAULTS = ADAM.settings(MLP(6, 4, start="paper"), max_iter=20) | {
    **{"n_prototypes": 3, "temperature": 0.2, "n_sinkhorn_iter": 3},
    **{"prior": "temporal", "rho": 0.1, "sigma": 0.8},
    **{"alpha": 0.0, "window": 5, "beta": 0.0},
}


def config(**changes):
    return Bunch(**DEFAULTS | changes)


CONFIG = config()


def terms_of(config):
    terms = [
        CrossEntropy(
            config.n_prototypes,
            Sinkhorn(config.n_sinkhorn_iter),
            rho=config.rho,
            prior=TemporalPrior(config.sigma, 0) if config.prior else None,
            temperature=config.temperature,
            freeze_iter=config.freeze_iter,
        ),
        TemporalCoherence(config.alpha, config.window),
        TimeStamp(config.beta),
    ]
    return [term for term in terms if term.weight]


def draw_network(config=CONFIG, n_features=5, seed=0, n_networks=1):
    shapes = parameter_shapes(n_features, config, terms_of(config))
    generator = torch.Generator().manual_seed(seed)
    return init_network(shapes, n_networks=n_networks, generator=generator)


def make_batch(frames, n_videos=2, partners=None, times=None):
    return Batch(
        frames,
        torch.zeros(len(frames)) if times is None else times,
        torch.ones(n_videos, 1, 1),
        partners,
        slice(0, len(frames)),
        len(frames),
    )


@pytest.fixture
def videos(activity):
    return Recordings(activity[0])


def run(videos, config=CONFIG, **options):
    options = {"device": CPU, "seed": 0, **options}
    return train(videos, config, terms_of(config), **options)


def encode_slowly(p, x):
    hidden = 1 / (1 + np.exp(-(x @ p["hidden_weight"] + p["hidden_bias"])))
    return 1 / (1 + np.exp(-(hidden @ p["output_weight"] + p["output_bias"])))


def slow_codes(p, frames, settings):
    """Pseudo-labels of a mini-batch by loops and plain Sinkhorn."""
    n_frames, n_actions = settings.frames_per_video, len(p["prototypes"])
    q = np.exp(encode_slowly(p, frames) @ p["prototypes"].T / settings.rho)
    if settings.prior == "temporal":
        for row in range(len(q)):
            for j in range(n_actions):
                distance = (row % n_frames) / n_frames - j / n_actions
                squared = distance**2 / (1 / n_frames**2 + 1 / n_actions**2)
                q[row, j] *= np.exp(-squared / (2 * settings.sigma**2))
    for _ in range(settings.n_sinkhorn_iter):
        q /= q.sum(axis=0)
        q /= q.sum(axis=1, keepdims=True)
    return q


def slow_loss(p, q, frames, partners, times, settings):
    """The loss of every variant once more, with numpy and loops."""
    n_frames = settings.frames_per_video
    z, z_near = encode_slowly(p, frames), encode_slowly(p, partners)
    total = 0.0
    for i in range(len(q)):
        logits = z[i] @ p["prototypes"].T / settings.temperature
        log_p = logits - np.log(np.exp(logits).sum())
        total -= q[i] @ log_p / len(q)
        start = i // n_frames * n_frames  # other frames of the same recording
        similarities = z[i] @ z_near[start : start + n_frames].T
        log_p = similarities[i - start] - np.log(np.exp(similarities).sum())
        total -= settings.alpha * log_p / len(q)
        predicted = z[i] @ p["time_weight"] + p["time_bias"][0]
        total += settings.beta * (predicted - times[i]) ** 2 / len(q)
    return total


def slow_gradient(name, p, *given):
    """Differences of the loss around each value of a parameter, the labels fixed."""
    gradient = np.empty_like(p[name])
    for place in np.ndindex(gradient.shape):
        shift = np.zeros_like(gradient)
        shift[place] = 1e-5
        moved = (p | {name: p[name] + s} for s in (shift, -shift))
        above, below = (slow_loss(other, *given) for other in moved)
        gradient[place] = (above - below) / 2e-5
    return gradient


VARIANTS = {
    "OT": {"prior": None},
    "OT+CTE": {"prior": None, "beta": 1.0},
    "TOT": {},
    "TOT+TCL": {"alpha": 1.0},
    "all": {"alpha": 0.3, "beta": 0.7},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_loss_and_gradient_of_every_variant_equal_slow_ones(variant):
    """For two recordings and two networks."""
    settings = config(frames_per_video=6, **VARIANTS[variant])
    rng = np.random.default_rng(0)
    drawn = draw_network(config(beta=1.0), n_networks=2)
    networks = {k: (100 * v).double().requires_grad_() for k, v in drawn.items()}
    frames, partners = rng.normal(size=(2, 12, 5))
    times = rng.uniform(size=12)
    given = {"partners": torch.tensor(partners), "times": torch.tensor(times)}
    batch = make_batch(torch.tensor(frames), **given)
    losses = batch_loss(networks, batch, terms_of(settings), 0)
    gradients = torch.autograd.grad(
        losses.sum(), networks.values(), allow_unused=True, materialize_grads=True
    )
    for r, loss in enumerate(losses.tolist()):
        p = {name: value[r].detach().numpy() for name, value in networks.items()}
        q = slow_codes(p, frames, settings)
        given = p, q, frames, partners, times, settings
        assert loss == pytest.approx(slow_loss(*given), rel=1e-9)
        for name, gradient in zip(networks, gradients):
            expected = slow_gradient(name, *given)
            np.testing.assert_allclose(gradient[r], expected, atol=1e-7)


class TestTraining:
    def test_the_rate_falls_to_zero_over_the_last_steps(self, videos, monkeypatch):
        rates = []
        monkeypatch.setattr(
            TrainingState, "update", lambda state: rates.append(state.learning_rate)
        )
        run(videos, config(max_iter=10, decay=0.4))
        expected = 1e-2 * np.minimum(1, np.arange(10, 0, -1) / 4)
        np.testing.assert_allclose(rates, expected)

    def test_going_on_equals_not_stopping(self, videos):
        """Two passes in one call and in two calls through plain numpy."""
        settings = config(freeze_iter=4)
        twice = Recordings([*videos.arrays, *videos.arrays])
        whole, losses = run(twice, settings, one_pass=True)
        half, first = run(videos, settings, one_pass=True)
        resumed, second = run(videos, settings, start=half, one_pass=True, seed=99)
        assert losses == first + second
        assert whole.n_iter == resumed.n_iter == 6
        for name, value in whole.network.items():
            np.testing.assert_array_equal(value, resumed.network[name], err_msg=name)


@pytest.mark.parametrize("options", [{"one_pass": True}, {}])
def test_each_network_learns_as_if_alone(videos, options):
    together, _ = run(videos, config(n_networks=3, alpha=0.5))
    further, losses = run(videos, config(alpha=0.5), start=together, **options)
    alone = []
    for r in range(3):
        network = {name: value[r] for name, value in together.network.items()}
        moments = map_moments(together.moments, lambda value, r=r: value[r])
        start = replace(together, network=network, moments=moments)
        snapshot, curve = run(videos, config(alpha=0.5), start=start, **options)
        alone.append(curve)
        for name, value in snapshot.network.items():
            expected = further.network[name][r]
            np.testing.assert_allclose(value, expected, atol=1e-6)
    np.testing.assert_allclose(losses, np.mean(alone, axis=0), rtol=1e-5)


def test_steps_of_adam_are_those_of_torch():
    """With parameters that are skipped, rates that change, and a restart."""
    generator = torch.Generator().manual_seed(0)
    settings = Bunch(learning_rate=1e-2, weight_decay=0.1)
    network = {"hidden_weight": torch.ones(2, 5, 3), "prototypes": torch.ones(2)}
    theirs = {k: value.clone().requires_grad_() for k, value in network.items()}
    state = new_state(network, settings, generator, CPU)
    adam = torch.optim.Adam(theirs.values(), weight_decay=0.1, fused=True)
    for i in range(8):
        if i == 5:
            state = resume(take_snapshot(state), settings, generator, CPU)
        for name, value in theirs.items():
            is_skipped = i < 2 and name == "prototypes"
            if not is_skipped:
                value.grad = torch.randn(value.shape, generator=generator)
            state.network[name].grad = value.grad
        state.learning_rate = adam.param_groups[0]["lr"] = 0.1 / (i + 1)
        adam.step()
        state.update()
    for name, value in theirs.items():
        assert torch.equal(state.network[name], value)
        assert state.moments[name].keys() == adam.state[value].keys()
        for key, expected in adam.state[value].items():
            assert torch.equal(state.moments[name][key], expected)
    assert [value.grad for value in state.network.values()] == [None, None]


class TestStart:
    """Activations and similarities vary from the first step on."""

    def test_of_the_paper(self):
        """N(0, 0.01²), and biases of 0."""
        network = draw_network(n_features=400, n_networks=3)
        assert not network["hidden_bias"].any()
        assert network["hidden_weight"].std() == pytest.approx(0.01, rel=0.05)

    def test_scaled_activations_vary_by_about_1(self):
        network = draw_network(config(hidden_dim=200, embedding_dim=50), 100)
        scale_weights(network)
        frames = torch.randn(500, 100, generator=torch.Generator().manual_seed(0))
        activations = encode(network, frames)[0].logit()
        assert 0.7 < activations.std(dim=0).mean() < 1.1
        assert activations.mean(dim=0).abs().max() < 0.3

    @pytest.mark.parametrize("prior", [TemporalPrior(), None])
    def test_similarities_spread_by_a_temperature(self, prior):
        kinds, times = torch.arange(90) * 7 % 4, torch.linspace(0.01, 0.99, 90)
        generator = torch.Generator().manual_seed(0)
        centres = torch.rand(2, 4, 6, generator=generator)
        noise = torch.rand(2, 90, 6, generator=generator)
        embeddings = centres[:, kinds] + 0.01 * noise
        network = {"prototypes": torch.zeros(2, 4, 6)}
        options = {"prior": prior, "temperature": 0.3, "start": "scaled"}
        problem = CrossEntropy(4, Sinkhorn(3), **options)
        assert problem.starts_at_frames
        problem.initialise(network, embeddings, times, generator)
        similarities = score_prototypes(network, embeddings)
        spread = similarities.std(dim=(1, 2))
        np.testing.assert_allclose(spread, 0.3, rtol=1e-3)
        expected = centres  # of clusters, whenever they come
        if prior is not None:  # parts of relative time
            parts = (4 * times).long()
            expected = [embeddings[:, parts == k].mean(dim=1) for k in range(4)]
            expected = torch.stack(expected, dim=1)
        expected = expected - embeddings.mean(dim=1, keepdim=True)
        pair = network["prototypes"][:, :, None], expected[:, None]
        alike = torch.cosine_similarity(*pair, dim=-1)
        alike = alike.amax(dim=1) if prior is None else alike.diagonal(dim1=1, dim2=2)
        np.testing.assert_allclose(alike, 1, rtol=1e-3)


@pytest.mark.parametrize("head", [None, score_prototypes])
@pytest.mark.parametrize("n_networks", [1, 3])
def test_numpy_embeds_as_torch(head, n_networks):
    network = draw_network(n_features=5, n_networks=n_networks)
    scale_weights(network)
    network = {name: value.numpy() for name, value in network.items()}
    network["hidden_bias"] += 0.3
    if n_networks == 1:
        network = {name: value[0] for name, value in network.items()}
    videos = Recordings([np.random.default_rng(0).normal(size=(40, 5))])
    by_numpy = Encoder(network).apply(videos, 0, head)
    by_torch = TorchEncoder(network, CPU).apply(videos, 0, head)
    assert by_numpy.dtype == by_torch.dtype
    np.testing.assert_allclose(by_numpy, by_torch, rtol=1e-6, atol=1e-6)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_frames_are_uniform_in_bins_and_partners_in_windows():
    """Shares of 4,000 draws: both sides, at the ends, and a frame itself, too."""
    n_draws, n_frames, window, all_lengths = 4000, 10, 3, [1, 7, 40]
    lengths = np.tile(all_lengths, (n_draws, 1))
    frames, partners = sample_frames(lengths, n_frames, window, generator())
    assert sample_frames(lengths[:1], n_frames, 0, generator())[1] is None
    for video, length in enumerate(all_lengths):
        places = np.arange(length)
        starts = np.arange(n_frames)[:, None] * length / n_frames
        lasts = np.minimum(starts + length / n_frames, places + 1)
        shares = np.clip(lasts - np.maximum(starts, places), 0, None)
        in_bins = [np.bincount(own, minlength=length) for own in frames[:, video].T]
        check_counts(np.array(in_bins), n_draws * shares * n_frames / length)
        counts = np.zeros((length, length))
        np.add.at(counts, (frames[:, video], partners[:, video]), 1)
        near = np.abs(places - places[:, None]) <= window
        check_counts(counts, counts.sum(1)[:, None] * near / near.sum(1)[:, None])


def check_counts(counts, expected):
    """Draws are where they may be, and as often as chance says."""
    expected = np.where(expected < 1e-6, 0, expected)
    assert not counts[expected == 0].any()
    assert (np.abs(counts - expected) <= 5 * np.sqrt(expected)).all()


def test_batches_hold_the_frames_that_they_say():
    """Features are the number of the recording and of the frame."""
    lengths = np.array([30, 6, 50])
    ranges = map(np.arange, lengths)
    frames = [np.column_stack([0 * t + i, t]) for i, t in enumerate(ranges)]
    reader = ResidentReader(Recordings(frames), torch.device("cpu"))
    order = np.array([[0, 1], [2, 0], [1, 2]])
    batches = sampled_batches(generator(), reader, [order], 8, 3, 0.2)
    for batch, videos in zip(batches, order, strict=True):
        own = lengths[videos][:, None]
        (numbers, at), (of_partners, near), (of_later, later) = (
            np.moveaxis(values.numpy().reshape(2, 8, 2), 2, 0)
            for values in (batch.frames, batch.partners, batch.later)
        )
        for of_frames in (numbers, of_partners, of_later):
            assert (of_frames == videos[:, None]).all()
        assert 0 < np.abs(near - at).max() <= 3
        later_at = np.minimum(at + np.ceil(own / 5), own - 1)
        np.testing.assert_array_equal(later, later_at)
        np.testing.assert_allclose(batch.times, ((at + 0.5) / own).ravel(), rtol=1e-6)
        expected = np.minimum(own / 8, 1).ravel()
        np.testing.assert_allclose(batch.coverage.ravel(), expected)
        assert batch.n_frames == 8


def test_shuffled_batches_take_every_video_once_a_pass():
    order = shuffled_batches(7, 2, 14, generator())
    assert order.shape == (14, 2)
    passes = order.reshape(4, 7)
    assert all(sorted(one) == list(range(7)) for one in passes)
    assert len({tuple(one) for one in passes}) > 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("per_video", [False, True])
@pytest.mark.parametrize("reader", [ResidentReader, StreamReader])
def test_readers_standardise_and_stack(reader, per_video, dtype):
    rng = np.random.default_rng(0)
    # float64 keeps its precision until it is standardised
    offset = 0 if dtype == np.float32 else 1e9
    arrays = [rng.normal(offset, 2, size=(n, 4)).astype(dtype) for n in (6, 9)]
    before = [array.copy() for array in arrays]
    scaler = None if per_video else StandardScaler().fit(np.concatenate(arrays))
    videos = Recordings(arrays).standardize(scaler, per_video)
    batches = np.array([[1, 0], [0, 0]])
    frames = np.array([[[0, 5, 5], [4, 0, 1]], [[1, 2, 3], [5, 5, 5]]])
    standardised = [(scaler or StandardScaler().fit(x)).transform(x) for x in arrays]
    read = reader(videos, torch.device("cpu")).read(batches, frames)
    for rows, batch, chosen in zip(read, batches, frames):
        expected = [standardised[i][f] for i, f in zip(batch, chosen)]
        assert rows.dtype == torch.float32
        np.testing.assert_allclose(rows, np.concatenate(expected), rtol=1e-4, atol=1e-5)
    for array, copy in zip(arrays, before):
        np.testing.assert_array_equal(array, copy)


def test_reader_by_size(monkeypatch):
    videos = Recordings([np.zeros((6, 4), dtype=np.float32)] * 2)
    monkeypatch.setattr(_readers, "RESIDENT_BYTES", 2 * 6 * 4 * 4)
    cpu = torch.device("cpu")
    assert isinstance(open_reader(videos, cpu, 12), ResidentReader)
    assert isinstance(open_reader(videos, cpu, 11), StreamReader)  # not worth a copy
    monkeypatch.setattr(_readers, "RESIDENT_BYTES", 2 * 6 * 4 * 4 - 1)
    assert isinstance(open_reader(videos, cpu, 12), StreamReader)
