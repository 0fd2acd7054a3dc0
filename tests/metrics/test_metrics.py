import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.metrics import precision_recall_fscore_support, recall_score
from sklearn.model_selection import KFold, cross_validate

from skl_tot import metrics
from skl_tot.metrics import (
    adjusted_mutual_info_score,
    edit_score,
    match_labels,
    mean_recall_score,
    miou_score,
    mof_score,
    mof_scorer,
    segment_f1_score,
    segmentation_report,
)

# Labels and their scores by an implementation apart; some are of real data sets.
GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "metrics.json").read_text())
SCORES = [mof_score, segment_f1_score, edit_score, miou_score, mean_recall_score]
SCOPES = ["activity", "video"]


def all_scores(y_true, y_pred, **options):
    return [score(y_true, y_pred, **options) for score in SCORES]


def equal_split(n_frames, n_actions):
    return np.arange(n_frames) * n_actions // n_frames


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
class TestGolden:
    @pytest.fixture
    def labels(self, case, real_data):
        if "dataset" not in case:
            return case["true"], case["pred"]
        true = real_data(case["dataset"]).labels
        return true, [equal_split(len(video), case["n_actions"]) for video in true]

    def test_scores(self, case, scope, labels):
        options = {"scope": scope, "ignore_labels": case.get("ignore")}
        got = {
            "mof": mof_score(*labels, **options),
            "edit": edit_score(*labels, **options),
            "miou": miou_score(*labels, **options),
            "f1": segment_f1_score(*labels, **options),
        }
        for percent in (10, 25, 50):
            got[f"f1_{percent}"] = segment_f1_score(
                *labels, overlap=percent / 100, **options
            )
        if scope == "video":
            got["mof_pv_vid"] = np.mean(
                [mof_score(*video, **options) for video in zip(*labels)]
            )
        assert got == pytest.approx(case[scope], abs=1e-9)

    def test_names_of_classes_do_not_matter(self, case, scope, labels):
        # Equal splits of real videos have several best matches with different scores.
        true, pred = labels
        names = np.unique(np.concatenate(true))
        codes = {name: 3 * i % 31 for i, name in enumerate(names.tolist())}
        numbered = [[codes[label] for label in np.asarray(v).tolist()] for v in true]
        ignored = [codes[label] for label in case.get("ignore", [])]
        expected = all_scores(true, pred, scope=scope, ignore_labels=case.get("ignore"))
        got = all_scores(numbered, pred, scope=scope, ignore_labels=ignored)
        assert got == pytest.approx(expected, rel=1e-12)


frame = st.tuples(st.integers(0, 3), st.integers(0, 4))
activities = st.lists(st.lists(frame, min_size=1, max_size=12), min_size=1, max_size=4)


def unzip(activity):
    true = [np.array([t for t, _ in video]) for video in activity]
    pred = [np.array([p for _, p in video]) for video in activity]
    return true, pred


def runs(labels):
    """Segments as (label, set of frames)."""
    groups = itertools.groupby(enumerate(labels), key=lambda pair: pair[1])
    return [(label, {t for t, _ in pairs}) for label, pairs in groups]


def rename(y_pred, match):
    """Cluster labels as matched class labels, other clusters as a text of their own."""
    return [
        [
            f"no class {p}" if match.get(p) is None else match[p]
            for p in np.asarray(video).tolist()
        ]
        for video in y_pred
    ]


