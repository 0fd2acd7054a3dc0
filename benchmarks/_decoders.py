"""Time the Viterbi decoder, and others that find the same path."""

from functools import partial

import numpy as np
from _timing import interleaved

from skl_tot.decoding import DECODERS, decode, path_posterior
from skl_tot.decoding.chain import fixed_chain
from skl_tot.methods.hmm_model import AnyOrder

try:
    from hmmlearn.base import BaseHMM
except ImportError:
    BaseHMM = object
    has_hmmlearn = False
else:
    has_hmmlearn = True


def python_loop(log_likelihood):
    """Plain loop over frames and actions."""
    n_actions = log_likelihood.shape[1]
    score = [-np.inf] * n_actions
    score[0] = log_likelihood[0, 0]
    entered = []
    for row in log_likelihood[1:].tolist():  # floats of Python are faster in a loop
        came = [False] * n_actions
        for k in range(n_actions - 1, 0, -1):
            came[k] = score[k - 1] > score[k]
            score[k] = (score[k - 1] if came[k] else score[k]) + row[k]
        score[0] += row[0]
        entered.append(came)
    return trace_back(entered, n_actions)


def numpy_loop(log_likelihood):
    """Loop over frames, with numpy across actions."""
    n_frames, n_actions = log_likelihood.shape
    score = np.full(n_actions, -np.inf)
    score[0] = log_likelihood[0, 0]
    entered = np.zeros((n_frames - 1, n_actions), dtype=bool)
    for came, row in zip(entered, log_likelihood[1:]):
        np.greater(score[:-1], score[1:], out=came[1:])
        score[1:] = np.maximum(score[:-1], score[1:])
        score += row
    return trace_back(entered, n_actions)


def trace_back(entered, n_actions):
    """Path to the last action, from whether each was entered in each later frame."""
    path = [n_actions - 1]
    for row in reversed(entered):
        path.append(path[-1] - int(row[path[-1]]))
    return path[::-1]


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
        "Python loop": lambda: python_loop(given),
        "numpy loop": lambda: numpy_loop(given),
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


def time_min_frames(device, *, size=(20_000, 12), n_frames=(2, 5, 20, 50), n_rounds=3):
    """Relative time of each decoder with a least duration of segments."""
    given = random_likelihoods(*size)
    rows = []
    for way in (name for name in DECODERS if name not in ("mallow", "framewise")):
        for kind in (decode, path_posterior):
            functions = {
                least: partial(kind, given, way, 0.01, min_frames=least)
                for least in (1, *n_frames)
            }
            times = interleaved(functions, n_rounds=n_rounds)
            row = {"decoding": way, "of": kind.__name__, "ms": 1e3 * times[1]}
            rows.append(row | {f"{k} frames": times[k] / times[1] for k in n_frames})
    return rows


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
        "the same, 5 frames at least": (
            partial(chain.viterbi, min_frames=5),
            partial(chain.expected_moves, min_frames=5),
        ),
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


def time_decodings(device, *, size=(100_000, 20), n_rounds=3):
    """Time every decoding, and posteriors, on the same numbers."""
    given = random_likelihoods(*size)
    ways = ("fixed", "skip", "free")
    functions = {
        (kind.__name__, way): partial(kind, given, way, 0.01)
        for kind in (decode, path_posterior)
        for way in ways
    }
    times = interleaved(functions, n_rounds=n_rounds)
    return [
        {
            "decoding": way,
            "path, ms": 1e3 * times["decode", way],
            "posterior, ms": 1e3 * times["path_posterior", way],
        }
        for way in ways
    ]


def time_viterbi_growth(
    device,
    *,
    n_frames=(1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000),
    n_actions=(2, 5, 10, 20, 40),
    n_rounds=15,
):
    """The decoder by the number of frames and of actions."""
    rows = []
    for varied, values in ("frames", n_frames), ("actions", n_actions):
        sizes = {v: (v, 20) if varied == "frames" else (100_000, v) for v in values}
        decoders = {
            value: partial(fixed_chain(size[1]).viterbi, random_likelihoods(*size))
            for value, size in sizes.items()
        }
        times = interleaved(decoders, n_rounds=n_rounds)
        rows += [
            {
                "varied": varied,
                "value": value,
                "ms": 1e3 * seconds,
                "ns/(frame x action)": 1e9 * seconds / np.prod(sizes[value]),
            }
            for value, seconds in times.items()
        ]
    return rows
