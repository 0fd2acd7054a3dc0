"""ASOT as an estimator, and its transport in TemporalOTSegmenter."""

import numpy as np
import torch
from torch.nn.functional import log_softmax, normalize

from skl_tot.baselines import ASOTSegmenter
from skl_tot.training.pseudo_labels import StructuredTransport, structured_transport


def test_training_agrees_with_a_plain_loop():
    """All frames of all recordings are in each step, so that none is drawn."""
    videos = np.random.default_rng(0).normal(size=(2, 40, 9)).cumsum(axis=1)
    model = ASOTSegmenter(4, order="mostly", max_iter=5, random_state=0)
    model.set_params(standardize=None, optimizer__frames_per_video=40)
    start = model.set_params(optimizer__learning_rate=1e-30).fit(list(videos)).network_
    model.set_params(optimizer__learning_rate=1e-3).fit(list(videos))
    values = [torch.tensor(value, requires_grad=True) for value in start.values()]
    adam = torch.optim.Adam(values, lr=1e-3, weight_decay=1e-4)
    frames = torch.tensor(videos, dtype=torch.float32) / 3  # the root of 9 features
    prior = 0.25 * (torch.arange(40)[:, None] / 40 - torch.arange(4) / 4).abs()
    for expected in model.loss_curve_:
        hidden = torch.relu(frames @ values[0] + values[1])
        cosines = normalize(hidden @ values[2] + values[3], dim=-1) @ values[4].T
        cost = 1 - cosines.detach() + prior
        codes = structured_transport(cost, 0.07, 0.3, 0.04, 0.1)
        loss = -(codes * log_softmax(cosines / 0.1, -1)).sum(-1).mean()
        np.testing.assert_allclose(loss.item(), expected, rtol=1e-3)
        adam.zero_grad()
        loss.backward()
        adam.step()
        values[4].data = normalize(values[4].data)


def test_transport_of_training_and_of_prediction(activity):
    """Radius and iterations are those of training; the weights are the authors'."""
    transport = StructuredTransport(epsilon=0.1, radius=0.2, n_iter=3)
    model = ASOTSegmenter(4, transport=transport, max_iter=9, random_state=0)
    video = activity[0][0]
    cosines = model.fit(activity[0]).similarities(video)
    for settings, found in (
        ((0.1, 0.3, 0.2, 0.1), model.pseudo_labels(video)),
        ((0.04, 0.6, 0.2, 0.01), model.predict_proba(video)),
    ):
        times = np.arange(len(cosines)) / len(cosines)
        cost = 1 - cosines + 0.25 * np.abs(times[:, None] - np.arange(4) / 4)
        codes = structured_transport(
            torch.from_numpy(cost)[None].double(), *settings, n_iter=3
        )[0].numpy()
        own = np.argsort(model.prototype_actions_)
        np.testing.assert_allclose(found, codes[:, own], atol=1e-5)
