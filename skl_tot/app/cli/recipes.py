"""Recipe of a model: pipeline steps and a segmenter."""

import re
from dataclasses import dataclass

import skl_tot
from skl_tot.app.cli.registry import Options

METHODS = {
    "tot": "TemporalOTSegmenter",
    "hmm": "HMMSegmenter",
    "auto": "AutoSegmenter",
    "equal": "EqualPartsSegmenter",
}
SCALERS = {"standard": "StandardScaler", "minmax": "MinMaxScaler"}
SCALERS |= {"robust": "RobustScaler"}
NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
STEP = re.compile(
    rf"(?P<scale>{'|'.join(SCALERS)})"
    r"|(?P<gaps>gaps:[1-9][0-9]*(:(0?\.[0-9]+|0|1))?)"
    r"|(?P<pca>pca:[1-9][0-9]*)"
    r"|(?P<poses>poses(:[^:]+:[^:]+)?)"
    rf"|(?P<windows>windows(:{NUMBER})?)"
)


@dataclass
class Recipe:
    """Recipe of a model, from the options of `recipe_of`."""

    n_actions: int | str | None
    method: str | None = None
    settings: list | None = None
    pipeline: str | None = None
    seed: int | None = None
    min_duration: float | None = None
    order: str | None = None

    def __post_init__(self):
        """Refuse contradictory options before any reading or slow import."""
        if self.method not in (None, *METHODS):
            what = f"one of {', '.join(METHODS)}; others are in skl_tot.baselines"
            raise ValueError(f"--method is {self.method}, expected {what}.")
        settings = dict(self.settings or [])
        if len(settings) < len(self.settings or []):
            raise ValueError("--set has a name twice, expected each once.")
        if "n_actions" in settings:
            raise ValueError("--set has n_actions, expected it as --n-actions.")
        own = {"min_duration": self.min_duration, "order": self.order}
        for name, value in (own | {"random_state": self.seed}).items():
            if value is not None and name in settings:
                flag = "seed" if name == "random_state" else name.replace("_", "-")
                raise ValueError(f"--{flag} and --set {name} are given, expected one.")
        settings |= {name: value for name, value in own.items() if value is not None}
        if settings.get("order") == "strict" and settings.get("decoding") == "free":
            text = "--order strict and --set decoding=free contradict each other"
            raise ValueError(f"{text}, expected --order free, or no decoding.")
        self.values = settings
        says_method = self.n_actions or self.method or self.settings or self.order
        self.is_of_labels = not says_method  # they tell the actions
        self.steps = self.pipeline.split(",") if self.pipeline else []
        for step in self.steps:
            if not STEP.fullmatch(step):
                kinds = "gaps:N, gaps:N:SHARE, poses, poses:TAIL:NOSE, windows, "
                kinds += "windows:WIDTH, standard, minmax, robust or pca:N"
                raise ValueError(f"--pipeline has {step!r}, expected {kinds}.")

    def make(self):
        """Make a segmenter, or a pipeline that ends in one."""
        # after steps that scale, the segmenter standardises only if --set says so
        from sklearn.pipeline import make_pipeline

        from skl_tot import baselines
        from skl_tot.preprocessing.framewise import FramewiseTransformer

        settings = dict(self.values)
        settings.pop("random_state", None)  # set by `sow`, if the method has it
        steps = [_make_step(step) for step in self.steps]
        name = METHODS[self.method or "tot"]
        if self.is_of_labels:
            name = "SemiSupervisedSegmenter"
        elif self.n_actions:
            settings["n_actions"] = self.n_actions
        segmenter = getattr(skl_tot if name in skl_tot.__all__ else baselines, name)()
        scales = any(isinstance(step, FramewiseTransformer) for step in steps)
        if scales and not self.is_of_labels:
            segmenter.set_params(standardize=None)
        segmenter.set_params(**settings)
        return make_pipeline(*steps, segmenter) if steps else segmenter

    def sow(self, model):
        """Set the seed of a model and its parts; None without random numbers."""
        seed = dict(self.settings or []).get("random_state")
        if seed is None:
            seed = self.seed or 0
        own = [x for x in model.get_params() if x.split("__")[-1] == "random_state"]
        model.set_params(**dict.fromkeys(own, seed))
        return seed if own else None


def _make_step(step):
    from sklearn import decomposition, preprocessing

    from skl_tot.preprocessing.framewise import FramewiseTransformer
    from skl_tot.preprocessing.gaps import GapFiller
    from skl_tot.preprocessing.poses import PoseFeatures
    from skl_tot.preprocessing.windows import SignalWindows

    kind, (_, *values) = STEP.fullmatch(step).lastgroup, step.split(":")
    if kind == "gaps":
        share = float(values[1]) if values[1:] else None
        return GapFiller(int(values[0]), drop_lost=share)
    if kind == "pca":
        # for many recordings, which stay on disk
        return FramewiseTransformer(decomposition.IncrementalPCA(int(values[0])))
    if kind == "poses":
        return PoseFeatures(heading=values or None)
    if kind == "windows":
        return SignalWindows(*map(float, values))
    return FramewiseTransformer(getattr(preprocessing, SCALERS[step])())


def for_labels(model):
    """Wrap a segmenter so that it learns from labels, unless it does."""
    from skl_tot import SemiSupervisedSegmenter
    from skl_tot.methods.pipelines import last_step, with_last

    inner = last_step(model)
    if inner.is_taught:
        return model
    least = inner.get_params(deep=False).get("min_duration")
    return with_last(model, SemiSupervisedSegmenter(inner, min_duration=least))


RECIPE = """
--n-actions N|auto: number of actions; auto chooses one from 1 to 16 {when}
--method {methods}: method; those of other papers are estimators of
    skl_tot.baselines (default: tot; with --labels and no --n-actions, several)
--set NAME=VALUE...: parameters of the method, such as rho=0.1 n_networks=5
--min-duration DURATION: least duration of a segment, in seconds if recordings have a
    rate, else in frames
--order {{strict,mostly,free}}: known order of the actions: strict (each once, in one
    order), mostly (with exceptions), free (no order) (default: chosen by a look at the
    recordings, which fit prints; for methods without such a look, mostly)
--seed SEED: seed of random numbers, for methods that draw some (default: 0)
--pipeline STEPS: steps before the method, such as gaps:5,pca:8. gaps:N fills gaps of
    up to N frames; gaps:N:SHARE drops columns with a larger share of missing values;
    poses makes features of tracked points, of each animal and each pair of animals;
    poses:TAIL:NOSE turns bodies by their heading from tail to nose; windows describes
    the surroundings of each frame of a raw signal; windows:WIDTH sets the width, in
    seconds if recordings have a rate, else in frames;
    standard, minmax, robust and pca:N replace the standardisation of the method (unless
    --set has standardize)
"""


def recipe_of(when, **settings):
    """Option ``recipe``: method, parameters and pipeline."""
    text = RECIPE.format(when=when, methods="{" + ",".join(METHODS) + "}")
    settings |= {"set": {"dest": "settings"}, "method": {"choices": None}}  # see Recipe
    return Options(text, "recipe", Recipe, **settings)
