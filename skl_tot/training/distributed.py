"""Training on several processes at once, where `torch.distributed` is initialised.

Every process works on its part of each mini-batch. Sums over the processes make the
result that of a single process, but for rounding, and the same for all of them.
"""

import numpy as np
import torch
import torch.distributed as dist


def rank_and_size():
    """Rank of this process and number of processes: (0, 1) without a process group."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def own_part(n_items):
    """Slice of so many items that this process works on; all are about as long."""
    rank, size = rank_and_size()
    edges = np.arange(size + 1) * n_items // size
    return slice(int(edges[rank]), int(edges[rank + 1]))


def sum_over_processes(tensors):
    """Add up tensors over all processes, in place and at one go."""
    if rank_and_size()[1] == 1 or not tensors:
        return
    flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
    dist.all_reduce(flat)
    for tensor, total in zip(tensors, flat.split([t.numel() for t in tensors])):
        tensor.copy_(total.view_as(tensor))


def join_parts(own, part, n_items):
    """Put the parts (n_own, n_columns) of all processes together, of one its own.

    ``part`` is the slice of the ``n_items`` that this process has.
    """
    if rank_and_size()[1] == 1:
        return own
    whole = own.new_zeros(n_items, own.shape[1])
    whole[part] = own
    dist.all_reduce(whole)  # all others are zero there
    return whole


def same_everywhere(value):
    """Take the value that the first process has, such as a seed that it drew."""
    if rank_and_size()[1] == 1:
        return value
    values = [value]
    dist.broadcast_object_list(values, src=0)
    return values[0]
