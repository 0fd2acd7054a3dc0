"""The command line, as people call it."""

import io
import os
import re
import select
import shlex
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import skl_tot
from skl_tot.app.cli import outputs
from skl_tot.app.cli.main import COMMANDS, main, make_parser
from skl_tot.corrections import rename
from skl_tot.datasets import load_action_dataset
from skl_tot.io import load_model, read_segments, read_table, save_model
from skl_tot.methods.pipelines import last_step
from skl_tot.metrics import mof_score, segmentation_report

HMM = "--n-actions 3 --method hmm"
pytestmark = pytest.mark.usefixtures("folder")


def test_from_files_to_a_named_page(run, capsys):
    options = "--n-actions 3 --set max_iter=30 n_networks=1 --order strict"
    fit = f"fit flat {options} --pipeline standard,pca:3 --out piped.skops"
    assert run(fit) == 0
    words = np.array(["take cup", "pour", "stir"])
    model = load_model("piped.skops")
    save_model(rename(model, words), "named.skops")
    assert run("predict named.skops flat --out named") == 0
    assert capsys.readouterr().err == ""  # no bar where no one looks
    for i in range(4):
        path = f"named/v{i}.csv"
        expected = words[model.predict(np.load(f"flat/v{i}.npy"))]
        np.testing.assert_array_equal(read_segments(path), expected)
        assert read_table(path)["confidence"].between(1e-9, 1).all()
    table = read_table("named")[["start_low", "start_time", "start_high"]].dropna()
    assert len(table)
    assert (np.diff(table, axis=1) >= 0).all()
    assert run("report named.skops data --fps 10 --out a.html") == 0
    assert "take cup" in Path("a.html").read_text(encoding="utf-8")


def test_several_outputs(run, folder, capsys):
    """A folder is named after its format, or has that of --format."""
    assert run("predict model.skops data --out other --format labels --fps 10") == 0
    outs = "--out all.csv --out labels --out in/elan --report r.html"
    Path("labels").mkdir()  # others are made
    Path("labels/v9.txt").touch()
    assert "written to other (labels).\n" in capsys.readouterr().out
    assert run("predict model.skops data --out elan --fps 10") == 0
    assert "elan shows 0 of 4 videos; put them" in capsys.readouterr().out
    Path("data/v1.mp4").touch()
    assert run(f"predict model.skops data {outs} --fps 10") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:3] == [
        "labels has 1 file of other recordings, too, such as v9.txt.",
        "in/elan shows 1 of 4 videos; put them beside the recordings, under their "
        "names.",
        "Segments of 4 recordings written to all.csv, labels, in/elan.",
    ]
    assert run("report model.skops data --out s.html --fps 10") == 0
    assert Path("r.html").read_bytes() == Path("s.html").read_bytes()
    for i in range(4):
        texts = [Path(f"{name}/v{i}.txt").read_bytes() for name in ("other", "labels")]
        assert texts[0] == texts[1]
        document = Path(f"in/elan/v{i}.eaf").read_text("utf-8")
        urls = re.findall('RELATIVE_MEDIA_URL="([^"]*)"', document)
        assert urls == ["./../../data/v1.mp4"] * (i == 1)
    expected = read_segments("all.csv")
    for name, labels in read_segments("in/elan", fps=10).items():
        np.testing.assert_array_equal(labels, expected[name])


def test_evaluate_activities(run, folder, capsys):
    for activity, names in {"coffee": ("v0", "v1"), "tea": ("v2", "v3")}.items():
        (folder / activity).mkdir()
        for name in names:
            shutil.copy(f"segments/{name}.csv", activity)
        for part in ("features", "groundTruth"):  # a folder for each activity
            shutil.copytree(f"data/{part}", f"apart/{activity}/{part}")
    assert run("evaluate data coffee tea --background act0") == 0
    printed = capsys.readouterr().out
    assert run("evaluate apart coffee tea --background act0") == 0
    assert capsys.readouterr().out.endswith(printed)
    data = load_action_dataset("data")
    pred = list(read_segments("segments").values())
    options = {"background": "act0", "output_dict": True}
    options["activities"] = ["coffee", "coffee", "tea", "tea"]
    scores = segmentation_report(data.labels, pred, **options)["scores"]
    del scores["all"]  # clusters of two models are four
    for row in scores.values():
        shown = [f"{score:.3f}" for score in row.values()]
        assert " ".join(shown) in " ".join(printed.split())
    assert run("evaluate data coffee segments") == 2
    assert "'v0' twice" in capsys.readouterr().err
    assert run("evaluate data segments tea --only v1") == 0
    assert "v0" not in capsys.readouterr().out


