"""Terms that decode features from embeddings, and tell concepts apart by them."""

import torch
from torch.nn.functional import softplus

from skl_tot.training.devices import join_parts, rank_and_size
from skl_tot.training.network import compare, constrain_prototypes, unit_length
from skl_tot.training.terms import Term


class Reconstruction(Term):
    """The squared error of the features that a two-layer decoder finds in embeddings.

    ``weight`` is the factor of the mean over frames and features.
    """

    def __init__(self, weight=1.0):
        self.weight = weight

    def shapes(self, sizes):
        """Shapes of the decoder: those of the encoder, the other way round."""
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
    """The squared error of the features of a later frame, decoded in a U.

    The hidden layer of the encoder, one of sigmoids, adds to what the decoder finds in
    the embedding.

    ``lag`` is how much later the frame is, see `Term`.
    """

    def __init__(self, weight, lag):
        self.weight = weight
        self.lag = lag

    def shapes(self, sizes):
        """Shapes of the decoder, and of the way around the embedding."""
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
    """The contrast of the most confident frames of each concept with all others.

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
        """Give concepts unit length."""
        constrain_prototypes(network)

    def loss(self, network, embeddings, batch, step):
        """Loss of each network, the mini-batch being one problem."""
        cosines = compare(network, unit_length(embeddings))
        return concept_loss(join_shares(cosines, batch) / self.temperature)


def decode_features(network, embeddings):
    """Features (R, n_frames, n_features) that embeddings (R, n_frames, E) stand for."""
    values = embeddings
    for layer in ("hidden", "output"):
        bias = network[f"decoder_{layer}_bias"].unsqueeze(1)
        weight = network[f"decoder_{layer}_weight"]
        if layer == "output":
            values = values.sigmoid()
        values = torch.baddbmm(bias, values, weight)
    return values


def mean_square(errors):
    """Mean (R,) over frames and features of squared errors; 0 if there are none."""
    return errors.square().sum((-2, -1)) / max(errors[0].numel(), 1)


def concept_loss(scores):
    r"""Contrast of concepts, each of them the anchor (InfoNCE).

    .. math::

        L = -\frac1K \sum_k \frac1m \sum_{t \in P_k} \log \frac{\exp(s_{tk})}
            {\exp(s_{tk}) + \sum_{u \notin P_k} \exp(s_{uk})}

    :math:`P_k` are the :math:`m = \max(1, \lfloor B / 2K \rfloor)` of B frames that
    have the highest probability :math:`\exp(s_{tk}) / \sum_j \exp(s_{tj})`. As every
    concept has as many, none is left without frames. Scores are similarities by
    temperature, s (…, n_frames, n_concepts).

    >>> concept_loss(torch.zeros(4, 2))  # one frame against three others
    tensor(1.3863)
    """
    n_frames, n_concepts = scores.shape[-2:]
    n_positives = max(1, n_frames // (2 * n_concepts))
    by_concept = scores.mT
    confidence = torch.log_softmax(scores.detach(), -1).mT
    chosen = confidence.topk(n_positives, dim=-1).indices
    positives = by_concept.gather(-1, chosen)
    # a number, as the gradient of logsumexp of nothing but -inf is nan
    lowest = torch.finfo(scores.dtype).min
    others = by_concept.scatter(-1, chosen, lowest).logsumexp(-1, keepdim=True)
    return softplus(others - positives).mean((-2, -1))


def join_shares(own, batch):
    """Put a mini-batch (R, n_total, n_columns) together from all processes' frames.

    Gradients pass to the frames of this process, and are as large as makes those of all
    processes, each by its share of the frames, add up to that of one.
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
