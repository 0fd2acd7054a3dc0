from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from skl_tot.recordings import Recordings, container
from skl_tot.training import loop as _loop
from skl_tot.training import terms as _terms
from skl_tot.training.batches import Batch
from skl_tot.training.components import Settings
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
from skl_tot.training.network import Encoder, encode, init_network, score_prototypes
from skl_tot.training.pseudo_labels import (
    Sinkhorn,
    TemporalPrior,
    log_temporal_prior,
    sinkhorn,
)
from skl_tot.training.terms import (
    CrossEntropy,
    TemporalCoherence,
    TimeStamp,
    cross_entropy_loss,
    temporal_coherence_loss,
    time_stamp_loss,
)

CPU = torch.device("cpu")
DEFAULTS = {
    "n_prototypes": 3,
    "embedding_dim": 4,
    "hidden_dim": 6,
    "prior": "temporal",
    "rho": 0.1,
    "sigma": 1.0,
    "temperature": 0.1,
    "n_sinkhorn_iter": 3,
    "alpha": 0.0,
    "window": 5,
    "beta": 0.0,
    "frames_per_video": 8,
    "batch_size": 2,
    "max_iter": 20,
    "freeze_iter": 0,
    "learning_rate": 1e-2,
    "decay": 0.0,
    "weight_decay": 1e-4,
    "n_init": 1,
    "encoder": "sigmoid",
    "tol": None,
    "n_iter_no_change": 5,
    "n_threads": None,
}


def config(**changes):
    return SimpleNamespace(**(DEFAULTS | changes))


CONFIG = config()


def settings_of(config):
    return Settings(**{x.name: getattr(config, x.name) for x in fields(Settings)})


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


def draw_network(config=CONFIG, n_features=5, seed=0, n_init=1):
    shapes = parameter_shapes(n_features, settings_of(config), terms_of(config))
    generator = torch.Generator().manual_seed(seed)
    return init_network(shapes, n_init=n_init, generator=generator)


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
    return train(videos, settings_of(config), terms_of(config), **options)


def read(snapshot, videos, finish=score_prototypes):
    encoder = Encoder(snapshot.network, CPU)
    return [encoder.read(videos, i, finish) for i in range(len(videos))]


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

    def test_leading_dimensions_are_problems_of_their_own(self):
        generator = torch.Generator().manual_seed(0)
        scores = torch.randn(3, 6, 4, generator=generator)
        codes = torch.softmax(torch.randn(6, 4, generator=generator), -1)
        pairs = torch.randn(2, 3, 2, 5, 4, generator=generator)
        times = torch.rand(3, 6, generator=generator)
        cases = [
            (lambda x: cross_entropy_loss(x, codes, 0.2), scores),
            (lambda x: temporal_coherence_loss(*x), pairs.transpose(0, 1)),
            (lambda x: time_stamp_loss(x, times[0]), times),
        ]
        for loss, problems in cases:
            whole = problems.transpose(0, 1) if problems is cases[1][1] else problems
            one_by_one = torch.stack([loss(problem) for problem in problems])
            torch.testing.assert_close(loss(whole), one_by_one)

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
        torch.tensor(frames),
        partners=torch.tensor(partners),
        times=torch.tensor(times),
    )
    loss = float(batch_loss(networks, batch, terms_of(settings), 0))
    parameters = {name: value[0] for name, value in networks.items()}
    expected = slow_loss(parameters, frames, partners, times, settings)
    assert loss == pytest.approx(expected, rel=1e-9)
    others = [
        slow_loss(
            parameters, frames, partners, times, config(frames_per_video=6, **other)
        )
        for name, other in VARIANTS.items()
        if name != variant
    ]
    assert min(abs(loss - other) for other in others) > 1e-3  # all variants differ


