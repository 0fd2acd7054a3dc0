"""Terms of the loss of TOT and CTE, which the training loop adds up."""

# Losses are functions of tensors; leading dimensions are separate problems with a loss
# each. A mean over nothing is 0.

import warnings
from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval

from skl_tot.training.components import WEIGHT, Component
from skl_tot.training.devices import full_precision, join_parts, torch
from skl_tot.training.network import encode, score_prototypes


class Term(Component):
    """One summand of the training loss.

    A subclass overrides `loss`, and other methods as needed. Its constructor only
    stores its parameters, as in any scikit-learn estimator.

    Attributes
    ----------
    weight : float
        Factor of the loss. A term of weight 0 is skipped.
    window : int
        Greatest distance, in frames, of a partner of each sampled frame, in
        ``batch.partners``; 0 for none.
    lag : float
        Distance of a later frame of each sampled frame, in ``batch.later``, as a share
        of the recording. 0 for none.
    starts_at_frames : bool
        Whether the term needs frames before the first step, in `initialise`.

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
    lag: float = 0
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
            For each new parameter the size of each dimension by its name. It is drawn
            from N(0, 0.01²), or starts at zero if its name ends in ``_bias``.
        """
        return {}

    def initialise(self, network, embeddings, times, generator):
        """Set first values of parameters, in place, if ``starts_at_frames``.

        Parameters
        ----------
        network : dict of str to Tensor
            Parameters, with a leading dimension of R networks.
        embeddings : Tensor of shape (R, n_frames, embedding_dim)
            Of frames sampled from the recordings.
        times : Tensor of shape (n_frames,)
            Their relative times, in (0, 1).
        generator : torch.Generator
            Generator on the CPU.
        """

    def constrain(self, network):
        """Project tensors of ``network``, (R, …), in place, after each step."""

    def frozen(self, step):
        """Name parameters of `shapes` that stay fixed in a step, from 0 on."""
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
            Number of previous steps.

        Returns
        -------
        losses : Tensor of shape (R,)
            Mean over the frames; 0 without frames.
        """
        raise NotImplementedError


@dataclass(eq=False, repr=False)
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
    start : {"scaled", "paper"}, default="paper"
        First values of the prototypes, see `skl_tot.extend.MLP`.

    Examples
    --------
    >>> from skl_tot.extend import CrossEntropy, Sinkhorn
    >>> CrossEntropy(6, Sinkhorn()).shapes({"embedding_dim": 40})
    {'prototypes': {'n_actions * n_prototypes': 6, 'embedding_dim': 40}}
    """

    n_prototypes: int
    transport: Any
    _: KW_ONLY
    prior: Any = None
    rho: float = 0.07
    temperature: float = 0.1
    freeze_iter: int = 0
    start: str = "paper"

    @property
    def starts_at_frames(self):  # type: ignore[override]
        """Whether prototypes start at means of embeddings."""
        return self.start == "scaled"

    def initialise(self, network, embeddings, times, generator):
        """Start at means of equal parts of time, or without a prior of clusters."""
        if self.prior is None:
            means = find_centres(embeddings, self.n_prototypes, generator)
        else:
            parts = (times * self.n_prototypes).long().clamp(max=self.n_prototypes - 1)
            shares = torch.nn.functional.one_hot(parts, self.n_prototypes)
            shares = shares.to(embeddings)
            shares /= shares.sum(dim=0).clamp(min=1)
            means = shares.mT @ embeddings
        means = means - embeddings.mean(dim=1, keepdim=True)
        spread = (embeddings @ means.mT).std(dim=(1, 2), keepdim=True)
        # Similarities spread by one temperature, so that codes differ from the first
        # step on, yet are not certain; 1e-6 for constant features.
        network["prototypes"].copy_(means * (self.temperature / (spread + 1e-6)))

    def shapes(self, sizes):
        """Shape of the prototypes."""
        embedding_dim = {"embedding_dim": sizes["embedding_dim"]}
        shape = {"n_actions * n_prototypes": self.n_prototypes} | embedding_dim
        return {"prototypes": shape}

    def frozen(self, step):
        """Return the prototypes at the start."""
        return ("prototypes",) if step < self.freeze_iter else ()

    def loss(self, network, embeddings, batch, step):
        """L_CE of each network."""
        similarities = score_prototypes(network, embeddings)
        codes = []
        for of_network in similarities.detach():
            joined = join_parts(of_network, batch.part, batch.n_total)
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
        """Pseudo-labels, an ndarray like ``similarities``, which are of one network."""
        similarities = torch.from_numpy(similarities).double()
        # Each frame counts as n_sampled / n_frames of one, so that the recording weighs
        # as much as its sample in training.
        share = min(1, n_sampled / len(similarities))
        coverage = similarities.new_full((1, 1, 1), share)
        with full_precision(similarities.device, similarities.numel()):
            return self.codes(similarities, coverage, step).numpy()


