import re
import shutil
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import (
    AutoSegmenter,
    CTESegmenter,
    MallowSegmenter,
    TemporalOTSegmenter,
)
from skl_tot.inputs.labels import BACKGROUND, find_segments
from skl_tot.inputs.names import name_all_actions
from skl_tot.metrics import segmentation_report
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.segmenters.temporal_ot import PAPER
from skl_tot.solvers.profiles import action_profiles

pytest.importorskip("jinja2")
from skl_tot.report import timelines, write_report
from skl_tot.report.findings import examine, name_truth
from skl_tot.report.timelines import (
    draw_candidates,
    draw_heat_map,
    encode_candidates,
    encode_timelines,
)


def tot(**params):
    """A segmenter that finds every action in every video, whatever it learned."""
    return TemporalOTSegmenter(
        4, **(PAPER | {"max_iter": 20, "random_state": 0} | params)
    )


@pytest.fixture(scope="module")
def model(activity):
    return tot(max_iter=60).fit(activity[0])


CANDIDATES = [
    ("tot", TemporalOTSegmenter(max_iter=20, n_init=1)),
    ("mallow", MallowSegmenter()),
]


@pytest.fixture(scope="module")
def vote(activity):
    model = AutoSegmenter(4, candidates=CANDIDATES, random_state=0)
    return model.fit(activity[0])


class Page(HTMLParser):
    """Cells of the rows of the tables of each section, pictures, and all text."""

    def __init__(self, path):
        super().__init__()
        self.rows, self.pictures, self.text, self.open = {}, [], "", []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.open.append(tag)
        if tag == "section":
            self.section = self.rows.setdefault(attributes["aria-labelledby"], [])
        elif tag == "tr":
            self.section.append([])
        elif tag in ("th", "td"):
            assert tag == "td" or attributes["scope"] in ("row", "col")
            self.section[-1].append("")
        elif tag == "img":
            assert attributes["alt"]
            assert attributes["src"].startswith("data:image/")
            self.pictures.append(attributes)
        if tag in ("img", "meta", "br"):
            self.open.pop()
            self.handle_data(" ")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if "td" in self.open or "th" in self.open:
            self.section[-1][-1] += data.replace("\N{NO-BREAK SPACE}", " ")

    def cells(self, section, name):
        return [
            [" ".join(c.split()) for c in row[1:]]
            for row in self.rows[section]
            if row[0].strip() == name
        ]


def test_tables(activity, model, tmp_path):
    videos, _ = activity
    path = tmp_path / "report.html"
    write_report(model, videos, path, fps=4, action_names={1: "pour <milk>"})
    page = Page(path)
    predicted = model.predict(videos)
    posterior = model.predict_posterior(videos)
    confidence = [q[np.arange(len(p)), p] for p, q in zip(predicted, posterior)]

    runs = [np.diff(find_segments(p)[1:], axis=0)[0] for p in predicted]
    codes = [find_segments(p)[0] for p in predicted]
    lengths = np.concatenate(runs)[np.concatenate(codes) == 1]
    own = np.concatenate(predicted) == 1
    assert page.cells("actions", "pour <milk>") == [
        [
            "6",
            str(len(lengths)),
            f"{lengths.mean():.1f} {lengths.mean() / 4:.2f} s",
            f"{lengths.min()} {lengths.min() / 4:.2f} s",
            f"{lengths.max()} {lengths.max() / 4:.2f} s",
            f"{100 * own.mean():.1f} %",
            f"{np.concatenate(confidence)[own].mean():.3f}",
        ]
    ]
    lowest = confidence[5].argmin()
    action = {1: "pour <milk>"}.get(
        predicted[5][lowest], f"action {predicted[5][lowest]}"
    )
    assert page.cells("videos", "video 5") == [
        [
            str(len(videos[5])),
            f"{len(videos[5]) / 4:.2f} s",
            str(len(runs[5])),
            f"{confidence[5].mean():.3f}",
            f"{confidence[5][lowest]:.3f}",
            f"frame {lowest}, {lowest / 4:.2f} s, {action}",
        ]
    ]
    assert len(page.rows["videos"]) == 7
    assert "scores" not in page.rows
    assert len(page.pictures) == 3


