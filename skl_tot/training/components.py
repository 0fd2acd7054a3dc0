"""Objects that parameters of estimators may be: how they are checked and copied."""

from sklearn.base import BaseEstimator, clone

# Largest number of anything: what is beyond does not fit into arrays, nor into C.
MOST = 2**31 - 1
# Squares of weights and scales stay numbers.
SMALLEST, LARGEST = 1e-100, 1e300


class Component(BaseEstimator):
    """Base of priors, transports, terms and optimisers.

    The constructor only keeps its parameters, as that of any scikit-learn estimator.
    ``_parameter_constraints`` may say what is valid, as scikit-learn's do.
    """

    _parameter_constraints: dict = {}

    def checked(self):
        """Check the parameters and return a clone, for one fit.

        Returns
        -------
        component : Component
            A new object with the same parameters.

        Raises
        ------
        sklearn.utils._param_validation.InvalidParameterError
            If a parameter is not valid; a ValueError.
        """
        self._validate_params()
        return clone(self)


def make_component(value, table):
    """Make a new component from an object, or from its name in a table of classes."""
    if isinstance(value, str):
        value = table[value]()
    return value.checked()