@pytest.mark.parametrize("scope", SCOPES)
class TestProperties:
    @given(activities, st.permutations(range(5)), st.permutations("ABCD"))
    def test_names_do_not_matter(self, scope, activity, clusters, classes):
        true, pred = unzip(activity)
        renamed = (
            [np.array(classes)[video] for video in true],
            [np.array(clusters)[video] for video in pred],
        )
        scores = all_scores(true, pred, scope=scope)
        # summed in another order
        assert all_scores(*renamed, scope=scope) == pytest.approx(scores, rel=1e-12)

    @given(activities, st.permutations(range(4)))
    def test_perfect_up_to_names(self, scope, activity, names):
        true, _ = unzip(activity)
        pred = [np.array(names)[video] for video in true]
        assert all_scores(true, pred, scope=scope) == [1] * len(SCORES)

    @given(activities)
    def test_within_0_and_1(self, scope, activity):
        scores = all_scores(*unzip(activity), scope=scope)
        assert all(type(score) is float and 0 <= score <= 1 for score in scores)

    @given(activities)
    def test_order_of_videos_does_not_matter(self, scope, activity):
        forth, back = unzip(activity), unzip(activity[::-1])
        assert mof_score(*back, scope=scope) == mof_score(*forth, scope=scope)
        if scope == "activity":  # another best match may have other scores
            assume(match_labels(*back) == match_labels(*forth))
        scores = all_scores(*forth, scope=scope)
        assert all_scores(*back, scope=scope) == pytest.approx(scores)

    @given(activities, st.sets(st.integers(0, 5)))
    def test_ignoring_is_dropping_by_hand(self, scope, activity, ignored):
        kept = [
            [pair for pair in video if pair[0] not in ignored] for video in activity
        ]
        left = [video for video in kept if video]
        assume(left)
        options = {"scope": scope, "ignore_labels": ignored}
        expected = all_scores(*unzip(left), scope=scope)
        assert all_scores(*unzip(activity), **options) == expected
        match = match_labels(*unzip(activity), **options)
        if scope == "video":
            assert len(match) == len(
                activity
            )  # with nothing to match where none is left
            match = [pairs for pairs in match if pairs]
        assert match == match_labels(*unzip(left), scope=scope)


class TestMatch:
    @given(activities)
    def test_is_a_best_one_to_one_map(self, activity):
        true, pred = unzip(activity)
        match = match_labels(true, pred)
        matched = [label for label in match.values() if label is not None]
        assert len(set(matched)) == len(matched)

        true, pred = np.concatenate(true).tolist(), np.concatenate(pred).tolist()
        assert set(match) == set(pred)
        clusters = sorted(set(pred))
        candidates = sorted(set(true)) + [None] * len(clusters)
        best = max(
            sum(dict(zip(clusters, labels))[p] == t for t, p in zip(true, pred))
            for labels in set(itertools.permutations(candidates, len(clusters)))
        )
        assert sum(match[p] == t for t, p in zip(true, pred)) == best

    @given(activities)
    def test_video_scope_matches_each_video_alone(self, activity):
        true, pred = unzip(activity)
        alone = [match_labels(t, p) for t, p in zip(true, pred)]
        assert match_labels(true, pred, scope="video") == alone

    @given(activities)
    def test_video_scope_finds_more_frames(self, activity):
        labels = unzip(activity)
        assert mof_score(*labels, scope="video") >= mof_score(*labels)

    def test_plain_scalars(self):
        match = match_labels(np.array(["a", "a", "b"]), np.array([0, 1, 2]))
        assert {type(key) for key in match} == {int}
        assert {type(label) for label in match.values()} == {str, type(None)}

    def test_one_video(self):
        assert match_labels([5, 5, 7], ["x", "x", "y"]) == {"x": 5, "y": 7}
        assert match_labels([5, 7], ["x", "y"], scope="video") == [{"x": 5, "y": 7}]

    @pytest.mark.parametrize(
        "convert",
        [
            tuple,
            np.array,
            lambda y: [list(video) for video in y],
            lambda y: np.array([*y, None], dtype=object)[:-1],
        ],
    )
    def test_forms_of_input(self, convert):
        y = [np.array([0, 0, 1]), np.array([1, 2, 2])]
        assert all_scores(convert(y), convert(y)) == [1] * len(SCORES)