def test_typical_frames(activity, model, tmp_path):
    videos, _ = activity
    path = tmp_path / "report.html"
    write_report(model, videos, path)
    page = Page(path)
    found = list(zip(model.predict(videos), model.predict_proba(videos)))
    for k in range(4):
        best = sorted((-max(p[y == k, k]), i) for i, (y, p) in enumerate(found))
        (cells,) = page.cells("typical", f"action {k}")
        assert len(cells) == 5
        for (code, i), cell in zip(best, cells):
            match = re.fullmatch(rf"video {i} frame (\d+) probability (.*)", cell)
            assert found[i][0][int(match[1])] == k
            assert found[i][1][int(match[1]), k] == pytest.approx(-code)
            assert match[2] == f"{-code:.3f}"


def test_typical_frame_is_the_middle_of_those_alike(activity, tmp_path):
    videos = [video.astype(np.float32) for video in activity[0]]
    model = CTESegmenter(4, max_iter=150, random_state=0).fit(videos)
    path = tmp_path / "report.html"
    write_report(model, videos, path)
    page, n_alike = Page(path), []
    paths, codes = model.predict(videos), model.predict_proba(videos)
    for k in range(4):
        (cells,) = page.cells("typical", f"action {k}")
        for cell in cells:
            i, frame = map(int, re.match(r"video (\d+) frame (\d+)", cell).groups())
            own = np.where(paths[i] == k, codes[i][:, k], -1)
            best = np.flatnonzero(own == own.max())
            assert frame == best[len(best) // 2]
            n_alike.append(len(best))
    assert max(n_alike) > 2  # as single precision saturates


@pytest.mark.parametrize("kind", ["integers", "strings"])
def test_scores(activity, model, tmp_path, kind):
    videos, labels = activity
    if kind == "strings":
        labels = [np.array(["cut", "mix", "fry", "eat"])[y] for y in labels]
    path = tmp_path / "report.html"
    write_report(model, videos, path, y_true=labels, action_names=["a", "b", "c", "d"])
    expected = segmentation_report(labels, model.labels_, output_dict=True)
    page = Page(path)
    for label, row in expected["actions"].items():
        name = label if kind == "strings" else f"label {label}"
        scores = [f"{row[x]:.3f}" for x in ("precision", "recall", "f1-score", "iou")]
        cluster = "–" if row["cluster"] is None else "abcd"[row["cluster"]]
        assert page.cells("scores", name) == [[cluster, *scores, str(row["frames"])]]
    assert f"{expected['totals']['MoF']:.3f}" in page.text
    assert f"{expected['totals']['edit']:.3f}" in page.text


def test_background(activity, tmp_path):
    videos, labels = activity
    labels = [np.where(np.arange(len(y)) < 5, -1, y) for y in labels]
    model = tot(background_percentile=20, decoding="skip").fit(videos)
    path = tmp_path / "report.html"
    write_report(model, videos, path, y_true=labels)
    page = Page(path)
    frames = np.concatenate(model.labels_)
    (cells,) = page.cells("actions", "background")
    assert cells[-2:] == [f"{100 * (frames == -1).mean():.1f} %", "–"]
    # what is predicted as background stands for the label of background
    assert page.cells("scores", "background")[0][0] == "background"
    assert page.cells("typical", "background") == []


def test_actions_of_one_name_are_one(activity, model, tmp_path):
    path = tmp_path / "report.html"
    write_report(model, activity[0], path, action_names={1: "pour", 2: "pour"})
    page = Page(path)
    assert [row[0] for row in page.rows["typical"][1:]] == [
        "action 0",
        "pour",
        "action 3",
    ]
    assert page.cells("actions", "pour")[0][:2] == ["6", "6"]  # segments are joined


@pytest.mark.parametrize("names", [None, {0: "pour"}, {0: "pour", 1: "pour"}])
@pytest.mark.parametrize("n_videos", [2, 6])
def test_colours_go_by_the_numbers_of_actions(activity, model, names, n_videos):
    videos = activity[0][-n_videos:]
    files = [f"video {i}" for i in range(n_videos)]
    words = name_all_actions(4, names)
    findings = examine(model, videos, files, words)
    encoded = encode_timelines(findings, None, None)
    for (codes,), path in zip(encoded.videos, model.predict(videos)):
        first = words.tolist().index("pour") if names else 0
        merged = np.where(words[path] == "pour", first, path)
        assert codes.tolist() == merged.tolist()
    assert [encoded.names[k] for k in findings.numbers] == findings.actions


def test_legend_names_the_actions_that_labels_are_matched_to(activity, model):
    videos, labels = activity
    files = [f"video {i}" for i in range(6)]
    words = name_all_actions(4, {2: "pour"})
    findings = examine(model, videos, files, words)
    encoded = encode_timelines(findings, labels, name_truth(labels))
    expected = segmentation_report(labels, findings.paths, output_dict=True)
    for label, row in expected["actions"].items():
        name = f"label {label} ({words[row['cluster']]})"
        assert encoded.names[int(label)] == name


def test_parameters_and_steps(activity, tmp_path):
    model = make_pipeline(
        FramewiseTransformer(PCA(3)),
        CTESegmenter(4, max_iter=9, n_init=2, random_state=0),
    ).fit(activity[0])
    path = tmp_path / "report.html"
    write_report(model, activity[0], path, title="Tea & <cake>")
    text = path.read_text(encoding="utf-8")
    assert "<strong>max_iter=9</strong> (default 6000)" in text
    assert "<code>reg_covar=1e-06</code>" in text
    assert "FramewiseTransformer(transformer=PCA(n_components=3))" in text
    assert "<h1>Tea &amp; &lt;cake&gt;</h1>" in text
    assert "after 9 iterations" in Page(path).text


def test_forms_of_input(activity, tmp_path):
    video = activity[0][0]
    model = make_pipeline(StandardScaler(), tot()).fit(video)
    only_step = make_pipeline(clone(model[-1])).fit(activity[0])
    write_report(model, video, tmp_path / "a.html", y_true=activity[1][0])
    write_report(model, [video], tmp_path / "b.html", y_true=activity[1][:1])
    write_report(only_step, activity[0], tmp_path / "c.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert len(Page(tmp_path / "c.html").rows["videos"]) == 7


def test_many_videos_in_several_pictures(activity, model, tmp_path):
    path = tmp_path / "report.html"
    names = [f"take {i}" for i in range(21)]
    videos = [activity[0][i % 6] for i in range(21)]
    write_report(model, videos, path, video_names=names)
    alts = [picture["alt"] for picture in Page(path).pictures]
    assert "take 0 to take 10." in alts[0]
    assert "take 11 to take 20." in alts[1]
    assert len(alts) == 4


def test_same_input_gives_same_bytes_and_leaves_pyplot_alone(activity, model, tmp_path):
    import matplotlib.pyplot as plt

    figure = plt.figure()
    before_all = plt.get_fignums()
    paths = [tmp_path / "a.html", tmp_path / "b.html"]
    state = np.random.get_state()[1].tolist()  # noqa: NPY002
    try:
        write_report(model, activity[0], paths[0], y_true=activity[1])
        with plt.rc_context({"font.size": 30, "axes.facecolor": "black"}):
            before = dict(plt.rcParams)
            write_report(model, activity[0], paths[1], y_true=activity[1])
            assert dict(plt.rcParams) == before
        assert plt.get_fignums() == before_all
        assert plt.gcf() is figure
    finally:
        plt.close(figure)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.html", "b.html"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"video_names": ["a"]}, "video_names has 1 names, expected 6."),
        ({"video_files": ["a"], "fps": 1}, "video_files has 1 files, expected 6."),
        ({"video_files": ["a"] * 6}, "fps is None, expected a number"),
        ({"y_true": [[0, 1]]}, "y_true has 1 videos, expected 6."),
        ({"y_true": [[0, 1]] * 6}, "y_true has 2 frames for video 0, expected"),
        (
            {"action_names": {4: "a"}},
            r"action_names is of \[4\], expected actions from 0 to 3.",
        ),
        ({"action_names": {0: ""}}, "The name of 0 is ''"),
        ({"action_names": {0: "action 1"}}, "'action 1' is the name of an action, but"),
        ({"fps": 0}, "fps is 0"),
        ({"videos": []}, "videos is an empty list"),
        ({"videos": [np.zeros((9, 5)), np.zeros((9, 4))]}, "video 1: X has 4 features"),
    ],
)
def test_bad_input(activity, model, tmp_path, options, message):
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(ValueError, match=message) as error:
        write_report(model, path=path, **{"videos": activity[0]} | options)
    assert "\n" not in str(error.value)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_bad_models(activity, tmp_path):
    with pytest.raises(NotFittedError):
        write_report(TemporalOTSegmenter(4), activity[0], tmp_path / "a.html")
    with pytest.raises(TypeError, match="model is a LinearRegression"):
        write_report(LinearRegression(), activity[0], tmp_path / "a.html")


