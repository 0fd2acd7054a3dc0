"""Start of a review: model (fitted if necessary), recordings, videos."""

from functools import partial
from pathlib import Path

from skl_tot.recordings import one_line, short_repr

# Files of the page; modules import only from earlier ones.
MODULES = "web/timelines.js", "review/stage.js", "review/review.js"
STYLES = "web/timelines.css", "review/review.css"
VIDEOS = {
    ".avi": "video/x-msvideo",
    ".m4v": "video/mp4",
    ".mkv": "video/x-matroska",
    ".mov": "video/mp4",  # browsers play it by this type
    ".mp4": "video/mp4",
    ".ogv": "video/ogg",
    ".webm": "video/webm",
}


def make_review(model, recordings, out, labels, videos, tell):
    """Make a `Review`, with a first fit if necessary; report progress."""
    # lazy, as these are slow to import; the page is already there
    from skl_tot import GuidedSegmenter
    from skl_tot.app.review.log import check_settings, first_line
    from skl_tot.app.review.session import Review
    from skl_tot.methods import last_step
    from skl_tot.recordings import as_recordings
    from skl_tot.training import watched

    files = None
    if videos is not None:
        files = find_videos(videos, as_recordings(recordings).names)
    is_fitted = hasattr(last_step(model), "actions_")
    begun = None if is_fitted or out is None else first_line(out)
    if begun is not None:
        check_settings(begun, model, one_line(out))
        model = None
        print(
            f"{one_line(out)} has a review, which goes on with its model.", flush=True
        )
    elif not is_fitted:
        is_guided = isinstance(last_step(model), GuidedSegmenter)
        tell("fitting")
        with watched(partial(tell, "fitting")):
            model.fit(recordings, *([labels] if is_guided else []))
    return Review(model, recordings, out, labels=labels, video_files=files)


def find_videos(folder, names):
    """File of each recording in a folder of videos, by name, or None.

    Links in the folder must stay inside; the folder itself may be a link.
    """
    found = {}
    for path in sorted(Path(folder).iterdir()):
        if path.suffix.lower() in VIDEOS and not path.name.startswith("."):
            found.setdefault(path.stem, []).append(path)
    videos = [found.get(name, []) for name in names]
    for name, own in zip(names, videos):
        if len(own) > 1:
            raise ValueError(
                f"{one_line(folder)} has {len(own)} videos called {short_repr(name)}, "
                "expected one."
            )
        if own and not is_inside(own[0], folder):
            raise ValueError(
                f"{one_line(own[0])} leads out of {one_line(folder)}, expected a file "
                "in it; copy it, or give the folder where the videos are."
            )
    if not any(videos):
        raise ValueError(
            f"{one_line(folder)} has no video of a recording, expected one such as "
            f"{one_line(names[0])}.mp4."
        )
    return [own[0] if own else None for own in videos]


def is_inside(path, folder):
    """Whether a path is inside a folder, after following links."""
    path = path.resolve()
    return path.is_file() and Path(folder).resolve() in path.parents
