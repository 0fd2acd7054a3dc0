"""The command line, as people call it."""

import importlib.util
import inspect
import os
import re
import select
import shlex
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skl_tot
from skl_tot import HMMSegmenter
from skl_tot.app.cli.main import main, make_parser
from skl_tot.app.cli.reading import find_video_file
from skl_tot.app.cli.recipes import Recipe
from skl_tot.app.cli.registry import COMMANDS
from skl_tot.app.cli.searching import describe_collapse, rank
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.display import palette
from skl_tot.io import FORMATS, load_model, read_segments, read_table, write_segments
from skl_tot.io.formats import writable_formats
from skl_tot.meta.candidates import Plan
from skl_tot.methods.pipelines import last_step

QUICK = "max_iter=30 random_state=0 --method paper"


@pytest.fixture(autouse=True)
def _in_a_folder(monkeypatch, folder):
    monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Data sets, a model, predictions, and things that are none of these."""
    root = tmp_path_factory.mktemp("cli")
    videos, labels = make_activities(4, 3, n_features=5, mean_length=60, random_state=0)
    for name in ("flat", "data/features", "data/groundTruth", "empty", "other", "wide"):
        (root / name).mkdir(parents=True)
    text_of = []
    for i, (video, truth) in enumerate(zip(videos, labels)):
        np.save(root / "flat" / f"v{i}.npy", video)
        np.save(root / "data" / "features" / f"v{i}.npy", video)
        np.save(root / "wide" / f"v{i}.npy", np.hstack([video, video]))
        text_of.append("\n".join(f"act{k}" for k in truth))
        (root / "data" / "groundTruth" / f"v{i}.txt").write_text(text_of[i])
    (root / "cyclic").mkdir()
    for i in range(4):
        np.save(root / "cyclic" / f"v{i}.npy", np.vstack([videos[i]] * 6))
    (root / "names.txt").write_text("0 take cup\n1 pour\n2 stir\n")
    (root / "back_names.txt").write_text("0 take cup\n-1 nothing\n")
    (root / "named_segments").mkdir()
    (root / "named_segments" / "v0.txt").write_text("act0\nact1\n")
    (root / "nan_last").mkdir()
    for i in range(4):
        video = videos[i] if i < 3 else np.full((30, 5), np.nan)
        np.save(root / "nan_last" / f"v{i}.npy", video)
    (root / "more_names.txt").write_text("0 take cup\n3 pour\n")
    (root / "one_wide").mkdir()
    np.save(root / "one_wide" / "v0.npy", videos[0])
    np.save(root / "one_wide" / "v1.npy", np.hstack([videos[1], videos[1]]))
    (root / "taken" / "v1.csv").mkdir(parents=True)
    (root / "bad_names.txt").write_text("cup\n")
    (root / "broken.skops").write_bytes(b"no model")
    (root / "file.txt").write_text("x")
    (root / "other" / "v0.csv").write_text("a,b\n1,2\n")
    (root / "nan").mkdir()
    np.save(root / "nan" / "v0.npy", np.full((30, 5), np.nan))
    (root / "list.json").write_text('["take cup"]')
    for name in ("endless", "quoted", "one_short"):
        (root / name).mkdir()
    (root / "endless" / "v0.csv").write_text(f"action,start,end\n0,0,{10**15}\n")
    quoted = 'action,start,end\n"' + "a" * 200_000
    (root / "quoted" / "v0.csv").write_text(quoted)
    (root / "one_short" / "v0.txt").write_text(text_of[0])
    (root / "one_short" / "v1.txt").write_text("act0\n")
    (root / "junk").mkdir()
    (root / "junk" / "v0.npy").write_bytes(b"no array")
    (root / "short").mkdir()
    (root / "short" / "v0.txt").write_text("act0\nact1\n")
    (root / "unknown").mkdir()
    (root / "unknown" / "v9.txt").write_text("act0\nact1\n")
    (root / "twice").mkdir()
    (root / "twice" / "v0.txt").write_text("act0\n")
    (root / "twice" / "v0.csv").write_text("action,start,end\nact0,0,1\n")
    command = f"fit {root}/flat --n-actions 3 --set {QUICK} --out {root}/model.skops"
    assert main(command.split()) == 0
    command = f"predict {root}/model.skops {root}/flat --out {root}/segments --fps 30"
    assert main(command.split()) == 0
    return root


class TestCommands:
    def test_from_files_to_named_segments(self, run, folder, capsys):
        options = f"--n-actions 3 --set {QUICK} --pipeline standard,pca:3"
        assert run(f"fit flat {options} --out piped.skops") == 0
        assert run("predict piped.skops flat --out named --names names.txt") == 0
        assert run("plot named --out named.svg --fps 30") == 0
        printed = capsys.readouterr()
        assert "Fitted to 4 recordings with seed 0, written to piped." in printed.out
        assert printed.err == ""  # no bar where no one looks
        model = load_model("piped.skops")
        assert [name for name, _ in model.steps][-1] == "temporalotsegmenter"
        expected = model.predict([np.load(f"flat/v{i}.npy") for i in range(4)])
        words = np.array(["take cup", "pour", "stir"])
        for i, labels in enumerate(expected):
            path = f"named/v{i}.csv"
            np.testing.assert_array_equal(read_segments(path), words[labels])
            assert read_table(path)["confidence"].between(1e-9, 1).all()
        assert b"take cup" in (folder / "named.svg").read_bytes()
        assert run("report piped.skops data --out page.html --names names.txt") == 0
        assert "take cup" in (folder / "page.html").read_text(encoding="utf-8")

    @pytest.mark.parametrize("format", writable_formats())
    def test_formats(self, run, folder, format):
        assert (
            run(f"predict model.skops flat --out {format} --format {format} --fps 9")
            == 0
        )
        assert len(list((folder / format).glob(f"v?{FORMATS[format].suffix}"))) == 4

    def test_evaluate(self, run, capsys):
        assert run("evaluate data segments --ignore act9") == 2
        assert "act9" in capsys.readouterr().err
        assert run("evaluate data segments") == 0
        everything = capsys.readouterr().out
        assert "MoF" in everything
        assert run("evaluate data segments --scope video --ignore act0 act1") == 0
        assert capsys.readouterr().out != everything

    @pytest.mark.parametrize(
        ("options", "n_candidates"),
        [
            ("--grid rho=0.05,0.1 prior=temporal,None --scoring label-free", 4),
            ("--grid n_actions=2,3 --scoring mof --pipeline minmax", 2),
        ],
    )
    def test_search(self, run, folder, capsys, options, n_candidates):
        start = "" if "n_actions" in options else "--n-actions 3 "
        command = f"search data {start}--set {QUICK} {options} --out best.skops"
        assert run(command) == 0
        lines = capsys.readouterr().out.splitlines()
        rows = [line for line in lines if "+-" in line]
        assert len(rows) == n_candidates
        means = [float(row.split("+-")[0].split()[-1]) for row in rows]
        assert means == sorted(means, reverse=True)
        model = load_model("best.skops")
        best = str(dict(model.get_params(deep=True)))
        name, value = lines[0].split()[0], lines[1].split()[0]
        assert f"{name}': {value}" in best

    @pytest.mark.filterwarnings("ignore:.*Frames are those of a raw signal")
    def test_a_collapse_is_not_the_best(self, run, folder, capsys):
        rng = np.random.default_rng(0)
        for name in ("features", "groundTruth"):
            (folder / "uneven" / name).mkdir(parents=True)
        for i in range(4):
            truth = np.repeat([0, 1, 0, 2, 0], [30, 6, 40, 6, 30 + i])
            video = 5 * np.eye(3)[truth] + rng.normal(size=(len(truth), 3))
            np.save(folder / "uneven" / "features" / f"v{i}.npy", video)
            text = "\n".join(f"act{k}" for k in truth)
            (folder / "uneven" / "groundTruth" / f"v{i}.txt").write_text(text)
        costs = "--grid switch_cost=1000000,0.1,900000 --method k_means --n-actions 3"
        for scoring in ("mof", "label-free"):
            assert run(f"search uneven {costs} --scoring {scoring} --out a.skops") == 0
            head, first, *rows = capsys.readouterr().out.splitlines()[:4]
            assert head.endswith("in effect")
            assert first.split()[0] == "0.1"
            assert re.search(r"(1\.[5-9]|2\.[0-9]) of 3$", first)
            assert all(row.endswith("1.0 of 3, collapsed") for row in rows)
            assert load_model("a.skops").switch_cost == 0.1
        costs = costs.replace("0.1,", "")
        assert run(f"search uneven {costs}") == 0
        text = capsys.readouterr().out
        assert "No setting is best, as all have collapsed: fewer than half" in text
        costs = "--grid n_actions=2,3 --method k_means --set switch_cost=1000000"
        assert run(f"search uneven {costs}") == 0
        text = capsys.readouterr().out
        assert "No setting is best" in text
        assert "The best n_actions" not in text

    def test_a_collapse_with_the_best_score_is_not_the_best(self):
        results = {
            "rank_test_score": np.array([1, 3, 2, 4]),
            "mean_test_effective": np.array([2.9, 3.0, 5.0, 1.0]),
            "mean_test_n_actions": np.array([6, 6, 6, 1]),
            "mean_test_expected": np.array([6, 6, 6, 1]),
        }
        assert rank(results).tolist() == [2, 1, 3, 0]
        assert describe_collapse(results) is None
        # of uneven actions, few are in effect
        results["mean_test_expected"] = np.array([3.1, 3.1, 3.1, 1])
        assert rank(results).tolist() == [0, 2, 1, 3]

    def test_some_actions_without_names(self, run, folder, capsys):
        (folder / "one.txt").write_text("1 $take^{ cup")
        assert run("predict model.skops flat --out one --names one.txt") == 0
        # the file of a video may have names, numbers or both
        table = read_table("segments/v0.csv").drop(columns="recording")
        (folder / "one" / "v0.csv").unlink()
        write_segments(table, "one/v0.json")
        assert run("evaluate data segments") == 0
        numbers = capsys.readouterr().out.splitlines()
        assert run("evaluate data one") == 0
        names = capsys.readouterr().out.splitlines()
        assert [line[:60] for line in names] != []
        scores = [[x for x in y if "MoF" in x or "F1@" in x] for y in (names, numbers)]
        assert scores[0] == scores[1]
        assert run("plot one --ground-truth data --out one.png") == 0
        assert (folder / "one.png").read_bytes().startswith(b"\x89PNG")
        assert run("report model.skops flat --out one.html --names one.txt") == 0

    def test_named_background_is_background(self, run, capsys):
        options = f"--n-actions 3 --set background_percentile=30 {QUICK}"
        assert run(f"fit flat {options} --out back.skops") == 0
        assert run("predict back.skops flat --out back") == 0
        assert run("predict back.skops flat --out back_names --names names.txt") == 0
        capsys.readouterr()
        totals = []
        for folder in ("back", "back_names"):
            assert run(f"evaluate data {folder} --background act2") == 0
            lines = capsys.readouterr().out.splitlines()
            totals.append([line for line in lines if "MoF" in line or "mIoU" in line])
        assert totals[0] == totals[1]

    def test_actions_of_one_name_share_their_confidence(self, run, folder):
        (folder / "same.txt").write_text("0 walk\n1 walk\n")
        assert run("predict model.skops flat --out same --names same.txt") == 0
        model = load_model("model.skops")
        for i in range(4):
            posterior = model.predict_posterior(np.load(f"flat/v{i}.npy"))
            walk = posterior[:, :2].sum(axis=1)
            for record in read_table(f"same/v{i}.csv").to_dict("records"):
                frames = slice(record["start"], record["end"])
                own = walk if record["action"] == "walk" else posterior[:, 2]
                assert record["confidence"] == pytest.approx(own[frames].mean())

    def test_background_in_text_of_several_tools(self, run, folder, tmp_path, capsys):
        """A number that stands for background, among names."""
        (tmp_path / "v0.csv").write_text("action,start,end\n-1,0,9\nact1,9,20\n")
        truth = tmp_path / "truth"
        for name in ("features", "groundTruth"):
            (truth / name).mkdir(parents=True)
        np.save(truth / "features" / "v0.npy", np.zeros((20, 2)))
        (truth / "groundTruth" / "v0.txt").write_text("act0\n" * 9 + "act1\n" * 11)
        assert run(f"evaluate {truth} {tmp_path}") == 0
        assert "MoF      0.550" in capsys.readouterr().out

    def test_notes_beside_the_features(self, run, folder, tmp_path):
        np.save(tmp_path / "v0.npy", np.load("flat/v0.npy"))
        (tmp_path / "names.txt").write_text("0 take cup\n")
        assert run(f"predict model.skops {tmp_path} --out notes") == 0
        assert [path.name for path in (folder / "notes").iterdir()] == ["v0.csv"]

    def test_transposed_files(self, run, folder, tmp_path):
        shutil.copytree("data", tmp_path, dirs_exist_ok=True)
        for path in (tmp_path / "features").iterdir():
            np.save(path, np.load(path).T)
        transposed = f"{tmp_path} --transpose"
        assert run(f"predict model.skops {transposed} --out turned") == 0
        plain = read_segments("segments")
        for name, turned in read_segments("turned").items():
            np.testing.assert_array_equal(plain[name], turned)
        options = f"--n-actions 3 --set {QUICK}"
        assert run(f"fit {transposed} {options} --out turned.skops") == 0
        assert run(f"evaluate {transposed} turned") == 0
        assert run(f"report turned.skops {transposed} --out turned.html") == 0
        assert run(f"plot turned --ground-truth {transposed} --out turned.png") == 0
        assert run(f"search {transposed} {options} --grid rho=0.1 --scoring mof") == 0

    def test_video_with_its_subtitles(self, tmp_path):
        for name in ("v0.mp4", "v0.vtt", "v0.srt", "v0.TextGrid"):
            (tmp_path / name).touch()
        assert find_video_file(tmp_path, "v0") == tmp_path / "v0.mp4"

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
    def test_only_regular_files_are_replaced(self, run, folder, tmp_path, capsys):
        os.mkfifo(tmp_path / "pipe")
        assert run(f"fit flat --n-actions 3 --out {tmp_path}/pipe") == 2
        assert "pipe is there, and no file." in capsys.readouterr().err
        assert (tmp_path / "pipe").is_fifo()

    def test_other_files_and_links_stay(self, run, folder, tmp_path, links):
        (tmp_path / "notes.md").write_text("mine")
        (folder / "link").symlink_to(tmp_path)
        assert run("predict model.skops flat --out link") == 0
        assert (tmp_path / "notes.md").read_text() == "mine"
        assert len(list(tmp_path.iterdir())) == 5
        (folder / "link.png").symlink_to(tmp_path / "picture.png")
        assert run("plot link --out link.png") == 0
        assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")

    @pytest.mark.parametrize("names", ["0 b\n2 a", "0 b\n1 b", "2 z\n99999999999 y"])
    def test_names_do_not_change_colours(self, run, folder, monkeypatch, names):
        from skl_tot.display import timelines

        drawn = []

        def encode(*args, **options):
            drawn.append(palette.encode(*args, **options))
            return drawn[-1]

        monkeypatch.setattr(timelines, "encode", encode)
        (folder / "some.txt").write_text(names)
        assert run("plot segments --out a.png") == 0
        assert run("plot segments --out a.png --names some.txt") == 0
        plain, named = drawn
        merged = {1: 0} if names.count("b") == 2 else {}
        for (before,), (after,) in zip(plain.videos, named.videos):
            expected = [merged.get(code, code) for code in before.tolist()]
            assert after.tolist() == expected

    def test_demo(self, run, folder, capsys, monkeypatch):
        defaults = skl_tot.TemporalOTSegmenter.__init__.__kwdefaults__
        monkeypatch.setitem(defaults, "max_iter", 30)
        command = "demo --out demo.png --n-videos 4 --n-actions 3 --recordings cycles"
        assert run(command) == 0
        assert "MoF" in capsys.readouterr().out
        assert (folder / "demo.png").read_bytes().startswith(b"\x89PNG")
        takes = skl_tot.read_recordings(folder / "cycles")
        made, _ = skl_tot.datasets.make_activities(4, 3, random_state=0)
        assert (takes.fps, takes.names[0]) == (10, "cycle_01")
        for take, video in zip(takes, made, strict=True):
            np.testing.assert_allclose(take, video, rtol=1e-4)
        assert run(command) == 2
        assert "cycles is there, expected a new folder" in capsys.readouterr().err

    def test_from_mp4_to_labels(self, run, folder, tmp_path, write_clip):
        torch = pytest.importorskip("torch")
        timm = pytest.importorskip("timm")
        for i in range(3):
            write_clip(tmp_path / f"clip{i}.mp4", 30, 30)
        with torch.random.fork_rng():
            torch.save(timm.create_model("resnet18").state_dict(), tmp_path / "w.pt")
        options = f"--out npy --fps 5 --weights {tmp_path}/w.pt"
        assert run(f"features {tmp_path} {options}") == 0
        assert run(f"fit npy --n-actions 2 --set {QUICK} --out clips.skops") == 0
        assert run("predict clips.skops npy --out clips --format labels --fps 5") == 0
        for i in range(3):
            labels = (folder / "clips" / f"clip{i}.txt").read_text().split()
            assert np.load(f"npy/clip{i}.npy").shape == (len(labels), 512)


class TestSeed:
    """The same command gives the same model, and says by which seed."""

    @pytest.mark.parametrize(
        ("options", "seed"),
        [
            ("--method hmm", 0),  # which only free order draws
            ("--method mallow", 0),
            ("--method mallow --set random_state=3", 3),
            ("--method mallow --seed 3 --pipeline standard", 3),
            ("--method hmm --cycles --seed 3", 3),
            ("--method mallow --activities 2 --order mostly", 0),
        ],
    )
    def test_fit(self, run, folder, capsys, options, seed):
        data = "cyclic" if "--cycles" in options else "flat"
        command = f"fit {data} --n-actions 3 --set max_iter=5 {options} --out a.skops"
        assert run(command) == 0
        said = f"Fitted to 4 recordings with seed {seed}, written"
        assert said in capsys.readouterr().out
        model = load_model("a.skops")
        found = model.get_params()
        names = [name for name in found if name.endswith("random_state")]
        assert {found[name] for name in names} == {seed}
        assert run(command) == 0
        for i in range(4):
            video = np.load(f"{data}/v{i}.npy")
            again = load_model("a.skops").predict(video)
            np.testing.assert_array_equal(again, model.predict(video))

    def test_search(self, run, folder, capsys):
        options = "--n-actions 3 --method mallow --set max_iter=3"
        assert run(f"search flat {options} --grid max_iter=2,3 --out a.skops") == 0
        assert "all 4 recordings with seed 0, written to a." in capsys.readouterr().out
        assert load_model("a.skops").random_state == 0
        assert run(f"search flat {options} --grid random_state=1,2 --out a.skops") == 0
        assert "all 4 recordings, written to a.skops" in capsys.readouterr().out
        assert load_model("a.skops").random_state in (1, 2)

    def test_the_report_has_it(self, run, folder):
        fit = "fit flat --n-actions 3 --method mallow --set max_iter=5 --seed 12345"
        assert run(f"{fit} --out a.skops") == 0
        assert run("report a.skops flat --out seed.html") == 0
        text = (folder / "seed.html").read_text(encoding="utf-8")
        assert re.search(r"random_state.{,40}12345", text, re.S)


def test_least_duration(run, folder, capsys):
    """In seconds of the rate that is given, of cycles and activities too."""
    fit = "fit flat --n-actions 3 --method hmm --set max_iter=3 decoding=free --fps 4"
    assert run(f"{fit} --min-duration 2 --out a.skops") == 0
    assert load_model("a.skops").min_frames_ == 8
    assert run("predict a.skops flat --out found --format csv") == 0
    for path in (folder / "found").iterdir():
        table = pd.read_csv(path)
        assert (table["end"] - table["start"]).min() >= 8
    assert run(f"{fit} --set min_duration=3 --out a.skops") == 0
    assert load_model("a.skops").min_frames_ == 12
    assert run(f"{fit} --activities 1 --min-duration 2 --out a.skops") == 0
    assert load_model("a.skops").estimators_[0].min_frames_ == 8
    capsys.readouterr()
    for value, text in (("0", "0 is not"), ("2 --set min_duration=2", "expected one")):
        assert run(f"{fit} --min-duration {value} --out b.skops") == 2
        assert text in capsys.readouterr().err


def test_order(run, capsys):
    fit = "fit flat --n-actions 3 --out a.skops --set max_iter=2"
    assert run(f"{fit} --order strict") == 0
    model = load_model("a.skops")
    assert (model.order, model.decoding_) == ("strict", "fixed")
    capsys.readouterr()
    for more, text in {
        "--order none": "invalid choice: 'none'",
        "order=free --order strict": "--order and --set order are given",
        "--order free --method cte": "'order' parameter of CTESegmenter",
        "--order free --method paper": "--order free is no order of the paper's method",
    }.items():
        assert run(f"{fit} {more}") == 2
        assert text in capsys.readouterr().err


FIT = "fit flat --n-actions 3 --out a.skops"
SEARCH = "search data --n-actions 3 --grid"
PREDICT = "predict model.skops flat --out a"
ERRORS = [
    # command lines
    ("fly", "invalid choice: 'fly'"),
    ("fit flat --out a.skops", "required: --n-actions"),
    ("fit flat --n-actions x --out a.skops", "x is no number from 1, nor auto"),
    ("fit flat --n-actions 3", "required: --out"),
    ("fit flat --n-actions 0 --out a.skops", "0 is no number from 1, nor auto"),
    ("fit flat --n-actions 3 --out no/a.skops", "no is no folder, cannot write"),
    ("fit flat --n-actions 3 --out flat", "flat is there, and no file."),
    (f"{FIT} --set rho", "'rho' is not NAME=VALUE"),
    (f"{FIT} --set rh=1", "Invalid parameter 'rh'"),
    (f"{FIT} --set rho=-1", "The 'rho' parameter"),
    (f"{FIT} --set rho=1 --set rho=2", "--set has a name twice"),
    (f"{FIT} --set n_actions=2", "--set has n_actions"),
    (f"{FIT} --seed 1 --set random_state=1", "--seed and --set random_state are "),
    (f"{FIT} --seed -1", "-1 is no integer from 0 to 4294967295"),
    (f"{FIT} --seed 4294967296", "4294967296 is no integer from 0"),
    (f"{FIT} --pipeline pca", "--pipeline has 'pca'"),
    (f"{FIT} --pipeline standard,", "--pipeline has ''"),
    (f"{FIT} --pipeline pca:0", "has 'pca:0'"),
    (f"{FIT} --pipeline windows:1:2", "has 'windows:1:2'"),
    (f"{FIT} --pipeline ica:3", "--pipeline has 'ica:3'"),
    (f"{FIT} --pipeline gaps:0", "has 'gaps:0'"),
    (f"{FIT} --cycles --activities 2", "--activities and --cycles are given, "),
    (f"{PREDICT} --format none", "invalid choice: 'none'"),
    (f"{PREDICT} --fps 0", "0 is not a positive number"),
    (f"{PREDICT} --fps x", "x is not a positive number"),
    (f"{PREDICT} --names more_names.txt", "from 0 to 2."),
    (f"{PREDICT} --names back_names.txt", "expected actions fr"),
    (f"{PREDICT} --names bad_names.txt", "bad_names.txt, line 1, is 'cup', expected"),
    (f"{PREDICT} --names none.txt", "none.txt"),
    (f"{PREDICT} --names list.json", "expected an object of na"),
    (f"{PREDICT} --format elan", "--fps is missing, which"),
    (f"{PREDICT} --format elan --fps 5000", "v0: A segment of"),
    (f"{PREDICT} --format elan --fps 1e-310", "is 1e-310, "),
    ("predict model.skops flat --out flat", "which is read; expected another folder"),
    ("predict model.skops data --out data/features", "expected another folder"),
    ("predict model.skops data/features --out data/groundTruth", "which is read"),
    ("predict model.skops flat --out taken", "v1.csv is there, and no file."),
    ("predict model.skops flat --out file.txt", "file.txt is there, and no folder."),
    ("evaluate data segments --scope none", "invalid choice: 'none'"),
    ("search data --n-actions 3", "required: --grid"),
    ("search data --grid rho=0.1", "Expected either --n-actions or n_actions"),
    ("search data --n-actions 0 --grid rho=0.1", "0 is no number from 1, nor auto"),
    (f"{SEARCH} rho", "'rho' is not NAME=VALUE"),
    (f"{SEARCH} n_actions=2,3", "Expected either --n-actions"),
    (f"{SEARCH} rho=1 rho=2", "--grid has a name twice"),
    (f"{SEARCH} rho=0.1 --folds 4", "--folds is 4, but data has"),
    (f"{SEARCH} rho=0.1 --folds 9", "--folds is 9"),
    (f"{SEARCH} rho=0.1 --out no/a.skops", "no is no folder"),
    ("plot segments --out a.xyz", "xyz"),
    ("plot segments --out a", "a has no suffix, expected a picture such as a.png."),
    ("plot segments --out no/a.png", "no is no folder, cannot write"),
    ("features file.txt --out a --fps -1", "-1 is not a positive number"),
    ("features file.txt other/../file.txt --out a", "Several videos are called"),
    ("demo --n-videos 0 --out a.png", "n_videos"),
    ("demo --n-videos 2 --out no/a.png", "no is no folder"),
    # files and folders
    ("fit none --n-actions 3 --out a.skops", "none is no folder"),
    ("fit empty --n-actions 3 --out a.skops", "*.parquet, it is empty."),
    ("fit other --n-actions 3 --out a.skops", "of the longest recording (n_samples=1)"),
    ("fit file.txt --n-actions 3 --out a.skops", "file.txt is not a file that"),
    ("fit junk --n-actions 3 --out a.skops", "v0.npy"),
    ("fit nan --n-actions 3 --out a.skops", "contains NaN"),
    ("fit one_wide --n-actions 3 --out a.skops", "v1: X has 10 features, but"),
    ("predict model.skops one_wide --out a", "v1: X has 10 features, but"),
    ("predict model.skops wide --out a", "10 features, but TemporalOTSegmenter is"),
    ("predict none.skops flat --out a", "none.skops"),
    ("predict broken.skops flat --out a", "broken.skops cannot be loaded"),
    ("search nan_last --n-actions 3 --grid rho=1", "v3: Input X contains NaN in frame"),
    ("search flat --n-actions 3 --grid rho=0.1 --scoring mof", "has no groundTruth"),
    ("evaluate data none", "none is no folder"),
    ("evaluate data empty", "empty has no file *.csv"),
    ("evaluate flat segments", "flat has no folder groundTruth"),
    ("evaluate data other", "v0.csv, line 1: columns are"),
    ("evaluate data unknown", "data has no recording 'v9'"),
    ("evaluate data short", "v0: y_true has "),
    ("evaluate data one_short", "v1: y_true has "),
    ("evaluate data twice", "several files of 'v0'"),
    ("evaluate data segments --ignore act0 --ignore act9", "no frames of label 'act9'"),
    ("evaluate data segments --background act9", "no frames of label 'act9'"),
    ("plot none --out a.png", "none is no folder"),
    ("plot named_segments --out a.png --names names.txt", "has names already"),
    ("plot endless --out a.png", "line 2: it ends at '1000000000000000', expected"),
    ("plot quoted --out a.png", "v0.csv holds no segments: Error("),
    ("plot one_short --ground-truth data --out a.png", "v1: y_true has "),
    ("plot segments --ground-truth flat --out a.png", "has no folder groundTruth"),
    ("features none.mp4 --out a", "none.mp4"),
    ("report model.skops flat --out a.html --videos empty", "--fps is missing, "),
    ("report model.skops flat --out a --videos empty --fps 9", "0 files called 'v0'"),
    ("report broken.skops flat --out a.html", "broken.skops cannot be loaded"),
]


@pytest.mark.parametrize(("command", "message"), ERRORS)
def test_errors_are_one_line_and_leave_nothing(refuses, folder, command, message):
    refuses(command, message, folder)


@pytest.mark.parametrize("text", ["-" * 50_000, "-" * 3_000 + "1", "[" * 50_000])
def test_values_of_too_many_parts(run, folder, capsys, text):
    for option in ("set", "grid"):
        command = f"search flat --n-actions 3 --grid rho=1 --{option} rho={text}"
        assert run(command) == 2
        error = capsys.readouterr().err
        assert "the value of rho is too long" in error
        assert len(error) < 200


def test_demo_without_matplotlib(run, tmp_path, capsys, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda n: (n != "matplotlib" and find_spec(n)) or None,
    )
    monkeypatch.chdir(tmp_path)
    assert run("demo --n-videos 2 --n-actions 2") == 0
    assert "pip install 'skl-tot[plot]'" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_no_command_shows_help(run, capsys):
    assert run("") == 0
    assert "learn the actions that recordings share" in capsys.readouterr().out


def test_version(run, capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out == f"skl-tot {skl_tot.__version__}\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", "dataset"),
        ("--pipeline standard", None),
        ("--pipeline pca:2", None),
        ("--pipeline standard,pca:2 --set standardize=video", "video"),
        ("--pipeline standard --method cte", None),
        ("--pipeline gaps:5,poses", "dataset"),
        ("--pipeline gaps:5,standard", None),
        ("--pipeline windows:1.5", "dataset"),
    ],
)
def test_a_pipeline_is_all_that_standardises(options, expected):
    command = f"fit flat --n-actions 3 --out a {options}"
    arguments = make_parser().parse_args(command.split())
    names = ("n_actions", "method", "settings", "pipeline")
    model = Recipe(*(getattr(arguments, name) for name in names)).make()
    assert last_step(model).standardize == expected


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_an_example_and_a_test(run, name, capsys):
    """The example parses, and the tests beside this one run the command."""
    example = COMMANDS[name].example
    assert run(f"{name} --help") == 0
    assert example in capsys.readouterr().out
    program, *arguments = example.split()
    assert program == "skl-tot"
    assert make_parser().parse_args(arguments).command == name
    names = [each.name or list(each.places) for each in COMMANDS[name].options]
    inspect.signature(COMMANDS[name].function).bind(**dict.fromkeys(np.hstack(names)))
    tests = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]
    assert any(re.search(rf'["/ ]{name}[ "]', text) for text in tests)


def test_values_of_settings():
    arguments = make_parser().parse_args(
        ["fit", "a", "--n-actions", "3", "--out", "b", "--set"]
        + ["rho=0.1", "prior=None", "device=cpu"]
    )
    assert arguments.settings == [("rho", 0.1), ("prior", None), ("device", "cpu")]


def two_plans(order, **settings):
    """Members of a vote that fit at once."""
    return [Plan("hmm", HMMSegmenter()), Plan("mallow", MallowSegmenter())]


@pytest.mark.parametrize(
    ("command", "last"),
    [
        ("predict model.skops flat --out seen", "4/4"),
        (f"fit flat --n-actions 3 --out shown.skops --set {QUICK}", "30/30"),
        (f"fit cyclic --cycles --n-actions 3 --out shown.skops --set {QUICK}", "30/30"),
        ("fit flat --n-actions 3 --out shown.skops --method auto", "2/2"),
    ],
)
def test_progress_on_a_terminal(run, folder, monkeypatch, capsys, command, last):
    pty = pytest.importorskip("pty")
    import termios

    monkeypatch.setattr("skl_tot.meta.auto.default_plans", two_plans)
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (24, 80))
    with open(end, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        assert run(command) == 0
        stream.flush()
        shown = ""
        while last not in shown and select.select([terminal], [], [], 10)[0]:
            shown += os.read(terminal, 100_000).decode(errors="replace")
        assert f"| {last} [" in shown
    assert last not in capsys.readouterr().out
    if command.startswith("fit"):
        model = load_model("shown.skops")
        verbose = model.get_params().items()
        assert not any(value for name, value in verbose if name.endswith("verbose"))


def test_no_progress_without_a_terminal(run, folder, capsys):
    assert run(f"fit flat --n-actions 3 --out shown.skops --set {QUICK}") == 0
    assert "30/30" not in capsys.readouterr().err


def test_names_that_the_output_cannot_show(run, folder):
    (folder / "umlaut.txt").write_text("0 rühren\n", encoding="utf-8")
    assert run("predict model.skops flat --out umlaut --names umlaut.txt") == 0
    command = f"{sys.executable} -m skl_tot evaluate data umlaut"
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command.split(), capture_output=True, env=environment)
    assert done.returncode == 0
    assert rb"r\xfchren" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="a shell that has true")
def test_closed_pipe(run, folder):
    command = f"{sys.executable} -m skl_tot evaluate data segments | true"
    done = subprocess.run(command, shell=True, capture_output=True, check=True)
    assert done.stderr == b""


@pytest.mark.skipif(os.name == "nt", reason="a shell that closes streams")
@pytest.mark.parametrize(
    ("command", "closed", "status"),
    [
        ("fit flat --n-actions 3 --method hmm --out a.skops", "<&- >&- 2>&-", 0),
        ("evaluate data segments", ">&-", 0),
        ("fit flat", "2>&-", 2),
        ("fit flat", ">&- 2>&-", 2),
    ],
)
def test_closed_streams(run, folder, closed, command, status):
    code = "import os; from skl_tot.app.cli.main import main; s = main(); "
    code += "f = open(os.devnull); n = f.fileno(); raise SystemExit(s if n > 2 else n)"
    command = f"{sys.executable} -c {shlex.quote(code)} {command} {closed}"
    done = subprocess.run(command, shell=True, capture_output=True, timeout=300)
    assert done.returncode == status
    assert done.stderr == b""


@pytest.mark.skipif(os.name == "nt", reason="no signal for reading beyond the end")
@pytest.mark.parametrize(
    ("model", "transpose", "place"),
    [
        ("model.skops", True, "skl_tot.training.network.encode"),
        ("piped.skops", False, "skl_tot.recordings.checks.validate_data"),
    ],
)
def test_a_file_that_is_cut_off_while_it_is_read(
    run, folder, tmp_path, model, transpose, place
):
    options = f"--n-actions 3 --set {QUICK} --pipeline standard"
    assert run(f"fit flat {options} --out piped.skops") == 0
    long = np.resize(np.load("flat/v0.npy"), (20_000, 5))
    np.save(tmp_path / "v0.npy", long.T.copy() if transpose else long)
    code = f"""
