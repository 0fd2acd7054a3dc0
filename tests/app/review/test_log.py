"""Nothing is lost: killed processes, full disks, other processes, torn lines."""

import errno
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.review import Review
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import rename
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, read_table, save_model
from skl_tot.recordings import Recordings

VIDEOS, CODES = make_activities(
    n_videos=5, n_actions=3, n_features=4, mean_length=30, random_state=2
)
MODEL = MallowSegmenter(3).fit(VIDEOS)


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
    lambda r: r.learn(),
    lambda r: r.keep(2),
    lambda r: r.split("pour"),
    lambda r: r.take_back(),
    lambda r: r.merge("pour 1", "pour 2"),
    lambda r: r.undo(),
    lambda r: r.undo(),
    lambda r: r.redo(),
    lambda r: r.check(1, False),
]


def test_goes_on_where_it_was_after_each_step(tmp_path, plain):
    review = Review(MODEL, VIDEOS, tmp_path / "out").open()
    states = [plain(review.state)]
    for step in STEPS:
        step(review)
        states.append(plain(review.state))
        undoable, redoable = review.undoable, review.redoable
        predicted = review.model.predict(VIDEOS[3])
        review = reopened(review)
        assert review.ready
        assert plain(review.state) == states[-1]
        assert (review.undoable, review.redoable) == (undoable, redoable)
        np.testing.assert_array_equal(review.model.predict(VIDEOS[3]), predicted)
    n_done = 0
    while review.undoable:
        review.undo()
        n_done += 1
    assert plain(review.state) == states[0]
    review = reopened(review)
    for _ in range(n_done):
        review.redo()
    assert plain(review.state) == states[-1]
    review.close()


def test_in_memory_it_is_the_same(review, plain):
    other = Review(MODEL, VIDEOS).open()
    for step in STEPS:
        step(review)
        step(other)
        one, two = plain(review.state), plain(other.state)
        assert one[1:] == two[1:]  # but for the numbers of models
    assert sorted(os.listdir(review.out)) == [
        "models",
        "review.jsonl",
        "review.jsonl.lock",
    ]


def test_results_are_those_of_now(review):
    for step in STEPS:
        step(review)
    review.export("csv")
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
    rows = (review.out / "recordings.csv").read_text().splitlines()
    assert rows[0] == "recording,n_frames,n_segments,checked"
    assert len(rows) == 6
    assert "new" in (review.out / "report.html").read_text(encoding="utf-8")


def test_recordings_say_what_was_right(review):
    review.relabel(2, 0, "new")
    review.check(2)
    review.export()
    rows = (review.out / "recordings.csv").read_text().splitlines()
    entry = review.state.entries[2]
    end = entry.segments.starts[1]
    n, k = entry.n_frames, len(entry.segments.starts)
    *known, frames, segments = rows[3].split(",")
    assert known == ["2", str(n), str(k), "True"]
    assert float(frames) == pytest.approx(1 - end / n)
    assert float(segments) == pytest.approx(1 - 1 / k)
    assert review.accuracy()["n_checked"] == 1


def test_names_that_no_file_has_are_in_one_table(tmp_path):
    videos = dict(zip(["a/b", "..", "c"], VIDEOS))
    review = Review(MODEL, videos, tmp_path / "out").open()
    review.export("csv")
    assert os.listdir(tmp_path / "out" / "labels") == ["all.csv"]
    with pytest.raises(ValueError, match="format is 'elan', which needs a rate"):
        review.export("elan")
    with pytest.raises(ValueError, match="expected one of"):
        review.export("nonsense")
    before = (tmp_path / "out" / "segments.csv").stat().st_mtime_ns
    with pytest.raises(ValueError, match="'a/b' can have no file of that name"):
        review.export("labels")
    assert (tmp_path / "out" / "segments.csv").stat().st_mtime_ns == before
    assert os.listdir(tmp_path / "out" / "labels") == ["all.csv"]
    assert sorted(os.listdir(tmp_path)) == ["out"]
    review.close()


