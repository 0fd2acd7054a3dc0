"""Two levels of actions in the report, and the names of several activities."""

import re

import numpy as np
import pytest

from skl_tot import ActivitySegmenter, HMMSegmenter, TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.display.palette import COLOURS
from skl_tot.report import write_report
from skl_tot.report.content import SECTIONS, Content
from skl_tot.report.findings import examine


@pytest.fixture(scope="module")
def videos():
    return make_activities(8, 4, n_features=5, mean_length=60, random_state=0)[0]


@pytest.fixture(scope="module")
def model(videos):
    model = TemporalOTSegmenter(
        2, n_parts=3, max_iter=30, freeze_iter=2, random_state=0, decoding="free"
    )
    return model.fit(videos)


@pytest.fixture(scope="module")
def levels(model, videos):
    words = np.array(["take", "pour"])
    names = [f"video {i}" for i in range(len(videos))]
    findings = examine(model, videos, names, words)
    content = Content(model, model, videos, names, None, findings, None)
    return SECTIONS["levels"][1](content)


def segments_of(bar):
    """Code of each frame of a bar, from its outlines."""
    n_frames, shapes = bar
    codes = np.full(n_frames, -1)
    for _, code, outline in shapes:
        for start, end in re.findall(r"M(\d+) 0H(\d+)", outline):
            codes[int(start) : int(end)] = code
    return codes


def test_bars_are_those_of_predict(levels, model, videos):
    assert levels["n_actions"] == (2, 4)
    assert len(levels["bars"]) == 6
    for (above, below), video in zip(levels["bars"], videos):
        np.testing.assert_array_equal(segments_of(above), model.predict(video))
        fine = model.predict(video, n_actions=4)
        np.testing.assert_array_equal(segments_of(below), fine)


def test_every_lower_action_has_a_name_and_a_colour(levels):
    codes = {code for _, (_, shapes) in levels["bars"] for _, code, _ in shapes}
    assert set(levels["names"]) == codes
    assert len(set(levels["names"].values())) == len(codes)
    assert all(name.startswith(("take", "pour")) for name in levels["names"].values())
    for code in codes:
        assert re.search(
            rf"^\.s{code} {{ --fill: #\w{{6}}; --ink: ", levels["css"], re.M
        )


def test_section_of_the_page(model, videos, tmp_path):
    write_report(model, videos, tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '<section aria-labelledby="levels">' in html
    assert (
        "Each of the first 6 recordings, cut into 2 actions, and below into 4" in html
    )
    assert re.search(r"\.s\d { --fill:", html.partition("</style>")[0])


def test_no_section_without_cuts(videos, tmp_path):
    write_report(HMMSegmenter(2).fit(videos), videos, tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "levels" not in html.partition("<main>")[2]


def test_an_undivided_action_keeps_its_colour(levels):
    for code, name in levels["names"].items():
        if "part" not in name:
            (above,) = [k for k, word in enumerate(["take", "pour"]) if word == name]
            assert f".s{code} {{ --fill: {COLOURS[above]};" in levels["css"]


def test_names_of_several_activities(videos, tmp_path):
    others, _ = make_activities(8, 4, n_features=5, mean_length=60, random_state=1)
    model = ActivitySegmenter(HMMSegmenter(2), 2, random_state=0).fit(videos + others)
    write_report(model, videos + others, tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    for name in model.action_names_:
        assert name in html
