"""Time the Viterbi decoder, and others that find the same path."""

from functools import partial

import numpy as np
from _steps import interleaved

from skl_tot.decoding.chain import fixed_chain
from skl_tot.methods.gaussians import AnyOrder

try:
    from hmmlearn.base import BaseHMM
except ImportError:
    BaseHMM = object
    has_hmmlearn = False
else:
    has_hmmlearn = True


class GivenLikelihoods(BaseHMM):
    """Model of hmmlearn with log-likelihoods as observations.

    hmmlearn uses subclasses for other emissions. Its `decode` then checks that the
    numbers are finite and runs its compiled Viterbi algorithm, for any transitions.
    """

    def _compute_log_likelihood(self, X):
        return X


def hmmlearn_model(n_actions):
    """Left-to-right model that stays or goes on with probability 1/2."""
    model = GivenLikelihoods(n_actions)
    model.startprob_ = np.eye(n_actions)[0]
    model.transmat_ = (np.eye(n_actions) + np.eye(n_actions, k=1)) / 2
    model.transmat_[-1, -1] = 1
    return model


def hmmlearn_input(log_likelihood):
    """The same problem for hmmlearn.

    Its last action has no successor: staying is free there, while other actions pay log
    2, and the path may end before it.
    """
    log_likelihood = log_likelihood.copy()
    log_likelihood[:, -1] -= np.log(2)
    log_likelihood[-1, :-1] = -1e12
    return log_likelihood


def random_likelihoods(n_frames, n_actions):
    rng = np.random.default_rng(0)
    return np.log(rng.dirichlet(np.ones(n_actions), n_frames))


def time_viterbi(device, *, sizes=((10_000, 12), (100_000, 20)), n_rounds=5):
    """Our decoder against others that find the same path."""
    return [compare_decoders(*size, n_rounds) for size in sizes]


def compare_decoders(n_frames, n_actions, n_rounds):
    given = random_likelihoods(n_frames, n_actions)
    decoders = {
        "ours": lambda: fixed_chain(n_actions).viterbi(given),
    }
    if has_hmmlearn:
        model, adapted = hmmlearn_model(n_actions), hmmlearn_input(given)
        decoders["hmmlearn"] = lambda: model.decode(adapted)[1]
    expected = decoders["ours"]()
    for decoder in decoders.values():
        np.testing.assert_array_equal(decoder(), expected)
    times = interleaved(decoders, n_rounds=n_rounds)
    ours = times.pop("ours")
    row = {"frames": n_frames, "actions": n_actions, "ours, ms": 1e3 * ours}
    return row | {f"{name} / ours": time / ours for name, time in times.items()}


def time_hidden_markov(device, *, n_frames=100_000, n_actions=10, n_rounds=3):
    """Time the path, and a step of learning, of models with any moves."""
    rng = np.random.default_rng(0)
    labels = np.repeat(rng.integers(n_actions, size=-(-n_frames // 50)), 50)[:n_frames]
    given = rng.normal(scale=3, size=(n_frames, n_actions))
    given[np.arange(n_frames), labels] += 3
    moves = np.full((n_actions, n_actions), 0.1 / n_actions)
    np.fill_diagonal(moves, 1 - moves[0, 1:].sum())
    starts = np.full(n_actions, 1 / n_actions)
    chain = AnyOrder(starts, moves).chain()
    models = {
        "any moves": (chain.viterbi, chain.expected_moves),
    }
    if has_hmmlearn:
        model = GivenLikelihoods(n_actions)
        model.startprob_, model.transmat_ = starts, moves
        models["hmmlearn, any moves"] = model.decode, model.score_samples
    rows = []
    for name, (path, sums) in models.items():
        functions = {"path, s": partial(path, given), "sums, s": partial(sums, given)}
        rows.append({"model": name} | interleaved(functions, n_rounds=n_rounds))
    return rows
