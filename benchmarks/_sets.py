"""Data sets of the studies: folders of recordings, and generated families.

A folder of sets has one folder per set, in the field's layout: ``features/`` with one
``.npy`` per recording, (n_frames, n_features); ``groundTruth/`` with one ``.txt`` per
recording, a label per line; ``mapping/mapping.txt`` with a number and a label per line.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skl_tot.datasets import load_action_dataset, make_activities

SEVEN = (
    "breakfast_coffee5",
    "hapt",
    "hiro_snap",
    "jigsaws_knot_tying",
    "jigsaws_throws",
    "kasteren_days",
    "utkinect",
)
RAW = ("actrectut", "hapt_raw", "mocap86")
VARIABLE = "SKL_TOT_DATA"
UNLABELLED = "unlabelled"

# Overlap such that an order that is known and Gaussians that are learned from labels
# give about 95 % of the frames. The seeds of "uneven" are the first whose longest
# action is 8 to 13 times as long as the shortest. In "pairs" the last two actions look
# like the first two; "free" has no course, and no action need occur.
SHAPE = {"n_videos": 60, "n_actions": 6, "n_features": 8, "mean_length": 60}
FAMILIES = {
    "even": ({"unevenness": 0.0}, (0, 1, 2)),
    "uneven": ({"unevenness": 0.8}, (3, 5, 9)),
    "missing": ({"unevenness": 0.2, "missing": 1 / 3}, (0, 1, 2)),
    "pairs": ({"unevenness": 0.3, "n_actions": 5, "alike": True}, (0, 1, 2)),
    "free": ({"unevenness": 0.2, "order": "free"}, (0, 1, 2)),
}
GENERATED = [f"{name}-{i}" for name, (_, seeds) in FAMILIES.items() for i in seeds]


@dataclass(frozen=True)
class Facts:
    """Known facts of a set, and its reading and scoring."""

    order: str = "mostly"
    ignore: tuple = ()  # labels of no action: in the signal, not in scores
    is_local: bool = False  # labels are of one recording: a fit and a match for each
    stride: int = 1  # every so many frames is learned from and labelled, if thinned


FACTS = {
    "breakfast_coffee5": Facts("strict"),
    "hiro_snap": Facts("strict"),
    "jigsaws_throws": Facts("strict"),
    "utkinect": Facts("strict"),
    "ski_jump": Facts("strict"),
    "gait_uturn": Facts("strict"),
    "vts_stitch": Facts("strict"),
    "actrectut": Facts("free"),
    "ecg_waves": Facts("free"),
    "eye_movements": Facts("free"),
    "kasteren_days": Facts("free"),
    "rfid_bed_s1": Facts("free"),
    "swim_watch": Facts("free"),
    "mocap86": Facts("free", is_local=True),
    "watch": Facts("strict"),
    "hapt_raw": Facts(ignore=(UNLABELLED,), stride=10),
    "even": Facts("strict"),
    "uneven": Facts("strict"),
    "pairs": Facts("strict"),
    "free": Facts("free"),
}


def add_data(parser, *, required=True):
    """Add the option --data, which the variable SKL_TOT_DATA stands in for."""
    default = os.environ.get(VARIABLE) or None
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        default=default,
        required=required and default is None,
        help=f"folder of data sets; default: the variable {VARIABLE}",
    )


def names_of_sets(folder):
    """Names of the sets of a folder, in order."""
    return sorted(path.parent.name for path in folder.glob("*/features"))


def facts_of(name):
    """Facts of a set, or of the family that it is of."""
    return FACTS.get(title(name), Facts())


def generated(family, seed):
    """Videos, labels and number of actions of one set of a family."""
    options = {**SHAPE, "noise": 1.5, **FAMILIES[family][0]}
    videos, labels = make_activities(**options, random_state=seed)
    return videos, labels, options["n_actions"]


def recorded(folder, stride=1):
    """Videos, labels and number of actions of a folder in the field's layout."""
    data = load_action_dataset(folder)
    videos, labels = ([x[::stride] for x in y] for y in (data.videos, data.labels))
    return videos, labels, len(data.target_names)


def evenly_spread(folder, most=None, least=10):
    """Videos, labels and number of actions of recordings with up to ``most`` frames.

    They are evenly spread over all, and at least ``least``. "unlabelled" is no action.
    """
    paths = sorted((folder / "features").glob("*.npy"))
    lengths = np.array([len(np.load(path, mmap_mode="r")) for path in paths])
    kept = np.arange(len(paths))
    while most and len(kept) > least and lengths[kept].sum() > most:
        kept = np.linspace(0, len(paths) - 1, len(kept) - 1).round().astype(int)
    paths = [paths[i] for i in kept]
    texts = [folder / "groundTruth" / f"{path.stem}.txt" for path in paths]
    labels = [np.array(text.read_text(encoding="utf-8").split()) for text in texts]
    mapping = (folder / "mapping" / "mapping.txt").read_text(encoding="utf-8")
    n_actions = len(set(mapping.split()[1::2]) - {UNLABELLED})
    return [np.load(path) for path in paths], labels, n_actions


def load(name):
    """Load a set by its name: FOLDER, FOLDER:STRIDE, or FAMILY-SEED."""
    family, _, seed = name.rpartition("-")
    if family in FAMILIES:
        return generated(family, int(seed))
    folder, _, stride = name.partition(":")
    return recorded(folder, int(stride or 1))


def title(name):
    """Name of a set in a table; sets of one family are averaged."""
    family = name.rpartition("-")[0]
    return family if family in FAMILIES else Path(name).name
