"""The command line, as people call it."""

import inspect
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
from skl_tot import HMMSegmenter
from skl_tot.app.cli.main import main, make_parser
from skl_tot.app.cli.recipes import Recipe
from skl_tot.app.cli.registry import COMMANDS
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.io import FORMATS, load_model, read_segments, read_table
from skl_tot.io.formats import writable_formats
from skl_tot.meta.members import Plan
from skl_tot.methods.pipelines import last_step

QUICK = "max_iter=30 random_state=0 order=strict n_networks=1"


@pytest.fixture(autouse=True)
def _in_a_folder(monkeypatch, folder):
    monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Data sets, a model, predictions, and things that are none of these."""
    root = tmp_path_factory.mktemp("cli")
    videos, labels = make_activities(4, 3, n_features=5, mean_length=60, random_state=0)
    names = ["flat", "data/features", "data/groundTruth", "empty", "cyclic", "one_wide"]
    for name in [*names, "taken/v1.csv", "named_segments", "short", "twice"]:
        (root / name).mkdir(parents=True)
    for i, (video, truth) in enumerate(zip(videos, labels)):
        np.save(root / "flat" / f"v{i}.npy", video)
        np.save(root / "data" / "features" / f"v{i}.npy", video)
        np.save(root / "cyclic" / f"v{i}.npy", np.vstack([video] * 6))
        text = "\n".join(f"act{k}" for k in truth)
        (root / "data" / "groundTruth" / f"v{i}.txt").write_text(text)
    np.save(root / "one_wide" / "v0.npy", videos[0])
    np.save(root / "one_wide" / "v1.npy", np.hstack([videos[1], videos[1]]))
    for path, text in {
        "names.txt": "0 take cup\n1 pour\n2 stir\n",
        "more_names.txt": "0 take cup\n3 pour\n",
        "bad_names.txt": "cup\n",
        "broken.skops": "no model",
        "file.txt": "x",
        "named_segments/v0.txt": "act0\nact1\n",
        "short/v0.txt": "act0\nact1\n",
        "twice/v0.txt": "act0\n",
        "twice/v0.csv": "action,start,end\nact0,0,1\n",
    }.items():
        (root / path).write_text(text)
    command = f"fit {root}/flat --n-actions 3 --set {QUICK} --out {root}/model.skops"
    assert main(command.split()) == 0
    command = f"predict {root}/model.skops {root}/flat --out {root}/segments --fps 30"
    assert main(command.split()) == 0
    return root


class TestCommands:
    def test_from_files_to_named_segments(self, run, folder, capsys):
        options = f"--n-actions 3 --set {QUICK} --pipeline standard,pca:3"
        assert run(f"fit flat {options} --out piped.skops") == 0
        assert run("predict piped.skops flat --out named --names names.txt") == 0
        assert run("plot named --out named.svg --fps 30") == 0
        printed = capsys.readouterr()
        assert "Fitted to 4 recordings with seed 0, written to piped." in printed.out
        assert printed.err == ""  # no bar where no one looks
        model = load_model("piped.skops")
        assert [name for name, _ in model.steps][-1] == "temporalotsegmenter"
        expected = model.predict([np.load(f"flat/v{i}.npy") for i in range(4)])
        words = np.array(["take cup", "pour", "stir"])
        for i, labels in enumerate(expected):
            path = f"named/v{i}.csv"
            np.testing.assert_array_equal(read_segments(path), words[labels])
            assert read_table(path)["confidence"].between(1e-9, 1).all()
        table = read_table("segments")[["start_low", "start_time", "start_high"]]
        known = table.dropna().to_numpy()
        assert len(known)
        assert (np.diff(known, axis=1) >= 0).all()
        assert b"take cup" in (folder / "named.svg").read_bytes()
        assert run("report piped.skops data --out page.html --names names.txt") == 0
        assert "take cup" in (folder / "page.html").read_text(encoding="utf-8")

    @pytest.mark.parametrize("format", writable_formats())
    def test_formats(self, run, folder, format):
        assert (
            run(f"predict model.skops flat --out {format} --format {format} --fps 9")
            == 0
        )
        assert len(list((folder / format).glob(f"v?{FORMATS[format].suffix}"))) == 4

    def test_evaluate(self, run, capsys):
        assert run("evaluate data segments --ignore act9") == 2
        assert "act9" in capsys.readouterr().err
        assert run("evaluate data segments") == 0
        everything = capsys.readouterr().out
        assert "MoF" in everything
        assert run("evaluate data segments --scope video --ignore act0 act1") == 0
        assert capsys.readouterr().out != everything

    def test_transposed_files(self, run, folder, tmp_path):
        shutil.copytree("data", tmp_path, dirs_exist_ok=True)
        for path in (tmp_path / "features").iterdir():
            np.save(path, np.load(path).T)
        transposed = f"{tmp_path} --transpose"
        assert run(f"predict model.skops {transposed} --out turned") == 0
        plain = read_segments("segments")
        for name, turned in read_segments("turned").items():
            np.testing.assert_array_equal(plain[name], turned)
        assert run(f"evaluate {transposed} turned") == 0
        assert run(f"plot turned --ground-truth {transposed} --out turned.png") == 0

    def test_other_files_and_links_stay(self, run, folder, tmp_path, links):
        (tmp_path / "notes.md").write_text("mine")
        (folder / "link").symlink_to(tmp_path)
        assert run("predict model.skops flat --out link") == 0
        assert (tmp_path / "notes.md").read_text() == "mine"
        assert len(list(tmp_path.iterdir())) == 5
        (folder / "link.png").symlink_to(tmp_path / "picture.png")
        assert run("plot link --out link.png") == 0
        assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")

    def test_demo(self, run, folder, capsys, monkeypatch):
        defaults = skl_tot.TemporalOTSegmenter.__init__.__kwdefaults__
        monkeypatch.setitem(defaults, "max_iter", 30)
        command = "demo --out demo.png --n-videos 4 --n-actions 3 --recordings cycles"
        assert run(command) == 0
        assert "MoF" in capsys.readouterr().out
        assert (folder / "demo.png").read_bytes().startswith(b"\x89PNG")
        takes = skl_tot.read_recordings(folder / "cycles")
        made, _ = skl_tot.datasets.make_activities(4, 3, random_state=0)
        assert (takes.fps, takes.names[0]) == (10, "cycle_01")
        for take, video in zip(takes, made, strict=True):
            np.testing.assert_allclose(take, video, rtol=1e-4)
        assert run(command) == 2
        assert "cycles is there, expected a new folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "seed"),
    [
        ("--method hmm", 0),
        ("--method hmm --set random_state=3 --pipeline standard", 3),
        ("--method hmm --cycles --seed 3", 3),
        ("--method hmm --activities 2 --order mostly", 0),
    ],
)
def test_the_same_command_gives_the_same_model(run, capsys, options, seed):
    data = "cyclic" if "--cycles" in options else "flat"
    command = f"fit {data} --n-actions 3 --set max_iter=5 {options} --out a.skops"
    assert run(command) == 0
    said = f"Fitted to 4 recordings with seed {seed}, written"
    assert said in capsys.readouterr().out
    model = load_model("a.skops")
    found = model.get_params()
    names = [name for name in found if name.endswith("random_state")]
    assert {found[name] for name in names} == {seed}
    assert run(command) == 0
    video = np.load(f"{data}/v0.npy")
    again = load_model("a.skops").predict(video)
    np.testing.assert_array_equal(again, model.predict(video))


def test_order_and_least_duration(run):
    """In seconds of the rate that is given, of activities too."""
    fit = "fit flat --n-actions 3 --method hmm --fps 4 --set max_iter=3"
    assert run(f"{fit} --order strict --min-duration 2 --out a.skops") == 0
    model = load_model("a.skops")
    assert (model.order, model.decoding_, model.min_frames_) == ("strict", "fixed", 8)
    assert run(f"{fit} --activities 1 --min-duration 2 --out a.skops") == 0
    assert load_model("a.skops").estimators_[0].min_frames_ == 8


def test_equal_parts(run):
    """The simplest answer, to compare methods with."""
    assert run("fit flat --n-actions 3 --method equal --out a.skops") == 0
    video = np.load("flat/v0.npy")
    parts = np.arange(len(video)) * 3 // len(video)
    assert load_model("a.skops").predict(video).tolist() == parts.tolist()


FIT = "fit flat --n-actions 3 --out a.skops"
PREDICT = "predict model.skops flat --out a"
ERRORS = [
    # command lines
    ("fly", "invalid choice: 'fly'"),
    ("fit flat --out a.skops", "expected --n-actions N, or --labels of a recording"),
    ("fit flat --n-actions x --out a.skops", "x is no number from 1, nor auto"),
    (f"{FIT} --set rho", "'rho' is not NAME=VALUE"),
    (f"{FIT} --set rho=1 --set rho=2", "--set has a name twice"),
    (f"{FIT} --set n_actions=2", "--set has n_actions"),
    (f"{FIT} --seed 1 --set random_state=1", "--seed and --set random_state are "),
    (f"{FIT} --seed 4294967296", "4294967296 is no integer from 0"),
    (f"{FIT} --pipeline standard,", "--pipeline has ''"),
    (f"{FIT} --pipeline windows:1:2", "has 'windows:1:2'"),
    (f"{FIT} --order none", "invalid choice: 'none'"),
    (f"{FIT} --set order=free --order strict", "--order and --set order are given"),
    (f"{FIT} --set min_duration=2 --min-duration 2", "expected one"),
    (f"{FIT} --min-duration 0", "0 is not a positive number"),
    (f"{FIT} --method equal --order free", "Invalid parameter 'order'"),
    (f"{FIT} --method cte", "others are in skl_tot.baselines"),
    (f"{FIT} --order strict --set decoding=free", "expected --order free, or no deco"),
    (f"{FIT} --cycles --activities 2", "--activities and --cycles are given, "),
    (f"{PREDICT} --format none", "format is 'none', expected one of"),
    (f"{PREDICT} --fps 0", "0 is not a positive number"),
    (f"{PREDICT} --names more_names.txt", "from 0 to 2."),
    (f"{PREDICT} --names bad_names.txt", "bad_names.txt, line 1, is 'cup', expected"),
    (f"{PREDICT} --format elan", "--fps is missing, which"),
    ("predict model.skops flat --out flat", "which is read; expected another folder"),
    ("predict model.skops data/features --out data/groundTruth", "which is read"),
    ("predict model.skops flat --out taken", "v1.csv is there, and no file."),
    ("plot segments --out a.xyz", "xyz"),
    ("plot segments --out a", "a has no suffix, expected one such as a.png."),
    ("features file.txt empty/../file.txt --out a", "Several videos are called"),
    ("demo --n-videos 0 --out a.png", "n_videos"),
    # files and folders
    ("predict model.skops one_wide --out a", "v1: X has 10 features, but"),
    ("predict broken.skops flat --out a", "broken.skops cannot be loaded"),
    ("evaluate flat segments", "flat has no folder groundTruth"),
    ("evaluate data short", "v0: y_true has "),
    ("evaluate data twice", "several files of 'v0'"),
    ("evaluate data segments --background act9", "no frames of label 'act9'"),
    ("plot named_segments --out a.png --names names.txt", "has names already"),
    ("plot segments --ground-truth flat --out a.png", "has no folder groundTruth"),
    ("report model.skops flat --out a --videos empty --fps 9", "0 files called 'v0'"),
]


@pytest.mark.parametrize(("command", "message"), ERRORS)
def test_errors_are_one_line_and_leave_nothing(refuses, folder, command, message):
    refuses(command, message, folder)


@pytest.mark.parametrize("text", ["-" * 50_000, "-" * 3_000 + "1", "[" * 50_000])
def test_values_of_too_many_parts(run, folder, capsys, text):
    assert run(f"fit flat --n-actions 3 --out a --set rho={text}") == 2
    error = capsys.readouterr().err
    assert "the value of rho is too long" in error
    assert len(error) < 200


def test_no_command_shows_help_and_version(run, capsys):
    assert run("") == 0
    assert "learn the actions that recordings share" in capsys.readouterr().out
    assert run("--version") == 0
    assert capsys.readouterr().out == f"skl-tot {skl_tot.__version__}\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", "dataset"),
        ("--pipeline pca:2", None),
        ("--pipeline standard,pca:2 --set standardize=video", "video"),
        ("--pipeline standard --method hmm", None),
        ("--pipeline gaps:5,poses", "dataset"),
        ("--pipeline gaps:5,standard", None),
        ("--pipeline windows:1.5", "dataset"),
    ],
)
def test_a_pipeline_is_all_that_standardises(options, expected):
    command = f"fit flat --n-actions 3 --out a {options}"
    arguments = make_parser().parse_args(command.split())
    names = ("n_actions", "method", "settings", "pipeline")
    model = Recipe(*(getattr(arguments, name) for name in names)).make()
    assert last_step(model).standardize == expected


def test_help_begins_with_the_road(run, capsys):
    run("--help")
    lines = capsys.readouterr().out.partition("COMMAND\n")[2].splitlines()
    names = [line.split()[0] for line in lines if re.match("    [a-z]", line)]
    assert names[:4] == ["review", "fit", "predict", "report"]
    assert sorted(names) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_an_example_and_a_test(run, name, capsys):
    """The example parses, and the tests beside this one run the command."""
    example = COMMANDS[name].example
    assert run(f"{name} --help") == 0
    assert example in capsys.readouterr().out
    program, *arguments = example.split()
    assert program == "skl-tot"
    assert make_parser().parse_args(arguments).command == name
    names = [each.name or list(each.places) for each in COMMANDS[name].options]
    inspect.signature(COMMANDS[name].function).bind(**dict.fromkeys(np.hstack(names)))
    tests = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]
    assert any(re.search(rf'["/ ]{name}[ "]', text) for text in tests)


def two_plans(order, words, **settings):
    """Members of a view that fit at once."""
    models = HMMSegmenter(order=order), MallowSegmenter()
    return [Plan((name, *words), estimator=own) for name, own in zip("ab", models)]


@pytest.mark.parametrize(
    ("command", "last"),
    [
        ("predict model.skops flat --out seen", "4/4"),
        (f"fit cyclic --cycles --n-actions 3 --out shown.skops --set {QUICK}", "30/30"),
        ("fit flat --n-actions 3 --out shown.skops --method auto", "10/10"),
    ],
)
def test_progress_on_a_terminal(run, folder, monkeypatch, capsys, command, last):
    pty = pytest.importorskip("pty")
    import termios

    monkeypatch.setattr("skl_tot.meta.auto.default_plans", two_plans)
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (24, 80))
    with open(end, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        assert run(command) == 0
        stream.flush()
        shown = ""
        while last not in shown and select.select([terminal], [], [], 10)[0]:
            shown += os.read(terminal, 100_000).decode(errors="replace")
        assert f"| {last} [" in shown
    assert last not in capsys.readouterr().out
    if command.startswith("fit"):
        model = load_model("shown.skops")
        verbose = model.get_params().items()
        assert not any(value for name, value in verbose if name.endswith("verbose"))


def test_names_that_the_output_cannot_show(run, folder):
    (folder / "umlaut.txt").write_text("0 rühren\n", encoding="utf-8")
    assert run("predict model.skops flat --out umlaut --names umlaut.txt") == 0
    command = f"{sys.executable} -m skl_tot evaluate data umlaut"
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command.split(), capture_output=True, env=environment)
    assert done.returncode == 0
    assert rb"r\xfchren" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="a shell that has true")
def test_closed_pipe(run, folder):
    command = f"{sys.executable} -m skl_tot evaluate data segments | true"
    done = subprocess.run(command, shell=True, capture_output=True, check=True)
    assert done.stderr == b""


@pytest.mark.skipif(os.name == "nt", reason="a shell that closes streams")
@pytest.mark.parametrize(
    ("command", "closed", "status"),
    [
        ("fit flat --n-actions 3 --method hmm --out a.skops", "<&- >&- 2>&-", 0),
        ("fit flat", ">&- 2>&-", 2),
    ],
)
def test_closed_streams(run, folder, closed, command, status):
    code = "import os; from skl_tot.app.cli.main import main; s = main(); "
    code += "f = open(os.devnull); n = f.fileno(); raise SystemExit(s if n > 2 else n)"
    command = f"{sys.executable} -c {shlex.quote(code)} {command} {closed}"
    done = subprocess.run(command, shell=True, capture_output=True, timeout=300)
    assert done.returncode == status
    assert done.stderr == b""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_pipes_are_not_waited_for(run, folder, tmp_path):
    os.mkfifo(tmp_path / "model.skops")
    (tmp_path / "data").mkdir()
    os.mkfifo(tmp_path / "data" / "v0.npy")
    commands = [
        f"predict {tmp_path}/model.skops flat --out a",
        f"fit {tmp_path}/data --n-actions 3 --method hmm --out a",
    ]
    code = f"""
