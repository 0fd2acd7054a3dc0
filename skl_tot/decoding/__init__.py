"""From log-likelihoods to labels: paths, parts of actions, background. numpy only.

Public: `decode`, `path_posterior`, and the table `DECODERS` of `Decoder`.
"""

from skl_tot.decoding.decoders import DECODERS, Decoder, decode, path_posterior

__all__ = ["DECODERS", "Decoder", "decode", "path_posterior"]
