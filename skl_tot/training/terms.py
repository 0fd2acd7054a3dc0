"""Terms of the loss; the training loop adds them up.

Losses are functions of tensors; leading dimensions are separate problems with a loss
each. A mean over nothing is 0.
"""

import warnings
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval

from skl_tot.training.components import LARGEST, Component
from skl_tot.training.devices import few_threads, join_parts
from skl_tot.training.network import compare, constrain_prototypes, embed, predict_time


class Term(Component):
    """One summand of the training loss.

    A subclass overrides `loss`, and other methods as needed. Its constructor only
    stores its parameters, as in any scikit-learn estimator, so that it can be cloned,
    saved and searched over. Each fit uses a clone.

    Attributes
    ----------
    weight : float
        Factor of the loss. A term of weight 0 is skipped.
    window : int
        Greatest distance, in frames, of a partner of each sampled frame, in
        ``batch.partners``; 0 for none.
    lag : int or float
        Distance of a later frame of each sampled frame, in ``batch.later``: in frames,
        or below 1 as a share of the recording; the last frame at its end. 0 for none.
    changes_at : tuple of int
        Steps at which its operations change. After the last of them, the problem of the
        fit stays the same, and ``tol`` may stop it.
    starts_at_frames : bool
        Whether the term needs frames before the first step, in `initialise`.

    See Also
    --------
    skl_tot.training.batches.Batch : The content of a mini-batch.

    Examples
    --------
    >>> class SmallEmbeddings(Term):
    ...     def __init__(self, weight=0.1):
    ...         self.weight = weight
    ...
    ...     def loss(self, network, embeddings, batch, step):
    ...         total = embeddings.square().sum((-2, -1))
    ...         return total / max(embeddings.shape[-2], 1)
    >>> SmallEmbeddings(0.5).loss({}, torch.ones(1, 4, 2), None, 0)
    tensor([2.])
    """

    weight = 1.0
    window = 0
    lag = 0
    changes_at = ()
    starts_at_frames = False

    def shapes(self, sizes):
        """Return the shapes of the parameters that the term adds to the network.

        Parameters
        ----------
        sizes : dict of str to int
            ``n_features``, ``hidden_dim`` and ``embedding_dim``.

        Returns
        -------
        shapes : dict of str to dict of str to int
            For each new parameter the size of each of its dimensions, by a name for
            errors. It is drawn from N(0, 0.01²), or starts at zero if its name ends in
            ``_bias``.
        """
        return {}

    def initialise(self, network, embeddings, times, generator):
        """Set first values of parameters, in place, if ``starts_at_frames``.

        Parameters
        ----------
        network : dict of str to Tensor
            Initial parameters, with a leading dimension of R networks.
        embeddings : Tensor of shape (R, n_frames, embedding_dim)
            Embeddings of frames sampled from the recordings.
        times : Tensor of shape (n_frames,)
            Their relative times, in (0, 1).
        generator : torch.Generator
            Generator on the CPU.
        """

    def constrain(self, network):
        """Project parameters after each step, in place.

        Parameters
        ----------
        network : dict of str to Tensor
            Parameters, with a leading dimension of R networks.
        """

    def frozen(self, step):
        """Name the parameters that stay fixed in a step.

        Parameters
        ----------
        step : int
            As for `loss`.

        Returns
        -------
        names : tuple of str
            Names among the term's own parameters.
        """
        return ()

    def loss(self, network, embeddings, batch, step):
        """Compute the loss of a mini-batch, for all networks at once.

        Parameters
        ----------
        network : dict of str to Tensor
            Parameters, with a leading dimension of R networks.
        embeddings : Tensor of shape (R, n_own_videos * n_frames, embedding_dim)
            Embeddings of ``batch.frames``.
        batch : Batch
            The mini-batch.
        step : int
            Number of previous steps, only to be compared with ``changes_at``: on a GPU
            the operations of a step are recorded, and repeated until the next change.

        Returns
        -------
        losses : Tensor of shape (R,)
            Mean over the frames; 0 without frames.
        """
        raise NotImplementedError


