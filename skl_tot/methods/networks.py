"""Base of segmenters with a network: training and embeddings."""

from collections.abc import Callable
from functools import partial

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils._param_validation import StrOptions

from skl_tot.methods.base import BaseSegmenter, Passes, as_type_of
from skl_tot.methods.numbers import AUTO
from skl_tot.shared_texts import with_shared_texts
from skl_tot.training import devices
from skl_tot.training.components import MLP, NETWORKS, OPTIMIZERS, Adam
from skl_tot.training.loop import train
from skl_tot.training.network import Encoder


@with_shared_texts
class NetworkSegmenter(  # type: ignore[call-arg]
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseSegmenter,
    auto_wrap_output_keys=None,
):
    """Base of segmenters that embed frames by a trained network.

    A subclass defines the terms of its loss in ``_terms``. After training, ``network_``
    holds all parameters by name, including those of the terms.
    """

    _parameter_constraints = {
        **BaseSegmenter._parameter_constraints,
        "network": [StrOptions(set(NETWORKS)), MLP],
        "optimizer": [StrOptions(set(OPTIMIZERS)), Adam],
        "device": [str],
        "verbose": ["verbose"],
    }

    # objects for names of parameters; a method may have other defaults
    _components: dict = {"network": NETWORKS, "optimizer": OPTIMIZERS}
    n_networks = 1  # number of networks, without this parameter
    _encoder = "sigmoid"  # a key of ENCODERS
    # function from embeddings to the output of `transform`, if they differ
    _embeddings: Callable | None = None

    def __init_subclass__(cls, **options):
        # set_output cannot wrap a list of arrays
        super().__init_subclass__(**({"auto_wrap_output_keys": None} | options))

    def _terms(self):
        """Make the terms of the loss of one fit; terms of weight 0 are dropped."""
        raise NotImplementedError

    def transform(self, X):
        """Embed every frame.

        Parameters
        ----------
        {shared: X}

        Returns
        -------
        embeddings : ndarray of shape (n_frames, embedding_dim), or list of these
            In (0, 1), or of unit length, by method; in the floating type of the
            recording. Embeddings of several networks are side by side, ``n_networks *
            embedding_dim``.

        {shared: raises}
        """
        videos = self.prepare(X)
        embeddings = list(self._encode(videos, self._embeddings))
        return videos.restore(list(map(as_type_of, embeddings, videos.arrays)))

    @property
    def coefs_(self):
        """Weights of the encoder, or of several."""
        return [self.network_["hidden_weight"], self.network_["output_weight"]]

    @property
    def intercepts_(self):
        """Biases of the encoder, or of several."""
        return [self.network_["hidden_bias"], self.network_["output_bias"]]

    @property
    def _n_fitted_networks(self):
        """Number of networks; arrays of several have one more dimension."""
        bias = self.network_["output_bias"]
        return 1 if bias.ndim == 1 else len(bias)

    @property
    def _n_features_out(self):
        return self.network_["output_bias"].size  # of all networks, side by side

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def set_params(self, **params):
        """Set parameters, also those of named objects, such as ``prior__sigma``.

        Parameters
        ----------
        **params : dict
            Values by name. If a parameter of a named object is set, the object replaces
            its name.

        Returns
        -------
        self : object
            The estimator.
        """
        nested = {name: params.pop(name) for name in list(params) if "__" in name}
        super().set_params(**params)
        for name in {name.partition("__")[0] for name in nested}:
            value, known = getattr(self, name, None), self._components.get(name, {})
            if isinstance(value, str) and value == AUTO:
                is_open = self.order == AUTO
                order = getattr(self, "order_", "mostly") if is_open else self.order
                value = self._defaults_by_order.get(order, {}).get(name)
            if isinstance(value, str) and value in known:
                setattr(self, name, known[value]())
        return super().set_params(**nested)

    def _component(self, name):
        """Return the new object of a parameter, or None."""
        value = self._resolved(name)
        if isinstance(value, str):
            value = self._components[name][value]()
        return None if value is None else value.checked()

    def _settings(self):
        return self._component("optimizer").settings(
            self._component("network"), self.max_iter, self.n_networks, self._encoder
        )

    def _train(
        self, videos, seed, *, terms=None, max_iter=None, start=None, one_pass=False
    ):
        """Run training, store the network and return the snapshot."""
        settings = self._settings()
        if max_iter is not None:
            settings.max_iter = max_iter
        terms = self._terms() if terms is None else terms
        n_batches = -(-len(videos) // settings.batch_size)
        n_steps = n_batches if one_pass else settings.max_iter
        terms = [term for term in terms if term.weight]
        options = {"device": devices.resolve_device(self.device), "start": start}
        options |= {"seed": devices.from_first_process(seed), "one_pass": one_pass}
        with devices.progress_bar(n_steps, self.verbose) as progress:
            own = train(videos, settings, terms, progress=progress, **options)
        snapshot, losses = own
        self.network_, self.n_iter_ = snapshot.network, snapshot.n_iter
        self.loss_curve_ = losses if start is None else self.loss_curve_ + losses
        return snapshot

    def _encode(self, videos, finish=None, *, keep=None):
        """Iterate `Encoder.read` over recordings; once, unless ``keep`` is a bool."""
        encoder = Encoder(
            self.network_, devices.inference_device(self.device), self._encoder
        )
        compute = partial(encoder.read, videos, finish=finish)
        if keep is None:
            return map(compute, range(len(videos)))
        return Passes(compute, len(videos), keep=keep)
