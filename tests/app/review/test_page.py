"""The page of a review in a browser, with a server, used as people would."""

import contextlib
import itertools
import threading

import numpy as np
import pytest

from skl_tot import CyclicSegmenter
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings

pytest.importorskip("selenium")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from skl_tot.app.review import Review, server, teaching
from skl_tot.app.review.calls import Calls

FPS = 10
SAID = "document.querySelector('footer .said').textContent"


@pytest.fixture(scope="module")
def fitted():
    """A model and its recordings."""
    videos, _ = make_activities(
        8, 4, n_features=6, mean_length=50, unevenness=0.4, noise=1.3, random_state=2
    )
    return MallowSegmenter(4).fit(videos), videos


def takes(videos, names=None):
    names = names or [f"{word} {i}" for i, word in enumerate(["cup", "tea"] * 4)]
    return Recordings(videos, names, fps=FPS)


@pytest.fixture
def opened(serving, browser, fitted):
    """Function that opens the page of a review, which ends with the test."""
    usual = fitted
    with contextlib.ExitStack() as until:

        def opened(out=None, names=None, video_files=None, fitted=usual, **look):
            model, videos = fitted
            recordings = takes(videos, names)
            own = model, recordings, out
            calls = Calls(lambda _: Review(*own, video_files=video_files), "cups")
            until.callback(calls.close)
            served = until.enter_context(serving(calls))
            calls.start()
            return Page(browser, served, **look)

        yield opened
        assert browser.get_log("browser") == []


class Page:
    """A page that is open: what a person sees of it and does to it."""

    def __init__(self, browser, served, size=(1400, 900), mode="light", is_ready=True):
        self.browser, self.served = browser, served
        values = dict(zip(("width", "height"), size), deviceScaleFactor=1, mobile=False)
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", values)
        feature = {"name": "prefers-color-scheme", "value": mode}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        browser.get(served.address)
        self.wait("document.body.dataset.version !== undefined")
        if is_ready:
            self.wait("document.body.dataset.version > 0")
            self.wait("document.querySelector('.small').dataset.rows?.length > 0")
            self.settle()

    @property
    def review(self):
        return self.served.calls.review

    def find(self, selector):
        return self.browser.find_element("css selector", selector)

    def all(self, selector):
        return self.browser.find_elements("css selector", selector)

    def text(self, selector):
        return self.find(selector).get_attribute("textContent")

    def run(self, script, *values):
        return self.browser.execute_script(script, *values)

    def wait(self, condition):
        waiting = WebDriverWait(self.browser, 60, 0.02)
        return waiting.until(lambda _: self.run(f"return {condition}"))

    def settle(self):
        """Wait until all is drawn."""
        script = "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
        self.browser.execute_async_script(script)

    def change(self, do):
        """Do something, and wait until the page shows what it made."""
        before = self.run("return document.body.dataset.version")
        do()
        self.wait(f"document.body.dataset.version > {before}")
        self.settle()

    def press(self, *keys):
        ActionChains(self.browser, duration=0).send_keys(*keys).perform()

    def at(self, selector, x, y, do):
        """Move the mouse to a point of an element, and do something there."""
        box = self.find(selector).rect
        chain = ActionChains(self.browser, duration=0)
        mouse = chain.w3c_actions.pointer_action
        mouse.move_to_location(round(box["x"] + x), round(box["y"] + y))
        do(chain).perform()
        self.settle()

    def x(self, time):
        """Place of a time in the large timeline."""
        data = self.run("return {...document.querySelector('.large').dataset}")
        start, end = float(data["from"]), float(data["to"])
        return (time - start) / (end - start) * self.find(".large").size["width"]

    def starts(self, index):
        """Starts of the segments of a recording, and its end, in seconds."""
        entry = self.review.state.entries[index]
        return np.append(entry.segments.starts, entry.n_frames) / FPS

    def click(self, selector):
        self.change(self.find(selector).click)

    def open(self, index):
        name = self.review.recordings.names[index]
        rows = self.run("return document.querySelector('.small').dataset.rows").split()
        y = 26 + 26 * rows.index(str(index)) + 12
        self.at(".small", 200, y, lambda chain: chain.click())
        self.wait(f"document.querySelector('.head h2').textContent === '{name}'")

    def choose(self, index, segment):
        starts = self.starts(index)
        x = self.x(starts[segment] * 0.6 + starts[segment + 1] * 0.4)
        self.at(".large", x, 70, lambda chain: chain.click())

    def rename(self, name):
        self.press("r")
        self.change(lambda: self.press(name, Keys.ENTER))

    def relabel(self, code):
        self.click(f".actions button[data-key='{code}']")

    def move(self, index, segment, n_frames):
        x = self.x(self.starts(index)[segment])
        by = self.x(n_frames / FPS) - self.x(0)
        self.at(".large", x, 70, lambda chain: chain.click_and_hold())
        self.change(
            lambda: self.at(".large", x + by, 70, lambda chain: chain.release())
        )

    def nudge(self, key, n_times):
        for _ in range(n_times):
            self.change(lambda: self.hold(Keys.ALT, key))

    def hold(self, *keys):
        """Press keys, of which the first is held."""
        self.find("body").send_keys(*keys)

    def do(self, name):
        self.click(f"[data-do={name}], [data-by={name}]")