@pytest.mark.parametrize("name", ["jinja2", "matplotlib"])
def test_missing_package(activity, model, tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=rf"{name}.*skl-tot\[report\]"):
        write_report(model, activity[0], tmp_path / "a.html")


@pytest.fixture
def recordings(activity, tmp_path):
    """One video file for each video, each frame as grey as its number."""
    av = pytest.importorskip("av")
    files = []
    for i, video in enumerate(activity[0]):
        files.append(tmp_path / f"take_{i}.mkv")
        with av.open(files[-1], "w") as container:
            stream = container.add_stream("ffv1", rate=10)
            stream.width, stream.height, stream.pix_fmt = 320, 200, "bgr0"
            for number in range(len(video)):
                pixels = np.full((200, 320, 3), number, dtype=np.uint8)
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    return files


def test_thumbnails(activity, model, tmp_path, recordings):
    import base64
    import io

    from PIL import Image

    path = tmp_path / "report.html"
    write_report(model, activity[0], path, fps=10, video_files=recordings)
    pictures = [p for p in Page(path).pictures if p["alt"].startswith("Frame")]
    assert len(pictures) == 20
    for picture in pictures:
        data = base64.b64decode(picture["src"].partition(",")[2])
        image = Image.open(io.BytesIO(data))
        assert image.size == (160, 100)
        number = int(re.match(r"Frame (\d+) of video", picture["alt"])[1])
        assert np.abs(np.asarray(image).mean() - number) < 2


