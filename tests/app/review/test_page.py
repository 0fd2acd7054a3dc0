"""The page of a review in a browser, with a server, used as people would."""

import contextlib
import threading

import numpy as np
import pytest

from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.recordings import Recordings

pytest.importorskip("selenium")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from skl_tot.app.review import Review, teaching
from skl_tot.app.review.calls import Calls
from skl_tot.app.review.state import labels_of

FPS = 10
SIZES = [(1400, 900), (1280, 720)]


@pytest.fixture
def serve(serving):
    """Function that serves a review until the test ends."""
    with contextlib.ExitStack() as until:

        def serve(*arguments, **values):
            calls = Calls(lambda _: Review(*arguments, **values), "cups")
            until.callback(calls.close)
            served = until.enter_context(serving(calls))
            calls.start()
            return served

        yield serve


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


class Page:
    """A page that is open: what a person sees of it and does to it."""

    def __init__(
        self, browser, served, width=1400, height=900, mode="light", is_ready=True
    ):
        self.browser, self.served = browser, served
        size = {"width": width, "height": height}
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            size | {"deviceScaleFactor": 1, "mobile": False},
        )
        feature = {"name": "prefers-color-scheme", "value": mode}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        browser.get(f"http://{served.host}/token/")
        self.wait("document.body.dataset.version !== undefined")
        if not is_ready:
            return
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
        waiting = WebDriverWait(self.browser, 20, 0.02)
        return waiting.until(lambda _: self.run(f"return {condition}"))

    def settle(self):
        """Wait until all is drawn."""
        script = "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
        self.browser.execute_async_script(script)

    @property
    def version(self):
        return int(self.run("return document.body.dataset.version"))

    def change(self, do):
        """Do something, and wait until the page shows what it made."""
        before = self.version
        do()
        self.wait(f"document.body.dataset.version > {before}")
        self.settle()

    def press(self, *keys):
        ActionChains(self.browser, duration=0).send_keys(*keys).perform()

    def press_with(self, modifiers, key):
        chain = ActionChains(self.browser, duration=0)
        for modifier in modifiers:
            chain.key_down(modifier)
        chain.send_keys(key)
        for modifier in modifiers:
            chain.key_up(modifier)
        chain.perform()

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
        host = ".large"
        data = self.run("return {...document.querySelector('.large').dataset}")
        start, end = float(data["from"]), float(data["to"])
        return (time - start) / (end - start) * self.find(host).size["width"]

    def starts(self, index):
        """Starts of the segments of a recording, and its end, in seconds."""
        entry = self.review.state.entries[index]
        return np.append(entry.segments.starts, entry.n_frames) / FPS


class Mouse(Page):
    """Does all with the mouse, and types names."""

    def open(self, index):
        name = self.review.recordings.names[index]
        rows = self.run("return document.querySelector('.small').dataset.rows").split()
        self.at(
            ".small", 200, 26 + 26 * rows.index(str(index)) + 12, lambda c: c.click()
        )
        self.wait(f"document.querySelector('.head h2').textContent === '{name}'")

    def choose(self, index, segment):
        starts = self.starts(index)
        x = self.x(starts[segment] * 0.6 + starts[segment + 1] * 0.4)
        self.at(".large", x, 70, lambda chain: chain.click())

    def seek(self, index, time):
        self.at(".stage canvas", self.x(time) + 1, 40, lambda chain: chain.click())

    def click(self, selector):
        self.change(self.find(selector).click)

    def rename(self, name):
        self.find(".name").click()
        self.press_with([Keys.CONTROL], "a")
        self.change(lambda: self.press(name, Keys.ENTER))

    def relabel(self, code):
        self.click(f".actions button[data-key='{code}']")

    def relabel_anew(self, name):
        self.find(".actions input").send_keys(name)
        self.click(".actions form button")

    def merge(self, code):
        self.find("[data-do=merge]").click()
        self.click(f".actions button[data-key='{code}']")

    def move(self, index, segment, n_frames):
        x = self.x(self.starts(index)[segment])
        by = self.x(n_frames / FPS) - self.x(0)
        self.at(".large", x, 70, lambda chain: chain.click_and_hold())
        self.change(
            lambda: self.at(".large", x + by, 70, lambda chain: chain.release())
        )
        return [n_frames]

    def nudge(self, n_frames, is_end=False):
        by, end = np.sign(n_frames), "[data-end]" if is_end else ":not([data-end])"
        for _ in range(abs(n_frames)):
            self.click(f"[data-do=edge][data-by='{by}']{end}")
        return [by] * abs(n_frames)

    def decide(self, index, word):
        self.click(f".changed [data-key='{index} {word}']")

    def decide_all(self, word):
        self.click(f".changed [data-do={'keep' if word == 'keep' else 'takeBack'}]")

    def do(self, name):
        self.click(f"[data-do={name}], [data-by={name}]")

    def export(self):
        self.find("[data-by=export]").click()
        self.find("dialog[open] [data-do=export]").click()