def correct(page, twin):
    """Correct recordings on a page, and by the same steps in Python."""

    def frame(segment, index=4):
        return int(twin.state.entries[index].segments.starts[segment])

    page.open(2)
    page.choose(2, 1)
    page.rename("pour <b>")
    twin.rename("action 1", "pour <b>")
    page.press(Keys.ARROW_RIGHT)
    page.change(lambda: page.press("4"))
    twin.relabel(2, frame(2, 2), "action 3")
    page.press(*[Keys.ARROW_LEFT] * 2)
    page.press("a")
    page.change(lambda: page.press("wipe", Keys.ENTER))
    twin.relabel(2, 0, "wipe")
    page.open(4)
    page.move(4, 1, -3)
    twin.move(4, frame(1), frame(1) - 3)
    page.choose(4, 1)
    page.nudge(Keys.ARROW_RIGHT, 4)
    twin.move(4, frame(1), frame(1) + 4)
    page.nudge(Keys.ARROW_DOWN, 3)
    twin.move(4, frame(2), frame(2) - 3)
    page.click("[data-do=edge][data-by='1'][data-end]")
    twin.move(4, frame(2), frame(2) + 1)
    x = page.x((frame(1) + 4) / FPS) + 1
    page.at(".stage canvas", x, 40, lambda chain: chain.click())
    page.change(lambda: page.press("c"))
    twin.cut(4, frame(1) + 4)
    page.choose(4, 2)
    page.relabel(-1)
    twin.relabel(4, frame(2), "background")
    page.do("check")
    twin.check(4)
    page.press(*"k" * 4)
    page.choose(0, 0)
    page.do("split")
    twin.split("action 0")
    page.choose(0, twin.state.entries[0].segments.codes.tolist().index(1))
    page.press("m")
    page.relabel(2)
    twin.merge("pour <b>", "action 2")
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
    pairs = [[x.labels() for x in (e.segments, e.changed)] for e in entries]
    shares = [np.mean(now != before) for now, before in pairs]
    assert (np.diff(shares) < 1e-9).all()
    page.click(f".changed [data-key='{changed[1]} keep']")
    twin.keep(changed[1])
    page.open(changed[0])
    page.change(lambda: page.press("t"))
    twin.take_back(changed[0])
    page.click(".changed [data-do=takeBack]")
    twin.take_back()


def plain(review):
    """What a review shows, which can be compared; single steps count as one."""
    entries = [
        (own.segments.starts.tolist(), own.segments.codes.tolist(), bool(own.checked))
        for own in review.state.entries
    ]
    return review.state.names, entries


def files(folder):
    """Content of files that are the same each time, and names of the others."""
    return {
        str(path.relative_to(folder)): path.suffix in (".csv", ".txt")
        and path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "/review." not in str(path)
    }


def test_all_is_as_in_python(opened, fitted, tmp_path):
    own, others = tmp_path / "out", tmp_path / "twin"
    twin = Review(fitted[0], takes(fitted[1]), others).open()
    page = opened(own)
    for part in (correct, teach):
        part(page, twin)
        assert plain(page.review) == plain(twin)
    page.press("e", Keys.TAB, Keys.ENTER)
    twin.export("csv")
    page.wait(f"{SAID}.includes('results')")
    saving = WebDriverWait(page.browser, 10, ignored_exceptions=[FileNotFoundError])
    saving.until(lambda _: files(own).keys() == files(others).keys())
    assert files(own) == files(others)
    for word in ("undo", "redo"):  # single steps of a boundary are more than in Python
        states = [plain(page.review)]
        while getattr(page.review, f"{word}able"):
            page.do(word) if word == "undo" else page.change(lambda: page.press("Z"))
            states.append(plain(page.review))
        assert states[-1] != states[0]
    assert plain(page.review) == plain(twin)
    assert [line.text for line in page.all(".problems li")] == []
    twin.close()


