"""One step of training as a CUDA graph: a single launch instead of some hundred."""

import contextlib

import torch

# Steps run the usual way before a graph is captured, so that all is initialised.
N_WARM_UP = 3


class GraphedStep:
    """A step function, captured once for each shape and replayed.

    Parameters
    ----------
    step : callable
        Of a training state, a batch and the settings, returning a tensor. All but the
        tensors of the batch must be the same objects in each call.
    phase : callable
        Of a training state and the settings; steps of different phases are captured
        apart.
    capture : callable, default=None
        Runs a function of no arguments and returns a function that repeats what it
        did on the device, and its result; None is `capture_on_cuda`.
    """

    def __init__(self, step, phase, capture=None):
        self.step, self.phase = step, phase
        self.capture = capture or capture_on_cuda
        self.n_calls, self.graphs = {}, {}

    def __call__(self, state, batch, config):
        """Take a step."""
        key = (len(batch.frames), self.phase(state, config))
        self.n_calls[key] = self.n_calls.get(key, 0) + 1
        if self.n_calls[key] <= N_WARM_UP:
            return self.step(state, batch, config)
        if key not in self.graphs:
            fixed = batch._replace(
                **{name: getattr(batch, name).clone() for name in _changing(batch)}
            )
            replay, losses = self.capture(lambda: self.step(state, fixed, config))
            self.graphs[key] = fixed, replay, losses
        fixed, replay, losses = self.graphs[key]
        for name in _changing(batch):
            getattr(fixed, name).copy_(getattr(batch, name))
        replay()
        return losses.clone()


def _changing(batch):
    """Names of the tensors that are other ones in every step."""
    names = ("frames", "evidence", "partners", "times")
    return [name for name in names if getattr(batch, name) is not None]


def capture_on_cuda(function):
    """Capture what a function does on the current stream, see `training_stream`.

    Parameters
    ----------
    function : callable
        Of no arguments; it is called once, but its kernels are recorded, not run.

    Returns
    -------
    replay : callable
        Runs the kernels.
    result : Tensor
        What the function returned; holds its values after each replay.
    """
    graph = torch.cuda.CUDAGraph()
    # torch's own stream for captures belongs to the GPU of the first one
    with torch.cuda.graph(graph, stream=torch.cuda.current_stream()):
        result = function()
    return graph.replay, result


@contextlib.contextmanager
def training_stream(device):
    """On a GPU, work on a stream of its own, as capturing a graph asks for.

    Parameters
    ----------
    device : torch.device
        Where to train; nothing happens if it is no GPU.
    """
    if device.type != "cuda":
        yield
        return
    with torch.cuda.device(device), torch.cuda.stream(torch.cuda.Stream()):
        torch.cuda.current_stream().wait_stream(torch.cuda.default_stream())
        yield
        torch.cuda.synchronize()
