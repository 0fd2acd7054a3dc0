import numpy as np
import pytest
from scipy.linalg import eigh
from scipy.stats import multivariate_normal
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.mixture import GaussianMixture

from skl_tot.decoding.chain import free_chain
from skl_tot.decoding.evidence import find_switch_cost
from skl_tot.methods.discriminants import (
    action_means,
    appearance_scores,
    discriminants,
    embed,
    fit_appearance,
    fit_gaussians,
    frame_moments,
    log_joint,
    measure_spread,
    refine_labels,
)
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings
from skl_tot.recordings.errors import RecordingValueError

OPTIONS = {"reg_covar": 0.1, "max_iter": 3}


@pytest.fixture(scope="module")
def problem():
    """Videos of actions in any order, and labels whose boundaries are wrong."""
    rng = np.random.default_rng(0)
    means = 4 * np.eye(3, 5)
    labels, wrong, videos = [], [], []
    for _ in range(6):
        path = np.repeat(rng.permutation(3), rng.integers(20, 40, 3))
        labels.append(path)
        wrong.append(np.roll(path, 7))
        videos.append(means[path] + rng.normal(size=(len(path), 5)))
    return Recordings(videos), labels, wrong


def refine(videos, labels, n_actions=3, **options):
    spread = measure_spread(videos, 1.0)
    return refine_labels(videos, labels, n_actions, spread, **(OPTIONS | options))


def test_refines(problem):
    videos, labels, wrong = problem
    _, _, found = refine(videos, wrong)
    assert mof_score(labels, wrong) < 0.8
    assert mof_score(labels, found) > 0.98
    assert found[0].dtype == np.intp


def test_labels_are_paths_of_what_was_learned(problem):
    videos, _, wrong = problem
    for max_iter in (1, 3, 50):
        appearance, cost, found = refine(videos, wrong, max_iter=max_iter)
        scores = list(appearance_scores(videos, appearance))
        assert cost == pytest.approx(find_switch_cost(*scores))
        for path, own in zip(found, scores):
            chain = free_chain(own.shape[1], cost)
            np.testing.assert_array_equal(path, chain.viterbi(own))


def test_start_is_left_alone_and_background_is_an_action(problem):
    videos, _, wrong = problem
    start = [np.where(path == 0, -1, path) for path in wrong]
    before = [path.copy() for path in start]
    _, _, found = refine(videos, start)
    _, _, expected = refine(videos, wrong)
    for path, own in zip(start, before):
        np.testing.assert_array_equal(path, own)
    for path, own in zip(found, expected):
        np.testing.assert_array_equal(path, own)


def test_one_action_and_actions_without_frames(problem):
    videos, _, _ = problem
    start = [np.zeros(n, dtype=int) for n in videos.lengths]
    for n_actions in (1, 4):
        appearance, cost, found = refine(videos, start, n_actions)
        assert 0 <= cost < np.inf
        assert not np.concatenate(found).any()
        assert appearance["means"].shape == (n_actions, max(1, n_actions - 1))


def test_cost_follows_what_one_frame_tells(problem):
    """Frames that are there four times are worth no more; nor is a switch cheaper."""
    videos, _, wrong = problem
    slow = Recordings([np.repeat(x, 4, axis=0) for x in videos.arrays])
    _, cost, found = refine(videos, wrong)
    _, slow_cost, slowly = refine(slow, [np.repeat(path, 4) for path in wrong])
    assert slow_cost > 2 * cost
    agree = [np.repeat(a, 4) == b for a, b in zip(found, slowly)]
    assert np.mean(np.concatenate(agree)) > 0.98


@pytest.fixture
def labelled():
    """Standardised videos, the actions of their frames, and all of them in a row."""
    rng = np.random.default_rng(0)
    labels = [np.repeat([0, 1, 2], n) for n in ([9, 20, 5], [14, 7, 30])]
    centres = 3 * rng.normal(size=(3, 4))
    arrays = [centres[own] + rng.normal(size=(len(own), 4)) for own in labels]
    return Recordings(arrays), labels, np.concatenate(arrays)