def test_scores_over_seeds(run, capsys):
    parameters = {"order": "strict", "max_iter": 5, "n_networks": 1}
    settings = " ".join(f"{name}={value}" for name, value in parameters.items())
    fit = f"fit data --n-actions 3 --method tot --set {settings} --seed 4 --seeds 2"
    assert run(f"{fit} --out first.skops") == 0
    data, shares = load_action_dataset("data"), []
    for seed in (4, 5):
        model = skl_tot.TemporalOTSegmenter(3, **parameters, random_state=seed)
        labels = model.fit(data.videos).labels_
        shares.append(100 * mof_score(data.labels, labels))
    shown = f"MoF {np.mean(shares):.1f} ± {np.std(shares):.1f}, F1@50 "
    assert f"Scores of 2 seeds, in percent: {shown}" in capsys.readouterr().out
    assert last_step(load_model("first.skops")).random_state == 4


def test_other_files_and_links_stay(run, folder, links):
    (folder / "mine").mkdir()
    (folder / "mine" / "notes.md").write_text("mine")
    (folder / "link").symlink_to(folder / "mine")
    assert run("predict model.skops flat --out link") == 0
    assert (folder / "mine" / "notes.md").read_text() == "mine"
    assert len(list((folder / "mine").iterdir())) == 5
    (folder / "link.html").symlink_to(folder / "mine" / "page.html")
    assert run("report model.skops flat --out link.html") == 0
    assert "</html>" in (folder / "mine" / "page.html").read_text("utf-8")


def test_demo(run, refuses, folder, monkeypatch):
    defaults = skl_tot.TemporalOTSegmenter.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "max_iter", 30)
    command = "demo --out demo.png --n-videos 4 --n-actions 3"
    assert run(command) == 0
    assert (folder / "demo.png").read_bytes().startswith(b"\x89PNG")
    command += " --recordings cycles"
    assert run(command) == 0
    takes = skl_tot.read_recordings(folder / "cycles")
    made, _ = skl_tot.datasets.make_activities(4, 3, random_state=0)
    assert (takes.fps, takes.names[0]) == (10, "cycle_01")
    for take, video in zip(takes, made, strict=True):
        np.testing.assert_allclose(take, video, rtol=1e-4)
    refuses(command, folder)


FITS = {  # settings of the model that a command fits, of seconds in frames
    "--order mostly": {"random_state": 0, "order": "mostly"},
    "--order strict --min-duration 0.8": {"order": "strict", "min_frames_": 8},
    # a pipeline is all that standardises
    "--set random_state=3 --pipeline standard": {"random_state": 3},
    "--pipeline standard,pca:2 --set standardize=video": {"standardize": "video"},
    "--pipeline gaps:5,standard": {"standardize": None},
    "--pipeline gaps:5:0.2,windows:1.5": {"standardize": "dataset"},
}


@pytest.mark.parametrize("options", FITS)
def test_options_are_settings(run, capsys, options):
    assert run(f"fit flat {HMM} --set max_iter=3 {options} --out a.skops") == 0
    model = last_step(load_model("a.skops"))
    found = {name: getattr(model, name) for name in FITS[options]}
    assert found == FITS[options]
    assert f" with seed {model.random_state}, " in capsys.readouterr().out


def test_no_command_shows_help_and_version(run, capsys):
    assert run("") == 0
    shown = capsys.readouterr().out
    assert run("--help") == 0
    assert capsys.readouterr().out == shown
    names = re.findall(r"^    ([a-z]+) ", shown, re.M)
    assert names == list(COMMANDS)
    assert names[:3] == ["features", "fit", "predict"]
    assert run("--version") == 0
    assert capsys.readouterr().out == f"skl-tot {skl_tot.__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_an_example_and_a_test(run, name, capsys):
    """The example parses, and the tests beside this one run the command."""
    assert run(f"{name} --help") == 0
    shown = capsys.readouterr().out
    assert shown.isascii()  # for consoles of few letters
    example = re.search(r"example:\n  (.*)\n", shown)[1]
    program, *words = example.split()
    assert program == "skl-tot"
    assert make_parser().parse_args(words).command == name
    tests = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]
    assert any(re.search(rf'["/ ]{name}[ "]', text) for text in tests)


