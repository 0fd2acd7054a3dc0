"""Commands for features and models: features, fit."""

import contextlib
import os
from collections import Counter
from pathlib import Path

import skl_tot
from skl_tot.app.cli import registry, shared
from skl_tot.app.cli.recipes import for_labels, recipe_of


@registry.command(
    """
    learn the actions that recordings share

    --activities N|auto: number of activities in the recordings, or auto;
        --n-actions and --method then apply to each activity
    --cycles: each recording repeats the same actions; --n-actions counts the actions
        of one cycle
    """,
    "skl-tot fit features --labels first.csv --out model.skops",
    registry.RECORDINGS_TO_FIT,
    recipe_of("(not needed with --labels)", n_actions={"default": 0}),
    registry.labels_of_people(),
    registry.MODEL_OUT,
)
def fit(source, recipe, labels, activities, cycles, out):
    """Fit a model to a folder of recordings, perhaps with labels, and save it."""
    kinds = {"labels": labels, "activities": activities, "cycles": cycles}
    given = [f"--{name}" for name, value in kinds.items() if value]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} are given, expected one of them.")
    if labels is None and not recipe.n_actions:
        text = "--n-actions is missing, expected --n-actions N"
        raise ValueError(f"{text}, or --labels of a recording.")
    data = source.open()
    y = None if labels is None else labels.read(data, source.data)
    from skl_tot.io.models import save_model
    from skl_tot.meta.trust import rate_trust
    from skl_tot.methods.pipelines import last_step, with_last
    from skl_tot.recordings.stops import describe_still

    model = recipe.make()
    if labels:
        model = for_labels(model)
    elif activities:
        model = skl_tot.ActivitySegmenter(model, activities)
    elif cycles:
        one = last_step(model)
        model = with_last(model, skl_tot.CyclicSegmenter(one.n_actions, estimator=one))
    if cycles and (still := describe_still(data.videos)):  # else the look says it
        print(still)
    seed = recipe.sow(model)
    with contextlib.redirect_stdout(None), _bar():  # a verbose fit prints its look
        model.fit(data.videos, y)
    save_model(model, out)
    if y is not None:
        print(shared.describe_amount(y))
    rate = data.videos.fps
    known = "" if rate is None else f" at {rate:g} frames per second"
    known += "" if seed is None else f" with seed {seed}"
    n_breaks = sum(map(len, data.videos.breaks or []))
    known += f", {shared.count(n_breaks, 'break')}" if n_breaks else ""
    number = shared.count(len(data.videos), "recording")
    print(f"Fitted to {number}{known}, written to {out}.")
    shared.print_stops(data.videos)
    _tell_findings(last_step(model), out)
    rating = rate_trust(model, data.videos, last_step(model).labels_)
    if rating is not None:
        print("How far to trust this:", *rating["sentences"])


def _tell_findings(segmenter, path):
    from skl_tot.methods.numbers import describe_choice
    from skl_tot.methods.pipelines import describe_look

    look = segmenter.look_
    warned = "" if look is None else look.say_repeats()  # before the fit
    for sentence in describe_look(segmenter):
        if sentence != warned:
            print(sentence)
    for other in getattr(segmenter, "alternatives_", [])[1:]:
        print(
            f"Alternative, {other.name}: {other.sentence} It is as the model on "
            f"{other.agreement:.0%} of the frames; skl-tot edit {_quoted(path)} "
            f"--alternative {_quoted(other.name)} --out NEW makes it the model's own."
        )
    if hasattr(segmenter, "activities_"):
        counts = sorted(Counter(segmenter.activities_.values()).items())
        listed = ", ".join(f"{name} ({number} recordings)" for name, number in counts)
        print(f"Activities: {listed}.")
    if hasattr(segmenter, "n_cycles_"):
        print(f"Found {shared.count(segmenter.n_cycles_, 'cycle')}.")
    numbers = getattr(segmenter, "numbers_", None)
    if numbers is not None and not numbers["at_edge"]:  # else a warning says it
        print(describe_choice(numbers))


def _quoted(word):
    """Quote a word of a command line with spaces, for any shell."""
    return f'"{word}"' if " " in word else word


@contextlib.contextmanager
def _bar():
    from tqdm.auto import tqdm

    from skl_tot.training.devices import watched

    with contextlib.ExitStack() as stack:
        bars = []  # from the first steps on, as some methods report none

        def tell(done, total):
            if not bars:
                bars.append(stack.enter_context(tqdm(total=total, disable=None)))
            bars[0].total = total
            bars[0].update(done - bars[0].n)

        stack.enter_context(watched(tell))
        yield


@registry.command(
    """
    compute features of video files

    VIDEO...: video file, or folder of video files
    --out FOLDER: folder to write, one .npy per video [required]
    --fps RATE: frames per second to read [default: 10]
    --backbone NAME: network of timm, or motion (colour, change and optical flow,
        without weights) [default: resnet18.tv_in1k]
    --weights FILE: state dict of the backbone [default: DEFAULT, the recommended
        weights from the hub]
    --device DEVICE: device of the network [default: auto]
    --pooling {token,avg}: output of a transformer: its class token, or the mean of the
        other tokens
    --image-size N: side of the square input of the network, in pixels (default: as
        trained)
    """,
    "skl-tot features videos --out features --fps 10",
)
def features(video, out, fps, weights, **network):
    """Compute features of video files, one .npy file each, and write their rate."""
    from skl_tot.preprocessing.frame_features import FrameFeatures
    from skl_tot.preprocessing.videos import videos_of_folder
    from skl_tot.recordings.disk import replaced_files, write_array
    from skl_tot.recordings.errors import repeated
    from skl_tot.recordings.readers import write_rate

    paths = []
    for path in map(Path, video):
        paths += videos_of_folder(path) if path.is_dir() else [path]
    names = [path.stem for path in paths]
    for name in repeated(names)[:1]:
        raise ValueError(f"Several videos are called {name!r}, expected one.")
    shared.check_file_names(names)
    _check_rate(out, names, fps)
    weights = weights if weights == "DEFAULT" else os.path.abspath(weights)
    extractor = FrameFeatures(fps=fps, weights=weights, **network)
    with replaced_files(out) as temporary, shared.names_in_errors(names):
        arrays = extractor.transform_each(paths)
        for name, array in zip(shared.progress(names, "video"), arrays):
            write_array(temporary / f"{name}.npy", array)
        write_rate(temporary, fps)
    print(f"Features of {shared.count(len(paths), 'video')} written to {out}.")


def _check_rate(out, names, fps):
    """Refuse a folder with features of another rate; one file has the rate of all."""
    from skl_tot.recordings.readers import RATE_FILE, read_rate

    others = sorted({path.stem for path in Path(out).glob("[!.]*.npy")} - set(names))
    rate = read_rate(out) if others else fps
    if rate == fps:
        return
    found = f"of {rate:g} frames per second" if rate else f"but no {RATE_FILE}"
    what = f"a folder of its own for features of --fps {fps:g}"
    raise ValueError(f"{out} has {others[0]}.npy, {found}; expected {what}.")
