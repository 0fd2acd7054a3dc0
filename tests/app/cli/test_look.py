"""What a fit says about the recordings."""

import html

import numpy as np
import pytest

from skl_tot.app.cli.outputs import in_options
from skl_tot.datasets import make_activities
from skl_tot.io import load_model
from skl_tot.methods.pipelines import describe_look

N_ACTIONS = 4


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch, free_videos, quick_auto):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flat").mkdir()
    for i, video in enumerate(free_videos):
        np.save(tmp_path / "flat" / f"v{i}.npy", video)


@pytest.mark.filterwarnings("ignore::UserWarning")  # too few steps
def test_fit_tells_its_look(run, capsys, tmp_path):
    fit = f"fit flat --n-actions {N_ACTIONS} --method auto --pipeline standard"
    assert run(f"{fit} --out m.skops") == 0
    printed = capsys.readouterr().out.splitlines()
    sentences = list(map(in_options, describe_look(load_model("m.skops"))))
    assert len(sentences) > 1
    assert printed[0].startswith("Fitted to 8 recordings")
    assert printed[1 : 1 + len(sentences)] == sentences  # once
    assert len(set(printed)) == len(printed)
    assert run("report m.skops flat --out page.html") == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    look = html.unescape(page.partition('id="model"')[2].partition("</section>")[0])
    assert all(own in look for own in describe_look(load_model("m.skops")))


def test_fit_tells_the_chosen_number(run, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("skl_tot.methods.numbers.NUMBERS", range(1, 6))
    videos, _ = make_activities(4, 3, noise=0.4, mean_length=60, random_state=0)
    (tmp_path / "data").mkdir()
    for i, video in enumerate(videos):
        np.save(tmp_path / "data" / f"v{i}.npy", video)
    assert run("fit data --n-actions auto --method hmm --out m.skops") == 0
    found = "The recordings bear out 3 actions best, of 1 to 5."
    assert found in capsys.readouterr().out
    assert load_model("m.skops").numbers_["best"] == 3
