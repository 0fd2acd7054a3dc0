"""What a fit says about the recordings, and alternatives of a vote."""

import sys

import numpy as np
import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.cli.main import main
from skl_tot.app.cli.outputs import in_options
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, save_model
from skl_tot.methods.pipelines import segmenter_of

N_ACTIONS = 4


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch, free_videos, _quick_votes):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flat").mkdir()
    for i, video in enumerate(free_videos):
        np.save(tmp_path / "flat" / f"v{i}.npy", video)


@pytest.mark.parametrize(
    "options", ["--method hmm --pipeline standard", "--set max_iter=20 n_networks=1"]
)
@pytest.mark.filterwarnings("ignore:.* actions are in effect")  # too few steps
@pytest.mark.parametrize("bars", [False, True])
def test_fit_tells_its_look(run, capsys, monkeypatch, options, bars):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: bars)
    assert run(f"fit flat --n-actions {N_ACTIONS} {options} --out m.skops") == 0
    printed = capsys.readouterr().out.splitlines()
    sentences = segmenter_of(load_model("m.skops")).look_.sentences()
    sentences = list(map(in_options, sentences))
    assert printed[0].startswith("Fitted to 8 recordings")
    assert printed[1 : 1 + len(sentences)] == sentences  # once, also with a bar
    assert len(set(printed)) == len(printed)
    assert "Alternative" not in "\n".join(printed)


def test_fit_names_alternatives_and_how_to_take_one(run, capsys):
    """The printed command makes the alternative the model's own."""
    command = f"fit flat --n-actions {N_ACTIONS} --method auto --seed 0"
    assert run(f"{command} --out m.skops") == 0
    model = load_model("m.skops")
    others = model.alternatives_[1:]
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if line.startswith("Alternative")]
    for line, other in zip(told, others, strict=True):
        share = f"It is as the model on {100 * other.agreement:.0f}% of the frames"
        assert share in line
        assert f"Alternative, {other.name}: {other.sentence}" in line
    line, other = told[0], others[0]
    printed = line.partition("skl-tot ")[2].partition(" makes it")[0]
    name = f'"{other.name}"' if " " in other.name else other.name
    assert printed == f"edit m.skops --alternative {name} --out NEW"
    words = [*printed.split()[:2], "--alternative", other.name, "--out", "new.skops"]
    assert main(words) == 0
    frames = [np.load(f"flat/v{i}.npy") for i in range(8)]
    found, kept = load_model("new.skops").predict(frames), model.predict(frames)
    for path, expected in zip(found, model.alternative(1).predict(frames)):
        np.testing.assert_array_equal(path, expected)
    assert any((a != b).any() for a, b in zip(found, kept))


def test_edit_takes_an_alternative_before_other_changes(open_vote, free_videos):
    save_model(open_vote, "vote.skops")
    options = ["--alternative", "mixed", "--rename", "0=reach", "1=grasp"]
    assert main(["edit", "vote.skops", *options, "--out", "e.skops"]) == 0
    model = load_model("e.skops")
    assert model.actions_.tolist()[:2] == ["reach", "grasp"]
    words = model.actions_
    other = open_vote.alternative("mixed").predict(free_videos)
    for path, codes in zip(model.predict(free_videos), other):
        np.testing.assert_array_equal(path, words[codes])


def test_edit_refuses_alternatives_that_are_not_there(
    open_vote, refuses, tmp_path, free_videos
):
    save_model(open_vote, "vote.skops")
    refuses("edit vote.skops --alternative x --out e.skops", tmp_path)
    save_model(HMMSegmenter(4).fit(free_videos), "hmm.skops")
    refuses("edit hmm.skops --alternative x --out e.skops", tmp_path)
    refuses("edit vote.skops --out e.skops", tmp_path)


@pytest.mark.parametrize("is_one", [False, True])
def test_fit_tells_the_chosen_number(run, capsys, tmp_path, monkeypatch, is_one):
    monkeypatch.setattr("skl_tot.methods.numbers.NUMBERS", range(1, 6))
    videos, _ = make_activities(8, 3, noise=0.4, mean_length=60, random_state=0)
    (tmp_path / "data").mkdir()
    for i, video in enumerate(videos[:1] if is_one else videos):
        np.save(tmp_path / "data" / f"v{i}.npy", video)
    assert run("fit data --n-actions auto --method hmm --out m.skops") == 0
    found = "The recordings bear out 3 actions best, of 1 to 5."
    assert found in capsys.readouterr().out
    assert load_model("m.skops").numbers_["best"] == 3
    assert run("report m.skops data --out page.html") == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert found in page
    assert 'aria-label="Score of each number of actions from 1 to 5"' in page
