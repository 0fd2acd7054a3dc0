import pickle

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import f1_score

from skl_tot import HMMSegmenter, TemporalOTSegmenter, baselines
from skl_tot.datasets import make_activities
from skl_tot.decoding import evidence as module
from skl_tot.decoding.evidence import MIN_VARIANCE, is_background
from skl_tot.metrics import (
    edit_score,
    match_labels,
    miou_score,
    mof_score,
    segment_f1_score,
    segmentation_report,
)
from skl_tot.metrics.label_free import carried_information, video_information

QUICK = {"max_iter": 30, "decoding": "fixed"}


def fit_background(videos, *arguments, **options):
    return module.fit_background(lambda: iter(videos), *arguments, **options)


def with_unrelated_frames(seed, share):
    """Videos of an activity with four runs of frames like no action, labelled -1."""
    rng = np.random.default_rng(seed)
    videos, labels = make_activities(20, 5, noise=0.7, random_state=seed)
    for i, (video, actions) in enumerate(zip(videos, labels)):
        runs = np.array_split(
            rng.normal(0, 2, size=(int(len(video) * share / (1 - share)), 16)), 4
        )
        cuts = np.sort(rng.integers(0, len(video) + 1, 4))
        at = np.repeat(cuts, [len(run) for run in runs])
        videos[i] = np.insert(video, at, np.concatenate(runs), axis=0)
        labels[i] = np.insert(actions, at, -1)
    return videos, labels


class TestKernel:
    def test_equals_independent_gaussians(self):
        rng = np.random.default_rng(0)
        videos = [rng.normal(3, 2, size=(n, 3)) for n in (30, 40)]
        labels = [np.sort(rng.integers(0, 2, len(video))) for video in videos]
        background = fit_background(videos, labels, 2, 25)
        frames, actions = np.concatenate(videos), np.concatenate(labels)
        densities = []
        for k in range(2):
            members = frames[actions == k]
            scale = np.sqrt(members.var(axis=0) + MIN_VARIANCE)
            density = norm(members.mean(axis=0), scale).logpdf(frames).sum(axis=1)
            threshold = np.percentile(density[actions == k], 25)
            densities.append(density - threshold)
        expected = np.max(densities, axis=0) < 0
        assert expected.any()
        found = np.concatenate([is_background(video, background) for video in videos])
        np.testing.assert_array_equal(found, expected)

    def test_far_from_zero_is_the_same(self):
        rng = np.random.default_rng(0)
        videos = [rng.normal(size=(60, 3)) for _ in range(2)]
        labels = [np.repeat([0, 1], 30)] * 2
        far = [video + 1e8 for video in videos]
        near_found, far_found = (
            [is_background(v, fit_background(x, labels, 2, 30)) for v in x]
            for x in (videos, far)
        )
        np.testing.assert_array_equal(near_found, far_found)

    def test_action_without_frames_convinces_nobody(self):
        video = np.random.default_rng(0).normal(size=(20, 2))
        background = fit_background([video], [np.zeros(20, dtype=int)], 3, 10)
        assert np.isinf(background["thresholds"][1:]).all()
        assert 0 < is_background(video, background).sum() <= 2

    def test_stream_of_equal_calls_changes_little(self):
        rng = np.random.default_rng(0)
        videos = [rng.normal(size=(2000, 3)) for _ in range(2)]
        labels = [np.repeat([0, 1], 1000)] * 2
        once = fit_background(videos, labels, 2, 30)
        twice = fit_background(videos, labels, 2, 30, before=once)
        np.testing.assert_allclose(twice["counts"], 1.95 * once["counts"])
        for name in ("means", "variances"):
            np.testing.assert_allclose(twice[name], once[name])
        for name in ("thresholds", "quantiles"):
            np.testing.assert_allclose(twice[name], once[name], atol=0.1)

    def test_stream_pools_its_videos(self):
        """Each call has frames of a level of its own."""
        rng = np.random.default_rng(0)
        frames = [rng.normal(level, 1, size=(50, 1)) for level in rng.normal(0, 3, 40)]
        labels = np.zeros(50, dtype=int)
        background = None
        for video in frames:
            background = fit_background([video], [labels], 1, 20, before=background)
        share = np.mean([is_background(video, background) for video in frames[-20:]])
        assert 0.1 < share < 0.3
        alone = fit_background(frames[-1:], [labels], 1, 20)
        assert np.mean([is_background(v, alone) for v in frames[-20:]]) > 0.6

    def test_stream_keeps_an_action_that_a_call_lacks(self):
        video = np.random.default_rng(0).normal(size=(40, 2))
        before = fit_background([video], [np.repeat([0, 1], 20)], 2, 10)
        after = fit_background([video], [np.zeros(40, dtype=int)], 2, 10, before=before)
        for name in ("means", "variances", "counts", "thresholds", "quantiles"):
            np.testing.assert_allclose(after[name][1], before[name][1])
            assert (after[name][0] != before[name][0]).any()

    def test_information_leaves_background_out(self):
        rng = np.random.default_rng(0)
        videos = [rng.normal(size=(20, 2)) for _ in range(3)]
        labels = [np.repeat([i % 2, -1, 1], [8, 4, 8]) for i in range(3)]
        kept = [path >= 0 for path in labels]
        few = [video[own] for video, own in zip(videos, kept)]
        known = [path[own] for path, own in zip(labels, kept)]
        expected = carried_information(lambda i: [few[i]], known, 2)
        assert video_information(known, 2) > 0
        found = carried_information(lambda i: [videos[i][:9], videos[i][9:]], labels, 2)
        assert found == pytest.approx(expected)
        none = np.full(20, -1)
        for paths in ([none] * 3, [labels[0], none, none]):
            assert carried_information(lambda i: [videos[i]], paths, 2) == 0


