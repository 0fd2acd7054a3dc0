"""The segmenters of this package, one file each, and their shared parts."""

# `base` has the public methods and calls the steps of a fit: `numbers` chooses, a
# method learns, `base` labels, `collapses` describes. `fitted` has the outputs, by
# `scores` and their layers. `networks` has embeddings, prototypes and streams.
# `gaussians` has discriminants and the hidden Markov model of `hmm` and of free order.