class Keyboard(Page):
    """Does all with keys."""

    def open(self, index):
        shown = self.run("return document.querySelector('.head h2').textContent")
        names = self.review.recordings.names
        by = index - names.index(shown)
        self.press(*("j" if by > 0 else "k") * abs(by))
        self.wait(
            f"document.querySelector('.head h2').textContent === '{names[index]}'"
        )

    def choose(self, index, segment):
        n = len(self.starts(index))
        self.press(*[Keys.ARROW_LEFT] * n, *[Keys.ARROW_RIGHT] * segment)

    def seek(self, index, time):
        self.press(*[Keys.ARROW_LEFT] * len(self.starts(index)), Keys.ARROW_LEFT)
        self.press(*"." * round(time * FPS))

    def rename(self, name):
        self.press("r")
        self.change(lambda: self.press(name, Keys.ENTER))

    def relabel(self, code):
        codes = sorted(code for code in self.review.state.names if code >= 0)
        self.change(lambda: self.press("0" if code < 0 else str(codes.index(code) + 1)))

    def relabel_anew(self, name):
        self.press("a")
        self.change(lambda: self.press(name, Keys.ENTER))

    def merge(self, code):
        self.press("m")
        self.relabel(code)

    def move(self, index, segment, n_frames):
        self.choose(index, segment)
        tens, ones = divmod(abs(n_frames), 10)
        key = Keys.ARROW_RIGHT if n_frames > 0 else Keys.ARROW_LEFT
        for _ in range(tens):
            self.change(lambda: self.press_with([Keys.ALT, Keys.SHIFT], key))
        for _ in range(ones):
            self.change(lambda: self.press_with([Keys.ALT], key))
        return np.sign(n_frames) * np.repeat([10, 1], [tens, ones])

    def nudge(self, n_frames, is_end=False):
        keys = [Keys.ARROW_DOWN, Keys.ARROW_UP]
        keys = keys if is_end else [Keys.ARROW_LEFT, Keys.ARROW_RIGHT]
        for _ in range(abs(n_frames)):
            self.change(lambda: self.press_with([Keys.ALT], keys[n_frames > 0]))
        return [np.sign(n_frames)] * abs(n_frames)

    def decide(self, index, word):
        self.open(index)
        self.change(lambda: self.press("y" if word == "keep" else "t"))

    def decide_all(self, word):
        button = self.find(
            f".changed [data-do={'keep' if word == 'keep' else 'takeBack'}]"
        )
        self.run("arguments[0].focus()", button)
        self.change(lambda: self.press(Keys.SPACE))

    def do(self, name):
        keys = {"check": Keys.ENTER, "split": "s", "cut": "c", "learn": "l"}
        keys |= {"undo": "z", "redo": "Z"}
        self.change(lambda: self.press(keys[name]))

    def export(self):
        self.press("e")
        self.press(Keys.TAB, Keys.ENTER)


def put(twin, index, frame, steps):
    """Move a boundary by so many frames, step by step."""
    for step in steps:
        twin.move(index, frame, frame + step)
        frame += step


def correct(page, twin):
    """Correct recordings on a page, and by the same steps in Python."""

    def frame(index, segment):
        return int(twin.state.entries[index].segments.starts[segment])

    page.open(2)
    page.choose(2, 1)
    page.rename("pour <b>")
    twin.rename("action 1", "pour <b>")
    page.choose(2, 2)
    page.relabel(3)
    twin.relabel(2, frame(2, 2), "action 3")
    page.choose(2, 0)
    page.relabel_anew("wipe")
    twin.relabel(2, 0, "wipe")
    page.open(4)
    put(twin, 4, frame(4, 1), page.move(4, 1, -3))
    put(
        twin,
        4,
        frame(4, 2),
        page.move(4, 2, 11 if frame(4, 3) > frame(4, 2) + 12 else 4),
    )
    page.choose(4, 1)
    put(twin, 4, frame(4, 1), page.nudge(4))
    put(twin, 4, frame(4, 2), page.nudge(-3, is_end=True))
    page.seek(4, (frame(4, 1) + 4) / FPS)
    page.do("cut")
    twin.cut(4, frame(4, 1) + 4)
    page.choose(4, 2)
    page.relabel(-1)
    twin.relabel(4, frame(4, 2), "background")
    page.do("check")
    twin.check(4)
    page.open(0)
    page.choose(0, 0)
    page.do("split")
    twin.split("action 0")
    page.choose(0, twin.state.entries[0].segments.codes.tolist().index(1))
    page.merge(2)
    twin.merge("pour <b>", "action 2")
    page.do("check")
    twin.check(0)