def test_recordings_that_are_too_short(activity, model, tmp_path, recordings):
    with pytest.raises(ValueError, match=r"take_\d.mkv has \d+ frames at fps=1, exp"):
        write_report(
            model, activity[0], tmp_path / "a.html", fps=1, video_files=recordings
        )
    assert not (tmp_path / "a.html").exists()


def test_opens_in_a_browser(activity, model, tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium")
    path = tmp_path / "report.html"
    names = ["a_long_name_of_a_video_without_any_blank_" * 2] * 6
    write_report(
        model, activity[0], path, y_true=activity[1], fps=10, video_names=names
    )
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, chromium_sandbox=False
        )
        for width in (1200, 390):
            page = browser.new_page(viewport={"width": width, "height": 800})
            problems, requests = [], []
            page.on("console", lambda message, found=problems: found.append(message))
            page.on("pageerror", lambda error, found=problems: found.append(error))
            page.on(
                "request", lambda request, found=requests: found.append(request.url)
            )
            page.goto(path.as_uri())
            assert problems == []
            assert [url for url in requests if not url.startswith("data:")] == [
                path.as_uri()
            ]
            script = "document.documentElement.scrollWidth"
            assert page.evaluate(script) == width
            script = "[...document.images].every(x => x.naturalWidth > 100)"
            assert page.evaluate(script)
        browser.close()


@pytest.mark.parametrize("steps", [[], [StandardScaler()]])
def test_network_passes_once_over_each_video(activity, tmp_path, monkeypatch, steps):
    segmenter = tot()
    model = make_pipeline(*steps, segmenter).fit(activity[0][0])
    passes = []
    likelihoods = TemporalOTSegmenter._log_likelihoods

    def counted(self, videos):
        for log_likelihood in likelihoods(self, videos):
            passes.append(len(log_likelihood))
            yield log_likelihood

    monkeypatch.setattr(TemporalOTSegmenter, "_log_likelihoods", counted)
    write_report(model, activity[0], tmp_path / "a.html", y_true=activity[1])
    assert passes == [len(video) for video in activity[0]]


