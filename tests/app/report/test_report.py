import base64
import hashlib
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import CyclicSegmenter, HMMSegmenter, TemporalOTSegmenter, rate_trust
from skl_tot.app.report import write_report
from skl_tot.baselines import CTESegmenter, MallowSegmenter
from skl_tot.corrections import rename
from skl_tot.datasets import make_activities
from skl_tot.display.palette import COLOURS
from skl_tot.meta.trust import HEADLINES, rate_share
from skl_tot.metrics import mof_score, segmentation_report
from skl_tot.preprocessing import FramewiseTransformer, SignalWindows
from skl_tot.recordings import Recordings, list_stops, without_stops
from skl_tot.recordings.labels import find_segments
from skl_tot.recordings.names import describe_actions
from skl_tot.recordings.stops import describe_stops
from skl_tot.statistics import compare_groups, cycle_times, telling_features
from skl_tot.statistics.features import action_profiles


def tot(**params):
    """A segmenter that finds every action in every video, whatever it learned."""
    fixed = {"prior__sigma": 0.75, "standardize": "dataset"}
    fixed |= {"max_iter": 20, "random_state": 0}
    return TemporalOTSegmenter.paper(4, **(fixed | params))


@pytest.fixture(scope="module")
def model(activity):
    return tot(max_iter=60).fit(activity[0])


