"""Value of a few labels: accuracy in their own words, on other recordings.

    python benchmarks/labels.py --data FOLDER --method tot --seeds 3

Each folder in FOLDER is a set in the field's layout. A segmenter is fitted once for
each set and seed; then, for each draw of labelled videos, `guide` learns their labels,
with the other videos beside them. A cell is the share of the frames of the other videos
whose label is right, without any matching, mean over seeds and draws. Rows:

- *no labels, matched*: the fit alone, clusters matched to labels of all other videos;
- *one*, *two*, *five*, *half*: guided by so many labelled videos;
- *two, classifier alone*: linear discriminants on 16 principal components, free paths;
- *five, one frame a segment*: guided by the middle frame of each segment;
- *half, supervised classifier*: a logistic regression of frames, the same decoder;
- *all, transcripts*: of all videos, whose frames are labelled;
- *all, own labels*: predictions after guidance by the fit's own labels of all videos,
  matched to labels; compare *all, no labels*.
"""

import numpy as np
from _study import run_on_sets
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import GuidedSegmenter
from skl_tot.decoding import decode
from skl_tot.decoding.decoders import move_decoder
from skl_tot.meta import guided as guidance
from skl_tot.metrics import match_labels, mof_score

N_DRAWS = 5


def starts_of(labels):
    return np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]])


def middle_frames(labels):
    """Labels of the middle frame of each segment, the others unknown."""
    starts = starts_of(labels)
    middles = (starts + np.r_[starts[1:], len(labels)]) // 2
    known = np.full(len(labels), "", dtype=labels.dtype)
    known[middles] = labels[middles]
    return known


def supervised(classifier, videos, truth, labelled, with_moves):
    """Labels of all videos by a classifier of frames, and a decoder."""
    model = make_pipeline(StandardScaler(), *classifier)
    frames = np.concatenate([videos[i] for i in labelled])
    model.fit(frames, np.concatenate([truth[i] for i in labelled]))
    codes = [np.searchsorted(model.classes_, truth[i]) for i in labelled]
    moves = guidance.count_moves(codes, len(model.classes_))
    paths = []
    for video in videos:
        scores = np.log(np.maximum(model.predict_proba(video), 1e-13))
        if with_moves:
            cost = guidance.SWITCH_COST * len(scores) / scores.shape[1]
            path = move_decoder(*moves).path(scores, cost)
        else:
            path = decode(scores, "free", 0.5)
        paths.append(model.classes_[path])
    return paths


def study_seed(row, data, truth, seed):
    """Rows of one set and seed, means over draws."""
    videos, n = [np.asarray(x, np.float64) for x in data.videos], len(truth)
    model = row.model(len(data.target_names), seed).fit(videos)
    clusters = model.labels_

    def guided(known, kind="labels"):
        return GuidedSegmenter(FrozenEstimator(model), kind).fit(videos, known)

    def accuracy(predicted, others=range(n)):
        hits = [truth[i] == predicted[i] for i in others]
        return float(np.concatenate(hits).mean())

    names = match_labels(truth, clusters)
    own = [np.array([names.get(k) or "" for k in path]) for path in clusters]
    orders = [y[starts_of(y)] for y in truth]
    cells = {
        "all, no labels": mof_score(truth, clusters),
        "all, own labels": accuracy(guided(own).predict(videos)),
        "all, transcripts": accuracy(guided(orders, "transcripts").labels_),
    }
    sums = {}

    def add(name, value):
        sums.setdefault(name, []).append(value)

    numbers = {"one": 1, "two": 2, "five": 5, "half": n // 2}
    for draw in range(N_DRAWS):
        order = np.random.default_rng(draw).permutation(n)
        for name, n_labelled in numbers.items():
            labelled = order[: min(n_labelled, n - 1)]
            others = np.setdiff1d(range(n), labelled)
            known = [truth[i] if i in labelled else None for i in range(n)]
            add(name, accuracy(guided(known).labels_, others))
            if name == "two":
                left = [truth[i] for i in others]
                score = mof_score(left, [clusters[i] for i in others])
                add("no labels, matched", score)
                components = min(16, videos[0].shape[1])
                steps = PCA(components), LinearDiscriminantAnalysis()
                found = supervised(steps, videos, truth, labelled, False)
                add("two, classifier alone", accuracy(found, others))
            if name == "five":
                stamps = [None if x is None else middle_frames(x) for x in known]
                score = accuracy(guided(stamps).labels_, others)
                add("five, one frame a segment", score)
            if name == "half":
                steps = (LogisticRegression(C=0.1, tol=1e-2),)
                found = supervised(steps, videos, truth, labelled, True)
                add("half, supervised classifier", accuracy(found, others))
    return cells | {name: float(np.mean(values)) for name, values in sums.items()}


def main():
    run_on_sets(__file__, __doc__, "labelled", study_seed)


if __name__ == "__main__":
    main()
