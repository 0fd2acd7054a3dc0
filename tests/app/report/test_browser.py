"""The page in a browser, moved and clicked as people would."""

import base64
import re
import warnings

import numpy as np
import pytest

from skl_tot import AutoSegmenter, CyclicSegmenter, HMMSegmenter
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.methods.pipelines import predict_with_confidence
from skl_tot.recordings import Recordings
from skl_tot.recordings.labels import find_segments

pytest.importorskip("selenium")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from skl_tot.app.report import write_report

FPS = 10
NAMED = {0: "take cup", 1: "pour"}


class Few:
    """Few recordings with ground truth, of unequal length and confidence."""

    def __init__(self, folder):
        videos, y_true = make_activities(
            8, 4, n_features=6, mean_length=50, unevenness=0.4, random_state=2
        )
        videos[2] = np.concatenate([videos[2], videos[2][-30:]])
        y_true[2] = np.concatenate([y_true[2], y_true[2][-30:]])
        self.names = [f"{word} {i}" for i, word in enumerate(["cup", "tea"] * 4)]
        self.model = MallowSegmenter(4).fit(videos)
        self.videos = videos
        self.path = folder / "few.html"
        takes = Recordings(videos, self.names, fps=FPS)
        write_report(self.model, takes, self.path, y_true=y_true, action_names=NAMED)
        _, confidence, _ = predict_with_confidence(self.model, videos)
        self.usual = np.median(np.concatenate(confidence))


def write_cycles(path, n_recordings, more=0):
    """Write a page of recordings of ten cycles each, the first with a break.

    Their third cycle takes so many frames more.
    """
    labels = np.tile(np.repeat([0, 1, 2, 3], [12, 20, 8, 10]), 10)
    labels = np.insert(labels, 120, [1] * more)
    random = np.random.default_rng(0)
    arrays, times = [], []
    for _ in range(n_recordings):
        arrays.append(4 * np.eye(4)[labels] + random.normal(size=(len(labels), 4)))
        times.append(np.arange(len(labels)) / FPS)
    times[0][230:] += 300
    names = [f"line 3, shift {i}" for i in range(n_recordings)]
    breaks = [[230]] + [[]] * (n_recordings - 1)
    takes = Recordings(arrays, names, fps=FPS, times=times, breaks=breaks)
    model = CyclicSegmenter(4, estimator=HMMSegmenter(), random_state=0)
    write_report(model.fit(takes[:3]), takes, path)
    return path


@pytest.fixture(scope="module")
def laps(tmp_path_factory):
    """Path of a page of three recordings of cycles."""
    return write_cycles(tmp_path_factory.mktemp("laps") / "laps.html", 3)