def test_without_a_folder_there_is_nothing_to_write():
    review = Review(MODEL, VIDEOS).open()
    for call in (review.save, review.export):
        with pytest.raises(ValueError, match="out is None"):
            call()


@pytest.mark.parametrize("cut", [1, 7, -1])
def test_a_torn_line_is_cut(review, plain, cut):
    before = plain(review.state)
    size = review.out.joinpath("review.jsonl").stat().st_size
    review.rename("action 0", "long name of an action")
    review.close()
    path = review.out / "review.jsonl"
    content = path.read_bytes()
    path.write_bytes(content[: size + cut] if cut > 0 else content[:cut])
    review = reopened(review)
    assert plain(review.state) == before
    assert path.stat().st_size == size
    review.rename("action 0", "x")
    after = plain(review.state)
    review = reopened(review)
    assert plain(review.state) == after
    review.close()


@pytest.mark.parametrize("space", [b"\0" * 9, b"\0" * 9 + b"}\n", b"\0}\n\0"])
def test_space_without_content_is_cut(review, plain, space):
    """As systems leave it that lose power."""
    before, path = plain(review.state), review.out / "review.jsonl"
    review.close()
    content = path.read_bytes()
    path.write_bytes(content + space)
    review = Review(MODEL, VIDEOS, review.out)
    assert plain(review.state) == before
    assert path.read_bytes() == content
    review.close()


def test_lines_of_others_are_refused(review):
    review.close()
    path = review.out / "review.jsonl"
    first, *_ = path.read_text().splitlines()
    others = "no JSON\n" + first + "\n", "no JSON\n", "[1]\n", '{"some": "line"}\n'
    for content in others:
        path.write_text(content)
        with pytest.raises(ValueError, match=r"line 1, is no object|other recordings"):
            Review(MODEL, VIDEOS, review.out)
        assert path.read_text() == content


def test_other_recordings_and_models_are_refused(review):
    review.rename(0, "x")
    review.close()
    others = [video.copy() for video in VIDEOS]
    others[3][-1, 0] += 1
    names = dict(zip("abcde", VIDEOS))
    shorter = [VIDEOS[0][:-1], *VIDEOS[1:]]
    for videos in (others, names, shorter, VIDEOS[:4], Recordings(VIDEOS, fps=3)):
        with pytest.raises(ValueError, match="review of other recordings"):
            Review(MODEL, videos, review.out)
    other = HMMSegmenter(3, random_state=0).fit(VIDEOS)
    for model in (other, rename(MODEL, list("abc"))):
        with pytest.raises(ValueError, match="review of other model"):
            Review(model, VIDEOS, review.out)
    with pytest.raises(ValueError, match="review of other labels"):
        Review(MODEL, VIDEOS, review.out, labels=[CODES[0], *[None] * 4])
    path = review.out / "own.skops"
    save_model(MODEL, path)
    again = Review(load_model(path), VIDEOS, review.out)
    assert again.actions[0] == "x"
    again.close()


def test_labels_may_be_given_again(tmp_path):
    labels = [np.array(["reach", "", "lift"])[CODES[0]], *[None] * 4]
    review = Review(MODEL, VIDEOS, tmp_path, labels=labels).open()
    review.close()
    for model, again in ((MODEL, None), (None, labels), (MODEL, labels)):
        other = Review(model, VIDEOS, tmp_path, labels=again)
        assert other.state.names == review.state.names
        other.close()


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "segments.csv").write_text("mine")
    with pytest.raises(FileExistsError, match=r"has segments.csv, but not of a review"):
        Review(MODEL, VIDEOS, tmp_path)
    assert os.listdir(tmp_path) == ["segments.csv"]
    with pytest.raises(ValueError, match="model is None"):
        Review(None, VIDEOS, tmp_path / "new")


def test_a_log_that_is_no_file(tmp_path):
    (tmp_path / "review.jsonl").mkdir()
    kinds = IsADirectoryError, PermissionError  # the second on Windows
    with pytest.raises(kinds, match=r"review\.jsonl"):
        Review(MODEL, VIDEOS, tmp_path)


