"""The command to begin with: demo."""

import importlib.util
from pathlib import Path

import skl_tot
from skl_tot.app.cli import arguments, outputs
from skl_tot.recordings.errors import how_to_install


def add_demo(commands):
    """Add the command ``demo``."""
    summary = "fit a generated activity, print scores, draw timelines"
    example = "skl-tot demo --out timelines.png --recordings cycles"
    add = arguments.add_command(commands, demo, summary, example).add_argument
    text = "picture to write (default: timelines.png)"
    add("--out", default="timelines.png", metavar="PICTURE", help=text)
    text = "new folder for the recordings, as CSV files"
    add("--recordings", metavar="FOLDER", help=text)
    add("--n-videos", type=int, default=12, help="videos to generate (default: 12)")
    add("--n-actions", type=int, default=6, help="actions to generate (default: 6)")


def demo(options):
    """Fit a generated activity, print the report and draw the timelines."""
    out, folder, n_videos = options.out, options.recordings, options.n_videos
    outputs.check_output(out, "--out", [], outputs.PICTURE)
    if folder is not None:
        outputs.check_output(folder, "--recordings", [out], is_folder=True)
        if Path(folder).is_dir():
            raise FileExistsError(f"{folder} is there, expected a new folder.")
    from skl_tot import datasets, metrics

    n_actions = options.n_actions
    videos, labels = datasets.make_activities(n_videos, n_actions, random_state=0)
    names = [f"cycle_{i:02}" for i in range(1, n_videos + 1)]
    if folder is not None:
        _write_recordings(folder, names, videos)
    model = skl_tot.TemporalOTSegmenter(n_actions, random_state=0)
    predicted = model.fit_predict(videos)
    print(metrics.segmentation_report(labels, predicted))
    if importlib.util.find_spec("matplotlib") is None:
        remedy = how_to_install("plot")
        print(f"No timelines are drawn without matplotlib: {remedy}")
    else:
        from skl_tot.recordings.files import replaced

        display = skl_tot.SegmentationDisplay.from_predictions(
            labels, predicted, video_names=names
        )
        with replaced(out) as temporary:
            display.figure_.savefig(temporary, dpi=150, bbox_inches="tight")
        print(f"Timelines drawn in {out}.")
    if folder is not None:
        print(f"{outputs.count(n_videos, 'recording')} written to {folder}.")


def _write_recordings(folder, names, videos):
    import pandas as pd

    from skl_tot.io.formats.tables import write_csv
    from skl_tot.recordings.files import replaced_files

    sensors = [f"sensor_{i:02}" for i in range(1, videos[0].shape[1] + 1)]
    with replaced_files(folder) as temporary:
        for name, video in zip(names, videos, strict=True):
            table = pd.DataFrame(video, columns=sensors)
            table.insert(0, "time", table.index / 10)
            write_csv(table, temporary / f"{name}.csv", float_format="%.5g")
