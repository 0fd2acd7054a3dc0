"""The segmenters of this package, one file each, and their shared parts."""

# `base` has the public methods and calls the steps of a fit: `orders` and `numbers`
# choose, a method learns, `scores` labels, `collapses` describes. `networks` has
# embeddings, prototypes and streams.
