"""The page about files: each section leads from files to tables and a report."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skl_tot
from skl_tot import TemporalOTSegmenter
from skl_tot.app.cli.main import main
from skl_tot.datasets import make_activities
from skl_tot.io import load_model

PAGE = Path(skl_tot.__file__).parents[1] / "docs" / "files.md"
COLUMNS = ["acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"]
TABLES = ["deviations.csv", "durations.csv"]
TABLES += ["telling_features.csv", "transitions.csv"]


def read_sections():
    """Blocks below each heading: the first of commands, and the one of Python."""
    sections = re.split(r"^## (.*)\n", PAGE.read_text("utf-8"), flags=re.M)[1:]
    found = {}
    for heading, text in zip(sections[::2], sections[1::2]):
        blocks = re.findall(r"^```(python|console|bash)\n(.*?)^```", text, re.S | re.M)
        (code,) = [block for kind, block in blocks if kind == "python"] or [None]
        found[heading] = (blocks[0][1], code)
    return found


SECTIONS = read_sections()


@pytest.fixture(scope="module")
def takes():
    """Recordings of one activity, as arrays (n_frames, 6); an action of one is slow."""
    options = {"n_features": 6, "mean_length": 200, "random_state": 3}
    takes, labels = make_activities(8, 4, **options)
    takes[4] = np.repeat(takes[4], np.where(labels[4] == 1, 3, 1), axis=0)
    return takes


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    """Fits are short, and the folder is one of ours."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"max_iter": 60, "n_networks": 1}.items():
        monkeypatch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, name, value)


def write_csv(takes):
    Path("cycles").mkdir()
    for i, take in enumerate(takes, start=1):
        table = pd.DataFrame(take, columns=COLUMNS)
        table.insert(0, "time_ms", 20 * np.arange(len(take)))
        table.to_csv(f"cycles/cycle_{i:02}.csv", index=False)


def write_signals():
    """Accelerations that swing, action by action, in one way or another."""
    random = np.random.default_rng(0)
    Path("walks").mkdir()
    for i in range(6):
        labels = np.arange(4).repeat(random.integers(300, 500, 4))
        phase = np.cumsum(np.array([0.02, 0.12, 0.25, 0.5])[labels])
        heights = np.array([0, 1, 3, 1])[labels, None]
        waves = heights * np.sin(phase[:, None] + np.arange(3))
        waves += random.normal(0, 0.2, waves.shape)
        table = pd.DataFrame(waves, columns=COLUMNS[:3])
        table.insert(0, "time_ms", 20 * np.arange(len(table)))
        table.to_csv(f"walks/walk_{i}.csv", index=False)


def write_parquet(takes):
    parts = []
    for i, take in enumerate(takes):
        columns = {
            "episode_index": i,
            "frame_index": np.arange(len(take)),
            "timestamp": np.arange(len(take), dtype=np.float32) / 10,
            "observation.state": list(take.astype(np.float32)),
        }
        parts.append(pd.DataFrame(columns))
    pd.concat(parts).to_parquet("episodes.parquet", index=False)


def write_exports(takes):
    """Tables below the lines of the page, without units, of which a warning speaks."""
    above = "Device;X200\nRate;50 Hz\n# calibrated\n"
    Path("exports").mkdir()
    for i, take in enumerate(takes):
        rows = [f"{20 * k};{x:.4f};{y:.4f}\n" for k, (x, y) in enumerate(take[:, :2])]
        text = f"{above}Time_ms;Acc X;Acc Y\n{''.join(rows)}# end\n"
        path = Path(f"exports/take_{i}.csv")
        path.write_text(text.replace(".", ","), encoding="utf-8")


def write_demonstrations(takes):
    h5py = pytest.importorskip("h5py")
    with h5py.File("lift.hdf5", "w") as file:
        data = file.create_group("data")
        data.attrs["env_args"] = '{"env_kwargs": {"control_freq": 20}}'
        for i, take in enumerate(takes):
            data[f"demo_{i}/obs/robot0_eef_pos"] = take[:, :4]
            data[f"demo_{i}/obs/robot0_gripper_qpos"] = take[:, 4:]
            data[f"demo_{i}/actions"] = take


