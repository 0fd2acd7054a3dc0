"""Terms, priors and transports that model files trust, and bases for authors."""

from sklearn.base import is_clusterer

from skl_tot.decoding.chain import Chain
from skl_tot.decoding.decoders import DECODERS, Decoder
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.networks import NetworkSegmenter, PrototypeSegmenter
from skl_tot.training.batches import Batch
from skl_tot.training.components import MLP, Adam, Component
from skl_tot.training.pseudo_labels import (
    FixedPrior,
    PathPrior,
    Prior,
    Sinkhorn,
    StructuredTransport,
    TemporalPrior,
    Transport,
)
from skl_tot.training.terms import CrossEntropy, TemporalCoherence, Term, TimeStamp

__all__ = [
    "DECODERS",
    "MLP",
    "Adam",
    "BaseSegmenter",
    "Batch",
    "Chain",
    "Component",
    "CrossEntropy",
    "Decoder",
    "FixedPrior",
    "NetworkSegmenter",
    "PathPrior",
    "Prior",
    "PrototypeSegmenter",
    "Sinkhorn",
    "StructuredTransport",
    "TemporalCoherence",
    "TemporalPrior",
    "Term",
    "TimeStamp",
    "Transport",
    "expected_failed_checks",
]


def expected_failed_checks(estimator) -> dict[str, str]:
    """Name the checks of scikit-learn that segmenters and windows fail, with reasons.

    These checks take rows for independent samples. For `check_estimator` and
    `parametrize_with_checks` of `sklearn.utils.estimator_checks`.

    Parameters
    ----------
    estimator : estimator
        Segmenter, or transformer of recordings.

    Returns
    -------
    reasons : dict
        Reason for each name of a check.

    Examples
    --------
    >>> from sklearn.utils.estimator_checks import check_estimator
    >>> from skl_tot import HMMSegmenter
    >>> expected = expected_failed_checks(HMMSegmenter())
    >>> checks = check_estimator(
    ...     HMMSegmenter(), expected_failed_checks=expected, on_skip=None
    ... )
    >>> "failed" in [check["status"] for check in checks]
    False
    """
    around = "an output of a frame depends on the frames around it"
    reasons = {
        "check_methods_sample_order_invariance": around,
        "check_methods_subset_invariance": around,
    }
    if is_clusterer(estimator):
        reasons["check_clustering"] = "a path cannot follow its shuffled points"
    return reasons
