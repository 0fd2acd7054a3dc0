"""Pictures of segmentations, statistics and models, one module each.

Public, in `skl_tot`: the displays, subclasses of `base.Display`.
"""
