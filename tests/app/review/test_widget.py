"""The page in a notebook: in a kernel, and its module in a browser."""

import contextlib
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from skl_tot.app.review import Review, ReviewWidget
from skl_tot.app.review.calls import Calls

STEPS = [  # calls of a page, and the same from Python
    ("rename", {"action": 0, "name": "pour <b>"}, (0, "pour <b>")),
    ("relabel", {"recording": 1, "time": 0, "action": 2}, (1, 0, 2)),
    ("cut", {"recording": 2, "time": 1}, (2, 10)),
    ("check", {"recording": 1, "checked": True}, (1, True)),
    ("undo", {}, ()),
]

MAKE = """
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.recordings import Recordings
from skl_tot.app.review import Review, ReviewWidget

videos, _ = make_activities(4, n_actions=3, n_features=4, random_state=0)
recordings = Recordings(videos, ["a", "b", "c", "d"], fps=10)
model = MallowSegmenter(3)
page = ReviewWidget(model, recordings)
"""
# As messages of a front end reach the widget, and what it sends.
DRIVE = f"""
sent, review, version = [], page.review, 1
page.widget.send = sent.append
def message(name, values):
    content = {{"id": name, "call": name, "values": values}}
    page.widget._handle_custom_msg(content, [])
    return next(own for own in reversed(sent) if own.get("id") == name)["reply"]
shown = message("open", {{}})
other = Review(model, recordings).open()
for name, values, own in {STEPS!r}:
    reply = message(name, values | {{"version": version, "client": "a"}})
    assert "error" not in reply, reply
    version = reply["version"]
    assert reply["said"] == getattr(other, name)(*own)
assert review.table().equals(other.table())
print(len(shown["rows"]), review.actions, sum("event" in own for own in sent))
"""


def test_notebook():
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    cells = [MAKE, "page", DRIVE, "page.close()"]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbclient.NotebookClient(made, timeout=300, kernel_name="python3").execute()
    _, shown, driven, _ = made.cells
    (output,) = shown.outputs
    assert "application/vnd.jupyter.widget-view+json" in output.data
    assert driven.outputs[0].text == "4 ['pour <b>', 'action 1', 'action 2'] 5\n"


def test_python_and_page_see_each_other(reviewed):
    page, sent = ReviewWidget(*reviewed), []
    page.widget.send = sent.append
    page.review.rename(0, "pour")
    page.update()
    event = sent[-1]["event"]
    assert (event["type"], event["names"][0]) == ("delta", "pour")
    values = {"recording": 0, "checked": True, "version": event["version"]}
    page.widget._handle_custom_msg({"id": 7, "call": "check", "values": values}, [])
    assert sent[-1]["id"] == 7
    assert page.review.state.entries[0].checked
    page.close()


def test_errors_of_the_start_are_raised(reviewed):
    page = ReviewWidget(reviewed[0], [[[0.0, 1.0]]])
    with pytest.raises(ValueError, match=r"2 features, but .* is expecting 4"):
        _ = page.review
    page.close()


def test_what_is_missing_is_named(reviewed, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match=r"anywidget.*skl-tot\[notebook\]"):
        ReviewWidget(*reviewed)


# A front end: its model sends by one request, and asks for what the widget sends.
FRONT_END = """<!doctype html><title>a</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css"><div class="page"></div><script type="module">
import widget from "./widget.js";
const callbacks = [];
const model = {
  on: (name, callback) => { if (name === "msg:custom") callbacks.push(callback); },
  off: () => {},
  send: (content) => fetch("send", { method: "POST", body: JSON.stringify(content) }),
};
widget.render({ model, el: document.querySelector("div") });
for (let n = 0; ; ) {
  const messages = await (await fetch(`sent?${n}`)).json();
  n += messages.length;
  for (const message of messages) for (const callback of callbacks) callback(message);
}
</script>"""


class FrontEnd:
    """A server of the module of a widget, and of its messages."""

    def __init__(self, widget):
        self.widget, self.sent, self.is_new = widget, [], threading.Condition()
        widget.send = self.keep
        front, texts = self, {"/": FRONT_END}
        texts |= {"/widget.js": widget._esm, "/style.css": widget._css}
        kinds = {"/": "text/html", "/widget.js": "text/javascript"}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path, _, start = self.path.partition("?")
                text = front.wait(int(start)) if path == "/sent" else texts[path]
                self.answer(text, kinds.get(path, "text/css"))

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                widget._handle_custom_msg(json.loads(body), [])
                self.answer("", "text/plain")

            def answer(self, text, kind):
                data = text.encode()
                self.send_response(200)
                self.send_header("content-type", f"{kind}; charset=utf-8")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # the page is left
                    self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.address = f"http://127.0.0.1:{self.server.server_port}/"

    def keep(self, content):
        with self.is_new:
            self.sent.append(json.dumps(content))
            self.is_new.notify_all()

    def wait(self, start):
        """Messages from one on, once there are some, as JSON."""
        with self.is_new:
            self.is_new.wait_for(lambda: len(self.sent) > start, timeout=1)
            return f"[{','.join(self.sent[start:])}]"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def work(browser, address):
    """Rename, relabel, cut, check and undo by keys, as a person does."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.wait import WebDriverWait

    def wait(condition):
        waiting = WebDriverWait(browser, 30, 0.02)
        waiting.until(lambda _: browser.execute_script(f"return {condition}"))

    def press(*keys):
        ActionChains(browser, duration=0).send_keys(*keys).perform()

    page = "document.querySelector('.page')"
    version = f"Number({page}.dataset.version)"
    browser.get(address)
    wait(f"{version} > 0 && {page}.querySelector('.small').dataset.rows?.length > 0")
    browser.execute_script(f"{page}.focus()")
    second, cut = (Keys.ARROW_RIGHT,), ("." * 10, "c")
    for keys in [
        ("r", "pour <b>", Keys.ENTER),
        (*second, "1"),
        cut,
        (Keys.ENTER,),
        ("z",),
    ]:
        before = browser.execute_script(f"return {version}")
        press(*keys)
        wait(f"{version} > {before}")
    assert browser.get_log("browser") == []


def test_browser(browser, reviewed, serving):
    """The same keys give the same in the widget and on the page."""
    calls = Calls(lambda _: Review(*reviewed))
    with serving(calls) as served:
        calls.start()
        work(browser, f"http://{served.host}/token/")
    page = ReviewWidget(*reviewed)
    with FrontEnd(page.widget) as front_end:
        work(browser, front_end.address)
        browser.get("about:blank")
    table = page.review.table()
    assert table.equals(calls.review.table())
    assert "pour <b>" in page.review.actions
    assert not table.equals(Review(*reviewed).open().table())
    page.close()
    calls.close()
