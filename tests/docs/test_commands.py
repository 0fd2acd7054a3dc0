"""Commands of pages, and the Python beside them, in a folder with files as they say."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skl_tot
from skl_tot import HMMSegmenter
from skl_tot.app.cli.main import main
from skl_tot.datasets import make_activities

DOCS = Path(skl_tot.__file__).parents[1] / "docs"
COLUMNS = ["acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"]
# Lines of a transcript that depend on the fit by more than their digits.
OF_THE_FIT = re.compile(
    r"^\.{3}$|\S {3,}\S|^  |[Dd]eviat|separates|^In the end|^Equal|^How far"
)


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch, short_networks):
    """Fits are short, and the folder is one of ours."""
    monkeypatch.chdir(tmp_path)
    for module in ("app.review.teaching", "corrections.semi_supervised"):
        where = f"skl_tot.{module}.default_estimators"
        monkeypatch.setattr(where, lambda *_, **__: [HMMSegmenter(6)])


def masked(line):
    """Line without digits, which depend on the fit."""
    return re.sub(r"[0-9.]+", "N", line)


def shown(printed, expected, left_out):
    """Whether a transcript shows lines in their order."""
    lines = map(masked, printed.splitlines())
    for line in expected.splitlines():
        if not left_out.search(line) and masked(line) not in lines:
            return False
    return True


def check(block, capsys, left_out=re.compile(r"^\.{3}$"), options=()):
    """Run the commands of a block, and compare their output with it."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:] or [block]:
        command, _, expected = part.partition("\n")
        _, *arguments = shlex.split(command)
        arguments += options if arguments[0] == "features" else []
        capsys.readouterr()
        assert main(arguments) == 0, command
        assert shown(capsys.readouterr().out, expected, left_out), command


def blocks_of(text, languages):
    return re.findall(rf"^```(?:{languages})\n(.*?)^```", text, re.S | re.M)


def text_of(text, start):
    """Content of the block of text that starts with a line."""
    (content,) = [own for own in blocks_of(text, "text") if own.startswith(start)]
    return content


def test_start(capsys):
    text = (DOCS / "start.md").read_text("utf-8")
    labels = text_of(text, "recording,action,start_time,end_time\n")
    Path("first.csv").write_text(labels, encoding="utf-8")
    assert main(["demo", "--recordings", "cycles"]) == 0
    for block in blocks_of(text, "console"):
        check(block, capsys)
    for code in blocks_of(text, "python"):
        exec(compile(code, "start.md", "exec"), {})


def test_stops(capsys):
    cycles, _ = make_activities(8, 4, mean_length=40, random_state=0)
    frames = np.concatenate(cycles)
    lengths = np.ones(len(frames), int)
    lengths[[150, 260]] = 2600, 600  # the machine stands still
    table = pd.DataFrame(np.repeat(frames, lengths, axis=0)).add_prefix("x")
    seconds = pd.to_timedelta(100 * np.arange(len(table)), "ms")
    table.insert(0, "time", pd.Timestamp("2024-03-04 06:00:00.3") + seconds)
    table.to_csv("shift.csv", index=False)
    text = (DOCS / "guide" / "cycles_and_large_data.md").read_text("utf-8")
    (block,) = blocks_of(text, "console")
    check(block, capsys)


# ---------------------------------------------------------------- the page about files


def write_csv(takes, folder="cycles", columns=COLUMNS):
    Path(folder).mkdir()
    for i, take in enumerate(takes, start=1):
        table = pd.DataFrame(take, columns=columns)
        table.insert(0, "time_ms", 20 * np.arange(len(take)))
        table.to_csv(f"{folder}/cycle_{i:02}.csv", index=False)


def write_signals(_):
    """Accelerations that swing, action by action, in one way or another."""
    random, walks = np.random.default_rng(0), []
    for _ in range(6):
        labels = np.arange(4).repeat(random.integers(100, 200, 4))
        phase = np.cumsum(np.array([0.02, 0.12, 0.25, 0.5])[labels])
        heights = np.array([0, 1, 3, 1])[labels, None]
        waves = heights * np.sin(phase[:, None] + np.arange(3))
        walks.append(waves + random.normal(0, 0.2, waves.shape))
    write_csv(walks, "walks", COLUMNS[:3])


