"""Commands to begin with: doctor, demo."""

import importlib.util
import platform
import re
from importlib import metadata
from pathlib import Path

import skl_tot
from skl_tot.app.cli.registry import command
from skl_tot.app.cli.shared import count, draw_timelines
from skl_tot.recordings.errors import EXTRAS, one_line


@command("list installed and missing packages, and devices", "skl-tot doctor")
def doctor():
    """Print versions, devices and extras; the status is 1 if a package is missing."""
    print(f"skl-tot {skl_tot.__version__} in {Path(skl_tot.__file__).parent}")
    print(f"Python {platform.python_version()}, {platform.platform()}")
    print("\nrequired packages")
    required = {name: _version(name) for name in _required_packages()}
    for name, version in required.items():
        print(f"  {name:<14} {version or 'missing'}")
    print("\ndevices")
    for line in _describe_devices():
        print(f"  {line}")
    print("\nextras")
    for extra, modules in EXTRAS.items():
        found = {name: _version(name) for name in dict.fromkeys(modules.values())}
        missing = [f"{name} missing" for name, version in found.items() if not version]
        there = ", ".join(f"{name} {version}" for name, version in found.items())
        advice = f"{', '.join(missing)}: pip install 'skl-tot[{extra}]'"
        print(f"  {extra:<14} {advice if missing else there}")
    missing = [name for name, version in required.items() if not version]
    if missing:
        print(f"\nMissing: {', '.join(missing)}; pip install -U skl-tot")
        return 1
    print("\nAll required packages are installed.")
    return 0


def _required_packages():
    try:
        lines = metadata.requires("skl-tot") or []
    except metadata.PackageNotFoundError:
        return ["skl-tot"]
    required = [line for line in lines if "extra ==" not in line]
    return [re.split(r"[^\w.-]", line)[0] for line in required]


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _describe_devices():
    try:
        from skl_tot.training.devices import describe_devices

        return describe_devices()
    except Exception as error:  # a broken torch raises many types
        return [f"unknown, as torch does not load ({one_line(error)})"]


@command(
    """
    fit a generated activity, print scores, draw timelines

    --out PICTURE: picture to write [default: timelines.png]
    --recordings FOLDER: new folder for the recordings, as CSV files
    --n-videos N: videos to generate [default: 12]
    --n-actions N: actions to generate [default: 6]
    --seed SEED: seed of data and fit [default: 0]
    """,
    "skl-tot demo --out timelines.png --recordings cycles",
)
def demo(out, recordings, n_videos, n_actions, seed):
    """Fit a generated activity, print the report and draw the timelines."""
    if recordings is not None and Path(recordings).is_dir():
        raise FileExistsError(f"{recordings} is there, expected a new folder.")
    from skl_tot import datasets, metrics

    videos, labels = datasets.make_activities(n_videos, n_actions, random_state=seed)
    names = [f"cycle_{i:02}" for i in range(1, n_videos + 1)]
    if recordings is not None:
        _write_recordings(recordings, names, videos)
    model = skl_tot.TemporalOTSegmenter(n_actions, random_state=seed)
    predicted = model.fit_predict(videos)
    print(metrics.segmentation_report(labels, predicted))
    if importlib.util.find_spec("matplotlib") is None:
        print("No timelines are drawn without matplotlib: pip install 'skl-tot[plot]'")
    else:
        draw_timelines(out, labels, predicted, video_names=names)
        print(f"Timelines drawn in {out}.")
    if recordings is not None:
        print(f"{count(n_videos, 'recording')} written to {recordings}.")


def _write_recordings(folder, names, videos):
    """Write a CSV file for each recording, with a clock of ten frames a second."""
    import pandas as pd

    from skl_tot.recordings.disk import replaced_files

    sensors = [f"sensor_{i:02}" for i in range(1, videos[0].shape[1] + 1)]
    with replaced_files(folder) as temporary:
        for name, video in zip(names, videos, strict=True):
            table = pd.DataFrame(video, columns=sensors)
            table.insert(0, "time", table.index / 10)
            options = {"float_format": "%.5g", "lineterminator": "\n"}
            table.to_csv(temporary / f"{name}.csv", index=False, **options)
