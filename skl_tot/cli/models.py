"""Models from the options of the command line."""

import re

from sklearn.decomposition import IncrementalPCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

import skl_tot
from skl_tot.preprocessing.framewise import FramewiseTransformer
from skl_tot.segmenters import METHODS

SCALERS = {"standard": StandardScaler, "minmax": MinMaxScaler, "robust": RobustScaler}


def make_model(n_actions, method, settings, pipeline):
    """Make a segmenter, or a pipeline that ends in one.

    ``settings`` are pairs of name and value, ``pipeline`` is as ``"standard,pca:32"``;
    its segmenter standardises only if ``settings`` say so.
    """
    segmenter = getattr(skl_tot, METHODS[method][0])(n_actions)
    settings = each_once(settings, "--set")
    if "n_actions" in settings:
        raise ValueError("--set has n_actions, expected it as --n-actions.")
    if pipeline:
        segmenter.set_params(standardize=None)
    segmenter.set_params(**settings)
    if not pipeline:
        return segmenter
    steps = [_make_step(step) for step in pipeline.split(",")]
    return make_pipeline(*steps, segmenter)


def _make_step(step):
    if step in SCALERS:
        return FramewiseTransformer(SCALERS[step]())
    if re.fullmatch("pca:[1-9][0-9]*", step):
        n_components = int(step.removeprefix("pca:"))
        return FramewiseTransformer(IncrementalPCA(n_components))  # videos stay on disk
    raise ValueError(
        f"--pipeline has {step!r}, expected standard, minmax, robust or pca:N."
    )


def each_once(pairs, option):
    """Make a dict of names and values, each given once."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError(f"{option} has a name twice, expected each once.")
    return values
