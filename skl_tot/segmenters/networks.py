"""What segmenters with a network share: its training, and its embeddings."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils._param_validation import Interval

from skl_tot.inputs.errors import VideoValueError
from skl_tot.inputs.forms import mirror_form
from skl_tot.inputs.states import check_item, count, size
from skl_tot.segmenters.fitted import as_types_of, check_fitted
from skl_tot.segmenters.passes import Passes
from skl_tot.segmenters.template import CONTEXT, BaseSegmenter
from skl_tot.training.components import LARGEST, MOST, SMALLEST
from skl_tot.training.devices import inference_device, resolve_device
from skl_tot.training.distributed import same_everywhere
from skl_tot.training.loop import train
from skl_tot.training.network import Encoder
from skl_tot.training.progress import progress_bar
from skl_tot.training.state import Adam

# Parameters of version 0.1.0 that have other names now.
RENAMED = {"n_frames": "frames_per_video", "background": "background_percentile"}


class NetworkSegmenter(  # type: ignore[call-arg]
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseSegmenter,
    auto_wrap_output_keys=None,
):
    """Base of segmenters that embed frames by a trained network.

    A subclass names the terms of its loss in ``_terms``. After training, ``network_``
    holds all parameters by name, those of the terms included.
    """

    _parameter_constraints = BaseSegmenter._parameter_constraints | {
        **CONTEXT,
        "embedding_dim": [Interval(Integral, 1, MOST, closed="both")],
        "hidden_dim": [None, Interval(Integral, 1, MOST, closed="both")],
        "frames_per_video": [Interval(Integral, 1, MOST, closed="both")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, MOST, closed="both")],
        "learning_rate": [Interval(Real, SMALLEST, LARGEST, closed="both")],
        "weight_decay": [Interval(Real, 0, LARGEST, closed="both")],
        "tol": [None, Interval(Real, 0, LARGEST, closed="both")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "device": [str],
        "verbose": ["verbose"],
    }

    _encoder = "sigmoid"  # a key of ENCODERS
    # what `transform` gives of a video
    _embeddings: Callable = staticmethod(Encoder.embeddings)

    def __init_subclass__(cls, **options):
        # the output may be a list of arrays, which set_output cannot wrap
        super().__init_subclass__(**({"auto_wrap_output_keys": None} | options))

    def _terms(self):
        """Make the terms of the loss of one fit; those of weight 0 are left out."""
        raise NotImplementedError

    def transform(self, X):
        """Embed every frame.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.

        Returns
        -------
        embeddings : ndarray of shape (n_frames, embedding_dim), or list of such
            In (0, 1), or of unit length, by the method; in the floating type of the
            video. Those of several networks are side by side, ``n_init *
            embedding_dim``.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid.
        """
        videos, form = check_fitted(self, X)
        embeddings = list(self._encode(videos, self._embeddings))
        return mirror_form(as_types_of(embeddings, videos), form)

    @property
    def coefs_(self):
        """Weights of the encoder, or of several."""
        return [self.network_["hidden_weight"], self.network_["output_weight"]]

    @property
    def intercepts_(self):
        """Biases of the encoder, or of several."""
        return [self.network_["hidden_bias"], self.network_["output_bias"]]

    @property
    def _n_networks(self):
        """Networks of which the mean speaks; the arrays of several have a dimension."""
        bias = self.network_["output_bias"]
        return 1 if bias.ndim == 1 else len(bias)

    @property
    def _n_features_out(self):
        return self.network_["output_bias"].size  # those of all, side by side

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def __setstate__(self, state):
        if "network_" not in state and "coefs_" in state:
            state = _of_today(state)
        super().__setstate__(state)

    def _check_state(self):
        super()._check_state()
        count(self, "n_iter_")
        n_features = self._n_features_read()
        size(self.network_, "network_", "output_bias")  # there is one
        several = (self._n_networks,) if self._n_networks > 1 else ()
        n_each = max(1, self._n_networks)
        hidden_dim = size(self.network_, "network_", "hidden_bias") // n_each
        embedding_dim = size(self.network_, "network_", "output_bias") // n_each
        shapes = {
            "hidden_weight": (*several, n_features, hidden_dim),
            "hidden_bias": (*several, hidden_dim),
            "output_weight": (*several, hidden_dim, embedding_dim),
            "output_bias": (*several, embedding_dim),
        }
        for name, value in self.network_.items():
            shapes.setdefault(name, getattr(value, "shape", ()))
        for name, shape in shapes.items():
            check_item(self.network_, "network_", name, shape)
            found = self.network_[name].dtype
            if found != np.float32:  # torch would not mix them
                raise ValueError(f"network_[{name!r}] is of {found}, expected float32")

    def _settings(self):
        """Collect what every fit needs."""
        optimizer = Adam(
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            decay=getattr(self, "decay", 0.0),
            frames_per_video=self.frames_per_video,
            batch_size=self.batch_size,
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change,
        )
        layer_sizes = self.hidden_dim or 2 * int(self.embedding_dim), self.embedding_dim
        return optimizer.settings(layer_sizes, self.max_iter, encoder=self._encoder)

    def _train(
        self, videos, seed, *, terms=None, max_iter=None, start=None, one_pass=False
    ):
        """Run the solver, keep the network and return the snapshot.

        Other ``terms`` and ``max_iter`` than the segmenter's are those of a part of a
        fit, which goes on from the ``start`` that the part before gave.
        """
        settings = self._settings()
        if max_iter is not None:
            settings = replace(settings, max_iter=max_iter)
        if terms is None:
            terms = self._terms()
        n_steps = settings.max_iter
        if one_pass:
            n_steps = -(-len(videos) // settings.batch_size)
        with progress_bar(n_steps, self.verbose) as progress:
            snapshot, losses = train(
                videos,
                settings,
                [term for term in terms if term.weight],
                device=resolve_device(self.device),
                seed=same_everywhere(seed),
                start=start,
                one_pass=one_pass,
                progress=progress,
            )
        self.network_ = snapshot.network
        self.n_iter_ = snapshot.n_iter
        self.loss_curve_ = losses if start is None else self.loss_curve_ + losses
        return snapshot

    def _encode(self, videos, method, *, keep=False):
        """Pass a method of `Encoder` over videos; it may be kept for further passes."""
        encoder = Encoder(self.network_, inference_device(self.device), self._encoder)
        return Passes(partial(_finite, method, encoder, videos), len(videos), keep=keep)


def _finite(method, encoder, videos, i):
    """Output of a method of an encoder for one video, if it is finite."""
    array = method(encoder, videos, i)
    if not np.isfinite(array).all():
        raise VideoValueError(
            "the scores are not finite; the fit diverged (lower learning_rate) or the "
            "features are too large for float32.",
            i,
        )
    return array


def _of_today(state):
    """State of a segmenter that version 0.1.0 fitted, as this one keeps it."""
    state = dict(state)
    for old, new in RENAMED.items():
        state[new] = state.pop(old)
    network = state.pop("_time_head", {})
    network["hidden_weight"], network["output_weight"] = state.pop("coefs_")
    network["hidden_bias"], network["output_bias"] = state.pop("intercepts_")
    if "prototypes_" in state:
        network["prototypes"] = state.pop("prototypes_")
        state["n_actions_"] = int(state["prototype_actions_"][-1]) + 1
    else:
        state["n_actions_"] = len(state["gaussians_"])
    state["network_"] = network
    return state
