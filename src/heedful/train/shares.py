"""Tensors of which a process may hold a share only: whole from shares, share from whole."""

from torch import Tensor


def whole(tensor: Tensor) -> Tensor:
    """Return all of a tensor; where it is shared, every process has to ask."""
    gather = getattr(tensor, "full_tensor", None)
    return gather() if gather else tensor


def share(tensor: Tensor, like: Tensor) -> Tensor:
    """Return of a whole tensor what this process holds of `like`: all of it, or its share."""
    if not hasattr(like, "full_tensor") or hasattr(tensor, "full_tensor"):
        return tensor
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(tensor, like.device_mesh, like.placements, src_data_rank=None)  # type: ignore[attr-defined]


def held(tensor: Tensor) -> Tensor:
    """Return the values that lie in this process."""
    local = getattr(tensor, "to_local", None)
    return local() if local else tensor
