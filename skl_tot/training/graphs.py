"""One step of training as a CUDA graph: a single launch instead of some hundred."""

import contextlib
from bisect import bisect
from dataclasses import replace

import torch

# Steps run the usual way before a graph is captured, so that all is initialised.
N_WARM_UP = 3


class GraphedStep:
    """A step function, captured once for each shape and phase, and replayed.

    Whatever tensors a batch holds, a replayed step works on copies of them.

    Parameters
    ----------
    step : callable
        Of a training state and a batch, returning a tensor. All but the tensors of the
        batch must be the same objects in each call.
    changes : list of int
        Steps from which on other operations are done, in order.
    capture : callable, default=None
        Runs a function of no arguments and returns a function that repeats what it
        did on the device, and its result; None is `capture_on_cuda`.
    """

    def __init__(self, step, changes, capture=None):
        self.step, self.changes = step, changes
        self.capture = capture or capture_on_cuda
        self.n_calls, self.graphs = {}, {}

    def __call__(self, state, batch):
        """Take a step."""
        phase = bisect(self.changes, state.n_iter)
        key = (len(batch.frames), len(batch.coverage), phase)
        self.n_calls[key] = self.n_calls.get(key, 0) + 1
        if self.n_calls[key] <= N_WARM_UP:
            return self.step(state, batch)
        tensors = _tensors(batch)
        if key not in self.graphs:
            copies = {name: tensor.clone() for name, tensor in tensors.items()}
            fixed = replace(batch, **copies)
            replay, losses = self.capture(lambda: self.step(state, fixed))
            self.graphs[key] = copies, replay, losses
        copies, replay, losses = self.graphs[key]
        for name, tensor in tensors.items():
            copies[name].copy_(tensor)
        replay()
        return losses.clone()


def _tensors(batch):
    """Whatever tensors a batch holds, by name."""
    return {name: x for name, x in vars(batch).items() if torch.is_tensor(x)}


def capture_on_cuda(function):
    """Capture what a function does on the current stream, see `training_stream`.

    The function is called once, but its kernels are recorded, not run. Returns a
    callable that runs them, and the result, which holds its values after each replay.
    """
    graph = torch.cuda.CUDAGraph()
    # torch's own stream for captures belongs to the GPU of the first one
    with torch.cuda.graph(graph, stream=torch.cuda.current_stream()):
        result = function()
    return graph.replay, result


@contextlib.contextmanager
def training_stream(device):
    """On a GPU, work on a stream of its own, as capturing a graph asks for."""
    if device.type != "cuda":
        yield
        return
    with torch.cuda.device(device), torch.cuda.stream(torch.cuda.Stream()):
        torch.cuda.current_stream().wait_stream(torch.cuda.default_stream())
        yield
        torch.cuda.synchronize()