def test_progress_on_a_terminal(run, monkeypatch, capsys):
    pty = pytest.importorskip("pty")
    import termios

    monkeypatch.setattr(outputs, "FIRST", 0)
    monkeypatch.setattr(outputs, "OF_STAGE", 0)
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (24, 80))
    with open(end, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        assert run("predict model.skops flat --out seen") == 0
        stream.flush()
        shown, last = "", "\rskl-tot: predicting, 4 of 4 recordings"
        while last not in shown and select.select([terminal], [], [], 10)[0]:
            shown += os.read(terminal, 100_000).decode(errors="replace")
        assert last in shown
    assert "4 of 4" not in capsys.readouterr().out


def test_progress_in_lines(run, folder, monkeypatch, capsys):
    """A stage with steps, and one that reports none."""
    for name, seconds in [("FIRST", 0), ("OF_STAGE", 0), ("OF_LINES", 0.01)]:
        monkeypatch.setattr(outputs, name, seconds)
    begin = outputs.begin
    monkeypatch.setattr(outputs, "begin", lambda _: begin(True))
    assert run("fit flat --n-actions 3 --out a.skops --set max_iter=30") == 0
    lines = capsys.readouterr().err.splitlines()
    shown = r"skl-tot: fitting, \d+ of 30 steps, about \d+ s left"
    assert any(re.fullmatch(shown, line) for line in lines)
    assert "skl-tot: rating the fit, 0 s" in lines
    monkeypatch.setattr(outputs, "begin", begin)
    assert run("predict a.skops flat --out p") == 0
    assert capsys.readouterr().err == ""  # within three seconds


def test_names_that_the_output_cannot_show(run, folder, monkeypatch):
    save_model(rename(load_model("model.skops"), {0: "rühren"}), "named.skops")
    assert run("predict named.skops flat --out umlaut") == 0
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="ascii"))
    assert run("evaluate data umlaut") == 0
    assert rb"r\xfchren" in shown.getvalue()


@pytest.mark.skipif(os.name == "nt", reason="a shell that has true and closes streams")
@pytest.mark.parametrize(
    ("command", "redirected", "status"),
    [
        ("demo", "| true", 0),
        ("fit flat", "<&- >&- 2>&-", 2),
    ],
)
def test_closed_streams(command, redirected, status):
    code = """
import os
from skl_tot.app.cli import fitting, main

def demo(_):
    print("made" * 100_000)  # more than a pipe holds

fitting.demo = demo
status = main.main()
with open(os.devnull) as file:
    raise SystemExit(status if file.fileno() > 2 else 9)
"""
    command = f"{sys.executable} -c {shlex.quote(code)} {command} {redirected}"
    done = subprocess.run(command, shell=True, capture_output=True, timeout=300)
    assert done.returncode == status
    assert done.stderr == b""


@pytest.mark.skipif(os.name == "nt", reason="no SIGTERM")
@pytest.mark.parametrize(
    ("hidden", "name", "status", "message"),
    [
        ("", "SIGTERM", 143, ""),
        ("TypeError('of a library')", "SIGINT", 130, "skl-tot demo: interrupted\n"),
        ("OSError('disk is full')", "SIGTERM", 2, "skl-tot demo: disk is full\n"),
    ],
)
def test_told_to_end(tmp_path, name, status, message, hidden):
    """Libraries hide what their callbacks raise; what is not saved is an error."""
    code = f"""
import os, signal, sys, time
# a shell that starts a job in the background has it ignore this signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from skl_tot.app.cli import fitting, main
from skl_tot.recordings import files

def demo(_):
    try:
        with files.replaced("a.png"):
            os.kill(os.getpid(), signal.{name})
            time.sleep(60)
    except BaseException:
        if {hidden!r}:
            raise {hidden or None} from None
        raise

fitting.demo = demo
sys.argv = ["skl-tot", "demo"]
sys.exit(main.main())
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (status, message)
    assert list(tmp_path.glob("a.png*")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('say order="free" (--order free) if', "say --order free if"),
        ("two\nlines", "two lines"),
        ("fps (--fps) is 0", "--fps is 0"),
        ("without=['a b', 'c'] (--without 'a b' c) it", "--without 'a b' c it"),
        ("a.GapFiller(3) (--pipeline gaps:3) fills", "--pipeline gaps:3 fills"),
        ("time (--time 'Zeit (s)') is", "--time 'Zeit (s)' is"),
        ("by time=COLUMN, or fps=2.", "by --time COLUMN, or --fps 2."),
        ("limit=5; limit=9 fills", "limit=5; --faults fill fills"),
    ],
)
@pytest.mark.filterwarnings("always")
def test_remedies_are_options(monkeypatch, capsys, text, expected):
    """What Python says with its own name, too; warnings are printed once."""

    def demo(_):
        for _ in range(2):  # as of two recordings
            warnings.warn(text, stacklevel=1)
        raise ValueError(text)

    monkeypatch.setattr("skl_tot.app.cli.fitting.demo", demo)
    assert main(["demo"]) == 2
    error = capsys.readouterr().err.splitlines()
    assert error == [f"skl-tot: warning: {expected}", f"skl-tot demo: {expected}"]