@pytest.fixture(scope="module")
def wordy(tmp_path_factory):
    """Path of a page with groups, candidates, and long names of all things."""
    pd = pytest.importorskip("pandas")
    videos, y_true = make_activities(14, 9, n_features=6, random_state=0)
    columns = [f"Magnetometer of the left foot {x} [uT]" for x in "XYZUVW"]
    videos = [pd.DataFrame(video, columns=columns) for video in videos]
    names = [f"P{i:02}_Timed-up-and-go_2024-03-04_right" for i in range(14)]
    members = [("mallow", MallowSegmenter()), ("hmm", HMMSegmenter())]
    model = AutoSegmenter(9, candidates=members)
    path = tmp_path_factory.mktemp("wordy") / "wordy.html"
    takes = Recordings(videos, names, fps=0.05)
    options = {"groups": ["after the operation", "control"] * 7, "y_true": y_true}
    options["action_names"] = {k: f"put {k} tea bags into the cup" for k in range(9)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_report(model.fit(takes), takes, path, **options)
    return path


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return Few(tmp_path_factory.mktemp("few"))


class Opened:
    """A page that is open: what a person sees of it and does to it."""

    def __init__(self, browser, path, width):
        self.browser = browser
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(path.as_uri())
        self.plot = self.find("#plot")
        self.settle()

    def find(self, selector):
        return self.browser.find_element("css selector", selector)

    def run(self, script, *values):
        return self.browser.execute_script(script, *values)

    def settle(self):
        """Wait until all is drawn."""
        script = "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
        self.browser.execute_async_script(script)

    def is_too_wide(self):
        """Whether it scrolls sideways."""
        root = "document.documentElement"
        return self.run(f"return {root}.scrollWidth > {root}.clientWidth")

    def data(self):
        """Range of time, left edge, and order of rows."""
        self.settle()
        return self.run("return {...document.getElementById('plot').dataset}")

    def range(self):
        """Start and end of what is seen."""
        data = self.data()
        return float(data["from"]), float(data["to"])

    def x(self, seconds):
        """Place of a time, in pixels from the left edge of the plot."""
        data = self.data()
        start, end, left = (float(data[key]) for key in ("from", "to", "left"))
        width = self.plot.size["width"]
        return left + (seconds - start) / (end - start) * (width - left)

    def to(self, x, y, do=lambda chain: chain):
        """Move the mouse to a point of the plot, and do something there."""
        self.run("arguments[0].scrollIntoView()", self.plot)
        self.settle()  # the event of scrolling hides the tip
        script = "return document.querySelector('canvas').getBoundingClientRect()"
        box = self.run(script)
        chain = ActionChains(self.browser, duration=0)
        mouse = chain.w3c_actions.pointer_action
        mouse.move_to_location(round(box["x"] + x), round(box["y"] + y))
        do(chain).perform()
        self.settle()

    def tip(self):
        """Lines of the tip, none while it is hidden."""
        return self.find("#plot .tip").text.splitlines()

    def height(self):
        """Height of all rows."""
        return self.run("return document.querySelector('#plot div').offsetHeight")

    def rows(self):
        """Indices of the recordings from top to bottom."""
        return [int(index) for index in self.data()["rows"].split()]

    def press(self, *keys):
        self.run("arguments[0].focus()", self.plot)
        ActionChains(self.browser, duration=0).send_keys(*keys).perform()
        self.settle()

    def said(self):
        """Parts of what a screen reader says."""
        return self.find("#plot .said").get_attribute("textContent").split(", ")


@pytest.fixture(params=[1400, 500])
def page(request, browser, few):
    """The page of few recordings, which says nothing and is not too wide."""
    opened = Opened(browser, few.path, request.param)
    yield opened
    assert not opened.is_too_wide()
    assert browser.get_log("browser") == []


AXIS, ROW = 26, 26  # heights of the page of few recordings


def middle(row):
    """Height of the bar of the prediction in a row."""
    return AXIS + ROW * row + 7


def expected_tip(few, i, segment):
    """What is said of a segment, from the model."""
    y = few.model.predict(few.videos)[i]
    posterior = few.model.predict_posterior(few.videos)[i]
    codes, starts, ends = find_segments(y)
    start, end = starts[segment], ends[segment]
    code = codes[segment]
    name = NAMED.get(code, f"action {code}")
    sure = posterior[start:end, code].mean()
    times = f"{start / FPS:.2f} – {end / FPS:.2f} s ({(end - start) / FPS:.2f} s)"
    doubt = ["less sure than usual"] if sure < few.usual - 0.2 else []
    return start, end, [name, times, *doubt, few.names[i]]


def test_hover(page, few, wait_for):
    for i, segment in [(0, 0), (3, 2), (6, 1)]:
        start, end, lines = expected_tip(few, i, segment)
        x = page.x((start + end) / 2 / FPS)
        page.to(x, middle(i))
        wait_for(page.tip, lines)
    page.to(x, middle(i) + 12)
    wait_for(lambda: "ground truth" in page.tip(), True)
    page.to(x, 5)
    wait_for(page.find("#plot .tip").is_displayed, False)


@pytest.fixture
def wide(browser, few):
    return Opened(browser, few.path, 1400)


def test_sort_and_filter(wide, few, wait_for):
    wait_for(wide.rows, list(range(8)))
    lengths = np.array(list(map(len, few.videos)))
    wide.find("#sort option[value=duration]").click()
    wait_for(wide.rows, np.argsort(-lengths, kind="stable").tolist())
    wide.find("#sort option[value=name]").click()
    wait_for(wide.rows, [0, 2, 4, 6, 1, 3, 5, 7])
    wide.find("#filter").send_keys("TEA")
    wait_for(wide.rows, [1, 3, 5, 7])
    wait_for(lambda: wide.find("#shown").text, "4 of 8 recordings")
    wide.find("#sort option[value=confidence]").click()
    posterior = few.model.predict_posterior(few.videos)
    sure = [
        q[np.arange(len(q)), y].mean()
        for q, y in zip(posterior, few.model.predict(few.videos))
    ]
    wait_for(wide.rows, sorted([1, 3, 5, 7], key=lambda i: round(sure[i], 4)))
    wide.find("#filter").send_keys("xyz")
    wait_for(wide.rows, [])


def test_deviating_recordings_are_first_and_shown(wide, few, wait_for):
    links = wide.browser.find_elements("css selector", "a[data-show]")
    shown = [int(link.get_attribute("data-show")) for link in links]
    wide.find("#sort option[value=deviation]").click()
    wait_for(lambda: wide.rows()[: len(shown)], shown)
    assert shown
    wide.find("#filter").send_keys("nothing")
    wide.run("arguments[0].click()", links[0])
    wait_for(lambda: len(wide.rows()), 8)
    wait_for(lambda: wide.height() > AXIS + 8 * ROW, True)  # one is open


def test_zoom(page, few, wait_for):
    longest = max(map(len, few.videos)) / FPS
    wait_for(page.range, (0, longest))
    whole = page.data()
    page.find("#closer").click()
    wait_for(page.range, pytest.approx((longest / 4, longest * 3 / 4), abs=1e-6))
    i, segment = 4, 2
    start, end, lines = expected_tip(few, i, segment)
    page.to(page.x((start + end) / 2 / FPS), middle(i))
    wait_for(page.tip, lines)
    page.find("#whole").click()
    wait_for(page.data, whole)
    left, right = page.x(2), page.x(5)
    page.to(left, middle(1), lambda c: c.click_and_hold().move_by_offset(9, 0))
    page.to(right, middle(1), lambda chain: chain.release())
    pixel = longest / (page.plot.size["width"] - float(whole["left"]))
    wait_for(page.range, pytest.approx((2, 5), abs=pixel))
    page.to(left, middle(1), lambda c: c.double_click())
    wait_for(page.range, (0, longest))


def test_keyboard(wide, few, wait_for):
    wide.press(Keys.ARROW_DOWN)
    wait_for(wide.said, expected_tip(few, 0, 0)[2])
    wide.press(Keys.ARROW_RIGHT)
    wait_for(wide.said, expected_tip(few, 0, 1)[2])
    wide.press(Keys.ARROW_DOWN)
    wait_for(lambda: "ground truth" in wide.said(), True)
    wide.press(Keys.ARROW_DOWN)
    ends = ["pour", few.names[1]]  # the action of the same time
    wait_for(lambda: wide.said()[:: len(wide.said()) - 1], ends)
    wait_for(wide.find("#plot .tip").is_displayed, True)
    wide.press("+")
    wait_for(lambda: wide.range()[0] > 0, True)
    wide.press(Keys.ESCAPE)
    wait_for(lambda: wide.range()[0], 0)


def test_cycles_are_one_under_another(browser, laps, wait_for):
    page = Opened(browser, laps, 1400)
    wait_for(page.rows, list(range(30)))
    wait_for(lambda: page.find("#shown").text, "30 cycles")
    # the fifth cycle has the break, which is cut out
    height = 21
    page.to(page.x(2), AXIS + 4 * height + 8)
    wait_for(lambda: page.tip()[:1], ["action 1"])
    _, times, *_, place = page.tip()
    assert re.fullmatch(r"1\.[123]0 – 3\.00 s \(1\.\d0 s\)", times)
    assert re.fullmatch(r"line 3, shift 0, cycle 4, from 0:(20\.0|19\.9)\d", place)
    page.find("#unit option[value=recordings]").click()
    wait_for(page.rows, [0, 1, 2])
    wait_for(lambda: page.range()[1], pytest.approx(350))
    page.to(page.x(100), AXIS + 10)
    wait_for(lambda: page.tip()[:1], ["break"])
    link = page.browser.find_elements("css selector", "a[data-show]")[12]
    page.run("arguments[0].click()", link)
    wait_for(lambda: len(page.rows()), 30)
    assert not page.is_too_wide()
    assert browser.get_log("browser") == []


def test_names_are_typed_in_and_kept(browser, few, tmp_path):
    path = tmp_path / "named.html"
    names = {0: "a-b (c)", 1: "action 22"}
    videos = [video[:5] for video in few.videos]
    write_report(few.model, videos, path, action_names=names)
    page = Opened(browser, path, 1400)
    told = page.find(".unsaid").text
    assert "action 2" in told
    assert not page.find("#naming").is_displayed()
    field = page.find("[data-name='2'].field")
    script = (
        "const range = document.createRange(); range.selectNodeContents(arguments[0]);"
    )
    page.run(
        f"{script} getSelection().removeAllRanges(); getSelection().addRange(range)",
        field,
    )
    field.send_keys("stir <b>", Keys.ENTER)
    try:
        for _ in range(2):
            assert page.find(".unsaid").text == told.replace("action 2,", "stir <b>,")
            places = page.browser.find_elements("css selector", "[data-name='2']")
            texts = {place.get_attribute("textContent") for place in places}
            assert texts == {"stir <b>"}
            assert len(places) >= 3  # actions, legend, typical frames
            assert page.find("#lines").text == "2 stir <b>"
            assert "stir <b>" in page.find("#legend").text
            page = Opened(browser, path, 1400)
    finally:
        page.run("localStorage.clear()")
    assert browser.get_log("browser") == []


def test_tables_are_sorted_by_mouse_and_keys(browser, laps, wait_for):
    page = Opened(browser, laps, 1400)
    table = page.find("#cycles ~ table")
    script = (
        "return [...arguments[0].tBodies[0].rows].filter((row) => row.offsetHeight)"
        ".map((row) => row.cells[arguments[1]].dataset.value ?? row.innerText)"
    )

    def column(number):
        return [float(value) for value in page.run(script, table, number)]

    lengths = column(2)
    assert lengths == sorted(lengths, reverse=True)
    assert len(lengths) == 12
    page.find("#cycles ~ .more").click()
    wait_for(lambda: len(column(2)), 30)
    heads = table.find_elements("css selector", "thead th")
    heads[1].find_element("css selector", "button").click()
    wait_for(lambda: column(1), list(range(29, -1, -1)))
    assert heads[1].get_attribute("aria-sort") == "descending"
    ActionChains(browser, duration=0).send_keys(Keys.ENTER).perform()
    wait_for(lambda: column(1), list(range(30)))
    assert heads[1].get_attribute("aria-sort") == "ascending"
    choice = page.find("#cycles ~ p select")
    assert choice.get_attribute("value") == "1 ascending"
    keys = [Keys.TAB, Keys.ENTER]  # to the next heading
    ActionChains(browser, duration=0).send_keys(*keys).perform()
    wait_for(lambda: heads[2].get_attribute("aria-sort"), "descending")
    assert column(2) == lengths + sorted(column(2)[12:], reverse=True)
    page.find("#cycles ~ p option[value='4 descending']").click()
    wait_for(lambda: column(4), list(range(30, 0, -1)))
    assert heads[2].get_attribute("aria-sort") is None
    page.find("#profiles ~ table thead th:nth-child(2) button").click()
    own = page.find("#profiles ~ table")
    texts = page.run(script, own, 1)
    assert list(map(float, texts)) == sorted(map(float, texts), reverse=True)
    assert browser.get_log("browser") == []


# Elements that stick out of the page or of the box around them, or are cut by it.
CUT = """
const wide = document.documentElement.clientWidth + 0.5, shown = [];
for (const own of document.querySelectorAll("body *:not(.said, .tip, title)")) {
  const box = own.getBoundingClientRect(), style = getComputedStyle(own);
  if (!box.width || own.closest(".said")) continue;
  const isCut = own.scrollWidth > own.clientWidth + 1 && style.display !== "inline";
  const isCell = own.matches("th, td, p, h2, li, button");
  const outer = own.parentElement.closest("td, th, table")?.getBoundingClientRect();
  const isOut = outer && !own.closest("circle") && box.right > outer.right + 1.5;
  if (box.right > wide || box.left < -0.5 || (isCell && isCut) || isOut) {
    shown.push(`${own.outerHTML.slice(0, 60)} ${own.textContent.slice(0, 30)}`);
  }
}
return shown;
"""


@pytest.mark.parametrize("name", ["laps", "wordy", "few"])
def test_nothing_is_cut(browser, request, name):
    path = request.getfixturevalue(name)
    path = getattr(path, "path", path)
    for width in (1400, 1100, 700, 400):
        page = Opened(browser, path, width)
        page.run("for (const own of document.querySelectorAll('details')) own.open = 1")
        page.settle()
        assert page.run(CUT) == []
        sizes = (
            "return [...document.querySelectorAll('table')].map((x) => x.offsetWidth)"
        )
        wide = page.run("return document.querySelector('main').offsetWidth")
        shown = [size for size in page.run(sizes) if size]
        assert len(shown) >= 5
        assert set(shown) == {wide}  # the whole width
    assert browser.get_log("browser") == []


@pytest.fixture
def printed(browser):
    """Open a page as it is printed on A4."""

    def printed(path):
        page = Opened(browser, path, 688)  # without margins, in pixels
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        page.settle()
        return page

    yield printed
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("is_scripted", [True, False])
def test_it_prints(browser, laps, printed, is_scripted):
    if not is_scripted:
        html = laps.read_text(encoding="utf-8")
        laps = laps.with_name("plain.html")
        kinds = '<script type="module">', '<script type="text/plain">'
        laps.write_text(html.replace(*kinds), encoding="utf-8")
    page = printed(laps)
    assert page.run(CUT) == []
    shown = (
        "return [...document.querySelectorAll(arguments[0])]"
        ".filter((own) => own.offsetHeight).length"
    )
    assert page.run(shown, "#cycles ~ table tbody tr") == 30
    assert page.run(shown, "canvas, .controls, nav, .more, select, .live") == 0
    bars = page.browser.find_elements("css selector", "table.pictures svg")
    assert [bar.get_attribute("aria-label")[:6] for bar in bars] == ["All of"] * 3
    assert all(bar.size["width"] > 300 for bar in bars)
    style = (
        "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    )
    assert page.run(style, "tbody tr", "breakInside") == "avoid"
    assert page.run(style, "td.z4, td.z-4, td.z3", "printColorAdjust") == "exact"
    assert page.run(style, ".strip .c1", "fill") != "none"
    options = {"preferCSSPageSize": True}
    found = browser.execute_cdp_cmd("Page.printToPDF", options)["data"]
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", base64.b64decode(found))
    assert 2 <= len(sizes) <= 8
    a4 = pytest.approx([595, 842], abs=1)
    assert all(list(map(float, size)) == a4 for size in sizes)
    assert browser.get_log("browser") == []


def test_long_cycles_are_marked(browser, tmp_path, wait_for):
    page = Opened(browser, write_cycles(tmp_path / "slow.html", 1, more=200), 1400)
    wait_for(page.range, (0, pytest.approx(12.5, abs=1)))
    script = """
    const canvas = document.querySelector("canvas"), pen = canvas.getContext("2d");
    const inks = [...Array(10).keys()].map((row) => {
      const top = 26 + 26 * row + 13, right = canvas.width - 6;
      return [...pen.getImageData(right, top, 1, 1).data].slice(0, 3).join();
    });
    return inks.map((ink) => ink === "29,33,39");
    """
    wait_for(lambda: page.run(script), [row == 2 for row in range(10)])
    cells = page.browser.find_elements("css selector", "td.cut")
    assert len(cells) == 1
    page.find("#whole").click()
    wait_for(lambda: any(page.run(script)), False)
