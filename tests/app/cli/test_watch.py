"""The command watch: a table that grows, and lines as segments close."""

import io
import shutil
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import HMMSegmenter, OnlinePrediction
from skl_tot.app.cli.main import main
from skl_tot.datasets import make_activities
from skl_tot.io import growing_files, read_segments, save_model, segments
from skl_tot.preprocessing import FramewiseTransformer, GapFiller, SignalWindows
from skl_tot.recordings import Recordings, read_recordings

FPS, COLUMNS = 10, ["a", "b", "c"]
HEADER = "start_time,end_time,action,confidence"


@pytest.fixture(scope="module")
def videos():
    return make_activities(n_videos=5, n_actions=3, n_features=3, random_state=0)[0]


@pytest.fixture(scope="module")
def models(videos):
    frames = [pd.DataFrame(video, columns=COLUMNS) for video in videos]
    takes = Recordings(frames, fps=FPS)
    plain = HMMSegmenter(3, decoding="free", switch_cost=0.1)
    scale = FramewiseTransformer(StandardScaler())
    return {
        "plain": HMMSegmenter(3).fit(takes),
        "free": plain.fit(takes),
        "pipeline": make_pipeline(scale, HMMSegmenter(3)).fit(takes),
        "windows": make_pipeline(SignalWindows(0.9), HMMSegmenter(3)).fit(takes),
        "no rate": HMMSegmenter(3).fit(videos),
        "gaps": make_pipeline(GapFiller(3), HMMSegmenter(3)).fit(takes),
        "whole": HMMSegmenter(3, standardize="video").fit(takes),
        # of which a stream may have the last word
        "state": HMMSegmenter(3).fit(_named(takes, ["state.x a", "state.x b", "c"])),
        "twice": HMMSegmenter(3).fit(_named(takes, ["arm a", "tip a", "c"])),
    }


def _named(takes, names):
    frames = [frame.set_axis(names, axis=1) for frame in takes.arrays]
    return Recordings(frames, fps=FPS)


@pytest.fixture(scope="module")
def model_files(models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name, model in models.items():
        save_model(model, folder / f"{name.replace(' ', '_')}.skops")
    return folder


@pytest.fixture(autouse=True)
def _in_a_folder(monkeypatch, tmp_path, model_files):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(model_files, tmp_path, dirs_exist_ok=True)


def write(path, video, first=True, start=0, **options):
    """Write a table with a clock and columns in another order, or more of its lines."""
    table = pd.DataFrame(video, columns=COLUMNS)[["c", "a", "b"]]
    table.insert(1, "time", (start + np.arange(len(table))) / FPS)
    table.to_csv(path, index=False, mode="w" if first else "a", header=first, **options)


def run(capsys, command):
    """Status, and lines of output and of errors."""
    try:
        status = main(command.split())
    except SystemExit as error:
        status = error.code
    out, err = capsys.readouterr()
    return status, out.splitlines(), err.splitlines()


def lines_of(labels, probabilities, names=None):
    """Lines of segments, from those of `segments`."""
    confidence = probabilities[np.arange(len(labels)), labels]
    lines = []
    for record in segments(labels, FPS, confidence=confidence).to_dict("records"):
        times = f"{record['start_time']:.3f},{record['end_time']:.3f}"
        action = names[record["action"]] if names else record["action"]
        lines.append(f"{times},{action},{record['confidence']:.3f}")
    return [HEADER, *lines]


def expected(model, video, lag):
    """Lines of what `OnlinePrediction` says of all frames at once."""
    online = OnlinePrediction(model, lag=lag)
    pushed, rest = online.push(video), online.finish()
    labels, probabilities = map(np.concatenate, zip(pushed, rest))
    return lines_of(labels, probabilities)


@pytest.mark.parametrize(
    ("name", "lag", "n_frames"),
    [("plain", "0.7", 7), ("free", "0.0", 0), ("state", "0.7", 7)],
)
def test_file(models, videos, capsys, name, lag, n_frames):
    write("take.csv", videos[0])
    status, out, err = run(capsys, f"watch {name}.skops take.csv --lag {lag}")
    assert (status, err) == (0, [])
    assert out == expected(models[name], videos[0].astype(float), n_frames)


def test_lag_of_the_file_gives_predict(models, videos, capsys):
    """And the output is a table of segments that is read again."""
    write("take.csv", videos[1], sep=";")
    _, out, _ = run(capsys, "watch free.skops take.csv --lag 1000")
    frames = pd.DataFrame(videos[1].astype(float), columns=COLUMNS)
    model = models["free"]
    predicted = model.predict(frames)
    assert out == lines_of(predicted, model.predict_posterior(frames))
    with open("segments.csv", "w", encoding="utf-8") as file:
        file.write("\n".join(out))
    labels = read_segments("segments.csv", n_frames=len(frames), fps=FPS)
    assert labels.astype(int).tolist() == predicted.tolist()


def test_standard_input_and_names(models, videos, capsys, monkeypatch):
    write("take.csv", videos[0])
    with open("take.csv", "rb") as file:
        text = b"\xef\xbb\xbf" + file.read().replace(b"\n", b"\r\n") + b"\r\n"
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(text)))
    with open("names.txt", "w", encoding="utf-8") as file:
        file.write("0 take\n1 pour, slowly\n2 take\n")
    status, out, err = run(capsys, "watch plain.skops --lag 1000 --names names.txt")
    assert (status, err) == (0, [])
    frames = pd.DataFrame(videos[0].astype(float), columns=COLUMNS)
    ends = np.flatnonzero(np.diff(models["plain"].predict(frames))) + 1
    words = [line.split(",", 2)[2].rsplit(",", 1)[0] for line in out[1:]]
    assert words == ["take", '"pour, slowly"', "take"]
    assert [line.split(",")[1] for line in out[1:3]] == [f"{e / FPS:.3f}" for e in ends]


