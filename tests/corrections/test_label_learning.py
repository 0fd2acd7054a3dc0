"""Parts of learning from labels, against scikit-learn, by hand and by slow loops."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from skl_tot.corrections import label_learning as learning
from skl_tot.decoding.evidence import shrunk


def draw(seed, n_frames=60, n_actions=3, n_columns=5):
    rng = np.random.default_rng(seed)
    codes = np.r_[np.arange(n_actions), rng.integers(n_actions, size=n_frames)]
    centres = 2 * rng.normal(size=(n_actions, n_columns))
    return rng, centres[codes] + rng.normal(size=(len(codes), n_columns)), codes


class TestDiscriminant:
    @pytest.mark.parametrize("seed", range(3))
    def test_equals_that_of_scikit_learn_up_to_the_priors(self, seed):
        _, columns, codes = draw(seed)
        lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1)
        lda.fit(columns, codes)
        weights = np.full(len(codes), 1.5)
        found = learning.fit_discriminant(columns, codes, weights, 3)
        np.testing.assert_allclose(found.coefs, lda.coef_.T)
        expected = lda.intercept_ - 0.5 * np.log(lda.priors_)
        np.testing.assert_allclose(found.intercepts, expected)
        scores = found.score(columns)
        plain = columns @ lda.coef_.T + expected
        plain = np.maximum(plain - plain.max(axis=1)[:, None], -8)
        np.testing.assert_allclose(scores, plain, atol=1e-9)

    def test_a_weight_repeats_a_frame_and_unknown_ones_teach_nothing(self):
        rng, columns, codes = draw(4)
        weights = rng.integers(1, 4, len(codes))
        many = np.repeat(np.arange(len(codes)), weights)
        expected = learning.fit_discriminant(
            columns[many], codes[many], np.ones(len(many)), 3
        )
        codes, columns = np.r_[codes, -1, -1], np.r_[columns, columns[:2] + 9]
        weights = np.r_[weights, 5, 5].astype(float)
        found = learning.fit_discriminant(columns, codes, weights, 3)
        np.testing.assert_allclose(found.coefs, expected.coefs)
        np.testing.assert_allclose(found.intercepts, expected.intercepts)

    def test_an_action_without_frames_is_never_the_best(self):
        _, columns, codes = draw(5)
        found = learning.fit_discriminant(columns, codes, np.ones(len(codes)), 4)
        scores = found.score(columns)
        assert np.isfinite(scores).all()
        assert (scores[:, 3] == -8).all()


def test_unlike_labels_are_clusters_that_they_lack():
    labels = [np.array([0] * 10 + [1] * 10), np.full(20, -1), np.full(20, -1)]
    first = [np.repeat([0, 1], 10), np.repeat([0, 2], 10), np.repeat([2, 3], 10)]
    second = [np.repeat([5, 0], 10), np.repeat([5, 4], 10), np.repeat([4, 0], 10)]
    clusters = [np.stack(pair, axis=1) for pair in zip(first, second)]
    rates = np.split(
        learning.shares_of_clusterings_unlike(labels, clusters, 2), [20, 40]
    )
    assert not rates[0].any()
    assert rates[1].tolist() == [0.0] * 10 + [1.0] * 10
    assert rates[2].tolist() == [1.0] * 10 + [0.5] * 10  # the second one knows 0


@pytest.mark.parametrize(("place", "n_expected"), [(9.0, 3), (0.2, 2)])
def test_new_actions_are_far_from_labelled_ones(place, n_expected):
    rng = np.random.default_rng(0)
    codes = [np.repeat([0, 1], 40)] * 5 + [np.repeat([0, 2], 40)] * 2
    labels = [codes[0], *[np.full(80, -1)] * 6]
    path = np.concatenate(codes)
    view = rng.normal(np.array([[0.0, 0.0], [4.0, 0.0], [0.0, place]])[path])
    clusters = [of_recording[:, None] for of_recording in codes]
    found, n_actions = learning.add_new_actions(labels, clusters, [view], 2, path == 2)
    assert n_actions == n_expected
    if n_actions == 3:
        np.testing.assert_array_equal(np.concatenate(found)[80:] == 2, path[80:] == 2)


def scatter(n_recordings, offset, rng):
    """Views of recordings with an offset each, and paths, of which half lack one."""
    paths = [np.repeat([0, 1, 2][: 2 + i % 2], 40) for i in range(n_recordings)]
    means = 3 * np.eye(3)
    offsets = offset * rng.normal(size=(n_recordings, 3))
    frames = [shift + rng.normal(means[path]) for path, shift in zip(paths, offsets)]
    return frames, paths


def test_scatter_of_recordings_is_that_of_means():
    rng = np.random.default_rng(0)
    frames, paths = scatter(8, 2.0, rng)
    pairs = [(i, k) for i, path in enumerate(paths) for k in np.unique(path)]
    means = np.array([frames[i][paths[i] == k].mean(axis=0) for i, k in pairs])
    residuals = [frames[i][paths[i] == k] - m for (i, k), m in zip(pairs, means)]
    inverse = np.linalg.inv(shrunk(np.cov(np.concatenate(residuals).T, bias=True)))
    numbers = np.array([k for _, k in pairs])
    of_actions = np.array([means[numbers == k].mean(axis=0) for k in range(3)])
    counts = np.bincount(numbers)
    center = counts @ of_actions / counts.sum()

    def total(differences):
        return sum(d @ inverse @ d for d in differences)

    between = total(np.repeat(of_actions - center, counts, axis=0))
    expected = total(means - of_actions[numbers]) / between
    found = learning.scatter_of_recordings(frames, paths, 3)
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("offset", "counts"), [(4.0, True), (0.0, False)])
def test_views_scaled_by_recording_count_if_actions_keep_their_places(offset, counts):
    frames, paths = scatter(12, offset, np.random.default_rng(0))
    plain = np.concatenate(frames)
    scaled = np.concatenate([x - x.mean(axis=0) for x in frames])
    weights = learning.weigh_views([plain, scaled, plain], [False, True], paths, 3)
    assert weights.tolist() == ([1 / 3] * 3 if counts else [0.5, 0, 0.5])
