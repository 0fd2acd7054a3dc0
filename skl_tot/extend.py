"""Terms, priors and transports that model files trust, and bases for authors."""

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
]
