"""The segmenters of this package, one file each, and their shared parts."""

# `base` has the public methods, `networks` training and embeddings, `prototypes`
# pseudo-labels, parts and streams.
