import itertools
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support, recall_score

from skl_tot.metrics import (
    adjusted_mutual_info_score,
    edit_score,
    match_labels,
    mean_recall_score,
    miou_score,
    mof_score,
    paper_f1_score,
    released_f1_score,
    segment_f1_score,
    segmentation_report,
)

# Labels and their scores by an implementation apart; some are of real data sets.
GOLDEN = json.loads((Path(__file__).parents[1] / "data" / "metrics.json").read_text())
SCORES = [mof_score, segment_f1_score, edit_score, miou_score, mean_recall_score]
SCOPES = ["all", "recording"]
GOLDEN_NAMES = {"all": "activity", "recording": "video"}


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
            score = segment_f1_score(*labels, overlap=percent / 100, **options)
            got[f"f1_{percent}"] = score
        if scope == "recording":
            got["mof_pv_vid"] = mof_score(*labels, average="recording", **options)
        assert got == pytest.approx(case[GOLDEN_NAMES[scope]], abs=1e-9)


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
        renamed = [np.array(classes)[video] for video in true]
        renamed = renamed, [np.array(clusters)[video] for video in pred]
        scores = all_scores(true, pred, scope=scope)
        # summed in another order
        assert all_scores(*renamed, scope=scope) == pytest.approx(scores, rel=1e-12)

    @given(activities, st.sets(st.integers(0, 5)))
    def test_ignoring_is_dropping_by_hand(self, scope, activity, ignored):
        left = [[p for p in video if p[0] not in ignored] for video in activity]
        left = [video for video in left if video]
        assume(left)
        options = {"scope": scope, "ignore_labels": ignored}
        expected = all_scores(*unzip(left), scope=scope)
        assert all_scores(*unzip(activity), **options) == expected
        match = match_labels(*unzip(activity), **options)
        if scope == "recording":
            # with nothing to match where none is left
            assert len(match) == len(activity)
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
    def test_scope_of_recordings_matches_each_alone(self, activity):
        true, pred = unzip(activity)
        alone = [match_labels(t, p) for t, p in zip(true, pred)]
        assert match_labels(true, pred, scope="recording") == alone

    def test_ties_go_by_time(self):
        """The last class to appear comes first, and the first cluster."""
        assert match_labels(["mix", "cut"], [0, 0]) == {0: "cut"}
        assert match_labels(["cut", "mix"], [0, 0]) == {0: "mix"}
        assert match_labels(list("aa"), [7, 3]) == {7: "a", 3: None}
        assert match_labels(list("aa"), [3, 7]) == {3: "a", 7: None}
        assert match_labels(list("abab"), [1, 1, 0, 0]) == {0: "a", 1: "b"}


@pytest.mark.parametrize("background", [None, "background"])
@given(activity=activities, place=st.integers(0, 47))
def test_a_frame_of_background_changes_no_other(background, activity, place):
    names = np.array(["background", "a", "b", "c"])
    true, pred = unzip(activity)
    true, pred = names[np.concatenate(true)], np.concatenate(pred)
    changed = np.where(np.arange(len(pred)) == place % len(pred), -1, pred)
    scores = [mof_score(true, p, background=background) for p in (pred, changed)]
    assert abs(scores[0] - scores[1]) <= 1 / len(pred) + 1e-12
    assert match_labels(true, changed)[-1] in ("background", None)


