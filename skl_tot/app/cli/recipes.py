"""Recipe of a model: pipeline steps and a segmenter, from options."""

import argparse
import re

import skl_tot
from skl_tot.app.cli import arguments
from skl_tot.recordings.errors import repeated

METHODS = {
    "auto": "AutoSegmenter",
    "tot": "TemporalOTSegmenter",
    "hmm": "HMMSegmenter",
}
NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
STEP = re.compile(
    r"(?P<scale>standard)"
    r"|(?P<gaps>gaps:[1-9][0-9]*(:(0?\.[0-9]+|0|1))?)"
    r"|(?P<pca>pca:[1-9][0-9]*)"
    r"|(?P<poses>poses(:[^:]+:[^:]+)?)"
    rf"|(?P<windows>windows(:{NUMBER})?)"
)


def recipe_options(remark):
    """Parent parser of a model's options; ``remark`` is a help on ``--n-actions``."""
    parent = argparse.ArgumentParser(add_help=False)
    add = parent.add_argument
    text = f"number of actions; auto chooses one from 1 to 16 ({remark})"
    add("--n-actions", type=arguments.number_or_auto, metavar="N", help=text)
    text = """method; others are in skl_tot.baselines (default: auto, which looks at the
    recordings and fits tot in the order that it finds; with --order, --set or --cycles
    tot; with --labels alone, several)"""
    add("--method", choices=METHODS, help=text)
    text = "parameters of the method, such as rho=0.1 n_networks=5"
    add("--set", **arguments.SETTINGS, help=text)
    text = "least duration of a segment, in seconds, or in frames without a rate"
    add("--min-duration", type=arguments.positive, metavar="DURATION", help=text)
    text = """known order of the actions: strict (each once, in one order), mostly (with
    exceptions), free (no order) (default: auto chooses; other methods take mostly)"""
    add("--order", choices=["strict", "mostly", "free"], help=text)
    text = "seed of random numbers (default: 0)"
    add("--seed", type=int, help=text)
    text = """steps before the method, such as gaps:5,pca:8. gaps:N fills gaps of up to
    N frames; gaps:N:SHARE drops columns with a larger share of missing values; poses
    makes features of tracked points, of each animal and each pair of animals;
    poses:TAIL:NOSE turns bodies by their heading from tail to nose; windows describes
    the surroundings of each frame of a raw signal; windows:WIDTH sets the width, in
    seconds if recordings have a rate, else in frames; standard and pca:N replace the
    standardisation of the method (unless --set has standardize)"""
    add("--pipeline", type=_split_steps, metavar="STEPS", help=text)
    text = """each recording repeats a cycle, of --n-actions actions, or with labels of
    one or more whole cycles"""
    add("--cycles", action="store_true", default=None, help=text)
    return parent


def _split_steps(text):
    steps = text.split(",")
    for step in steps:
        if not STEP.fullmatch(step):
            expected = "gaps:N, gaps:N:SHARE, poses, poses:TAIL:NOSE, windows, "
            expected += "windows:WIDTH, standard or pca:N"
            text = f"{step!r} is no step, expected {expected}"
            raise argparse.ArgumentTypeError(text)
    return steps


class Recipe:
    """Recipe of a model, from the options of `recipe_options`."""

    def __init__(self, options):
        """Refuse contradictory options before any reading or slow import."""
        self.steps = options.pipeline or []
        self.labels, self.cycles = options.labels, bool(options.cycles)
        pairs = [*(options.set or [])]
        for name, value in [
            ("n_actions", options.n_actions),
            ("min_duration", options.min_duration),
            ("order", options.order),
            ("random_state", options.seed),
        ]:
            if value is not None:
                pairs.append((name, value))
        for name in repeated(name for name, _ in pairs)[:1]:
            text = f"{name} is set twice, by --set or an option of its own"
            raise ValueError(f"{text}, expected once.")
        self.settings = dict(pairs)
        # set last, in all parts of the model
        self.seed = self.settings.pop("random_state", None) or 0
        # else the labels tell the actions
        is_set = options.set or options.order
        self.has_method = options.n_actions or options.method or is_set
        # settings are those of an ordinary method, as are labels and cycles
        is_ordinary = is_set or options.labels or options.cycles
        self.method = options.method or ("tot" if is_ordinary else "auto")

    def make(self):
        """Make a model for labels or cycles, as options say."""
        from skl_tot.methods.pipelines import last_step, with_last

        model = self._make_inner()
        if self.labels or not self.has_method:
            return _for_labels(model, self.cycles)
        if self.cycles:
            inner = last_step(model)
            cyclic = skl_tot.CyclicSegmenter(inner.n_actions, estimator=inner)
            return with_last(model, cyclic)
        return model

    def _make_inner(self):
        # after steps that scale, the segmenter standardises only if --set says so
        from sklearn.pipeline import make_pipeline

        from skl_tot.preprocessing.framewise import FramewiseTransformer

        steps = [_make_step(step) for step in self.steps]
        if self.has_method:
            segmenter = getattr(skl_tot, METHODS[self.method])()
            if any(isinstance(step, FramewiseTransformer) for step in steps):
                segmenter.set_params(standardize=None)
        else:
            segmenter = skl_tot.SemiSupervisedSegmenter(cycles=self.cycles)
        segmenter.set_params(**self.settings)
        return make_pipeline(*steps, segmenter) if steps else segmenter

    def set_seed(self, model, number=0):
        """Set the seed of a numbered fit."""
        seed = self.seed + number
        names = [x for x in model.get_params() if x.split("__")[-1] == "random_state"]
        model.set_params(**dict.fromkeys(names, seed))
        return seed


def _make_step(step):
    """Make a step of a pipeline from its words, such as "gaps:5:0.2"."""
    from sklearn import decomposition, preprocessing

    from skl_tot.preprocessing.framewise import FramewiseTransformer, GapFiller
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
    return FramewiseTransformer(preprocessing.StandardScaler())


def _for_labels(model, cycles):
    from skl_tot import SemiSupervisedSegmenter
    from skl_tot.methods.pipelines import last_step, with_last

    inner = last_step(model)
    if inner.is_taught:
        return model
    least = inner.get_params(deep=False).get("min_duration")
    learner = SemiSupervisedSegmenter(inner, cycles=cycles, min_duration=least)
    return with_last(model, learner)