COLUMNS = {
    "score": 3,
    "weight": 3,
    "information": 3,
    "agreement": 3,
    "n_segments": 1,
    "seconds": 1,
}


def test_table_of_candidates(activity, vote, tmp_path):
    path = tmp_path / "report.html"
    write_report(vote, activity[0], path)
    rows = Page(path).rows["candidates"]
    assert len(rows[0]) == 1 + len(COLUMNS)
    marked = [name for name, *_ in rows[1:] if "best" in name]
    assert marked == [f"{vote.names_[vote.best_index_]} (best score)"]
    assert [name.removesuffix(" (best score)") for name, *_ in rows[1:]] == vote.names_
    for i, (_, *cells) in enumerate(rows[1:]):
        assert cells == [f"{vote.results_[x][i]:.{n}f}" for x, n in COLUMNS.items()]


def test_candidate_alone_agrees_with_no_other(activity, tmp_path):
    candidates = [("mallow", MallowSegmenter())]
    model = AutoSegmenter(4, candidates=candidates, refine=False, random_state=0)
    path = tmp_path / "report.html"
    write_report(model.fit(activity[0]), activity[0], path)
    (cells,) = Page(path).cells("candidates", "mallow (best score)")
    assert cells[list(COLUMNS).index("agreement")] == "–"


@pytest.mark.parametrize("n_videos", [1, 3, 8])
def test_picture_of_candidates(activity, vote, tmp_path, n_videos):
    videos = [activity[0][i % 6] for i in range(n_videos)]
    path = tmp_path / "report.html"
    write_report(vote, videos, path)
    page = Page(path)
    alts = [picture["alt"] for picture in page.pictures if "tot" in picture["alt"]]
    first, last = "video 0", f"video {min(n_videos, 6) - 1}"
    expected = first if n_videos == 1 else f"{first} to {last}"
    assert alts == [
        f"Coloured timelines of {expected}, a bar for the prediction, tot, mallow."
    ]
    what = {1: "The video", 3: "Each video", 8: "Each of the first 6 videos"}[n_videos]
    assert f"{what}, by the prediction and by each candidate" in page.text


def test_many_candidates_in_several_pictures(activity, vote):
    videos = activity[0][:5]
    files = [f"take {i}" for i in range(5)]
    findings = examine(vote, videos, files, name_all_actions(4, None))
    for of_video in findings.candidates:
        path = of_video["tot"]
        of_video.update({f"tot {i}": path for i in range(10)})
    encoded = encode_timelines(findings, None, None)
    pictures = draw_candidates(findings, encoded, files, None)
    named = [(first, last) for first, last, *_ in pictures]
    assert named == [("take 0", "take 1"), ("take 2", "take 3"), ("take 4", "take 4")]


@pytest.mark.parametrize("names", [None, {0: "pour"}, {1: "pour", 2: "pour"}])
@pytest.mark.parametrize("steps", [[], [StandardScaler()]])
def test_colours_of_candidates_are_those_of_the_vote(activity, vote, names, steps):
    videos = activity[0]
    files = [f"video {i}" for i in range(6)]
    model = vote
    if steps:
        model = make_pipeline(*steps, vote)
        videos = [10 * video for video in videos]
        steps[0].fit(np.concatenate(videos))
    words = name_all_actions(4, names)
    findings = examine(model, videos, files, words)
    encoded = encode_candidates(findings, encode_timelines(findings, None, None))
    read = [steps[0].transform(video) for video in videos] if steps else videos
    labels = vote.candidate_labels(read)
    expected = [vote.predict(read), labels["tot"], labels["mallow"]]
    assert findings.candidate_names() == ["tot", "mallow"]
    first_of = [words.tolist().index(word) for word in words]
    for bars, *paths in zip(encoded.videos, *expected, strict=True):
        for codes, path in zip(bars, paths, strict=True):
            assert codes.tolist() == np.array(first_of)[path].tolist()
    assert [encoded.names[k] for k in findings.numbers] == findings.actions


