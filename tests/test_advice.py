"""A remedy that a sentence names raises the share of right frames where it is said."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

import skl_tot
from skl_tot import (
    AutoSegmenter,
    CyclicSegmenter,
    HMMSegmenter,
    SemiSupervisedSegmenter,
    TemporalOTSegmenter,
    rate_trust,
)
from skl_tot.app.cli.main import main
from skl_tot.app.cli.outputs import OPTIONS, in_options
from skl_tot.baselines import KMeansSegmenter, MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.methods.collapses import REMEDY, STRICT
from skl_tot.methods.pipelines import last_step
from skl_tot.metrics import mof_score
from skl_tot.preprocessing import SignalWindows

pytestmark = pytest.mark.usefixtures("short_networks")
LEAST_GAIN = 0.03


def activities(n_videos=12, n_actions=4, **options):
    return make_activities(n_videos, n_actions, n_features=6, random_state=1, **options)


def with_offsets():
    """Recordings of people who differ more than their actions."""
    videos, labels = activities(noise=0.5)
    offsets = 4 * np.random.default_rng(0).normal(size=(12, 6))
    return [video + offset for video, offset in zip(videos, offsets)], labels


def cycles():
    """One recording that repeats four actions, two of which look alike."""
    rng = np.random.default_rng(0)
    path = np.tile(np.arange(4), 8).repeat(16)
    looks = rng.normal(size=(3, 6))[[0, 1, 2, 1]]
    return [looks[path] + 0.5 * rng.normal(size=(len(path), 6))], [path]


def swings():
    """Signals that swing at three rates around one mean."""
    rng, videos = np.random.default_rng(0), []
    path = np.tile(np.arange(3), 3).repeat(200)
    for _ in range(3):
        phase = np.cumsum(np.array([0.1, 0.3, 0.9])[path])
        signal = np.c_[np.sin(phase), np.cos(phase)]
        videos.append(signal + 0.2 * rng.normal(size=signal.shape))
    return videos, [path] * 3


def hmm(n_actions=4, **options):
    return HMMSegmenter(n_actions, random_state=0, **options)


def said_of(model, videos):
    """Fit; return the labels, and what the fit says of them and of the recordings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        labels = model.fit_predict(videos)
    said = [str(warning.message) for warning in caught]
    sentences = skl_tot.look(videos, last_step(model).n_actions).sentences()
    return labels, " ".join([*said, *sentences])


SETTINGS = {
    'order="free" if you know better': (
        lambda: activities(8, order="free"),
        hmm(),
        hmm(order="free"),
    ),
    'standardize="video" scales each recording': (
        with_offsets,
        hmm(),
        hmm(standardize="video"),
    ),
    "if these are cycles of one activity, use CyclicSegmenter": (
        cycles,
        hmm(),
        CyclicSegmenter(4, estimator=hmm(), random_state=0),
    ),
    "windows around them tell more: SignalWindows": (
        swings,
        hmm(3, order="free"),
        make_pipeline(SignalWindows(), hmm(3, order="free")),
    ),
    STRICT: (
        lambda: activities(noise=2.0),
        hmm(order="mostly", switch_cost=1e4),
        TemporalOTSegmenter(4, order="strict", random_state=0),
    ),
    "AutoSegmenter also tries another order": (
        lambda: activities(order="free"),
        MallowSegmenter(4, random_state=0),
        AutoSegmenter(4, random_state=0),
    ),
}


@pytest.mark.parametrize("sentence", SETTINGS)
def test_a_setting(sentence):
    make, model, remedied = SETTINGS[sentence]
    videos, truth = make()
    labels, said = said_of(model, videos)
    assert sentence in said
    with warnings.catch_warnings(action="ignore"):
        after = remedied.fit_predict(videos)
    assert mof_score(truth, after) >= mof_score(truth, labels) + LEAST_GAIN


FAULTS = {
    "Labels collapse": TemporalOTSegmenter(
        4, decoding="skip", switch_cost=1e4, max_iter=5, random_state=0
    ),
    "Half of the segments last": KMeansSegmenter(4, decoding="framewise"),
    "Check before use": KMeansSegmenter(4, decoding="framewise"),
}


@pytest.fixture(scope="module")
def noisy():
    """Recordings, their labels, and labels that those of the first teach."""
    videos, truth = activities(8, noise=2.5)
    y = [truth[0], *[None] * (len(videos) - 1)]
    with warnings.catch_warnings(action="ignore"):
        taught = SemiSupervisedSegmenter(random_state=0).fit_predict(videos, y)
    return videos, truth, taught


@pytest.mark.parametrize("fault", FAULTS)
def test_labels_of_one_recording(fault, noisy):
    videos, truth, taught = noisy
    model = FAULTS[fault].set_params(random_state=0)
    labels, said = said_of(model, videos)
    if fault == "Check before use":
        said = " ".join(rate_trust(model, videos)["sentences"])
    assert fault in said
    assert said.count(REMEDY) == 1
    right = np.concatenate(taught[1:]) == np.concatenate(truth[1:])
    assert right.mean() >= mof_score(truth[1:], labels[1:]) + LEAST_GAIN


def test_estimators_speak_of_no_options():
    """Those are added where commands print; readers of files name both."""
    rooms = "baselines corrections decoding meta methods metrics preprocessing training"
    package = Path(skl_tot.__file__).parent
    paths = [path for room in rooms.split() for path in (package / room).glob("*.py")]
    for path in [*paths, package / "recordings" / "checks.py"]:
        assert not re.search(r"--[a-z]|skl-tot [a-z]", path.read_text("utf-8")), path


def test_options_of_remedies_exist(capsys):
    with pytest.raises(SystemExit):
        main(["fit", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert set(re.findall(r"--[a-z-]+", " ".join(OPTIONS.values()))) <= options
    for sentence in [REMEDY, *SETTINGS]:
        said = in_options(sentence)
        assert "--" in said
        assert not re.search('Segmenter|SignalWindows|=\\[|"', said)