class Page(HTMLParser):
    """Rows of the tables and text of each section, pictures, bars, text, and data."""

    def __init__(self, html):
        super().__init__()
        self.html = html
        self.rows, self.pictures, self.text, self.open = {}, [], "", []
        self.text_of = {None: ""}  # by section
        self.bars, self.data, self.embedded, self.policy = {}, None, [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.open.append(tag)
        if tag == "section":
            name = attributes["aria-labelledby"]
            self.section = self.rows.setdefault(name, [])
            self.text_of[name] = ""
        elif tag == "tr":
            self.section.append([])
        elif tag in ("th", "td"):
            assert tag == "td" or attributes["scope"] in ("row", "col")
            self.section[-1].append("")
        elif tag == "img":
            assert attributes["alt"]
            assert attributes["src"].startswith("data:image/")
            self.pictures.append(attributes)
        elif tag == "svg" and "aria-label" in attributes:
            self.shapes = self.bars.setdefault(attributes["aria-label"], [])
        elif tag == "path" and "class" in attributes:
            self.shapes.append((attributes["class"].split()[0], attributes["d"]))
        elif tag == "meta" and "content" in attributes:
            self.policy = attributes["content"]
        assert "style" not in attributes  # which the policy forbids
        if tag in ("img", "meta", "br", "link", "input"):
            self.open.pop()
            self.handle_data(" ")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["script"] and self.data is None:
            self.data = json.loads(data)
            return
        if self.open and self.open[-1] in ("script", "style"):
            self.embedded.append((self.open[-1], data))
            return
        if "svg" in self.open:
            return
        self.text += data
        self.text_of[list(self.text_of)[-1]] += data
        if "td" in self.open or "th" in self.open:
            self.section[-1][-1] += data.replace("\N{NO-BREAK SPACE}", " ")

    def cells(self, section, name):
        return [
            [" ".join(c.split()) for c in row[1:]]
            for row in self.rows[section]
            if row[0].strip() == name
        ]

    def segments(self, i, which="prediction"):
        """Codes of the units of time of a recording."""
        recording = self.data["recordings"][i]
        bar = recording[which]
        lengths = np.diff([*bar["start"], recording["end"]])
        return np.repeat(bar["code"], np.rint(lengths).astype(int))


@pytest.fixture
def write(tmp_path):
    """Write a page and read it."""

    def write(model, videos, **options):
        path = tmp_path / "report.html"
        write_report(model, videos, path, **options)
        return Page(path.read_text(encoding="utf-8"))

    return write


HOSTILE = "</script><script>alert(1)</script>"
NAMES = [HOSTILE, *(f"take {i}" for i in range(1, 6))]
WORDS = ["action 0", "pour <milk>", "action 2", "action 3"]


@pytest.fixture(scope="module")
def page(activity, model, tmp_path_factory):
    """The page of the model, at 4 frames per second, with a name that is no text."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    takes = Recordings(activity[0], NAMES, fps=4)
    write_report(rename(model, WORDS), takes, path)
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def results(activity, model):
    """Path, confidence and posterior of each recording."""
    paths, posteriors = model.predict(activity[0]), model.predict_posterior(activity[0])
    return [(p, q[np.arange(len(p)), p], q) for p, q in zip(paths, posteriors)]


def test_tables(activity, model, page, results):
    paths, confidence, _ = zip(*results)
    k = np.bincount(np.concatenate(paths)).argmax()
    totals = [(path == k).sum() / 4 for path in paths]
    low, middle, high = np.quantile(totals, [0.25, 0.5, 0.75])
    own, sure = np.concatenate(paths) == k, np.concatenate(confidence)
    times = [f"{middle:.1f} s", f"{low:.1f} s – {high:.1f} s", ""]
    shares = [f"{100 * own.mean():.1f} %", f"{100 * (sure[own] < 0.5).mean():.0f} %"]
    assert page.cells("actions", WORDS[k]) == [["6", *times, "6", *shares]]
    assert low < high
    n_segments = str(len(find_segments(paths[5])[0]))
    row = [f"{len(paths[5]) / 4:.1f} s", n_segments]
    assert page.cells("recordings", "take 5") == [row]
    assert len(page.rows["recordings"]) == 7
    assert "scores" not in page.rows
    assert page.pictures == []


def test_typical_frames(activity, model, page, results):
    scores = model.predict_proba(activity[0])
    for k in range(4):
        pairs = enumerate(zip(results, scores))
        best = sorted((-max(p[y == k, k]), i) for i, ((y, *_), p) in pairs)
        (cells,) = page.cells("typical", WORDS[k])
        assert len(cells) == 5
        for (score, i), cell in zip(best, cells):
            time = re.fullmatch(rf"{re.escape(NAMES[i])} (\d+\.\d+) s", cell)[1]
            frame = round(4 * float(time))
            assert results[i][0][frame] == k
            assert scores[i][frame, k] == pytest.approx(-score)


def test_timelines_have_confidences_and_doubts(page, results):
    for recording, (y, sure, _) in zip(page.data["recordings"], results):
        codes, starts, ends = find_segments(y)
        bar = recording["prediction"]
        assert recording["end"] == len(y) / 4
        assert bar["code"] == codes.tolist()
        assert bar["start"] == (starts / 4).tolist()
        means = [sure[a:b].mean() for a, b in zip(starts, ends)]
        np.testing.assert_allclose(bar["confidence"], means, atol=0.0051)
        edges = np.flatnonzero(np.diff(sure < 0.5, prepend=False, append=False))
        doubt = recording["doubt"]["start"], recording["doubt"]["end"]
        np.testing.assert_allclose(np.transpose(doubt).ravel(), edges / 4)


def test_policy_allows_only_what_is_embedded(page):
    expected = []
    for tag, text in page.embedded:
        digest = hashlib.sha256(text.encode()).digest()
        expected.append(f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'")
    assert [each.partition("-")[0] for each in expected] == ["style", "script"]
    rules = page.policy.split("; ")
    assert rules[:2] == ["default-src 'none'", "img-src data:"]
    assert rules[2:4] == expected
    assert rules[4:] == ["base-uri 'none'", "form-action 'none'"]
    assert page.data["recordings"][0]["name"] == HOSTILE


def test_how_far_to_trust_it(activity, model, page, results, write):
    def lead(page):
        text = " ".join(page.text_of[None].split())
        return text, int(re.findall(r"Equal parts [a-z ]+ on (\d+) %", text)[0])

    paths = [path for path, *_ in results]
    parts = [np.arange(len(path)) * 4 // len(path) for path in paths]
    text, share = lead(page)
    assert all(x in text for x in rate_trust(model, activity[0])["sentences"])
    assert share == pytest.approx(100 * mof_score(paths, parts), abs=2)
    text, share = lead(write(model, activity[0], y_true=activity[1]))
    assert share == pytest.approx(100 * mof_score(activity[1], parts), abs=2)
    report = segmentation_report(activity[1], model.labels_, output_dict=True)
    # the share of people takes precedence
    assert HEADLINES[rate_share(report["scores"]["all"]["MoF"])] in text
    assert "Of other methods" not in text


def test_accuracy_of_a_review_is_told(activity, model, write):
    """With colours that are, as in pictures of labels, in the order of names."""
    named = rename(model, list("badc"))
    accuracy = {"sentences": ["70 % of the frames are right."], "frames": 0.7}
    page = write(named, activity[0], accuracy=accuracy)
    assert f"{HEADLINES['middle']} 70 % of the frames" in page.text_of[None]
    names, styles = page.data["names"], page.data["appearance"]
    fills = {names[code]: style["fill"] for code, style in styles.items()}
    assert [fills[name] for name in "abcd"] == list(COLOURS[:4])


def test_labels_of_people_are_scored_in_colours_of_their_actions(
    activity, model, write
):
    videos, labels = activity
    labels = [np.array(["cut", "mix", "fry", "eat"])[y] for y in labels]
    labels[0][:3] = "run"  # there are more labels than actions
    page = write(rename(model, list("abcd")), videos, y_true=labels)
    expected = segmentation_report(labels, model.labels_, output_dict=True)
    code_of = {name: row["cluster"] for name, row in expected["actions"].items()}
    for label, row in expected["actions"].items():
        scores = [f"{row[x]:.3f}" for x in ("precision", "recall", "f1-score", "iou")]
        cluster = "–" if row["cluster"] is None else "abcd"[row["cluster"]]
        assert page.cells("scores", label) == [[cluster, *scores, str(row["frames"])]]
    assert f"{expected['scores']['all']['MoF']:.3f}" in page.text
    (other,) = [name for name, code in code_of.items() if code is None]
    code_of[other] = 4  # the first that is free
    for i, y in enumerate(labels):
        assert page.segments(i, "truth").tolist() == [code_of[x] for x in y.tolist()]
    names = {str(code): name for name, code in code_of.items()}
    assert page.data["labels"] == names | {"-1": "background"}
    assert page.data["appearance"].keys() == set("01234")
    for name, code in code_of.items():
        assert f'<i class="k c{code} h0"></i>{name}</th>' in page.html


def test_background(activity, write):
    videos, labels = activity
    labels = [np.where(np.arange(len(y)) < 5, -1, y) for y in labels]
    model = tot(background_percentile=20, decoding="skip").fit(videos)
    page = write(model, videos, y_true=labels)
    frames = np.concatenate(model.labels_)
    (cells,) = page.cells("actions", "background")
    assert cells[4:6] == ["–", f"{100 * (frames == -1).mean():.1f} %"]
    # what is predicted as background stands for the label of background
    assert page.cells("scores", "background")[0][0] == "background"
    assert page.cells("typical", "background") == []


def test_usual_order_and_deviating_recordings(activity, write):
    """They take their own time on one scale."""
    model = HMMSegmenter(4, order="strict").fit(activity[0])
    videos = [activity[0][i % 6] for i in range(12)]
    orders = [list(dict.fromkeys(y.tolist())) for y in model.predict(videos)]
    assert all(order == orders[0] for order in orders)
    last = orders[0][-1]
    for i, n in ((5, 200), (9, 400)):
        videos[i] = np.concatenate([videos[i], np.repeat(videos[i][-1:], n, axis=0)])
    page = write(model, Recordings(videos, [f"take {i}" for i in range(12)], fps=4))
    words = [f"action {k}" for k in orders[0]]
    assert [row[0].strip() for row in page.rows["actions"][1:]] == words
    rows = {row[0]: row[1:] for row in page.rows["deviating"][1:]}
    for i in (5, 9):
        takes, reasons, *_ = rows[f"take {i}"]
        assert takes == f"{len(videos[i]) / 4:.1f} s"
        assert f"unusually long: action {last} " in reasons
    shapes = dict(page.bars["Timeline of take 5"])
    start = np.flatnonzero(model.predict(videos[5]) == last)[0]
    start, end = f"{start / 4:g}", f"{len(videos[5]) / 4:g}"
    assert shapes[f"c{last}"] == f"M{start} 0H{end}V1H{start}Z"
    scales = r'viewBox="0 0 (\S+) 1"[^>]* aria-label="Timeline of'
    assert set(re.findall(scales, page.html)) == {f"{len(videos[9]) / 4:g}"}
    ranks = [recording["deviation"] for recording in page.data["recordings"]]
    assert set(np.argsort(ranks)[-2:]) == {5, 9}
    assert sorted(ranks) == list(range(1, 13))


def test_without_an_order_nothing_speaks_of_one(write):
    """As of animals, which do each of four things again and again."""
    random = np.random.default_rng(0)
    labels = [np.repeat(random.integers(4, size=24), 20) for _ in range(6)]
    videos = [5 * np.eye(4)[y] + random.normal(size=(480, 4)) for y in labels]
    model = HMMSegmenter(4, order="free", random_state=0).fit(videos)
    page = write(model, videos)
    assert "order of the actions" not in page.text
    assert "out of order" not in page.text
    shares = [float(row[6].split()[0]) for row in page.rows["actions"][1:]]
    assert shares == sorted(shares, reverse=True)


STEPS = {0: 30, 1: 50, 2: 20}


def shift_of_cycles(n_cycles, long=None, short=None):
    """Labels of a shift; one cycle may be slow, and one may lack its last step."""
    labels = []
    for i in range(n_cycles):
        for action, n in STEPS.items():
            if (i, action) != (short, 2):
                labels += [action] * (3 * n if (i, action) == (long, 1) else n)
    return np.array(labels)


@pytest.fixture(scope="module")
def shift():
    """A model of cycles, a recording with a break of 12 minutes, and its labels."""
    labels = shift_of_cycles(20, long=5, short=11)
    random = np.random.default_rng(0)
    frames = 5 * np.eye(3)[labels] + random.normal(size=(len(labels), 3))
    clock = np.arange(len(labels)) / 10
    clock[1350:] += 720  # within a step
    takes = Recordings([frames], ["monday"], fps=10, times=[clock], breaks=[[1350]])
    model = CyclicSegmenter(3, estimator=HMMSegmenter(), random_state=0).fit(takes)
    assert (model.predict(takes)[0] == labels).mean() > 0.99
    return model, takes


def test_cycles_have_a_row_each(shift, write):
    """And breaks are in none of them."""
    model, takes = shift
    page = write(rename(model, ["pick", "weld", "pack"]), takes)
    _, *rows = page.rows["cycles"]
    table = cycle_times(model.predict(takes), start=[0, 1, 2])
    table = table.sort_values("duration", ascending=False, kind="stable")
    for row, cycle in zip(rows, table.to_dict("records"), strict=True):
        assert row[0] == str(cycle["cycle"])
        minutes, seconds = row[1].split(":")
        start = 60 * int(minutes) + float(seconds)
        assert start == pytest.approx(cycle["start"], abs=0.06)
        assert float(row[2].split()[0]) == pytest.approx(cycle["duration"], abs=0.06)
        assert row[3] == str(cycle["steps"])
    assert [row[0] for row in rows if row[4].strip()] == ["6", "12"]
    assert re.search(r"unusually long: weld 1\d\.\d s, usually 5\.0\d s", rows[0][4])
    assert "missing: pack" in rows[-1][4]
    _, *rows = page.rows["deviating_cycles"]
    assert [row[0] for row in rows] == ["6", "12"]
    (recording,) = page.data["recordings"]
    bar = recording["prediction"]
    (place,) = np.flatnonzero(np.array(bar["code"]) == -2)
    assert bar["start"][place : place + 2] == [135, 855]
    assert recording["end"] == pytest.approx(720 + len(takes[0]) / 10)
    lengths = [end - start for start, end, _ in recording["cycles"]]
    assert len(lengths) == 20
    assert max(lengths) == pytest.approx(730, abs=1)  # the one with the break
    shapes = dict(page.bars["All of monday"])  # on paper and without scripts
    assert shapes["break"] == "M135 .5H855"
    around = [shape for shape in shapes.values() if "H135V1" in shape]
    assert len(around) == 1  # of one action, which goes on after the break
    assert "M855 0H" in around[0]
    frames = model.predict(takes)[0]
    (cells,) = page.cells("actions", "weld")
    assert cells[5] == f"{100 * (frames == 1).mean():.1f} %"


@pytest.mark.parametrize("decoding", ["free", "cyclic"])
def test_a_single_jam_is_extra_and_no_usual_step(write, decoding):
    """Actions are in their usual order, wherever they are listed."""
    frames = np.array(["z", "y", "x"])[shift_of_cycles(20)].tolist()
    frames[580:580] = ["jam"] * 300  # before the last step of cycle 6
    frames[15] = "x"  # too short to be counted
    frames = np.array([*frames, *["idle"] * 200])
    values = np.random.default_rng(0).normal(size=(len(frames), 3))
    takes = Recordings([values], ["monday"], fps=10)
    model = HMMSegmenter(2, order="free", decoding=decoding, random_state=0).fit(takes)
    page = write(model, takes, corrected=[frames])
    longest = "The longest step of a cycle is y, which usually takes 5.00 s in all."
    assert longest in page.text_of[None]
    (row,) = page.rows["deviating_cycles"][1:]
    assert (row[0], " ".join(row[4].split())) == ("6", "extra: jam 30.0 s")
    (idle,), (x,) = (page.cells("actions", action) for action in ("idle", "x"))
    assert (idle[0], x[4]) == ("–", "20")
    shown = ["z", "y", "x", "idle", "jam"]
    words = re.findall(r"\w+", page.text_of["timelines"])
    assert [word for word in words if word in shown] == 2 * shown  # and on paper
    assert [word for word in page.rows["profiles"][0] if word in shown] == shown


@pytest.mark.parametrize(("days", "day"), [(0, "2024-03-04 "), (1, ""), ("NaT", "")])
def test_times_are_by_the_clock(shift, write, days, day):
    model, takes = shift
    start = np.datetime64("2024-03-04T06:51:08.200", "ms")
    takes = Recordings(
        list(takes) * 2,
        ["a", "b"],
        fps=10,
        times=[clock + 3 for clock in takes.times] * 2,
        breaks=[[1350]] * 2,
        starts=[start, start + np.timedelta64(days, "D")],
    )
    page = write(model, takes)
    shown = {row[0].split(", ")[0] + row[0][-3:]: row[1] for row in page.rows["cycles"]}
    at = "06:51:11.2"
    assert shown["a, 1"] == (at if day else f"2024-03-04 {at}")
    other = {0: at, 1: f"2024-03-05 {at}", "NaT": "0:00.0"}
    assert shown["b, 1"] == other[days]
    assert ("clock" in page.data["recordings"][1]) == (days != "NaT")
    assert page.data["recordings"][0]["clock"] == "2024-03-04T06:51:11.200"


@pytest.mark.parametrize(
    ("fps", "least", "start"), [(None, 20, "frame {:.0f}"), (10, 2, "0:{:04.1f}")]
)
def test_stops_are_listed(activity, model, write, fps, least, start):
    videos = list(activity[0])
    for i, place, n in ((1, 20, 30), (1, 45, 60), (4, 10, 40)):
        videos[i] = np.insert(videos[i], place, [videos[i][place]] * n, axis=0)
    takes = Recordings(videos, [f"take {i}" for i in range(6)], fps=fps)
    cut = without_stops(takes, least)
    table = list_stops(cut)
    assert len(table) >= 3
    page = write(model, cut)
    assert describe_stops(table) in page.text_of[None]
    table, rate = table.sort_values("duration", ascending=False), fps or 1
    rows = zip(page.rows["stops"][1:], table.to_dict("records"), strict=True)
    for row, stop in rows:
        assert row[:2] == [stop["recording"], start.format(stop["start"] / rate)]
        assert float(row[3].split()[0]) == pytest.approx(stop["duration"] / rate)


def test_the_page_says_what_a_fit_says_of_actions(activity, write):
    model = tot(max_iter=60, decoding="skip").fit(activity[0])
    videos = [video[:1] for video in activity[0]]  # of which each shows one action
    page = write(rename(model, list("abcd")), videos)
    sentences = describe_actions(model.predict(videos), dict(enumerate("abcd")))
    assert sentences
    assert all(sentence in page.text for sentence in sentences)


def test_labels_of_people_replace_those_of_the_model(activity, model, write):
    videos, _ = activity
    takes = Recordings(videos, [f"take {i}" for i in range(6)], fps=10)
    words = np.array(["cut", "mix", "fry", "eat"])
    named = rename(model, words)
    whole = np.repeat(["rest", "mix"], [5, len(videos[1]) - 5])  # one is new
    part = np.repeat(["cut", ""], [7, len(videos[4]) - 7])
    corrected = {"take 1": whole, "take 4": part}
    page = write(named, takes, corrected=corrected)
    paths = model.predict(videos)
    paths[1] = np.where(np.arange(len(whole)) < 5, 4, 1)
    paths[4][:7] = 0
    for recording, path in zip(page.data["recordings"], paths, strict=True):
        segments = find_segments(path)
        assert recording["prediction"]["code"] == segments.labels.tolist()
        assert recording["prediction"]["start"] == (segments.starts / 10).tolist()
    assert page.data["names"]["4"] == "rest"
    assert page.data["recordings"][1]["doubt"] == {"start": [], "end": []}
    assert page.data["recordings"][1]["confidence"] == 1
    assert all(x >= 0.7 for x in page.data["recordings"][4]["doubt"]["start"])
    assert "In 2 of 6 recordings" in page.text_of[None]
    y_true = [words[y] for y in activity[1]]
    page = write(named, videos, y_true=y_true, corrected=y_true)
    assert "Of 100 frames, 100 are" in page.text
    for bad in ([["a"]] * 6, [None] * 6, [[1, 2]] + [None] * 5):
        with pytest.raises((TypeError, ValueError)):
            write(model, [videos[0][:2], *videos[1:]], corrected=bad)


def test_recordings_give_names_rate_and_clocks(activity, model, write):
    videos, y_true = activity
    names = [f"take {i}" for i in range(6)]
    times = [100 + np.arange(len(video)) / 10 for video in videos]
    times[1][5:] += 7  # a pause
    takes = Recordings(videos, names, fps=10, times=times, breaks=None)
    shuffled = {names[i]: y_true[i] for i in (3, 1, 5, 0, 2, 4)}
    page = write(model, takes, y_true=shuffled)
    assert [recording["name"] for recording in page.data["recordings"]] == names
    assert page.data["fps"] == 10
    expected = times[1][find_segments(model.predict(videos[1])).starts] - 100
    found = page.data["recordings"][1]
    np.testing.assert_allclose(found["prediction"]["start"], expected, atol=1e-3)
    assert found["end"] == pytest.approx(7 + len(videos[1]) / 10, abs=1e-3)
    page = write(model, videos)
    assert page.data["recordings"][5]["name"] == "recording 5"
    other = HMMSegmenter(4).fit(Recordings(videos, fps=5))
    assert write(other, videos).data["fps"] == 5
    with pytest.raises(ValueError):
        write(other, takes)


def test_many_cycles_and_long_durations(shift, write, monkeypatch):
    """Of many cycles, there are the longest."""
    monkeypatch.setattr("skl_tot.app.report.sections.MOST_CYCLES", 2)
    page = write(*shift)
    _, *rows = page.rows["cycles"]
    assert len(rows) == 2
    assert rows[0][0] == "6"
    assert "In all3 min 28 s" in page.text.replace("\n", "")


def test_parameters_steps_and_features_in_words(write):
    pd = pytest.importorskip("pandas")
    videos, _ = make_activities(6, 3, n_features=2, random_state=0)
    named = [pd.DataFrame(video, columns=["Acc X [g]", "x1"]) for video in videos]
    learner = CTESegmenter(3, max_iter=9, n_init=2, random_state=0)
    model = make_pipeline(SignalWindows(5), learner).fit(named)
    page = write(model, named, title="Tea & <cake>")
    for words in [
        "<code>CTESegmenter(max_iter=9, n_actions=3, n_init=2, random_state=0)</code>",
        "SignalWindows(window=5)",
        "<h1>Tea &amp; &lt;cake&gt;</h1>",
        'title="x1 mean',
    ]:
        assert words in page.html
    assert "after 9 iterations" in page.text
    assert "within 5 frames around a moment" in page.text
    kinds = ("level", "strength", "speed of change")
    names = [row[0] for row in page.rows["profiles"][1:]]
    assert names == [f"{kind} of {x}" for kind in kinds for x in named[0]]


def test_same_input_gives_same_bytes(activity, model, write, tmp_path, page):
    state = np.random.get_state()[1].tolist()  # noqa: NPY002
    takes = Recordings(activity[0], NAMES, fps=4)
    assert write(rename(model, WORDS), takes).html == page.html
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    "options",
    [
        {"video_files": ["a"] * 6},
        {"y_true": [[0, 1]]},
        {"y_true": [[0, 1]] * 6},
        {"X": []},
        {"X": [np.zeros((9, 5)), np.zeros((9, 4))]},
    ],
)
def test_bad_input_leaves_the_old_page(activity, model, tmp_path, options):
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(ValueError) as error:
        write_report(model, path=path, **{"X": activity[0]} | options)
    assert "\n" not in str(error.value)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_thumbnails(activity, model, write, write_clip, greys, tmp_path):
    """Of video files of which each frame is as grey as its number."""
    image = pytest.importorskip("PIL.Image")
    files = [tmp_path / f"take_{i}.mkv" for i in range(6)]
    for path in files:
        write_clip(path, greys(range(40), 200, 320), "ffv1", "bgr0")
    videos = [video[:40] for video in activity[0]]
    takes = Recordings(videos, fps=10)
    page = write(model, takes, video_files=files)
    pictures = [p for p in page.pictures if p["alt"].startswith("Frame")]
    assert len(pictures) == 20
    for picture in pictures:
        data = base64.b64decode(picture["src"].partition(",")[2])
        shown = image.open(io.BytesIO(data))
        assert shown.size == (160, 100)
        number = int(re.match(r"Frame (\d+) of ", picture["alt"])[1])
        assert np.abs(np.asarray(shown).mean() - number) < 2


def test_signals_that_tell(write):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    paths = [np.repeat([0, 1, 2], [20, 25, 30]) for _ in range(10)]
    videos = [rng.normal(size=(75, 3)) for _ in paths]
    for video, path in zip(videos, paths):
        video[:, 0] += 9 * (path == 1)
        video[:, 1] += 9 * (path == 2)
    names = ["left", "right", "pulse"]
    videos = [pd.DataFrame(video, columns=names) for video in videos]
    scale = FramewiseTransformer(StandardScaler())  # which names what it gives
    model = make_pipeline(scale, MallowSegmenter(3)).fit(videos)
    page = write(rename(model, {1: "pour"}), videos)
    labels = model.predict(videos)
    table = telling_features(videos, labels)
    for code, name in enumerate(["action 0", "pour", "action 2"]):
        (cells,) = page.cells("telling", name)
        own = table[(table["action"] == code) & table["tells"]]
        rows = own[["feature", "score"]].itertuples(index=False)
        assert cells == [f"{feature} {100 * score:.0f}" for feature, score in rows]
    assert "1 of 3 signals separates no action from its neighbours: pulse." in page.text
    assert page.rows["profiles"][0] == ["Signal", "action 0", "pour", "action 2"]
    means = action_profiles(model[:-1].transform(videos), labels).means
    for j, name in enumerate(names):
        (cells,) = page.cells("profiles", name)
        cells = [float(cell.replace("−", "-")) for cell in cells]
        np.testing.assert_allclose(cells, means[:, j], atol=0.051)


def test_rows_of_groups(write, tmp_path):
    """Of three actions, the first lasts longer in the second half of the recordings."""
    random, videos = np.random.default_rng(0), []
    for i in range(10):
        lengths = [12 + 15 * (i >= 5) + i % 3, 15, 15]
        means = np.eye(3)[np.repeat(np.arange(3), lengths)]
        videos.append(means + random.normal(0, 0.05, means.shape))
    takes = Recordings(videos, [f"take {i}" for i in range(10)], fps=10)
    model = HMMSegmenter(3).fit(takes)
    groups = dict(zip(reversed(takes.names), ["<new>"] * 5 + ["old"] * 5))
    page = write(model, takes, groups=groups)
    table = compare_groups(model.predict(takes), groups)
    n_differing, n_tested = (table["q"] < 0.05).sum(), table["p"].notna().sum()
    assert n_differing >= 2
    text, lead = (" ".join(page.text_of[name].split()) for name in ("groups", None))
    assert f"Of old and <new>, {n_differing} of {n_tested}" in text
    assert f"{n_differing} of {n_tested} comparisons differ" in lead
    assert "(q < 0.05): " in lead
    assert "1.28 s old" in text
    assert "then comes" not in text  # steps are the same
    n_left = n_tested - len(page.rows["groups"]) + 1
    assert n_left > 1
    assert f"{n_left} other comparisons are not listed." in text
    subject = [f"person {i // 2}" for i in range(10)]
    for kept in (groups, None):
        with pytest.raises(ValueError):
            write(model, takes, groups=kept, subject=subject)
