"""Terms that decode features from embeddings, or contrast concepts."""

import torch
from torch.nn.functional import softplus

from skl_tot.training.devices import join_parts, rank_and_size
from skl_tot.training.network import compare, constrain_prototypes, unit_length
from skl_tot.training.terms import Term


class Reconstruction(Term):
    """Squared error of features that a two-layer decoder predicts from embeddings.

    ``weight`` is the factor of the mean over frames and features.
    """

    def __init__(self, weight=1.0):
        self.weight = weight

    def shapes(self, sizes):
        """Shapes of the decoder: those of the encoder in reverse."""
        n_features, hidden_dim, embedding_dim = (
            {name: sizes[name]}
            for name in ("n_features", "hidden_dim", "embedding_dim")
        )
        return {
            "decoder_hidden_weight": embedding_dim | hidden_dim,
            "decoder_hidden_bias": hidden_dim,
            "decoder_output_weight": hidden_dim | n_features,
            "decoder_output_bias": n_features,
        }

    def loss(self, network, embeddings, batch, step):
        """Mean squared error of each network."""
        return mean_square(decode_features(network, embeddings) - batch.frames)


class Prediction(Reconstruction):
    """Squared error of the features of a later frame, decoded in a U shape.

    The hidden layer of a sigmoid encoder is added to the decoder's output. ``lag`` is
    the distance of the later frame, see `Term`.
    """

    def __init__(self, weight, lag):
        self.weight = weight
        self.lag = lag

    def shapes(self, sizes):
        """Shapes of the decoder, and of the bypass around the embedding."""
        around = {"hidden_dim": sizes["hidden_dim"], "n_features": sizes["n_features"]}
        return super().shapes(sizes) | {"decoder_skip_weight": around}

    def loss(self, network, embeddings, batch, step):
        """Mean squared error of each network."""
        frames = batch.frames.expand(len(embeddings), -1, -1)
        bias = network["hidden_bias"].unsqueeze(1)
        hidden = torch.baddbmm(bias, frames, network["hidden_weight"]).sigmoid()
        predicted = decode_features(network, embeddings)
        predicted = torch.baddbmm(predicted, hidden, network["decoder_skip_weight"])
        return mean_square(predicted - batch.later)


class ConceptContrast(Term):
    """Contrast of the most confident frames of each concept with all others.

    Concepts are the ``prototypes`` of the network, of unit length; their cosines are
    divided by ``temperature``.
    """

    def __init__(self, n_concepts, weight=1.0, temperature=0.1):
        self.n_concepts = n_concepts
        self.weight = weight
        self.temperature = temperature

    def shapes(self, sizes):
        """Shape of the concepts."""
        shape = {"n_actions": self.n_concepts, "embedding_dim": sizes["embedding_dim"]}
        return {"prototypes": shape}

    def constrain(self, network):
        """Scale concepts to unit length."""
        constrain_prototypes(network)

    def loss(self, network, embeddings, batch, step):
        """Loss of each network, with the mini-batch as one problem."""
        cosines = compare(network, unit_length(embeddings))
        return concept_loss(join_shares(cosines, batch) / self.temperature)


def decode_features(network, embeddings):
    """Decode embeddings (R, n_frames, E) to features (R, n_frames, n_features)."""
    values = embeddings
    for layer in ("hidden", "output"):
        bias = network[f"decoder_{layer}_bias"].unsqueeze(1)
        weight = network[f"decoder_{layer}_weight"]
        if layer == "output":
            values = values.sigmoid()
        values = torch.baddbmm(bias, values, weight)
    return values


def mean_square(errors):
    """Mean (R,) over frames and features of squared errors; 0 without frames."""
    return errors.square().sum((-2, -1)) / max(errors[0].numel(), 1)


def concept_loss(scores):
    r"""Contrast of concepts, with concepts as anchors (InfoNCE).

    .. math::

        L = -\frac1K \sum_k \frac1m \sum_{t \in P_k} \log \frac{\exp(s_{tk})}
            {\exp(s_{tk}) + \sum_{u \notin P_k} \exp(s_{uk})}

    :math:`P_k` are the :math:`m = \max(1, \lfloor B / 2K \rfloor)` of B frames with the
    highest probability :math:`\exp(s_{tk}) / \sum_j \exp(s_{tj})`, the same number for
    every concept. Scores s (…, n_frames, n_concepts) are similarities over the
    temperature.

    >>> concept_loss(torch.zeros(4, 2))  # one frame against three others
    tensor(1.3863)
    """
    n_frames, n_concepts = scores.shape[-2:]
    n_positives = max(1, n_frames // (2 * n_concepts))
    by_concept = scores.mT
    confidence = torch.log_softmax(scores.detach(), -1).mT
    chosen = confidence.topk(n_positives, dim=-1).indices
    positives = by_concept.gather(-1, chosen)
    # finite, as the gradient of logsumexp of only -inf is NaN
    lowest = torch.finfo(scores.dtype).min
    others = by_concept.scatter(-1, chosen, lowest).logsumexp(-1, keepdim=True)
    return softplus(others - positives).mean((-2, -1))


def join_shares(own, batch):
    """Join the frames of all processes to a mini-batch (R, n_total, n_columns).

    Gradients flow only to the frames of this process, scaled so that the sum over
    processes, weighted by frames, is that of one process.
    """
    if rank_and_size()[1] == 1:
        return own
    n_networks, n_own, n_columns = own.shape
    flat = own.detach().transpose(0, 1).reshape(n_own, -1)
    whole = join_parts(flat, batch.part, batch.n_total)
    whole = whole.view(-1, n_networks, n_columns).transpose(0, 1).clone()
    share = max(n_own, 1) / batch.n_total
    whole[:, batch.part] = whole[:, batch.part] + (own - own.detach()) / share
    return whole
