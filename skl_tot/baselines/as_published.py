"""The method of the paper, as published."""

from sklearn.base import clone

from skl_tot.methods.temporal_ot import PAPER, TemporalOTSegmenter


def paper(n_actions=8, **parameters):
    """Make the method of the paper as published.

    One prototype per action, one network, no coherence loss, and paths in fixed order.
    Settings that the paper omits are those of the reproduction.

    Parameters
    ----------
    n_actions : int, default=8
        Number of actions K.
    **parameters
        Other parameters of `skl_tot.TemporalOTSegmenter`; ``alpha=1.0`` makes the
        paper's TOT+TCL.

    Returns
    -------
    segmenter : TemporalOTSegmenter
        Unfitted estimator.

    References
    ----------
    Kumar, Haresh, Ahmed, Konin, Zia, Tran, "Unsupervised Action Segmentation by Joint
    Representation Learning and Online Clustering", CVPR 2022.

    Examples
    --------
    >>> from skl_tot import baselines
    >>> baselines.paper(5).n_parts
    1
    """
    own = {name: clone(value, safe=False) for name, value in PAPER.items()}
    return TemporalOTSegmenter(n_actions, **own | parameters)