@pytest.mark.parametrize("name", ["pipeline", "windows"])
def test_pipeline(models, videos, capsys, name):
    write("take.csv", videos[0])
    _, out, err = run(capsys, f"watch {name}.skops take.csv --lag 1000")
    assert err == []
    frames, model = pd.DataFrame(videos[0].astype(float), columns=COLUMNS), models[name]
    (labels,) = model.predict([frames])
    (found,) = model[-1].predict_posterior(model[:-1].transform([frames]))
    assert out == lines_of(labels, found)


def test_follow_prints_segments_as_they_close(models, videos, capsys, monkeypatch):
    video, seen = videos[0], []
    ends = [20, 45, 60, 61, len(video)]
    write("take.csv", video[:20])

    def wait(seconds):
        assert seconds > 0
        seen.append(capsys.readouterr().out.splitlines())
        i = len(seen) - 1
        if i == len(ends) - 1:
            raise KeyboardInterrupt
        more = video[ends[i] : ends[i + 1]]
        write("take.csv", more, first=False, start=ends[i])

    monkeypatch.setattr(growing_files.time, "sleep", wait)
    status, rest, err = run(capsys, "watch plain.skops take.csv --follow --lag 0.5")
    assert (status, err) == (0, [])
    lines = expected(models["plain"], video.astype(float), 5)
    assert [line for own in [*seen, rest] for line in own] == lines
    # what has been printed by when is what has closed by then, a lag later
    for end, printed in zip(ends, np.cumsum([len(own) for own in seen])):
        closed = [float(line.split(",")[1]) * FPS <= end - 6 for line in lines[1:]]
        assert printed - 1 == sum(closed)


