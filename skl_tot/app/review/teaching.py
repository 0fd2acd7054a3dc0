"""Models of a review: names, predictions, learning, and fits without labels."""

import contextlib
import shutil
import threading
import warnings
from copy import copy
from functools import partial

import joblib  # type: ignore[import-untyped]
import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from skl_tot import corrections
from skl_tot.app.review.calls import Ended
from skl_tot.app.review.entry import (
    UNLABELLED,
    Prediction,
    blank_entry,
    find_track,
    runs_of,
)
from skl_tot.app.review.history import State, stops_of
from skl_tot.corrections.editing import name_unlabelled
from skl_tot.corrections.semi_supervised import (
    add_strict_order,
    choose_teaching,
    default_estimators,
)
from skl_tot.corrections.suggestions import count_clusters
from skl_tot.io.models import load_model, save_model
from skl_tot.methods import pipelines
from skl_tot.preprocessing.look import look
from skl_tot.progress import each, part, watched
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import errors_of_recording, import_extra, warn_user
from skl_tot.recordings.labels import (
    BACKGROUND,
    UNKNOWN,
    UNKNOWN_NAME,
    read_labels,
)
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.names import Actions, unused_names
from skl_tot.recordings.signals import stretches
from skl_tot.recordings.stops import are_left, fill_stops

CLUSTERINGS = "clusterings"  # folder of fits without labels

# Names


def with_words(model):
    """Fitted model with distinct text names of actions, without ``labels_``."""
    segmenter = copy(pipelines.segmenter_of(model))
    vars(segmenter).pop("labels_", None)  # not needed
    words = words_of(segmenter.actions_.tolist())
    return corrections.rename(pipelines.with_last(model, segmenter), words)


def words_of(labels, is_from_0=None):
    """Names of labels: text, or "action 1" and further, also for numbers from 0."""
    words = list(map(str, labels))
    first = 1 if ("0" in words if is_from_0 is None else is_from_0) else 0
    for k, word in enumerate(words):
        if word.isdecimal():
            is_plain = word == str(int(word))  # 07 is no 7
            words[k] = f"action {first + int(word) if is_plain else word}"
    return words


def describe_numbers(model):
    """Say how the labels of a model with numbers are called; None for others."""
    is_from_0 = model is not None and 0 in actions_of(model)
    return "Action 1 is label 0 of the model, and so on." if is_from_0 else None


def actions_of(model):
    """Names of the actions of a model, as a list."""
    return pipelines.segmenter_of(model).actions_.tolist()


def with_names_of(model, state):
    """Model with the names of a state."""
    words = [state.names[code] for code in state.actions]
    return model if words == actions_of(model) else corrections.rename(model, words)


def first_state(model, n_recordings):
    """State before the first change, and the model with names of text, if any."""
    names, codes, n_learned = Actions(), (), 0
    if model is not None:
        segmenter, model = pipelines.segmenter_of(model), with_words(model)
        words, n_learned = actions_of(model), int(segmenter.is_taught)
        # text is in the order of other pictures, which sort it
        is_text = segmenter.actions_.dtype.kind == "U"
        names = names.add(sorted(words) if is_text else words)
        codes = names.codes(words)
    return State(0, codes, names, (None,) * n_recordings, n_learned), model


# Predictions


def decode_recording(model, recordings, i):
    """Decode a recording; its path has all frames."""
    with errors_of_recording(i, recordings.names[i]):
        (decoded,) = pipelines.decode_recordings(model, recordings.select([i]))
        n_labels, n_frames = len(decoded.path), len(recordings.arrays[i])
        if n_labels != n_frames:
            text = f"the model labels {n_labels} of {n_frames} frames"
            raise ValueError(f"{text}, expected a label for each.")
        return decoded


def predict_recording(model, recordings, i, codes):
    """Predict a recording, in segments with a code for each action of the model."""
    decoded, breaks = decode_recording(model, recordings, i), recordings.breaks_of(i)
    labels = np.array([*codes, BACKGROUND])[decoded.path]
    segments = find_track(labels, np.zeros(len(labels), bool), breaks)
    edges = pipelines.path_boundaries(model, decoded, breaks)
    confidence = pipelines.path_confidence(decoded).astype(np.float16)
    return Prediction(segments, confidence, edges)


