"""The segmenters of this package, one file each, and their shared parts."""

# `base` has the public methods and calls the steps of a fit: `numbers` chooses,
# a method learns, `scores` learns background and confidence, `base` labels,
# `collapses` describes. `networks` has embeddings, prototypes and streams. `hmm_model`
# has the hidden Markov model of `hmm` and of free order, `discriminants` projections of
# frames.
