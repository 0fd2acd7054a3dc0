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

PAGE = Path(skl_tot.__file__).parents[1] / "docs" / "files.md"
COLUMNS = ["acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"]
FIELD = "Layout of the field"
# Lines of a transcript that do not depend on the fit have none of these.
OF_THE_FIT = re.compile(
    r"\S {3,}\S|^  |[Dd]eviat|signals? .*separates?|^In the end|^Equal|^How far"
    r"|^\.{3}$",
    re.I,
)


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


def write_csv(takes, folder, columns):
    Path(folder).mkdir()
    for i, take in enumerate(takes, start=1):
        table = pd.DataFrame(take, columns=columns)
        table.insert(0, "time_ms", 20 * np.arange(len(take)))
        table.to_csv(f"{folder}/cycle_{i:02}.csv", index=False)


def write_signals():
    """Accelerations that swing, action by action, in one way or another."""
    random, walks = np.random.default_rng(0), []
    for _ in range(6):
        labels = np.arange(4).repeat(random.integers(300, 500, 4))
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


def write_arrays(takes, folder="features"):
    Path(folder).mkdir(parents=True)
    for i, take in enumerate(takes):
        np.save(f"{folder}/take_{i}.npy", take)


def write_field():
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


def write_clips():
    """Three clips of coloured squares that move, in one order of colours."""
    av = pytest.importorskip("av")
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


def use_random_network(monkeypatch):
    """Take a random network of small pictures where the page takes one of the hub."""
    torch, timm = pytest.importorskip("torch"), pytest.importorskip("timm")
    from skl_tot.preprocessing import FrameFeatures

    torch.manual_seed(0)
    torch.save(timm.create_model("resnet18").state_dict(), "weights.pth")
    for name, value in {"weights": Path("weights.pth"), "image_size": 64}.items():
        monkeypatch.setitem(FrameFeatures.__init__.__kwdefaults__, name, value)
    return ["--weights", "weights.pth", "--image-size", "64"]


WRITERS = {  # of data, its path, and the number of recordings
    "CSV": (lambda takes: write_csv(takes, "cycles", COLUMNS), "cycles", 8),
    "Parquet and robot episodes": (write_parquet, "episodes.parquet", 8),
    "Arrays": (write_arrays, "features", 8),
    "Exports of devices": (write_exports, "exports", 8),
    "HDF5 and .npz": (write_demonstrations, "lift.hdf5", 8),
    "Signals": (lambda _: write_signals(), "walks", 6),
    "Poses": (lambda _: None, "tracks", 3),
    "Videos": (lambda _: write_clips(), "features", 3),
    "Cycles": (
        lambda takes: write_arrays(
            [np.concatenate([takes[i % 4] for i in range(12)])], "shifts"
        ),
        *("shifts", 1),
    ),
    FIELD: (lambda _: write_field(), None, 8),
}


def run_commands(block, capsys, data, options):
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
        lines = iter(printed.out.splitlines())
        for line in expected.splitlines():
            assert OF_THE_FIT.search(line) or line in lines, (command, line)


@pytest.mark.filterwarnings("ignore:bodies turn")  # as the page says
@pytest.mark.parametrize("heading", SECTIONS)
def test_sections(heading, request, tmp_path, capsys, monkeypatch):
    """Commands and Python lead to a page, a summary, and times of all recordings."""
    monkeypatch.chdir(tmp_path)
    if heading == "Poses":
        request.getfixturevalue("pose_files")
    # where too little is learned, no switch of cycles is worth its cost
    n_steps = 400 if heading == "Cycles" else 30
    for name, value in {"max_iter": n_steps, "n_networks": 1}.items():
        monkeypatch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, name, value)
    length = 200 if heading == "Cycles" else 60
    options = {"n_features": 6, "mean_length": length, "random_state": 3}
    takes, _ = make_activities(8, 4, **options)
    write, data, n_recordings = WRITERS[heading]
    commands, code = SECTIONS[heading]
    write(takes)
    weights = use_random_network(monkeypatch) if heading == "Videos" else []
    run_commands(commands, capsys, data, weights)
    if heading == FIELD:
        return
    assert "</html>" in Path("report.html").read_text("utf-8")
    Path("report.html").unlink()
    table = pd.read_csv("summary/durations.csv")
    assert table["recording"].nunique() == n_recordings
    assert set(table["unit"]) == {"s"}
    if heading == "Cycles":
        assert len(pd.read_csv("summary/cycles.csv")) == 12
    if code is None:
        return
    names = {"takes": {f"take {i}": take for i, take in enumerate(takes)}}
    if heading == "Cycles":
        names["recording"] = np.load("shifts/take_0.npy")
    exec(compile(code, str(PAGE), "exec"), names)
    assert "write_report" not in names or Path("report.html").is_file()
    if heading == "Cycles":
        assert len(names["times"]) == len(names["odd"]) == 12
        return
    assert names["table"]["recording"].nunique() == n_recordings
    if heading == "CSV":  # the same by commands and in Python
        columns = ["recording", "action", "total"]
        pair = table[columns], names["table"][columns]
        pd.testing.assert_frame_equal(*pair, check_dtype=False)
