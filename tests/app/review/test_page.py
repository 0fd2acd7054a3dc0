"""The page of a review in a browser, with a server, used as people would."""

import threading

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.cli.main import main
from skl_tot.app.review import Review, server, teaching
from skl_tot.app.review.calls import Calls
from skl_tot.app.review.entry import UNLABELLED
from skl_tot.datasets import make_activities
from skl_tot.io import read_table
from skl_tot.recordings import Recordings
from skl_tot.recordings.labels import find_segments

pytest.importorskip("selenium")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.usefixtures("fit_once")
FPS = 10
ROAD = {"n_features": 6, "mean_length": 60, "random_state": 0}


def plain(review):
    """What a review shows, which can be compared; single steps count as one."""
    entries = []
    for entry in review.state.entries:
        starts, codes = (own.tolist() for own in entry.segments[:2])
        entries.append((starts, codes, bool(entry.checked)))
    return review.state.names, entries


# One recording after the other


def correct(page, twin):
    """Correct recordings on a page, and by the same steps in Python."""

    def frame(segment, index=4):
        return int(twin.state.entries[index].segments.starts[segment])

    page.open(2)
    page.choose(2, 1)
    page.rename("pour <b>")
    twin.rename("action 2", "pour <b>")
    page.press(Keys.ARROW_RIGHT)
    page.change(lambda: page.press("4"))
    twin.relabel(2, frame(2, 2), "action 4")
    page.press(*[Keys.ARROW_LEFT] * 2)
    page.press("a")
    page.change(lambda: page.press("wipe", Keys.ENTER))
    twin.relabel(2, 0, "wipe")
    page.open(4)
    x = page.x(page.starts(4)[1])
    by = page.x(-3 / FPS) - page.x(0)
    page.at(".large", x, 70, lambda chain: chain.click_and_hold())
    page.change(lambda: page.at(".large", x + by, 70, lambda chain: chain.release()))
    twin.move(4, frame(1), frame(1) - 3)
    page.choose(4, 1)
    page.change(lambda: page.hold(Keys.ALT, Keys.ARROW_RIGHT))
    twin.move(4, frame(1), frame(1) + 1)
    page.change(lambda: page.hold(Keys.ALT, Keys.ARROW_DOWN))
    twin.move(4, frame(2), frame(2) - 1)
    page.click("[data-do=edge][data-by='1'][data-end]")
    twin.move(4, frame(2), frame(2) + 1)
    x = page.x((frame(1) + 4) / FPS) + 1
    page.at(".stage canvas", x, 40, lambda chain: chain.click())
    page.change(lambda: page.press("c"))
    twin.cut(4, frame(1) + 4)
    page.choose(4, 2)
    page.click(".actions button[data-key='-1']")
    twin.relabel(4, frame(2), "background")
    page.click("[data-do=check]")
    twin.check(4)
    page.press(*"k" * 4)
    page.choose(0, 0)
    page.click("[data-do=split]")
    twin.split("action 1")
    page.choose(0, twin.state.entries[0].segments.codes.tolist().index(1))
    page.press("m")
    page.click(".actions button[data-key='2']")
    twin.merge("pour <b>", "action 3")
    page.change(lambda: page.press(Keys.ENTER))
    twin.check(0)


def teach(page, twin):
    """Those whose labels have changed most come first."""
    page.change(lambda: page.press("l"))
    twin.learn()
    changed = [i for i, entry in enumerate(twin.state.entries) if entry.changed]
    assert len(changed) > 2
    buttons = page.all(".changed [data-key$=keep]")
    keys = [int(button.get_attribute("data-key").split()[0]) for button in buttons]
    assert sorted(keys) == changed
    entries = [twin.state.entries[i] for i in keys]
    shares = [np.mean(e.segments.labels() != e.changed.labels()) for e in entries]
    assert (np.diff(shares) < 1e-9).all()
    page.click(f".changed [data-key='{changed[1]} keep']")
    twin.keep(changed[1])
    page.open(changed[0])
    page.change(lambda: page.press("t"))
    twin.take_back(changed[0])
    page.click(".changed [data-do=takeBack]")
    twin.take_back()