class TestByDefinition:
    """Scores against the definition, written down step by step."""

    @given(activities, st.sampled_from([0.1, 0.25, 0.5, 0.6, 1]))
    def test_segment_f1(self, activity, overlap):
        true, pred = unzip(activity)
        per_video, counts = [], []
        for t, p in zip(true, rename(pred, match_labels(true, pred))):
            true_runs, pred_runs, taken = runs(t.tolist()), runs(p), set()
            for label, frames in pred_runs:
                ious = [
                    len(frames & other) / len(frames | other) if name == label else 0
                    for name, other in true_runs
                ]
                best = int(np.argmax(ious))
                if ious[best] >= overlap:
                    taken.add(best)  # a second hit of the same segment counts no more
            counts.append((2 * len(taken), len(true_runs) + len(pred_runs)))
            per_video.append(counts[-1][0] / counts[-1][1])
        hits, segments = np.sum(counts, axis=0)
        assert segment_f1_score(true, pred, overlap=overlap) == hits / segments
        assert segment_f1_score(
            true, pred, overlap=overlap, average="video"
        ) == pytest.approx(np.mean(per_video))

    @given(activities)
    def test_edit(self, activity):
        def distance(a, b):
            if not a or not b:
                return len(a) + len(b)
            return min(
                distance(a[1:], b) + 1,
                distance(a, b[1:]) + 1,
                distance(a[1:], b[1:]) + (a[0] != b[0]),
            )

        activity = [video[:6] for video in activity]  # the recursion is exponential
        true, pred = unzip(activity)
        scores = []
        for t, p in zip(true, rename(pred, match_labels(true, pred))):
            a, b = ([label for label, _ in runs(y)] for y in (t.tolist(), p))
            scores.append(1 - distance(a, b) / max(len(a), len(b)))
        assert edit_score(true, pred) == pytest.approx(np.mean(scores))

    @given(activities)
    def test_mof_and_miou(self, activity):
        true, pred = unzip(activity)
        matched = [p for v in rename(pred, match_labels(true, pred)) for p in v]
        true_frames = np.concatenate(true).tolist()
        right = [t == p for t, p in zip(true_frames, matched)]
        assert mof_score(true, pred) == pytest.approx(np.mean(right))
        ious = []
        for label in set(true_frames):
            pairs = [(t == label, p == label) for t, p in zip(true_frames, matched)]
            ious.append(sum(t and p for t, p in pairs) / sum(t or p for t, p in pairs))
        assert miou_score(true, pred) == pytest.approx(np.mean(ious))

    @pytest.mark.filterwarnings("ignore:y_pred contains classes")
    @given(activities)
    def test_mean_recall(self, activity):
        true, pred = unzip(activity)

        def recall_after_match(true, pred):
            match = match_labels(true, pred)
            matched = [-1 if match[p] is None else match[p] for p in pred]
            options = {"labels": np.unique(true), "average": "macro"}
            return recall_score(true, matched, **options)

        frames = [list(itertools.chain(*videos)) for videos in (true, pred)]
        own = mean_recall_score(true, pred)
        assert own == pytest.approx(recall_after_match(*frames))
        by_video = [recall_after_match(*video) for video in zip(true, pred)]
        own = mean_recall_score(true, pred, scope="video")
        assert own == pytest.approx(np.mean(by_video))

    @given(activities)
    def test_mean_recall_of_the_best_match(self, activity):
        true, pred = (np.concatenate(labels) for labels in unzip(activity))
        classes, clusters = np.unique(true).tolist(), np.unique(pred).tolist()
        padded = classes + [-1] * len(clusters)
        found = []
        for order in set(itertools.permutations(padded, len(clusters))):
            matched = np.array([order[clusters.index(p)] for p in pred.tolist()])
            recalls = [(matched == c)[true == c].mean() for c in classes]
            found.append(((matched == true).sum(), np.mean(recalls)))
        most = max(n_right for n_right, _ in found)
        best = [recall for n_right, recall in found if n_right == most]
        assert np.isclose(mean_recall_score(true, pred), best).any()


