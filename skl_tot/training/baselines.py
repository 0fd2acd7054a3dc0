"""Terms of ASOT, VTE and UDE, and the frame classifier of ASAL."""

from dataclasses import dataclass

import numpy as np

from skl_tot.training.batches import open_reader, sample_frames, shuffled_batches
from skl_tot.training.devices import (
    full_precision,
    gradients,
    join_parts,
    keep_freed_memory,
    rank_and_size,
    send,
    torch,
)
from skl_tot.training.loop import new_state, parameter_shapes, take_snapshot
from skl_tot.training.network import (
    INIT_SCALE,
    constrain_prototypes,
    count_products,
    encode,
    init_network,
    score_prototypes,
    unit_length,
)
from skl_tot.training.terms import CrossEntropy, Term, cross_entropy_loss, find_centres


class SphericalCrossEntropy(CrossEntropy):
    """Cross-entropy of cosines: prototypes and embeddings have unit length."""

    # prototypes start at the centres of K-means over embeddings of all recordings

    starts_at_frames = True

    def initialise(self, network, embeddings, times, generator):
        """Start at centres of K-means, with the same clusters in each network."""
        centres = find_centres(embeddings, self.n_prototypes, generator)
        network["prototypes"].copy_(centres)
        self.constrain(network)

    def constrain(self, network):
        """Scale prototypes to unit length."""
        constrain_prototypes(network)


@dataclass(eq=False, repr=False)
class Reconstruction(Term):
    """Squared error of features that a two-layer decoder predicts from embeddings."""

    weight: float = 1.0

    def shapes(self, sizes):
        """Shapes of the decoder: those of the encoder in reverse."""
        names = ("n_features", "hidden_dim", "embedding_dim")
        n_features, hidden_dim, embedding_dim = ({name: sizes[name]} for name in names)
        return {
            "decoder_hidden_weight": embedding_dim | hidden_dim,
            "decoder_hidden_bias": hidden_dim,
            "decoder_output_weight": hidden_dim | n_features,
            "decoder_output_bias": n_features,
        }

    def loss(self, network, embeddings, batch, step):
        """Mean squared error of each network."""
        return mean_square(decode_features(network, embeddings) - batch.frames)


@dataclass(eq=False, repr=False)
class Prediction(Reconstruction):
    """Squared error of the features of a later frame, decoded in a U shape."""

    # the hidden layer of a sigmoid encoder is added to the decoder's output

    weight: float = 0.01
    lag: float = 0.05

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


@dataclass(eq=False, repr=False)
class ConceptContrast(Term):
    """Contrast of the most confident frames of each concept with all others."""

    n_concepts: int
    temperature: float = 0.1

    def shapes(self, sizes):
        """Shape of the concepts."""
        shape = {"n_actions": self.n_concepts, "embedding_dim": sizes["embedding_dim"]}
        return {"prototypes": shape}

    def constrain(self, network):
        """Scale concepts to unit length."""
        constrain_prototypes(network)

    def loss(self, network, embeddings, batch, step):
        """Loss of each network, with the mini-batch as one problem."""
        cosines = score_prototypes(network, unit_length(embeddings))
        return concept_loss(join_shares(cosines, batch) / self.temperature)


def decode_features(network, embeddings):
    """Decode embeddings (R, n_frames, E) to features (R, n_frames, n_features)."""
    values = embeddings
    for layer in ("hidden", "output"):
        values = values if layer == "hidden" else values.sigmoid()
        bias = network[f"decoder_{layer}_bias"].unsqueeze(1)
        values = torch.baddbmm(bias, values, network[f"decoder_{layer}_weight"])
    return values


def mean_square(errors):
    """Mean (R,) over frames and features of squared errors; 0 without frames."""
    return errors.square().sum((-2, -1)) / max(errors[0].numel(), 1)