def test_all_is_as_in_python(opened, fitted, takes, tmp_path):
    """Corrected, taught, exported, undone and done again."""
    twin = Review(fitted[0], takes(fitted[1])).open()
    page = opened(tmp_path)
    for part in (correct, teach):
        part(page, twin)
        assert plain(page.review) == plain(twin)
    page.press("e", Keys.TAB, Keys.ENTER)
    page.wait_for_said("results")
    written, table = read_table(tmp_path / "segments.csv"), twin.table()
    assert written["action"].tolist() == table["action"].tolist()
    page.click("[data-by=undo]")
    assert plain(page.review) != plain(twin)
    page.change(lambda: page.press("Z"))
    assert plain(page.review) == plain(twin)
    assert page.all(".problems li") == []


BAND = """
const canvas = document.querySelector('.large canvas'), {width} = canvas;
const pen = new OffscreenCanvas(width, 4).getContext('2d');
pen.drawImage(canvas, 0, -30);
const {data} = pen.getImageData(0, 0, width, 4);
const isOn = (x) => Math.abs(data[4 * x] - 179) + Math.abs(data[4 * x + 1] - 71) < 9;
return [...Array(width).keys()].filter(isOn);
"""


STEPS = """
return [...document.querySelectorAll('.steps li')].map((step) => [
  step.querySelector('progress').value, step.getAttribute('aria-current') !== null])"""


def test_doubt_is_shown_and_steps_fill(opened):
    """Doubt is a band above the bar; the mouse on a boundary tells its interval."""
    page = opened()
    steps = lambda: np.array(page.run(STEPS)).T  # noqa: E731
    assert steps().tolist() == [[0, 0, 0, 0], [1, 0, 0, 0]]
    assert len(page.all(".next small")) == 8
    sure = page.review.state.entries[0].shown_confidence()
    width = page.run("return document.querySelector('.large canvas').width")
    times = (np.array(page.run(BAND)) + 0.5) / width * page.starts(0)[-1]
    shown, doubtful = np.unique((times * FPS).astype(int)), np.flatnonzero(sure < 0.5)
    is_near = np.abs(np.subtract.outer(shown, doubtful)) < 2
    assert is_near.any(axis=0).all()
    assert is_near.any(axis=1).all()
    at, low, high = (page.review.state.entries[0].edges[0] / FPS).tolist()
    assert at == page.starts(0)[1]
    page.at(".large", page.x(at), 70, lambda chain: chain)
    assert f"from {low:.2f} s to {high:.2f} s" in page.text(".large .tip")
    page.choose(0, 1)
    assert f"{low:.2f} – {high:.2f} s" in page.find(".facts").get_attribute("title")
    page.rename("pour")
    page.change(lambda: page.press(Keys.ENTER))  # checked, so that no doubt is left
    page.at(".large", page.x(at), 70, lambda chain: chain)
    assert not page.find(".large .tip").is_displayed()
    np.testing.assert_allclose(steps()[0], [1 / 4, 1 / 3, 1 / 3, 0])
    for _ in range(2):
        page.change(lambda: page.press("n", Keys.ENTER))
    assert steps().tolist() == [[1 / 4, 1, 1, 0], [0, 0, 0, 1]]
    page.change(lambda: page.press("l"))
    np.testing.assert_allclose(steps()[0], [1 / 4, 1, 3 / 8, 1])


