"""The page about a vote with alternatives, and a fit's look."""

import html
import re

import numpy as np
import pytest

from skl_tot import HMMSegmenter, SemiSupervisedSegmenter
from skl_tot.app.report import write_report
from skl_tot.corrections import merge
from skl_tot.corrections.questions import find_typical, mean_and_spread
from skl_tot.metrics import match_labels, mof_score


def typical_of(videos):
    """Numbers of the shown recordings, and these."""
    chosen = find_typical([mean_and_spread(video) for video in videos], 3)
    return chosen, [videos[i] for i in chosen]


@pytest.fixture
def sections(tmp_path):
    """Write a page; returns its sections by id, and its start under None."""

    def write(model, videos, **options):
        write_report(model, videos, tmp_path / "page.html", **options)
        text = (tmp_path / "page.html").read_text(encoding="utf-8")
        head, *parts = re.split('<section aria-labelledby="', text)
        return {None: head} | dict(part.split('"', 1) for part in parts)

    return write


def bars_of(section, videos, kind):
    """Codes of the frames of the bars of an alternative."""
    found = []
    for i, video in zip(*typical_of(videos)):
        n = len(video)
        label = f'aria-label="recording {i} by {kind}">'
        shapes = section.partition(label)[2].partition("</svg>")[0]
        codes = np.full(n, -1)
        for code, outline in re.findall(r'class="c(\d+)[^"]*" d="([^"]*)"', shapes):
            for start, end in re.findall(r"M(\d+) 0H(\d+)", outline):
                codes[int(start) : int(end)] = int(code)
        found.append(codes)
    return found


def test_each_alternative_is_shown(open_vote, free_videos, sections):
    model, videos = open_vote, free_videos
    text = sections(model, videos)["alternatives"]
    other = model.alternatives_[1]
    assert re.findall("<h3>(.*)</h3>", text) == ["most members", "mixed"]
    for own in model.alternatives_:
        assert own.sentence in text
    assert f"{100 * other.agreement:.0f} % of the frames of the fit are as" in text
    assert "labelled frames" not in text
    assert 'model.use_alternative("mixed")' in text
    assert '--alternative "mixed" --out NEW' in re.sub("<[^>]*>", "", text)
    first = bars_of(text, videos, "most members")
    second = bars_of(text, videos, "mixed")
    assert text.count("<svg") == len(first) + len(second) == 6
    _, shown = typical_of(videos)
    expected, labels = model.predict(shown), model.alternative(1).predict(shown)
    assert [path.tolist() for path in first] == [path.tolist() for path in expected]
    assert mof_score(labels, second) == 1
    match = match_labels(expected, labels)
    assert mof_score(expected, second, scope="labels") == mof_score(expected, labels)
    assert all(found in (None, code) for code, found in _pairs(labels, second, match))


def test_labels_of_one_recording_rank_alternatives(open_vote, free_videos, sections):
    """The bars of the model stay its own where people have labels."""
    model, videos = open_vote, free_videos
    (i, *_), _ = typical_of(videos)
    told = [None] * len(videos)
    told[i] = np.array(list("wxyz"))[model.alternative(1).predict(videos[i])]
    told[i][:3] = ""
    text = sections(model, videos, corrected=told)["alternatives"]
    assert re.findall("<h3>(.*)</h3>", text) == ["mixed", "most members"]
    share = model.rank_alternatives(videos, told)["most members"]
    assert 0.3 < share < 0.99
    found = re.findall(r"(\d+) % of the labelled frames are right", text)
    assert found == ["100", f"{100 * share:.0f}"]
    assert bars_of(text, videos, "most members")[0].tolist() == (
        model.predict(videos[i]).tolist()
    )


def _pairs(labels, codes, match):
    """Code of each label on the page, and the code that it is matched to."""
    pairs = set(zip(np.concatenate(labels).tolist(), np.concatenate(codes).tolist()))
    return [(code, match[label]) for label, code in pairs]


def test_actions_without_a_match_have_a_colour(open_vote, free_videos, sections):
    model, videos = open_vote, free_videos
    merged = merge(model, [0, 1, 2])
    page = sections(merged, videos)
    codes = np.concatenate(bars_of(page["alternatives"], videos, "mixed"))
    assert set(codes.tolist()) == {0, 1, 2, 3}
    assert page["alternatives"].count("<title>another action<") == sum(
        np.isin([2, 3], own).sum()
        for own in bars_of(page["alternatives"], videos, "mixed")
    )
    for code in range(4):
        assert f".c{code} {{" in page[None]
    assert "alternatives" in sections(merge(model, range(4)), videos)


def test_actions_without_a_match_are_none_of_other_recordings(
    open_vote, free_videos, sections
):
    model, videos = merge(open_vote, [0, 1, 2]), free_videos
    told = [None] * len(videos)
    i = next(i for i in range(len(videos)) if i not in typical_of(videos)[0])
    told[i] = np.full(len(videos[i]), "extra")
    text = sections(model, videos, corrected=told)["alternatives"]
    codes = np.concatenate(bars_of(text, videos, "mixed"))
    assert set(codes.tolist()) == {0, 1, 3, 4}
    assert "<title>another action<" in text
    assert "extra" not in text


def test_look_is_said(free_videos, sections):
    videos = free_videos
    known = np.array(list("abcd"))[np.arange(len(videos[0])) * 4 // len(videos[0])]
    hmm = HMMSegmenter(4)
    y = [known, *[None] * (len(videos) - 1)]
    taught = SemiSupervisedSegmenter(hmm).fit(videos, y)
    text = html.unescape(sections(hmm.fit(videos), videos)["model"])
    assert len(hmm.look_.sentences()) >= 2
    for sentence in hmm.look_.sentences():
        assert f"<li>{sentence}</li>" in text
    assert "In the end" not in text
    ordered = HMMSegmenter(4, order="free").fit(videos)
    for model in (ordered, taught):  # as labels decide in place of a look
        assert "Look at the recordings" not in sections(model, videos)["model"]
