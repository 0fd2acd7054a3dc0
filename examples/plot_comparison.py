"""Methods compared, as in Figs. 5 and 6 of the paper
==================================================

Draw one video: the ground truth, and below it what CTE, TOT and TOT+TCL find, as
published, and what the defaults find, all after 1000 steps.

::

    python examples/plot_comparison.py [--data FOLDER] [--output FILE.png]
"""

import argparse
import sys

import matplotlib.pyplot as plt

from skl_tot import SegmentationDisplay, TemporalOTSegmenter, baselines
from skl_tot.datasets import load_action_dataset, make_activities

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--data", help="data set; by default an activity is generated")
parser.add_argument("--activity", help="part of the names of the videos to load")
parser.add_argument("--video", type=int, default=0, help="index of the video to draw")
parser.add_argument("--output", help="picture to write; by default it is shown")
# in a notebook, the arguments of the process are those of its kernel
arguments = parser.parse_args([] if "ipykernel" in sys.modules else None)

if arguments.data is None:
    videos, labels = make_activities(12, 6, random_state=0)
    actions = ["take cup", "pour coffee", "pour milk", "add sugar", "stir", "drink"]
    video_names = None
else:
    data = load_action_dataset(arguments.data, arguments.activity)
    videos, labels, actions = data.videos, data.labels, data.target_names
    video_names = data.video_names

options = {"n_actions": len(actions), "max_iter": 1000, "random_state": 0}
methods = {
    "CTE": baselines.CTESegmenter(**options),
    "TOT": baselines.paper(**options),
    "TOT+TCL": baselines.paper(**options, alpha=1.0),
    "defaults": TemporalOTSegmenter(**options),
}
display = SegmentationDisplay.from_predictions(
    labels,
    {name: model.fit_predict(videos) for name, model in methods.items()},
    target_names=actions,
    video_names=video_names,
    videos=[arguments.video],
)

if arguments.output is None:
    plt.show()
else:
    display.figure_.savefig(arguments.output, dpi=150)
