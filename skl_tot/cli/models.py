"""Models from the options of the command line."""

import re
from collections import Counter

from sklearn.decomposition import IncrementalPCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

import skl_tot
from skl_tot.preprocessing.framewise import FramewiseTransformer
from skl_tot.preprocessing.gaps import GapFiller
from skl_tot.preprocessing.poses import PoseFeatures
from skl_tot.segmenters import METHODS

SCALERS = {"standard": StandardScaler, "minmax": MinMaxScaler, "robust": RobustScaler}


def make_model(n_actions, method, settings, pipeline):
    """Make a segmenter, or a pipeline that ends in one.

    ``settings`` are pairs of name and value, ``pipeline`` is as ``"standard,pca:32"``;
    after steps that scale, the segmenter standardises only if ``settings`` say so.
    """
    segmenter = getattr(skl_tot, METHODS[method][0])(n_actions)
    settings = each_once(settings, "--set")
    if "n_actions" in settings:
        raise ValueError("--set has n_actions, expected it as --n-actions.")
    steps = [_make_step(step) for step in pipeline.split(",")] if pipeline else []
    if any(isinstance(step, FramewiseTransformer) for step in steps):
        segmenter.set_params(standardize=None)
    segmenter.set_params(**settings)
    return make_pipeline(*steps, segmenter) if steps else segmenter


def for_cycles(model):
    """Make a segmenter of long recordings of many cycles of one of single cycles."""
    *steps, segmenter = [step for _, step in getattr(model, "steps", [(None, model)])]
    seed = segmenter.get_params(deep=False).get("random_state")
    cyclic = skl_tot.CyclicSegmenter(
        segmenter.n_actions, segmenter=segmenter, random_state=seed
    )
    return make_pipeline(*steps, cyclic) if steps else cyclic


def for_activities(model, n_activities):
    """Make a segmenter of several activities of one of a single activity."""
    segmenter = model.steps[-1][1] if hasattr(model, "steps") else model
    seed = segmenter.get_params(deep=False).get("random_state")
    return skl_tot.ActivitySegmenter(model, n_activities, random_state=seed)


def describe_activities(activities):
    """Line about the activities of videos, a dict by names.

    >>> describe_activities({"a": 0, "b": 1, "c": 0})
    'Activities: 0 (2 videos), 1 (1 videos).'
    """
    counts = sorted(Counter(activities.values()).items())
    listed = ", ".join(f"{name} ({count} videos)" for name, count in counts)
    return f"Activities: {listed}."


def _make_step(step):
    if step in SCALERS:
        return FramewiseTransformer(SCALERS[step]())
    if re.fullmatch("pca:[1-9][0-9]*", step):
        n_components = int(step.removeprefix("pca:"))
        return FramewiseTransformer(IncrementalPCA(n_components))  # videos stay on disk
    if re.fullmatch("gaps:[1-9][0-9]*", step):
        return GapFiller(int(step.removeprefix("gaps:")))
    if step == "poses":
        return PoseFeatures()
    raise ValueError(
        f"--pipeline has {step!r}, expected gaps:N, poses, standard, minmax, robust or "
        "pca:N."
    )


def each_once(pairs, option):
    """Make a dict of names and values, each given once."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError(f"{option} has a name twice, expected each once.")
    return values