def write_arrays(takes):
    Path("features").mkdir()
    for i, take in enumerate(takes):
        np.save(f"features/take_{i}.npy", take)


def write_clips():
    """Three clips of coloured squares that move, in one order of colours."""
    av = pytest.importorskip("av")
    pytest.importorskip("timm")
    Path("videos").mkdir()
    for i in range(3):
        with av.open(f"videos/clip_{i}.mp4", "w") as container:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width, stream.height = 64, 48
            for t in range(24 + 3 * i):
                frame = np.full((48, 64, 3), 40, dtype=np.uint8)
                frame[10:30, t : t + 20, t // 10] = 220
                picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
                container.mux(stream.encode(picture))
            container.mux(stream.encode())


@pytest.fixture
def random_network(tmp_path, monkeypatch):
    """Take a random network of small pictures where the page takes one of the hub."""
    torch = pytest.importorskip("torch")
    timm = pytest.importorskip("timm")
    from skl_tot.preprocessing import FrameFeatures

    path = tmp_path / "weights.pth"
    torch.manual_seed(0)
    torch.save(timm.create_model("resnet18").state_dict(), path)
    for name, value in {"weights": path, "image_size": 64}.items():
        monkeypatch.setitem(FrameFeatures.__init__.__kwdefaults__, name, value)
    return ["--weights", str(path), "--image-size", "64"]


def run_commands(block, capsys, data, options=()):
    """Run a fit of the page, and the commands that follow it for all kinds of files.

    What they print is compared with a transcript; results may differ. ``options`` are
    added to ``skl-tot features``.
    """
    commands = re.split(r"^\$ ", block, flags=re.M)[1:] or [block]
    if data is not None and "skl-tot report" not in block:
        commands += [
            f"skl-tot predict model.skops {data} --out segments.csv",
            f"skl-tot report model.skops {data} --out report.html --summary summary",
        ]
    for text in commands:
        command, _, expected = text.partition("\n")
        program, *arguments = shlex.split(command)
        assert program == "skl-tot"
        if arguments[0] == "features":
            arguments += options
        capsys.readouterr()
        status = main(arguments)
        printed = capsys.readouterr()
        assert (status, printed.err) == (0, ""), command
        lines = iter(shape_of(printed.out))
        for line in shape_of(expected):
            assert line in lines, (command, line)


def shape_of(text):
    """Lines that do not depend on the fit: no tables, deviations, or other order."""
    other = r"\S {3,}\S|^  |[Dd]eviat|signals? .*separates?|^In the end|^Equal"
    other += r"|^How far|^\.{3}$"
    return [line for line in text.splitlines() if not re.search(other, line, re.I)]


def run_python(block, names):
    """Run a block, and give what it made."""
    exec(compile(block, str(PAGE), "exec"), names)
    return names


def check_summary(n_recordings, has_cycles=False):
    """Tables of the summary, and the page, are there."""
    folder = Path("summary")
    names = ["cycles.csv", *TABLES] if has_cycles else TABLES
    assert sorted(path.name for path in folder.glob("*.csv")) == names
    check_durations(pd.read_csv(folder / "durations.csv"), n_recordings)
    check_report()


def check_durations(table, n_recordings, unit="s"):
    assert table["recording"].nunique() == n_recordings
    assert set(table["unit"]) == {unit}
    assert np.isclose(table.groupby("recording")["share"].sum(), 1).all()


def check_report():
    assert "</html>" in Path("report.html").read_text("utf-8")
    Path("report.html").unlink()


KINDS = [
    ("Parquet and robot episodes", write_parquet, "episodes.parquet"),
    ("Arrays", write_arrays, "features"),
    ("Exports of devices", write_exports, "exports"),
    ("HDF5 and .npz", write_demonstrations, "lift.hdf5"),
]


def test_every_section_is_tested():
    tested = [heading for heading, *_ in KINDS]
    tested += ["CSV", "Signals", "Poses", "Videos", "Cycles", "Layout of the field"]
    assert set(SECTIONS) == set(tested)


def test_csv(takes, capsys):
    write_csv(takes)
    commands, code = SECTIONS["CSV"]
    run_commands(commands, capsys, "cycles")
    check_summary(8)
    names = run_python(code, {})
    check_report()
    check_durations(names["table"], 8)
    table = pd.read_csv("summary/durations.csv")
    columns = ["recording", "action", "bouts", "total", "median", "latency"]
    pair = table[columns], names["table"][columns]
    pd.testing.assert_frame_equal(*pair, check_dtype=False)
    assert names["model"].feature_names_in_.tolist() == COLUMNS
    assert names["model"].fps_ == 50


@pytest.mark.parametrize(("heading", "write", "data"), KINDS)
def test_commands(takes, capsys, heading, write, data):
    write(takes)
    run_commands(SECTIONS[heading][0], capsys, data)
    check_summary(8)


def test_layout_of_the_field(capsys):
    for activity, n_actions in {"coffee": 4, "tea": 3}.items():
        takes, labels = make_activities(4, n_actions, mean_length=60, random_state=0)
        for i, (take, steps) in enumerate(zip(takes, labels)):
            words = np.array(["SIL", "pour", "stir", "drink"])[steps]
            for folder in ("features", "groundTruth"):
                Path("breakfast", folder).mkdir(parents=True, exist_ok=True)
            name = f"P{i:02}_{activity}"
            np.save(f"breakfast/features/{name}.npy", take)
            truth = Path(f"breakfast/groundTruth/{name}.txt")
            truth.write_text("\n".join(words), "utf-8")
    run_commands(SECTIONS["Layout of the field"][0], capsys, None)


@pytest.mark.filterwarnings("ignore:bodies turn")  # as the page says
def test_poses(pose_files, capsys):
    run_commands(SECTIONS["Poses"][0], capsys, "tracks")
    check_summary(len(pose_files))


def test_signals(capsys):
    write_signals()
    run_commands(SECTIONS["Signals"][0], capsys, "walks")
    check_summary(6)
    model = load_model("model.skops")
    assert 0.2 < model[1].window_ / 50 < 8  # seconds
    assert model[-1].feature_names_in_[0].startswith("acc_x mean ")


@pytest.mark.parametrize("form", [dict, list, pd.Series])
def test_forms(takes, form):
    named = {f"take {i}": take for i, take in enumerate(takes)}
    names = {"takes": named if form is dict else takes}
    if form is pd.Series:
        frames = {name: pd.DataFrame(x, columns=COLUMNS) for name, x in named.items()}
        names["takes"] = pd.concat(frames, names=["recording", "frame"])
    run_python(SECTIONS["Arrays"][1], names)
    check_durations(names["table"], 8)
    assert len(names["odd"]) == 8
    check_report()
    assert type(names["labels"]) is form


def test_videos(random_network, capsys):
    write_clips()
    commands, code = SECTIONS["Videos"]
    run_commands(commands, capsys, "features", random_network)
    check_summary(3)
    names = run_python(code, {})
    check_durations(names["table"], 3)


def test_cycles(takes, capsys, monkeypatch):
    # where too little is learned, no switch is worth its cost
    monkeypatch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, "max_iter", 800)
    recording = np.concatenate([takes[i % 4] for i in range(12)])
    Path("shifts").mkdir()
    np.save("shifts/monday.npy", recording)
    commands, code = SECTIONS["Cycles"]
    run_commands(commands, capsys, "shifts")
    check_summary(1, has_cycles=True)
    assert len(pd.read_csv("summary/cycles.csv")) == 12
    names = run_python(code, {"recording": recording})
    assert len(names["times"]) == len(names["odd"]) == 12
    starts = np.cumsum([0] + [len(takes[i % 4]) for i in range(12)])
    assert np.abs(names["model"].cuts_ - starts).max() < 60
    check_report()
