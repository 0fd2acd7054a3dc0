"""Long recordings of many cycles, by any segmenter."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import UndefinedMetricWarning

from skl_tot import CyclicSegmenter, HMMSegmenter, TemporalOTSegmenter
from skl_tot.decoding import decode
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings
from skl_tot.recordings.files import open_arrays


def make_work(n_cycles=8, seed=0, missing=()):
    """Frames, labels and cuts of one recording of cycles of three actions."""
    rng = np.random.default_rng(seed)
    labels, cuts = [], [0]
    for i in range(n_cycles):
        lengths = np.array([20, 8, 14]) + rng.integers(-2, 3, size=3)
        lengths[1] *= i not in missing
        labels.append(np.repeat(np.arange(3), lengths))
        cuts.append(cuts[-1] + lengths.sum())
    labels = np.concatenate(labels)
    frames = 4 * np.eye(3, 4)[labels] + rng.normal(size=(len(labels), 4))
    return frames, labels, np.array(cuts)


@pytest.fixture(scope="module")
def work():
    return make_work(missing=(4,))


@pytest.fixture(scope="module")
def fitted(work):
    return CyclicSegmenter(3, estimator=HMMSegmenter(), random_state=0).fit(work[0])


class TestLongRecordings:
    def test_finds_cycles_and_actions(self, fitted, work):
        frames, labels, cuts = work
        assert fitted.n_cycles_ == 8
        assert np.abs(fitted.cuts_ - cuts).max() <= 3
        assert (fitted.labels_ == labels).mean() > 0.95
        np.testing.assert_array_equal(fitted.predict(frames), fitted.labels_)

    def test_is_the_decoder_of_what_the_segmenter_says(self, fitted, work):
        given = fitted.estimator_.log_likelihood(work[0])
        np.testing.assert_array_equal(fitted.log_likelihood(work[0]), given)
        assert fitted.mean_frames_ == pytest.approx(len(work[0]) / 8, rel=0.05)
        cost = 0.5 * fitted.mean_frames_ / len(work[0])
        expected = decode(given, "cyclic_skip", cost)
        np.testing.assert_array_equal(fitted.labels_, expected)
        codes = fitted.predict_posterior(work[0])
        np.testing.assert_allclose(codes.sum(axis=1), 1)
        np.testing.assert_array_equal(codes.argmax(axis=1)[30:34], expected[30:34])

    @pytest.mark.parametrize(("given", "used"), [(0.0, 0.5), (2.0, 2.0)])
    def test_cost_is_half_a_nat_or_that_of_the_segmenter(self, work, given, used):
        inner = HMMSegmenter(max_iter=5, switch_cost=given)
        model = CyclicSegmenter(3, estimator=inner).fit(work[0], cuts=work[2])
        assert model.estimator_.switch_cost == model.decoder_[1] == used

    def test_lacking_actions(self, fitted, work):
        assert not (fitted.labels_[work[2][4] : work[2][5]] == 1).any()
        whole = pickle.loads(pickle.dumps(fitted)).set_params(decoding="cyclic")
        steps = np.diff(whole.predict(work[0])) % 3
        assert set(steps.tolist()) == {0, 1}

    def test_given_cuts(self, work):
        frames, labels, cuts = work
        model = CyclicSegmenter(3, estimator=HMMSegmenter())
        model.fit(frames[20:], cuts=cuts[1:6] - 20)  # it starts within a cycle
        assert model.mean_frames_ == np.diff(cuts[1:6]).mean()
        assert (model.labels_ == labels[20:]).mean() > 0.95
        direct = HMMSegmenter(3).fit([frames[a:b] for a, b in pairwise(cuts[1:6])])
        np.testing.assert_allclose(model.estimator_.means_, direct.means_)
        # what is left of the first cycle shows two of three actions
        assert model.n_cycles_ == 8

    def test_several_recordings(self):
        work, other = make_work(5, seed=3), make_work(5, seed=2)
        takes = Recordings([work[0], other[0]], ["a", "b"], fps=10)
        model = CyclicSegmenter(3, estimator=HMMSegmenter(), random_state=0).fit(takes)
        assert model.n_cycles_ == 10
        assert sorted(model.cuts_) == ["a", "b"]
        assert mof_score([work[1], other[1]], list(model.labels_.values())) > 0.95
        model.fit(takes, cuts={"b": other[2], "a": work[2]})
        assert model.mean_frames_ == pytest.approx((work[2][-1] + other[2][-1]) / 10)
        assert model.fps_ == 10

    def test_score_compares_cycles(self, fitted, work):
        assert 2.2 < fitted.score(work[0]) <= 3
        with pytest.raises(ValueError, match="cycles"):
            fitted.score([work[0][:40]])
        with pytest.warns(UndefinedMetricWarning, match="score compares cycles"):
            assert np.isnan(fitted.score(work[0][:40]))


def test_files_give_the_same_as_memory(tmp_path, work):
    frames = np.asarray(work[0], dtype=np.float16)
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", frames)
    files = open_arrays([tmp_path / "a.npy", tmp_path / "b.npy"])
    frames = frames.astype(float)
    cuts = [work[2], work[2]]
    network = TemporalOTSegmenter(max_iter=5, n_networks=1)
    for estimator in (HMMSegmenter(), network):
        model = CyclicSegmenter(3, estimator=estimator, random_state=0)
        model.fit(files, cuts=cuts)
        other = clone(model).fit([frames, frames], cuts=cuts)
        np.testing.assert_array_equal(model.labels_[1], other.labels_[1])
        assert model.score(files) == pytest.approx(other.score([frames, frames]))