class TestByHand:
    def test_activity_and_video(self):
        # Cluster 0 is "a" in the first video and "b" in the second. One match for both
        # gets 3 + 1 of the 7 frames (0 to a, 1 to b), or 3 the other way round; a match
        # for each gets all.
        true = [list("aaab"), list("bba")]
        pred = [[0, 0, 0, 1], [0, 0, 1]]
        assert match_labels(true, pred) == {0: "a", 1: "b"}
        assert mof_score(true, pred) == 4 / 7
        assert mof_score(true, pred, scope="video") == 1

    def test_mof_weighs_frames(self):
        # 4 of 4 frames right in one video, 1 of 2 in the other: 5 of 6, not 0.75
        assert mof_score([list("aabb"), list("ab")], [[0, 0, 1, 1], [0, 0]]) == 5 / 6

    def test_cluster_without_class_is_wrong(self):
        # One class only, so only the larger cluster is matched: 3 of 5 frames. Its
        # segment has an IoU of 3/5 with the true one, the other is a false positive:
        # F1 = 2 * 1 / (1 + 2). One insertion in a sequence of 2: edit 1/2.
        y = list("aaaaa"), [0, 0, 0, 1, 1]
        assert match_labels(*y) == {0: "a", 1: None}
        assert all_scores(*y) == pytest.approx([3 / 5, 2 / 3, 1 / 2, 3 / 5, 3 / 5])

    def test_segments_of_clusters_without_class_stay_apart(self):
        # Clusters 1 and 2 are two false positives, not one: F1 = 2 * 1 / (1 + 3), and
        # two insertions in a sequence of 3.
        y = list("aaaaa"), [0, 0, 0, 1, 2]
        assert segment_f1_score(*y) == 2 / 4
        assert edit_score(*y) == pytest.approx(1 / 3)

    def test_overlap_is_reached_at_equality(self):
        # 1 of 2 frames: IoU exactly 0.5 for "a"; "b" has 4 of 5
        y = list("aabbbb"), [0, 1, 1, 1, 1, 1]
        assert segment_f1_score(*y, overlap=0.5) == 1
        assert segment_f1_score(*y, overlap=0.51) == 1 / 2

    def test_segment_is_found_once(self):
        # "a" is cut by a short "b". Both parts have an IoU of 5/11 with the true "a",
        # which is found once: TP = 2 with the last "b" (IoU 1), segments 2 + 4.
        y = list("a" * 11 + "b" * 5), [0] * 5 + [1] + [0] * 5 + [1] * 5
        assert segment_f1_score(*y, overlap=0.25) == 4 / 6
        assert segment_f1_score(*y, overlap=0.5) == 2 / 6

    def test_average_of_f1(self):
        # First video: 2 of 2 segments found, F1 = 1. Second: the true "a" of 4 frames
        # is cut in 4 segments, the two of "a" with an IoU of 1/4: F1 = 0 / (1 + 4).
        # Pooled: 2 * 2 / (4 + 5).
        y = [list("aaabbb"), list("aaaa")], [[0, 0, 0, 1, 1, 1], [0, 1, 0, 1]]
        assert segment_f1_score(*y) == 4 / 9
        assert segment_f1_score(*y, average="video") == 1 / 2

    def test_edit(self):
        # a b c against a c: one deletion, longer sequence 3. With the second video
        # right, the mean is (2/3 + 1) / 2.
        y = [list("aabcc"), list("abc")], [[0, 0, 2, 2, 2], [0, 1, 2]]
        assert edit_score(*y) == pytest.approx((2 / 3 + 1) / 2)

    def test_miou(self):
        # Activity: "a" 3 frames shared of 4, "b" 1 of 2. Video: the first is perfect;
        # the second holds only "a", 1 frame of 2.
        y = [list("aab"), list("aa")], [[0, 0, 1], [0, 1]]
        assert miou_score(*y) == pytest.approx((3 / 4 + 1 / 2) / 2)
        assert miou_score(*y, scope="video") == pytest.approx((1 + 1 / 2) / 2)

    def test_mean_recall(self):
        # Activity: "a" has 4 of 5 frames right, "b" 1 of 1. Video: the second holds
        # only "a", 1 frame of 2, the first is perfect.
        y = [list("aaab"), list("aa")], [[0, 0, 0, 1], [0, 1]]
        assert mean_recall_score(*y) == pytest.approx((4 / 5 + 1) / 2)
        assert mean_recall_score(*y, scope="video") == pytest.approx((1 + 1 / 2) / 2)

    def test_one_action_for_all_frames(self):
        true = [list("aaaaaaab"), list("aaaaaabc")]
        pred = [[5] * 8, [5] * 8]
        assert mof_score(true, pred) == 13 / 16
        assert mean_recall_score(true, pred) == pytest.approx(1 / 3)
        assert adjusted_mutual_info_score(true, pred) == 0


