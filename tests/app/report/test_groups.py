"""The section of the page that compares groups."""

import numpy as np
import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.report import write_report
from skl_tot.recordings import Recordings
from skl_tot.statistics import compare_groups


@pytest.fixture(scope="module")
def takes():
    """Three actions; the first lasts longer in the second half of the recordings."""
    random = np.random.default_rng(0)
    videos = []
    for i in range(10):
        lengths = [12 + 15 * (i >= 5) + i % 3, 15, 15]
        means = np.eye(3)[np.repeat(np.arange(3), lengths)]
        videos.append(means + random.normal(0, 0.05, means.shape))
    return Recordings(videos, [f"take {i}" for i in range(10)], fps=10)


def test_rows_of_groups(takes, tmp_path):
    model = HMMSegmenter(3).fit(takes)
    groups = dict(zip(reversed(takes.names), ["<new>"] * 5 + ["old"] * 5))
    write_report(model, takes, tmp_path / "a.html", groups=groups)
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    text = page[page.index('<h2 id="groups"') :].partition("</section>")[0]
    table = compare_groups(model.predict(takes), groups)
    n_differing, n_tested = (table["q"] < 0.05).sum(), table["p"].notna().sum()
    assert n_differing >= 2
    assert f"Of old and &lt;new&gt;, {n_differing} of {n_tested}" in text
    assert text.count('<tr class="odd">') == n_differing
    lead = page.partition('<p class="lead">')[2].partition("</p>")[0]
    assert f"{n_differing} of {n_tested} comparisons differ" in lead
    assert "(q &lt; 0.05): " in lead
    assert "</i>action 0" in lead
    assert " in all." in lead  # of all bouts of an action
    assert "1.28 s <small>old" in text.replace("<small>old</small>", "<small>old")
    assert "then comes" not in text  # steps are the same
    n_left = n_tested - text.count("<tr") + 1
    assert n_left > 1
    assert f"{n_left} other comparisons are not listed." in text
    subject = [f"person {i // 2}" for i in range(10)]
    for kept in (groups, None):
        given = {"groups": kept, "subject": subject}
        with pytest.raises(ValueError):
            write_report(model, takes, tmp_path / "b.html", **given)
    assert not (tmp_path / "b.html").exists()
