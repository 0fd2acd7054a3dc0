"""The page for users of other programs, with files that these programs wrote."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import skl_tot
from skl_tot import TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.io import read_segments, segments, write_segments

PAGE = Path(skl_tot.__file__).parents[1] / "docs" / "coming_from.md"
FILES = Path(__file__).parents[1] / "data" / "coming_from"
CODED = {"mouse_1": [60, 40, 100], "mouse_2": [80, 30, 60]}  # frames, as coded
BEHAVIOURS = ["reach", "grasp", "lift"]
NEW = [70, 35, 80]  # frames of a recording that is not coded
parts = re.split(r"^## (.*)\n", PAGE.read_text("utf-8"), flags=re.M)[1:]
CODE = {
    heading: re.findall(r"^```python\n(.*?)^```", text, re.S | re.M)
    for heading, text in zip(parts[::2], parts[1::2])
}


@pytest.fixture
def names(pose_files, monkeypatch):
    """Data of the blocks; files are in the working folder, and fits are short."""
    for library in ("h5py", "hmmlearn"):
        pytest.importorskip(library)
    shutil.copytree(FILES, ".", dirs_exist_ok=True)
    random = np.random.default_rng(0)
    Path("features").mkdir()
    for name, lengths in (CODED | {"mouse_3": NEW}).items():
        means = np.repeat(3 * np.eye(3), lengths, axis=0)
        frames = means + random.normal(0, 0.3, means.shape)
        np.save(f"features/{name}.npy", frames)
    Path("annotated").mkdir()
    for name, lengths in CODED.items():
        coded = segments([np.repeat(BEHAVIOURS, lengths)], fps=25)
        write_segments(coded, f"annotated/{name}.eaf")
    videos = make_activities(6, 6, mean_length=60, random_state=0)[0]
    monkeypatch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, "max_iter", 9)
    return {"videos": videos}


def is_right(actions):
    return np.mean(actions == np.repeat(BEHAVIOURS, NEW)) > 0.9


RIGHT = {
    "keypoint-moseq": lambda x: set(x["table"]["recording"]) == {*x["syllables"]},
    "BORIS": lambda x: is_right(x["predicted"]["mouse_3"]),
    "ELAN": lambda x: is_right(read_segments("mouse_3.eaf", fps=25)),
}


@pytest.mark.parametrize("heading", [heading for heading in CODE if CODE[heading]])
def test_sections_need_no_other(names, heading):
    for code in CODE[heading]:
        exec(code, names)
    assert RIGHT.get(heading, len)(names)
