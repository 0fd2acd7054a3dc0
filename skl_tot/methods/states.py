"""Hidden Markov states that start from the actions of another method.

In free order the transport of `TemporalOTSegmenter` knows neither order nor shares of
actions. Its groups of frames are a start, from which states learn both.
"""

import numpy as np

from skl_tot.decoding.decoders import chain_decoder
from skl_tot.methods.correction_layers import BoundDecoder
from skl_tot.methods.discriminants import embed
from skl_tot.methods.hmm_model import (
    fit_hmm,
    log_densities,
    principal_components,
    start_from_labels,
)
from skl_tot.methods.hmm_paths import AnyOrder

# Settings of `HMMSegmenter`.
N_COMPONENTS, REG_COVAR, MAX_ITER = 16, 1e-2, 30


def learn_states(videos, labels, n_actions, min_frames):
    """Learn states from the labels of standardised recordings, as arrays by name."""
    center, components, unit = principal_components(videos, N_COMPONENTS)
    frames = [embed(videos, i, center, components.T) for i in range(len(videos))]
    start = start_from_labels(frames, labels, n_actions, REG_COVAR * unit).sharing()
    model, _ = fit_hmm(
        frames,
        start,
        reg_covar=REG_COVAR * unit,
        max_iter=MAX_ITER,
        tol=0.0,
        min_frames=min_frames,
    )
    return {
        "center": center,
        "components": components,
        "means": model.means,
        "covars": model.covars,
        "starts": model.paths.starts,
        "moves": model.paths.moves,
    }


def state_scores(videos, states):
    """Yield the log-densities (n_frames_i, n_actions) of each recording."""
    for i in range(len(videos)):
        frames = embed(videos, i, states["center"], states["components"].T)
        yield log_densities(frames, states["means"], states["covars"], i)


def state_decoder(starts, moves, layers):
    """Make the decoder of the likeliest path of states, after corrections."""
    paths = AnyOrder(np.asarray(starts), np.asarray(moves))
    return BoundDecoder(chain_decoder(paths.after(layers).chain()), 0.0)
