"""One model for all recordings: its labels mean the same in recordings it never saw.

    python benchmarks/unseen.py --data FOLDER --seeds 3

Each folder in FOLDER is a set in the field's layout. Half of the recordings, drawn anew
for each seed, are fitted; the model labels them and the others. Clusters are matched to
true labels on the fitted half alone, and that match scores both halves. The last rows
fit each recording by itself, as state detection in single series does; its clusters are
numbered by their time. A cell is MoF in percent, mean over seeds.
"""

import numpy as np
from _methods import make, seeded
from _set_study import run

from skl_tot import HMMSegmenter
from skl_tot.metrics import match_labels, mof_score


def share_right(truth, predicted, names):
    """Share of frames whose cluster has the name of their label."""
    hits = [
        np.array([names.get(code) for code in path]) == labels
        for path, labels in zip(predicted, truth)
    ]
    return float(np.concatenate(hits).mean())


def by_itself(videos, n_actions, seed):
    """Labels of each recording by a model of its own, which need not use all."""
    model = HMMSegmenter(n_actions, order="free", random_state=seed)
    return [model.fit_predict([video])[0] for video in videos]


def study_seed(row, data, truth, seed):
    """Rows of one set and seed."""
    videos = [np.asarray(x, np.float64) for x in data.videos]
    n_actions = len(data.target_names)
    order = np.random.default_rng(seed).permutation(len(videos))
    half = (len(videos) + 1) // 2
    fitted, unseen = order[:half], order[half:]
    model = make(row.method, n_actions=n_actions, **row.settings)
    model = seeded(model, seed).fit([videos[i] for i in fitted])
    known = [truth[i] for i in fitted]
    names = match_labels(known, model.labels_)
    others = model.predict([videos[i] for i in unseen])
    own = by_itself(videos, n_actions, seed)
    return {
        "fitted half": mof_score(known, model.labels_),
        "unseen half, match of the fitted half": share_right(
            [truth[i] for i in unseen], others, names
        ),
        "a model for each recording, a match for each": mof_score(
            truth, own, scope="video"
        ),
        "a model for each recording, one match": mof_score(truth, own),
    }


if __name__ == "__main__":
    run(__doc__, "recordings", study_seed)
