import contextlib
import functools
import inspect
import json
import os
import shutil
from fractions import Fraction
from pathlib import Path

# before torch: its threads would wait for each other's cores in networks this small
os.environ.setdefault("OMP_NUM_THREADS", "1")

import joblib
import numpy as np
import pytest
from hypothesis import settings

import skl_tot
from skl_tot import baselines
from skl_tot.corrections import semi_supervised
from skl_tot.datasets import load_action_dataset, make_activities

# Machines may be slow and busy; no test asserts a time.
settings.register_profile("no deadline", deadline=None, max_examples=20)
settings.register_profile("quick", deadline=None, max_examples=15)
settings.load_profile("no deadline")

# What `pytest -m quick` runs: rooms and files without fits of networks, and one small
# fit of each method. It collects nothing else, as imports take most of the time.
TESTS = Path(__file__).parent
QUICK = (
    "datasets",
    "decoding",
    "io/test_segment_table.py",
    "methods/test_every_estimator.py",
    "metrics",
    "recordings",
    "statistics",
)


def pytest_configure(config):
    if config.option.markexpr != "quick":
        return
    settings.load_profile("quick")
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args[:] = [str(TESTS / path) for path in quick_paths()]


def quick_paths():
    """Those of ``QUICK`` that there are."""
    return [path for path in QUICK if (TESTS / path).exists()]


def pytest_collection_modifyitems(items):
    quick = [TESTS / path for path in QUICK]
    for item in items:
        if any(item.path.is_relative_to(path) for path in quick):
            item.add_marker("quick")


@pytest.fixture(scope="session")
def golden():
    """Inputs and outputs of the code of the authors of TOT and of ASOT."""
    return np.load(Path(__file__).parent / "data" / "golden.npz")


@pytest.fixture(scope="session")
def real_data():
    """Loader of a real data set by its name; skips where there is none."""

    def load(name):
        root = Path(os.environ.get("SKL_TOT_DATA", "")) / name
        if "SKL_TOT_DATA" not in os.environ or not root.is_dir():
            pytest.skip(f"SKL_TOT_DATA names no folder with the data set {name}")
        return load_action_dataset(root)

    return load


@pytest.fixture
def limited():
    """Give the setter of a limit of the system, such as of the sizes of files."""
    resource = pytest.importorskip("resource")
    before = {}

    def limit(name, number):
        kind = getattr(resource, f"RLIMIT_{name}")
        before[kind] = resource.getrlimit(kind)
        resource.setrlimit(kind, (number, before[kind][1]))

    yield limit
    for kind, limits in before.items():
        resource.setrlimit(kind, limits)


@pytest.fixture(scope="session")
def activity():
    """A small generated activity: videos and labels."""
    return make_activities(
        n_videos=6,
        n_actions=4,
        n_features=5,
        mean_length=60,
        unevenness=0.3,
        noise=0.3,
        random_state=0,
    )


BROWSER_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


@pytest.fixture(scope="session")
def links(tmp_path_factory):
    """Skip where links need a right that people do not have, as on Windows."""
    folder = tmp_path_factory.mktemp("links")
    try:
        (folder / "link").symlink_to(folder)
    except OSError:
        pytest.skip("no right to make links")


@pytest.fixture(scope="session")
def opened_browser(tmp_path_factory):
    """A browser without window, of a profile of its own, which starts once."""
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no chromium or no chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in BROWSER_FLAGS.split():
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(driver)
    opened = webdriver.Chrome(options=options, service=service)
    yield opened
    opened.quit()


@pytest.fixture
def browser(opened_browser):
    """The browser, which leaves the page of a test behind; no page reports an error."""
    yield opened_browser
    messages = opened_browser.get_log("browser")
    opened_browser.get("about:blank")
    opened_browser.get_log("browser")
    assert messages == []


@pytest.fixture(scope="session")
def wait_for():
    """Function that reads a page until the value is the expected one, or fails."""
    exceptions = pytest.importorskip("selenium.common.exceptions")
    wait = pytest.importorskip("selenium.webdriver.support.wait")

    def wait_for(read, expected):
        waiting = wait.WebDriverWait(None, 20, 0.05)
        with contextlib.suppress(exceptions.TimeoutException):
            waiting.until(lambda _: read() == expected)
        assert read() == expected  # which shows both

    return wait_for


# Values that make a fit short, of the parameters that an estimator has.
SHORT = {
    "n_actions": 2,
    "max_iter": 3,
    "n_steps": 2,
    "n_init": 1,
    "n_networks": 1,
    "optimizer__frames_per_video": 8,
    "random_state": 0,
}


def shortened(estimator, **settings):
    """Set what makes a fit short, as far as the estimator has it."""
    parameters = estimator.get_params(deep=False)
    for name, value in (SHORT | settings).items():
        if name.partition("__")[0] in parameters:
            estimator.set_params(**{name: value})
    return estimator


def all_estimators():
    """Class of each estimator that segments, by its name."""
    return {
        name: getattr(module, name)
        for module in (skl_tot, baselines)
        for name in module.__all__
        if name.endswith("Segmenter")
    }


def make_by_name(name, **settings):
    """Make an estimator by its name whose fit takes no time."""
    kind = all_estimators()[name]
    inner = shortened(skl_tot.HMMSegmenter(), **settings)
    needed = inspect.signature(kind).parameters
    given = {}
    for parameter in ("estimator", "segmenter"):
        if parameter in needed:
            given[parameter] = inner
    return shortened(kind(**given), **settings)


