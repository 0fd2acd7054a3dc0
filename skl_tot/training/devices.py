"""Where to compute."""

import re
from multiprocessing import current_process

import torch

from skl_tot.inputs.errors import warn_user
from skl_tot.training.distributed import rank_and_size

DEVICE_TYPES = ("cpu", "cuda", "mps", "xpu")


def resolve_device(device):
    """Turn a device string into a device that works here.

    "auto" takes CUDA where there is one and else the CPU; any other is torch's. "auto"
    and "cuda" spread the worker processes of a grid search over all GPUs.

    Examples
    --------
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        resolved = torch.device(device)
        if device == "cuda":
            resolved = torch.device("cuda", choose_gpu())
        torch.empty(0, device=resolved)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise ValueError(f"device={device!r} cannot be used: {reason}.") from None
    if resolved.type not in DEVICE_TYPES:
        raise ValueError(
            f"device={device!r} cannot be trained on, expected 'auto' or a device of "
            f"type {', '.join(DEVICE_TYPES)}."
        )
    return resolved


def inference_device(device):
    """`resolve_device`, but the CPU, with a warning, if the device is not there."""
    try:
        return resolve_device(device)
    except ValueError as error:
        if device.partition(":")[0] not in DEVICE_TYPES:
            raise
        # fitted where there was a GPU, used where there is none
        warn_user(f"{error} Using the CPU.")
        return torch.device("cpu")


def choose_gpu():
    """Give each worker process a GPU, in turns, and others torch's current one."""
    # pools of joblib and of Python number their processes in the name
    number = re.search(r"-(\d+)$", current_process().name)
    current = torch.cuda.current_device()
    if number is None or current != 0 or rank_and_size()[1] > 1:  # somebody chose it
        return current
    return int(number[1]) % torch.cuda.device_count()


def keep_freed_memory():
    """Have the C library keep freed memory for the next step.

    As it starts out, glibc gives every freed block of more than 128 kB back to the
    system, and a step of several networks takes twice as long, most of it page faults.
    It raises the limit to the largest block that it sees freed, of up to 32 MB. Other
    libraries are not affected.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8, device="cpu")
