"""Time the review page in a real browser.

    python benchmarks/page.py [--recordings 300] [--frames 10000]
    python benchmarks/page.py --cycles 400 --frames 300

Fits a hidden Markov model to generated recordings, or to one log of cycles of so many
frames, serves a review of them, and uses
the page as a person would, in headless Chromium. Prints when the first picture is
there, when all is read, the longest task of the browser during each gesture, and how
long learning from one checked recording takes. Needs chromium, chromedriver, selenium.
"""

import argparse
import queue
import shutil
import tempfile
import threading
import time

import numpy as np
import uvicorn
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from skl_tot import CyclicSegmenter, HMMSegmenter
from skl_tot.app.review.calls import Calls
from skl_tot.app.review.server import SETTINGS, listen, make_application
from skl_tot.app.review.session import Review
from skl_tot.datasets import make_activities

WATCH = """
window.tasks = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) tasks.push(entry.duration);
}).observe({ type: 'longtask', buffered: true });
"""
# Sixty steps, one a picture, of a gesture on an element.
STEPS = """
const done = arguments[0], place = document.querySelector('SELECTOR');
const box = place.getBoundingClientRect();
const wheel = (deltaY) => place.dispatchEvent(new WheelEvent('wheel', {
  deltaY, ctrlKey: true, bubbles: true, cancelable: true,
  clientX: box.x + 500, clientY: box.y + 60,
}));
let i = 0;
(function next() {
  DOES;
  i += 1;
  if (i < 60) requestAnimationFrame(next); else done();
})();
"""
GESTURES = {
    "scroll": (".small", "place.scrollTop = 30 * i"),
    "zoom all": (".small canvas", "wheel(i < 30 ? -40 : 40)"),
    "zoom one": (".stage canvas", "wheel(i < 30 ? -40 : 40)"),
}
BOUNDARY = """
const view = document.querySelector('.large').dataset;
const box = document.querySelector('.large canvas').getBoundingClientRect();
const time = document.querySelector('.stage').dataset.time;
return [box.x + (time - view.from) / (view.to - view.from) * box.width, box.y + 60];
"""
SAID = "return document.querySelector('footer .said').textContent"
VERSION = "return +document.querySelector('.review').dataset.version"


def make_calls(n_recordings, n_frames, n_cycles, out):
    """Calls of a review of generated recordings, of 16 features and 6 actions."""
    options = {"n_features": 16, "mean_length": n_frames, "random_state": 0}
    videos, _ = make_activities(n_cycles or n_recordings, 6, **options)
    videos = [video.astype(np.float32) for video in videos]
    model = HMMSegmenter(6).fit(videos[:30])
    if n_cycles:
        videos = [np.concatenate(videos)]
        model = CyclicSegmenter(6, random_state=0).fit(videos)
    return Calls(lambda tell: Review(model, videos, out))


def open_browser():
    """Chromium without a window, 1400 by 900."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(flag)
    options.add_argument("--window-size=1400,900")
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    return webdriver.Chrome(options=options, service=service)


def wait_for(condition):
    """Wait until something is the case."""
    while not condition():
        time.sleep(0.02)


def press(browser, *keys):
    """Press keys one after another."""
    for key in keys:
        ActionChains(browser, duration=0).send_keys(key).perform()


def drag(browser):
    """Drag the boundary at the start of a segment by twenty pixels and back by ten."""
    x, y = map(round, browser.execute_script(BOUNDARY))
    chain = ActionChains(browser, duration=0)
    mouse = chain.w3c_actions.pointer_action
    mouse.move_to_location(x, y)
    mouse.pointer_down()
    for k in [*range(20), *range(20, 10, -1)]:
        mouse.move_to_location(x + k, y)
    mouse.pointer_up()
    chain.perform()


def use(browser, calls, address, started):
    """Use the page; gives figures by their names."""
    run = browser.execute_script
    figures = {}
    browser.get(address)
    run(WATCH)
    is_drawn = "return Boolean(document.querySelector('.segment .name')?.value)"
    wait_for(lambda: run(is_drawn))
    figures["first picture, s after the start"] = time.perf_counter() - started
    wait_for(lambda: calls.review.ready and run(VERSION) > 0)
    figures["all read, s after the start"] = time.perf_counter() - started

    def take_longest(name):
        time.sleep(0.3)
        longest = run("return Math.max(0, ...tasks.splice(0))")
        key = f"longest task, ms: {name}"
        figures[key] = max(longest, figures.get(key, 0))

    take_longest("loading")
    for name, (selector, does) in GESTURES.items():
        script = STEPS.replace("SELECTOR", selector).replace("DOES", does)
        browser.execute_async_script(script)
        take_longest(name)
    press(browser, "j", Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    take_longest("walk")

    def change(name, do):
        before = run(VERSION)
        do()
        wait_for(lambda: run(VERSION) > before)
        take_longest(name)

    change("drag a boundary", lambda: drag(browser))
    change("relabel", lambda: press(browser, "6"))
    change("undo", lambda: press(browser, "z"))
    for _ in range(3):
        change("check", lambda: press(browser, Keys.ENTER))
        press(browser, "n")
    begun = time.perf_counter()
    press(browser, "l")
    wait_for(lambda: run(SAID).startswith("learned"))
    figures["learning, s"] = time.perf_counter() - begun
    take_longest("learning")
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=300)
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--cycles", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as out, listen(0) as listening:
        calls = make_calls(options.recordings, options.frames, options.cycles, out)
        host, ended = f"127.0.0.1:{listening.getsockname()[1]}", queue.Queue()
        application = make_application(calls, host, "token", ended.qsize)
        server = uvicorn.Server(uvicorn.Config(application, **SETTINGS))
        browser = open_browser()
        started = time.perf_counter()
        calls.start()
        sockets = {"sockets": [listening]}
        threading.Thread(target=server.run, kwargs=sockets, daemon=True).start()
        figures = use(browser, calls, f"http://{host}/token/", started)
        browser.quit()
        ended.put(True)
        server.should_exit = True
        calls.close()
    for name, value in figures.items():
        print(f"{name:45}{value:10.2f}")


if __name__ == "__main__":
    main()
