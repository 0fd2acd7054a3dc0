"""Command line."""

import argparse
import sys


def main(argv=None):
    """Run a command of ``skl-tot``.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments; None means those of the process.

    Returns
    -------
    status : int
        0 on success, 1 if an optional package is missing or a file cannot be written.
        Wrong arguments leave by ``SystemExit(2)``.
    """
    parser = argparse.ArgumentParser(
        prog="skl-tot", description="Unsupervised action segmentation."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser(
        "demo",
        help="fit a generated activity, print the scores, draw the timelines",
        description="Fit a generated activity, print the scores, draw the timelines. "
        "Example: skl-tot demo --output timelines.png",
    )
    demo.add_argument("--output", default="timelines.png", help="picture to write")
    demo.add_argument("--n-videos", type=int, default=12, help="videos to generate")
    demo.add_argument("--n-actions", type=int, default=6, help="actions to generate")
    demo.add_argument("--seed", type=int, default=0, help="seed of data and fit")
    arguments = parser.parse_args(argv)
    try:
        run_demo(
            arguments.output, arguments.n_videos, arguments.n_actions, arguments.seed
        )
    except (ImportError, OSError, ValueError) as error:
        print(f"skl-tot: {error}", file=sys.stderr)
        return 1
    return 0


def run_demo(output, n_videos, n_actions, seed):
    """Fit a generated activity, print the report and draw the timelines.

    Parameters
    ----------
    output : str
        Picture to write.
    n_videos, n_actions, seed : int
        What to generate.
    """
    # Late, so that --help does not wait for torch.
    from skl_tot import SegmentationDisplay, TemporalOTSegmenter
    from skl_tot.datasets import make_activities
    from skl_tot.metrics import segmentation_report

    videos, labels = make_activities(n_videos, n_actions, random_state=seed)
    model = TemporalOTSegmenter(n_actions, random_state=seed)
    predicted = model.fit_predict(videos)
    print(segmentation_report(labels, predicted))
    display = SegmentationDisplay.from_predictions(labels, predicted)
    display.figure_.savefig(output, dpi=150, bbox_inches="tight")
    print(f"Timelines drawn in {output}.")
