"""Nothing is lost: killed processes, full disks, other processes, damaged logs."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.review import Review
from skl_tot.app.review.history import Log, OtherReview, check_beginning, digest_of
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import rename
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, read_table, save_model
from skl_tot.recordings import Recordings

pytestmark = pytest.mark.usefixtures("fit_once")
OPTIONS = {"n_features": 4, "mean_length": 30, "random_state": 2}
VIDEOS, CODES = make_activities(n_videos=5, n_actions=3, **OPTIONS)
MODEL = MallowSegmenter(3).fit(VIDEOS)
LOG = "review.sqlite3"
STEPS = [
    lambda r: r.rename("action 1", "pour"),
    lambda r: r.relabel(0, 0, "new"),
    lambda r: r.cut(1, 2),
    lambda r: r.move(1, 2, 3),
    lambda r: r.check(1),
    lambda r: r.check(3, 2, 9),
    lambda r: r.learn(),
    lambda r: r.keep(2),
    lambda r: r.split("pour"),
    lambda r: r.take_back(),
    lambda r: r.merge("pour 1", "pour 2"),
    lambda r: r.undo(),
    lambda r: r.undo(),
    lambda r: r.redo(),
    lambda r: r.check(1, 3, 6, checked=False),
]


@pytest.fixture
def review(tmp_path):
    review = Review(MODEL, VIDEOS, tmp_path / "out").open()
    yield review
    review.close()


def reopened(review, recordings=VIDEOS):
    """Review of the same folder in place of one that is closed."""
    review.close()
    return Review(None, recordings, review.out)


def test_goes_on_where_it_was_after_each_step(review, plain):
    for step in STEPS:
        step(review)
        last = plain(review.state), review.undoable, review.redoable
        predicted = review.model.predict(VIDEOS[3])
        review = reopened(review)
        assert review.ready
        assert (plain(review.state), review.undoable, review.redoable) == last
        np.testing.assert_array_equal(review.model.predict(VIDEOS[3]), predicted)
    assert sorted(os.listdir(review.out)) == ["review.models", LOG]
    check_results(review)
    review.close()


def check_results(review):
    """They are those of now."""
    review.relabel(2, 0, "other")
    review.check(2)
    review.export("csv")
    last = pd.read_csv(review.out / "recordings.csv").loc[2]
    entry = review.state.entries[2]
    n, k = entry.n_frames, len(entry.segments.starts)
    assert last[["n_frames", "n_segments", "checked_frames"]].tolist() == [n, k, n]
    assert last["right_frames"] == pytest.approx(1 - entry.segments.starts[1] / n)
    table = review.table()
    written = read_table(review.out / "segments.csv")
    shared = ["recording", "action", "start", "end"]
    assert written[shared].to_dict("list") == table[shared].to_dict("list")
    for name, rows in table.groupby("recording"):
        written = read_table(review.out / "labels" / f"{name}.csv")
        assert written["action"].tolist() == rows["action"].tolist()
    loaded = load_model(review.out / "model.skops")
    for path, expected in zip(loaded.predict(VIDEOS), review.model.predict(VIDEOS)):
        np.testing.assert_array_equal(path, expected)


def test_names_that_no_file_has_are_in_one_table(tmp_path):
    review = Review(MODEL, dict(zip(["a/b", "..", "c"], VIDEOS)), tmp_path / "out")
    review.open().export("csv")
    assert os.listdir(tmp_path / "out" / "labels") == ["all.csv"]
    before = (tmp_path / "out" / "segments.csv").stat().st_mtime_ns
    for format in ("elan", "nonsense", "labels"):  # the first needs a rate
        with pytest.raises(ValueError):
            review.export(format)
    assert (tmp_path / "out" / "segments.csv").stat().st_mtime_ns == before
    assert os.listdir(tmp_path / "out" / "labels") == ["all.csv"]
    assert os.listdir(tmp_path) == ["out"]
    review.close()


def test_other_recordings_and_models_are_refused(review):
    """By the name of the first recording that differs."""
    review.rename(0, "x")
    review.close()
    within = [video.copy() for video in VIDEOS]
    within[2][5, 1] += 1e-4  # one value of one frame
    for videos, name in [
        (within, "2"),
        (dict(zip("abcde", VIDEOS)), "a"),
        ([VIDEOS[0][:-1], *VIDEOS[1:]], "0"),
        (VIDEOS[:4], "4"),
        (Recordings(VIDEOS, fps=3), "0"),
        (Recordings(VIDEOS, breaks=[[], [4], [], [], []]), "1"),
        (Recordings([VIDEOS[1], VIDEOS[0], *VIDEOS[2:]], list("10234")), "1"),
    ]:
        with pytest.raises(ValueError, match=f"'{name}'"):
            Review(MODEL, videos, review.out)
    other = HMMSegmenter(3, random_state=0).fit(VIDEOS)
    for model in (other, rename(MODEL, list("abc"))):
        with pytest.raises(ValueError, match="other model"):
            Review(model, VIDEOS, review.out)
    with pytest.raises(ValueError, match="other labels"):
        Review(MODEL, VIDEOS, review.out, labels=[CODES[0], *[None] * 4])
    save_model(MODEL, review.out / "own.skops")
    again = Review(load_model(review.out / "own.skops"), VIDEOS, review.out)
    assert again.actions[0] == "x"
    again.close()


def test_labels_are_compared_where_stops_are_the_same():
    about = {"recordings": [["a", 9, [], "u"], ["b", 9, [], "v"]], "labels": ["1", "2"]}
    rows = [["a", 9, [[0, 2]], "w"], about["recordings"][1]]
    check_beginning(about, {"recordings": rows, "labels": ["3", "2"]}, "out")
    with pytest.raises(OtherReview, match="other labels"):
        check_beginning(about, {"recordings": rows, "labels": ["3", "4"]}, "out")


def test_the_same_recordings_are_the_same_in_any_type(tmp_path):
    videos = [video.astype(np.float32) for video in VIDEOS]
    np.save(tmp_path / "first.npy", videos[0])
    others = [np.load(tmp_path / "first.npy", mmap_mode="r"), videos[1].tolist()]
    others += [pd.DataFrame(videos[2]), np.asfortranarray(videos[3])]
    for array, other in zip(videos, others):
        assert digest_of(Recordings([array]), 0) == digest_of(Recordings([other]), 0)


def test_folders_that_cannot_be_used(tmp_path):
    for name in ("results", "text", "folder"):
        (tmp_path / name).mkdir()
    (tmp_path / "results" / "segments.csv").write_text("mine")
    (tmp_path / "text" / LOG).write_text("no database " * 100)
    (tmp_path / "folder" / LOG).mkdir()
    kinds = {"results": FileExistsError, "text": ValueError, "folder": OSError}
    for name, kind in kinds.items():
        with pytest.raises(kind):
            Review(MODEL, VIDEOS, tmp_path / name)
    assert os.listdir(tmp_path / "results") == ["segments.csv"]


# Damage


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"undo": "a"}', '{"effect": {}}'])
def test_rows_of_others_are_refused(review, line):
    review.close()
    with contextlib.closing(sqlite3.connect(review.out / LOG)) as file, file:
        file.execute("INSERT INTO log VALUES (2, ?, NULL)", [line])
    with pytest.raises(ValueError, match="row 2, is damaged") as caught:
        Review(MODEL, VIDEOS, review.out)
    assert "\n" not in str(caught.value)


def test_damaged_files_are_refused(review):
    for step in STEPS[:6]:
        step(review)
    review.close()
    path = review.out / LOG
    content = path.read_bytes()
    half = len(content) // 2
    for damaged in (content[:half], content[:5000] + b"\0" * half):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=LOG):
            Review(MODEL, VIDEOS, review.out)


# Other processes


def test_one_review_at_a_time(review):
    """Also if files that look like locks are removed."""
    review.rename(0, "x")
    for path in review.out.glob(f"{LOG}-*"):
        path.unlink()
    with pytest.raises(FileExistsError):
        Review(MODEL, VIDEOS, review.out)
    code = "import sqlite3, sys; file = sqlite3.connect(sys.argv[1], timeout=0)\n"
    code += "file.execute('SELECT * FROM log')"
    command = [sys.executable, "-c", code, str(review.out / LOG)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert "database is locked" in ended.stderr
    assert review.rename(0, "y")
    review.close()
    with pytest.raises(ValueError, match="closed"):
        review.rename(0, "x")


@pytest.mark.skipif(os.name == "nt", reason="open files cannot be removed")
@pytest.mark.parametrize(
    ("what", "is_copied"), [("out", False), (f"out/{LOG}", False), (f"out/{LOG}", True)]
)
def test_changes_are_refused_once_the_log_is_gone(review, tmp_path, what, is_copied):
    """Also if there is a copy, or the review of another process, in its place."""
    review.check(0)
    state, path, away = review.state, tmp_path / what, tmp_path / "away"
    path.rename(away)
    if is_copied:
        (shutil.copytree if away.is_dir() else shutil.copy)(away, path)
    edits = [lambda: review.rename(0, "x"), review.undo, review.learn]
    for call in (*edits, review.save, review.export):
        with pytest.raises(FileNotFoundError):
            call()
        assert review.state is state
    assert not (review.out / "segments.csv").exists()
    if is_copied:
        (shutil.rmtree if path.is_dir() else os.unlink)(path)
    away.rename(path)
    assert review.rename(0, "x")
    assert reopened(review).actions[0] == "x"


@pytest.mark.skipif(os.name == "nt", reason="no command cp")
def test_killed_processes_lose_nothing_but_what_they_do(
    review, plain, tmp_path, monkeypatch
):
    """They leave what copies hold that are made before each thing that is written."""
    copies = []

    def copied(write):
        def copy_and_write(*arguments):
            copies.append((tmp_path / str(len(copies)), plain(review.state)))
            copy = ["cp", "-r", str(review.out), str(copies[-1][0])]
            subprocess.run(copy, check=True)  # which leaves our lock alone
            write(*arguments)

        return copy_and_write

    monkeypatch.setattr("skl_tot.io.save_model", copied(save_model))
    monkeypatch.setattr(Log, "append", copied(Log.append))
    for number in (0, 1, 4, 6, 8, 11, 12, 13):
        STEPS[number](review)
    assert len(copies) == 10  # with two new models
    for folder, state in copies:
        with contextlib.closing(Review(None, VIDEOS, folder)) as left:
            assert plain(left.state) == state
            assert len(left.model.actions_) == len(left.state.actions)


@contextlib.contextmanager
def limited(n_bytes):
    """Let files become no longer: the system says so, as on a full disk."""
    resource = pytest.importorskip("resource", reason="no limits on Windows")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("is_for_journal", [True, False])
def test_full_disks_are_told_and_change_nothing(review, plain, is_for_journal):
    """The journal does not fit, or the row in the log, or the file of a model."""
    review.check(0)
    state, n_bytes = review.state, (review.out / LOG).stat().st_size
    edits = [lambda: review.rename(0, "a" * 9000), lambda: review.split(0)]
    edits += [review.learn, *[review.undo] * is_for_journal]
    for call in edits:
        limit = limited(0 if is_for_journal else min(n_bytes, 4096))
        with limit, pytest.raises(OSError) as caught:
            call()
        text = str(caught.value)
        assert "\n" not in text
        assert str(review.out / "review.") in text
        assert review.state is state
        assert review.undoable == "0: checked"
    review.learn()
    review.rename(0, "more")
    after = plain(review.state)
    review = reopened(review)
    assert plain(review.state) == after
    review.close()


@pytest.mark.filterwarnings("ignore:Labels show one action")
@pytest.mark.parametrize("kind", ["EqualParts", "TemporalOT", "Cyclic"])
def test_every_kind_of_model(make_estimator, log_fit, kind, plain, tmp_path):
    """What it cannot learn or split changes nothing; the rest comes back."""
    if kind == "Cyclic":
        model, recordings = log_fit
    else:
        recordings = VIDEOS
        model = make_estimator(f"{kind}Segmenter").fit(recordings)
    review = Review(model, recordings, tmp_path).open()
    review.rename(review.actions[0], "pour")
    review.check(0)
    calls = review.learn, lambda: review.split("pour"), lambda: review.merge(0, 1)
    for call in calls:
        state = review.state
        try:
            call()
        except (TypeError, ValueError):
            assert review.state is state
    after, paths = plain(review.state), review.model.predict(recordings)
    review = reopened(review, recordings)
    assert plain(review.state) == after
    for path, expected in zip(review.model.predict(recordings), paths):
        np.testing.assert_array_equal(path, expected)
    review.close()
