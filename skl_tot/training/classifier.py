"""A frame classifier that learns from labels, together with the order of segments."""

import math
from dataclasses import asdict, dataclass

import numpy as np
import torch

from skl_tot.training.action_order import embed_actions, order_loss, order_shapes
from skl_tot.training.devices import keep_freed_memory
from skl_tot.training.losses import cross_entropy_loss
from skl_tot.training.network import INIT_SCALE, embed, encoder_shapes, init_network
from skl_tot.training.readers import open_reader
from skl_tot.training.sampling import sample_frames, shuffled_batches

# Losses are fetched from the device, and shown, for so many steps at a time.
STEPS_AT_ONCE = 50


@dataclass(frozen=True, kw_only=True)
class ClassifierSizes:
    """Widths of the network; the estimator documents each by its name."""

    n_actions: int
    hidden_dim: int
    embedding_dim: int
    order_dim: int


def classifier_shapes(n_features, sizes):
    """Shapes of the parameters: encoder, action order and classifier."""
    own = {
        "action_weight": {
            "embedding_dim + order_dim": sizes.embedding_dim + sizes.order_dim,
            "n_actions": sizes.n_actions,
        },
        "action_bias": {"n_actions": sizes.n_actions},
    }
    encoder = encoder_shapes({"n_features": n_features} | asdict(sizes))
    return encoder | order_shapes(sizes.embedding_dim, sizes.order_dim) | own


def join_embeddings(network, embeddings):
    """Frame-level embeddings (1, n_frames, E) with the action-level ones behind."""
    return torch.cat([embeddings, embed_actions(network, embeddings)], -1)


def classify(network, embeddings):
    """Scores (1, n_frames, n_actions), log p(k|x) up to a constant for each frame."""
    joint = join_embeddings(network, embeddings)
    return joint @ network["action_weight"] + network["action_bias"]


def read_scores(encoder, videos, i):
    """Scores (n_frames, n_actions) of video i, by an `Encoder`; float32."""
    return encoder._read(videos, i, lambda z: classify(encoder.network, z))


def read_embeddings(encoder, videos, i):
    """Joint embeddings (n_frames, E + order_dim) of video i, by an `Encoder`."""
    return encoder._read(videos, i, lambda z: join_embeddings(encoder.network, z))


class ClassifierTrainer:
    """Trains one network, in as many rounds as are asked for.

    Parameters
    ----------
    videos : StandardizedVideos
        What to learn from.
    sizes : ClassifierSizes
        Widths of the network.
    order_weight : float
        Factor of the loss of the order.
    frames_per_video : int
        Frames sampled from a video.
    batch_size : int
        Videos of a mini-batch.
    learning_rate, weight_decay : float
        Of Adam.
    device : torch.device
        Where to train.
    seed : int
        Seed of all randomness.
    """

    def __init__(
        self,
        videos,
        sizes,
        *,
        order_weight,
        frames_per_video,
        batch_size,
        learning_rate,
        weight_decay,
        device,
        seed,
    ):
        keep_freed_memory()
        self.sizes, self.device, self.order_weight = sizes, device, order_weight
        self.frames_per_video, self.batch_size = frames_per_video, batch_size
        self.generator = torch.Generator("cpu").manual_seed(seed)
        # rounds go over the videos again and again
        self.reader = open_reader(videos, device, videos.lengths.sum())
        shapes = classifier_shapes(videos.n_features, sizes)
        self.network = {}
        for name, drawn in init_network(shapes, generator=self.generator).items():
            if name.endswith("weight"):  # the variance of sums does not grow
                drawn = drawn / (INIT_SCALE * math.sqrt(drawn.shape[1]))
            self.network[name] = drawn.to(device).requires_grad_()
        self.optimizer = torch.optim.Adam(
            self.network.values(),
            lr=learning_rate,
            weight_decay=weight_decay,
            fused=True,
        )

    @torch.inference_mode(False)
    @torch.enable_grad()
    def learn(self, labels, n_steps, progress=None):
        """Go on with ``n_steps`` steps on labels of the frames.

        Parameters
        ----------
        labels : list of ndarray of int, of shape (n_frames_i,)
            Actions; what is none of them is learned as a segment only.
        n_steps : int
            Steps, of a mini-batch each.
        progress : callable, default=None
            Takes losses, some at a time.

        Returns
        -------
        network : dict of str to ndarray
            Parameters.
        losses : list of float
            Loss of each step.

        Raises
        ------
        ValueError
            If the loss stops being finite.
        """
        batches = shuffled_batches(
            len(labels), self.batch_size, n_steps, self.generator
        )
        losses = []
        with torch.autocast(self.device.type, enabled=False):
            for some in np.split(batches, range(STEPS_AT_ONCE, n_steps, STEPS_AT_ONCE)):
                pending = [self._step(batch, labels) for batch in some]
                found = torch.stack(pending).tolist()
                if not np.isfinite(found).all():
                    raise ValueError(
                        "The loss is no longer finite: check learning_rate, "
                        "order_weight, and the scale of the features."
                    )
                losses += found
                if progress is not None:
                    progress(found)
        network = {}
        for name, value in self.network.items():
            network[name] = value.detach()[0].cpu().numpy().copy()
        return network, losses

    def _step(self, batch, labels):
        """Update the network on the videos (n_videos,) of a mini-batch: its loss."""
        n_frames, lengths = self.frames_per_video, self.reader.lengths[batch]
        rows, _ = sample_frames(lengths[None], n_frames, 0, self.generator)
        own = np.stack([labels[i][frames] for i, frames in zip(batch, rows[0])])
        (frames,) = self.reader.read(batch[None], rows)
        loss = self._loss(embed(self.network, frames), own)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _loss(self, embeddings, labels):
        """Cross-entropy of the labels (n_videos, n_frames), and the order's loss."""
        codes = (labels.reshape(-1, 1) == np.arange(self.sizes.n_actions)).astype("f4")
        codes = torch.from_numpy(codes).to(self.device)
        loss = cross_entropy_loss(classify(self.network, embeddings)[0], codes, 1.0)
        if self.order_weight:
            by_video = embeddings.view(*labels.shape, -1)
            order = order_loss(self.network, by_video, labels, self.generator)
            loss = loss + self.order_weight * order
        return loss