class TestIgnoreLabels:
    true, pred = list("aaSSbb"), [0, 0, 0, 1, 1, 1]

    @pytest.mark.parametrize(
        "ignored", ["S", ["S"], ("S", "unknown"), {"S"}, np.array(["S"]), np.str_("S")]
    )
    def test_forms(self, ignored):
        assert mof_score(self.true, self.pred, ignore_labels=ignored) == 1

    @pytest.mark.parametrize("ignored", [None, [], "unknown", 0])
    def test_nothing_to_ignore(self, ignored):
        assert mof_score(self.true, self.pred, ignore_labels=ignored) == 4 / 6

    @pytest.mark.parametrize("ignored", [7, 7.0, np.int64(7), np.array(7)])
    def test_numbers(self, ignored):
        assert mof_score([1, 7, 7], [0, 0, 0], ignore_labels=ignored) == 1

    def test_text_is_no_number(self):
        assert mof_score([1, 7, 7], [0, 1, 1], ignore_labels="7") == 1
        assert match_labels([1, 7, 7], [0, 1, 1], ignore_labels="7") == {0: 1, 1: 7}

    def test_neighbours_join(self):
        # Without S the two runs of cluster 0 are one segment.
        assert edit_score(list("aSa"), [0, 1, 0], ignore_labels="S") == 1


A, B = [0, 0, 1], [0, 1]
INPUT_ERRORS = [
    ([A, B], [A, A], {}, "Recording 1: y_true has 2 frames, y_pred has 3."),
    (A, B, {}, "y_true has 3 frames, y_pred has 2."),
    ([A, B], [A], {}, "y_true has 2 recordings, y_pred has 1."),
    ([A, []], [A, []], {}, "Recording 1: y_true and y_pred have no frames."),
    ([], [], {}, "y_true is empty, expected one label for each frame."),
    (
        A,
        A,
        {"ignore_labels": [0, 1, 2]},
        "ignore_labels holds every label of y_true, no frame is left.",
    ),
    (
        A,
        A,
        {"scope": "dataset"},
        "scope is 'dataset', expected one of ('activity', 'video', 'labels').",
    ),
]
INPUT_TYPE_ERRORS = [
    (
        "abc",
        A,
        {},
        "y_true is a str, expected one sequence of labels or a list of them.",
    ),
    (
        A,
        [0.5, 1, 2],
        {},
        "y_pred has labels of type float64, expected integers or strings.",
    ),
    (
        A,
        A,
        {"ignore_labels": [[0]]},
        "ignore_labels is [[0]], expected a label or a sequence of labels.",
    ),
    (
        A,
        A,
        {"ignore_labels": object},
        "ignore_labels is <class 'object'>, expected a label or a sequence of labels.",
    ),
]
OPTION_ERRORS = [
    (
        segment_f1_score,
        {"average": "macro"},
        "average is 'macro', expected one of ('pooled', 'video').",
    ),
    *[
        (
            segment_f1_score,
            {"overlap": overlap},
            f"overlap is {overlap!r}, expected a number in (0, 1].",
        )
        for overlap in (0, 1.1, -0.5, 50, float("nan"), "0.5", None)
    ],
    *[
        (
            segmentation_report,
            {"target_names": names},
            f"target_names gives {shown}, expected a name of its own for each of "
            "[0, 1].",
        )
        for names, shown in [
            (["a"], ["a"]),
            (["a", "a"], ["a", "a"]),
            ({0: "x", 1: "x"}, ["x", "x"]),
            ({0: 1}, [1, 1]),
        ]
    ],
]


