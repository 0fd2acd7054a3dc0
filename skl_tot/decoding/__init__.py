"""From log-likelihoods to labels: paths of actions, background. numpy only."""

from skl_tot.decoding.chain import Chain
from skl_tot.decoding.decoders import DECODERS, Decoder, decode, path_posterior
from skl_tot.decoding.evidence import boundary_intervals

__all__ = [
    "DECODERS",
    "Chain",
    "Decoder",
    "boundary_intervals",
    "decode",
    "path_posterior",
]
