"""Numbers of actions on the command line."""

import numpy as np
import pytest

from skl_tot.datasets import make_activities
from skl_tot.io import load_model


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("skl_tot.methods.numbers.NUMBERS", range(1, 6))
    videos, _ = make_activities(8, 3, noise=0.4, mean_length=60, random_state=0)
    (tmp_path / "data").mkdir()
    for i, video in enumerate(videos):
        np.save(tmp_path / "data" / f"v{i}.npy", video)
    return tmp_path


def test_fit_with_auto(run, folder, capsys):
    command = "fit data --n-actions auto --method hmm --out m.skops"
    assert run(command) == 0
    found = "The recordings bear out 3 actions best, of 1 to 5."
    assert found in capsys.readouterr().out
    assert load_model("m.skops").numbers_["best"] == 3
    assert run("report m.skops data --out page.html") == 0
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert found in page
    assert 'aria-label="Score of each number of actions from 1 to 5"' in page


@pytest.mark.parametrize(
    ("numbers", "is_said"), [("2,4", True), ("2,3,4", False), ("3", False)]
)
def test_search_says_that_the_best_is_at_the_edge(
    run, folder, capsys, numbers, is_said
):
    options = "--method mallow --folds 2 --scoring label-free"
    assert run(f"search data {options} --grid n_actions={numbers}") == 0
    text = "is at the edge of 2 to 4: others beyond"
    assert (text in capsys.readouterr().out) == is_said


def test_auto_of_one_recording(run, folder, capsys):
    (folder / "one").mkdir()
    (folder / "data" / "v0.npy").rename(folder / "one" / "v0.npy")
    assert run("fit one --n-actions auto --method hmm --out m.skops") == 0
    assert "The recordings bear out 3 actions best" in capsys.readouterr().out
