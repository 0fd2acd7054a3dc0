"""All readers of the page about signals and poses find the same tracks."""

import re
from pathlib import Path

import numpy as np
import pytest

import skl_tot
from skl_tot.app.cli.main import main
from skl_tot.io import load_model
from skl_tot.preprocessing import GapFiller, PoseFeatures
from skl_tot.recordings.layouts import as_recordings

PAGE = Path(skl_tot.__file__).parents[1] / "docs" / "guide" / "signals.md"
READ = "import read_recordings"
CASES = [(READ, "tracks"), (READ, "exports")]
CASES += [("load_poses", "tracks")]


def reader_of(word):
    """Block of the page that has a word, without the fit at its end."""
    text = PAGE.read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.S | re.M)
    (block,) = (block for block in blocks if word in block)
    assert block.splitlines()[-1] == "labels = model.fit(tracks).predict(tracks)"
    return block.rpartition("labels = ")[0]


@pytest.mark.parametrize(("word", "folder"), CASES)
def test_readers(word, folder, pose_files):
    names = {}
    exec(reader_of(word).replace('"tracks"', f'"{folder}"'), names)
    tracks = names["tracks"]
    filler = GapFiller(limit=8).fit(tracks)
    columns = [f"{p} {axis}" for p in ("nose", "left_ear", "tail") for axis in "xy"]
    assert filler.feature_names_in_.tolist() == columns
    filled = filler.transform(tracks)
    assert as_recordings(tracks).fps == 25
    assert as_recordings(filled).names == list(pose_files)
    poses = PoseFeatures(heading=("tail", "nose")).fit_transform(filled)
    for name, (points, likelihood) in pose_files.items():
        is_sure = np.repeat(likelihood >= 0.6, 2, axis=1)
        expected = points.reshape(len(points), -1)
        found = filled[name].to_numpy()
        np.testing.assert_allclose(found[is_sure], expected[is_sure])
        features = poses[name]
        assert features.columns[0] == "nose x"
        np.testing.assert_allclose(features["tail y"], features["nose y"])
    message = "the longest: 'nose x', 'nose y' in frames 50 to 57 of mouse0"
    with pytest.raises(ValueError, match=message):
        filler.set_params(limit=7).transform(tracks)


@pytest.mark.filterwarnings("always:Points of all animals")
def test_commands_take_pairs_without_options(pose_files, capsys):
    steps = ["--pipeline", "gaps:10,poses", "--method", "hmm", "--n-actions", "2"]
    assert main(["fit", "pairs", "--fps", "25", *steps, "--out", "m.skops"]) == 0
    assert "all animals are read, mouse1, mouse2; animal=" in capsys.readouterr().err
    names = load_model("m.skops")[:-1].get_feature_names_out()
    assert names[-2:].tolist() == ["mouse1 mouse2 distance", "mouse1 mouse2 approach"]
    assert main(["predict", "m.skops", "pairs", "--out", "segments.csv"]) == 0
    assert "animal" not in capsys.readouterr().err
    assert main(["predict", "m.skops", "tracks", "--out", "segments.csv"]) == 2
    assert "no column 'nose x mouse1'" in capsys.readouterr().err
    assert main(["predict", "m.skops", "pairs", "--read", "fps=9", "--out", "s"]) == 2
    assert "--read has fps, expected it as --fps." in capsys.readouterr().err
