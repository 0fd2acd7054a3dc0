"""Arguments of the command line. Nothing here takes time to load."""

import argparse
from collections.abc import Callable

from skl_tot import __version__
from skl_tot.cli.options import (
    add_activities,
    add_cycles,
    add_folder,
    add_fps,
    add_gaps,
    add_labels,
    add_model,
    add_model_options,
    add_names,
    add_reading,
    grid_axis,
    not_negative,
    positive,
)
from skl_tot.inputs.errors import one_line

EXAMPLES = {
    "fit": "skl-tot fit features --n-actions 12 --set rho=0.1 --out model.skops",
    "refine": "skl-tot refine model.skops features --labels corrected --out new.skops",
    "edit": "skl-tot edit model.skops --merge 1 4 --rename 0=reach --out new.skops",
    "predict": "skl-tot predict model.skops features --out segments --fps 30",
    "watch": "skl-tot watch model.skops growing.csv --follow --lag 1",
    "evaluate": "skl-tot evaluate breakfast segments --ignore SIL",
    "search": "skl-tot search features --n-actions 12 --grid rho=0.05,0.1 alpha=0,1",
    "plot": "skl-tot plot segments --out timelines.png --fps 30",
    "features": "skl-tot features videos --out features --fps 10",
    "summary": "skl-tot summary segments --groups subjects.csv --out summary",
    "report": "skl-tot report model.skops features --out report.html --fps 30",
    "demo": "skl-tot demo --out timelines.png",
}


class Parser(argparse.ArgumentParser):
    """Parser whose errors are one line, and whose epilog is made when it is shown."""

    make_epilog: Callable[[], str] | None = None

    def error(self, message):
        """Print the message and leave with 2."""
        self.exit(2, f"{self.prog}: {one_line(message)} (try {self.prog} --help)\n")

    def format_help(self):
        """Text of ``--help``."""
        if self.make_epilog is not None:
            self.epilog = self.make_epilog()
        return super().format_help()


class FormatNames:
    """Names in the table of formats, which is loaded when somebody asks."""

    def __iter__(self):
        """Iterate over the names."""
        from skl_tot.io.formats import writable_formats

        return iter(writable_formats())


def make_parser():
    """Make the parser of all commands."""
    parser = Parser(prog="skl-tot", description="Unsupervised action segmentation.")
    version = f"%(prog)s {__version__}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_fit(commands)
    _add_refine(commands)
    _add_edit(commands)
    _add_predict(commands)
    _add_watch(commands)
    _add_evaluate(commands)
    _add_search(commands)
    _add_plot(commands)
    _add_features(commands)
    _add_summary(commands)
    _add_report(commands)
    _add_demo(commands)
    return parser


def _add_command(commands, name, summary):
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary.capitalize()}.\n\nexample:\n  {EXAMPLES[name]}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_fit(commands):
    fit = _add_command(commands, "fit", "learn the actions that videos share")
    add_folder(fit)
    add_model_options(fit)
    add_activities(fit)
    add_cycles(fit)
    fit.add_argument("--out", required=True, help="model file to write (.skops)")
    add_labels(fit)
    add_gaps(fit)


def _add_refine(commands):
    refine = _add_command(
        commands, "refine", "teach a model labels that people have corrected"
    )
    add_model(refine)
    add_folder(refine)
    add_labels(refine, required=True)
    add_gaps(refine)
    refine.add_argument("--out", required=True, help="model file to write (.skops)")


def _add_edit(commands):
    edit = _add_command(
        commands, "edit", "merge, split and rename actions, in this order"
    )
    add_model(edit)
    edit.add_argument(
        "--merge",
        nargs="+",
        action="append",
        default=[],
        metavar="ACTION",
        help="actions that are one; may be repeated, by the labels after those before",
    )
    edit.add_argument(
        "--split",
        action="append",
        default=[],
        metavar="ACTION",
        help="action that is two; by its parts, or by --features",
    )
    edit.add_argument(
        "--rename",
        nargs="+",
        default=[],
        metavar="ACTION=NAME",
        help="new names",
    )
    edit.add_argument("--features", metavar="DATA", help="recordings to split by")
    add_reading(edit)
    edit.add_argument("--out", required=True, help="model file to write (.skops)")


def _add_predict(commands):
    predict = _add_command(commands, "predict", "say which action each frame shows")
    add_model(predict)
    add_folder(predict)
    predict.add_argument(
        "--out",
        required=True,
        help="folder to write, a file a video; or one file of all, such as all.csv",
    )
    predict.add_argument(
        "--format",
        choices=FormatNames(),
        metavar="FORMAT",
        help="format of the files, see below",
    )
    predict.make_epilog = _list_formats
    add_names(predict)


def _add_watch(commands):
    watch = _add_command(
        commands, "watch", "print the segments of a recording while it is made"
    )
    add_model(watch)
    watch.add_argument(
        "file",
        nargs="?",
        default="-",
        metavar="FILE",
        help="CSV file, a row a frame under names of columns (default: -, the standard "
        "input)",
    )
    watch.add_argument(
        "--lag",
        type=not_negative,
        default=1.0,
        metavar="SECONDS",
        help="how long to wait before a frame gets its label (default: 1)",
    )
    watch.add_argument(
        "--fps",
        type=positive,
        metavar="RATE",
        help="frames per second (default: the model's)",
    )
    watch.add_argument(
        "--follow",
        action="store_true",
        help="wait for more at the end of the file, until interrupted",
    )
    watch.add_argument(
        "--columns",
        nargs="+",
        action="extend",
        metavar="COLUMN",
        help="columns that are features (default: those of the model, or all but a "
        "clock)",
    )
    add_names(watch)


