"""torch, imported at its first use; devices, processes and threads."""

# If `torch.distributed` is initialised, every process works on its part of each
# mini-batch. Sums over the processes give the result of a single process, up to
# rounding, and the same in all of them.

import contextlib
import shutil
from typing import TYPE_CHECKING

from skl_tot.recordings.errors import refuse, warn_user

if TYPE_CHECKING:
    import torch
else:

    class _Torch:
        """Stands for the module."""

        # `lazy_loader.load` would enter torch into `sys.modules`, where scipy and
        # scikit-learn look for it, and use it if it is there.

        def __getattr__(self, name):
            import torch

            value = getattr(torch, name)
            setattr(self, name, value)  # from now on, without this call
            return value

    torch = _Torch()


DEVICE_TYPES = ("cpu", "cuda", "mps", "xpu")
# Products from which several threads gain. On two cores with other work, two threads
# take 20 times as long as one with 4e6 products (the default network), 3 times with 1e9
# and 1.3 times with 3e9. In quiet moments they gain at most 1.3 up to 3e7 products.
MANY_PRODUCTS = 2e9
# Features of a prediction from which "auto" takes a GPU, a guess: the default network
# takes one core 3 to 18 s for them, and to import torch and start CUDA takes seconds.
GPU_VALUES = 5e8


def keep_freed_memory():
    """Let glibc keep freed blocks of up to 31 MB, which training allocates again."""
    # By default it returns freed blocks above 128 kB to the system, and a step takes
    # twice as long due to page faults; it adapts to the largest freed block up to 32
    # MB.
    torch.empty(31 * 2**20, dtype=torch.uint8, device="cpu")


def resolve_device(device):
    """Return a device that works here, from its name; "auto" is CUDA if available."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        resolved = torch.device(device)
        torch.empty(0, device=resolved)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise ValueError(f"device={device!r} cannot be used: {reason}.") from None
    if resolved.type not in DEVICE_TYPES:
        refuse("device", device, f"'auto' or one of type {', '.join(DEVICE_TYPES)}")
    return resolved


def prediction_device(device, n_values):
    """Name the device of a prediction; "auto" is CUDA from `GPU_VALUES` on."""
    if device != "auto":
        return device
    # torch is slow to import, so a program of the driver has to be there
    may_gain = n_values >= GPU_VALUES and shutil.which("nvidia-smi")
    return "cuda" if may_gain and torch.cuda.is_available() else "cpu"


def inference_device(device):
    """Return `resolve_device`, or the CPU with a warning if the device is missing."""
    try:
        return resolve_device(device)
    except ValueError as error:
        if device.partition(":")[0] not in DEVICE_TYPES:
            raise
        # fitted on a GPU, used without one
        warn_user(f"{error} Using the CPU.")
        return torch.device("cpu")


def send(array, device):
    """Copy a numpy array to a device; on the CPU, share its memory."""
    values = torch.from_numpy(array)
    if device.type == "cuda":  # no step waits for a copy from pinned memory
        return values.pin_memory().to(device, non_blocking=True)
    return values.to(device)


@contextlib.contextmanager
def full_precision(device, n_products):
    """Compute without autocast of the caller, on one CPU thread if products are few."""
    usual = torch.get_num_threads()
    with contextlib.ExitStack() as stack:
        if torch.amp.is_autocast_available(device.type):
            stack.enter_context(torch.autocast(device.type, enabled=False))
        if device.type == "cpu" and n_products < MANY_PRODUCTS and usual > 1:
            torch.set_num_threads(1)
            stack.callback(torch.set_num_threads, usual)
        yield


@contextlib.contextmanager
def gradients(are_needed):
    """Compute with or without gradients, whatever the mode of the caller."""
    with torch.inference_mode(False), torch.set_grad_enabled(are_needed):
        yield


def rank_and_size():
    """Rank of this process and number of processes: (0, 1) without a process group."""
    dist = torch.distributed
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def sum_over_processes(tensors):
    """Add up tensors over all processes, in place and in one call."""
    if rank_and_size()[1] == 1 or not tensors:
        return
    flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
    torch.distributed.all_reduce(flat)
    for tensor, total in zip(tensors, flat.split([t.numel() for t in tensors])):
        tensor.copy_(total.view_as(tensor))


def join_parts(values, rows, n_items):
    """Join values (n_rows, n_columns) of all processes; ``rows`` are of this one."""
    if rank_and_size()[1] == 1:
        return values
    whole = values.new_zeros(n_items, values.shape[1])
    whole[rows] = values
    torch.distributed.all_reduce(whole)  # other processes have zeros there
    return whole


def from_first_process(value):
    """Return the value of the first process, such as a seed."""
    if rank_and_size()[1] == 1:
        return value
    values = [value]
    torch.distributed.broadcast_object_list(values, src=0)
    return values[0]
