"""Time training, decoding and prediction on one thread, as ratios within one run.

    python benchmarks/speed.py [--data FOLDER]

FOLDER is a data set in the field's layout (``features/``, ``groundTruth/``,
``mapping/``) with 12 actions, such as HAPT; without it, a generated one of the same
size stands in.
"""

import argparse
import statistics
import time

import numpy as np
import torch

from skl_tot import TemporalOTSegmenter
from skl_tot._decoding import viterbi
from skl_tot._network import embed, init_parameters, score_frames
from skl_tot._sampling import Videos, sample_frames, shuffled_batches
from skl_tot._trainer import Batch, TrainingConfig, TrainingState, train_step
from skl_tot._transport import log_temporal_prior
from skl_tot.datasets import load_action_dataset, make_activities

ROUNDS = 15


def interleaved(functions, n_calls):
    """Median seconds a call of each function, timed in turns to share the noise."""
    times = {name: [] for name in functions}
    for _ in range(ROUNDS):
        for name, function in functions.items():
            start = time.perf_counter()
            for _ in range(n_calls):
                function()
            times[name].append((time.perf_counter() - start) / n_calls)
    return {name: statistics.median(values) for name, values in times.items()}


def make_optimizer(parameters, fused):
    return torch.optim.Adam(
        parameters.values(), lr=1e-3, weight_decay=1e-4, fused=fused
    )


def compare_steps(n_features, n_actions, n_videos, embedding_dim):
    """Our step, from sampling to update, against forward, backward and Adam alone."""
    n_frames = 256
    rng = np.random.default_rng(0)
    videos = Videos(
        [rng.normal(size=(500, n_features)).astype(np.float32) for _ in range(20)],
        np.zeros((1, n_features)),
        np.ones((1, n_features)),
    )
    settings = TemporalOTSegmenter(n_actions, embedding_dim=embedding_dim).get_params()
    settings |= {"hidden_dim": 2 * embedding_dim, "batch_size": n_videos}
    config = TrainingConfig(**{name: settings[name] for name in TrainingConfig.names()})
    generator = torch.Generator().manual_seed(0)

    def new_parameters():
        parameters = init_parameters(
            n_features,
            config.hidden_dim,
            embedding_dim,
            n_actions,
            generator=generator,
        )
        return {name: value.requires_grad_() for name, value in parameters.items()}

    parameters = new_parameters()
    state = TrainingState(
        parameters, make_optimizer(parameters, True), generator, config.freeze_iter
    )
    prior = torch.tensor(
        log_temporal_prior(n_frames, n_actions, config.sigma), dtype=torch.float32
    ).repeat(n_videos, 1)
    batches = shuffled_batches(20, n_videos, 10**9, generator)
    device = torch.device("cpu")

    def our_step():
        batch = next(batches)
        frames, _ = sample_frames(videos.lengths[batch], n_frames, 0, generator)
        frames = videos.gather(batch, frames, device)
        train_step(state, Batch(frames, prior), config)

    inputs = torch.randn(n_videos * n_frames, n_features, generator=generator)
    targets = torch.softmax(
        torch.randn(n_videos * n_frames, n_actions, generator=generator), dim=1
    )

    def bare_step(fused):
        bare = new_parameters()
        optimizer = make_optimizer(bare, fused)

        def step():
            scores = score_frames(bare, embed(bare, inputs))
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(scores / 0.1, targets).backward()
            optimizer.step()

        return step

    times = interleaved(
        {"ours": our_step, "fused": bare_step(True), "plain": bare_step(False)}, 50
    )
    print(
        f"step, D={n_features} K={n_actions} E={embedding_dim}, "
        f"{n_videos} x {n_frames} frames: {times['ours'] * 1e3:.2f} ms, "
        f"{times['ours'] / times['fused']:.2f} x a bare step with fused Adam, "
        f"{times['ours'] / times['plain']:.2f} x one with torch's default Adam"
    )


def viterbi_loop(log_likelihood):
    """The same decoder as a plain loop over frames and actions."""
    n_frames, n_actions = log_likelihood.shape
    score = np.full((n_frames, n_actions), -np.inf)
    entered = np.zeros((n_frames, n_actions), dtype=bool)
    score[0, 0] = log_likelihood[0, 0]
    for t in range(1, n_frames):
        for k in range(n_actions):
            score[t, k] = score[t - 1, k]
            if k > 0 and score[t - 1, k - 1] > score[t, k]:
                score[t, k] = score[t - 1, k - 1]
                entered[t, k] = True
            score[t, k] += log_likelihood[t, k]
    return trace_back(entered)


def viterbi_fast_loop(log_likelihood):
    """The same decoder as a loop over frames, with numpy across actions."""
    n_frames, n_actions = log_likelihood.shape
    score = np.full(n_actions, -np.inf)
    score[0] = log_likelihood[0, 0]
    entered = np.zeros((n_frames, n_actions), dtype=bool)
    for t in range(1, n_frames):
        np.greater(score[:-1], score[1:], out=entered[t, 1:])
        score[1:] = np.maximum(score[:-1], score[1:])
        score += log_likelihood[t]
    return trace_back(entered)


def trace_back(entered):
    path = [entered.shape[1] - 1]
    for row in entered[:0:-1]:
        path.append(path[-1] - int(row[path[-1]]))
    return path[::-1]


def compare_viterbi(n_frames, n_actions):
    rng = np.random.default_rng(0)
    log_likelihood = np.log(rng.dirichlet(np.ones(n_actions), n_frames))
    ours = viterbi(log_likelihood)[0].tolist()
    assert ours == viterbi_loop(log_likelihood) == viterbi_fast_loop(log_likelihood)
    times = interleaved(
        {
            "ours": lambda: viterbi(log_likelihood),
            "loop": lambda: viterbi_loop(log_likelihood),
            "numpy": lambda: viterbi_fast_loop(log_likelihood),
        },
        1,
    )
    print(
        f"Viterbi, {n_frames} frames x {n_actions} actions: "
        f"{times['ours'] * 1e3:.2f} ms; a plain Python loop takes "
        f"{times['loop'] / times['ours']:.0f} x, a loop over frames with numpy "
        f"across actions {times['numpy'] / times['ours']:.0f} x as long"
    )


def time_fit(folder):
    if folder:
        data = load_action_dataset(folder, mmap=False)
        videos, name = data.videos, folder
    else:
        videos, _ = make_activities(
            61, 12, n_features=21, mean_length=535, random_state=0
        )
        name = "generated activity"
    model = TemporalOTSegmenter(n_actions=12, random_state=0, device="cpu")
    start = time.perf_counter()
    model.fit(videos)
    fitted = time.perf_counter()
    model.predict(videos)
    predicted = time.perf_counter()
    print(
        f"{name}, {len(videos)} videos, {sum(map(len, videos))} frames: "
        f"fit of {model.n_iter_} steps {fitted - start:.1f} s, "
        f"predict {predicted - fitted:.2f} s"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", help="folder of a data set with 12 actions")
    folder = parser.parse_args().data
    torch.set_num_threads(1)
    compare_steps(n_features=64, n_actions=12, n_videos=2, embedding_dim=40)
    compare_steps(n_features=2048, n_actions=20, n_videos=4, embedding_dim=128)
    compare_viterbi(n_frames=10_000, n_actions=12)
    time_fit(folder)


if __name__ == "__main__":
    main()
