"""The page in a notebook: in a kernel, and its module in a browser."""

import json
import sys

import pytest

from skl_tot.app.review import Review, ReviewWidget

MAKE = """
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.app.review import ReviewWidget

videos, _ = make_activities(4, n_actions=3, n_features=4, random_state=0)
page = ReviewWidget(MallowSegmenter(3), videos)
print(page.review.actions)
page
"""


def test_notebook():
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    cells = [nbformat.v4.new_code_cell(own) for own in (MAKE, "page.close()")]
    made = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(made, timeout=300, kernel_name="python3").execute()
    printed, shown = made.cells[0].outputs
    assert printed.text == "['action 0', 'action 1', 'action 2']\n"
    assert "application/vnd.jupyter.widget-view+json" in shown.data


def test_python_and_page_see_each_other(reviewed):
    page, sent = ReviewWidget(*reviewed), []
    page.widget.send = sent.append
    page.review.rename(0, "pour")
    page.update()
    event = sent[-1]["event"]
    assert (event["type"], event["names"][0]) == ("delta", "pour")
    values = {"recording": 0, "start": 0, "end": 0.5, "checked": True}
    values["version"] = event["version"]
    page.widget._handle_custom_msg({"id": 7, "call": "check", "values": values}, [])
    assert sent[-1]["id"] == 7
    assert page.review.state.entries[0].checked
    state = page.review.state
    messages = [{}, [], None, {"id": 8}, {"call": [], "values": 1}, {"call": "undo"}]
    for message in messages:  # of other programs
        page.widget._handle_custom_msg(message, [])
        assert "error" in sent.pop()["reply"]
    assert page.review.state is state
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


# A front end: what its model sends is kept, and what the widget sends is taken in.
FRONT_END = """
const [module, style, done] = arguments, callbacks = window.callbacks = [];
document.body.innerHTML = `<style>${style}</style><div class="page"></div>`;
window.sent = [];
const on = (name, callback) => { if (name === "msg:custom") callbacks.push(callback); };
const model = { on, off: () => {}, send: (content) => window.sent.push(content) };
import(URL.createObjectURL(new Blob([module], { type: "text/javascript" }))).then(
  ({ default: widget }) => {
    widget.render({ model, el: document.querySelector("div") });
    done();
  });"""


def test_browser(browser, reviewed):
    """Keys do what Python does."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.wait import WebDriverWait

    page, sent = ReviewWidget(*reviewed), []
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

    shown = "document.querySelector('.page')"
    version = f"Number({shown}.dataset.version)"
    browser.get("data:text/html,<!doctype html><title>a</title>")
    front_end = FRONT_END, page.widget._esm, page.widget._css
    browser.execute_async_script(*front_end)
    wait(f"{version} > 0 && {shown}.querySelector('.small').dataset.rows?.length > 0")
    browser.execute_script(f"{shown}.focus()")
    cut = ("." * 10, "c")
    for keys in [("r", "pour <b>", Keys.ENTER), (Keys.ARROW_RIGHT, "1"), cut, ("z",)]:
        before = browser.execute_script(f"return {version}")
        ActionChains(browser, duration=0).send_keys(*keys).perform()
        wait(f"{version} > {before}")
    other = Review(*reviewed).open()
    start = int(other.state.entries[0].segments.starts[1])
    name = other.actions[other.state.entries[0].segments.codes[0]]
    other.rename(name, "pour <b>")
    other.relabel(0, start, other.actions[0])
    assert page.review.table().equals(other.table())
    assert page.review.redoable == f"a: a segment is cut at {start / 10 + 1:.2f} s"
    assert browser.get_log("browser") == []
    page.close()