def test_moments_equal_numpy(labelled):
    videos, labels, frames = labelled
    mean, covariance = frame_moments(videos)
    np.testing.assert_allclose(mean, frames.mean(axis=0))
    np.testing.assert_allclose(covariance, np.cov(frames.T, bias=True))
    counts, means = action_means(videos, labels, 4, mean)
    labels = np.concatenate(labels)
    assert counts.tolist() == [*np.bincount(labels), 0]
    expected = [frames[labels == k].mean(axis=0) - mean for k in range(3)]
    np.testing.assert_allclose(means[:3], expected)
    assert not means[3].any()


def test_moments_are_of_blocks_too(labelled, monkeypatch):
    videos, labels, _ = labelled
    expected = frame_moments(videos)
    scalings = np.random.default_rng(0).normal(size=(4, 2))
    embedded = embed(videos, 1, expected[0], scalings)
    means = action_means(videos, labels, 3, expected[0])
    monkeypatch.setattr("skl_tot.recordings.container.BLOCK_BYTES", 7 * 4 * 8)
    for found, one in zip(frame_moments(videos), expected):
        np.testing.assert_allclose(found, one)
    for found, one in zip(action_means(videos, labels, 3, expected[0]), means):
        np.testing.assert_allclose(found, one)
    np.testing.assert_allclose(embed(videos, 1, expected[0], scalings), embedded)


@pytest.mark.parametrize("shrinkage", [1e-6, 1.0])
def test_discriminants_solve_their_eigenproblem(labelled, shrinkage):
    videos, labels, _ = labelled
    spread = measure_spread(videos, shrinkage)
    counts, means = action_means(videos, labels, 3, spread.center)
    scalings = discriminants(spread.root, counts, means)
    _, covariance = frame_moments(videos)
    between = (means.T * counts) @ means / counts.sum()
    ridge = shrinkage * np.trace(covariance) / 4 * np.eye(4)
    _, expected = eigh(between, covariance - between + ridge)
    assert scalings.shape == (4, 2)
    expected = expected[:, :1:-1]
    signs = np.sign((scalings * expected).sum(axis=0))
    np.testing.assert_allclose(scalings * signs, expected, rtol=1e-4, atol=1e-6)


def test_discriminants_are_those_of_scikit_learn(labelled):
    videos, labels, frames = labelled
    spread = measure_spread(videos, 1e-6)
    counts, means = action_means(videos, labels, 3, spread.center)
    scalings = discriminants(spread.root, counts, means)
    theirs = LinearDiscriminantAnalysis(solver="eigen").fit(
        frames, np.concatenate(labels)
    )
    for own, other in zip(scalings.T, theirs.scalings_.T):
        cosine = own @ other / np.linalg.norm(own) / np.linalg.norm(other)
        assert abs(cosine) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("reg_covar", [1e-6, 0.5])
def test_gaussians_equal_scipy_and_scikit_learn(labelled, reg_covar):
    _, labels, frames = labelled
    labels = np.concatenate(labels)
    gaussians = fit_gaussians(frames, labels, 3, reg_covar)
    found = log_joint(frames, gaussians)
    for k in range(3):
        members = frames[labels == k]
        share = (len(members) + 0.1) / (len(frames) + 0.3)
        assert gaussians["shares"][k] == pytest.approx(share)
        covariance = np.cov(members.T, bias=True) + reg_covar * np.eye(4)
        density = multivariate_normal(members.mean(axis=0), covariance)
        expected = density.logpdf(frames) + np.log(share)
        np.testing.assert_allclose(found[:, k], expected)
        theirs = GaussianMixture(reg_covar=reg_covar).fit(members)
        own = gaussians["precisions_cholesky"][k]
        np.testing.assert_allclose(own, theirs.precisions_cholesky_[0], atol=1e-12)


@pytest.mark.parametrize("labels", [[0, 0, 0, 2], [0, 0, 0, 0]])
def test_an_action_of_too_few_frames_is_spread_as_all(labels):
    frames = np.array([[0.0], [0.1], [0.2], [9.0]])
    gaussians = fit_gaussians(frames, np.array(labels), 3, 1e-6)
    widths = gaussians["precisions_cholesky"][1:].ravel() ** -2.0
    np.testing.assert_allclose(widths, np.var(frames), rtol=1e-5)
    assert np.isfinite(log_joint(frames, gaussians)).all()