class TestActivities:
    """Each activity has a match of its own, as if it were alone."""

    cases = [case for case in GOLDEN if "dataset" not in case and not case["ignore"]]
    true = [labels for case in cases for labels in case["true"]]
    pred = [labels for case in cases for labels in case["pred"]]
    of_each = [case["name"] for case in cases for _ in case["true"]]
    names = {"mof": "MoF", "edit": "edit", "miou": "mIoU"}
    names |= {f"f1_{percent}": f"F1@{percent}" for percent in (10, 25, 50)}

    def test_golden(self):
        shuffled = np.random.default_rng(0).permutation(len(self.true))
        parts = (self.true, self.pred, self.of_each)
        true, pred, of_each = ([part[i] for i in shuffled] for part in parts)
        report = segmentation_report(true, pred, activities=of_each, output_dict=True)
        scores = report["scores"]
        row = scores["activity, mean"]
        for key, name in self.names.items():
            each = [case["activity"][key] for case in self.cases]
            assert row[name] == pytest.approx(np.mean(each), abs=1e-9)
            rows = [scores[f"activity {case['name']}"][name] for case in self.cases]
            assert rows == pytest.approx(each, abs=1e-9)
        counts = [sum(map(len, case["true"])) for case in self.cases]
        right = np.dot([case["activity"]["mof"] for case in self.cases], counts)
        pooled = scores["activity, pooled"]["MoF"]
        assert pooled == pytest.approx(right / sum(counts), abs=1e-9)
        right = np.dot([case["video"]["mof"] for case in self.cases], counts)
        pooled = scores["recording, pooled"]["MoF"]
        assert pooled == pytest.approx(right / sum(counts), abs=1e-9)

    def test_functions_have_the_scores_of_the_report(self):
        y, of_each = (self.true, self.pred), {"activities": self.of_each}
        explicit = of_each | {"scope": "activity"}
        report = segmentation_report(*y, output_dict=True, **explicit)
        mean, pooled, *_ = report["scores"].values()
        columns = ["MoF", "F1@50", "edit", "mIoU", "mean recall"]
        for options in (of_each, explicit, explicit | {"background": None}):
            assert all_scores(*y, **options) == [mean[column] for column in columns]
        assert adjusted_mutual_info_score(*y, **of_each) == mean["AMI"]
        assert mof_score(*y, average="pooled", **of_each) == pooled["MoF"] < mean["MoF"]
        match = match_labels(*y, **of_each)
        for case in self.cases:
            assert match[case["name"]] == match_labels(case["true"], case["pred"])

    def test_by_name(self):
        true = {"a": [0, 1], "b": [0, 1], "c": [0, 1]}
        pred = {"c": [1, 0], "b": [1, 0], "a": [0, 1]}
        activities = {"b": "tea", "c": "tea", "a": "coffee"}
        options = {"scope": "activity", "activities": activities}
        assert mof_score(true, pred, **options) == 1 > mof_score(true, pred)
        options["activities"] = pd.Series(activities)  # in another order than true
        assert mof_score(true, pred, **options) == 1
        # the names of either side do
        assert mof_score([pred[name] for name in true], true, **options) == 1
        with pytest.raises(ValueError, match="activities has no 'b'"):
            mof_score(true, pred, activities={"a": 0})

    def test_with_and_without_background(self):
        true = [list("SaabS"), list("SSabb")]
        pred = [[0, 1, 1, 2, 2], [0, 0, 1, 2, 0]]
        report = segmentation_report(true, pred, background="S", output_dict=True)
        without = report["scores without background"]
        assert without.keys() == report["scores"].keys()
        assert report["scores"]["all"]["MoF"] == 0.8
        assert without["all"]["MoF"] == 5 / 6
        assert mof_score(true, pred, ignore_labels="S") == 5 / 6
        plain = segmentation_report(true, pred, output_dict=True)
        assert plain["scores"] == report["scores"]
        # without such a class, or if nothing else is counted
        y = ["background", "background", "a"], [0, 0, 1]
        alone = segmentation_report(*y, ignore_labels="a", output_dict=True)
        assert alone["scores"]["all"]["MoF"] == 1
        assert list(alone["scores"]) == ["all"]  # of a single recording
        for other in (plain, alone):
            assert "scores without background" not in other


