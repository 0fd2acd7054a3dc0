"""Kill processes that act on a review, at random moments, and see what is left.

A script of its own, as it forks: python kills.py FOLDER [KILLS] [SEED]
"""

import contextlib
import json
import os
import signal
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from skl_tot.app.review import Review
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, read_table


def plain(state):
    """Content of a state, which can be compared."""
    entries = []
    for entry in state.entries:
        tracks = [
            [name, *(part.tolist() for part in track[:3])]
            for name, track in entry.tracks().items()
        ]
        rest = [entry.n_learned, [list(own) for own in entry.checked]]
        rest.append([list(own) for own in entry.seen])
        entries.append([tracks, entry.confidence.tolist(), rest])
    names = [[code, name] for code, name in state.names.items()]
    return [state.model, list(state.actions), names, state.n_learned, entries]


def steps_of(review, rng):
    """What may be done, by name."""
    i, frame = int(rng.integers(5)), int(rng.integers(20))
    names = review.actions
    return {
        "rename": lambda: review.rename(names[-1], f"name {rng.integers(10**6)}"),
        "relabel": lambda: review.relabel(i, frame, f"action {rng.integers(4)}"),
        "cut": lambda: review.cut(i, frame),
        "check": lambda: review.check(i, 0, frame, bool(rng.integers(2))),
        "learn": lambda: review.learn(),
        "take back": lambda: review.take_back(),
        "split": lambda: review.split(names[0]),
        "merge": lambda: review.merge(names[-1], names[0]),
        "undo": lambda: review.undo(),
        "redo": lambda: review.redo(),
        "save": lambda: review.save(),
        "export": lambda: review.export(),
    }


def act(model, videos, folder, told, seed):
    """Act until the end, and tell of each action when it is done."""
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(seed)
    review = Review(model, videos, folder).open()
    while True:
        step, call = list(steps_of(review, rng).items())[rng.integers(12)]
        before = review.state
        found = {"state": plain(before), "next": step}
        Path(f"{told}.new").write_text(json.dumps(found), encoding="utf-8")
        os.replace(f"{told}.new", told)
        with contextlib.suppress(TypeError, ValueError):  # nothing to undo, for example
            call()
            before = review.state
        assert review.state is before


def check(videos, folder, told):
    """See that all is there but what was being done, which is given."""
    found = json.loads(told.read_text())
    review = Review(None, videos, folder)
    if plain(review.state) != found["state"]:  # it is done, but was not told
        word = "redo" if found["next"] == "undo" else "undo"
        getattr(review, word)()
        assert plain(review.state) == found["state"], found["next"]
        getattr(review, "undo" if word == "redo" else "redo")()
    for _ in range(3):
        if review.undoable:
            review.undo()
            review.redo()
    assert len(review.model.actions_) == len(review.state.actions)
    review.close()
    if (folder / "segments.csv").exists():
        assert set(read_table(folder / "segments.csv")["recording"]) == set("01234")
    if (folder / "model.skops").exists():
        load_model(folder / "model.skops")
    return found["next"]


def main(folder, n_kills=50, seed=0):
    """Start, kill and check so many processes."""
    options = {"n_actions": 3, "n_features": 4, "mean_length": 30, "random_state": 2}
    videos, _ = make_activities(n_videos=5, **options)
    model = MallowSegmenter(3).fit(videos)
    folder = Path(folder)
    review = Review(model, videos, folder / "first").open()
    for call in steps_of(review, np.random.default_rng(0)).values():  # which import
        with contextlib.suppress(TypeError, ValueError):
            call()
    told, rng, during = folder / "told", np.random.default_rng(seed), Counter()
    for k in range(n_kills):
        told.unlink(missing_ok=True)
        process = os.fork()
        if not process:
            act(model, videos, folder / "out", told, [seed, k])
        time.sleep(rng.uniform(0, 1))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        if told.exists():
            during[check(videos, folder / "out", told)] += 1
    print(sum(during.values()), dict(during))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