class TestNetwork:
    def test_initial_scale(self):
        vast = config(hidden_dim=200, embedding_dim=100, n_prototypes=50)
        network = draw_network(vast, n_features=100)
        assert float(network["hidden_weight"].std()) == pytest.approx(0.01, rel=0.05)
        assert float(network["prototypes"].std()) == pytest.approx(0.01, rel=0.05)
        assert not network["hidden_bias"].any()

    def test_ignores_the_default_dtype(self):
        torch.set_default_dtype(torch.float64)
        try:
            assert draw_network()["hidden_bias"].dtype == torch.float32
        finally:
            torch.set_default_dtype(torch.float32)

    @pytest.mark.parametrize("finish", [None, score_prototypes])
    def test_encode_in_blocks_equals_whole(self, videos, monkeypatch, finish):
        snapshot, _ = run(videos)
        whole = read(snapshot, videos, finish)
        monkeypatch.setattr(container, "BLOCK_BYTES", 1000)
        for first, second in zip(whole, read(snapshot, videos, finish)):
            np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-7)


class TestTraining:
    def test_loss_falls(self, videos):
        _, losses = run(videos, config(max_iter=300))
        assert len(losses) == 300
        assert np.mean(losses[-20:]) < 0.8 * np.mean(losses[:20])

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

    def test_zero_beta_has_no_time_head(self, videos):
        assert "time_weight" not in run(videos)[0].network
        snapshot, _ = run(videos, config(beta=1.0, max_iter=400))
        fitted = [
            np.corrcoef(
                z @ snapshot.network["time_weight"], np.arange(len(z)) / len(z)
            )[0, 1]
            for z in read(snapshot, videos, None)
        ]
        assert np.mean(fitted) > 0.8  # embeddings now tell the time

    def test_zero_alpha_does_not_compute_the_coherence_loss(self, videos, monkeypatch):
        def refuse(*_):
            raise AssertionError("computed")

        monkeypatch.setattr(_terms, "temporal_coherence_loss", refuse)
        run(videos)
        with pytest.raises(AssertionError, match="computed"):
            run(videos, config(alpha=1.0))

    @pytest.mark.parametrize("n_init", [1, 4])
    def test_same_seed_same_result(self, videos, n_init):
        settings = config(n_init=n_init, max_iter=40)
        first, second = (run(videos, settings) for _ in range(2))
        assert first[1] == second[1]
        assert_same_parameters(first[0], second[0])
        other, _ = run(videos, settings, seed=1)
        assert (first[0].network["prototypes"] != other.network["prototypes"]).any()

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

    def test_start_is_not_changed(self, videos):
        start, _ = run(videos)
        copy = {name: value.copy() for name, value in start.network.items()}
        run(videos, start=start)
        assert_same_parameters(start, Snapshot(copy, 0))

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

    def test_one_pass_takes_every_video_whatever_tol(self, videos):
        settings = config(tol=1e6, n_iter_no_change=1, batch_size=1)
        assert len(run(videos, settings, one_pass=True)[1]) == len(videos)

    def test_more_than_there_is(self, videos):
        """Batches and windows larger than the data are the data."""
        vast = config(batch_size=10**20, window=10**20, alpha=1.0)
        tight = config(batch_size=6, window=int(videos.lengths.max()), alpha=1.0)
        assert run(videos, vast)[1] == run(videos, tight)[1]

    def test_progress_sees_every_loss(self, videos):
        seen = []
        _, losses = run(videos, config(max_iter=13), progress=seen.extend)
        assert seen == losses

    def test_diverging_loss_is_an_error(self, videos):
        with pytest.raises(ValueError, match="The loss is no longer finite"):
            run(videos, config(learning_rate=1e38))


