"""Commands for people who correct: refine, edit, review."""

from pathlib import Path

from skl_tot.app.cli import registry
from skl_tot.app.cli.paths import check_model
from skl_tot.app.cli.recipes import for_labels, recipe_of
from skl_tot.app.cli.shared import Source, describe_amount


@registry.command(
    "teach a model the labels that people corrected",
    "skl-tot refine model.skops features --labels corrected --out new.skops",
    registry.MODEL,
    registry.RECORDINGS,
    registry.labels_of_people("[required]"),
    registry.MODEL_OUT,
)
def refine(model, source, labels, out):
    """Teach a model the labels of some recordings and save it."""
    from skl_tot import corrections
    from skl_tot.io.models import load_model, save_model
    from skl_tot.methods.pipelines import segmenter_of

    model = load_model(model)
    data = source.open(model)
    y = labels.read(data, source.data)
    had_names = segmenter_of(model).actions_.dtype.kind == "U"
    before = model.predict(data.videos)
    refined = corrections.refine(model, data.videos, y)
    after = refined.predict(data.videos)
    save_model(refined, out)
    print(describe_amount(y))
    print(describe_changes(before, after, y, had_names))
    print(f"Written to {out}.")


def describe_changes(before, after, y, by_name):
    """Describe how many unlabelled frames and segments changed their label."""
    # equal labels are one action if the model had names; else actions are matched
    import numpy as np

    from skl_tot.metrics.matching import match_labels
    from skl_tot.recordings.labels import UNKNOWN_NAME, find_segments

    match = None if by_name else match_labels(after, before)
    n_frames = n_changed = n_segments = n_other = 0
    for old, new, given in zip(before, after, y):
        words = old.tolist() if match is None else [match[x] for x in old.tolist()]
        changed = np.array([a != b for a, b in zip(words, new.tolist())])
        is_free = np.full(len(new), True) if given is None else given == UNKNOWN_NAME
        n_frames += is_free.sum()
        n_changed += changed[is_free].sum()
        if is_free.all():
            most = find_segments(old).means(changed) > 0.5
            n_segments += len(most)
            n_other += most.sum()
    return (
        f"Changed elsewhere: {_share(n_changed, n_frames)} frames without a label, "
        f"{_share(n_other, n_segments)} segments of recordings without one."
    )


def _share(n, total):
    """Count and share, as "3 of 40 (7.5%)"."""
    return f"{n} of {total} ({100 * n / max(total, 1):.1f}%)"


@registry.command(
    """
    choose an alternative; merge, split and rename actions, in this order

    --alternative NAME: another result of a vote, as fit names them
    --merge ACTION...: actions to merge into one; repeat it for further merges, with
        the labels after the previous one
    --split ACTION: action to split in two, by --features
    --rename ACTION=NAME...: new names
    """,
    "skl-tot edit model.skops --merge 1 4 --rename 0=reach --out new.skops",
    registry.MODEL,
    registry.recordings_of(
        "--features DATA: recordings to split the action by", features={"dest": "data"}
    ),
    registry.MODEL_OUT,
    merge={"action": "append", "default": []},
    split={"action": "append", "default": []},
    rename={"default": []},
)
def edit(model, alternative, merge, split, rename, source, out):
    """Choose an alternative; merge, split and rename actions; save the model."""
    if not (alternative or merge or split or rename):
        what = "--alternative, --merge, --split or --rename"
        raise ValueError(f"nothing to do, expected {what}.")
    if split and source is None:
        raise ValueError("--features is missing, expected recordings to split by.")
    renamed = dict(_split_name(text) for text in rename)
    from skl_tot import corrections
    from skl_tot.io.models import load_model, save_model
    from skl_tot.methods.pipelines import segmenter_of

    model = load_model(model)
    videos = None if source is None else source.open(model).videos
    if alternative:
        segmenter = segmenter_of(model)
        if not hasattr(segmenter, "alternatives_"):
            text = f"but the model is a {type(segmenter).__name__}, which has one"
            expected = "result; expected a model of --method auto"
            raise ValueError(f"--alternative is given, {text} {expected}.")
        segmenter.use_alternative(alternative)
    for texts in merge:
        model = corrections.merge(model, _labels_of(texts, model))
    for text in split:
        (label,) = _labels_of([text], model)
        model = corrections.split(model, label, videos)
    if renamed:
        names = dict(zip(_labels_of(renamed, model), renamed.values()))
        model = corrections.rename(model, names)
    save_model(model, out)
    actions = ", ".join(map(str, segmenter_of(model).actions_.tolist()))
    print(f"Actions: {actions}.\nWritten to {out}.")


def _labels_of(texts, model):
    from skl_tot.methods.pipelines import segmenter_of

    if segmenter_of(model).actions_.dtype.kind == "U":
        return list(texts)
    return [int(text) if text.lstrip("-").isdigit() else text for text in texts]


def _split_name(text):
    old, sign, new = text.partition("=")
    if not (sign and old and new.strip()):
        raise ValueError(f"--rename has {text!r}, expected ACTION=NAME.")
    return old, new


def _take_given(start, data=None, **reading):
    """Return the model path (or None) and the recordings from the given arguments."""
    if data is None:
        return None, Source(start, **reading)
    check_model(start)
    return start, Source(data, **reading)


GIVEN = registry.recordings_of(
    "START: recordings; you label one, and L labels the others; with "
    "--n-actions, they are fitted first; or, before DATA, a model from fit\n"
    "DATA: recordings of the model, as for fit",
    "given",
    _take_given,
    data={"nargs": "?"},
)


@registry.command(
    """
    label a recording in a browser, and the others follow; or correct a model's segments

    --videos FOLDER: videos, each with the name of its recording
    --out FOLDER: folder of the results; a later start with it continues from there
        [default: review]
    --port N: port of the server on this machine; 0 takes a free one [default: 0]
    --no-browser: print only the address
    """,
    "skl-tot review features --videos videos --out checked",
    GIVEN,
    recipe_of("(fits recordings first)"),
    registry.labels_of_people(),
    registry.GROUPS,
)
def review(given, recipe, labels, groups, videos, out, port, no_browser):
    """Serve the page until Ctrl-C."""
    model, source = given
    if model is not None and recipe is not None:
        text = f"--n-actions is given with the model {model}"
        raise ValueError(f"{text}, expected one of them.")
    from skl_tot.app.review.calls import Calls
    from skl_tot.app.review.server import make_review, run

    def make(tell):
        """Read the inputs in a thread, while the server already answers."""
        from skl_tot.io.models import load_model

        chosen = None if model is None else load_model(model)
        data = source.open(chosen)
        y = None if labels is None else labels.read(data, source.data)
        if recipe is not None:
            chosen = recipe.make() if y is None else for_labels(recipe.make())
            recipe.sow(chosen)
        picked = groups.pick(data.video_names) if groups else (None, None)
        more = dict(zip(("groups", "subject"), picked))
        return make_review(chosen, data.videos, out, y, videos, tell, **more)

    calls = Calls(make, Path(source.data).name)
    run(calls, port, not no_browser)
    if calls.review is not None:
        print(f"All is in {out}, from which the same command goes on.")