def _list_formats():
    """Names and descriptions of the table of formats."""
    from skl_tot.io.formats import writable_formats

    lines = ["formats:"]
    for name, entry in writable_formats().items():
        lines.append(f"  {name:<12}{entry.description}")
    lines[1] += " (default)"
    return "\n".join(lines)


def _add_evaluate(commands):
    evaluate = _add_command(commands, "evaluate", "compare segments with ground truth")
    evaluate.add_argument("folder", metavar="DATA", help="folder with groundTruth")
    add_reading(evaluate)
    evaluate.add_argument("predictions", metavar="PREDICTIONS", help="from predict")
    evaluate.add_argument(
        "--scope",
        default="activity",
        choices=["activity", "video", "labels"],
        help="match actions to labels over all videos or in each, or take them for "
        "labels, as of a model that has learned some (default: activity)",
    )
    evaluate.add_argument(
        "--ignore",
        nargs="+",
        action="extend",
        metavar="LABEL",
        help="labels whose frames do not count",
    )
    evaluate.add_argument(
        "--background", metavar="LABEL", help="label of frames without an action"
    )
    add_labels(evaluate)


def _add_search(commands):
    search = _add_command(commands, "search", "try parameters and keep the best model")
    add_folder(search)
    add_model_options(search, n_actions_required=False)
    search.add_argument(
        "--grid",
        nargs="+",
        action="extend",
        required=True,
        type=grid_axis,
        metavar="NAME=V1,V2",
        help="values to try",
    )
    search.add_argument(
        "--scoring",
        default="label-free",
        choices=["label-free", "mof", "f1"],
        help="label-free needs no ground truth, the others do (default: label-free)",
    )
    search.add_argument("--folds", type=int, default=2, help="folds (default: 2)")
    search.add_argument("--n-jobs", type=int, default=None, help="parallel fits")
    search.add_argument("--out", help="model file to write, fitted on all videos")


def _add_plot(commands):
    plot = _add_command(commands, "plot", "draw timelines of predicted segments")
    plot.add_argument("predictions", metavar="PREDICTIONS", help="from predict")
    plot.add_argument("--out", required=True, help="picture to write (.png, .svg, ...)")
    plot.add_argument("--ground-truth", metavar="DIR", help="folder with groundTruth")
    plot.add_argument(
        "--transpose",
        action="store_true",
        help="its features are arrays of shape (features, frames)",
    )
    add_fps(plot)
    add_names(plot)


def _add_features(commands):
    features = _add_command(commands, "features", "compute features of video files")
    features.add_argument(
        "videos", nargs="+", metavar="VIDEO", help="video file, or folder of such"
    )
    features.add_argument("--out", required=True, help="folder to write, .npy a video")
    features.add_argument("--fps", type=positive, default=10.0, help="default: 10")
    features.add_argument(
        "--backbone",
        default="resnet18",
        metavar="NAME",
        help="network of torchvision, or timm/NAME (default: resnet18)",
    )
    features.add_argument(
        "--weights",
        default="DEFAULT",
        metavar="FILE",
        help="state dict of the backbone (default: recommended ones, from the hub)",
    )
    features.add_argument("--device", default="auto", help="default: auto")
    features.add_argument(
        "--pooling",
        choices=["token", "avg"],
        help="of a transformer: its class token, or the mean of the others",
    )
    features.add_argument(
        "--image-size",
        type=int,
        metavar="PIXELS",
        help="side of the square that the network sees (default: as trained)",
    )


def _add_summary(commands):
    summary = _add_command(
        commands, "summary", "write durations, transitions, cycles and deviations"
    )
    summary.add_argument(
        "segments", metavar="SEGMENTS", help="folder from predict, or one table of all"
    )
    summary.add_argument(
        "--groups", metavar="FILE", help="CSV with the columns recording and group"
    )
    summary.add_argument("--out", required=True, help="folder to write")
    add_fps(summary)


def _add_report(commands):
    report = _add_command(
        commands, "report", "write a page about a model and its videos"
    )
    add_model(report)
    add_folder(report)
    report.add_argument("--out", required=True, help="HTML file to write")
    report.add_argument("--videos", metavar="DIR", help="video files, for thumbnails")
    report.add_argument(
        "--summary", metavar="FOLDER", help="write what the command summary does, too"
    )
    add_names(report)


def _add_demo(commands):
    demo = _add_command(
        commands, "demo", "fit a generated activity, print scores, draw timelines"
    )
    demo.add_argument("--out", default="timelines.png", help="picture to write")
    demo.add_argument("--n-videos", type=int, default=12, help="videos to generate")
    demo.add_argument("--n-actions", type=int, default=6, help="actions to generate")
    demo.add_argument("--seed", type=int, default=0, help="seed of data and fit")
