"""Timelines in a browser, with a real mouse and real pixels."""

import json

import pytest

from skl_tot.app.web import describe_looks, joined, page_file

pytest.importorskip("selenium")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

PAGE = """<!DOCTYPE html><html class="themed"><meta charset="utf-8"><style>%s
body { margin: 20px; } #host { width: 1000px; }</style>
<div id="host"></div><script type="module">%s
window.told = [];
window.lines = new Timelines(document.getElementById("host"), %s, {
  large: true, editable: true, onChoose: (...what) => told.push(["choose", ...what]),
  onMove: (...what) => { told.push(["move", ...what]); return new Promise(() => {}); },
});
</script>"""
LOOKS = describe_looks([0, 1])
NAMES = {0: "take </script>", 1: "pour", -1: "background"}
MIDDLE = 90  # height within the bar


@pytest.fixture
def lines(browser, tmp_path):
    """Page of a row of 100 s on 1000 pixels: actions 0, 1, 0 from 0, 20, 50 s."""
    bar = {"start": [0, 20, 50], "code": [0, 1, 0], "confidence": [1, 1, 1]}
    row = {"name": "<b>", "end": 100, "prediction": bar, "doubt": "0"}
    row |= {"confidence": 1, "deviation": 0}
    data = {"rows": [row], "names": NAMES, "looks": LOOKS, "fps": 10}
    text = json.dumps(data).replace("<", "\\u003c")
    page = tmp_path / "page.html"
    scripts = page_file("web", "timelines.css"), joined("web/timelines.js"), text
    page.write_text(PAGE % scripts, encoding="utf-8")
    size = {"width": 1200, "height": 600, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(page.as_uri())
    yield browser
    assert browser.get_log("browser") == []


def pixels(browser, places):
    """Colours of points of the picture, once all is drawn."""
    script = """
        const [places, done] = arguments, { canvas } = lines;
        requestAnimationFrame(() => requestAnimationFrame(() => {
          const copy = new OffscreenCanvas(canvas.width, canvas.height);
          const pen = copy.getContext("2d", { willReadFrequently: true });
          pen.drawImage(canvas, 0, 0);
          done(places.map(([x, y]) => [...pen.getImageData(x, y, 1, 1).data]));
        }));"""
    found = browser.execute_async_script(script, places)
    return ["#{:02X}{:02X}{:02X}".format(*pixel) for pixel in found]


def codes(browser):
    """Action at the middle of each second, by its colour."""
    by_fill = {look["fill"]: code for code, look in LOOKS.items()}
    places = [(10 * second + 5, MIDDLE) for second in range(100)]
    return [by_fill[fill] for fill in pixels(browser, places)]


def drag(browser, start, end):
    """Hold the mouse at a second, and move it to another; it stays down."""
    box = browser.execute_script("return lines.canvas.getBoundingClientRect()")
    chain = ActionChains(browser, duration=0)
    mouse = chain.w3c_actions.pointer_action
    y = round(box["y"] + MIDDLE)
    mouse.move_to_location(round(box["x"] + 10 * start), y)
    mouse.pointer_down()
    mouse.move_to_location(round(box["x"] + 10 * end), y)
    chain.perform()


def test_a_boundary_is_dragged_with_a_preview(lines, wait_for):
    def told():
        return lines.execute_script("return told")

    wait_for(lambda: codes(lines), [0] * 20 + [1] * 30 + [0] * 50)
    drag(lines, 50, 70)
    wait_for(lambda: codes(lines)[:68], [0] * 20 + [1] * 48)
    assert codes(lines)[72:] == [0] * 28
    assert told() == []
    lines.execute_script("lines.host.focus()")
    ActionChains(lines).send_keys(Keys.ESCAPE).perform()
    wait_for(lambda: codes(lines)[55:], [0] * 45)
    ActionChains(lines).release().perform()
    drag(lines, 50, 30)
    ActionChains(lines).release().perform()
    wait_for(told, [["move", 0, 50, 30]])
    wait_for(lambda: codes(lines)[32:], [0] * 68)


def test_a_click_chooses_and_the_choice_has_a_frame(lines, wait_for):
    drag(lines, 35, 35)
    ActionChains(lines).release().perform()
    wait_for(lambda: lines.execute_script("return told"), [["choose", 0, 1, 35]])
    wait_for(lambda: pixels(lines, [(350, 33)]), ["#1D2127"])  # that of text
    assert lines.execute_script("return document.querySelectorAll('b').length") == 0
