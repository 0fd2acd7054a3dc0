"""Where to compute."""

import torch

DEVICE_TYPES = ("cpu", "cuda", "mps", "xpu")


def resolve_device(device):
    """Turn a device string into a device that works here.

    Parameters
    ----------
    device : str
        "auto" takes CUDA where there is one and else the CPU; any other is torch's.

    Returns
    -------
    device : torch.device
        A usable device.

    Raises
    ------
    ValueError
        If torch does not know the device or cannot use it on this machine.

    Examples
    --------
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
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
