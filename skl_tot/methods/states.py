"""Hidden Markov states that start from the actions of another method.

In free order the transport of `TemporalOTSegmenter` knows neither order nor shares of
actions. Its groups of frames are a start, from which states learn both.
"""

from skl_tot.methods.discriminants import embed
from skl_tot.methods.hmm_model import (
    fit_hmm,
    log_densities,
    principal_components,
    start_from_labels,
)

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
    }


def state_scores(videos, states):
    """Yield the log-densities (n_frames_i, n_actions) of each recording."""
    for i in range(len(videos)):
        frames = embed(videos, i, states["center"], states["components"].T)
        yield log_densities(frames, states["means"], states["covars"], i)
