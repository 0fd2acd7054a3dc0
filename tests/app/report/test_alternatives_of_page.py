"""The page about a vote with alternatives, and a fit's look."""

import html
import re

import numpy as np
import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.report import write_report
from skl_tot.corrections import merge
from skl_tot.corrections.questions import find_typical, mean_and_spread
from skl_tot.metrics import match_labels, mof_score


@pytest.fixture
def sections(tmp_path):
    """Write a page; returns its sections by id, and its start under None."""

    def write(model, videos, **options):
        write_report(model, videos, tmp_path / "page.html", **options)
        text = (tmp_path / "page.html").read_text(encoding="utf-8")
        head, *parts = re.split('<section aria-labelledby="', text)
        return {None: head} | dict(part.split('"', 1) for part in parts)

    return write


@pytest.fixture
def shown(free_videos):
    """Numbers of the recordings that show alternatives."""
    return find_typical([mean_and_spread(video) for video in free_videos], 3)


def bars_of(section, numbers, videos, kind):
    """Codes of the frames of the bars of an alternative."""
    paths = []
    for i in numbers:
        label = f'aria-label="recording {i} by {kind}">'
        shapes = section.partition(label)[2].partition("</svg>")[0]
        codes = np.full(len(videos[i]), -1)
        for code, outline in re.findall(r'class="c(\d+)[^"]*" d="([^"]*)"', shapes):
            for start, end in re.findall(r"M(\d+) 0H(\d+)", outline):
                codes[int(start) : int(end)] = int(code)
        paths.append(codes)
    return paths


def test_each_alternative_is_shown(open_vote, free_videos, shown, sections):
    text = sections(open_vote, free_videos)["alternatives"]
    assert re.findall("<h3>(.*)</h3>", text) == ["most members", "mixed"]
    assert all(x.sentence in text for x in open_vote.alternatives_)
    assert 'model.use_alternative("mixed")' in text
    first = bars_of(text, shown, free_videos, "most members")
    second = bars_of(text, shown, free_videos, "mixed")
    assert text.count("<svg") == len(first) + len(second) == 6
    videos = [free_videos[i] for i in shown]
    expected, labels = (
        open_vote.predict(videos),
        open_vote.alternative(1).predict(videos),
    )
    assert [path.tolist() for path in first] == [path.tolist() for path in expected]
    assert mof_score(labels, second) == 1
    # codes are those of the matched actions of the model
    assert mof_score(expected, second, scope="labels") == mof_score(expected, labels)
    match = match_labels(expected, labels)
    pairs = zip(np.concatenate(labels).tolist(), np.concatenate(second).tolist())
    assert all(match[label] in (None, code) for label, code in set(pairs))


def test_labels_of_one_recording_rank_alternatives(
    open_vote, free_videos, shown, sections
):
    """The bars of the model stay its own where people have labels."""
    i = shown[0]
    corrected = [None] * len(free_videos)
    labels = open_vote.alternative(1).predict(free_videos[i])
    corrected[i] = np.array(list("wxyz"))[labels]
    corrected[i][:3] = ""
    text = sections(open_vote, free_videos, corrected=corrected)["alternatives"]
    assert re.findall("<h3>(.*)</h3>", text) == ["mixed", "most members"]
    share = open_vote.rank_alternatives(free_videos, corrected)["most members"]
    assert 0.3 < share < 0.99
    shares = re.findall(r"(\d+) % of the labelled frames are right", text)
    assert shares == ["100", f"{100 * share:.0f}"]
    (path, *_) = bars_of(text, shown, free_videos, "most members")
    assert path.tolist() == open_vote.predict(free_videos[i]).tolist()


def test_actions_without_a_match_have_a_colour(open_vote, free_videos, shown, sections):
    """It is none of other recordings."""
    model = merge(open_vote, [0, 1, 2])
    corrected = [None] * len(free_videos)
    i = next(i for i in range(len(free_videos)) if i not in shown)
    corrected[i] = np.full(len(free_videos[i]), "extra")
    for labels, codes in ((None, {0, 1, 2, 3}), (corrected, {0, 1, 3, 4})):
        page = sections(model, free_videos, corrected=labels)
        paths = bars_of(page["alternatives"], shown, free_videos, "mixed")
        assert set(np.concatenate(paths).tolist()) == codes
        assert "<title>another action<" in page["alternatives"]
        assert "extra" not in page["alternatives"]
        assert all(f".c{code} {{" in page[None] for code in codes)


def test_look_is_told(free_videos, sections):
    model = HMMSegmenter(4).fit(free_videos)
    text = html.unescape(sections(model, free_videos)["model"])
    sentences = model.look_.sentences()
    assert len(sentences) >= 2
    assert all(f"<li>{sentence}</li>" in text for sentence in sentences)
    model = HMMSegmenter(4, order="free").fit(free_videos)
    assert "Look at" not in sections(model, free_videos)["model"]
