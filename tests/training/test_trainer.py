from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.utils import Bunch

from skl_tot import baselines
from skl_tot.recordings import Recordings
from skl_tot.training import loop as _loop
from skl_tot.training.batches import Batch
from skl_tot.training.components import MLP, Adam
from skl_tot.training.loop import (
    Snapshot,
    batch_loss,
    map_moments,
    new_state,
    parameter_shapes,
    resume,
    take_snapshot,
    train,
    train_step,
)
from skl_tot.training.network import (
    Encoder,
    init_network,
    scale_weights,
    score_prototypes,
)
from skl_tot.training.pseudo_labels import Sinkhorn, TemporalPrior
from skl_tot.training.terms import (
    CrossEntropy,
    TemporalCoherence,
    TimeStamp,
    cross_entropy_loss,
    temporal_coherence_loss,
    time_stamp_loss,
)

CPU = torch.device("cpu")
ADAM = Adam(1e-2, decay=0.0, frames_per_video=8, early_stopping=False, check_iter=5)
DEFAULTS = ADAM.settings(MLP(6, 4, start="paper"), max_iter=20) | {
    **{"n_prototypes": 3, "temperature": 0.1, "n_sinkhorn_iter": 3},
    **{"prior": "temporal", "rho": 0.1, "sigma": 1.0},
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
            prior=TemporalPrior(config.sigma) if config.prior else None,
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


def read(snapshot, videos, head=score_prototypes):
    encoder = Encoder(snapshot.network, CPU)
    return [encoder.apply(videos, i, head) for i in range(len(videos))]


def assert_same_parameters(first, second):
    for name, value in first.network.items():
        np.testing.assert_array_equal(value, second.network[name], err_msg=name)


class TestLosses:
    def test_gradients_equal_finite_differences(self):
        torch.manual_seed(0)
        codes = torch.softmax(torch.randn(6, 3, dtype=torch.float64), 1)
        for loss, shape in [
            (lambda s: cross_entropy_loss(s, codes, 0.5), (6, 3)),
            (lambda t: time_stamp_loss(t, codes[:, 0]), (2, 6)),
            (lambda p: temporal_coherence_loss(p[0], p[1]), (2, 2, 4, 3)),
        ]:
            values = torch.randn(shape, dtype=torch.float64, requires_grad=True)
            assert torch.autograd.gradcheck(loss, values)

    def test_nothing_costs_nothing(self):
        """A process may have no video of a mini-batch."""
        empty = torch.empty(0, 3)
        assert cross_entropy_loss(empty, empty, 0.1) == 0
        assert temporal_coherence_loss(empty[None, :, None], empty[None, :, None]) == 0
        assert time_stamp_loss(empty[:, 0], empty[:, 0]) == 0


def slow_loss(parameters, frames, partners, times, settings):
    """The loss of every variant once more, with numpy, loops and plain Sinkhorn."""
    p = {name: value.numpy() for name, value in parameters.items()}
    n_frames = settings.frames_per_video
    n_videos = len(frames) // n_frames
    n_actions = len(p["prototypes"])

    def encode_slowly(x):
        hidden = 1 / (1 + np.exp(-(x @ p["hidden_weight"] + p["hidden_bias"])))
        return 1 / (1 + np.exp(-(hidden @ p["output_weight"] + p["output_bias"])))

    z, z_near = encode_slowly(frames), encode_slowly(partners)
    scores = z @ p["prototypes"].T
    q = np.exp(scores / settings.rho)
    if settings.prior == "temporal":
        for row in range(len(q)):
            for j in range(n_actions):
                distance = (row % n_frames) / n_frames - j / n_actions
                squared = distance**2 / (1 / n_frames**2 + 1 / n_actions**2)
                q[row, j] *= np.exp(-squared / (2 * settings.sigma**2))
    for _ in range(settings.n_sinkhorn_iter):
        q /= q.sum(axis=0)
        q /= q.sum(axis=1, keepdims=True)
    total = 0.0
    for i in range(len(q)):
        logits = scores[i] / settings.temperature
        for j in range(n_actions):
            log_p = logits[j] - np.log(np.exp(logits).sum())
            total -= q[i, j] * log_p / len(q)
    for video in range(n_videos):
        rows = slice(video * n_frames, (video + 1) * n_frames)
        for i in range(n_frames):
            similarities = [z[rows][i] @ near for near in z_near[rows]]
            log_p = similarities[i] - np.log(np.exp(similarities).sum())
            total -= settings.alpha * log_p / len(q)
    for i in range(len(q)):
        predicted = z[i] @ p["time_weight"] + p["time_bias"][0]
        total += settings.beta * (predicted - times[i]) ** 2 / len(q)
    return total


VARIANTS = {
    "OT": {"prior": None},
    "OT+CTE": {"prior": None, "beta": 1.0},
    "TOT": {},
    "TOT+TCL": {"alpha": 1.0},
    "all": {"alpha": 0.3, "beta": 0.7},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_loss_of_every_variant_equals_a_slow_one(variant):
    settings = config(frames_per_video=6, **VARIANTS[variant])
    rng = np.random.default_rng(0)
    drawn = draw_network(config(beta=1.0))
    networks = {name: (value * 100).double() for name, value in drawn.items()}
    frames, partners = rng.normal(size=(2, 12, 5))
    times = rng.uniform(size=12)
    batch = make_batch(
        torch.tensor(frames), partners=torch.tensor(partners), times=torch.tensor(times)
    )
    loss = float(batch_loss(networks, batch, terms_of(settings), 0))
    parameters = {name: value[0] for name, value in networks.items()}
    expected = slow_loss(parameters, frames, partners, times, settings)
    assert loss == pytest.approx(expected, rel=1e-9)


class TestTraining:
    def test_first_step_equals_a_bare_step(self, videos, monkeypatch):
        """Adam's update by the gradient of the loss, written out once more."""
        settings = config(alpha=0.7, max_iter=1)
        network = {k: v * 100 for k, v in draw_network(seed=3).items()}
        start = Snapshot({k: v[0].numpy().copy() for k, v in network.items()}, 0)
        seen = []

        def spy(network, batch, terms, step, encoder):
            seen.append(batch)
            return batch_loss(network, batch, terms, step, encoder)

        monkeypatch.setattr(_loop, "batch_loss", spy)
        snapshot, losses = run(videos, settings, start=start)
        leaves = {k: v.clone().requires_grad_() for k, v in network.items()}
        loss = batch_loss(leaves, seen[0], terms_of(settings), 0)
        assert losses == [pytest.approx(float(loss.detach()), rel=1e-5)]
        loss.backward()
        for name, leaf in leaves.items():
            gradient = leaf.grad + 1e-4 * leaf.detach()
            # Adam's first step is the learning rate times the normalised gradient.
            step = 1e-2 * gradient / (gradient.abs() + 1e-8)
            np.testing.assert_allclose(
                snapshot.network[name], (leaf - step).detach()[0], atol=2e-4
            )

    def test_prototypes_are_frozen_then_free(self, videos):
        drawn, _ = run(videos, config(max_iter=1, freeze_iter=1))
        frozen, _ = run(videos, config(max_iter=10, freeze_iter=10))
        free, _ = run(videos, config(max_iter=11, freeze_iter=10))
        assert "prototypes" not in frozen.moments
        np.testing.assert_array_equal(
            drawn.network["prototypes"], frozen.network["prototypes"]
        )
        assert (frozen.network["prototypes"] != free.network["prototypes"]).any()
        assert (drawn.network["hidden_weight"] != frozen.network["hidden_weight"]).any()

    def test_going_on_equals_not_stopping(self, videos):
        """Two passes in one call and in two calls through plain numpy."""
        settings = config(freeze_iter=4)
        twice = Recordings([*videos.arrays, *videos.arrays])
        whole, losses = run(twice, settings, one_pass=True)
        half, first = run(videos, settings, one_pass=True)
        resumed, second = run(videos, settings, start=half, one_pass=True, seed=99)
        assert losses == first + second
        assert whole.n_iter == resumed.n_iter == 6
        assert_same_parameters(whole, resumed)

    @pytest.mark.parametrize(
        "context",
        [
            torch.no_grad(),
            torch.inference_mode(),
            torch.autocast("cpu", dtype=torch.bfloat16),
        ],
        ids=["no_grad", "inference_mode", "autocast"],
    )
    def test_modes_of_torch_change_nothing(self, videos, context):
        expected, _ = run(videos)
        with context:
            snapshot, _ = run(videos)
            encoded = read(snapshot, videos)
        assert_same_parameters(expected, snapshot)
        np.testing.assert_array_equal(encoded[0], read(snapshot, videos)[0])

    def test_diverging_loss_is_an_error(self, videos):
        with pytest.raises(ValueError, match="The loss is no longer finite"):
            run(videos, config(learning_rate=1e38))


class TestSeveralNetworks:
    @pytest.mark.parametrize("options", [{"one_pass": True}, {}])
    def test_each_learns_as_if_alone(self, videos, options):
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


class TestAdam:
    def test_steps_are_those_of_torch(self):
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
                value.grad = (
                    None
                    if is_skipped
                    else torch.randn(value.shape, generator=generator)
                )
                state.network[name].grad = value.grad
            state.learning_rate = adam.param_groups[0]["lr"] = 0.1 / (i + 1)
            adam.step()
            state.update()
        for name, value in theirs.items():
            assert torch.equal(state.network[name], value)
            assert state.moments[name].keys() == adam.state[value].keys()
            for key, expected in adam.state[value].items():
                assert torch.equal(state.moments[name][key], expected)
        state.drop_gradients()
        assert [value.grad for value in state.network.values()] == [None, None]


class TestDecay:
    def test_learning_rates(self, videos, monkeypatch):
        rates = []

        def watch(state, batch, terms, encoder):
            rates.append(state.learning_rate)
            return train_step(state, batch, terms, encoder)

        monkeypatch.setattr(_loop, "train_step", watch)
        run(videos, config(decay=0.5, max_iter=8))
        falling = [1, 0.75, 0.5, 0.25]
        np.testing.assert_allclose(rates, 1e-2 * np.array([1, 1, 1, 1, *falling]))


class TestStopping:
    @pytest.mark.parametrize(
        ("options", "n_steps"),
        [
            ({"max_iter": 50, "early_stopping": False}, 50),
            # nothing moves, so labels at the second check are those at the first
            ({"max_iter": 50}, 10),
            ({"max_iter": 50, "decay": 0.5}, 20),
            ({"max_iter": 14, "decay": 0.5}, 14),
            ({"max_iter": 50, "decay": 1.0}, 50),
            ({"max_iter": 99, "freeze_iter": 30}, 40),
            *[({"max_iter": n, "n_networks": 4}, 10) for n in (12, 27, 90)],
        ],
    )
    def test_once_labels_stay(self, videos, options, n_steps):
        options = {"early_stopping": True} | options
        settings = config(learning_rate=1e-12, **options)
        assert len(run(videos, settings)[1]) == n_steps

    def test_a_stream_goes_on(self, videos):
        settings = config(learning_rate=1e-12, early_stopping=True, check_iter=1)
        assert run(videos, settings, one_pass=True)[0].n_iter == 3

    def test_not_while_labels_change_or_more_prototypes_appear(self):
        """Labels of four frames by the prototypes that lie along their features."""
        frames = torch.eye(4)
        network = {
            "hidden_weight": 9 * torch.eye(4)[None],
            "hidden_bias": torch.full((1, 4), -4.5),
            "output_weight": 9 * torch.eye(4)[None],
            "output_bias": torch.full((1, 4), -4.5),
        }
        watch = _loop.LabelWatch(frames, "sigmoid")

        def check(*labels):
            prototypes = [torch.eye(4)[own].sum(dim=0) for own in labels]
            network["prototypes"] = torch.stack(prototypes)[None]
            return watch.has_settled(network)

        assert not check([0, 1, 2, 3], [], [], [])
        assert not check([0, 1, 2], [3], [], [])  # one more prototype
        assert not check([3], [0, 1, 2], [], [])  # no label stays
        assert not check([2, 3], [0, 1], [], [])  # shares are more even
        assert check([2, 3], [0, 1], [], [])
        assert check([2], [0, 1, 3], [], [])


class TestStart:
    """Activations and similarities vary from the first step on."""

    def test_scale_of_weights(self):
        shapes = parameter_shapes(200, config(hidden_dim=300), [])
        generator = torch.Generator().manual_seed(0)
        network = init_network(shapes, n_networks=2, generator=generator)
        scale_weights(network)
        frames = torch.randn(1000, 200, generator=generator)
        hidden = frames @ network["hidden_weight"] + network["hidden_bias"].unsqueeze(1)
        assert hidden.std() == pytest.approx(1, rel=0.05)
        outputs = hidden.sigmoid() @ network["output_weight"]
        outputs += network["output_bias"].unsqueeze(1)
        assert 0.5 < outputs.std(dim=1).mean() < 1.5
        assert abs(outputs.mean()) < 0.05

    @pytest.mark.parametrize("prior", [TemporalPrior(), None])
    def test_similarities_spread_by_a_temperature(self, prior):
        embeddings, times = torch.rand(2, 90, 6), torch.linspace(0.01, 0.99, 90)
        network = {"prototypes": torch.zeros(2, 4, 6)}
        problem = CrossEntropy(
            4, Sinkhorn(3), prior=prior, temperature=0.3, start="scaled"
        )
        assert problem.starts_at_frames
        generator = torch.Generator().manual_seed(0)
        problem.initialise(network, embeddings, times, generator)
        similarities = score_prototypes(network, embeddings)
        spread = similarities.std(dim=(1, 2))
        np.testing.assert_allclose(spread, 0.3, rtol=1e-3)
        if prior is not None:  # parts of relative time
            cuts = [times <= edge for edge in (0.25, 0.5, 0.75)]
            last = embeddings[:, ~cuts[2]].mean(dim=1) - embeddings.mean(dim=1)
            found = network["prototypes"][:, 3]
            alike = torch.cosine_similarity(found, last, dim=-1)
            np.testing.assert_allclose(alike, 1, rtol=1e-5)

    def test_constant_features_are_no_error(self):
        embeddings, times = torch.full((1, 9, 6), 0.5), torch.linspace(0.1, 0.9, 9)
        network = {"prototypes": torch.ones(1, 4, 6)}
        problem = CrossEntropy(4, Sinkhorn(3), prior=TemporalPrior(), start="scaled")
        problem.initialise(network, embeddings, times, torch.Generator())
        assert not network["prototypes"].any()

    def test_the_paper_draws_prototypes(self):
        assert not CrossEntropy(4, Sinkhorn(3)).starts_at_frames
        assert baselines.paper(3).network.start == "paper"
