"""Methods, one file each, and their shared parts.

`base` has the public methods, `networks` training and embeddings, `prototypes`
pseudo-labels, parts and streams, `correction_layers` corrections of scores.
"""

import importlib

#: Class and module of each method, by its name on the command line. Model files and
#: tests of all methods use this table.
METHODS = {
    "tot": ("TemporalOTSegmenter", "skl_tot.methods.temporal_ot"),
    "auto": ("AutoSegmenter", "skl_tot.meta.auto"),
    "asot": ("ASOTSegmenter", "skl_tot.baselines.asot"),
    "cte": ("CTESegmenter", "skl_tot.baselines.cte"),
    "vte": ("VTESegmenter", "skl_tot.baselines.vte"),
    "ude": ("UDESegmenter", "skl_tot.baselines.ude"),
    "asal": ("ASALSegmenter", "skl_tot.baselines.asal"),
    "mallow": ("MallowSegmenter", "skl_tot.baselines.mallow"),
    "frank-wolfe": ("FrankWolfeSegmenter", "skl_tot.baselines.frank_wolfe"),
    "hmm": ("HMMSegmenter", "skl_tot.methods.hmm"),
    "equal": ("EqualPartsSegmenter", "skl_tot.baselines.simple"),
    "k_means": ("KMeansSegmenter", "skl_tot.baselines.simple"),
}


def method_class(name):
    """Class of a method; its module is loaded on demand."""
    class_name, module = METHODS[name]
    return getattr(importlib.import_module(module), class_name)
