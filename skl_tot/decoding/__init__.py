"""From log-likelihoods to labels: paths of actions, background. numpy only."""

from skl_tot.decoding.chain import Chain
from skl_tot.decoding.decoders import DECODERS, Decoder, decode, path_posterior

__all__ = ["DECODERS", "Chain", "Decoder", "decode", "path_posterior"]
