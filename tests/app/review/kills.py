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
from pathlib import Path

import numpy as np

from skl_tot import HMMSegmenter
from skl_tot.app.review import Review
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import semi_supervised
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, read_table


def plain(state):
    """Content of a state, which can be compared."""
    text = json.dumps(state, default=lambda array: array.tolist())
    return json.loads(text)


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
    """Act until the end, and tell of each action before it."""
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(seed)
    review = Review(model, videos, folder).open()
    while True:
        step, call = list(steps_of(review, rng).items())[rng.integers(12)]
        before = {"state": plain(review.state), "next": step}
        Path(f"{told}.new").write_text(json.dumps(before), encoding="utf-8")
        os.replace(f"{told}.new", told)
        with contextlib.suppress(TypeError, ValueError):  # nothing to undo, for example
            call()


def check(videos, folder, told):
    """See that all is there but what was being done."""
    before = json.loads(told.read_text())
    review = Review(None, videos, folder)
    if plain(review.state) != before["state"]:  # it is done, but was not told
        word, other = "undo", "redo"
        if before["next"] == "undo":
            word, other = other, word
        getattr(review, word)()
        assert plain(review.state) == before["state"], before["next"]
        getattr(review, other)()
    assert len(review.model.actions_) == len(review.state.actions)
    review.close()
    if (folder / "segments.csv").exists():
        assert set(read_table(folder / "segments.csv")["recording"]) == set("01234")
    if (folder / "model.skops").exists():
        load_model(folder / "model.skops")


def main(folder, n_kills=50, seed=0):
    """Start, kill and check so many processes."""
    semi_supervised.default_estimators = lambda _: [HMMSegmenter(3, random_state=0)]
    videos, _ = make_activities(5, 3, n_features=4, mean_length=30, random_state=2)
    model, folder = MallowSegmenter(3).fit(videos), Path(folder)
    review = Review(model, videos, folder / "first").open()
    for call in steps_of(review, np.random.default_rng(0)).values():  # which import
        with contextlib.suppress(TypeError, ValueError):
            call()
    told, rng = folder / "told", np.random.default_rng(seed)
    for k in range(n_kills):
        told.unlink(missing_ok=True)
        process = os.fork()
        if not process:
            act(model, videos, folder / "out", told, [seed, k])
        while not (told.exists() or os.waitpid(process, os.WNOHANG)[0]):
            time.sleep(0.01)  # until it acts
        time.sleep(rng.uniform(0, 1))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        check(videos, folder / "out", told)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