import os, pathlib, pkgutil, sys
from skl_tot.app.cli.main import main
import skl_tot.methods.temporal_ot, skl_tot.recordings.container

skl_tot.recordings.container.BLOCK_BYTES = 2**16
place, _, name = {place!r}.rpartition(".")
module = pkgutil.resolve_name(place)
called = getattr(module, name)

def cut_off(*arguments, **options):
    result = called(*arguments, **options)
    if list(pathlib.Path({str(tmp_path)!r}).glob(".skl-tot-*")):  # while it writes
        os.truncate({str(tmp_path / "v0.npy")!r}, 4096)
    return result

setattr(module, name, cut_off)
sys.exit(main(sys.argv[1:]))
"""
    command = f"predict {model} {tmp_path} --out {tmp_path}/cut"
    command += " --transpose" * transpose
    program = [sys.executable, "-c", code, *command.split()]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert done.stderr.startswith("skl-tot predict: v0: ")
    assert "v0.npy cannot be read: " in done.stderr
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["v0.npy"]


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode elsewhere")
def test_names_that_are_no_text(run, folder, tmp_path, capsys):
    name = os.fsdecode(b"v\xff0")
    np.save(tmp_path / f"{name}.npy", np.load("flat/v0.npy"))
    assert run(f"predict model.skops {tmp_path} --out {tmp_path}/found") == 0
    assert (tmp_path / "found" / f"{name}.csv").is_file()
    assert run(f"plot {tmp_path}/found --out {tmp_path}/a.svg") == 0
    assert run(f"report model.skops {tmp_path} --out {tmp_path}/a.html") == 0
    assert r"v\xff0" in (tmp_path / "a.html").read_text(encoding="utf-8")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_pipes_are_not_waited_for(run, folder, tmp_path):
    os.mkfifo(tmp_path / "model.skops")
    (tmp_path / "data").mkdir()
    os.mkfifo(tmp_path / "data" / "v0.npy")
    commands = [
        f"predict {tmp_path}/model.skops flat --out a",
        f"fit {tmp_path}/data --n-actions 3 --method hmm --out a",
    ]
    code = f"""
