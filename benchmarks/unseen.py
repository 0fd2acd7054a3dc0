"""One model for all recordings: its labels mean the same in recordings it never saw.

    python benchmarks/unseen.py --data FOLDER --seeds 3

Each folder in FOLDER is a set in the field's layout. Half of the recordings, drawn anew
for each seed, are fitted; the model labels them and the others. Clusters are matched to
true labels on the fitted half alone, and that match scores both halves. The last rows
fit each recording by itself, as state detection in single series does; its clusters are
numbered by their time. A cell is MoF in percent, mean over seeds.
"""

import numpy as np
from _study import run_on_sets

from skl_tot import HMMSegmenter
from skl_tot.metrics import match_labels, mof_score


def study_seed(row, data, truth, seed):
    """Rows of one set and seed."""
    videos = [np.asarray(x, np.float64) for x in data.videos]
    n_actions = len(data.target_names)
    order = np.random.default_rng(seed).permutation(len(videos))
    fitted, unseen = np.split(order, [(len(videos) + 1) // 2])
    model = row.model(n_actions, seed).fit([videos[i] for i in fitted])
    truth_of_fitted = [truth[i] for i in fitted]
    names = match_labels(truth_of_fitted, model.labels_)
    hits = [
        np.array([names.get(code) for code in path]) == truth[i]
        for i, path in zip(unseen, model.predict([videos[i] for i in unseen]))
    ]
    alone = HMMSegmenter(n_actions, order="free", random_state=seed)
    paths = [alone.fit_predict([video])[0] for video in videos]
    return {
        "fitted half": mof_score(truth_of_fitted, model.labels_),
        "unseen half, match of the fitted half": np.concatenate(hits).mean(),
        "a model for each recording, a match for each": mof_score(
            truth, paths, scope="recording"
        ),
        "a model for each recording, one match": mof_score(truth, paths),
    }


def main():
    run_on_sets(__file__, __doc__, "recordings", study_seed)


if __name__ == "__main__":
    main()
