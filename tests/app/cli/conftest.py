"""Running commands, and the rules that their errors keep."""

import shutil

import numpy as np
import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.cli.main import main
from skl_tot.datasets import make_activities
from skl_tot.io import save_model, segments, write_segments

WORDS = np.array(["take cup", "pour", "stir"])


@pytest.fixture(autouse=True)
def _draw_nowhere(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")


@pytest.fixture(scope="session")
def run():
    """Run a command; returns its status."""

    def run(command):
        try:
            return main(command.split())
        except SystemExit as error:
            return error.code

    return run


@pytest.fixture
def refuses(run, capsys):
    """Run a command that is refused and writes nothing; returns its one line."""

    def refuses(command, folder):
        before = listing(folder)
        capsys.readouterr()
        assert run(command) == 2
        error = capsys.readouterr().err
        assert error.startswith("skl-tot")
        assert error.count("\n") == 1
        assert len(error) < 600
        assert listing(folder) == before
        return error

    return refuses


def listing(folder):
    """Times of files, and what else there is."""
    paths = list(folder.rglob("*"))
    return {path: path.is_dir() or path.stat().st_mtime_ns for path in paths}


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """Folder with recordings at 10 frames a second, labels, a model, predictions."""
    root = tmp_path_factory.mktemp("world")
    videos, truth = make_activities(4, 3, n_features=5, mean_length=60, random_state=0)
    for name in ["flat", "data/features", "data/groundTruth", "segments", "two"]:
        (root / name).mkdir(parents=True)
    model = HMMSegmenter(3, order="strict").fit(videos)
    save_model(model, root / "model.skops")
    for i, video in enumerate(videos):
        np.save(root / "flat" / f"v{i}.npy", video)
        np.save(root / "data" / "features" / f"v{i}.npy", video)
        text = "\n".join(f"act{k}" for k in truth[i])
        (root / "data" / "groundTruth" / f"v{i}.txt").write_text(text)
        predicted = segments(model.predict(video), fps=10)
        write_segments(predicted, root / "segments" / f"v{i}.csv")
        if i in (0, 2):
            labels = segments(WORDS[truth[i]], fps=10)
            write_segments(labels, root / "two" / f"v{i}.csv")
    (root / "flat" / "recordings.json").write_text('{"fps": 10}')
    (root / "notes.txt").write_text("a rainy day\n")
    return root


@pytest.fixture
def folder(world, tmp_path, monkeypatch):
    """Copy of the world, as the working folder."""
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path