def test_colours_of_candidates_are_those_of_the_labels(activity, vote):
    videos, y_true = activity
    files = [f"video {i}" for i in range(6)]
    findings = examine(vote, videos, files, name_all_actions(4, None))
    y_true = [y.max() - y for y in y_true]  # so that numbers differ
    for y, path in zip(y_true, findings.paths):
        ends = find_segments(path)[2] - 1
        y[ends] = (y[ends] + 1) % 4  # where the vote is wrong
    # the vote never says 0, so that it is matched to nothing
    for path in findings.paths:
        path[path == 0] = BACKGROUND
    encoded = encode_timelines(findings, y_true, name_truth(y_true))
    report = segmentation_report(y_true, findings.paths, output_dict=True)
    code_of = {}
    for label, row in report["actions"].items():
        code_of[row["cluster"]] = int(label)
    labels = vote.candidate_labels(videos)
    compared = encode_candidates(findings, encoded)
    unmatched = set(range(4)) - code_of.keys()
    assert 0 in unmatched
    (name,) = [name for name in compared.names.values() if "no match" in name]
    shown = ", ".join(f"action {k}" for k in sorted(unmatched))
    assert name == f"no match ({shown})"
    for i, (true, predicted, tot, mallow) in enumerate(compared.videos):
        assert true.tolist() == y_true[i].tolist()
        assert predicted.tolist() == encoded.videos[i][-1].tolist()
        for codes, path in [(tot, labels["tot"][i]), (mallow, labels["mallow"][i])]:
            for k in np.unique(path).tolist():
                (code,) = set(codes[path == k].tolist())
                assert code == code_of.get(k, code)
                assert (compared.names[code] == name) == (k in unmatched)


def test_background_of_candidates(activity):
    options = {"max_iter": 20, "background_percentile": 30, "decoding": "skip"}
    candidates = [("tot", TemporalOTSegmenter(**options))]
    model = AutoSegmenter(4, candidates=candidates, random_state=0).fit(activity[0])
    files = [f"video {i}" for i in range(6)]
    findings = examine(model, activity[0], files, name_all_actions(4, None))
    found = encode_candidates(findings, encode_timelines(findings, None, None))
    labels = model.candidate_labels(activity[0])["tot"]
    assert (np.concatenate(labels) == BACKGROUND).any()
    for (_, codes), path in zip(found.videos, labels, strict=True):
        assert codes.tolist() == path.tolist()
    assert found.names[BACKGROUND] == "background"


class Loader(TransformerMixin, BaseEstimator):
    """Read the features of one path or of many, and count them."""

    def __init__(self, read):
        self.read = read

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        if isinstance(X, list):
            return [self.transform(path) for path in X]
        self.read.append(X)
        return np.load(X)


def test_candidates_of_paths(activity, vote, tmp_path):
    files = [str(tmp_path / f"{i}.npy") for i in range(6)]
    for file, video in zip(files, activity[0]):
        np.save(file, video)
    loader = Loader([])
    write_report(vote, activity[0], tmp_path / "a.html")
    model = make_pipeline(loader.fit(files), vote)
    write_report(model, files, tmp_path / "b.html")
    assert loader.read == files  # each once, as features may take long
    a, b = Page(tmp_path / "a.html"), Page(tmp_path / "b.html")
    assert a.rows == b.rows
    assert a.pictures == b.pictures


def test_candidates_same_bytes(activity, vote, tmp_path):
    paths = [tmp_path / "a.html", tmp_path / "b.html"]
    for path in paths:
        write_report(vote, activity[0], path, y_true=activity[1])
    assert paths[0].read_bytes() == paths[1].read_bytes()
    page = Page(paths[0])
    alts = [picture["alt"] for picture in page.pictures if "tot" in picture["alt"]]
    assert "a bar for the ground truth, the prediction, tot, mallow." in alts[0]


