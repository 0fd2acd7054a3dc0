"""Every method by its name: those of the package, and baselines."""

from _baselines import BASELINES

from skl_tot.methods import METHODS
from skl_tot.methods import method_class as of_package

NAMES = [*METHODS, *BASELINES]


def method_class(name):
    """Class of a method, whose module is loaded when it is asked for."""
    if name in BASELINES:
        return BASELINES[name]
    return of_package(name)


def make(name, **settings):
    return method_class(name)(**settings)


def parameters(name):
    """Names of the parameters of a method."""
    return method_class(name)().get_params().keys()


def seeded(model, seed):
    """Give a method its seed; those without one give the same result every time."""
    if "random_state" in model.get_params():
        model.set_params(random_state=seed)
    return model
