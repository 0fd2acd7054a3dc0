"""The method of the paper as published."""

from sklearn.base import clone

from skl_tot.methods.temporal_ot import TemporalOTSegmenter
from skl_tot.training.components import MLP, Adam
from skl_tot.training.pseudo_labels import Sinkhorn, TemporalPrior

#: Settings of the paper for Desktop Assembly: table 10 of the supplement, the only
#: legible one. Each has its source: table 10; A.3, the text of the supplement;
#: section 4 of the paper; or the authors' released code, where the paper is silent.
TABLE_10 = {
    "order": "mostly",  # section 4: the order of the actions is fixed
    "n_prototypes": 1,  # section 4: as many as actions
    "rho": 0.07,  # table 10; released code: 0.08
    # 1 in TOT+TCL: A.3, which also has λ = 30, the default of `TemporalCoherence`
    "alpha": 0.0,
    "decoding": "fixed",  # section 4: Viterbi given the order of the actions
    "switch_cost": 0.0,  # released code: staying is as likely as going on
    "standardize": None,  # released code: f_norm is off for Desktop Assembly
    "n_networks": 1,  # section 4
    # released code: 4000 passes, which are 12000 steps for five or six recordings
    "max_iter": 12000,
    "network": MLP(
        hidden_size=60,  # released code: twice the embedding
        embedding_size=30,  # released code
        temperature=0.1,  # table 10
        start="paper",  # section 4: at random; released code: from N(0, 0.01²)
    ),
    "prior": TemporalPrior(sigma=2.0),  # table 10; released code: 1.5
    "transport": Sinkhorn(n_iter=3),  # table 10
    "optimizer": Adam(
        learning_rate=1e-3,  # table 10; released code: 1e-2 for this set alone
        weight_decay=1e-4,  # A.3
        decay=0.0,  # released code: the rate stays
        freeze_iter=1 / 3,  # A.3: "the first few"; released code: 4000 of 12000
        frames_per_video=256,  # table 10: mini-batches of 512
        batch_size=2,  # A.3: sampled frames from two videos
        early_stopping=False,
    ),
}


def paper(n_actions=8, **parameters) -> TemporalOTSegmenter:
    """Make the method of the paper of `TemporalOTSegmenter` as published, TOT.

    One prototype per action, one network, no coherence loss, paths in fixed order, and
    the settings of table 10 of the supplement, those of Desktop Assembly. Where the
    paper is silent they are those of the authors' released code, such as 12,000 steps.
    Features are not scaled; ``standardize="dataset"`` does so.

    Parameters
    ----------
    n_actions : int, default=8
        Number of actions K.
    **parameters
        Others of `skl_tot.TemporalOTSegmenter`, also ``prior__sigma`` and the like;
        ``alpha=1.0`` makes TOT+TCL.

    Returns
    -------
    segmenter : TemporalOTSegmenter
        Unfitted estimator.

    Examples
    --------
    >>> from skl_tot import baselines
    >>> baselines.paper(5, prior__sigma=0.75).prior
    TemporalPrior(sigma=0.75)
    """
    settings = {name: clone(value, safe=False) for name, value in TABLE_10.items()}
    return TemporalOTSegmenter(n_actions, **settings).set_params(**parameters)