class TestErrors:
    @pytest.mark.parametrize("function", [match_labels, *SCORES, segmentation_report])
    @pytest.mark.parametrize(
        ("error", "y_true", "y_pred", "options", "message"),
        [(ValueError, *row) for row in INPUT_ERRORS]
        + [(TypeError, *row) for row in INPUT_TYPE_ERRORS],
    )
    def test_input(self, function, error, y_true, y_pred, options, message):
        with pytest.raises(error) as info:
            function(y_true, y_pred, **options)
        assert str(info.value) == message

    @pytest.mark.parametrize(("function", "options", "message"), OPTION_ERRORS)
    def test_options(self, function, options, message):
        with pytest.raises(ValueError) as info:  # noqa: PT011
            function(A, A, **options)
        assert str(info.value) == message


class TestReport:
    true = tuple("aaSbbb"), tuple("aabccc"), tuple("SSS")
    pred = (0, 0, 0, 1, 1, 2), (0, 5, 1, 3, 3, 0), (4, 4, 4)

    def report(self, output_dict=True, **options):
        return segmentation_report(
            self.true,
            self.pred,
            ignore_labels="S",
            output_dict=output_dict,
            **options,
        )

    @pytest.mark.parametrize("scope", SCOPES)
    def test_totals_are_the_scores(self, scope):
        totals = self.report(scope=scope)["totals"]
        scores = all_scores(self.true, self.pred, scope=scope, ignore_labels="S")
        names = ["MoF", "F1@50", "edit", "mIoU", "mean recall"]
        assert list(totals) == [*names, "AMI", "recordings", "frames"]
        average = "video" if scope == "video" else "pooled"
        information = adjusted_mutual_info_score(
            self.true, self.pred, average=average, ignore_labels="S"
        )
        # the last video is all ignored
        assert list(totals.values()) == [*scores, information, 2, 11]

    @given(activities)
    def test_actions_as_in_sklearn(self, activity):
        true, pred = unzip(activity)
        report = segmentation_report(true, pred, output_dict=True)
        true_frames = np.concatenate(true)
        matched = [
            -1 if isinstance(p, str) else p
            for video in rename(pred, match_labels(true, pred))
            for p in video
        ]
        expected = precision_recall_fscore_support(
            true_frames, matched, labels=np.unique(true_frames), zero_division=0
        )
        got = [
            [row[key] for key in ("precision", "recall", "f1-score", "frames")]
            for row in report["actions"].values()
        ]
        np.testing.assert_allclose(got, np.transpose(expected))
        ious = [row["iou"] for row in report["actions"].values()]
        assert np.mean(ious) == pytest.approx(report["totals"]["mIoU"])

    def test_clusters(self):
        # Classes a, b and c get 0, 1 and 3 by overlaps of 3, 3 and 2 frames; 4 occurs
        # only in ignored frames; 2 and 5 hold a frame each.
        report = self.report()
        assert {name: row["cluster"] for name, row in report["actions"].items()} == {
            "a": 0,
            "b": 1,
            "c": 3,
        }
        assert report["clusters without class"] == {2: 1, 5: 1}

    def test_clusters_by_video(self):
        # In the first video a and b get 0 and 1, which leaves the frame of 2. In the
        # second b and c get 1 and 3, and a one of 0 and 5: either the frame of 5 is
        # left or the two frames of 0.
        report = self.report(scope="video")
        assert {row["cluster"] for row in report["actions"].values()} == {None}
        lost = report["clusters without class"]
        assert lost.pop(2) == 1
        assert lost in ({0: 2}, {5: 1})

    def test_class_without_cluster(self):
        report = segmentation_report(list("aab"), [0, 0, 0], output_dict=True)
        row = {"precision": 0, "recall": 0, "f1-score": 0, "iou": 0}
        assert report["actions"]["b"] == {**row, "frames": 1, "cluster": None}

    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (None, ["a", "b", "c"]),
            # a sequence orders string labels, as the mapping of a data set does
            (["S", "c", "a", "b"], ["c", "a", "b"]),
            ({"b": "beat", "S": "background"}, ["a", "beat", "c"]),
        ],
    )
    def test_target_names(self, names, expected):
        assert list(self.report(target_names=names)["actions"]) == expected

    def test_target_names_of_integers(self):
        report = segmentation_report(
            [0, 2, 2], [1, 0, 0], target_names=["cut", "mix", "eat"], output_dict=True
        )
        assert list(report["actions"]) == ["cut", "eat"]
        assert report["actions"]["eat"]["frames"] == 2

    def test_text_shows_everything(self):
        report = self.report()
        text = self.report(output_dict=False, digits=4)
        lines = [line.split() for line in text.splitlines() if line]
        for name, row in report["actions"].items():
            *scores, frames, cluster = row.values()
            shown = [f"{score:.4f}" for score in scores]
            assert [name, *shown, str(frames), str(cluster)] in lines
        for name, value in report["totals"].items():
            shown = f"{value:.4f}" if isinstance(value, float) else str(value)
            assert [*name.split(), shown] in lines
        assert text.endswith("clusters without class  2 (frames: 1), 5 (frames: 1)")

    def test_text_marks_what_is_missing(self):
        text = segmentation_report(list("aab"), [0, 0, 0])
        rows = [line.split() for line in text.splitlines()]
        assert ["b", *["0.000"] * 4, "1", "-"] in rows
        assert text.endswith("clusters without class  -")


