"""The page in a browser, moved and clicked as people would."""

import base64
import re
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from skl_tot import CyclicSegmenter, HMMSegmenter
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import rename
from skl_tot.datasets import make_activities
from skl_tot.recordings import Recordings
from skl_tot.recordings.labels import find_segments

pytest.importorskip("selenium")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from skl_tot.app.report import write_report

FPS = 10
NAMED = ["take cup", "pour", "action 2", "action 3"]
LONG = "put_the_ninth_tea_bag_into_the_cup_of_the_third_rack"


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Page of few recordings of unequal length with ground truth, and its content."""
    options = {"n_features": 6, "mean_length": 50, "unevenness": 0.4}
    videos, y_true = make_activities(8, 4, **options, random_state=2)
    videos[2] = np.concatenate([videos[2], videos[2][-30:].repeat(4, axis=0)])
    y_true[2] = np.concatenate([y_true[2], y_true[2][-30:].repeat(4, axis=0)])
    names = [f"{word} {i}" for i, word in enumerate(["cup", "tea"] * 4)]
    model = rename(MallowSegmenter(4).fit(videos), NAMED)
    path = tmp_path_factory.mktemp("few") / "few.html"
    takes = Recordings(videos, names, fps=FPS)
    write_report(model, takes, path, y_true=y_true)
    return SimpleNamespace(model=model, videos=videos, names=names, path=path)


@pytest.fixture(scope="module")
def laps(tmp_path_factory):
    """Page of three recordings of ten cycles: one is long, one has a break."""
    labels = np.tile(np.repeat([0, 1, 2, 3], [12, 20, 8, 10]), 10)
    labels = np.insert(labels, 120, [1] * 200)
    random = np.random.default_rng(0)
    arrays = []
    for _ in range(3):
        arrays.append(4 * np.eye(4)[labels] + random.normal(size=(len(labels), 4)))
    times = [np.arange(len(labels)) / FPS for _ in range(3)]
    times[0][430:] += 300
    names = [f"line 3, shift {i}" for i in range(3)]
    breaks = [[430], [], []]
    takes = Recordings(arrays, names, fps=FPS, times=times, breaks=breaks)
    model = CyclicSegmenter(4, estimator=HMMSegmenter(), random_state=0)
    path = tmp_path_factory.mktemp("laps") / "laps.html"
    with pytest.warns(UserWarning, match="durations differ"):
        model.fit(takes.select([0]))
    write_report(model, takes, path)
    return SimpleNamespace(path=path)


@pytest.fixture(scope="module")
def wordy(tmp_path_factory):
    """Page with groups, and long names of all things."""
    pd = pytest.importorskip("pandas")
    videos, y_true = make_activities(14, 9, n_features=6, random_state=0)
    columns = [f"Magnetometer of the left foot {x} [uT]" for x in "XYZUVW"]
    videos = [pd.DataFrame(video, columns=columns) for video in videos]
    names = [f"P{i:02}_Timed-up-and-go_2024-03-04_right" for i in range(14)]
    path = tmp_path_factory.mktemp("wordy") / "wordy.html"
    takes = Recordings(videos, names, fps=0.05)
    words = [*(f"put {k} tea bags into the cup" for k in range(8)), LONG]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_report(
            rename(MallowSegmenter(9).fit(takes), words),
            takes,
            path,
            y_true=y_true,
            groups=["after the operation", "control"] * 7,
        )
    return SimpleNamespace(path=path)


class Opened:
    """A page that is open: what a person sees of it and does to it."""

    def __init__(self, browser, path, width):
        self.browser = browser
        self.resize(width)
        browser.get(path.as_uri())
        self.plot = self.find("#plot")
        self.settle()

    def resize(self, width):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def find(self, selector):
        return self.browser.find_element("css selector", selector)

    def run(self, script, *values):
        return self.browser.execute_script(script, *values)

    def settle(self):
        """Wait until all is drawn."""
        script = "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
        self.browser.execute_async_script(script)

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

    def to(self, x, y):
        """Move the mouse to a point of the plot."""
        self.run("arguments[0].scrollIntoView()", self.plot)
        self.settle()  # the event of scrolling hides the tip
        script = "return document.querySelector('canvas').getBoundingClientRect()"
        box = self.run(script)
        chain = ActionChains(self.browser, duration=0)
        mouse = chain.w3c_actions.pointer_action
        mouse.move_to_location(round(box["x"] + x), round(box["y"] + y))
        chain.perform()
        self.settle()

    def tip(self):
        """Lines of the tip, none while it is hidden."""
        return self.find("#plot .tip").text.splitlines()

    def rows(self):
        """Indices of the recordings from top to bottom."""
        return [int(index) for index in self.data()["rows"].split()]


AXIS, ROW = 26, 26  # heights of the page of few recordings


def middle(row):
    """Height of the bar of the prediction in a row."""
    return AXIS + ROW * row + 7


def expected_tip(few, i, segment):
    """Start, end and lines of the tip of a segment, from the model, without doubt."""
    segments = find_segments(few.model.predict(few.videos)[i])
    start, end = segments.starts[segment], segments.ends[segment]
    name = segments.labels[segment]
    times = f"{start / FPS:.2f} – {end / FPS:.2f} s ({(end - start) / FPS:.2f} s)"
    return start / FPS, end / FPS, [name, times, few.names[i]]


def test_a_look_at_segments(browser, few, wait_for):
    """And recordings are sorted and filtered."""
    page = Opened(browser, few.path, 500)
    for i, segment in [(0, 0), (3, 2)]:
        start, end, lines = expected_tip(few, i, segment)
        x = page.x((start + end) / 2)
        page.to(x, middle(i))
        wait_for(lambda: [x for x in page.tip() if x != "in doubt"], lines)
    page.to(x, middle(i) + 12)
    wait_for(lambda: "ground truth" in page.tip(), True)
    lengths = np.array(list(map(len, few.videos)))
    longest = lengths.max() / FPS
    page.find("#closer").click()
    quarters = (longest / 4, longest * 3 / 4)
    wait_for(page.range, pytest.approx(quarters, abs=1e-6))
    page.find("#whole").click()
    wait_for(page.range, (0, longest))
    assert page.rows() == list(range(8))
    page.find("#sort option[value=duration]").click()
    wait_for(page.rows, np.argsort(-lengths, kind="stable").tolist())
    page.find("#sort option[value=deviation]").click()
    links = page.browser.find_elements("css selector", "a[data-show]")
    deviating = [int(link.get_attribute("data-show")) for link in links]
    wait_for(lambda: page.rows()[: len(deviating)], deviating)
    page.find("#filter").send_keys("TEA")
    page.find("#sort option[value=name]").click()
    wait_for(page.rows, [1, 3, 5, 7])
    page.run("arguments[0].click()", links[0])  # which shows it among all
    wait_for(lambda: len(page.rows()), 8)


def test_cycles_are_one_under_another(browser, laps, wait_for):
    """And their table is sorted by mouse and keys."""
    page = Opened(browser, laps.path, 1400)
    wait_for(page.rows, list(range(30)))
    cut = page.browser.find_elements("css selector", "#cycles ~ table td.cut")
    assert len(cut) == 3
    page.to(page.x(2), AXIS + 4 * 21 + 8)  # the break is cut out
    wait_for(lambda: page.tip()[:1], ["action 1"])
    assert page.tip()[-1].startswith("line 3, shift 0, cycle 5, from 0:")
    page.find("#unit option[value=recordings]").click()
    wait_for(page.rows, [0, 1, 2])
    wait_for(lambda: page.range()[1], pytest.approx(370))
    page.to(page.x(200), AXIS + 10)
    wait_for(lambda: page.tip()[:1], ["break"])
    link = page.browser.find_elements("css selector", "a[data-show]")[12]
    page.run("arguments[0].click()", link)
    wait_for(lambda: len(page.rows()), 30)
    table = page.find("#cycles ~ table")
    script = (
        "return [...arguments[0].tBodies[0].rows].filter((row) => row.offsetHeight)"
        ".map((row) => +row.cells[arguments[1]].dataset.value)"
    )
    column = lambda number: page.run(script, table, number)  # noqa: E731
    lengths = column(2)
    assert lengths == sorted(lengths, reverse=True)
    assert len(lengths) == 12
    page.find("#cycles ~ .more").click()
    wait_for(lambda: len(column(2)), 30)
    head = table.find_elements("css selector", "thead th")[1]
    head.find_element("css selector", "button").click()
    wait_for(lambda: column(1), list(range(29, -1, -1)))
    assert head.get_attribute("aria-sort") == "descending"
    ActionChains(browser, duration=0).send_keys(Keys.ENTER).perform()
    wait_for(lambda: column(1), list(range(30)))
    page.find("#cycles ~ p option[value='4 descending']").click()
    wait_for(lambda: column(4), list(range(30, 0, -1)))


# Elements that stick out of the page or of the box around them, or are cut by it; bars
# of long cycles are cut on purpose.
CUT = """
const wide = document.documentElement.clientWidth + 0.5, shown = [];
const all = "body *:not(.said, .tip, title, td.cut path)";
for (const own of document.querySelectorAll(all)) {
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


TABLES = "return [...document.querySelectorAll('table')].map(x => x.offsetWidth)"


@pytest.mark.parametrize("name", ["laps", "wordy"])
def test_nothing_is_cut(browser, request, name):
    page = Opened(browser, request.getfixturevalue(name).path, 1400)
    page.run("for (const own of document.querySelectorAll('details')) own.open = 1")
    for width in (1400, 1000, 700, 400):
        page.resize(width)
        page.settle()
        assert page.run(CUT) == []
        main = page.run("return document.querySelector('main').offsetWidth")
        shown = [width for width in page.run(TABLES) if width]
        assert len(shown) >= 5
        assert set(shown) == {main}  # the whole width


@pytest.fixture
def print_media(browser):
    """Emulate A4 paper, until the end of the test."""
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    yield
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.usefixtures("print_media")
def test_it_prints(browser, laps, tmp_path):
    """With its scripts and without them."""
    html = laps.path.read_text(encoding="utf-8")
    html = html.replace('<script type="module">', '<script type="text/plain">')
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    for path in (laps.path, tmp_path / "page.html"):
        check_print(browser, path)


def check_print(browser, path):
    page = Opened(browser, path, 688)  # without margins, in pixels
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
    style = "return getComputedStyle(document.querySelector('.strip .c1')).fill"
    assert page.run(style) != "none"
    options = {"preferCSSPageSize": True}
    printed = browser.execute_cdp_cmd("Page.printToPDF", options)["data"]
    pages = rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]"
    sizes = re.findall(pages, base64.b64decode(printed))
    assert 2 <= len(sizes) <= 8
    a4 = pytest.approx([595, 842], abs=1)
    assert all(list(map(float, size)) == a4 for size in sizes)