from skl_tot.app.cli.main import main
print(*[main(command.split()) for command in {commands!r}])
"""
    program = [sys.executable, "-c", code]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert done.stdout == "2 2\n"
    predict, fit = done.stderr.splitlines()
    assert "model.skops" in predict
    assert "v0.npy" in fit


def test_interrupted(monkeypatch, capsys):
    def interrupt(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(COMMANDS["demo"], "function", interrupt)
    assert main(["demo"]) == 130
    assert capsys.readouterr().err == "skl-tot demo: interrupted\n"


@pytest.mark.skipif(os.name == "nt", reason="no SIGTERM")
@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(
    ("name", "status", "message"),
    [("SIGTERM", 143, ""), ("SIGINT", 130, "skl-tot demo: interrupted\n")],
)
def test_told_to_end(tmp_path, name, status, message, hidden):
    """Some libraries turn whatever their callbacks raise into errors of theirs."""
    code = f"""
import os, signal, sys, time
from skl_tot.app.cli import main
from skl_tot.recordings import disk

def demo(**_):
    try:
        with disk.replaced({str(tmp_path / "a.png")!r}):
            os.kill(os.getpid(), signal.{name})
            time.sleep(60)
    except BaseException:
        if {hidden}:
            raise TypeError("of a library") from None
        raise

main.COMMANDS["demo"].function = demo
sys.argv = ["skl-tot", "demo"]
sys.exit(main.main())
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (status, message)
    assert list(tmp_path.iterdir()) == []


def test_warnings_are_one_line_and_printed_once(monkeypatch, capsys):
    def demo(**_):
        for _ in range(2):  # as of two recordings
            warnings.warn("two\nlines", stacklevel=1)

    monkeypatch.setattr(COMMANDS["demo"], "function", demo)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["demo"]) == 0
    assert capsys.readouterr().err == "skl-tot: warning: two lines\n"