@pytest.mark.parametrize(
    ("labels", "n_actions", "score"),
    [
        ([[0, 0, 1, 1]], None, 2 / 3),  # one of two segments counts: P = 1/2, R = 1
        ([[0, 0, 1, 1]] * 2, 2, 6 / 7),  # three of four: P = 3/4, R = 1
        ([[0, 1], [1, 0]], 2, 2 / 3),  # equal ones join: two of three, P = 2/4
        ([[0, 1, 0, 1, 0]], None, 4 / 3),  # more segments than K: P = 4/2, R = 1
        ([["a", "b"], ["a", "b"]], 4, 6 / 11),  # K is that of the fit: P = 3/8
        ([["a", "SIL", "b"], ["SIL"]], 2, 2 / 3),  # the second one has no frame left
    ],
)
def test_released_f1_of_a_perfect_prediction(labels, n_actions, score):
    numbers = [[9 if y in (0, "a") else 7 for y in path] for path in labels]
    options = {"n_actions": n_actions, "ignore_labels": "SIL"}
    assert released_f1_score(labels, numbers, **options) == pytest.approx(score)
    both = [*labels, *labels], [*numbers, *numbers]
    activities = ["x"] * len(labels) + ["y"] * len(labels)
    found = released_f1_score(*both, activities=activities, **options)
    assert found == pytest.approx(score)


def test_released_f1_draws_frames():
    """Half of the frames are right, so that half of the draws are, more or less."""
    y = [[0, 0, 1]], [[0, 2, 1]]
    scores = [released_f1_score(*y, random_state=seed) for seed in (0, 0, 1)]
    assert scores[0] == scores[1] != scores[2]
    assert scores == pytest.approx([1 / 3] * 3, abs=0.1)
    with pytest.raises(ValueError, match="1 segment, expected 2"):
        released_f1_score([0, 0], [1, 1])


def test_paper_f1_is_a_mean_over_recordings():
    y_true = [[0, 0, 1, 1], [0, 0, 1, 1]]
    y_pred = [[0, 0, 1, 1], [0, 1, 1, 1]]  # half of action 0 is no hit
    assert paper_f1_score(y_true, y_pred) == 0.75
    assert segment_f1_score(y_true, y_pred, average="recording") == 1


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
        score = segment_f1_score(true, pred, overlap=overlap, average="recording")
        assert score == pytest.approx(np.mean(per_video))

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
        score = mean_recall_score(true, pred)
        assert score == pytest.approx(recall_after_match(*frames))
        by_video = [recall_after_match(*video) for video in zip(true, pred)]
        score = mean_recall_score(true, pred, scope="recording")
        assert score == pytest.approx(np.mean(by_video))


class TestIgnoreLabels:
    true, pred = list("aaSSbb"), [0, 0, 0, 1, 1, 1]

    def test_forms(self):
        for ignored in ("S", ("S", "unknown"), {"S"}, np.array(["S"])):
            assert mof_score(self.true, self.pred, ignore_labels=ignored) == 1
        for ignored in (7, 7.0, np.int64(7), np.array(7)):
            assert mof_score([1, 7, 7], [0, 0, 0], ignore_labels=ignored) == 1
        for ignored in (None, [], "unknown", 0):
            assert mof_score(self.true, self.pred, ignore_labels=ignored) == 4 / 6