def test_finds_unrelated_frames_and_spares_the_actions():
    videos, labels = with_unrelated_frames(seed=0, share=0.3)
    model = baselines.paper(5, background_percentile=30, max_iter=600, random_state=0)
    predicted = model.fit_predict(videos)
    model.background_ = None  # what it would say without, as is tested below
    plain = model.predict(videos)
    truth, guess = np.concatenate(labels), np.concatenate(predicted)
    assert f1_score(truth == -1, guess == -1) >= 0.7
    before, after = (
        mof_score(labels, paths, ignore_labels=-1) for paths in (plain, predicted)
    )
    assert after >= before


@pytest.mark.parametrize("Segmenter", [TemporalOTSegmenter, HMMSegmenter])
class TestEstimators:
    def test_paths_run_through_what_is_left(self, activity, Segmenter):
        videos, _ = activity
        model = Segmenter(4, background_percentile=20, **QUICK).fit(videos)
        for path in model.predict(videos):
            kept = path[path >= 0]
            assert (np.diff(kept) >= 0).all()
            assert set(kept) == {0, 1, 2, 3}
        share = np.mean(np.concatenate(model.labels_) == -1)
        assert 0.05 < share < 0.21  # at most the percentile of each action

    def test_thresholds_are_those_of_the_fit(self, activity, Segmenter):
        videos, _ = activity
        model = Segmenter(4, background_percentile=20, **QUICK).fit(videos)
        strange = np.full((30, videos[0].shape[1]), 50.0)
        assert (model.predict(strange) == -1).all()
        assert model.predict([strange, videos[0]])[1].max() == 3
        twin = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(twin.predict(videos[0]), model.labels_[0])

    def test_none_knows_no_background(self, activity, Segmenter):
        model = Segmenter(4, **QUICK).fit(activity[0])
        assert model.background_ is None
        assert np.concatenate(model.labels_).min() == 0
        other = Segmenter(4, background_percentile=20, **QUICK).fit(activity[0])
        other.background_ = None
        for path, expected in zip(other.predict(activity[0]), model.labels_):
            np.testing.assert_array_equal(path, expected)


class TestMetrics:
    true = (list("aabbXXcc"), list("XaabbbcX"))
    pred = ([0, 0, 1, 1, -1, 2, 2, 2], [-1, 0, 0, 1, 1, -1, 2, -1])

    def test_ignored_background_is_excluded_exactly(self):
        """Same scores as with the frames of the label cut out by hand."""
        kept = [[label != "X" for label in video] for video in self.true]
        cut = [
            [
                [label for label, keep in zip(video, k) if keep]
                for video, k in zip(videos, kept)
            ]
            for videos in (self.true, self.pred)
        ]
        for score in (mof_score, segment_f1_score, edit_score, miou_score):
            for scope in ("activity", "video"):
                assert score(
                    self.true, self.pred, ignore_labels="X", scope=scope
                ) == score(*cut, scope=scope)

    def test_predicted_background_is_never_an_action(self):
        assert match_labels(self.true, self.pred) == {-1: None, 0: "a", 1: "b", 2: "c"}
        # Eleven of the sixteen frames are right, with X excluded eleven of twelve.
        assert mof_score(self.true, self.pred) == 11 / 16
        assert mof_score(self.true, self.pred, ignore_labels="X") == 11 / 12

    def test_included_background_has_its_class(self):
        match = match_labels(self.true, self.pred, background="X")
        assert match == {-1: "X", 0: "a", 1: "b", 2: "c"}
        # Three frames of X are found as well; one is called 2, and one b is called -1.
        assert mof_score(self.true, self.pred, background="X") == 14 / 16

    def test_class_minus_one_is_background(self):
        labels = [0, 0, -1, 1, 1]
        assert match_labels(labels, labels) == {-1: -1, 0: 0, 1: 1}
        assert mof_score(labels, labels) == edit_score(labels, labels) == 1
        assert match_labels(labels, list("aabcc")) == {"a": 0, "b": -1, "c": 1}

    @pytest.mark.parametrize("background", [["X"], {}, np.array(["X"])])
    def test_background_is_one_label(self, background):
        with pytest.raises(TypeError, match=r"background is .*, expected one"):
            mof_score(self.true, self.pred, background=background)

    def test_no_other_cluster_is_background(self):
        true, pred = list("XXXXaa"), [0, 0, 0, 0, 1, 1]
        assert match_labels(true, pred) == {0: "X", 1: "a"}
        assert match_labels(true, pred, background="X") == {0: None, 1: "a"}
        # Without a frame of X, the label is just not there.
        assert match_labels(list("aa"), [-1, 0], background="X") == {-1: None, 0: "a"}

    def test_report(self):
        report = segmentation_report(
            self.true, self.pred, background="X", output_dict=True
        )
        assert report["actions"]["X"]["cluster"] == -1
        assert report["totals"]["MoF"] == 14 / 16
        assert report["clusters without class"] == {}