class CrossEntropy(Term):
    """Cross-entropy of predicted codes against pseudo-labels (Eq. 1, 2 and 10).

    Each network learns from its own pseudo-labels.

    Parameters
    ----------
    n_prototypes : int
        Number of prototypes per network.
    transport : Transport
        Makes the pseudo-labels.
    prior : Prior or None, default=None
        Prior of the transport problem.
    rho : float, default=0.07
        Weight ρ of the prior.
    temperature : float, default=0.1
        Temperature τ of the codes.
    freeze_iter : int, default=0
        Number of steps at the start with fixed prototypes.

    Examples
    --------
    >>> from skl_tot.extend import CrossEntropy, Sinkhorn
    >>> CrossEntropy(6, Sinkhorn()).shapes({"embedding_dim": 40})
    {'prototypes': {'n_actions * n_parts': 6, 'embedding_dim': 40}}
    """

    def __init__(
        self,
        n_prototypes,
        transport,
        *,
        prior=None,
        rho=0.07,
        temperature=0.1,
        freeze_iter=0,
    ):
        self.n_prototypes = n_prototypes
        self.transport = transport
        self.prior = prior
        self.rho = rho
        self.temperature = temperature
        self.freeze_iter = freeze_iter

    @property
    def changes_at(self):  # type: ignore[override]
        """Steps at which the prototypes or the prior change."""
        changes = () if self.prior is None else self.prior.changes_at
        return (self.freeze_iter, *changes)

    def shapes(self, sizes):
        """Shape of the prototypes."""
        shape = {
            "n_actions * n_parts": self.n_prototypes,
            "embedding_dim": sizes["embedding_dim"],
        }
        return {"prototypes": shape}

    def frozen(self, step):
        """Return the prototypes at the start."""
        return ("prototypes",) if step < self.freeze_iter else ()

    def loss(self, network, embeddings, batch, step):
        """L_CE of each network."""
        similarities = compare(network, embeddings)
        codes = []
        for own in similarities.detach():
            joined = join_parts(own, batch.part, batch.n_total)
            codes.append(self.codes(joined, batch.coverage, step)[batch.part])
        # a single network needs no copy, and keeps frames last in memory
        codes = codes[0] if len(codes) == 1 else torch.stack(codes)
        return cross_entropy_loss(similarities, codes, self.temperature)

    def codes(self, similarities, coverage, step):
        """Pseudo-labels Q of sampled frames, recording by recording; see `Prior`."""
        log_prior = None
        if self.prior is not None:
            log_prior = self.prior(similarities, coverage, step, self.temperature)
        return self.transport(similarities, log_prior, len(coverage), self.rho)

    def codes_of_video(self, similarities, n_sampled, step):
        """Pseudo-labels (n_frames, n_prototypes) of a whole recording, as numpy arrays.

        The recording is one problem; training samples ``n_sampled`` frames of it.
        """
        similarities = torch.from_numpy(similarities).double()
        # as if frames were sampled like in training
        share = min(1, n_sampled / len(similarities))
        coverage = torch.full((1, 1, 1), share, dtype=torch.float64)
        with few_threads(similarities.device, similarities.numel()):
            return self.codes(similarities, coverage, step).numpy()


class SphericalCrossEntropy(CrossEntropy):
    """Cross-entropy of cosines: prototypes and embeddings have unit length.

    Prototypes start at the centres of K-means over embeddings of all recordings.
    """

    starts_at_frames = True

    def initialise(self, network, embeddings, times, generator):
        """Start at centres of K-means, with the same clusters in each network."""
        seed = int(torch.randint(2**31 - 1, (), generator=generator))
        centres = cluster(embeddings.cpu().numpy(), self.n_prototypes, seed)
        network["prototypes"].copy_(torch.from_numpy(centres))
        self.constrain(network)

    def constrain(self, network):
        """Scale prototypes to unit length."""
        constrain_prototypes(network)


class TemporalCoherence(Term):
    r"""The N-pair loss that keeps neighbouring frames together (Eq. 3).

    .. math::

        L_{TC} = -\frac1N \sum_i \log
            \frac{\exp(z_i^\top z_i^+)}{\sum_j \exp(z_i^\top z_j^+)}

    for embeddings z of N frames of a recording, each with one neighbour :math:`z^+`.

    Parameters
    ----------
    weight : float, default=0.5
        Factor α of the loss.
    window : int, default=30
        Greatest distance λ of a neighbour, in frames.
    encoder : {"sigmoid", "unit"}, default="sigmoid"
        Kind of the encoder of the estimator.

    Examples
    --------
    >>> from skl_tot import TemporalOTSegmenter
    >>> from skl_tot.extend import TemporalCoherence
    >>> nearer = TemporalOTSegmenter(5, alpha=0, terms=[TemporalCoherence(0.5, 10)])
    """

    _parameter_constraints = {
        "weight": [Interval(Real, 0, LARGEST, closed="both")],
        "window": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, weight=0.5, window=30, encoder="sigmoid"):
        self.weight = weight
        self.window = window
        self.encoder = encoder

    def loss(self, network, embeddings, batch, step):
        """L_TC of each network."""
        shape = (len(embeddings), -1, batch.n_frames, embeddings.shape[-1])
        partners = embed(network, batch.partners, self.encoder)
        return temporal_coherence_loss(embeddings.view(shape), partners.view(shape))