TAKE = "plain.skops take.csv"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("no_rate.skops take.csv", ""),
        (f"{TAKE} --fps 25", ""),
        (f"{TAKE} --lag -1", ""),
        (TAKE, "a,b\n1,2\n"),
        ("no_rate.skops take.csv --fps 10", "a,b\n1,2\n"),
        (f"{TAKE} --columns a b", "a,b,c\n"),
        ("twice.skops take.csv", "a,b,c\n"),
        (TAKE, "a,b,c\n1,x,3\n"),
        (TAKE, "a,b,c\n1,nan,3\n"),
        (TAKE, "a,b,c\n\ud83d"),
        ("gaps.skops take.csv", ""),
    ],
)
def test_bad_input_is_one_line(refuses, tmp_path, command, text):
    with open("take.csv", "wb") as file:
        file.write(text.encode(errors="surrogatepass"))
    refuses(f"watch {command}", tmp_path)


@pytest.mark.parametrize(("head", "line"), [("a,b,", 1), ("a,b,c\n1,2,3\n1,2,", 3)])
def test_a_huge_cell_is_named_by_its_line(refuses, tmp_path, head, line):
    Path("take.csv").write_text(f"{head}{'9' * 3_000_000}\n", encoding="utf-8")
    assert f"take.csv, line {line}" in refuses(f"watch {TAKE}", tmp_path)


class TestClocks:
    """Times are those of the clock that the model knows, and breaks are its."""

    CLOCK = {
        "durations": [f"06:00:{i / FPS:06.3f}".replace(".", ",") for i in range(60)],
        "commas": [f"{100 + i / FPS:.1f}".replace(".", ",") for i in range(60)],
    }

    @pytest.fixture
    def model(self, videos, tmp_path):
        table = pd.DataFrame(videos[0], columns=COLUMNS)
        table.insert(0, "Zeit", np.arange(len(table)) / FPS)
        table.to_csv("fit.csv", index=False)
        takes = read_recordings("fit.csv", time="Zeit", bridge=60)
        save_model(HMMSegmenter(3).fit(takes), "clock.skops")

    def put(self, video, clock):
        table = pd.DataFrame(video[: len(clock)], columns=COLUMNS)
        table.insert(1, "Zeit", clock)
        table.to_csv("new.csv", index=False, sep=";", decimal=",")

    @pytest.mark.parametrize("clock", CLOCK.values(), ids=CLOCK)
    def test_as_predict(self, capsys, model, videos, clock):
        self.put(videos[1], clock)
        status, out, err = run(capsys, "watch clock.skops new.csv --lag 999")
        assert (status, err) == (0, [])
        assert main(["predict", "clock.skops", "new.csv", "--out", "a.csv"]) == 0
        table = pd.read_csv("a.csv")
        found = pd.read_csv(io.StringIO("\n".join(out)))
        for column in ("start_time", "end_time", "action"):
            np.testing.assert_allclose(found[column], table[column], atol=5e-4)

    def test_breaks(self, capsys, model, videos):
        clock = np.r_[0:3:0.1, 100:103:0.1]
        self.put(np.repeat(videos[1][:1], 60, axis=0), clock)
        _, out, _ = run(capsys, "watch clock.skops new.csv --lag 999")
        found = [tuple(line.split(",")[:2]) for line in out[1:]]
        assert [start for start, _ in found].count("100.000") == 1
        assert [end for _, end in found].count("3.000") == 1

    @pytest.mark.parametrize("clock", [["0", "0.1", "0.1"], ["0", "0.1", "x"], None])
    def test_errors(self, capsys, model, videos, clock):
        if clock is None:
            write("new.csv", videos[1])
        else:
            self.put(videos[1], clock)
        assert run(capsys, "watch clock.skops new.csv")[0] == 2


def test_a_file_of_what_is_printed_can_be_read(videos, monkeypatch):
    """Also where the console has another encoding, as on Windows."""
    write("take.csv", videos[0])
    names = '{"0": "拿", "1": "é", "2": "b"}'
    Path("names.json").write_text(names, encoding="utf-8")
    with open("seen.csv", "w", encoding="cp1252") as seen:
        monkeypatch.setattr(sys, "stdout", seen)
        command = ["watch", "plain.skops", "take.csv", "--names", "names.json"]
        assert main(command) == 0
    found = read_segments("seen.csv", fps=FPS)
    assert set(found.tolist()) <= {"拿", "é", "b"}