class EqualSplit(ClusterMixin, BaseEstimator):
    """Cut each video into equal parts."""

    def fit(self, X, y=None):
        self.n_features_in_ = X[0].shape[1]
        return self

    def predict(self, X):
        return [equal_split(len(video), 3) for video in X]


def test_scorers_in_cross_validation():
    rng = np.random.default_rng(0)
    X = [np.zeros((n, 2)) for n in (9, 14, 11, 20)]
    y = [np.sort(rng.choice(list("abc"), size=len(video))) for video in X]
    names = ["mof", "segment_f1", "edit", "miou", "mean_recall"]
    result = cross_validate(
        EqualSplit(),
        X,
        y,
        cv=KFold(2),
        scoring={name: getattr(metrics, f"{name}_scorer") for name in names},
        error_score="raise",
    )
    for fold, videos in enumerate([slice(0, 2), slice(2, 4)]):
        expected = all_scores(y[videos], EqualSplit().predict(X[videos]))
        assert [result[f"test_{name}"][fold] for name in names] == expected


def test_text_background_is_no_action():
    truth = ["background", "cut", "cut", "mix"]
    assert mof_score(truth, truth) == 1
    named = ["background", "a", "a", "b"]
    assert mof_score(truth, named) == mof_score(truth, [-1, 0, 0, 1]) == 1
    assert mof_score(["nothing", "cut", "cut", "mix"], named) == 0.75
    match = match_labels(["nothing", "cut"], named[:2], background="nothing")
    assert match == {"background": "nothing", "a": "cut"}


class TestLabels:
    """Predictions that are labels already."""

    def test_nothing_is_matched(self):
        true, pred = [["a", "a", "b"], ["b"]], [["a", "b", "a"], ["b"]]
        assert mof_score(true, pred, scope="labels") == 0.5
        assert mof_score(true, [["x"] * 3, ["b"]], scope="labels") == 0.25
        assert mof_score([1, 0], [1, 1], scope="labels") == 0.5
        # text is no number
        assert mof_score(["1", "0"], [1, 0], scope="labels") == 0.0

    def test_background(self):
        assert mof_score([-1, 0], [-1, 0], scope="labels") == 1.0
        true = ["background", "a"]
        assert mof_score(true, [-1, 5], scope="labels") == 0.5

    def test_scorer_of_a_guided_segmenter(self):
        class Guided:
            classes_ = np.array(["a", "b"])

            def predict(self, X):
                return [np.array(["a", "b", "b"]), np.array(["b", "b"])]

        y = [["b", "", "b"], ["a", None]]
        assert mof_scorer(Guided(), [0, 0], y) == pytest.approx(1 / 3)
        assert mof_scorer(Guided(), [0, 0], [None, ["b", "a"]]) == 0.5
        with pytest.raises(ValueError, match="y has no known label"):
            mof_scorer(Guided(), [0, 0], [None, None])
