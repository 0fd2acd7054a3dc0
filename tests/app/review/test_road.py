"""The road without a number: one recording is labelled, and the others follow."""

import contextlib
import json
import os
import runpy
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.review import Review, ReviewWidget
from skl_tot.app.review.calls import Calls
from skl_tot.app.review.entry import UNLABELLED
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.io import read_table
from skl_tot.recordings import Recordings

pytest.importorskip("selenium")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

# the page as a person sees it, a clock that tests move, and what must not overlap
SHARED = runpy.run_path(str(Path(__file__).with_name("test_page.py")))
FRONT_END = runpy.run_path(str(Path(__file__).with_name("test_widget.py")))["FRONT_END"]
Page, SAID = SHARED["Page"], SHARED["SAID"]
FPS = 10
GIVEN = {"n_features": 6, "mean_length": 100, "random_state": 0}


def runs_of(labels):
    """First frames, ends and labels of segments."""
    starts = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]])
    return zip(starts.tolist(), [*starts[1:].tolist(), len(labels)], labels[starts])


def hold(browser, labels):
    """Play from the first frame, and hold the number of each action while it lasts."""
    browser.execute_script(SHARED["CLOCK"])
    at = lambda: browser.execute_script(SHARED["AT"])  # noqa: E731
    ActionChains(browser, duration=0).send_keys(" ").perform()
    held = None
    for start, end, code in runs_of(labels):
        browser.execute_script("advance(arguments[0])", start / FPS + 0.05 - at())
        key = str(code + 1)
        chain = ActionChains(browser, duration=0).key_down(key)
        (chain if held is None else chain.key_up(held)).perform()
        browser.execute_script("advance(arguments[0])", (end - 0.5) / FPS - at())
        held = key
    ActionChains(browser, duration=0).key_up(held).perform()


def share_right(review, i, words):
    return np.mean(review.labels()[i] == words)


# In Python


@pytest.fixture
def quick(monkeypatch):
    """Fits without labels that take no time, of which one fails."""
    made = [HMMSegmenter(3, random_state=0), MallowSegmenter(3), HMMSegmenter(0)]
    where = "skl_tot.app.review.teaching.default_estimators"
    monkeypatch.setattr(where, lambda recordings, random_state: made)


@pytest.fixture
def videos():
    return make_activities(6, 3, **GIVEN)