def test_one_review_at_a_time(review):
    with pytest.raises(FileExistsError, match="belongs to a review that is open"):
        Review(MODEL, VIDEOS, review.out)
    code = "import sys; from skl_tot.app.review.log import Log; Log(sys.argv[1])"
    command = [sys.executable, "-c", code, str(review.out / "review.jsonl")]
    found = subprocess.run(command, capture_output=True, text=True)
    assert "belongs to a review that is open" in found.stderr
    assert review.rename(0, "x")


class TestFullDisk:
    """Each write fails after some bytes: an error says so, and nothing has changed."""

    @pytest.fixture
    def full(self, monkeypatch):
        """Let the next write of a line fail after so many bytes."""

        def fill(n_bytes):
            write = os.write

            def fail(file, data):
                nonlocal n_bytes
                if n_bytes <= 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                data = bytes(data[:n_bytes])
                n_bytes -= len(data)
                return write(file, data)

            monkeypatch.setattr(os, "write", fail)
            return lambda: monkeypatch.setattr(os, "write", write)

        return fill

    @pytest.mark.parametrize("n_bytes", [0, 1, 20])
    def test_actions(self, review, full, plain, n_bytes):
        state, path = review.state, review.out / "review.jsonl"
        content = path.read_bytes()
        calls = [
            lambda: review.rename(0, "another name"),
            lambda: review.relabel(0, 0, "new"),
            lambda: review.merge(0, 1),
            lambda: review.split(0),
        ]
        for call in calls:
            done = full(n_bytes)
            with pytest.raises(
                OSError, match=r"No space left.*nothing is changed"
            ) as caught:
                call()
            done()
            assert "\n" not in str(caught.value)
            assert "review.jsonl" in str(caught.value)
            assert review.state is state
            assert path.read_bytes() == content
            assert review.undoable is None
            assert sorted(os.listdir(review.out / "models")) == [
                "0000.npy",
                "0000.skops",
            ]
        review.check(0)
        done = full(n_bytes)
        with pytest.raises(OSError, match="No space left"):
            review.learn()
        with pytest.raises(OSError, match="No space left"):
            review.undo()
        assert review.state.entries[0].checked
        done()
        review.learn()
        review.rename(review.actions[0], "more")
        after = plain(review.state)
        review = reopened(review)
        assert plain(review.state) == after
        review.close()

    def test_models_do_not_fit(self, review):
        """As the system says it, by a limit of the size of files."""
        review.check(0)
        state = review.state
        resource = pytest.importorskip("resource", reason="no limits on Windows")
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        try:
            with pytest.raises(OSError, match="too large") as caught:
                review.learn()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, handler)
        assert "\n" not in str(caught.value)
        assert review.state is state
        assert sorted(os.listdir(review.out / "models")) == ["0000.npy", "0000.skops"]
        review.learn()
        review = reopened(review)
        assert review.state.n_learned == 1
        review.close()


@pytest.mark.skipif(sys.platform != "linux", reason="forks a process with threads")
def test_killed_processes_lose_nothing_but_what_they_do(tmp_path, kills):
    """A few of them; ``kills.py`` by itself kills fifty."""
    command = [sys.executable, "-W", "ignore", kills.__file__, str(tmp_path), "4"]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.stderr == ""
    assert int(found.stdout.split()[0]) > 0


def test_closed(review):
    review.close()
    with pytest.raises(ValueError, match="the review is closed"):
        review.rename(0, "x")
    review.close()


def test_every_kind_of_model(estimator, plain, tmp_path):
    """What it cannot learn or split changes nothing; the rest comes back."""
    kind = type(estimator).__name__
    videos = [np.tile(v, (4, 1)) for v in VIDEOS] if kind.startswith("Cyc") else VIDEOS
    known = [[CODES[0] // 2, *[None] * 4]] if kind == "GuidedSegmenter" else []
    model = estimator.fit(videos, *known)
    review = Review(model, videos, tmp_path / "out").open()
    first, name = plain(review.state), review.actions[0]
    review.rename(name, "pour")
    review.relabel(0, 0, "new")
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
    while review.undoable:
        review.undo()
    assert plain(review.state) == first
    review.close()