def first_entry(model, recordings, i, state, told=None):
    """`Entry` of recording i, predicted unless the model is None; see `Entry.told`."""
    entry = blank_entry(len(recordings.arrays[i]), recordings.breaks_of(i))
    if model is not None:
        prediction = predict_recording(model, recordings, i, state.actions)
        entry = entry._replace(**prediction._asdict(), predicted=prediction.segments)
    return entry if told is None else entry.with_told(told)


def tell_words(words, names, order):
    """Rows, see `Entry.told`, of words (n_frames,), "" for unknown; None of None."""
    if words is None:
        return None
    distinct, places = np.unique(words, return_inverse=True)
    codes = Actions(names | {UNLABELLED: UNKNOWN_NAME}).codes(distinct.tolist())
    is_known = words != UNKNOWN_NAME
    orders = np.full(len(words), order if is_known.all() else 0)
    return np.stack([np.array(codes)[places], is_known, orders], axis=1)


def go_on(history, about, recordings, model, fits):
    """Begin a log anew with other steps or stops than before; labels of people stay."""
    before, state = history.about, history.state
    if all(before[key] == about[key] for key in ("steps", "pauses", "recordings")):
        return
    stops, entries, news = stops_of(recordings), {}, []
    for i, (_, _, stops_before, _) in enumerate(before["recordings"]):
        if stops_before != stops[i]:
            entry = state.entries[i]
            told = fill_stops(entry.told(), stops_before, entry.told_in_stops())
            is_left = are_left(len(told), stops[i])
            after = first_entry(model, recordings, i, state, told[is_left])
            entries[i] = after._replace(in_stops=runs_of(told[~is_left]))
    shutil.rmtree(fits, ignore_errors=True)  # they are of the steps before
    n = sum(map(len, stops))
    how_many = ["no stop is", "1 stop is", f"{n} stops are"][min(n, 2)]
    if entries or before["pauses"] != about["pauses"]:
        news.append(f"{how_many} cut out")
    if before["steps"] != about["steps"]:
        news.append(f"the steps before a fit are {', '.join(about['steps']) or 'none'}")
    said = f"now {', and '.join(news)}"
    warn_user(f"In the review, {said}; all labels stay, press L to learn with this.")
    after = state.with_entries(entries)._replace(taught="")  # by other steps
    history.commit(said, after, about=before | about)


def read_words(labels, recordings, model=None):
    """Read labels as names (n_frames,) by recording, "" for unknown, and all names."""
    values, classes = read_labels(labels, recordings, "labels")
    is_from_0 = None if model is None else 0 in actions_of(model)
    words = words_of(classes.tolist(), is_from_0)
    names = np.array([*words, UNKNOWN_NAME])  # the last one for code -1
    return [names[codes] for codes in values], words


# Learning


def teach(learner, recordings, state):
    """Model that ``learner`` makes of recordings and their labels, by entries."""
    # recordings are all with labels and some others; those have labels None
    words = [entry.known_words(state.names) for entry in state.entries]
    is_labelled = np.array([labels is not None for labels in words])
    if not is_labelled.any():
        text = "no recording is checked and no segment is made by hand"
        raise ValueError(f"{text}, expected some to learn from.")
    chosen = choose_teaching(recordings.lengths, is_labelled)
    model = learner(recordings.select(chosen), [words[i] for i in chosen])
    segmenter = pipelines.segmenter_of(model)
    if segmenter.unlabelled_actions_:  # names that people gave without labels stay
        shown = [state.entries[i].words(state.names) for i in chosen]
        segmenter = name_unlabelled(shown, segmenter)
    return with_words(pipelines.with_last(model, segmenter))


def digest_labels(state):
    """Digest of the labels of people by code, so that names do not count."""
    return joblib.hash([entry.told()[:, 0] for entry in state.entries])


def learn(learner, recordings, state):
    """State and model after learning, with the number of recordings that change."""
    unchecked = [i for i, e in enumerate(state.entries) if not e.is_checked()]
    n_learned = max(1, len(state.checks()))
    with part(0, 2):
        model = teach(learner, recordings, state)
    names = state.names.add(actions_of(model))
    codes = names.codes(actions_of(model))
    entries, n_changed = {}, 0
    with part(1, 2):
        for i in each(unchecked):
            prediction = predict_recording(model, recordings, i, codes)
            entry = state.entries[i].propose(prediction)
            n_changed += state.entries[i].is_blank or entry.changed is not None
            entries[i] = entry
    after = state._replace(actions=codes, names=names, n_learned=n_learned)
    after = after._replace(taught=digest_labels(state)).with_entries(entries)
    return after.forget_unused(), model, n_changed


