"""Every method by its name: those of the package, and baselines."""

from _baselines import BASELINES

import skl_tot
from skl_tot import baselines
from skl_tot.training.components import NETWORKS, OPTIMIZERS
from skl_tot.training.pseudo_labels import PRIORS, TRANSPORTS

COMPONENTS = {
    "network": NETWORKS,
    "prior": PRIORS,
    "transport": TRANSPORTS,
    "optimizer": OPTIMIZERS,
}
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
    "paper": "paper",
}
NAMES = [*METHODS, *BASELINES]


def make(name, *, embedding_dim=None, **settings):
    """Make a method; settings may be those of its objects, such as ``prior__sigma``.

    ``embedding_dim`` is the width of the embedding. A hidden layer that is twice as
    wide by default stays so.
    """
    if name in BASELINES:
        return BASELINES[name](**settings)
    name = METHODS[name]
    maker = getattr(skl_tot if name in skl_tot.__all__ else baselines, name)
    model = maker().set_params(**settings)
    if embedding_dim is not None:
        model.set_params(network__embedding_size=embedding_dim)
        if model.network.hidden_size == 80:
            model.set_params(network__hidden_size=2 * embedding_dim)
    return model


def parameters(name):
    """Names of settings of a method."""
    return settings_of(make(name))


def settings_of(model):
    """Names of what `make` may set of a model."""
    known = set(model.get_params())
    for name in COMPONENTS.keys() & known:
        value = getattr(model, name)
        if value == "auto":
            order = "mostly" if model.order == "auto" else model.order
            value = model._defaults_by_order[order].get(name, value)
        if isinstance(value, str):
            value = COMPONENTS[name][value]()
        if value is not None:
            known |= {f"{name}__{own}" for own in value.get_params()}
    if "network" in known:
        known.add("embedding_dim")
    return known


def seeded(model, seed):
    """Give a method its seed; those without one give the same result every time."""
    if "random_state" in model.get_params():
        model.set_params(random_state=seed)
    return model
