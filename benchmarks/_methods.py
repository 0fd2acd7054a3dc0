"""Methods by their names: those of the package, and a baseline without it.

A `Row` of a table is a method with settings; the command line writes it as
``METHOD:NAME=VALUE,NAME=VALUE``.
"""

import ast
import logging
import operator
from dataclasses import dataclass, field

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skl_tot
from skl_tot import baselines
from skl_tot.recordings.labels import equal_parts

WINDOWS = "windows+"  # before a method on the command line


class LeftRightHMM(BaseEstimator):
    """Left-to-right Gaussian HMM of hmmlearn, started from equal parts of recordings.

    Features are standardised over the data set and reduced to their leading principal
    components; ``n_components=None`` keeps the features. Covariances are diagonal.
    """

    def __init__(self, n_actions=8, *, n_components=16, n_iter=30, tol=0.0):
        self.n_actions = n_actions
        self.n_components = n_components
        self.n_iter = n_iter
        self.tol = tol

    def fit(self, videos):
        from hmmlearn.hmm import GaussianHMM  # optional

        # hmmlearn warns if rounding makes a converged step slightly worse
        logging.getLogger("hmmlearn").setLevel(logging.ERROR)
        k, lengths = self.n_actions, [len(video) for video in videos]
        frames = np.concatenate(videos).astype(np.float64)
        steps = [StandardScaler()]
        if self.n_components is not None:
            steps.append(PCA(min(self.n_components, *frames.shape), random_state=0))
        with np.errstate(invalid="ignore"):  # shares of a variance of 0
            self.reduce_ = make_pipeline(*steps).fit(frames)
        frames = self.reduce_.transform(frames)
        parts = np.concatenate([equal_parts(length, k) for length in lengths])
        parts = [frames[parts == action] for action in range(k)]
        leave = np.r_[np.full(k - 1, min(k / np.mean(lengths), 0.5)), 0.0]
        model = GaussianHMM(
            k, "diag", params="tmc", init_params="", n_iter=self.n_iter, tol=self.tol
        )
        model.startprob_ = np.eye(k)[0]
        model.transmat_ = np.diag(1 - leave) + np.diag(leave[:-1], 1)
        model.means_ = np.array([part.mean(axis=0) for part in parts])
        model.covars_ = np.array([part.var(axis=0) for part in parts]) + 1e-2
        self.model_ = model.fit(frames, lengths)
        return self

    def predict(self, videos):
        reduced = [self.reduce_.transform(np.asarray(v, np.float64)) for v in videos]
        return [self.model_.predict(frames) for frames in reduced]


METHODS = {
    "tot": "TemporalOTSegmenter",
    "auto": "AutoSegmenter",
    "asot": "ASOTSegmenter",
    "cte": "CTESegmenter",
    "vte": "VTESegmenter",
    "ude": "UDESegmenter",
    "asal": "ASALSegmenter",
    "mallow": "MallowSegmenter",
    "frank-wolfe": "FrankWolfeSegmenter",
    "hmm": "HMMSegmenter",
    "equal": "EqualPartsSegmenter",
    "k_means": "KMeansSegmenter",
    "paper": "TemporalOTSegmenter.paper",
    "left-right-hmm": "LeftRightHMM",
}


def make(name, *, embedding_dim=None, **settings):
    """Make a method; settings may be those of its objects, such as ``prior__sigma``.

    ``embedding_dim`` is the width of the embedding. A hidden layer that is twice as
    wide by default stays so.
    """
    name = METHODS[name]
    if name == "LeftRightHMM":
        return LeftRightHMM(**settings)
    room = skl_tot if name.partition(".")[0] in skl_tot.__all__ else baselines
    model = operator.attrgetter(name)(room)().set_params(**settings)
    if embedding_dim is not None:
        model.set_params(network__embedding_size=embedding_dim)
        if model.network.hidden_size in (60, 80):  # of the paper, and of the others
            model.set_params(network__hidden_size=2 * embedding_dim)
    return model


def accepted(name, settings, fixed=()):
    """The settings that a method has, beside fixed ones."""
    taken = {}
    for key, value in settings.items():
        try:
            make(name, **{**dict(fixed), key: value})
        except (AttributeError, TypeError, ValueError):  # None has no parameters
            continue
        taken[key] = value
    return taken


def has_seed(name):
    """Whether results depend on a seed."""
    try:
        return "random_state" in make(name).get_params()
    except Exception:  # the error appears in its cells
        return True


def seeded(model, seed):
    """Give a method its seed; those without one give the same result every time."""
    if "random_state" in model.get_params():
        model.set_params(random_state=seed)
    return model


@dataclass(frozen=True)
class Row:
    """A method with the parameters that differ from the defaults.

    ``order="told"`` is the known order of a set. With ``windows`` a method gets
    statistics of windows instead of frames.
    """

    method: str
    settings: dict = field(default_factory=dict)
    windows: bool = False

    @property
    def text(self):
        """The row in the form of the command line."""
        pairs = [f"{name}={_text(value)}" for name, value in self.settings.items()]
        text = ":".join(filter(None, [self.method, ",".join(pairs)]))
        return WINDOWS + text if self.windows else text

    def title(self, rows):
        """Name of the row among others, or else its text."""
        return next((title for title, row in rows.items() if row == self), self.text)

    def model(self, n_actions, seed, order=None):
        """Model of the row; ``order`` is the known one, for rows that are told."""
        settings = dict(self.settings)
        if settings.get("order") == "told":
            settings["order"] = order
        return seeded(make(self.method, n_actions=n_actions, **settings), seed)


def parse_row(text):
    """Row of a text; a value without quotes may be a text, and ``windows+`` precede.

    Raises ValueError, of one line, for unknown names.
    """
    method, _, settings = text.removeprefix(WINDOWS).partition(":")
    if method not in METHODS:
        raise ValueError(f"{text}: no method {method!r}, expected one of {[*METHODS]}.")
    try:
        call = ast.parse(f"dict({settings})", mode="eval").body
        if call.args:
            raise ValueError("values without names")
        values = dict(map(_setting, call.keywords))
        make(method, **values)
    except (SyntaxError, TypeError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{text}: expected METHOD:NAME=VALUE,NAME=VALUE; {reason}"
        ) from error
    return Row(method, values, text.startswith(WINDOWS))


def _setting(keyword):
    """Name and value of a keyword of a call."""
    if isinstance(keyword.value, ast.Name):
        return keyword.arg, keyword.value.id
    return keyword.arg, ast.literal_eval(keyword.value)


def _text(value):
    is_plain = isinstance(value, str) and value.isidentifier()
    return value if is_plain else repr(value)
