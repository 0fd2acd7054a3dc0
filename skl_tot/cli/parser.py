"""Arguments of the command line. Nothing here takes time to load."""

import argparse
import ast
from collections.abc import Callable

from skl_tot import __version__
from skl_tot.inputs.errors import one_line
from skl_tot.segmenters import METHODS

# Characters of the value of a parameter.
LONGEST_VALUE = 1000

EXAMPLES = {
    "fit": "skl-tot fit features --n-actions 12 --set rho=0.1 --out model.skops",
    "refine": "skl-tot refine model.skops features --labels corrected --out new.skops",
    "edit": "skl-tot edit model.skops --merge 1 4 --rename 0=reach --out new.skops",
    "predict": "skl-tot predict model.skops features --out segments --fps 30",
    "evaluate": "skl-tot evaluate breakfast segments --ignore SIL",
    "search": "skl-tot search features --n-actions 12 --grid rho=0.05,0.1 alpha=0,1",
    "plot": "skl-tot plot segments --out timelines.png --fps 30",
    "features": "skl-tot features video1.mp4 video2.mp4 --out features --fps 10",
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
    _add_evaluate(commands)
    _add_search(commands)
    _add_plot(commands)
    _add_features(commands)
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
    _add_folder(fit)
    _add_model_options(fit)
    fit.add_argument("--out", required=True, help="model file to write (.skops)")
    _add_labels(fit)
    _add_gaps(fit)


def _add_refine(commands):
    refine = _add_command(
        commands, "refine", "teach a model labels that people have corrected"
    )
    _add_model(refine)
    _add_folder(refine)
    _add_labels(refine, required=True)
    _add_gaps(refine)
    refine.add_argument("--out", required=True, help="model file to write (.skops)")


def _add_edit(commands):
    edit = _add_command(
        commands, "edit", "merge, split and rename actions, in this order"
    )
    _add_model(edit)
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
    edit.add_argument("--features", metavar="DIR", help="videos to split by")
    _add_transpose(edit)
    edit.add_argument("--out", required=True, help="model file to write (.skops)")


def _add_predict(commands):
    predict = _add_command(commands, "predict", "say which action each frame shows")
    _add_model(predict)
    _add_folder(predict)
    predict.add_argument("--out", required=True, help="folder to write, a file a video")
    predict.add_argument(
        "--format",
        choices=FormatNames(),
        metavar="FORMAT",
        help="format of the files, see below",
    )
    predict.make_epilog = _list_formats
    _add_fps(predict)
    _add_names(predict)


def _list_formats():
    """Names and descriptions of the table of formats."""
    from skl_tot.io.formats import writable_formats

    lines = ["formats:"]
    for name, entry in writable_formats().items():
        lines.append(f"  {name:<10}{entry.description}")
    lines[1] += " (default)"
    return "\n".join(lines)


def _add_evaluate(commands):
    evaluate = _add_command(commands, "evaluate", "compare segments with ground truth")
    evaluate.add_argument("folder", metavar="DIR", help="folder with groundTruth")
    _add_transpose(evaluate)
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
    _add_labels(evaluate)


def _add_search(commands):
    search = _add_command(commands, "search", "try parameters and keep the best model")
    _add_folder(search)
    _add_model_options(search, n_actions_required=False)
    search.add_argument(
        "--grid",
        nargs="+",
        action="extend",
        required=True,
        type=_grid_axis,
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
    _add_transpose(plot)
    _add_fps(plot)
    _add_names(plot)


def _add_features(commands):
    features = _add_command(commands, "features", "compute features of video files")
    features.add_argument("videos", nargs="+", metavar="VIDEO", help="video file")
    features.add_argument("--out", required=True, help="folder to write, .npy a video")
    features.add_argument("--fps", type=_positive, default=10.0, help="default: 10")
    features.add_argument("--backbone", default="resnet18", help="default: resnet18")
    features.add_argument(
        "--weights",
        default="DEFAULT",
        metavar="FILE",
        help="state dict of the backbone (default: torchvision's, from its hub)",
    )
    features.add_argument("--device", default="auto", help="default: auto")


def _add_report(commands):
    report = _add_command(
        commands, "report", "write a page about a model and its videos"
    )
    _add_model(report)
    _add_folder(report)
    report.add_argument("--out", required=True, help="HTML file to write")
    report.add_argument("--videos", metavar="DIR", help="video files, for thumbnails")
    _add_fps(report)
    _add_names(report)


def _add_demo(commands):
    demo = _add_command(
        commands, "demo", "fit a generated activity, print scores, draw timelines"
    )
    demo.add_argument("--out", default="timelines.png", help="picture to write")
    demo.add_argument("--n-videos", type=int, default=12, help="videos to generate")
    demo.add_argument("--n-actions", type=int, default=6, help="actions to generate")
    demo.add_argument("--seed", type=int, default=0, help="seed of data and fit")


def _add_folder(parser):
    parser.add_argument(
        "folder", metavar="DIR", help="folder of .npy files, or one with features/"
    )
    _add_transpose(parser)


def _add_transpose(parser):
    parser.add_argument(
        "--transpose",
        action="store_true",
        help="files hold arrays of shape (features, frames)",
    )


def _add_model(parser):
    parser.add_argument("model", metavar="MODEL", help="file from fit or search")


def _add_fps(parser):
    parser.add_argument("--fps", type=_positive, help="frames per second, for times")


def _add_labels(parser, required=False):
    parser.add_argument(
        "--labels",
        required=required,
        metavar="FOLDER",
        help="corrected files, named as the recordings; some may be missing",
    )
    parser.add_argument(
        "--fps", type=_positive, help="frames per second, for labels with times"
    )


def _add_gaps(parser):
    parser.add_argument(
        "--gaps",
        choices=["unknown", "background"],
        help="what frames between the segments of labels are (default: unknown)",
    )


def _add_names(parser):
    parser.add_argument(
        "--names", metavar="FILE", help="'<number> <name>' a line, or JSON"
    )


def _add_model_options(parser, n_actions_required=True):
    parser.add_argument(
        "--n-actions", type=int, required=n_actions_required, help="actions to find"
    )
    parser.add_argument("--method", default="tot", choices=METHODS, help="model class")
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        type=_setting,
        dest="settings",
        metavar="NAME=VALUE",
        help="parameters of the model, such as rho=0.1 random_state=0",
    )
    parser.add_argument(
        "--pipeline",
        default="",
        metavar="STEP[:N],...",
        help="steps before it, in place of its own standardisation (unless --set has "
        "standardize): standard, minmax, robust, pca:N",
    )


def _positive(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def _setting(text):
    name, value = _split_setting(text)
    return name, _value(name, value)


def _grid_axis(text):
    name, values = _split_setting(text)
    return name, [_value(name, value) for value in values.split(",")]


def _split_setting(text):
    name, _, value = text.partition("=")
    if not (name.isidentifier() and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _value(name, text):
    """Read a number, boolean or None, or else text."""
    too_long = argparse.ArgumentTypeError(f"the value of {name} is too long")
    if len(text) > LONGEST_VALUE:
        raise too_long
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
    except (MemoryError, RecursionError):  # too many brackets or signs
        raise too_long from None
