"""What a model is made of: steps of a pipeline, and a segmenter."""

import importlib
import re
from dataclasses import dataclass

from skl_tot.cli.registry import Options
from skl_tot.methods import METHODS

# by name; "paper" is the method of the paper as published
CHOICES = METHODS | {"paper": ("paper", "skl_tot.baselines")}
SCALERS = {"standard": "StandardScaler", "minmax": "MinMaxScaler"}
SCALERS |= {"robust": "RobustScaler"}
NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
STEP = re.compile(
    rf"(?P<scale>{'|'.join(SCALERS)})"
    r"|(?P<gaps>gaps:[1-9][0-9]*(:(0?\.[0-9]+|0|1))?)"
    r"|(?P<pca>pca:[1-9][0-9]*)"
    r"|(?P<poses>poses(:[^:]+:[^:]+)?)"
    rf"|(?P<windows>windows(:{NUMBER}){{0,2}})"
)


@dataclass
class Recipe:
    """What a model is made of: the options of `model_options`."""

    n_actions: int | str | None
    method: str = "tot"
    settings: list | None = None
    pipeline: str | None = None
    seed: int | None = None
    min_duration: float | None = None
    order: str | None = None

    def __post_init__(self):
        """Refuse what does not go together, before anything is read or loaded."""
        settings = each_once(self.settings or [], "--set")
        if "n_actions" in settings:
            raise ValueError("--set has n_actions, expected it as --n-actions.")
        for name in ("min_duration", "order"):
            option, value = name.replace("_", "-"), getattr(self, name)
            if value is not None and name in settings:
                raise ValueError(
                    f"--{option} and --set {name} are given, expected one."
                )
            if value is not None:
                settings[name] = value
        if self.method == "paper" and settings.get("order", "strict") != "strict":
            raise ValueError(
                f"--order {settings['order']} is none of the paper's method, expected "
                "strict, or --method tot."
            )
        if self.seed is not None and "random_state" in settings:
            raise ValueError("--seed and --set random_state are given, expected one.")
        self.values = settings
        self.steps = self.pipeline.split(",") if self.pipeline else []
        for step in self.steps:
            if not STEP.fullmatch(step):
                raise ValueError(
                    f"--pipeline has {step!r}, expected gaps:N, gaps:N:SHARE, poses, "
                    "poses:TAIL:NOSE, windows, windows:WIDTH, windows:WIDTH:WIDTH, "
                    "standard, minmax, robust or pca:N."
                )

    def make(self, n_actions=None):
        """Make a segmenter, or a pipeline that ends in one.

        After steps that scale, the segmenter standardises only if settings say so.
        """
        from skl_tot.preprocessing.framewise import FramewiseTransformer

        settings = dict(self.values)
        settings.pop("random_state", None)  # of `sow`, as methods without one have none
        steps = [_make_step(step) for step in self.steps]
        name, module = CHOICES[self.method]
        method = getattr(importlib.import_module(module), name)
        segmenter = method(self.n_actions if n_actions is None else n_actions)
        if any(isinstance(step, FramewiseTransformer) for step in steps):
            segmenter.set_params(standardize=None)
        return put_together(steps, segmenter.set_params(**settings))

    def sow(self, model):
        """Give a model, and what it is made of, the seed, and return it.

        It is None for a model that draws nothing by chance.
        """
        seed = dict(self.settings or []).get("random_state")
        if seed is None:
            seed = self.seed or 0
        names = [*model.get_params()]
        own = [name for name in names if name.split("__")[-1] == "random_state"]
        model.set_params(**dict.fromkeys(own, seed))
        return seed if own else None


def _make_step(step):
    """Make a step of ``--pipeline`` of its text."""
    from sklearn import decomposition, preprocessing

    from skl_tot.preprocessing import (
        FramewiseTransformer,
        GapFiller,
        PoseFeatures,
        SignalWindows,
    )

    kind, (_, *values) = STEP.fullmatch(step).lastgroup, step.split(":")
    if kind == "gaps":
        share = float(values[1]) if values[1:] else None
        return GapFiller(int(values[0]), drop_lost=share)
    if kind == "pca":
        # of many videos, which stay on disk
        return FramewiseTransformer(decomposition.IncrementalPCA(int(values[0])))
    if kind == "poses":
        return PoseFeatures(heading=values or None)
    if kind == "windows":
        return SignalWindows(tuple(map(float, values)) or "auto")
    return FramewiseTransformer(getattr(preprocessing, SCALERS[step])())


def take_apart(model):
    """Return the steps of a pipeline before its segmenter, and the segmenter."""
    *steps, segmenter = [step for _, step in getattr(model, "steps", [(None, model)])]
    return steps, segmenter


def put_together(steps, segmenter):
    """Make a pipeline, if there are steps."""
    from sklearn.pipeline import make_pipeline

    return make_pipeline(*steps, segmenter) if steps else segmenter


def for_labels(model):
    """Make a segmenter that learns from labels of one that finds clusters."""
    from skl_tot.meta.guided import GuidedSegmenter

    steps, segmenter = take_apart(model)
    return put_together(steps, GuidedSegmenter(segmenter))


def each_once(pairs, option):
    """Make a dict of names and values, each given once."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError(f"{option} has a name twice, expected each once.")
    return values


RECIPE = """
--n-actions N|auto: actions to find; auto takes as many of 1 to 16 as recordings bear
    out {required}
--method {methods}: model class [default: tot]
--set NAME=VALUE...: parameters of the model, such as rho=0.1 n_init=5
--min-duration DURATION: how long a segment lasts at least, in seconds where recordings
    have a rate, else in frames
--order {{strict,mostly,free}}: what you know of the course: each action once in one
    order, an order with exceptions, or none (default: mostly; strict
    of hmm; auto fits as mostly, and measures it)
--seed SEED: seed of what is drawn by chance, which is nothing in some methods
    (default: 0)
--pipeline STEPS: steps before it, as in gaps:5,pca:8: gaps:N fills gaps of up to N
    frames, gaps:N:SHARE leaves out columns of which more is missing, poses makes
    features of tracked points, poses:TAIL:NOSE of a body that heads from one to the
    other; windows gives what is around each frame of a raw signal, windows:WIDTH in a
    width of so many seconds where recordings have a rate, else frames,
    windows:WIDTH:WIDTH in two; standard, minmax, robust and pca:N come in place of its
    own standardisation (unless --set has standardize)
"""


def recipe_of(required=""):
    """Option ``recipe``: what a model is made of."""
    methods = "{" + ",".join(CHOICES) + "}"
    text = RECIPE.format(required=required, methods=methods)
    return Options(text, "recipe", Recipe, set={"dest": "settings"})
