"""A small review, a server of it on a real socket, and its page in a browser."""

import contextlib
import http.client
import json
import threading
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from skl_tot import CyclicSegmenter, HMMSegmenter
from skl_tot.app.review import Review, server
from skl_tot.app.review.calls import Calls
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.recordings import Recordings

TOKEN, FPS = "token", 10


@pytest.fixture(scope="session")
def reviewed():
    """A fitted model and its recordings, at 10 frames per second."""
    videos, _ = make_activities(4, n_actions=3, n_features=4, random_state=0)
    recordings = Recordings(videos, ["a", "b", "c", "d"], fps=10)
    return MallowSegmenter(3).fit(recordings), recordings


@pytest.fixture(scope="session")
def split_fit():
    """A model with two actions too many, and its recordings."""
    videos, _ = make_activities(16, 3, n_features=6, random_state=0)
    return HMMSegmenter(5, random_state=0).fit(videos), videos


@pytest.fixture(scope="session")
def log_fit():
    """A model of cycles, and its log of twelve cycles, which has a date."""
    videos, _ = make_activities(12, 3, n_features=4, mean_length=30, random_state=1)
    start = [np.datetime64("2024-03-04T06:51:08.2", "ms")]
    log = Recordings([np.concatenate(videos)], ["line"], fps=FPS, starts=start)
    return CyclicSegmenter(3, estimator=HMMSegmenter(), random_state=0).fit(log), log


@pytest.fixture(scope="session")
def serving():
    """Serve calls in a thread, at an address with the token "token"."""
    uvicorn = pytest.importorskip("uvicorn")

    @contextlib.contextmanager
    def serving(calls):
        with server.listen(0) as listening:
            port = listening.getsockname()[1]
            host = f"127.0.0.1:{port}"
            is_over = lambda: opened.should_exit  # noqa: E731
            application = server.make_application(calls, host, TOKEN, is_over)
            opened = uvicorn.Server(uvicorn.Config(application, **server.SETTINGS))
            run = threading.Thread(target=opened.run, kwargs={"sockets": [listening]})
            run.start()
            try:
                address = f"http://{host}/{TOKEN}/"
                yield SimpleNamespace(
                    calls=calls, port=port, host=host, address=address
                )
            finally:
                opened.should_exit = True
                run.join()

    return serving


@pytest.fixture(scope="session")
def ask():
    """Make a request; gives status, headers and body of the answer.

    Of headers, "_" stands for "-", and None for none.
    """

    def ask(served, method, path, body=None, **headers):
        sent = {"host": served.host}
        if method not in ("GET", "HEAD"):
            sent["origin"] = f"http://{served.host}"
            sent["content-type"] = "application/json"
        if body is not None and "transfer_encoding" not in headers:
            sent["content-length"] = str(len(body))
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for key, value in sent.items():
            if value is not None:
                connection.putheader(key, value)
        connection.endheaders()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.send(body or b"")
        answer = connection.getresponse()
        with contextlib.closing(connection):
            return answer.status, dict(answer.getheaders()), answer.read()

    return ask


@pytest.fixture(scope="session")
def plain():
    """Content of a state, which can be compared."""
    as_lists = partial(json.dumps, default=lambda array: array.tolist())
    return lambda state: json.loads(as_lists(state))


@pytest.fixture
def quick_fits(monkeypatch):
    """Fits without labels that take no time, of which one fails."""
    fits = [HMMSegmenter(3, random_state=0), MallowSegmenter(3), HMMSegmenter(0)]
    where = "skl_tot.app.review.teaching.default_estimators"
    monkeypatch.setattr(where, lambda recordings, random_state: fits)


@pytest.fixture(scope="session")
def fitted():
    """A model and its recordings, for pages."""
    videos, _ = make_activities(
        8, 4, n_features=6, mean_length=50, unevenness=0.4, noise=1.3, random_state=2
    )
    return MallowSegmenter(4).fit(videos), videos


@pytest.fixture(scope="session")
def takes():
    """Function that names recordings, with a rate."""

    def takes(videos, names=None):
        names = names or [f"{word} {i}" for i, word in enumerate(["cup", "tea"] * 4)]
        return Recordings(videos, names, fps=FPS)

    return takes


@pytest.fixture
def open_page(serving, browser):
    """Function that opens the page of calls, or of an address, until the test ends."""
    with contextlib.ExitStack() as until:

        def open_page(calls, **options):
            until.callback(calls.close)
            served = until.enter_context(serving(calls))
            calls.start()
            return Page(browser, served, **options)

        yield open_page


@pytest.fixture
def opened(open_page, fitted, takes):
    """Function that opens the page of a review."""

    def opened(out=None, names=None, video_files=None, of=fitted, **options):
        model, videos = of
        recordings = takes(videos, names)
        make = lambda _: Review(model, recordings, out, video_files=video_files)  # noqa: E731
        return open_page(Calls(make, "cups"), **options)

    return opened