def test_frames_beyond_reach_are_refused(labelled):
    _, labels, frames = labelled
    gaussians = fit_gaussians(frames, np.concatenate(labels), 3, 0.1)
    for value in (1e80, np.inf, np.nan):
        with pytest.raises(
            RecordingValueError, match=r"^Recording 3: the features are too far"
        ):
            log_joint(np.full((2, 4), value), gaussians, 3)


class TestGaussians:
    @pytest.mark.parametrize("pooled", [0.0, 0.3, 0.5, 1.0])
    def test_pooled_by_hand(self, pooled):
        rng = np.random.default_rng(1)
        frames = rng.normal(size=(40, 2)) * [1, 3]
        labels = rng.integers(-1, 3, 40)
        labels[labels == 2] = 0
        labels[5] = 2  # one frame, no spread of its own if pooled
        found = fit_gaussians(frames, labels, 4, 0.2, pooled)
        own, counts = [], []
        for k in range(4):
            members = frames[labels == k]
            counts.append(len(members))
            if len(members) == 0 or (len(members) == 1 and not pooled):
                members = frames
            own.append(
                np.cov(members.T, ddof=0) if len(members) > 1 else np.zeros((2, 2))
            )
        within = np.zeros((2, 2))
        for covariance, n in zip(own, counts):
            within += covariance * n / sum(counts)
        for k in range(4):
            expected = (1 - pooled) * own[k] + pooled * within + 0.2 * np.eye(2)
            factor = found["precisions_cholesky"][k]
            np.testing.assert_allclose(factor @ factor.T, np.linalg.inv(expected))
        np.testing.assert_allclose(
            found["means"][2], frames[5] if pooled else frames.mean(0)
        )
        shares = np.array(counts) + 0.1
        np.testing.assert_allclose(found["shares"], shares / shares.sum())

    def test_unknown_labels_are_no_frames_of_any_action(self):
        """The same Gaussians as of the known frames only, but for the spread of all."""
        rng = np.random.default_rng(2)
        frames, labels = rng.normal(size=(30, 2)), rng.integers(0, 2, 30)
        unknown = rng.normal(size=(9, 2))
        found = fit_gaussians(
            np.vstack([frames, unknown]), np.append(labels, [-1] * 9), 2, 0.1, 0.5
        )
        expected = fit_gaussians(frames, labels, 2, 0.1, 0.5)
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], values)


class TestUnknownLabels:
    @pytest.fixture
    def some(self, labelled):
        """Videos of which every third frame has no label, and what is known."""
        videos, labels, frames = labelled
        labels = [np.where(np.arange(len(own)) % 3, own, -1) for own in labels]
        return videos, labels, frames, np.concatenate(labels)

    def test_means_leave_them_out(self, some):
        videos, labels, frames, flat = some
        counts, means = action_means(videos, labels, 3, np.ones(4))
        assert counts.tolist() == np.bincount(flat[flat >= 0]).tolist()
        expected = [frames[flat == k].mean(axis=0) - 1 for k in range(3)]
        np.testing.assert_allclose(means, expected)

    def test_directions_solve_the_equation(self, some):
        """B is of the labelled frames, about their own mean; the spread is of all."""
        videos, labels, frames, flat = some
        spread = measure_spread(videos, 1.0)
        found, _ = fit_appearance(videos, labels, 3, spread, 0.1, pooled=0.5)
        known, center = flat >= 0, frames[flat >= 0].mean(axis=0)
        between = np.zeros((4, 4))
        for k in range(3):
            mean = frames[flat == k].mean(axis=0) - center
            between += (flat[known] == k).mean() * np.outer(mean, mean)
        within = spread.root @ spread.root.T - between
        _, vectors = eigh(between, within)
        for column, expected in zip(found["scalings"].T, vectors.T[::-1]):
            np.testing.assert_allclose(abs(expected @ within @ column), 1, rtol=1e-6)

    def test_full_labels_are_bit_for_bit_of_the_parts(self, labelled):
        videos, labels, _ = labelled
        spread = measure_spread(videos, 1.0)
        found, embedded = fit_appearance(videos, labels, 3, spread, 0.1)
        counts, means = action_means(videos, labels, 3, spread.center)
        expected = fit_gaussians(
            np.concatenate(embedded), np.concatenate(labels), 3, 0.1
        ) | {"scalings": discriminants(spread.root, counts, means)}
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], values)