def write_parquet(takes):
    parts = []
    for i, take in enumerate(takes):
        columns = {"episode_index": i, "frame_index": np.arange(len(take))}
        columns["timestamp"] = np.arange(len(take), dtype=np.float32) / 10
        columns["observation.state"] = list(take.astype(np.float32))
        parts.append(pd.DataFrame(columns))
    pd.concat(parts).to_parquet("episodes.parquet", index=False)


def write_exports(takes):
    """Tables below the lines of the page, without units, of which a warning speaks."""
    above = "Device;X200\nRate;50 Hz\n# calibrated\n"
    Path("exports").mkdir()
    for i, take in enumerate(takes):
        rows = [f"{20 * k};{x:.4f};{y:.4f}\n" for k, (x, y) in enumerate(take[:, :2])]
        text = f"{above}Time_ms;Acc X;Acc Y\n{''.join(rows)}"
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


def write_arrays(takes, folder="features"):
    Path(folder).mkdir(parents=True)
    for i, take in enumerate(takes):
        np.save(f"{folder}/take_{i}.npy", take)


def write_field(_):
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


def write_clips(write_clip):
    """Three clips of coloured squares that move, in one order of colours."""
    Path("videos").mkdir()
    for i in range(3):
        frames = np.full((24 + 3 * i, 48, 64, 3), 40, dtype=np.uint8)
        for t, frame in enumerate(frames):
            frame[10:30, t : t + 20, t // 10] = 220
        write_clip(f"videos/clip_{i}.mp4", frames)


def write_cycles(takes):
    write_arrays([np.concatenate([takes[i % 4] for i in range(12)])], "shifts")


def use_random_network(monkeypatch):
    """Take a random network of small pictures where the page takes one of the hub."""
    torch, timm = pytest.importorskip("torch"), pytest.importorskip("timm")
    from skl_tot.preprocessing import FrameFeatures

    torch.save(timm.create_model("resnet18").state_dict(), "weights.pth")
    for name, value in {"weights": Path("weights.pth"), "image_size": 64}.items():
        monkeypatch.setitem(FrameFeatures.__init__.__kwdefaults__, name, value)
    return ["--weights", "weights.pth"]


def write_faulty(takes):
    """Walks, one with empty rows and one that is frozen."""
    noise, takes = np.random.default_rng(0), [np.repeat(x, 6, axis=0) for x in takes]
    takes = [take + 0.1 * noise.normal(size=take.shape) for take in takes]
    takes[1][60:90], takes[4][100:225] = np.nan, takes[4][99]
    write_csv(takes, "walks")


FILES = {
    "Check your files": write_faulty,
    "CSV": write_csv,
    "Exports of devices": write_exports,
    "Parquet and robot episodes": write_parquet,
    "Signals": write_signals,
    "HDF5": write_demonstrations,
    "Arrays": write_arrays,
    "Layout of the field": write_field,
    "Cycles": write_cycles,
}
PARTS = re.split(r"^## (.*)\n", (DOCS / "files.md").read_text("utf-8"), flags=re.M)[1:]
SECTIONS = dict(zip(PARTS[::2], PARTS[1::2]))


@pytest.mark.parametrize("heading", SECTIONS)
def test_files(heading, request, capsys, monkeypatch):
    """The first commands of each section run, and so does its Python."""
    if heading == "Poses":
        request.getfixturevalue("pose_files")
    takes, _ = make_activities(8, 4, n_features=6, mean_length=60, random_state=3)
    options = []
    if heading == "Videos":
        write_clips(request.getfixturevalue("write_clip"))
        options = use_random_network(monkeypatch)
    FILES.get(heading, len)(takes)
    commands, *_ = blocks_of(SECTIONS[heading], "console|bash")
    check(commands, capsys, OF_THE_FIT, options)
    if "report.html" in commands:
        table = pd.read_csv("summary/durations.csv")
        assert set(table["unit"]) == {"s"}
        assert "</html>" in Path("report.html").read_text("utf-8")
    names = {"takes": {f"take {i}": take for i, take in enumerate(takes)}}
    if heading == "Cycles":
        names["recording"] = np.load("shifts/take_0.npy")
    for code in blocks_of(SECTIONS[heading], "python"):
        exec(compile(code, "files.md", "exec"), names)