def test_stretches_are_checked_by_mouse_and_keys(opened):
    page = opened()
    page.open(3)
    starts, end = page.starts(3), page.starts(3)[-1]

    def stretches():
        checked = page.review.state.entries[3].checked
        return [(stretch.start / FPS, stretch.end / FPS) for stretch in checked]

    chosen = [(starts[1], starts[3])]
    keys = [(1, Keys.ARROW_RIGHT, chosen), (2, Keys.ARROW_LEFT, [])]
    for segment, key, expected in keys:  # checked, and the mark removed
        page.choose(3, segment)
        page.hold(Keys.SHIFT, key, key)
        page.change(lambda: page.press(Keys.ENTER))
        assert stretches() == expected
    page.change(lambda: page.press("z"))
    page.hold(Keys.SHIFT, Keys.ARROW_LEFT)
    assert " – " in page.text(".check")
    page.press(Keys.ESCAPE)
    assert " – " not in page.text(".check")  # nothing is chosen any more
    # the mouse takes boundaries that are near, else frames
    page.chain().key_down(Keys.SHIFT).perform()
    page.at(".large", page.x(starts[3]) + 3, 60, lambda chain: chain.click_and_hold())
    page.at(".large", page.x(end - 0.61), 60, lambda chain: chain.release())
    page.chain().key_up(Keys.SHIFT).perform()
    page.click(".check")
    _, second = stretches()
    assert second[0] == starts[3]
    assert 0 < end - second[1] < 1
    page.change(lambda: page.hold(Keys.SHIFT, Keys.ENTER))
    assert sum(to - of for of, to in stretches()) == pytest.approx(end)
    assert page.find(".check").get_attribute("aria-pressed") == "true"
    page.choose(3, 0)
    page.hold(Keys.SHIFT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    page.change(lambda: page.press("1"))  # all of the stretch
    segments = page.review.state.entries[3].segments
    assert (segments.codes[0], segments.ends[0]) == (0, round(starts[2] * FPS))


# What it looks like


HOSTILE = [
    "<img src=x onerror=document.title='hit'>",
    "\"'><script>document.title='hit'</script>",
    "\u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627",
    "a" * 200,
    "__proto__",
    *"xyz",
]
OVERLAPS = """
const root = document.documentElement, inner = "aside, dialog, .timelines, .unseen";
const seen = [...document.querySelectorAll("body *")].filter(
  (part) => part.checkVisibility() && !part.closest(inner));
const parts = seen.filter((part) => part.matches(
  'h1, h2, header button, .figure, .steps li, .hint, .head button, .head select, '
  + '.clock, summary, .stage, .legend, .tools label, .tools output'));
const found = [];
parts.forEach((one, i) => parts.slice(i + 1).forEach((other) => {
  if (one.contains(other) || other.contains(one)) return;
  const [a, b] = [one, other].map((part) => part.getBoundingClientRect());
  const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (x > 1 && y > 1) found.push([one.className || one.tagName, other.className]);
}));
const isOut = (part) => part.getBoundingClientRect().right > root.clientWidth + 1;
if (root.scrollWidth > root.clientWidth || seen.some(isOut)) found.push('too wide');
return found;
"""


SIZES = ((600, 1000), "light"), ((1280, 720), "dark")


def test_sizes_modes_and_hostile_names(opened):
    """Nothing overlaps or sticks out, names are text, and Tab goes everywhere."""
    page = opened(names=HOSTILE)
    for index, name in enumerate(HOSTILE[:4]):
        page.rename(name)
        assert page.name() == name
        assert page.text(".head h2") == HOSTILE[index]
        page.press("j", Keys.ARROW_LEFT, *[Keys.ARROW_RIGHT] * (index + 1))
    page.change(lambda: page.press("n", Keys.ENTER))
    page.change(lambda: page.press("l"))
    assert page.review.equal_parts in page.text(".figure")
    assert page.browser.title == "Review"
    assert not page.all("main img, aside img, header img, body script")
    for size, mode in SIZES:
        page.emulate(size, mode)
        page.settle()
        for key, name in [("?", ".help dl"), ("e", ".export select")]:
            page.press(key)
            inner, outer = page.find(name).rect, page.find("dialog[open]").rect
            assert inner["x"] + inner["width"] < outer["x"] + outer["width"]
            page.press(Keys.ESCAPE)
        for name in ("[data-by=help]", ".sort"):  # after which keys go on
            page.run(f"window.part = document.querySelector('{name}'); part.focus();")
            page.run("part.click(); part.dispatchEvent(new Event('change'));")
            if name != ".sort":
                page.press(Keys.ESCAPE)
            page.wait("document.activeElement !== part")
        assert page.run(OVERLAPS) == []
        page.press("p")
        page.wait("document.querySelector('.examples').checkVisibility()")
        assert page.run(OVERLAPS) == []
        page.press(Keys.ESCAPE)
        paper = page.run("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, paper[4:-1].split(","))) < 200) == (mode == "dark")
    page.run(
        "const seen = window.seen = new Set();"
        "document.addEventListener('focusin', (event) => seen.add(event.target));"
    )
    parts = page.all("button, select, input, .timelines")
    page.press(*[Keys.TAB] * (sum(part.is_displayed() for part in parts) + 4))
    left = page.run(
        "return [...document.querySelectorAll('button:enabled, select, input:enabled')]"
        ".filter((part) => part.checkVisibility() && !window.seen.has(part))"
        ".map((part) => part.outerHTML)"
    )
    assert left == []


# Others, and before it is ready


def test_rows_come_in_while_it_reads(open_page, fitted, takes, monkeypatch):
    """And keys before all is there, also those of a name, have their turn then."""
    making, reading = threading.Semaphore(0), threading.Semaphore(0)
    predict = teaching.predict_recording

    def predict_later(*arguments):
        reading.acquire()
        return predict(*arguments)

    def make(_):
        making.acquire()
        return Review(fitted[0], takes(fitted[1]))

    monkeypatch.setattr(teaching, "predict_recording", predict_later)
    page = open_page(Calls(make, "cups"), is_ready=False)
    page.press(Keys.SPACE, "9", Keys.SPACE)  # as if it played
    page.press(Keys.ARROW_RIGHT, "r", "my pour", Keys.ENTER, "a", "w", Keys.ENTER)
    assert not page.all(".problems li, dialog[open]")
    assert page.find(".head h2").text == "Loading the program and the recordings…"
    assert page.find("footer progress").is_displayed()
    making.release()
    page.wait_for_said("0 of 8")
    assert page.find(".head h2").text == "Reading the recordings…"
    reading.release()
    page.wait("document.querySelector('.head h2').textContent === 'cup 0'")
    page.wait_for_said("1 of 8")
    assert page.name() == "action 1"
    assert page.find("footer progress").is_displayed()
    assert not page.find("[data-by=learn]").is_enabled()
    reading.release(99)
    page.wait("document.body?.dataset.version > 2")
    code = page.review.state.entries[0].segments.codes[1]
    assert page.review.state.entries[0].segments.by_hand[:2].tolist() == [False, True]
    assert {"my pour", "w"} < set(page.review.actions)
    assert page.review.state.names[code] == "w"
    page.press("f")  # of a review that began with a model
    page.wait("document.querySelector('.problems li')")
    page.change(lambda: page.press(Keys.ENTER))
    page.wait("!document.querySelector('.problems li')")  # they were of an act before
    page.press("/", "tea 5", Keys.ENTER)
    page.wait("document.querySelector('.head h2').textContent === 'tea 5'")
    page.change(lambda: page.press("l"))
    state = page.review.state
    page.press("l")
    page.wait_for_said("nothing is new")
    assert page.review.state is state


def test_two_windows_tell_each_other(opened, browser):
    """And one that is outdated is told so."""
    first = opened()
    here = browser.current_window_handle
    browser.switch_to.new_window("tab")
    try:
        second = type(first)(browser, first.served)
        second.wait("document.querySelector('.pages').textContent.includes('1 other')")
        second.rename("pour")
        browser.switch_to.window(here)
        first.wait("document.querySelector('.name').value === 'pour'")
        first.click("[data-by=undo]")
        browser.switch_to.window(browser.window_handles[-1])
        second.wait("document.querySelector('.name').value === 'action 1'")
    finally:
        browser.close()
        browser.switch_to.window(here)
    first.wait("document.querySelector('.pages').textContent === ''")
    first.served.calls.version += 1  # as after events that did not come
    first.press(".", "c")
    first.wait(f"document.body.dataset.version == {first.served.calls.version}")
    first.find(".problems button").click()
    assert not first.all(".problems li")
    first.run("window.fetch = () => Promise.reject(new Error())")
    first.press("p")
    first.wait("document.querySelector('.problems li')")


# What is played


def test_video_goes_with_the_timeline(
    opened, fitted, tmp_path, wait_for, write_clip, greys
):
    """Each of its frames has a grey of its own."""
    path = tmp_path / "cup 0.webm"
    write_clip(path, greys(range(0, 4 * len(fitted[1][0]), 4), 48, 64), "libvpx")
    page = opened(video_files=[path] + [None] * 7)
    page.wait("document.querySelector('video').readyState > 1")
    grey = (
        "const pen = new OffscreenCanvas(1, 1).getContext('2d');"
        "pen.drawImage(document.querySelector('video'), 0, 0, 1, 1);"
        "return pen.getImageData(0, 0, 1, 1).data[0] / 4"
    )
    page.press(Keys.ARROW_RIGHT)
    time = page.starts(0)[1]
    for key, by in [("", 0), (".", 1), (",", -1)]:
        page.press(key)
        time += by / FPS
        wait_for(lambda: page.run(grey), pytest.approx(FPS * time, abs=1))
        wait_for(lambda: page.text(".clock").split(" of")[0], f"{time:.2f}")
    page.press(" ")
    page.wait(f"parseFloat(document.querySelector('.clock').value) > {time + 0.5}")
    page.press("v")
    wait_for(page.find(".stage canvas").is_displayed, True)
    page.press("j")
    wait_for(page.find("video").is_displayed, False)


SPEED = "const f = document.querySelector('.speed'); f.value = arguments[0];"
SPEED += "f.focus(); f.dispatchEvent(new Event('change'))"  # keys go on then


def test_a_held_key_labels_what_is_played(opened, fitted, takes):
    """In one step, to the frame, at any speed; with Esc, not at all."""
    page, twin = opened(), Review(fitted[0], takes(fitted[1])).open()
    page.set_clock()
    here = lambda: int(page.time * FPS + 1e-6)  # noqa: E731

    page.press(" ")
    for key, speed in [("2", 1), ("4", 0.25), ("1", 8)]:
        page.run(SPEED, speed)
        page.advance(0.31)
        start = here()
        page.chain().key_down(key).perform()
        for _ in range(4):
            page.advance(0.05)
        end = here() + 1
        page.change(page.chain().key_up(key).perform)
        twin.assign(0, start, end, int(key) - 1)
        assert plain(page.review) == plain(twin)
    page.run(SPEED, 0.25)
    page.press(" ")
    start = here()
    page.change(page.chain().key_down("3").perform)  # before it plays
    page.press(" ")
    page.advance(0.1)
    end = here() + 1
    page.change(page.chain().key_up("3").perform)
    twin.relabel(0, start, 2)
    twin.assign(0, start, end, 2)
    assert plain(page.review) == plain(twin)
    state = page.review.state
    page.chain().key_down("3").perform()
    page.advance(0.1)
    page.press(Keys.ESCAPE)
    page.chain().key_up("3").perform()
    assert page.review.state is state
    button = page.find(".actions button[data-key='2']")
    start = here()
    page.chain().click_and_hold(button).perform()
    page.advance(0.5)
    end = here() + 1
    page.change(page.chain().release().perform)
    twin.assign(0, start, end, 2)
    assert plain(page.review) == plain(twin)
    page.at(".large", 300, 70, lambda chain: chain.click())
    page.press("+", "+", "+")  # with the cursor in the middle
    page.advance(0)
    assert page.x(page.time) == pytest.approx(page.find(".large").size["width"] / 2)


def test_examples_play_one_after_the_other(opened, fitted, takes):
    page, twin = opened(), Review(fitted[0], takes(fitted[1])).open()
    bouts = twin.examples("action 1")
    page.run(SPEED, 8)
    page.press("p")
    at = "document.querySelector('.examples output').value"
    for place in (1, 2):  # goes on by itself
        page.wait(f"{at}.startsWith('{place} of {len(bouts)}, typical: action 1, ')")
    page.set_clock()  # so that no other one follows
    page.press(*[Keys.ARROW_LEFT] * 9)
    page.wait(f"{at}.startsWith('1 of')")
    bout = bouts[0]
    assert page.text(".head h2") == twin.recordings.names[bout["recording"]]
    page.change(lambda: page.press("2"))
    twin.relabel(bout["recording"], bout["start"], 1)
    assert plain(page.review) == plain(twin)
    page.press(Keys.ESCAPE)
    assert not page.find(".examples").is_displayed()


# What it suggests


def test_a_suggested_merge_is_answered(opened, split_fit):
    page = opened(names=[f"cup {i}" for i in range(16)], of=split_fit)
    page.wait("document.querySelector('.alike').checkVisibility()")
    first, (pair, *_) = plain(page.review), page.review.suggest_merges()
    names = [page.review.state.names[code] for code in pair["actions"]]
    page.change(lambda: page.press("u"))
    assert names[1] not in page.review.actions
    page.change(lambda: page.press("z"))
    assert plain(page.review) == first
    shown = "document.querySelector('.alike p').textContent"
    page.wait(f"{shown}.includes('“{names[1]}”')")
    page.click(".alike .buttons:last-child button:last-child")
    assert page.review.state.apart == (pair["actions"],)
    page.change(lambda: page.press("U"))  # nor the other pair
    page.wait("!document.querySelector('.alike').checkVisibility()")


def test_cycles_of_a_log_are_rows_to_check(open_page, log_fit):
    page = open_page(Calls(lambda _: Review(*log_fit), "line"))
    review, rows = page.review, "document.querySelector('.small').dataset.rows"
    units = review.units()
    assert len(units) == 12
    assert page.run(f"return {rows}").split() == [str(i) for i in range(12)]
    assert "as actions repeat, mostly from “action 1” on" in page.text(".tools")
    page.at(".small", 300, 26 + 26 * 4 + 12, lambda chain: chain.click())
    page.wait("document.querySelector('.head h2').textContent === 'cycle 5 of line'")
    shown = page.run("return {...document.querySelector('.large').dataset}")
    _, start, end = (np.array(units[4]) / FPS).tolist()
    assert start - 3 < float(shown["from"]) < start
    assert end < float(shown["to"]) < end + 3
    assert "2024-03-04 06:5" in page.text(".facts")
    page.press(Keys.ARROW_RIGHT)
    missing = page.name()
    page.change(lambda: page.press("0"))
    assert f"missing: {missing}" in page.text(".next")
    page.change(lambda: page.press("z", Keys.ARROW_LEFT))
    state, wheel = review.state, "new WheelEvent('wheel', {deltaX: 9999})"
    page.run(f"document.querySelector('.large').dispatchEvent({wheel})")
    page.press("3")  # changes nothing that is out of sight
    page.wait_for_said("not in view")
    assert review.state is state
    page.change(lambda: page.press(Keys.ENTER))
    assert review.state.entries[0].checked[0][:2] == units[4][1:]
    page.change(lambda: page.press("n", Keys.ENTER))
    assert len(review.state.entries[0].checked) == 2
    assert page.text(".steps li:nth-child(3) span") == "2 of 12"
    page.find(".tools select").send_keys("recordings")
    page.wait(f"{rows} === '0'")


# The road without a model: one recording is labelled, and the others follow


def hold(page, labels):
    """Play from the first frame, and hold the number of each action while it lasts."""
    page.set_clock()
    page.press(" ")
    held = None
    for code, start, end in zip(*find_segments(labels)):
        page.advance(start / FPS + 0.05 - page.time)
        key = str(code + 1)
        chain = page.chain().key_down(key)
        (chain if held is None else chain.key_up(held)).perform()
        page.advance((end - 0.5) / FPS - page.time)
        held = key
    page.chain().key_up(held).perform()


def test_one_recording_is_labelled_and_the_others_follow(
    quick_fits, open_page, wait_for
):
    """By keys alone; a fit proposes segments, which are taken and undone."""
    videos, codes = make_activities(5, 3, **ROAD)
    takes = Recordings(videos, [f"take {i}" for i in range(5)], fps=FPS)
    page = open_page(Calls(lambda _: Review(None, takes), "takes"))
    shown = "document.querySelector('.fits').textContent"
    page.wait(f"{shown}.includes('3 of 3, 1 failed')")
    index = int(page.text(".head h2").split()[1])
    hold(page, codes[index])
    version = "return +document.body.dataset.version"
    wait_for(lambda: page.run(version), 1 + len(find_segments(codes[index]).starts))
    page.browser.refresh()  # with a clock that goes
    page.wait_until_ready()
    page.open(index)
    page.rename("first")
    page.change(lambda: page.press(Keys.ENTER))
    page.press("n")
    for key, name in [("f", ""), ("z", "not labelled"), ("8", "action 8"), ("z", "")]:
        page.change(lambda key=key: page.press(key))
        assert page.name() == name or not name
    page.press("l")
    page.wait_for_said("learned")
    page.press("f")  # of what is labelled
    page.wait("document.querySelector('.problems li')")
    words = np.array([f"action {k}" for k in (1, 2, 3)], dtype=object)
    words[codes[index][0]] = "first"
    labels = page.review.labels()
    shares = [np.mean(labels[i] == words[codes[i]]) for i in range(5)]
    assert shares[index] > 0.97
    assert np.mean(shares) > 0.85


def test_a_number_before_it_plays_does_not_label_all(quick_fits, open_page):
    """Held until it plays, it labels what is played; left, all without a label."""
    videos, _ = make_activities(3, 3, **ROAD)
    page = open_page(
        Calls(lambda _: Review(None, Recordings(videos, fps=FPS)), "takes")
    )
    page.set_clock()
    state = page.review.state
    page.chain().key_down("1").perform()
    assert page.review.state is state
    page.press(" ")
    page.advance(0.5)
    page.change(page.chain().key_up("1").perform)
    page.press(" ")
    codes = lambda: max(  # noqa: E731
        (x.segments.codes.tolist() for x in page.review.state.entries), key=len
    )
    assert codes() == [0, UNLABELLED]
    page.press(Keys.ARROW_RIGHT)
    page.change(lambda: page.press("2"))
    assert codes() == [0, 1]


@pytest.mark.filterwarnings("ignore:In the review, now")
def test_files_are_checked_before_anybody_labels(
    quick_fits, open_page, monkeypatch, tmp_path
):
    """One answer fills and cuts out; another one later keeps labels, names and keys."""
    served, out = [], tmp_path / "out"
    monkeypatch.setattr(server, "run", lambda calls, *_: served.append(calls))
    videos, _ = make_activities(4, 3, **ROAD)
    videos[0][20:26], videos[1][30:60] = np.nan, videos[1][30]
    for name, video in zip("abcd", videos):
        table = pd.DataFrame(video, columns=list("pqrstu"))
        table["time"] = table.index / FPS
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    main(["review", str(tmp_path), "--out", str(out)])
    page = open_page(served[0], is_ready=False)
    page.wait("document.querySelector('.faults[open]') !== null")
    page.press("1", Keys.ESCAPE)  # nothing is there to label, and nothing answered
    cells = [cell.text for cell in page.all(".faults td")]
    assert cells[:5] == ["a", "2 s", "2.6 s", "6 empty rows", "filled"]
    assert cells[5:] == ["b", "3.1 s", "6 s", "frozen: no value changes", "cut out"]
    page.find(".faults .main").click()
    page.wait_until_ready()
    assert not page.all(".faults[open]")
    page.open(1)
    page.change(lambda: page.press("2"))
    page.change(lambda: page.press(Keys.ARROW_RIGHT, "1"))
    page.rename("walk")
    names, ends = page.review.state.names, [31, 60, len(videos[1])]
    served[0].close()
    main(["review", str(tmp_path), "--out", str(out), "--faults", "leave"])
    page = open_page(served[1])
    page.open(1)
    state = page.review.state
    assert state.names == names == {-1: "background", 0: "walk", 1: "action 2"}
    segments = state.entries[1].segments
    assert segments.codes.tolist() == [1, UNLABELLED, 0]
    assert segments.ends.tolist() == ends
    page.press(Keys.ARROW_RIGHT)
    page.change(lambda: page.press("2"))  # the key of the same action
    assert page.review.state.entries[1].segments.codes.tolist() == [1, 0]
