"""Pictures of segmentations, statistics and models, one module each.

Public, in `skl_tot`: the displays. A new one is a subclass of `base.Display`.
"""