@dataclass(eq=False, repr=False)
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

    Examples
    --------
    >>> from skl_tot import TemporalOTSegmenter
    >>> from skl_tot.extend import TemporalCoherence
    >>> nearer = TemporalOTSegmenter(5, alpha=0, terms=[TemporalCoherence(0.5, 10)])
    """

    _parameter_constraints = {
        "weight": WEIGHT,
        "window": [Interval(Integral, 1, None, closed="left")],
    }

    weight: float = 0.5
    window: int = 30

    def loss(self, network, embeddings, batch, step):
        """L_TC of each network."""
        n_networks, n_own_frames, width = embeddings.shape
        shape = (n_networks, -1, batch.n_frames, width)
        partners = encode(network, batch.partners).view(shape)
        similarities = embeddings.view(shape) @ partners.transpose(-1, -2)
        log_codes = torch.log_softmax(similarities, -1).diagonal(dim1=-2, dim2=-1)
        return -log_codes.sum((-2, -1)) / max(n_own_frames, 1)


@dataclass(eq=False, repr=False)
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
    >>> from skl_tot import TemporalOTSegmenter
    >>> from skl_tot.extend import TimeStamp
    >>> tot_and_cte = TemporalOTSegmenter.paper(5, terms=[TimeStamp()])
    """

    _parameter_constraints = {"weight": WEIGHT}

    weight: float = 1.0

    def shapes(self, sizes):
        """Shapes of the head."""
        return {
            "time_weight": {"embedding_dim": sizes["embedding_dim"]},
            "time_bias": {"outputs": 1},
        }

    def loss(self, network, embeddings, batch, step):
        """L_TS of each network."""
        times = (embeddings @ network["time_weight"].unsqueeze(-1)).squeeze(-1)
        errors = times + network["time_bias"] - batch.times
        return (errors**2).sum(-1) / max(len(batch.times), 1)


def common_value(terms, name):
    """Find the common ``window`` or ``lag`` of all terms that have one; 0 without."""
    values = {getattr(term, name) for term in terms} - {0}
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


def find_centres(embeddings, n_centres, generator):
    """Centres (R, n_centres, E) of embeddings (R, n_frames, E), clustered once."""
    from sklearn.cluster import KMeans

    seed = int(torch.randint(2**31 - 1, (), generator=generator, device="cpu"))
    # embeddings of all networks side by side, so that all start at the same clusters
    together = np.concatenate(list(embeddings.cpu().numpy()), axis=1)
    # fewer distinct frames are repeated
    together = np.repeat(together, -(-n_centres // len(together)), axis=0)
    # more frames and starts take long, and move the centres of a start only little
    step = -(-together.shape[0] // 2**14)
    kmeans = KMeans(n_centres, n_init=3, random_state=seed)
    with warnings.catch_warnings():  # for identical frames, such as constants
        warnings.simplefilter("ignore", ConvergenceWarning)
        kmeans.fit(together[::step])
    centres = np.split(kmeans.cluster_centers_, len(embeddings), axis=1)
    return torch.from_numpy(np.stack(centres)).to(embeddings)