def concept_loss(scores):
    """Contrast of concepts, with concepts as anchors (InfoNCE)."""
    # The positives of a concept are the m = max(1, B / 2K) of B frames with the highest
    # probability of it; each is held against itself and all other frames.
    n_frames, n_concepts = scores.shape[-2:]
    n_positives = max(1, n_frames // (2 * n_concepts))
    by_concept = scores.mT
    confidence = torch.log_softmax(scores.detach(), -1).mT
    chosen = confidence.topk(n_positives, dim=-1).indices
    positives = by_concept.gather(-1, chosen)
    # finite, as the gradient of logsumexp of only -inf is NaN
    lowest = torch.finfo(scores.dtype).min
    others = by_concept.scatter(-1, chosen, lowest).logsumexp(-1, keepdim=True)
    return torch.nn.functional.softplus(others - positives).mean((-2, -1))


def join_shares(values, batch):
    """Join frames of all processes to a mini-batch (R, n_total, n_columns)."""
    # Gradients flow only to the values of this process, scaled so that the sum over
    # processes, weighted by frames, is that of one process.
    if rank_and_size()[1] == 1:
        return values
    n_networks, n_rows, n_columns = values.shape
    flat = values.detach().transpose(0, 1).reshape(n_rows, -1)
    whole = join_parts(flat, batch.part, batch.n_total)
    whole = whole.view(-1, n_networks, n_columns).transpose(0, 1).clone()
    share = max(n_rows, 1) / batch.n_total
    gradient = (values - values.detach()) / share
    whole[:, batch.part] = whole[:, batch.part] + gradient
    return whole


# ---------------------------------------------------------- frame classifier of ASAL

# It learns from labels and from the order of segments. A gated recurrent unit reads the
# mean embedding of each segment and classifies the sequence as ordered or shuffled. Its
# state after reading a single frame is the action-level embedding of the frame.

ORDER_DIM = 32  # width of the state


def join_embeddings(network, embeddings):
    """Frame-level embeddings (1, n_frames, E) followed by the action-level ones."""
    return torch.cat([embeddings, embed_actions(network, embeddings)], -1)


def classify(network, embeddings):
    """Scores (1, n_frames, n_actions): log p(k|x) up to a constant per frame."""
    joint = join_embeddings(network, embeddings)
    return joint @ network["action_weight"] + network["action_bias"]


class ClassifierTrainer:
    """Trains one network, in any number of rounds: frames and order of segments."""

    def __init__(self, videos, settings, n_actions, device, seed):
        keep_freed_memory()
        self.settings, self.n_actions = settings, n_actions
        self.generator = torch.Generator("cpu").manual_seed(seed)
        # rounds read the recordings repeatedly
        self.reader = open_reader(videos, device, videos.lengths.sum())
        width = settings.embedding_dim
        joint = {"embedding_dim + order_dim": width + ORDER_DIM}
        shapes = parameter_shapes(videos.n_features, settings, terms=[])
        shapes |= order_shapes(width)
        shapes |= {
            "action_weight": joint | {"n_actions": n_actions},
            "action_bias": {"n_actions": n_actions},
        }
        network = init_network(shapes, generator=self.generator)
        for name, drawn in network.items():
            if name.endswith("weight"):
                # sums of its inputs keep their variance
                drawn /= INIT_SCALE * drawn.shape[1] ** 0.5
        self.state = new_state(network, settings, self.generator, device)
        self.network = self.state.network

    @gradients(True)
    def learn(self, labels, n_steps, count=lambda n: None):
        """Continue on labels; return parameters as numpy arrays, and losses."""
        # Negative labels only form segments.
        batch_size, device = self.settings.batch_size, self.state.device
        n_frames = self.settings.frames_per_video * batch_size
        n_products = count_products(self.network, n_frames)
        batches = shuffled_batches(len(labels), batch_size, n_steps, self.generator)
        losses = []
        with full_precision(device, n_products):
            # losses are fetched every 50 steps, as each time waits for the device
            for some_batches in np.split(batches, range(50, n_steps, 50)):
                pending = [self._step(batch, labels) for batch in some_batches]
                new_losses = torch.stack(pending).tolist()
                if not np.isfinite(new_losses).all():
                    raise ValueError(
                        "The loss is no longer finite: check learning_rate and the "
                        "scale of the features."
                    )
                losses += new_losses
                count(len(new_losses))
        return take_snapshot(self.state).network, losses

    def _step(self, batch, labels):
        """Update the network on the recordings (n_videos,) of a batch; its loss."""
        n_frames, lengths = self.settings.frames_per_video, self.reader.lengths[batch]
        rows, _ = sample_frames(lengths[None], n_frames, 0, self.generator)
        sampled = np.stack([labels[i][frames] for i, frames in zip(batch, rows[0])])
        (frames,) = self.reader.read(batch[None], rows)
        loss = self._loss(encode(self.network, frames), sampled)
        loss.backward()
        self.state.update()
        return loss.detach()

    def _loss(self, embeddings, labels):
        """Cross-entropy of labels (n_videos, n_frames), plus the loss of the order."""
        # embeddings are (1, n_videos * n_frames, embedding_dim)
        codes = (labels.reshape(-1, 1) == np.arange(self.n_actions)).astype("f4")
        codes = send(codes, self.state.device)
        loss = cross_entropy_loss(classify(self.network, embeddings)[0], codes, 1.0)
        by_video = embeddings.view(*labels.shape, -1)
        return loss + order_loss(self.network, by_video, labels, self.generator)


def order_shapes(embedding_dim, order_dim=ORDER_DIM):
    """Shapes of the parameters, see `Term.shapes`, of three gates side by side."""
    gates = {"gates": 3 * order_dim}
    return {
        "reader_weight": {"embedding_dim": embedding_dim} | gates,
        "reader_bias": gates,
        "state_weight": {"order_dim": order_dim} | gates,
        "verdict_weight": {"order_dim": order_dim, "outputs": 1},
        "verdict_bias": {"outputs": 1},
    }


def embed_actions(network, embeddings):
    """Action-level embeddings (1, n_frames, order_dim) of frames, each read alone."""
    inputs = embeddings @ network["reader_weight"] + network["reader_bias"]
    _, keep, new = inputs.chunk(3, -1)
    return (1 - keep.sigmoid()) * new.tanh()


def read_order(network, sequences, n_segments):
    """Log-odds (n,) that the first ``n_segments`` of sequences are ordered."""
    # The state h is updated by u = σ(x_u + U_u h), n = tanh(x_n + σ(x_r + U_r h) ⊙ U_n
    # h), h' = (1 - u) ⊙ n + u ⊙ h, with inputs x linear in a segment.
    inputs = sequences @ network["reader_weight"] + network["reader_bias"]
    weight = network["state_weight"][0]
    state = inputs.new_zeros(len(inputs), len(weight))
    for number in range(inputs.shape[1]):
        reset, keep, new = inputs[:, number].chunk(3, -1)
        from_reset, from_keep, from_new = (state @ weight).chunk(3, -1)
        keep = (keep + from_keep).sigmoid()
        new = (new + (reset + from_reset).sigmoid() * from_new).tanh()
        is_there = (number < n_segments).unsqueeze(-1)
        state = torch.where(is_there, (1 - keep) * new + keep * state, state)
    return (state @ network["verdict_weight"][0] + network["verdict_bias"]).flatten()


def order_loss(network, embeddings, labels, generator):
    """Logistic loss of the order of each recording of a mini-batch, and shuffled."""
    # a run of equal labels is a segment; recordings with a single segment are ignored
    segments = np.zeros(labels.shape, dtype=np.intp)
    np.cumsum(np.diff(labels, axis=1) != 0, axis=1, out=segments[:, 1:])
    n_segments = segments[:, -1] + 1
    several = np.flatnonzero(n_segments > 1)
    if not len(several):
        return embeddings.new_zeros(())
    device, n_segments = embeddings.device, n_segments[several]
    shares = send(segment_shares(segments[several]), device)
    means = shares @ embeddings[send(several, device)]
    order = np.tile(np.arange(means.shape[1]), (len(several), 1))
    for row, n_of_video in zip(order, n_segments.tolist()):
        row[:n_of_video] = another_order(n_of_video, generator)
    order = send(order, device).unsqueeze(-1)
    shuffled_means = torch.take_along_dim(means, order, dim=1)
    n_read = send(np.tile(n_segments, 2), device)
    verdicts = read_order(network, torch.cat([means, shuffled_means]), n_read)
    truth = torch.zeros_like(verdicts)
    truth[: len(several)] = 1
    return torch.nn.functional.binary_cross_entropy_with_logits(verdicts, truth)


def segment_shares(segments):
    """Weights (n_videos, n_most, n_frames), float32, that make means of segments."""
    numbers = np.arange(segments.max() + 1)[:, None]
    members = (segments[:, None] == numbers).astype(np.float32)
    return members / np.maximum(members.sum(axis=-1, keepdims=True), 1)


def another_order(n_segments, generator):
    """Draw another order of two or more segments; half of them swap two neighbours."""
    order = np.arange(n_segments)
    kind, position = torch.rand(2, generator=generator, device="cpu").tolist()
    if kind < 0.5:
        order = torch.randperm(n_segments, generator=generator, device="cpu").numpy()
    if (np.diff(order) > 0).all():
        first = int(position * (n_segments - 1))
        order[[first, first + 1]] = order[[first + 1, first]]
    return order