@pytest.fixture(scope="module")
def short_networks():
    """Few steps of one network where a test does not say how many."""
    defaults = skl_tot.TemporalOTSegmenter.__init__.__kwdefaults__
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"max_iter": 50, "n_networks": 1}.items():
            patch.setitem(defaults, name, value)
        yield


@pytest.fixture
def quick_auto(monkeypatch):
    """Shorten fits of `AutoSegmenter`, which takes no number of steps."""
    short = functools.partial(skl_tot.TemporalOTSegmenter, max_iter=8, n_networks=1)
    monkeypatch.setattr("skl_tot.meta.auto.TemporalOTSegmenter", short)


@pytest.fixture(autouse=True)
def _quick_estimators(request):
    if "estimator_name" in request.fixturenames:
        request.getfixturevalue("quick_auto")


def pytest_generate_tests(metafunc):
    """Give tests with the argument ``estimator_name`` each estimator in turn."""
    if "estimator_name" in metafunc.fixturenames:
        metafunc.parametrize("estimator_name", all_estimators())


@pytest.fixture(scope="session")
def make_estimator():
    """Maker of an estimator by its name, with settings of those that it has."""
    return make_by_name


@pytest.fixture
def estimator(estimator_name):
    """Each estimator in turn, made when its test runs, so that each fails alone."""
    return make_by_name(estimator_name)


@pytest.fixture(scope="session")
def write_clip():
    """Give the writer of a video of pictures (height, width, 3), at times if given."""
    av = pytest.importorskip("av")

    def write_clip(
        path, pictures, codec="mpeg4", pix_fmt="yuv420p", rate=10, ms=None, turn=0
    ):
        with av.open(path, "w") as container:
            stream = container.add_stream(codec, rate=rate)
            stream.height, stream.width = pictures[0].shape[:2]
            stream.pix_fmt = pix_fmt
            if ms is not None:
                stream.codec_context.time_base = Fraction(1, 1000)
            if turn:
                stream.set_display_rotation(turn)
            for i, picture in enumerate(pictures):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                if ms is not None:
                    frame.pts, frame.time_base = ms[i], Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write_clip


@pytest.fixture(scope="session")
def greys():
    """Give the maker of pictures that are each as grey as a number."""
    return lambda numbers, *size: [np.full((*size, 3), x, np.uint8) for x in numbers]


TASKS = ["pick", "place a/b"]


def _write_lerobot(root, version, n_tasks=1, n_episodes=4):
    """Write a data set as LeRobot does, and give the states of its episodes."""
    import pandas as pd  # which test_package.py hides

    rng = np.random.default_rng(0)
    (root / "meta").mkdir(parents=True)
    data = root / "data" / "chunk-000"
    data.mkdir(parents=True)
    tables, states = [], []
    for i in range(n_episodes):
        steps = np.arange(20 + i)
        states.append(rng.random((len(steps), 2), dtype=np.float32))
        table = pd.DataFrame({"observation.state": list(states[-1])})
        table["action"] = list(rng.random((len(steps), 2), dtype=np.float32))
        table["next.done"] = steps == steps[-1]
        table["timestamp"] = (steps / 10).astype(np.float32)
        table["frame_index"], table["episode_index"] = steps, i
        table["index"], table["task_index"] = steps + 30 * i, i % n_tasks
        tables.append(table)
    info = {"codebase_version": version, "fps": 10, "total_episodes": n_episodes}
    names = {"observation.state": ["pan", "lift"], "action": {"motors": ["a", "b"]}}
    info["features"] = {
        name: {"dtype": "float32", "shape": [2], "names": own}
        for name, own in names.items()
    }
    (root / "meta" / "info.json").write_text(json.dumps(info))
    tasks = pd.DataFrame({"task_index": range(n_tasks)}, pd.Index(TASKS[:n_tasks]))
    if version == "v3.0":
        tasks.to_parquet(root / "meta" / "tasks.parquet")
        pd.concat(tables[:3]).to_parquet(data / "file-000.parquet", index=False)
        pd.concat(tables[3:]).to_parquet(data / "file-001.parquet", index=False)
        return states
    tasks = tasks.rename_axis("task").reset_index()
    tasks.to_json(root / "meta" / "tasks.jsonl", orient="records", lines=True)
    for i, table in enumerate(tables):
        table.to_parquet(data / f"episode_{i:06d}.parquet", index=False)
    return states


@pytest.fixture(scope="session")
def write_lerobot():
    """Give the writer of a data set of LeRobot."""
    return _write_lerobot


@pytest.fixture(scope="session")
def fitted_segmenters():
    """Fits of the segmenters of learners, by what they depend on."""
    return {}


@pytest.fixture
def fit_once(fitted_segmenters, monkeypatch):
    """A learner that fits a clustering of the same recordings once a session."""
    fit = semi_supervised.fit_segmenter

    def fit_or_recall(*arguments):
        key = joblib.hash(arguments)
        if key not in fitted_segmenters:
            fitted_segmenters[key] = fit(*arguments)
        return fitted_segmenters[key]

    monkeypatch.setattr(semi_supervised, "fit_segmenter", fit_or_recall)
