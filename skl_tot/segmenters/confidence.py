"""How sure a segmenter may be of its labels, and a warning where they say little."""

import numpy as np

from skl_tot.decoding.evidence import Evidence
from skl_tot.inputs.errors import warn_user
from skl_tot.inputs.labels import BACKGROUND
from skl_tot.metrics.label_free import held_out_agreement


def learn_confidence(readings, videos, n_actions):
    """Labels of the videos of a fit, and how far they may be trusted.

    Parameters
    ----------
    readings : iterable of Reading
        Of each video.
    videos : StandardizedVideos
        The same videos.
    n_actions : int
        Number of actions.

    Returns
    -------
    labels : list of ndarray of int, of shape (n_frames_i,)
        Paths of the readings.
    confidence : dict of float
        ``tempering`` of `Evidence`, and ``agreement`` of the halves of the videos from
        `held_out_agreement`, 1 if it is not known. `tempered_posterior` takes them.
    """
    evidence, labels = Evidence(), []
    for reading in readings:
        evidence.add(reading.log_likelihood, reading.path)
        labels.append(reading.path)
    agreement = held_out_agreement(videos.without_context().blocks, labels, n_actions)
    if np.isnan(agreement):
        agreement = 1.0
    return labels, {"tempering": evidence.tempering(), "agreement": agreement}


def check_confidence(confidence):
    """Refuse what no fit leaves; models of before there was any have None."""
    if confidence is None:
        return
    names = {"tempering", "agreement"}
    if not isinstance(confidence, dict) or set(confidence) != names:
        raise ValueError(f"confidence_ is {confidence!r}, expected a dict of {names}")
    for name, value in confidence.items():
        if not (isinstance(value, float) and 0 <= value <= 1):
            raise ValueError(
                f"confidence_[{name!r}] is {value!r}, expected a number from 0 to 1"
            )


def warn_of_few_actions(labels, n_actions, switch_cost):
    """Warn where most videos show fewer than half of the actions, as switches cost."""
    if switch_cost == 0:
        return
    n_poor = 0
    for path in labels:
        n_shown = len(np.unique(path[path != BACKGROUND]))
        # a short video cannot show more; one without actions is another matter
        n_poor += 0 < 2 * n_shown < min(n_actions, len(path))
    if 2 * n_poor > len(labels):
        remedy = "a lower one" if switch_cost == "auto" else 'switch_cost="auto"'
        warn_user(
            f"{n_poor} of {len(labels)} videos show fewer than half of the {n_actions} "
            f"actions; switch_cost={switch_cost!r} may be too high, try {remedy}, or "
            "fewer actions."
        )