def test_segmenters_that_name_their_candidates_have_the_section(activity, tmp_path):
    class Doubled(MallowSegmenter):
        def candidate_labels(self, X):
            return {"<one>": self.predict(X)}

    path = tmp_path / "report.html"
    model = Doubled(4).fit(activity[0])
    write_report(model, activity[0], path)
    page = Page(path)
    assert page.rows["candidates"] == []  # no table without results
    assert "the prediction, <one>." in page.pictures[2]["alt"]
    assert 'href="#candidates"' in path.read_text(encoding="utf-8")


def test_no_candidates(activity, model, tmp_path):
    path = tmp_path / "report.html"
    write_report(model, activity[0], path)
    assert "andidate" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("fps", [None, 4])
def test_what_to_label_next(activity, vote, tmp_path, fps):
    path = tmp_path / "report.html"
    names = [f"take {i}" for i in range(6)]
    options = {"fps": fps, "video_names": names, "action_names": {1: "pour <milk>"}}
    write_report(vote, activity[0], path, **options)
    _, *rows = Page(path).rows["questions"]
    expected = vote.most_informative(activity[0], 5, unit="moments")
    assert len(rows) == len(expected) == 5
    for row, one in zip(rows, expected):
        start, end = one["start"], one["end"]
        time = [f"{start / 4:.2f} s – {end / 4:.2f} s"] if fps else []
        action = {1: "pour <milk>"}.get(one["action"], f"action {one['action']}")
        assert [cell.strip() for cell in row] == [
            names[one["video"]],
            str(start),
            str(end - 1),
            *time,
            action,
            f"{one['information']:.1f}",
        ]


def test_doubts_between_actions_of_one_name_are_none(activity, vote):
    files = [f"video {i}" for i in range(6)]
    findings = examine(vote, activity[0], files, name_all_actions(4, ["a"] * 4))
    assert np.abs(np.concatenate(findings.doubts)).max() < 1e-6
    findings = examine(vote, activity[0], files, name_all_actions(4, None))
    assert np.concatenate(findings.doubts).max() > 0.1


@pytest.mark.parametrize("scale", [None, 10])
def test_profiles(activity, model, tmp_path, scale):
    videos = activity[0]
    if scale:
        pipeline = make_pipeline(FramewiseTransformer(StandardScaler()), tot())
        model = pipeline.fit([scale * video for video in videos])
    path = tmp_path / "report.html"
    write_report(model, videos, path)
    alts = [picture["alt"] for picture in Page(path).pictures]
    assert "Heat map of the mean of 5 features during each action." in alts
    files = [f"video {i}" for i in range(6)]
    findings = examine(model, videos, files, name_all_actions(4, None))
    read = model[:-1].transform(videos) if scale else videos
    expected = action_profiles(read, findings.paths)
    found = findings.sums[0].profiles()
    np.testing.assert_allclose(found.means, expected.means, atol=1e-9)


def test_heat_map_is_of_actions_that_occur_in_their_colours(
    activity, model, monkeypatch
):
    files = [f"video {i}" for i in range(6)]
    words = name_all_actions(4, {1: "pour", 2: "pour"})
    findings = examine(model, activity[0], files, words)
    findings.sums[0].counts[0] = 0  # as if it were in no video
    drawn = []
    monkeypatch.setattr(timelines, "draw_profiles", lambda ax, *of: drawn.append(of))
    encoded = encode_timelines(findings, None, None)
    assert draw_heat_map(findings, encoded, list("abcde"))[2:] == (5, 5)
    ((profiles, codes, names),) = drawn
    assert names == ["pour", "action 3"]
    assert codes == [1, 3]
    assert profiles.features == list("abcde")


def test_no_heat_map_of_background(activity, model):
    words = name_all_actions(4, None)
    findings = examine(model, activity[0][:1], ["video 0"], words)
    findings.sums[0].counts[:] = 0
    encoded = encode_timelines(findings, None, None)
    assert draw_heat_map(findings, encoded, None) is None


def test_many_features(tmp_path):
    rng = np.random.default_rng(0)
    videos = [rng.normal(size=(30, 45)) for _ in range(2)]
    path = tmp_path / "report.html"
    write_report(MallowSegmenter(2).fit(videos), videos, path)
    text = Page(path).text
    assert "Of 45 features, these are the 40 that differ most between actions." in text
