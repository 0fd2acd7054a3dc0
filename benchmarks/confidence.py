"""Calibration of the confidence of labels, on recorded sets and on noise.

    python benchmarks/confidence.py --data FOLDER --method tot:n_prototypes=2

Each folder in FOLDER is a set in the field's layout. A row has, for the exact posterior
and for the tempered one of ``predict_posterior``: the area under the ROC curve of the
mean confidence of a predicted segment against its correctness (its action matches that
of a true segment, with an IoU of at least 0.5), the expected calibration error of
frames in 15 bins, and the mean confidence. On noise, 20 recordings of independent
standard Gaussian frames, only the mean confidence is given, and K is 6.
"""

import numpy as np
from _sets import SEVEN
from _study import load, markdown, options_of_sets
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from skl_tot.metrics import match_labels
from skl_tot.recordings.labels import find_segments

N_BINS = 15
HEADER = ["set", "MoF", "tempering", "agreement", "AUC", "ECE", "confidence"]


def calibration_error(is_right, confidence):
    """Mean distance of the mean confidence from the share that is right, over bins."""
    bins = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    gaps = [(bins == i, is_right[bins == i].mean()) for i in np.unique(bins)]
    return sum(own.mean() * abs(share - confidence[own].mean()) for own, share in gaps)


def judge_segments(true, path, confidence):
    """Whether each segment of a matched path is right, and its mean confidence."""
    names, *bounds = find_segments(true)
    for name, start, end in zip(*find_segments(path)):
        shared = np.minimum(end, bounds[1]) - np.maximum(start, bounds[0])
        union = np.maximum(end, bounds[1]) - np.minimum(start, bounds[0])
        is_right = bool((shared / union >= 0.5)[names == name].any())
        yield is_right, confidence[start:end].mean()


def judge(truth, paths, matched, posteriors):
    """Area under the curve, calibration error and mean confidence of posteriors."""
    is_right, sure, segments = [], [], []
    for true, path, names, posterior in zip(truth, paths, matched, posteriors):
        sure.append(posterior[np.arange(len(path)), path])
        is_right.append(names == true)
        segments += judge_segments(true, names, sure[-1])
    found, means = zip(*segments)
    area = roc_auc_score(found, means) if len(set(found)) == 2 else np.nan
    is_right, sure = np.concatenate(is_right), np.concatenate(sure)
    return area, calibration_error(is_right, sure), sure.mean()


def fit(row, n_actions, videos, seed):
    """Fitted model, and its posteriors without tempering and with it."""
    model = row.model(n_actions, seed)
    with threadpool_limits(1):
        model.fit(videos)
        found, confidence = model.predict_posterior(videos), model.confidence_
        model.confidence_ = None
        exact = model.predict_posterior(videos)
    model.confidence_ = confidence
    learned = [f"{confidence[name]:.2f}" for name in ("tempering", "agreement")]
    return model, (exact, found), learned


def arrow(*values):
    return " → ".join(f"{value:.2f}" for value in values)


def study_set(row, folder, seed):
    """Row of a set, and areas and errors (2, 2)."""
    data = load(str(folder))
    names, codes = np.unique(np.concatenate(data.labels), return_inverse=True)
    truth = np.split(codes, np.cumsum([len(y) for y in data.labels])[:-1])
    model, posteriors, learned = fit(row, len(names), data.videos, seed)
    paths = model.labels_
    mapping = match_labels(truth, paths)
    matched = [np.array([mapping.get(k, -1) for k in path]) for path in paths]
    results = np.array([judge(truth, paths, matched, p) for p in posteriors])
    is_right = np.concatenate(truth) == np.concatenate(matched)
    cells = [f"{is_right.mean():.2f}", *learned, *(arrow(*x) for x in results.T)]
    return [folder.name, *cells], results[:, :2]


def study_noise(row, seed):
    """Row of noise."""
    rng = np.random.default_rng(seed)
    videos = [rng.normal(size=(n, 16)) for n in rng.integers(150, 300, size=20)]
    model, posteriors, learned = fit(row, 6, videos, seed)
    means = []
    for posterior in posteriors:
        own = [p[np.arange(len(z)), z] for p, z in zip(posterior, model.labels_)]
        means.append(np.concatenate(own).mean())
    return ["noise, chance 0.17", "", *learned, "", "", arrow(*means)]


def main():
    parser = options_of_sets(__file__, __doc__, SEVEN)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    row, seed = arguments.method, arguments.seed
    found = [study_set(row, arguments.data / x, seed) for x in arguments.sets]
    medians = np.nanmedian([own for _, own in found], axis=0)
    middle = ["median", "", "", "", *(arrow(*x) for x in medians.T), ""]
    noise = study_noise(row, seed)
    print(markdown([HEADER, *(own for own, _ in found), middle, noise]))


if __name__ == "__main__":
    main()