class TimeStamp(Term):
    r"""The squared error of the relative time, predicted by a linear head (CTE).

    .. math::

        L_{TS} = \frac1B \sum_i (\hat t_i - t_i)^2

    for B frames at times t in (0, 1).

    Parameters
    ----------
    weight : float, default=1.0
        Factor β of the loss.

    Examples
    --------
    >>> from skl_tot import baselines
    >>> from skl_tot.extend import TimeStamp
    >>> tot_and_cte = baselines.paper(5, terms=[TimeStamp()])
    """

    _parameter_constraints = {"weight": [Interval(Real, 0, LARGEST, closed="both")]}

    def __init__(self, weight=1.0):
        self.weight = weight

    def shapes(self, sizes):
        """Shapes of the head."""
        return {
            "time_weight": {"embedding_dim": sizes["embedding_dim"]},
            "time_bias": {"outputs": 1},
        }

    def loss(self, network, embeddings, batch, step):
        """L_TS of each network."""
        return time_stamp_loss(predict_time(network, embeddings), batch.times)


def cloned(terms):
    """Check terms from users, and clone them for one fit."""
    copies = []
    for term in terms:
        if not isinstance(term, Term):
            raise TypeError(
                f"terms holds {term!r}, expected objects of a subclass of "
                "skl_tot.extend.Term."
            )
        copies.append(term.checked())
    return copies


def all_changes(terms):
    """List the steps at which any term changes, in order."""
    steps = set()
    for term in terms:
        steps.update(term.changes_at)
    return sorted(steps)


def common_value(terms, name):
    """Find the common ``window`` or ``lag`` of all terms that have one; 0 without."""
    values = set()
    for term in terms:
        values.add(getattr(term, name))
    values.discard(0)
    if len(values) > 1:
        raise ValueError(
            f"Terms of the loss have {name}s {sorted(values)}, expected one for all; a "
            "term of weight 0, such as alpha=0, does not count."
        )
    return values.pop() if values else 0


def cross_entropy_loss(scores, codes, temperature):
    """L_CE of codes Q against the softmax of scores S at temperature τ, over frames."""
    # log_softmax is several times faster along contiguous frames than across them
    log_predicted = torch.log_softmax(scores.mT / temperature, dim=-2)
    return (codes.mT * log_predicted).sum((-2, -1)) * (-1 / max(scores.shape[-2], 1))


def temporal_coherence_loss(anchors, positives):
    """L_TC of embeddings (…, n_videos, n_frames, E) and of one neighbour of each.

    Frames of other recordings are no negatives.
    """
    similarities = anchors @ positives.transpose(-1, -2)
    log_found = torch.log_softmax(similarities, -1).diagonal(dim1=-2, dim2=-1)
    n_videos, n_frames = log_found.shape[-2:]
    return -log_found.sum((-2, -1)) / max(n_videos * n_frames, 1)


def time_stamp_loss(predicted, times):
    """L_TS of predicted (…, n_frames) and true times (n_frames,)."""
    return ((predicted - times) ** 2).sum(-1) / max(len(times), 1)


def cluster(embeddings, n_centres, seed):
    """Centres (R, n_centres, embedding_dim) of embeddings (R, n_frames, embedding_dim).

    Frames are clustered once for all R networks. Fewer distinct frames are repeated.
    """
    n_repeats = -(-n_centres // embeddings.shape[1])
    embeddings = np.repeat(embeddings, n_repeats, axis=1)
    # embeddings of all networks side by side
    together = np.concatenate(list(embeddings), axis=1)
    kmeans = KMeans(n_centres, n_init=10, random_state=seed)
    with warnings.catch_warnings():  # for identical frames, such as constants
        warnings.simplefilter("ignore", ConvergenceWarning)
        kmeans.fit(together)
    return np.stack(np.split(kmeans.cluster_centers_, len(embeddings), axis=1))