HOSTILE = [
    "<img src=x onerror=document.title='hit'>",
    "\"'><script>document.title='hit'</script>",
    "&lt;b&gt; \\u003c ${1} {{1}}",
    "\u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627",
    "a" * 200,
    "__proto__",
    "x", "y",
]  # fmt: skip


def is_too_large(page):
    """Whether the whole page scrolls, or a part sticks out of it."""
    script = """
    const root = document.documentElement, inner = "aside, dialog, .timelines, .unseen";
    const isOut = (part) => {
      const box = part.getBoundingClientRect();
      return box.right > root.clientWidth + 1 || box.bottom > root.clientHeight + 1;
    };
    return root.scrollWidth > root.clientWidth || root.scrollHeight > root.clientHeight
      || [...document.querySelectorAll("body *")]
        .filter((part) => part.checkVisibility() && !part.closest(inner)).some(isOut)"""
    return page.run(script)


@pytest.mark.parametrize(
    ("size", "mode"), [((1400, 900), "light"), ((1280, 720), "dark")]
)
def test_sizes_modes_and_hostile_names(opened, size, mode):
    page = opened(names=HOSTILE, size=size, mode=mode)
    for index, name in enumerate(HOSTILE[:4]):
        page.rename(name)
        assert page.find(".name").get_attribute("value") == name
        assert page.text(".actions button[aria-current=true] span") == name
        assert page.text(".head h2") == HOSTILE[index]
        page.press("j", Keys.ARROW_LEFT, *[Keys.ARROW_RIGHT] * (index + 1))
    page.press("n")
    page.change(lambda: page.press(Keys.ENTER))
    assert page.browser.title == "Review"
    assert not page.all("main img, aside img, header img, body script")
    page.press("?")
    assert page.find(".help").is_displayed()
    page.press(Keys.ESCAPE)
    assert not page.find(".help").is_displayed()
    assert not is_too_large(page)
    paper = page.run("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, paper[4:-1].split(","))) < 200) == (mode == "dark")


def test_rows_come_in_while_it_reads(browser, serving, fitted, monkeypatch):
    gates = [threading.Semaphore(0), threading.Semaphore(0)]
    predict = teaching.predict_recording

    def predict_later(*arguments):
        gates[1].acquire()
        return predict(*arguments)

    def make(_):
        gates[0].acquire()
        return Review(fitted[0], takes(fitted[1]))

    monkeypatch.setattr(teaching, "predict_recording", predict_later)
    calls = Calls(make, "cups")
    with serving(calls) as served, contextlib.closing(calls):
        calls.start()
        page = Page(browser, served, is_ready=False)
        page.wait("document.querySelector('.head h2').textContent === 'Loading'")
        page.press("n", "j", "z", Keys.ARROW_LEFT, ".", "r", Keys.ESCAPE)  # do nothing
        assert not page.all(".problems li")
        gates[0].release()
        gates[1].release()
        page.wait(f"{SAID}.endsWith(', 1 of 8')")
        page.wait("document.querySelector('.head h2').textContent === 'cup 0'")
        assert page.find(".name").get_attribute("value") == "action 0"
        assert page.find("footer progress").is_displayed()
        assert not page.find("[data-by=learn]").is_enabled()
        page.press(Keys.ENTER)
        page.wait("document.querySelector('.problems li')")
        assert "still reading" in page.text(".problems span")
        gates[1].release(7)
        page.wait("document.body?.dataset.version > 0")
        page.wait(f"{SAID} === ''")
        page.change(lambda: page.press(Keys.ENTER))
        assert page.all(".problems li")  # errors stay
        assert browser.get_log("browser") == []


def test_two_windows_tell_each_other(opened, browser):
    """And one that is outdated is told so."""
    first = opened()
    here = browser.current_window_handle
    browser.switch_to.new_window("tab")
    try:
        second = Page(browser, first.served)
        second.wait("document.querySelector('.pages').textContent.includes('1 other')")
        second.rename("pour")
        browser.switch_to.window(here)
        first.wait("document.querySelector('.name').value === 'pour'")
        assert first.text("footer .said").startswith("Another window: ")
        first.do("undo")
        browser.switch_to.window(browser.window_handles[-1])
        second.wait("document.querySelector('.name').value === 'action 0'")
    finally:
        browser.close()
        browser.switch_to.window(here)
    first.wait("document.querySelector('.pages').textContent === ''")
    first.served.calls.version += 1  # as after events that did not come
    first.press(".", "c")
    first.wait(f"document.body.dataset.version == {first.served.calls.version}")
    assert "changed elsewhere" in first.text(".problems span")
    first.find(".problems button").click()
    assert not first.all(".problems li")


def test_tab_goes_everywhere_and_on(opened):
    page = opened()
    page.change(lambda: page.press(Keys.ENTER))
    page.run(
        "const seen = window.seen = new Set();"
        "document.addEventListener('focusin', (event) => seen.add(event.target));"
    )
    parts = page.all("button, select, input, .timelines")
    n_parts = sum(part.is_displayed() for part in parts)  # not much further
    page.press(*[Keys.TAB] * (n_parts + 4))
    left = page.run(
        "return [...document.querySelectorAll('button:enabled, select, input:enabled')]"
        ".filter((part) => part.checkVisibility() && !window.seen.has(part))"
        ".map((part) => part.outerHTML)"
    )
    assert left == []


def write_video(path, n_frames):
    """Write a video each frame of which has a grey of its own."""
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(n_frames):
            image = np.full((48, 64, 3), 4 * i, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def test_video_goes_with_the_timeline(opened, fitted, tmp_path, wait_for):
    path = tmp_path / "cup 0.webm"
    write_video(path, len(fitted[1][0]))
    page = opened(video_files=[path] + [None] * 7)
    page.wait("document.querySelector('video').readyState > 1")
    grey = (
        "const pen = new OffscreenCanvas(1, 1).getContext('2d');"
        "pen.drawImage(document.querySelector('video'), 0, 0, 1, 1);"
        "return pen.getImageData(0, 0, 1, 1).data[0] / 4"
    )
    for segment in range(1, len(page.starts(0)) - 1):
        page.press(Keys.ARROW_LEFT, Keys.ARROW_RIGHT)
        time = page.starts(0)[segment]
        for key, by in [("", 0), (".", 1), (",", -1), (",", -1), (".", 1)]:
            page.press(key)
            time += by / FPS
            wait_for(lambda: page.run(grey), pytest.approx(FPS * time, abs=1))
            wait_for(lambda: page.text(".clock").split(" of")[0], f"{time:.2f}")
        page.press(Keys.ARROW_RIGHT)
    page.press(Keys.ARROW_LEFT, " ")
    page.wait("parseFloat(document.querySelector('.clock').value) > 4")
    page.press("v")
    wait_for(page.find(".stage canvas").is_displayed, True)
    page.press("j")
    wait_for(page.find("video").is_displayed, False)


def test_the_browser_is_led_to_the_page(opened, browser, tmp_path, monkeypatch):
    """By a file, from which browsers say that they come from another site."""
    page = opened()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webbrowser.open", lambda address: None)
    with server.opened(f"http://{page.served.host}/token/"):
        (path,) = tmp_path.glob("*.html")
        browser.get(path.as_uri())
        page.wait("document.body?.dataset.version > 0")
    assert browser.current_url == f"http://{page.served.host}/token/"


CLOCK = """
const queue = [];
window.clock = performance.now();
performance.now = () => window.clock;
window.requestAnimationFrame = (then) => queue.push(then);
window.advance = (seconds) => {
  window.clock += 1000 * seconds;
  for (const then of queue.splice(0)) then(window.clock);
};"""
AT = "return +document.querySelector('.stage').dataset.time"
PICK = "const f = document.querySelector('.speed'); f.value = arguments[0];"
PICK += "f.dispatchEvent(new Event('change'))"


def test_a_held_key_labels_what_is_played(opened, fitted):
    """In one step, to the frame, at any speed; with Esc, not at all."""
    page, twin = opened(), Review(fitted[0], takes(fitted[1])).open()
    page.run(CLOCK)

    def hold(key, pressed, *steps):
        chain = ActionChains(page.browser, duration=0)
        chain.key_down(key).perform() if pressed else chain.key_up(key).perform()
        for seconds in steps:
            page.run("advance(arguments[0])", seconds)

    def released(key, do):
        before = page.run("return document.body.dataset.version")
        do(key)
        page.wait(f"document.body.dataset.version > {before}")

    page.press(" ")
    for key, speed in [("2", 1), ("4", 0.25), ("1", 8)]:
        page.run(PICK, speed)
        page.run("advance(0.31)")
        start = int(page.run(AT) * FPS + 1e-6)
        hold(key, True, *[0.05] * 4)
        end = int(page.run(AT) * FPS + 1e-6) + 1
        assert end > start
        released(key, lambda key: hold(key, False))
        twin.assign(0, start, end, int(key) - 1)
        assert plain(page.review) == plain(twin)
        assert page.run("return 'playing' in document.querySelector('.stage').dataset")
    page.run(PICK, 0.25)
    state = page.review.state
    hold("3", True, 0.1, 0.1)
    assert "Esc cancels" in page.text("footer .said")
    page.press(Keys.ESCAPE)
    hold("3", False, 0.1)
    assert "Esc cancels" not in page.text("footer .said")
    assert page.review.state is state
    button = page.find(".actions button[data-key='2']")
    start = int(page.run(AT) * FPS + 1e-6)
    ActionChains(page.browser, duration=0).click_and_hold(button).perform()
    page.run("advance(0.5)")
    end = int(page.run(AT) * FPS + 1e-6) + 1
    released(0, lambda _: ActionChains(page.browser, duration=0).release().perform())
    twin.assign(0, start, end, 2)
    assert plain(page.review) == plain(twin)
    released(0, lambda _: page.find("[data-by=undo]").click())
    twin.undo()
    assert plain(page.review) == plain(twin)


def test_examples_play_one_after_the_other(opened, fitted):
    page, twin = opened(), Review(fitted[0], takes(fitted[1])).open()
    bouts = twin.examples("action 0")
    page.run(PICK, 8)
    page.press("p")
    at = "document.querySelector('.examples output').value"
    for place in (1, 2):  # goes on by itself
        page.wait(f"{at}.startsWith('{place} of {len(bouts)}, typical: action 0, ')")
    page.press(" ")
    page.press(
        Keys.ARROW_RIGHT, Keys.ARROW_LEFT, Keys.ARROW_RIGHT, *[Keys.ARROW_LEFT] * 9
    )
    page.wait(f"{at}.startsWith('1 of')")
    bout = bouts[0]
    name, times = twin.recordings.names[bout["recording"]], (bout["start"], bout["end"])
    span = " – ".join(f"{frame / FPS:.2f}" for frame in times)
    assert f", {name}, {span} s" in page.run(f"return {at}")
    assert page.text(".head h2") == name
    page.change(lambda: page.press("2"))
    twin.relabel(bout["recording"], bout["start"], 1)
    assert plain(page.review) == plain(twin)
    page.press(Keys.ESCAPE)
    assert not page.find(".examples").is_displayed()
    page.find("[data-do=exemplify]").click()
    page.wait("document.querySelector('.examples').checkVisibility()")
    page.find(".examples button:last-child").click()
    assert not page.find(".examples").is_displayed()
    page.run("window.fetch = () => Promise.reject(new Error())")
    page.find("[data-do=exemplify]").click()
    page.wait("document.querySelector('.problems li')")
    assert "server does not answer" in page.text(".problems span")


def test_an_alternative_is_chosen_by_its_picture(opened, open_vote, free_videos):
    """When the page opens, or later; not when something is done already."""
    page = opened(fitted=(open_vote, free_videos))
    page.wait("document.querySelectorAll('.alternatives section button').length === 2")
    first = plain(page.review)
    assert page.find(".alternatives").is_displayed()
    names = [own.text for own in page.all(".alternatives h3")]
    assert names == ["1. most members", "2. mixed"]
    page.click(".alternatives section:last-child button")
    page.wait(f"{SAID} === \"the alternative is 'mixed'\"")
    assert plain(page.review) != first
    page.browser.refresh()
    page.wait("document.body?.dataset.version > 0")
    assert not page.find(".alternatives").is_displayed()
    page.change(lambda: page.press("z"))
    assert plain(page.review) == first
    page.press("b")
    page.wait("document.querySelectorAll('.alternatives section button').length === 2")
    page.press(Keys.ENTER)  # keep
    assert not page.find(".alternatives").is_displayed()
    assert plain(page.review) == first


def test_a_checked_recording_ranks_alternatives(opened, open_vote, free_videos):
    """The page says that another one is better, and a key takes it."""
    page = opened(fitted=(open_vote, free_videos))
    page.wait("document.querySelectorAll('.alternatives section button').length === 2")
    page.press(Keys.ENTER)  # keep
    path = open_vote.alternative(1).predict(free_videos[0])
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    for start, end in itertools.pairwise(edges):
        page.review.assign(0, start, end, f"step {path[start]}")
    page.change(page.served.calls.update)
    page.change(lambda: page.press(Keys.ENTER))
    page.wait(f"{SAID}.startsWith('“mixed” is more like what you checked')")
    page.press("b")
    page.wait("document.querySelectorAll('.alternatives section button').length === 2")
    names = [own.text for own in page.all(".alternatives h3")]
    assert names == ["1. mixed", "2. most members"]
    said = [own.text for own in page.all(".alternatives li:first-child")]
    assert said[0] == "100 % of the labelled frames are right."
    share = mof_score(path, open_vote.predict(free_videos[0]))
    assert said[1] == f"{100 * share:.0f} % of the labelled frames are right."
    assert page.run("return document.activeElement.textContent") == "Keep this"
    page.change(lambda: page.press("1"))
    assert page.review.alternatives[0].name == "mixed"
    page.press("b")
    page.wait("document.querySelectorAll('.alternatives section button').length === 2")
    assert page.text(".alternatives section button") == "Keep this"


@pytest.mark.parametrize("width", [1000, 1400])
def test_alternatives_are_not_cut(opened, open_vote, free_videos, width):
    page = opened(fitted=(open_vote, free_videos), size=(width, 900))
    page.wait("document.querySelectorAll('.alternatives section button').length === 2")
    page.settle()
    for selector in (".alternatives", ".alternatives .timelines"):
        for own in page.all(selector):
            for side in ("Width", "Height"):
                script = f"return arguments[0].scroll{side} - arguments[0].client{side}"
                assert page.run(script, own) <= 0, (selector, side)


def test_the_mouse_on_a_boundary_tells_its_interval(opened):
    page = opened()
    entry = page.review.state.entries[0]
    at, low, high = (entry.edges[0] / FPS).tolist()
    assert at == page.starts(0)[1]
    page.at(".large", page.x(at), 70, lambda chain: chain)
    assert f"boundary at {at:.2f} s" in page.text(".large .tip")
    assert f"from {low:.2f} s to {high:.2f} s" in page.text(".large .tip")
    page.choose(0, 1)
    assert f"{low:.2f} – {high:.2f} s" in page.find(".facts").get_attribute("title")
    page.change(lambda: page.press(Keys.ENTER))  # checked, so that none is left
    page.at(".large", page.x(at), 70, lambda chain: chain)
    assert not page.find(".large .tip").is_displayed()
    assert page.find(".facts").get_attribute("title") == ""


def test_a_suggested_merge_is_answered(opened, split_fit):
    page = opened(names=[f"cup {i}" for i in range(16)], fitted=split_fit)
    page.wait("document.querySelector('.alike').checkVisibility()")
    first, (pair, *_) = plain(page.review), page.review.suggest_merges()
    names = [page.review.state.names[code] for code in pair["actions"]]
    assert all(f"“{name}”" in page.text(".alike p") for name in names)
    page.change(lambda: page.press("u"))
    assert names[1] not in page.review.actions
    page.change(lambda: page.press("z"))
    assert plain(page.review) == first
    page.wait(
        f"document.querySelector('.alike p').textContent.includes('“{names[1]}”')"
    )
    page.click(".alike .buttons:last-child button:last-child")
    assert page.review.state.apart == (pair["actions"],)
    assert plain(page.review) == first
    page.change(lambda: page.press("U"))  # nor the other pair
    page.wait("!document.querySelector('.alike').checkVisibility()")
    page.change(lambda: page.press("z"))
    page.wait("document.querySelector('.alike').checkVisibility()")


STEPS = """
return [...document.querySelectorAll('.steps li')].map((step) => [
  step.querySelector('progress').value, step.getAttribute('aria-current') !== null])"""


def test_four_steps_fill_and_say_what_is_next(opened):
    page = opened()
    steps = lambda: np.array(page.run(STEPS)).T  # noqa: E731
    assert steps().tolist() == [[0, 0, 0, 0], [1, 0, 0, 0]]
    assert "press R" in page.text(".hint")
    why = [line.text for line in page.all(".next small")]
    assert len(why) == 8
    assert why[0].startswith("like ")
    page.rename("pour")
    assert "Name the other 3" in page.text(".hint")
    page.change(lambda: page.press("n", Keys.ENTER))
    np.testing.assert_allclose(steps()[0], [1 / 4, 1 / 3, 1 / 3, 0])
    assert "Check 2 more" in page.text(".hint")
    for _ in range(2):
        page.change(lambda: page.press("n", Keys.ENTER))
    assert steps().tolist() == [[1 / 4, 1, 1, 0], [0, 0, 0, 1]]
    assert "Press L" in page.text(".hint")
    page.change(lambda: page.press("l"))
    np.testing.assert_allclose(steps()[0], [1 / 4, 1, 3 / 8, 1])


def test_stretches_are_checked_by_mouse_and_keys(opened):
    page = opened()
    page.open(3)
    starts, end = page.starts(3), page.starts(3)[-1]

    def stretches():
        checked = page.review.state.entries[3].checked
        return [(own.start / FPS, own.end / FPS) for own in checked]

    page.choose(3, 1)
    page.hold(Keys.SHIFT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    words = f"Mark {starts[1]:.2f} – {starts[3]:.2f} s"
    assert page.text(".check").startswith(words)
    page.change(lambda: page.press(Keys.ENTER))
    assert stretches() == [(starts[1], starts[3])]
    assert "checked" in page.text(".legend")
    assert page.find("[data-by=learn]").is_enabled()
    assert page.text(".check") == "Mark as checked"
    page.hold(Keys.SHIFT, Keys.ARROW_LEFT)
    assert " – " in page.text(".check")
    page.press(Keys.ESCAPE)
    assert page.text(".check") == "Mark as checked"  # nothing is chosen any more
    # the mouse takes boundaries that are near, else frames
    x = [page.x(starts[3]) + 3, page.x(end - 0.61)]
    keys = ActionChains(page.browser, duration=0).key_down(Keys.SHIFT)
    keys.perform()
    page.at(".large", x[0], 60, lambda chain: chain.click_and_hold())
    page.at(".large", x[1], 60, lambda chain: chain.release())
    ActionChains(page.browser, duration=0).key_up(Keys.SHIFT).perform()
    page.click(".check")
    assert stretches()[0] == (starts[1], starts[3])
    assert stretches()[1][0] == starts[3]
    assert 0 < end - stretches()[1][1] < 1
    said = page.text("footer .said")
    assert said.startswith(f"tea 3: {starts[3]:.2f} s to ")
    page.do("undo")
    assert len(stretches()) == 1
    page.change(lambda: page.hold(Keys.SHIFT, Keys.ENTER))
    assert sum(to - of for of, to in stretches()) == pytest.approx(end)
    assert page.text(".check") == "✓ Checked: recording"


@pytest.fixture(scope="module")
def log():
    """A model of one log of cycles, and the log."""
    videos, _ = make_activities(12, 3, n_features=4, mean_length=30, random_state=1)
    log = np.concatenate(videos)
    start = [np.datetime64("2024-03-04T06:51:08.2", "ms")]
    recordings = Recordings([log], ["line"], fps=FPS, starts=start)
    return CyclicSegmenter(3, random_state=0).fit(recordings), recordings


@pytest.fixture
def opened_log(serving, browser, log):
    """The page of a review of a log."""
    calls = Calls(lambda _: Review(*log), "line")
    with serving(calls) as served, contextlib.closing(calls):
        calls.start()
        yield Page(browser, served)
        assert browser.get_log("browser") == []


def test_cycles_of_a_log_are_rows_to_check(opened_log):
    page, review = opened_log, opened_log.review
    units = review.units()
    assert len(units) == 12
    rows = "document.querySelector('.small').dataset.rows"
    assert page.run(f"return {rows}").split() == [str(i) for i in range(12)]
    assert page.text(".shown") == "12 cycles"
    assert {own["recording"] for own in review.next(20)} == {0}
    page.at(".small", 300, 26 + 26 * 4 + 12, lambda chain: chain.click())
    page.wait("document.querySelector('.head h2').textContent === 'line, cycle 4'")
    shown = page.run("return {...document.querySelector('.large').dataset}")
    _, start, end = (np.array(units[4]) / FPS).tolist()
    assert start - 3 < float(shown["from"]) < start
    assert end < float(shown["to"]) < end + 3
    assert "2024-03-04 06:5" in page.text(".facts")
    page.change(lambda: page.press(Keys.ENTER))
    assert review.state.entries[0].checked[0][:2] == units[4][1:]
    assert page.text(".check") == "✓ Checked: cycle 4"
    place = "line: 06:5"
    assert page.text("footer .said").startswith(place)
    page.press("j")
    page.wait("document.querySelector('.head h2').textContent === 'line, cycle 5'")
    page.change(lambda: page.press("n", Keys.ENTER))
    assert len(review.state.entries[0].checked) == 2
    page.change(lambda: page.press("l"))
    before = [own[:2] for own in review.state.entries[0].checked]
    assert page.text(".steps li:nth-child(3) span") == f"2 of {len(review.units())}"
    assert "are right in all that is not checked" in page.text(".figure p")
    page.find(".tools select").send_keys("recordings")
    page.wait(f"{rows} === '0'")
    page.press(Keys.ESCAPE)
    page.change(lambda: page.press("z"))
    assert [own[:2] for own in review.state.entries[0].checked] == before


BAND = """
const canvas = document.querySelector('.large canvas'), {width} = canvas;
const pen = new OffscreenCanvas(width, 4).getContext('2d');
pen.drawImage(canvas, 0, -30);
const {data} = pen.getImageData(0, 0, width, 4);
const isOn = (x) => Math.abs(data[4 * x] - 179) + Math.abs(data[4 * x + 1] - 71) < 9;
return [...Array(width).keys()].filter(isOn);
"""


def test_doubt_is_a_band_at_the_same_times_at_all_zooms(opened):
    """Also after learning, and never over names, as it is above the bar."""
    page = opened()
    for step in ("first", "learned"):
        index = 2
        page.open(index)
        sure = page.review.state.entries[index].shown_confidence()
        for keys in ("w", "+", "+"):
            page.press(keys)
            page.settle()
            shown = page.run("return {...document.querySelector('.large').dataset}")
            start, end = float(shown["from"]), float(shown["to"])
            width = page.run("return document.querySelector('.large canvas').width")
            times = start + (np.array(page.run(BAND)) + 0.5) / width * (end - start)
            found = np.unique((times * FPS).astype(int))
            first, last = int(np.ceil(start * FPS)) + 1, int(end * FPS) - 1
            expected = first + np.flatnonzero(sure[first:last] < 0.5)
            near = np.abs(np.subtract.outer(found, expected)) < 2
            assert near.any(axis=0).all()
            inside = (found > first) & (found < last)
            assert near[inside].any(axis=1).all()
        if step == "first":
            page.open(1)
            page.change(lambda: page.press(Keys.ENTER))
            page.change(lambda: page.press("l"))


OVERLAPS = """
const seen = (part) => part.checkVisibility() && part.getClientRects().length;
const parts = [...document.querySelectorAll(
  'h1, h2, header button, .figure p, .steps li, .hint, .head button, .head select, '
  + '.clock, summary, .stage, .large, .legend, .tools label, .tools output, .small'
)].filter((part) => seen(part) && !part.closest('aside, dialog'));
const found = [];
parts.forEach((one, i) => parts.slice(i + 1).forEach((other) => {
  if (one.contains(other) || other.contains(one)) return;
  const [a, b] = [one, other].map((part) => part.getBoundingClientRect());
  const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (x > 1 && y > 1) found.push([one.className || one.tagName, other.className]);
}));
const isCut = (part) => part.scrollWidth > part.clientWidth + 1;
for (const part of document.querySelectorAll('h1, .steps b, header button')) {
  if (isCut(part)) found.push(['cut', part.textContent]);
}
return found;
"""


@pytest.mark.parametrize("size", [(1400, 900), (1100, 700), (800, 1000)])
def test_nothing_overlaps_or_is_cut(opened, size):
    page = opened(size=size)
    page.rename("pour")
    page.change(lambda: page.press("n", Keys.ENTER))
    page.change(lambda: page.press("l"))
    assert page.run(OVERLAPS) == []
    wide = page.run("return document.documentElement.scrollWidth")
    assert wide <= size[0]


def test_any_keys_while_it_loads_do_nothing(browser, serving, fitted):
    """Before there is a recording, whatever is pressed."""
    gate = threading.Event()

    def make(_):
        gate.wait(60)
        return Review(fitted[0], takes(fitted[1]))

    calls = Calls(make, "cups")
    with serving(calls) as served, contextlib.closing(calls):
        calls.start()
        page = Page(browser, served, is_ready=False)
        named = [Keys.ENTER, Keys.ESCAPE, Keys.SPACE, Keys.ARROW_LEFT, Keys.ARROW_DOWN]
        for key in [*"nkj0123456789armscpwvzlytbe/.,+-", *named]:
            page.press(key)
            page.hold(Keys.SHIFT, key)
        assert not page.all(".problems li, dialog[open]")
        gate.set()
        page.wait("document.body?.dataset.version > 0")
        assert not page.review.undoable
        assert not page.all(".problems li")
        assert browser.get_log("browser") == []
