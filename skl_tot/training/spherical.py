"""Prototypes of unit length that start where embeddings cluster."""

import warnings

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from skl_tot.training.network import constrain_prototypes
from skl_tot.training.terms import CrossEntropy


class SphericalCrossEntropy(CrossEntropy):
    """Cross-entropy of cosines: prototypes are kept at unit length, as embeddings are.

    They start at the centres of K-means over the embeddings of frames sampled of all
    videos.

    Parameters
    ----------
    n_prototypes, transport, prior, rho, temperature, freeze_iter
        As of `CrossEntropy`.
    """

    starts_at_frames = True

    def initialise(self, network, embeddings, times, generator):
        """Start at centres of K-means, of the same clusters in each network."""
        seed = int(torch.randint(2**31 - 1, (), generator=generator))
        centres = cluster(embeddings.cpu().numpy(), self.n_prototypes, seed)
        network["prototypes"].copy_(torch.from_numpy(centres))
        self.constrain(network)

    def constrain(self, network):
        """Give prototypes unit length."""
        constrain_prototypes(network)


def cluster(embeddings, n_centres, seed):
    """Centres (R, n_centres, embedding_dim) of embeddings (R, n_frames, embedding_dim).

    Frames are clustered once for all R networks. Fewer than centres are repeated.
    """
    n_repeats = -(-n_centres // embeddings.shape[1])
    embeddings = np.repeat(embeddings, n_repeats, axis=1)
    # all that the networks have of a frame, side by side
    together = np.concatenate(list(embeddings), axis=1)
    kmeans = KMeans(n_centres, n_init=10, random_state=seed)
    with warnings.catch_warnings():  # of frames that are all alike, as constant ones
        warnings.simplefilter("ignore", ConvergenceWarning)
        kmeans.fit(together)
    return np.stack(np.split(kmeans.cluster_centers_, len(embeddings), axis=1))