class TestReport:
    true = tuple("aaSbbb"), tuple("aabccc"), tuple("SSS")
    pred = (0, 0, 0, 1, 1, 2), (0, 5, 1, 3, 3, 0), (4, 4, 4)

    def report(self, output_dict=True, **options):
        return segmentation_report(
            self.true, self.pred, ignore_labels="S", output_dict=output_dict, **options
        )

    @pytest.mark.parametrize("scope", SCOPES)
    def test_totals_are_the_scores(self, scope):
        report = self.report(scope=scope)
        (row, *_) = report["scores"].values()
        expected = all_scores(self.true, self.pred, scope=scope, ignore_labels="S")
        names = ["MoF", "F1@50", "edit", "mIoU", "mean recall"]
        assert [row[name] for name in names] == expected
        average = "recording" if scope == "recording" else "pooled"
        options = {"average": average, "ignore_labels": "S"}
        assert row["AMI"] == adjusted_mutual_info_score(self.true, self.pred, **options)
        # the last recording is all ignored
        assert (report["recordings"], report["frames"]) == (2, 11)

    @given(activities)
    def test_actions_as_in_sklearn(self, activity):
        true, pred = unzip(activity)
        report = segmentation_report(true, pred, output_dict=True)
        true_frames = np.concatenate(true)
        named = itertools.chain(*rename(pred, match_labels(true, pred)))
        matched = [-1 if isinstance(p, str) else p for p in named]
        expected = precision_recall_fscore_support(
            true_frames, matched, labels=np.unique(true_frames), zero_division=0
        )
        got = [
            [row[key] for key in ("precision", "recall", "f1-score", "frames")]
            for row in report["actions"].values()
        ]
        np.testing.assert_allclose(got, np.transpose(expected))
        ious = [row["iou"] for row in report["actions"].values()]
        assert np.mean(ious) == pytest.approx(report["scores"]["all"]["mIoU"])

    def test_text_shows_everything(self):
        report = self.report()
        text = self.report(output_dict=False)
        assert list(report["scores"]) == ["all", "recording, pooled", "recording, mean"]
        head = f"{'':22}  precision   recall  f1-score      iou   frames  cluster"
        assert text.startswith(f"{head}\n{'a':>22}      0.750    0.750     0.750")
        lines = [line.split() for line in text.splitlines() if line]
        for name, row in report["actions"].items():
            *scores, frames, cluster = row.values()
            shown = [f"{score:.3f}" for score in scores]
            assert [name, *shown, str(frames), str(cluster)] in lines
        for name, row in report["scores"].items():
            shown = [f"{score:.3f}" for score in row.values()]
            assert [*name.split(), *shown] in lines
        assert ["frames", "11"] in lines
        assert text.endswith("clusters without class  2 (frames: 1), 5 (frames: 1)")


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


@pytest.mark.parametrize("score", [segment_f1_score, edit_score])
def test_memory_is_linear(score):
    rng = np.random.default_rng(0)
    true = np.cumsum(rng.integers(1, 8, size=1500)) % 8  # a segment for each frame
    pred = np.where(rng.random(1500) < 0.1, 0, true)
    tracemalloc.start()
    assert 0.5 < score(true, pred) < 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1000 * len(true)


A, B = [0, 0, 1], [0, 1]
REFUSED = [
    ("3 frames, y_pred has 2", lambda: mof_score(A, B)),
    ("Recording 1: y_true has 2", lambda: mof_score([A, B], [A, A])),
    ("2 recordings, y_pred has 1", lambda: mof_score([A, B], [A])),
    ("Recording 1: .* no frames", lambda: edit_score([A, []], [A, []])),
    ("y_pred has no 'a'", lambda: mof_score({"a": A}, {"b": A})),
    ("which y_true has not", lambda: mof_score({"b": A}, {"a": A, "b": A})),
    ("empty", lambda: match_labels([], [])),
    ("ignore_labels", lambda: miou_score(A, A, ignore_labels=[0, 1])),
    ("scope", lambda: mof_score(A, A, scope="dataset")),
    ("activities", lambda: mof_score(A, A, scope="activity")),
    ("activities", lambda: mof_score([A, A], [A, A], activities=["tea"])),
    ("activities", lambda: edit_score(A, A, average="activity")),
    ("y_true", lambda: mof_score("abc", A)),
    ("y_pred", lambda: mof_score(A, [0.5, 1, 2])),
    ("ignore_labels", lambda: mof_score(A, A, ignore_labels=[[0]])),
    ("background", lambda: mof_score(A, A, background=[0])),
    ("average", lambda: segment_f1_score(A, A, average="macro")),
    ("overlap", lambda: segment_f1_score(A, A, overlap="0.5")),
    ("overlap", lambda: segment_f1_score(A, A, overlap=True)),
    ("average", lambda: adjusted_mutual_info_score(A, A, average="mean")),
]


@pytest.mark.parametrize(("words", "call"), REFUSED)
def test_refusals(words, call):
    with pytest.raises((TypeError, ValueError), match=words):
        call()