# Merges and splits


def merge_actions(state, model, action, into):
    """State after a merge of two codes, and the model, or None if it stays."""
    names = Actions(pair for pair in state.names.items() if pair[0] != action)
    word, other = state.names[action], names[into]
    actions, merged_model = list(state.actions), None
    if action in actions and into in actions:
        merged_model = corrections.merge(model, [other, word])
        actions = names.codes(actions_of(merged_model))
    elif action in actions and into == BACKGROUND:
        text = f"the model finds {word!r} and no background"
        raise ValueError(f"{text}; relabel segments of it, and let the model learn.")
    elif action in actions:
        actions[actions.index(action)] = into
    entries = tuple(entry.replace_action(action, into) for entry in state.entries)
    after = state._replace(names=names, actions=tuple(actions), entries=entries)
    return after._replace(taught="") if merged_model else after, merged_model


def split_action(state, model, action, recordings):
    """State and model after a split of an action, and the codes of both halves."""
    word, k = state.names[action], state.actions.index(action)
    shown = np.flatnonzero([entry.shows(action) for entry in state.entries])
    no_labels = np.zeros(len(shown), bool)
    chosen = shown[choose_teaching(recordings.lengths[shown], no_labels)]
    model = corrections.split(model, word, recordings.select(chosen))
    halves = action, state.names.free_code
    words = unused_names(word, state.names.values())
    names = Actions(state.names | dict(zip(halves, words)))
    actions = (*state.actions[:k], *halves, *state.actions[k + 1 :])
    after, entries = state._replace(names=names, actions=actions, taught=""), {}
    model = with_names_of(model, after)
    for i in each(shown.tolist()):
        decoded = decode_recording(model, recordings, i)
        entries[i] = halve_entry(state.entries[i], decoded, k, halves)
    return after.with_entries(entries), model, halves


def halve_entry(entry, decoded, k, codes):
    """Entry of a model in which action ``k`` is split into ``k`` and ``k + 1``."""
    posterior = decoded.posterior[:, k : k + 2]
    is_half = np.isin(decoded.path, (k, k + 1))
    path = np.where(is_half, decoded.path - k, UNKNOWN)
    tracks = {}
    for name, track in entry.tracks().items():
        halves = fill_halves(track, codes[0], path, posterior)
        tracks[name] = track.divide(codes[0], np.array(codes)[halves])
        if name == "predicted":
            half = posterior[np.arange(len(halves)), halves].clip(0, 1)
            is_action = track.labels() == codes[0]
            confidence = np.where(is_action, half, entry.confidence).astype(np.float16)
    return entry._replace(**tracks, confidence=confidence)


def fill_halves(track, action, path, posterior):
    """Half of frames: of the path, or nearest in the segment, or likelier in it."""
    halves, is_action = np.maximum(path, 0), track.codes == action
    for start, end in zip(track.starts[is_action], track.ends[is_action]):
        frames = start + np.flatnonzero(path[start:end] != UNKNOWN)
        if len(frames):
            middles = (frames[1:] + frames[:-1]) / 2
            nearest = np.searchsorted(middles, np.arange(start, end))
            halves[start:end] = path[frames[nearest]]
        else:
            halves[start:end] = posterior[start:end].sum(axis=0).argmax()
    return halves


# Fits without labels


def is_learner(model):
    """Whether a model, or None, is to learn from labels and fits without labels."""
    if model is None:
        return True
    segmenter = pipelines.last_step(model)
    is_taught = getattr(segmenter, "is_taught", False) and segmenter.estimator is None
    return is_taught and not hasattr(segmenter, "actions_")


def _after(fit, learner):
    """Return the steps of a fit from the place of the segmenter of a learner."""
    return pipelines.steps_of(fit)[len(pipelines.steps_of(learner)) - 1 :]


def sample_of(recordings):
    """Whole recordings, or stretches of the only one, for fits of seconds."""
    if len(recordings) > 1:
        no_labels = np.zeros(len(recordings), bool)
        return recordings.select(choose_teaching(recordings.lengths, no_labels))
    parts = stretches(recordings).videos.arrays
    if len(parts) == 1:
        return recordings
    # one after the other, as a single recording is learned in another way than many
    is_frame = hasattr(parts[0], "iloc")
    join = import_extra("pandas").concat if is_frame else np.concatenate
    return Recordings([join(parts)], fps=recordings.fps)


