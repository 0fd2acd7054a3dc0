"""Changes of recordings and labels that tell nothing new, and leave what is learned."""

import functools
import warnings

import numpy as np
import pytest

from skl_tot import HMMSegmenter, SemiSupervisedSegmenter
from skl_tot.datasets import make_activities

WORDS, OTHERS = np.array(["a", "b", "c"]), np.array(["z", "m", "b"])


@functools.cache
def recordings():
    options = {"n_features": 5, "mean_length": 50, "noise": 0.5, "order": "free"}
    return make_activities(10, 3, **options, missing=1 / 3, random_state=4)


def learn(videos, labels):
    """Labels of recordings, some of which are None."""
    scalings = "dataset", "video"
    options = {"order": "free", "n_init": 1}
    estimators = [HMMSegmenter(3, standardize=x, **options) for x in scalings]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of actions that labels lack
        model = SemiSupervisedSegmenter(estimators, random_state=0).fit(videos, labels)
    return model.labels_


@functools.cache
def given_and_learned():
    videos, codes = recordings()
    labels = [WORDS[path] if i < 3 else None for i, path in enumerate(codes)]
    return videos, labels, learn(videos, labels)


def in_other_order(videos, labels):
    places = np.random.default_rng(0).permutation(len(videos))
    moved = [videos[i] for i in places], [labels[i] for i in places]
    return *moved, lambda paths: [paths[i] for i in np.argsort(places)]


def with_other_names(videos, labels):
    names, words = dict(zip(WORDS, OTHERS)), dict(zip(OTHERS, WORDS))
    other = [None if y is None else [names[word] for word in y] for y in labels]
    return (
        videos,
        other,
        lambda paths: [np.array([words.get(x, x) for x in path]) for path in paths],
    )


def in_other_units(videos, labels):
    rng = np.random.default_rng(0)
    scales, shifts = np.exp(rng.normal(0, 2, 5)), rng.normal(0, 10, 5)
    return [video * scales + shifts for video in videos], labels, list


def with_a_twin(videos, labels):
    return [*videos, videos[0]], [*labels, labels[0]], lambda paths: paths[:-1]


CHANGES = {
    "order": in_other_order,
    "names": with_other_names,
    "units": in_other_units,
    "labelled twin": with_a_twin,
}


@pytest.mark.parametrize("change", CHANGES)
def test_labels_stay(change):
    videos, labels, expected = given_and_learned()
    *changed, back = CHANGES[change](videos, labels)
    paths = back(learn(*changed))
    same = [path == other for path, other in zip(paths, expected, strict=True)]
    # labels twice tell more of the rate of segments
    least = 0.97 if change == "labelled twin" else 0.99
    assert np.concatenate(same).mean() >= least


def test_labels_are_right():
    _, _, paths = given_and_learned()
    _, codes = recordings()
    assert np.mean(np.concatenate(paths) == WORDS[np.concatenate(codes)]) > 0.95