from skl_tot.app.cli.main import main
print(*[main(command.split()) for command in {commands!r}])
"""
    program = [sys.executable, "-c", code]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert done.stdout == "2 2\n"
    predict, fit = done.stderr.splitlines()
    assert "model.skops" in predict
    assert "v0.npy" in fit


@pytest.mark.skipif(os.name == "nt", reason="no SIGTERM")
@pytest.mark.parametrize(
    ("hidden", "name", "status", "message"),
    [
        ("", "SIGTERM", 143, ""),
        ("", "SIGINT", 130, "skl-tot demo: interrupted\n"),
        ("TypeError('of a library')", "SIGINT", 130, "skl-tot demo: interrupted\n"),
        ("OSError('disk is full')", "SIGINT", 2, "skl-tot demo: disk is full\n"),
        ("OSError('disk is full')", "SIGTERM", 2, "skl-tot demo: disk is full\n"),
    ],
)
def test_told_to_end(tmp_path, name, status, message, hidden):
    """Libraries hide what their callbacks raise; what is not saved is an error."""
    code = f"""
import os, signal, sys, time
# a shell that starts a job in the background has it ignore this signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from skl_tot.app.cli import main
from skl_tot.recordings import disk

def demo(**_):
    try:
        with disk.replaced({str(tmp_path / "a.png")!r}):
            os.kill(os.getpid(), signal.{name})
            time.sleep(60)
    except BaseException:
        if {hidden!r}:
            raise {hidden or None} from None
        raise

main.COMMANDS["demo"].function = demo
sys.argv = ["skl-tot", "demo"]
sys.exit(main.main())
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (status, message)
    assert list(tmp_path.iterdir()) == []


def test_warnings_are_one_line_and_printed_once(monkeypatch, capsys):
    def demo(**_):
        for _ in range(2):  # as of two recordings
            warnings.warn("two\nlines", stacklevel=1)

    monkeypatch.setattr(COMMANDS["demo"], "function", demo)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["demo"]) == 0
    assert capsys.readouterr().err == "skl-tot: warning: two lines\n"
