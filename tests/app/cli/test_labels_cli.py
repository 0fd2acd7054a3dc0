"""The command line for labels that people have corrected."""

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator

from skl_tot import AutoSegmenter, GuidedSegmenter, HMMSegmenter
from skl_tot.app.cli.corrections import describe_changes
from skl_tot.app.report import write_report
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import merge, rename
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, read_segments, save_model, segments, write_segments
from skl_tot.recordings.names import name_all_actions

WORDS = np.array(["take cup", "pour", "stir"])
FIT = "fit flat --n-actions 3 --method hmm"


@pytest.fixture(autouse=True)
def _in_a_folder(monkeypatch, folder):
    monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Recordings, a model, and folders of labels, good and bad."""
    root = tmp_path_factory.mktemp("labels")
    videos, truth = make_activities(4, 3, n_features=5, mean_length=60, random_state=0)
    (root / "flat").mkdir()
    for i, video in enumerate(videos):
        np.save(root / "flat" / f"v{i}.npy", video)
    (root / "names.txt").write_text("0 take cup\n1 pour\n2 stir\n")
    save_model(HMMSegmenter(3).fit(videos), root / "model.skops")
    two = {"v0": WORDS[truth[0]], "v2": WORDS[truth[2]]}
    put(root / "two", two)
    half = two["v0"].copy()
    half[10:] = "background"
    put(root / "half", {"v0": half})  # with --gaps unknown, nothing is a gap
    put(root / "stranger", two | {"v9": WORDS[truth[0]]})
    put(root / "many", {"v0": np.array(["a", "b", "c", "d", "e"]).repeat(5)})
    put(root / "long", {"v1": WORDS[[0, 1]].repeat(500)})
    put(root / "times", two, ".vtt")
    put(root / "clash", two)
    put(root / "clash", {"v0": two["v0"]}, ".json")
    (root / "nothing").mkdir()
    (root / "unlabelled").mkdir()
    (root / "unlabelled" / "v0.csv").write_text("label,start,end\n")
    (root / "part").mkdir()
    (root / "part" / "v0.csv").write_text(
        "action,start,end\ntake cup,0,10\npour,20,30\n"
    )
    return root


def put(folder, labels, suffix=".csv"):
    """Write files of labels by the names of their recordings."""
    folder.mkdir(exist_ok=True)
    for name, own in labels.items():
        write_segments(segments(own, fps=10), folder / f"{name}{suffix}")


def load_videos():
    return [np.load(f"flat/v{i}.npy") for i in range(4)]


def move_boundary(path, frame, to):
    """Edit a boundary as people do, of 10 frames per second."""
    if path.suffix == ".csv":
        rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
        rows = [row[:3] for row in rows]  # times are removed, not corrected
        text = "\n".join(",".join(row) for row in rows).replace(str(frame), str(to))
    else:
        text = path.read_text(encoding="utf-8")
        for before, after in [
            (f'"{frame * 100}"', f'"{to * 100}"'),
            (f"00:0{frame / 10:.3f}", f"00:0{to / 10:.3f}"),
            (f"xmin = {frame / 10:g} ", f"xmin = {to / 10:g} "),
            (f"xmax = {frame / 10:g} ", f"xmax = {to / 10:g} "),
        ]:
            text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("format", ["csv", "elan", "textgrid", "webvtt"])
def test_round_trip(run, tmp_path, capsys, format):
    options = f"--format {format} --fps 10 --names names.txt"
    assert run(f"predict model.skops flat --out {tmp_path}/found {options}") == 0
    (path,) = (tmp_path / "found").glob("v1.*")
    found = read_segments(path, fps=10)
    frame = int(np.flatnonzero(found[1:] != found[:-1])[0]) + 1
    (tmp_path / "corrected").mkdir()
    path = path.rename(tmp_path / "corrected" / path.name)
    move_boundary(path, frame, frame + 4)
    corrected = read_segments(path, fps=10)
    assert np.flatnonzero(corrected != found).tolist() == [*range(frame, frame + 4)]
    model = tmp_path / "new.skops"
    command = f"refine model.skops flat --labels {tmp_path}/corrected --fps 10"
    capsys.readouterr()
    assert run(f"{command} --out {model}") == 0
    printed = capsys.readouterr().out
    assert f"{len(found)} frames of 1 of 4 recordings are labelled, with 3" in printed
    refined = load_model(model)
    assert isinstance(refined.estimator, FrozenEstimator)
    assert set(refined.classes_) == set(WORDS)
    np.testing.assert_array_equal(refined.labels_["v1"], corrected)
    assert run(f"predict {model} flat --out {tmp_path}/again") == 0
    for i, labels in enumerate(refined.predict(load_videos())):
        assert labels.dtype.kind == "U"
        again = read_segments(tmp_path / "again" / f"v{i}.csv")
        np.testing.assert_array_equal(again, labels)
    assert np.mean(read_segments(tmp_path / "again" / "v1.csv") == corrected) > 0.8


class TestFit:
    @pytest.mark.parametrize("pipeline", ["", "--pipeline standard"])
    def test_labels_are_learned(self, run, tmp_path, capsys, pipeline):
        out = tmp_path / "a.skops"
        assert run(f"{FIT} --labels two {pipeline} --out {out}") == 0
        printed = capsys.readouterr().out
        assert "2 of 4 recordings are labelled, with 3 labels.\nFitted to 4" in printed
        y = [None] * 4
        y[0], y[2] = read_segments("two/v0.csv"), read_segments("two/v2.csv")
        expected = GuidedSegmenter(HMMSegmenter(3)).fit(load_videos(), y)
        found = load_model(out)
        labels = found.predict(load_videos())
        for own, other in zip(labels, expected.predict(load_videos()), strict=True):
            assert np.mean(own == other) > (0.9 if pipeline else 0.999)

    def test_times_and_gaps(self, run, tmp_path):
        out = tmp_path / "a.skops"
        assert run(f"{FIT} --labels times --fps 10 --out {out}") == 0
        assert load_model(out).classes_.tolist() == sorted(WORDS)
        assert run(f"{FIT} --labels part --gaps background --out {out}") == 0
        model = load_model(out)
        assert model.classes_.tolist() == ["background", "pour", "take cup"]
        assert (model.labels_["v0"][10:20] == "background").all()
        assert run(f"{FIT} --labels part --gaps unknown --out {out}") == 0
        assert "background" not in load_model(out).classes_

    def test_without_labels_as_before(self, run, tmp_path, capsys):
        assert run(f"{FIT} --out {tmp_path}/a.skops") == 0
        assert capsys.readouterr().out.startswith("Fitted to 4 recordings")
        assert load_model(tmp_path / "a.skops").classes_ is None


class TestRefine:
    def test_of_a_pipeline(self, run, tmp_path, capsys):
        path, again = tmp_path / "a.skops", tmp_path / "b.skops"
        assert run(f"{FIT} --pipeline standard,pca:3 --out {path}") == 0
        assert run(f"refine {path} flat --labels two --out {again}") == 0
        model = load_model(again)
        y = [read_segments("two/v0.csv"), None, read_segments("two/v2.csv"), None]
        np.testing.assert_array_equal(model[-1].labels_["v0"], y[0])
        before = model.predict(load_videos())
        capsys.readouterr()
        assert run(f"refine {again} flat --labels two --out {path}") == 0
        # the same labels again change nothing
        printed = capsys.readouterr().out
        n_frames = len(before[1]) + len(before[3])
        assert f"0 of {n_frames} (0.0%) frames without a label" in printed
        assert "(0.0%) segments" in printed

    def test_changes_are_counted(self):
        before = [np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 2, 2])]
        after = [WORDS[[0, 0, 0, 1, 1, 2]], WORDS[[0, 0, 0, 0, 1, 2, 1]]]
        y = [np.array(["take cup", "", "", "", "", ""]), None]
        found = describe_changes(before, after, y, by_name=False)
        # one of two frames is no majority
        assert "3 of 12 (25.0%) frames" in found
        assert "1 of 3 (33.3%) segments" in found
        names = [WORDS[path][::-1] for path in before]
        found = describe_changes(names, names, y, by_name=True)
        assert "0 of 12 (0.0%) frames" in found
        swapped = [WORDS[(path + 1) % 3] for path in before]
        found = describe_changes(names, swapped, [None, None], by_name=False)
        assert "0 of 13" not in found
        found = describe_changes([WORDS[path] for path in before], swapped, y, True)
        assert "12 of 12 (100.0%) frames" in found
        found = describe_changes([WORDS[path] for path in before], swapped, y, False)
        assert "0 of 12 (0.0%) frames" in found


class TestEvaluate:
    def test_ground_truth_from_labels(self, run, tmp_path, capsys):
        out = f"{tmp_path}/found"
        assert run(f"predict model.skops flat --out {out} --names names.txt") == 0
        put(tmp_path / "labels", {"v1": read_segments(f"{out}/v1.csv")})
        capsys.readouterr()
        command = f"evaluate flat {out} --labels {tmp_path}/labels --scope labels"
        assert run(command) == 0
        printed = capsys.readouterr().out
        assert printed.startswith("3 of 4 recordings have no labels, left out.\n")
        assert printed.split()[printed.split().index("MoF") + 1] == "1.000"
        assert printed.split()[printed.split().index("recordings", 5) + 1] == "1"

    def test_unlabelled_frames_do_not_count(self, run, tmp_path, capsys):
        assert run(f"predict model.skops flat --out {tmp_path}/found") == 0
        assert run(f"evaluate flat {tmp_path}/found --labels part") == 0
        printed = capsys.readouterr().out.split()
        assert printed[printed.index("frames", printed.index("MoF")) + 1] == "20"
        command = f"evaluate flat {tmp_path}/found --labels part --ignore pour"
        assert run(command) == 0
        printed = capsys.readouterr().out.split()
        assert printed[printed.index("frames", printed.index("MoF")) + 1] == "10"

    def test_numbers_are_labels_too(self, run, tmp_path, capsys):
        assert run(f"predict model.skops flat --out {tmp_path}/found") == 0
        capsys.readouterr()
        labels = f"--labels {tmp_path}/found --scope labels"
        assert run(f"evaluate flat {tmp_path}/found {labels}") == 0
        printed = capsys.readouterr().out.split()
        assert printed[printed.index("MoF") + 1] == "1.000"


class TestNames:
    def test_of_text_labels_by_their_place(self, run, tmp_path):
        path, out = tmp_path / "a.skops", tmp_path / "found"
        assert run(f"refine model.skops flat --labels two --out {path}") == 0
        (tmp_path / "names.txt").write_text("1 mix\n")
        options = f"--out {out} --names {tmp_path}/names.txt"
        assert run(f"predict {path} flat {options}") == 0
        for i, labels in enumerate(load_model(path).predict(load_videos())):
            expected = np.where(labels == "stir", "mix", labels)
            found = read_segments(out / f"v{i}.csv")
            np.testing.assert_array_equal(found, expected)

    def test_of_numbers_by_themselves(self, run, tmp_path, capsys):
        numbers = np.array([7, 2, 5])
        y = [np.searchsorted(WORDS, read_segments("two/v0.csv"), sorter=[1, 2, 0])]
        y = [numbers[y[0]], None, None, None]
        model = GuidedSegmenter(HMMSegmenter(3)).fit(load_videos(), y)
        save_model(model, tmp_path / "a.skops")
        assert run(f"predict {tmp_path}/a.skops flat --out {tmp_path}/plain") == 0
        (tmp_path / "names.txt").write_text("7 seven\n")
        options = f"--out {tmp_path}/named --names {tmp_path}/names.txt"
        assert run(f"predict {tmp_path}/a.skops flat {options}") == 0
        for i, labels in enumerate(model.predict(load_videos())):
            plain = read_segments(tmp_path / "plain" / f"v{i}.csv")
            np.testing.assert_array_equal(plain, labels.astype(str))
            expected = np.where(plain == "7", "seven", plain)
            named = read_segments(tmp_path / "named" / f"v{i}.csv")
            np.testing.assert_array_equal(named, expected)
        options = f"--out {tmp_path}/none --names names.txt"
        assert run(f"predict {tmp_path}/a.skops flat {options}") == 2
        assert "expected actions among [2, 5, 7]" in capsys.readouterr().err
        assert run(f"report {tmp_path}/a.skops flat --out {tmp_path}/a.html") == 0
        text = (tmp_path / "a.html").read_text(encoding="utf-8")
        assert "action 7" in text
        assert "action 1" not in text

    def test_background_among_labels(self):
        classes = np.array(["background", "pour"])
        assert name_all_actions(classes, None).tolist() == ["background", "pour"]
        named = name_all_actions(classes, {0: "pause", 1: "pause"})
        assert named.tolist() == ["pause", "pause"]
        with pytest.raises(ValueError, match="from 0 to 1"):
            name_all_actions(classes, {2: "pause"})


class TestReport:
    @pytest.mark.parametrize("gaps", ["unknown", "background"])
    def test_text_labels(self, run, tmp_path, gaps):
        pytest.importorskip("jinja2")
        out = tmp_path / "a.skops"
        assert run(f"{FIT} --labels part --gaps {gaps} --out {out}") == 0
        assert run(f"report {out} flat --out {tmp_path}/a.html") == 0
        text = (tmp_path / "a.html").read_text(encoding="utf-8")
        assert "take cup" in text
        assert "pour" in text
        assert (">background</span>" in text) == (gaps == "background")
        assert run(f"predict {out} flat --out {tmp_path}/found") == 0
        assert run(f"plot {tmp_path}/found --out {tmp_path}/a.svg") == 0
        assert "take cup" in (tmp_path / "a.svg").read_text(encoding="utf-8")

    def test_candidates_have_the_actions_of_most_frames(self, tmp_path):
        pytest.importorskip("jinja2")
        from skl_tot.app.report.findings import gather_findings

        videos = load_videos()
        y = [read_segments("two/v0.csv"), None, None, None]
        y[0][y[0] == "stir"] = "pour"
        candidates = [("mallow", MallowSegmenter(3)), ("hmm", HMMSegmenter(3))]
        model = GuidedSegmenter(
            AutoSegmenter(3, candidates=candidates, refine=False, random_state=0)
        )
        model.fit(videos, y)
        names = [f"v{i}" for i in range(4)]
        findings = gather_findings(model, videos, names, model.classes_)
        for i, paths in enumerate(findings.candidates):
            for path in paths.values():
                assert path.max() < len(model.classes_)
                assert np.mean(path == findings.paths[i]) > 0.5
        write_report(model, videos, tmp_path / "a.html")
        assert "take cup" in (tmp_path / "a.html").read_text(encoding="utf-8")


LEARN = f"{FIT} --out a.skops --labels"
ERRORS = [
    (f"{LEARN} stranger", "v9.csv has labels of 'v9', expected"),
    (f"{LEARN} none", "none is no folder or file, expected --labels"),
    (f"{LEARN} nothing", "nothing has no file"),
    (f"{LEARN} many", "y has 5 labels, expected at most n_actio"),
    (f"{LEARN} long", "v1.csv: 'pour' from 500"),
    (f"{LEARN} times", "v0.vtt, line 3: times are seconds"),
    (f"{LEARN} clash", "both have a recording 'v0'"),
    (f"{LEARN} unlabelled", "no labelled frame"),
    (f"{LEARN} two --gaps all", "invalid choice: 'all'"),
    (f"{LEARN} two --fps 0", "0 is not a positive number"),
    (f"{LEARN} two --set guidance=transcripts", "guidance"),
    (f"{LEARN} two --cycles", "--labels and --cycles are given, expected one of"),
    (f"{FIT} --out a.skops --gaps unknown", "--gaps is given without --labels"),
    ("refine model.skops flat --out a.skops", "required: --labels"),
    ("refine model.skops flat --labels stranger --out a.skops", "v9.csv has labels"),
    ("refine none.skops flat --labels two --out a.skops", "none.skops"),
    ("refine model.skops flat --labels two --out no/a.skops", "no is no folder"),
    ("evaluate flat two --labels stranger", "v9.csv has labels of 'v9'"),
    ("evaluate flat stranger --labels two", "flat has no recording 'v9'"),
    ("evaluate flat two --labels part --ignore stir", "part has no frames of label 's"),
    ("evaluate flat two --labels times", "times are seconds"),
]


@pytest.mark.parametrize(("command", "message"), ERRORS)
def test_errors_are_one_line_and_leave_nothing(refuses, folder, command, message):
    refuses(command, message, folder)


def test_predictions_without_labels(run, tmp_path, capsys):
    put(tmp_path / "found", {"v1": np.array(["pour"] * 9)})
    assert run(f"evaluate flat {tmp_path}/found --labels two") == 2
    assert "No recording with predictions has labels" in capsys.readouterr().err


def test_one_table_of_several_recordings(run, tmp_path):
    table = "recording,action,start,end\nv0,pour,0,20\nv0,stir,20,30\nv3,pour,0,10\n"
    (tmp_path / "all.csv").write_text(table)
    out = tmp_path / "a.skops"
    assert run(f"{FIT} --labels {tmp_path}/all.csv --out {out}") == 0
    assert load_model(out).classes_.tolist() == ["pour", "stir", "action 1"]
    assert (load_model(out).labels_["v3"][:10] == "pour").all()


class TestEdit:
    def test_all_of_it(self, run, capsys):
        command = "edit model.skops --merge 1 2 --rename 0=reach 1=pour --out e.skops"
        assert run(command) == 0
        assert "Actions: reach, pour." in capsys.readouterr().out
        videos = load_videos()
        expected = rename(merge(load_model("model.skops"), [1, 2]), ["reach", "pour"])
        found = load_model("e.skops").predict(videos)
        for path, labels in zip(found, expected.predict(videos)):
            assert path.tolist() == labels.tolist()
        assert run("edit e.skops --merge pour reach --out f.skops") == 0
        assert load_model("f.skops").classes_.tolist() == ["pour"]

    def test_split(self, run, capsys):
        assert run("edit model.skops --split 1 --features flat --out s.skops") == 0
        assert "Actions: 0, 1, 2, 3." in capsys.readouterr().out
        assert run("predict s.skops flat --out split") == 0

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ("", "nothing to do, expected --reading"),
            ("--merge 1", "expected 2 or more"),
            ("--merge 1 9", "there is no action 9, only [0, 1, 2]"),
            ("--split 1", "--features is missing, expected recordings to split"),
            ("--rename 0", "--rename has '0', expected ACTION=NAME"),
            ("--rename 0=a 1=a", "names would have 'a' twice"),
        ],
    )
    def test_errors(self, run, capsys, options, message):
        assert run(f"edit model.skops {options} --out bad.skops") != 0
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
        assert not Path("bad.skops").exists()