def test_nothing_is_labelled_at_first(quick, videos):
    review = Review(None, videos[0]).open()
    assert review.actions == []
    assert review.model is None
    assert all((own == "").all() for own in review.labels())
    assert len(review.table()) == 0
    assert review.cycles is None
    assert review.alternatives == review.suggest_merges() == []
    signals = [own["recording"] for own in review.next(9)]
    assert sorted(signals) == list(range(6))
    for call, message in [
        (lambda: review.learn(), "no recording is checked"),
        (lambda: review.check(0), "no frame from 0 to .* has a label"),
        (lambda: review.take_proposal(0), "no fit is done yet"),
        (lambda: review.relabel(0, 0, 9), "there is no action 9"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    review.relabel(0, 0, 2)  # a code that is new makes the ones before, too
    assert review.actions == ["action 0", "action 1", "action 2"]


def test_what_is_not_labelled_is_neither_checked_nor_learned(quick, videos):
    recordings, codes = videos
    review = Review(None, recordings).open()
    n = len(recordings[0])
    ends = [end for _, end, _ in runs_of(codes[0])]
    for start, end, code in runs_of(codes[0]):
        if end < n:
            review.assign(0, start, end, int(code))
    share = (n - ends[-2]) / n
    said = f"0: checked, but {share:.0%} of it is not labelled, and stays so"
    assert review.check(0) == said
    assert [own[:2] for own in review.state.entries[0].checked] == [(0, ends[-2])]
    review.move(0, ends[-2], ends[-2] + 1)
    assert not review.state.entries[0].segments.by_hand[-1]
    assert review.accuracy() is None
    assert set(review.table()["recording"]) == {"0"}
    told = []
    review.learn(lambda *own: told.append(own))
    assert told[0][0] == "learning"
    assert told[-1] == ("learning", 6, 6)
    for labels in review.labels():
        assert (labels != "").all()
    assert all(entry.changed is None for entry in review.state.entries)
    doubts = [own["information"] for own in review.next(9)]
    assert doubts == sorted(doubts, reverse=True)
    assert review.accuracy() is None  # nothing had been predicted there
    review.undo()
    assert (review.labels()[1] == "").all()


def test_a_fit_is_proposed_and_kept(quick, videos, tmp_path):
    recordings, _ = videos
    review = Review(None, recordings, tmp_path).open()
    review.relabel(0, 0, "action 1")
    assert len(review.clusterings.wait()) == 2
    assert sorted(os.listdir(tmp_path / "clusterings")) == ["0.skops", "1.skops"]
    with pytest.raises(ValueError, match="which has labels of people"):
        review.take_proposal(0)
    assert review.take_proposal(1) == "1: the segments are those of a fit"
    assert review.actions == ["action 1", *(f"action {k}" for k in (0, 2, 3))]
    entry = review.state.entries[1]
    assert not entry.segments.by_hand.any()
    assert not entry.checked
    code = int(entry.segments.codes[0])
    review.rename(code, "pour")
    review.take_proposal(2)
    assert "pour" in review.labels()[2]
    last = review.labels()
    times = [own.stat().st_mtime_ns for own in (tmp_path / "clusterings").iterdir()]
    review.close()
    review = Review(None, recordings, tmp_path)
    assert [own.tolist() for own in review.labels()] == [own.tolist() for own in last]
    review.check(1)
    review.learn()
    assert "pour" in review.labels()[3]
    again = [own.stat().st_mtime_ns for own in (tmp_path / "clusterings").iterdir()]
    assert again == times
    with pytest.raises(ValueError, match="began with a model, or has learned"):
        review.take_proposal(4)
    review.close()


def test_labels_of_people_may_be_there(quick, videos):
    recordings, codes = videos
    words = np.array(["reach", "grasp", "lift"])
    review = Review(None, recordings, labels=[words[codes[0]], *[None] * 5]).open()
    assert review.state.entries[0].checked
    assert (review.labels()[1] == "").all()
    review.learn()
    assert share_right(review, 3, words[codes[3]]) >= 0.9


def test_what_there_is_none_of_has_no_file(quick, videos, tmp_path):
    review = Review(None, videos[0], tmp_path).open()
    review.save()
    assert not (tmp_path / "segments.csv").exists()
    with pytest.raises(ValueError, match="no frame is labelled"):
        review.export()
    review.assign(0, 3, 9, "reach")
    with pytest.raises(ValueError, match="needs a label of each frame"):
        review.export("labels")
    assert "without a model and a report" in review.export()
    table = read_table(tmp_path / "segments.csv")
    assert table[["start", "end"]].to_numpy().tolist() == [[3, 9]]
    assert os.listdir(tmp_path / "labels") == ["0.csv"]
    row = pd.read_csv(tmp_path / "recordings.csv").loc[0]
    assert (row["n_segments"], row["checked_frames"]) == (1, 0)
    review.undo()
    review.save()
    assert not (tmp_path / "segments.csv").exists()
    review.close()


# In the browser


class Process:
    """The command while it runs."""

    def __init__(self, folder, arguments):
        command = [sys.executable, "-m", "skl_tot", "review", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self.process = subprocess.Popen(command, cwd=folder, **pipes)
        self.process.stdout.readline()
        self.address = self.process.stdout.readline().strip()
        self.host = self.address.split("/")[2]

    def state(self):
        """What a page shows."""
        headers = {"origin": f"http://{self.host}", "content-type": "application/json"}
        request = urllib.request.Request(f"{self.address}call/open", b"{}", headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            shown = json.load(answer)
        return {key: shown[key] for key in ("rows", "names", "undo", "next", "learned")}

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def walk(browser, tmp_path):
    """Function that starts the command, or kills it and starts it again."""
    started = []

    def walk(size, mode):
        before = started[-1].state() if started else None
        browser.get("about:blank")  # which does not complain of the lost server
        if started:
            started[-1].kill()
        started.append(Process(tmp_path, ["takes", "--out", "out", "--no-browser"]))
        page = Page(browser, started[-1], size, mode)
        assert before in (None, started[-1].state())
        assert page.run(SHARED["OVERLAPS"]) == []
        assert not SHARED["is_too_large"](page)
        assert page.all(".problems li") == []
        return page

    yield walk
    log = browser.get_log("browser")
    for own in started:
        own.kill()
    assert log == []


def test_one_recording_is_labelled_and_the_others_follow(walk, wait_for, tmp_path):
    """By keys alone; killed and begun again after each step."""
    videos, codes = make_activities(12, 4, **GIVEN)
    (tmp_path / "takes").mkdir()
    for i, video in enumerate(videos):
        table = pd.DataFrame(video, columns=[f"x{k}" for k in range(6)])
        table.insert(0, "time", np.arange(len(video)) / FPS)
        table.to_csv(tmp_path / "takes" / f"take {i:02}.csv", index=False)
    page = walk((1400, 900), "light")
    state = page.served.state()
    assert {code for row in state["rows"] for code in row["prediction"]["code"]} == {
        UNLABELLED
    }
    index = state["next"][0]["recording"]
    assert page.text(".head h2") == f"take {index:02}"
    assert "Space plays" in page.text(".hint")
    hold(page.browser, codes[index])
    labelled = [int(code) for _, _, code in runs_of(codes[index])]
    read = lambda: page.served.state()["rows"][index]["prediction"]  # noqa: E731
    wait_for(lambda: read()["code"], labelled)
    page = walk((1000, 800), "dark")
    names = [f"take {i:02}" for i in range(12)]
    page.rename("first")
    page.change(lambda: page.press(Keys.ENTER))
    page = walk((1400, 900), "dark")
    page.press("l")
    page.wait(f"{SAID}.startsWith('learned')")
    page = walk((1000, 800), "light")
    assert page.served.state()["learned"] == 1
    assert "mean probability" in page.text(".next small")
    page.press("e", Keys.TAB, Keys.ENTER)
    page.wait(f"{SAID}.includes('results')")
    walk((1400, 900), "light")
    words = np.array([f"action {k}" for k in range(4)], dtype=object)
    words[codes[index][0]] = "first"
    for i, name in enumerate(names):
        table = read_table(tmp_path / "out" / "labels" / f"{name}.csv")
        found = np.repeat(table["action"].to_numpy(), table["end"] - table["start"])
        assert np.mean(found == words[codes[i]]) > (0.97 if i == index else 0.9)


def test_a_key_takes_a_proposal(quick, videos, browser, serving):
    """When a fit is done, of which the page tells."""
    calls = Calls(lambda _: Review(None, Recordings(videos[0], fps=FPS)), "takes")
    with serving(calls) as served, contextlib.closing(calls):
        calls.start()
        page = Page(browser, served)
        page.wait(
            "document.querySelector('.fits').textContent === "
            "'fits: 3 of 3, 1 failed, F shows one'"
        )
        page.change(lambda: page.press("f"))
        assert len(page.all(".actions ol li")) == 4  # with background
        assert "press R" in page.text(".hint")
        page.rename("pour")
        page.press("n")
        assert page.find(".name").get_attribute("value") == "not labelled"
        page.change(lambda: page.press("f"))
        assert page.find(".name").get_attribute("value") == "pour"
        page.change(lambda: page.press("z"))
        assert page.find(".name").get_attribute("value") == "not labelled"
        page.change(lambda: page.press("8"))  # of new ones, up to it
        assert page.find(".name").get_attribute("value") == "action 6"
        page.press("f")
        page.wait(
            "document.querySelector('.problems li:last-child')?"
            ".textContent.includes('which has labels of people')"
        )
        assert browser.get_log("browser") == []


def test_a_page_that_listens_late_hears_of_the_fits(quick, videos, wait_for):
    """Also of those that ended after it got the state."""
    calls, events = Calls(lambda _: Review(None, videos[0]), "takes"), []
    with contextlib.closing(calls):
        calls.start()
        wait_for(lambda: (calls.call("open", {})["fits"] or [0])[-1], 3)
        wait_for(lambda: calls.review.clusterings.counts, [2, 3, 3])
        calls.subscribe(events.append)
    assert events[0]["type"] == "pages"
    assert events[0]["fits"] == [2, 3, 3]


def test_a_log_is_labelled_by_one_cycle(quick, browser, serving, wait_for):
    """What is labelled of it is checked, and the rest is learned."""
    videos, codes = make_activities(8, 3, **GIVEN | {"mean_length": 200})
    log, truth = Recordings([np.concatenate(videos)], ["log"], fps=FPS), codes[0]
    calls = Calls(lambda _: Review(None, log), "log")
    with serving(calls) as served, contextlib.closing(calls):
        calls.start()
        page = Page(browser, served)
        hold(browser, truth)
        n_runs = len(list(runs_of(truth)))
        shown = lambda: len(page.review.state.entries[0].segments.starts)  # noqa: E731
        wait_for(shown, n_runs + 1)
        browser.refresh()  # with a clock that goes
        page.wait("document.body.dataset.version > 0")
        page.change(lambda: page.press(Keys.ENTER))
        assert "is not labelled, and stays so" in page.text("footer .said")
        (stretch,) = page.review.state.entries[0].checked
        assert abs(stretch.end - len(truth)) <= 1
        page.press("l")
        page.wait(f"{SAID}.startsWith('learned')")
        words = np.array([f"action {k}" for k in range(3)])
        assert share_right(page.review, 0, words[np.concatenate(codes)]) > 0.9
        assert len(page.review.cycles) == 8
        assert browser.get_log("browser") == []


def test_in_a_notebook(quick, videos, browser):
    """Keys do what they do on the page."""
    recordings, codes = videos
    page, sent = ReviewWidget(None, Recordings(recordings, fps=FPS)), []
    page.widget.send = sent.append

    def look(condition):
        for content in browser.execute_script("return window.sent.splice(0)"):
            page.widget._handle_custom_msg(content, [])
        for message in [sent.pop(0) for _ in range(len(sent))]:
            text = "const own = JSON.parse(arguments[0]);"
            text += "for (const callback of window.callbacks) callback(own);"
            browser.execute_script(text, json.dumps(message))
        return browser.execute_script(f"return {condition}")

    def wait(condition):
        WebDriverWait(browser, 30, 0.02).until(lambda _: look(condition))

    browser.get("data:text/html,<!doctype html><title>a</title>")
    front_end = FRONT_END, page.widget._esm, page.widget._css
    browser.execute_async_script(*front_end)
    wait("document.querySelector('.small').dataset.rows?.length > 0")
    browser.execute_script("document.querySelector('.page').focus()")
    index = page.review.next()[0]["recording"]
    hold(browser, codes[index])
    n_runs = len(list(runs_of(codes[index])))
    version = "document.querySelector('.page').dataset.version"
    wait(f"{version} == {1 + n_runs}")
    ActionChains(browser, duration=0).send_keys(Keys.ENTER, "l").perform()
    wait(f"{SAID}.startsWith('learned')")
    words = np.array([f"action {k}" for k in range(3)])
    shares = [share_right(page.review, i, words[own]) for i, own in enumerate(codes)]
    assert np.mean(shares) > 0.9
    page.close()
    assert browser.get_log("browser") == []