CLOCK = """
const queue = [];
window.clock = performance.now();
performance.now = () => window.clock;
window.requestAnimationFrame = (then) => queue.push(then);
window.advance = (seconds) => {
  window.clock += 1000 * seconds;
  for (const then of queue.splice(0)) then(window.clock);
};"""


class Page:
    """A page that is open: what a person sees of it and does to it."""

    def __init__(self, browser, served, is_ready=True):
        from selenium.webdriver.common.action_chains import ActionChains

        self.browser, self.served = browser, served
        self.chain = lambda: ActionChains(browser, duration=0)
        self.emulate((1400, 900), "light")
        browser.get(served.address)
        self.wait("document.body.dataset.version !== undefined")
        if is_ready:
            self.wait_until_ready()

    def emulate(self, size, mode):
        """Have a window of this size, and light or dark colours."""
        values = dict(zip(("width", "height"), size), deviceScaleFactor=1, mobile=False)
        do = self.browser.execute_cdp_cmd
        do("Emulation.setDeviceMetricsOverride", values)
        feature = {"name": "prefers-color-scheme", "value": mode}
        do("Emulation.setEmulatedMedia", {"features": [feature]})

    def wait_until_ready(self):
        self.wait("document.body.dataset.version > 0")
        self.wait("document.querySelector('.small').dataset.rows?.length > 0")
        self.settle()

    @property
    def review(self):
        return self.served.calls.review

    # What a person sees

    def find(self, selector):
        return self.browser.find_element("css selector", selector)

    def all(self, selector):
        return self.browser.find_elements("css selector", selector)

    def text(self, selector):
        return self.find(selector).get_attribute("textContent")

    def name(self):
        """Name of the action of the segment."""
        return self.find(".name").get_attribute("value")

    def run(self, script, *values):
        return self.browser.execute_script(script, *values)

    def wait(self, condition):
        from selenium.webdriver.support.wait import WebDriverWait

        waiting = WebDriverWait(self.browser, 60, 0.05)
        return waiting.until(lambda _: self.run(f"return {condition}"))

    def wait_for_said(self, text):
        shown = "document.querySelector('footer .said').textContent"
        self.wait(f"{shown}.includes({text!r})")

    def settle(self):
        """Wait until all is drawn, where the clock does not stand still."""
        frames = "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
        self.browser.execute_async_script(
            f"window.clock === undefined ? {frames} : arguments[0]()"
        )

    def x(self, time):
        """Place of a time in the large timeline."""
        data = self.run("return {...document.querySelector('.large').dataset}")
        start, end = float(data["from"]), float(data["to"])
        return (time - start) / (end - start) * self.find(".large").size["width"]

    def starts(self, index):
        """Starts of the segments of a recording, and its end, in seconds."""
        entry = self.review.state.entries[index]
        return np.append(entry.segments.starts, entry.n_frames) / FPS

    # What a person does

    def change(self, do):
        """Do something, and wait until the page shows what it made."""
        before = self.run("return document.body.dataset.version")
        do()
        self.wait(f"document.body.dataset.version > {before}")
        self.settle()

    def press(self, *keys):
        self.chain().send_keys(*keys).perform()

    def hold(self, *keys):
        """Press keys, of which the first is held."""
        self.find("body").send_keys(*keys)

    def at(self, selector, x, y, do):
        """Move the mouse to a point of an element, and do something there."""
        box, chain = self.find(selector).rect, self.chain()
        mouse = chain.w3c_actions.pointer_action
        mouse.move_to_location(round(box["x"] + x), round(box["y"] + y))
        do(chain).perform()
        self.settle()

    def click(self, selector):
        self.change(self.find(selector).click)

    def open(self, index):
        from selenium.webdriver.support.wait import WebDriverWait

        name = self.review.recordings.names[index]
        shown = f"return document.querySelector('.head h2').textContent === '{name}'"

        def click(_):  # again, if rows have moved between the look and the click
            script = "return document.querySelector('.small').dataset.rows"
            y = 26 + 26 * self.run(script).split().index(str(index)) + 12
            self.at(".small", 200, y, lambda chain: chain.click())
            return self.run(shown)

        WebDriverWait(self.browser, 60, 0.2).until(click)

    def choose(self, index, segment):
        starts = self.starts(index)
        x = self.x(starts[segment] * 0.6 + starts[segment + 1] * 0.4)
        self.at(".large", x, 70, lambda chain: chain.click())

    def rename(self, name):
        from selenium.webdriver.common.keys import Keys

        self.press("r")
        self.wait("document.activeElement.matches('.name')")
        self.change(lambda: self.press(name, Keys.ENTER))

    # Time, which tests move

    def set_clock(self):
        self.run(CLOCK)

    def advance(self, seconds):
        self.run("advance(arguments[0])", seconds)

    @property
    def time(self):
        return self.run("return +document.querySelector('.stage').dataset.time")
