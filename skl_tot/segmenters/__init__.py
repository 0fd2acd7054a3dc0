"""What people fit, one module an estimator, and in three steps what they share.

Public, in `skl_tot`: `TemporalOTSegmenter`, `CTESegmenter`. `template` has fit, predict
and score, `networks` training and embeddings, `prototypes` pseudo-labels, parts and
streams.
"""