def share_of_changes(entry):
    """Share of the frames of a recording that learning has changed."""
    now, before = (
        labels_of(s, entry.n_frames) for s in (entry.segments, entry.changed)
    )
    return np.mean(now != before)


def teach(page, twin):
    page.do("learn")
    twin.learn()
    changed = [i for i, entry in enumerate(twin.state.entries) if entry.changed]
    assert len(changed) > 2
    keys = page.run(
        "return [...document.querySelectorAll('.changed [data-key$=keep]')]"
        ".map((button) => parseInt(button.dataset.key))"
    )
    assert sorted(keys) == changed
    shares = [share_of_changes(twin.state.entries[i]) for i in keys]
    assert (np.diff(shares) < 1e-9).all()
    page.decide(changed[1], "keep")
    twin.keep(changed[1])
    page.decide(changed[0], "take_back")
    twin.take_back(changed[0])
    page.decide_all("take_back")
    twin.take_back()


def undo_and_redo(page, twin):
    after = plain(twin)
    for name in ("undo", "redo"):
        for _ in range(20):
            page.do(name)
            getattr(twin, name)()
        assert plain(page.review) == plain(twin)
        assert (plain(twin) == after) == (name == "redo")


def plain(review):
    """What a review shows, which can be compared."""
    entries = [
        (
            *map(np.ndarray.tolist, entry.segments),
            bool(entry.checked),
            bool(entry.changed),
        )
        for entry in review.state.entries
    ]
    return review.state.names, entries