class TestSeveralNetworks:
    def test_each_has_a_transport_of_its_own(self):
        networks = draw_network(n_init=3)
        networks = {name: value * 100 for name, value in networks.items()}
        frames = torch.randn(16, 5, generator=torch.Generator().manual_seed(1))
        losses = batch_loss(networks, make_batch(frames), terms_of(CONFIG), 0)
        scores = score_prototypes(networks, encode(networks, frames))
        prior = torch.tensor(log_temporal_prior(8, 3, 1.0)).float().repeat(2, 1)
        codes = [sinkhorn(one, 0.1, log_prior=prior) for one in scores]
        expected = [cross_entropy_loss(*pair, 0.1) for pair in zip(scores, codes)]
        torch.testing.assert_close(losses, torch.stack(expected))
        assert len(set(losses.tolist())) == 3

    @pytest.mark.parametrize("options", [{"one_pass": True}, {}])
    def test_each_learns_as_if_alone(self, videos, options):
        together, _ = run(videos, config(n_init=3, alpha=0.5))
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

    @pytest.mark.parametrize(("n_init", "shape"), [(1, (3, 4)), (2, (2, 3, 4))])
    def test_a_single_one_has_no_dimension(self, videos, n_init, shape):
        snapshot, _ = run(videos, config(n_init=n_init))
        assert snapshot.network["prototypes"].shape == shape
        assert snapshot.moments["prototypes"]["exp_avg"].shape == shape


class TestAdam:
    def test_steps_are_those_of_torch(self):
        """With parameters that are skipped, rates that change, and a restart."""
        generator = torch.Generator().manual_seed(0)
        settings = SimpleNamespace(learning_rate=1e-2, weight_decay=0.1)
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

    def test_not_in_a_stream(self, videos):
        expected, _ = run(videos, one_pass=True)
        snapshot, _ = run(videos, config(decay=1.0), one_pass=True)
        assert_same_parameters(expected, snapshot)

    def test_anew_in_each_fit(self, videos):
        first, _ = run(videos, config(decay=1.0))
        start = Snapshot(first.network, first.n_iter)
        moved, _ = run(videos, config(decay=1.0), start=start)
        assert (moved.network["prototypes"] != first.network["prototypes"]).any()


class TestOrderOfPrototypes:
    def test_the_optimiser_follows(self, videos):
        """Sorting permutes prototypes and moments alike: training does not notice."""
        settings = config(prior=None)
        snapshot, _ = run(videos, settings)
        order = np.array([2, 0, 1])
        moments = {
            name: value[order] if value.ndim else value
            for name, value in snapshot.moments["prototypes"].items()
        }
        shuffled = Snapshot(
            snapshot.network | {"prototypes": snapshot.network["prototypes"][order]},
            snapshot.n_iter,
            snapshot.moments | {"prototypes": moments},
            snapshot.rng_state,
        )
        first, first_losses = run(videos, settings, start=snapshot)
        second, second_losses = run(videos, settings, start=shuffled)
        np.testing.assert_allclose(first_losses, second_losses, rtol=1e-4)
        np.testing.assert_allclose(
            first.network["prototypes"][order],
            second.network["prototypes"],
            atol=1e-4,
        )


class TestStopping:
    @pytest.mark.parametrize(
        ("options", "n_steps"),
        [
            ({"max_iter": 50, "tol": None}, 50),
            # nothing moves, so the second block cannot be better by tol
            ({"max_iter": 50, "tol": 1e-3}, 10),
            ({"max_iter": 99, "tol": 1.0, "freeze_iter": 30}, 40),
            *[({"max_iter": n, "tol": 1.0, "n_init": 4}, 10) for n in (12, 27, 90)],
        ],
    )
    def test_on_a_plateau_with_free_prototypes(self, videos, options, n_steps):
        settings = config(learning_rate=1e-12, **options)
        assert len(run(videos, settings)[1]) == n_steps

    def test_not_while_the_loss_falls(self, videos):
        settings = config(max_iter=60, n_iter_no_change=20, tol=0.0)
        _, losses = run(videos, settings)
        means = np.reshape(losses, (-1, 20)).mean(axis=1)
        assert (np.diff(means) < 0).all()
        assert len(losses) == 60