class Clusterings:
    """Fits of a learner's steps, one by one in a thread, kept in a folder when done."""

    def __init__(self, learner, recordings, folder):
        self.fitted, self.n_done, self.total = [], 0, 0
        self.clusters = []  # frames (n_recordings, n_clusters) of each fit
        self._learner, self._recordings, self._folder = learner, recordings, folder
        self._thread, self._is_over = None, False

    def start(self, tell=lambda error: None):
        """Begin, unless begun; tell of each fit that ends, with its error or None."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, args=[tell], daemon=True)
            self._thread.start()

    def _run(self, tell):
        """Fit one after the other, tell of each, and count the frames of clusters."""
        try:
            pipeline, frames = clone(self._learner), self._recordings
            if pipelines.last_step(pipeline) is not pipeline:
                frames = pipeline[:-1].fit_transform(frames)
            seed = pipelines.last_step(pipeline).random_state
            estimators = default_estimators(look(frames), random_state=seed)
            self.total = len(estimators)
            tell(None)
            sample = sample_of(as_recordings(frames))
            for k, estimator in enumerate(estimators):
                error = None
                try:
                    self.fitted.append(self._fit(k, estimator, pipeline, sample))
                except Exception as problem:  # others may go
                    error = problem
                self._go_on()
                self.n_done += 1
                tell(error)
            # of all frames, so that whoever learns need not wait for it
            for model in self.fitted:
                segmenter = pipelines.joined(_after(model, pipeline))
                self.clusters.append(count_clusters(segmenter.predict(frames)))
                self._go_on()
            tell(None)
        except Exception as error:
            if not self._is_over:
                tell(error)

    def _fit(self, k, estimator, pipeline, frames):
        """Fit the end of a pipeline to frames, or load the model of an earlier fit."""
        path = self._folder and self._folder / f"{k}.skops"
        # a file that cannot be read is fitted again
        with contextlib.suppress(Exception):
            return load_model(path)
        with watched(self._go_on), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are evidence, no result
            estimator.fit(frames)
        vars(pipelines.last_step(estimator)).pop("labels_", None)  # not needed
        model = pipelines.with_last(pipeline, estimator)
        if path is not None:
            self._folder.mkdir(exist_ok=True)
            save_model(model, path)
        return model

    def _go_on(self, *_):
        """Raise `Ended` after `close`, as a callback of a fit."""
        if self._is_over:
            raise Ended

    @property
    def counts(self):
        """Number of fits that are there, that have ended, and of all."""
        return [len(self.fitted), self.n_done, self.total]

    def first_model(self, state):
        """State with new actions, those of the first fit, and its model."""
        if not self.fitted:
            raise ValueError("no fit is done yet, expected one; wait for it.")
        model = with_words(self.fitted[0])
        names = state.names.add_unnamed(len(actions_of(model)))
        codes = tuple(code for code in names if code not in state.names)
        return state._replace(actions=codes, names=names), model

    def wait(self, tell=lambda done, total: None):
        """Wait for all fits; return those that did not fail."""
        self.start()
        while self._thread.is_alive() and not 0 < self.total == self.n_done:
            tell(self.n_done, self.total)
            self._thread.join(0.2)  # seconds, so that the counts go on
        return self.fitted

    def teach(self, X, y, tell):
        """Learner after labels and all fits, for which it waits and tells."""
        fits = self.wait(partial(tell, "waiting"))
        tell("learning")
        if not fits:
            return clone(self._learner).fit(X, y)
        segmenter = clone(pipelines.last_step(self._learner))
        *before, (name, _) = pipelines.steps_of(self._learner)
        inner = [pipelines.joined(_after(fit, self._learner)) for fit in fits]
        segmenter.estimator = list(map(FrozenEstimator, add_strict_order(inner)))
        steps = pipelines.steps_of(fits[0])[: len(before)]
        model = Pipeline([*steps, (name, segmenter)]) if before else segmenter
        segmenter.fit(pipelines.transform_before(model, X), y)
        return model

    def made(self, model):
        """Whether the learner has the parameters of a model, such as ``cycles``."""
        learned, learner = (
            pipelines.last_step(x).get_params(deep=False) | {"estimator": None}
            for x in (model, self._learner)
        )
        return str(learned) == str(learner)

    def close(self):
        """End soon, with the fits that are kept."""
        self._is_over = True
        if self._thread is not None:
            self._thread.join(3)  # seconds, as a step of a fit may be long