def files(folder):
    """Content of files that are the same each time, and names of the others."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        if path.suffix in (".csv", ".txt")
        else None
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "models" not in path.parts
    }


@pytest.mark.parametrize("kind", [Mouse, Keyboard])
def test_all_is_as_in_python(kind, browser, serve, fitted, tmp_path):
    model, videos = fitted
    twin = Review(model, takes(videos), tmp_path / "twin").open()
    served = serve(model, takes(videos), tmp_path / "out")
    page = kind(browser, served)
    for part in (correct, teach, undo_and_redo):
        part(page, twin)
        assert plain(page.review) == plain(twin)
    page.export()
    twin.export("csv")
    page.wait("document.querySelector('footer .said').textContent.includes('results')")
    own, others = tmp_path / "out", tmp_path / "twin"
    saving = WebDriverWait(browser, 10, ignored_exceptions=[FileNotFoundError])
    saving.until(lambda _: files(own).keys() == files(others).keys())
    assert files(own) == files(others)
    assert [line.text for line in page.all(".problems li")] == []
    assert browser.get_log("browser") == []


HOSTILE = [
    "<img src=x onerror=document.title='hit'>",
    "\"'><script>document.title='hit'</script>",
    "&lt;b&gt; \\u003c ${1} {{1}}",
    "\u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627",
    "a" * 200,
    "__proto__",
    "x", "y",
]  # fmt: skip


def test_hostile_names_stay_text(browser, serve, fitted):
    model, videos = fitted
    served = serve(model, takes(videos, HOSTILE))
    page = Mouse(browser, served, *SIZES[1])
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
    assert not is_too_large(page)
    assert browser.get_log("browser") == []


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


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_sizes_and_modes(browser, serve, fitted, size, mode):
    model, videos = fitted
    served = serve(model, takes(videos))
    page = Keyboard(browser, served, *size, mode)
    page.change(lambda: page.press(Keys.ENTER))
    page.press("?")
    assert page.find(".help").is_displayed()
    page.press(Keys.ESCAPE)
    assert not page.find(".help").is_displayed()
    assert not is_too_large(page)
    paper = page.run("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, paper[4:-1].split(","))) < 200) == (mode == "dark")
    assert browser.get_log("browser") == []


def test_rows_come_in_while_it_reads(browser, serving, fitted, monkeypatch):
    model, videos = fitted
    gates = [threading.Semaphore(0), threading.Semaphore(0)]
    read = teaching.read

    def read_later(*arguments):
        gates[1].acquire()
        return read(*arguments)

    def make(_):
        gates[0].acquire()
        return Review(model, takes(videos))

    monkeypatch.setattr(teaching, "read", read_later)
    calls = Calls(make, "cups")
    with serving(calls) as served, contextlib.closing(calls):
        calls.start()
        page = Page(browser, served, is_ready=False)
        page.wait("document.querySelector('.head h2').textContent === 'Loading'")
        gates[0].release()
        gates[1].release()
        said = "document.querySelector('footer .said').textContent"
        page.wait(f"{said}.endsWith(', 1 of 8')")
        page.wait("document.querySelector('.head h2').textContent === 'cup 0'")
        assert page.find(".name").get_attribute("value") == "action 0"
        assert page.find("footer progress").is_displayed()
        assert not page.find("[data-by=learn]").is_enabled()
        page.press(Keys.ENTER)
        page.wait("document.querySelector('.problems li')")
        assert "still reading" in page.text(".problems span")
        gates[1].release(7)
        page.wait("document.body.dataset.version > 0")
        page.wait(f"{said} === ''")
        page.change(lambda: page.press(Keys.ENTER))
    assert browser.get_log("browser") == []


def test_two_windows_tell_each_other(browser, serve, fitted):
    model, videos = fitted
    served = serve(model, takes(videos))
    first = Keyboard(browser, served)
    here = browser.current_window_handle
    browser.switch_to.new_window("tab")
    try:
        second = Keyboard(browser, served)
        second.wait("document.querySelector('.pages').textContent.includes('1 other')")
        second.rename("pour")
        browser.switch_to.window(here)
        first.wait("document.querySelector('.name').value === 'pour'")
        assert first.text("footer .said").startswith("Another window: ")
        first.do("undo")
        there = browser.window_handles[-1]
        browser.switch_to.window(there)
        second.wait("document.querySelector('.name').value === 'action 0'")
        assert browser.get_log("browser") == []
    finally:
        browser.close()
        browser.switch_to.window(here)
    first.wait("document.querySelector('.pages').textContent === ''")


def test_an_outdated_page_is_told(browser, serve, fitted):
    model, videos = fitted
    served = serve(model, takes(videos))
    page = Keyboard(browser, served)
    served.calls.version += 1  # as after events that did not come
    page.press("c")
    page.wait(f"document.body.dataset.version == {served.calls.version}")
    assert "changed elsewhere" in page.text(".problems span")
    page.find(".problems button").click()
    assert not page.all(".problems li")
    page.change(lambda: page.press(Keys.ENTER))


def test_errors_stay(browser, serve, fitted):
    model, videos = fitted
    served = serve(model, takes(videos))
    page = Keyboard(browser, served)
    page.press("c")
    page.wait("document.querySelector('.problems li')")
    page.change(lambda: page.press(Keys.ENTER))
    page.press(Keys.ARROW_RIGHT, "1" * 3)
    assert "is a boundary" in page.text(".problems span")
    assert browser.get_log("browser") == []


def test_tab_goes_everywhere_and_on(browser, serve, fitted):
    model, videos = fitted
    served = serve(model, takes(videos))
    page = Keyboard(browser, served)
    page.change(lambda: page.press(Keys.ENTER))
    script = (
        "const seen = window.seen = new Set();"
        "document.addEventListener('focusin', (event) => seen.add(event.target));"
        "return document.querySelectorAll('button, select, input, .timelines').length"
    )
    n_parts = page.run(script)
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


def test_video_goes_with_the_timeline(browser, serve, fitted, tmp_path, wait_for):
    model, videos = fitted
    path = tmp_path / "cup 0.webm"
    write_video(path, len(videos[0]))
    files = [path] + [None] * 7
    served = serve(model, takes(videos), video_files=files)
    page = Keyboard(browser, served)
    page.wait("document.querySelector('video').readyState > 1")
    grey = (
        "const pen = new OffscreenCanvas(1, 1).getContext('2d');"
        "pen.drawImage(document.querySelector('video'), 0, 0, 1, 1);"
        "return pen.getImageData(0, 0, 1, 1).data[0] / 4"
    )
    starts = (page.starts(0) * FPS).round().astype(int).tolist()
    for start in starts[1:-1]:
        page.press(Keys.ARROW_RIGHT)
        for by in (0, 1, -1, -1):
            page.press(*[".", ","][by < 0] * abs(by))
            start += by
            page.wait("!document.querySelector('video').seeking")
            page.settle()
            wait_for(lambda: page.run(grey), pytest.approx(start, abs=1))
            clock = f"{start / FPS:.2f} of"
            wait_for(lambda: page.text(".clock")[: len(clock)], clock)  # noqa: B023
        page.press(".")
    page.press(Keys.ARROW_LEFT, " ")
    page.wait("parseFloat(document.querySelector('.clock').value) > 4")
    page.press("v")
    wait_for(page.find(".stage canvas").is_displayed, True)
    page.press("j")
    wait_for(page.find("video").is_displayed, False)
    assert browser.get_log("browser") == []


def test_features_are_chosen(browser, serve, fitted):
    model, videos = fitted
    served = serve(model, takes(videos))
    page = Mouse(browser, served)
    page.find(".features summary").click()
    boxes = page.all(".features input")
    page.wait("document.querySelectorAll('.features input').length === 6")
    boxes = page.all(".features input")
    before = [box.get_attribute("value") for box in boxes if box.is_selected()]
    boxes[0].click()
    page.wait(
        f"document.querySelectorAll('.features :checked').length === {len(before) - 1}"
    )
    assert browser.get_log("browser") == []
