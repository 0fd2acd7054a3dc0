"""Nothing is lost: killed processes, full disks, other processes, damaged logs."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.review import Review
from skl_tot.app.review.history import digest_of
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import rename
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, read_table, save_model
from skl_tot.recordings import Recordings

VIDEOS, CODES = make_activities(
    n_videos=5, n_actions=3, n_features=4, mean_length=30, random_state=2
)
MODEL = MallowSegmenter(3).fit(VIDEOS)
LOG = "review.sqlite3"


@pytest.fixture
def review(tmp_path):
    review = Review(MODEL, VIDEOS, tmp_path / "out").open()
    yield review
    review.close()


def reopened(review, model=None):
    """Review of the same folder in place of one that is closed."""
    review.close()
    return Review(model, VIDEOS, review.out)


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


def test_goes_on_where_it_was_after_each_step(tmp_path, plain):
    review, other = (Review(MODEL, VIDEOS, out).open() for out in (tmp_path, None))
    first = plain(review.state)
    for step in STEPS:
        step(review)
        step(other)
        last, ways = plain(review.state), (review.undoable, review.redoable)
        assert plain(other.state) == last  # in memory it is the same
        predicted = review.model.predict(VIDEOS[3])
        review = reopened(review)
        assert review.ready
        assert plain(review.state) == last
        assert (review.undoable, review.redoable) == ways
        np.testing.assert_array_equal(review.model.predict(VIDEOS[3]), predicted)
    n_done = 0
    while review.undoable:
        review.undo()
        n_done += 1
    assert plain(review.state) == first
    review = reopened(review)
    for _ in range(n_done):
        review.redo()
    assert plain(review.state) == last
    review.close()
    assert sorted(os.listdir(review.out)) == ["review.models", LOG]


def test_results_are_those_of_now(review):
    for step in STEPS:
        step(review)
    review.relabel(2, 0, "other")
    review.check(2)
    review.export("csv")
    last = (review.out / "recordings.csv").read_text().splitlines()[3].split(",")
    entry = review.state.entries[2]
    n, k = entry.n_frames, len(entry.segments.starts)
    right = 1 - entry.segments.starts[1] / n, 1 - 1 / k
    assert last[:5] == ["2", str(n), str(k), str(n), "True"]
    assert [float(cell) for cell in last[5:]] == pytest.approx(right)
    table = review.table()
    found = read_table(review.out / "segments.csv")
    shared = ["recording", "action", "start", "end"]
    assert found[shared].to_dict("list") == table[shared].to_dict("list")
    for name, own in table.groupby("recording"):
        found = read_table(review.out / "labels" / f"{name}.csv")
        assert found["action"].tolist() == own["action"].tolist()
    loaded = load_model(review.out / "model.skops")
    for own, expected in zip(loaded.predict(VIDEOS), review.model.predict(VIDEOS)):
        np.testing.assert_array_equal(own, expected)


def test_names_that_no_file_has_are_in_one_table(tmp_path):
    videos = dict(zip(["a/b", "..", "c"], VIDEOS))
    review = Review(MODEL, videos, tmp_path / "out").open()
    review.export("csv")
    assert os.listdir(tmp_path / "out" / "labels") == ["all.csv"]
    before = (tmp_path / "out" / "segments.csv").stat().st_mtime_ns
    for name, message in [
        ("elan", "format is 'elan', which needs a rate"),
        ("nonsense", "expected one of"),
        ("labels", "'a/b' can have no file of that name"),
    ]:
        with pytest.raises(ValueError, match=message):
            review.export(name)
    assert (tmp_path / "out" / "segments.csv").stat().st_mtime_ns == before
    assert os.listdir(tmp_path / "out" / "labels") == ["all.csv"]
    assert sorted(os.listdir(tmp_path)) == ["out"]
    review.close()


def test_other_recordings_and_models_are_refused(review):
    review.rename(0, "x")
    review.close()
    others = [video.copy() for video in VIDEOS]
    others[3][-1, 0] += 1
    names = dict(zip("abcde", VIDEOS))
    shorter = [VIDEOS[0][:-1], *VIDEOS[1:]]
    within = [video.copy() for video in VIDEOS]
    within[2][5, 1] += 1e-4  # one value of one frame
    alike = Recordings(VIDEOS, breaks=[[], [4], [], [], []])
    swapped = Recordings([VIDEOS[1], VIDEOS[0], *VIDEOS[2:]], list("10234"))
    for videos, name in [
        (others, "3"),
        (within, "2"),
        (names, "a"),
        (shorter, "0"),
        (VIDEOS[:4], "4"),
        ([*VIDEOS, VIDEOS[0]], "5"),
        (Recordings(VIDEOS, fps=3), "0"),
        (alike, "1"),
        (swapped, "1"),
    ]:
        with pytest.raises(
            ValueError, match=f"review of other recordings, as '{name}' shows"
        ):
            Review(MODEL, videos, review.out)
    other = HMMSegmenter(3, random_state=0).fit(VIDEOS)
    for model in (other, rename(MODEL, list("abc"))):
        with pytest.raises(ValueError, match="review of other model"):
            Review(model, VIDEOS, review.out)
    with pytest.raises(ValueError, match="review of other labels"):
        Review(MODEL, VIDEOS, review.out, labels=[CODES[0], *[None] * 4])
    save_model(MODEL, review.out / "own.skops")
    again = Review(load_model(review.out / "own.skops"), VIDEOS, review.out)
    assert again.actions[0] == "x"
    again.close()


def test_the_same_recordings_are_the_same_in_any_type(tmp_path):
    videos = [video.astype(np.float32) for video in VIDEOS]
    Review(MODEL, videos, tmp_path / "out").open().close()
    np.save(tmp_path / "first.npy", videos[0])
    others = [np.load(tmp_path / "first.npy", mmap_mode="r"), videos[1].tolist()]
    others += [pd.DataFrame(videos[2]), np.asfortranarray(videos[3])]
    others += [videos[4].astype(float)]
    for array, other in zip(videos, others):
        kept = Recordings([array]), Recordings([other])
        assert digest_of(kept[0], 0) == digest_of(kept[1], 0)
    same = [np.asarray(own, float) for own in others]
    Review(MODEL, same, tmp_path / "out").close()


def test_folders_that_cannot_be_used(tmp_path):
    for name in ("results", "text", "folder"):
        (tmp_path / name).mkdir()
    (tmp_path / "results" / "segments.csv").write_text("mine")
    (tmp_path / "text" / LOG).write_text("no database " * 100)
    (tmp_path / "folder" / LOG).mkdir()
    for name, kind, message in [
        ("results", FileExistsError, "has segments.csv, but not of a review"),
        ("text", ValueError, r"sqlite3 cannot be used .file is not a database"),
        ("folder", OSError, r"sqlite3 cannot be used"),
    ]:
        with pytest.raises(kind, match=message):
            Review(MODEL, VIDEOS, tmp_path / name)
    assert os.listdir(tmp_path / "results") == ["segments.csv"]
    review = Review(MODEL, VIDEOS).open()
    for call in (review.save, review.export):
        with pytest.raises(ValueError, match="out is None"):
            call()


# Damage


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        '{"undo": "nothing is done"}',
        '{"said": "a", "effect": {"entries": {"9": {}}}}',
    ],
)
def test_rows_of_others_are_refused(review, line):
    review.close()
    path = review.out / LOG
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO log VALUES (2, ?, NULL)", [line])
    with pytest.raises(
        ValueError, match=r"review\.sqlite3, row 2, is damaged"
    ) as caught:
        Review(MODEL, VIDEOS, review.out)
    assert "\n" not in str(caught.value)


def test_damaged_and_earlier_files_are_refused(review):
    """In one line, which says what to do."""
    for step in STEPS:
        step(review)
    review.close()
    path = review.out / LOG
    content = path.read_bytes()
    half = len(content) // 2
    for damaged in (content[:half], content[:5000] + b"\0" * half):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=LOG):
            Review(MODEL, VIDEOS, review.out)
    path.write_bytes(content)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version=0")
    with pytest.raises(ValueError, match="is of an earlier version"):
        Review(MODEL, VIDEOS, review.out)


# Other processes


def test_one_review_at_a_time(review):
    """Also if files that look like locks are removed."""
    review.rename(0, "x")
    for path in review.out.iterdir():
        if path.name.startswith(f"{LOG}-"):
            path.unlink()
    with pytest.raises(FileExistsError, match="belongs to a review that is open"):
        Review(MODEL, VIDEOS, review.out)
    code = "import sys; from skl_tot.app.review.history import Log; Log(sys.argv[1])"
    command = [sys.executable, "-c", code, str(review.out)]
    found = subprocess.run(command, capture_output=True, text=True)
    assert "belongs to a review that is open" in found.stderr
    assert review.rename(0, "y")
    review.close()
    with pytest.raises(ValueError, match="the review is closed"):
        review.rename(0, "x")


@pytest.mark.skipif(os.name == "nt", reason="open files cannot be removed")
@pytest.mark.parametrize("what", ["out", f"out/{LOG}"])
@pytest.mark.parametrize("is_copied", [False, True])
def test_changes_are_refused_once_the_log_is_gone(review, tmp_path, what, is_copied):
    """Also if there is a copy, or the review of another process, in its place."""
    review.check(0)
    state, path, away = review.state, tmp_path / what, tmp_path / "away"
    path.rename(away)
    if is_copied:
        (shutil.copytree if away.is_dir() else shutil.copy)(away, path)
    calls = [lambda: review.rename(0, "x"), review.undo, review.learn]
    for call in (*calls, review.save, review.export):
        with pytest.raises(FileNotFoundError, match=r"sqlite3 was removed or replaced"):
            call()
        assert review.state is state
    assert not (review.out / "segments.csv").exists()
    if is_copied:
        (shutil.rmtree if path.is_dir() else Path.unlink)(path)
    away.rename(path)
    assert review.rename(0, "x")
    assert reopened(review).actions[0] == "x"


@pytest.mark.skipif(sys.platform != "linux", reason="forks a process with threads")
def test_killed_processes_lose_nothing_but_what_they_do(tmp_path, kills):
    """A few of them; ``kills.py`` by itself kills fifty."""
    command = [sys.executable, "-W", "ignore", str(kills), str(tmp_path), "4"]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.stderr == ""
    assert int(found.stdout.split()[0]) > 0


# Full disks


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
    """The journal does not fit, or the row or the model in the log."""
    review.check(0)
    state, n_bytes = review.state, (review.out / LOG).stat().st_size
    for call in (
        lambda: review.rename(0, "a" * 9000),
        lambda: review.relabel(1, 0, "b" * 9000),
        lambda: review.split(0),
        lambda: review.learn(),
        *[lambda: review.undo()] * is_for_journal,
    ):
        with (
            limited(0 if is_for_journal else n_bytes),
            pytest.raises(OSError, match=r"cannot be written|too large") as caught,
        ):
            call()
        assert "\n" not in str(caught.value)
        assert review.state is state
        assert review.undoable == "0: checked"
    review.learn()
    review.rename(0, "more")
    after = plain(review.state)
    review = reopened(review)
    assert plain(review.state) == after
    review.close()


def test_every_kind_of_model(estimator, plain, tmp_path):
    """What it cannot learn or split changes nothing; the rest comes back."""
    kind = type(estimator).__name__
    videos = [np.tile(v, (4, 1)) for v in VIDEOS] if kind.startswith("Cyc") else VIDEOS
    known = [[CODES[0] // 2, *[None] * 4]] if kind == "SemiSupervisedSegmenter" else []
    model = estimator.fit(videos, *known)
    review = Review(model, videos, tmp_path / "out").open()
    review.rename(review.actions[0], "pour")
    review.check(0)
    for call in (
        review.learn,
        lambda: review.split("pour"),
        lambda: review.merge(0, 1),
    ):
        state = review.state
        try:
            call()
        except (TypeError, ValueError) as error:
            assert "\n" not in str(error)  # noqa: PT017
            assert review.state is state
    after, labels = plain(review.state), review.model.predict(videos)
    review.close()
    review = Review(model, videos, tmp_path / "out")
    assert plain(review.state) == after
    for own, expected in zip(review.model.predict(videos), labels):
        np.testing.assert_array_equal(own, expected)
    review.close()
