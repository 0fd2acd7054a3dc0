"""Names for authors of terms, priors, transports, decoders, formats and methods.

"Extending" in the documentation shows each in some ten lines.
"""

from skl_tot.recordings.imports import loader

PLACES = {
    "Adam": "skl_tot.training.components",
    "MLP": "skl_tot.training.components",
    "OrderedMLP": "skl_tot.training.components",
    "BaseSegmenter": "skl_tot.methods.base",
    "Batch": "skl_tot.training.batches",
    "Chain": "skl_tot.decoding.chain",
    "Component": "skl_tot.training.components",
    "CrossEntropy": "skl_tot.training.terms",
    "DECODERS": "skl_tot.decoding.decoders",
    "Decoder": "skl_tot.decoding.decoders",
    "FORMATS": "skl_tot.io.formats",
    "FixedPrior": "skl_tot.training.pseudo_labels",
    "Format": "skl_tot.io.formats.base",
    "NetworkSegmenter": "skl_tot.methods.networks",
    "PathPrior": "skl_tot.training.pseudo_labels",
    "Prior": "skl_tot.training.pseudo_labels",
    "PrototypeSegmenter": "skl_tot.methods.prototypes",
    "Sinkhorn": "skl_tot.training.pseudo_labels",
    "StructuredTransport": "skl_tot.training.pseudo_labels",
    "TemporalCoherence": "skl_tot.training.terms",
    "TemporalPrior": "skl_tot.training.pseudo_labels",
    "Term": "skl_tot.training.terms",
    "TimeStamp": "skl_tot.training.terms",
    "Transport": "skl_tot.training.pseudo_labels",
}

__all__ = sorted(PLACES)


__getattr__ = loader(__name__, PLACES)
