"""The only reader of checkpoints: it loads tensors by name and never runs code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from monai.config import PathLike
from monai.networks.utils import get_state_dict
from torch import Tensor, nn

__all__ = ["first_difference", "load_weights", "read_checkpoint"]

REMEDY = "keep its model.json beside it, or name the overlays that it was trained with, such as small_network.yaml"


def read_checkpoint(path: PathLike, key: str = "model") -> dict[str, Tensor]:
    """Read the weights of a network.

    Args:
        path: file with a plain state dict, or with a dictionary that holds one under ``key``.
        key: key of the state dict.

    Returns:
        Tensors by name, on the CPU, with the data types of the file.

    Raises:
        FileNotFoundError: when the file does not exist.
        ValueError: when it is damaged, holds anything but tensors and plain data, or no weights.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"weights {path} do not exist; train first, or give the path of a checkpoint.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever the bytes of a damaged file lead it to
        raise ValueError(
            f"{path} is not a checkpoint that weights_only can read; give the state dict of a network."
        ) from error
    if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
        state = state[key]
    if not isinstance(state, Mapping) or not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{path} is not a checkpoint: it holds no tensors by name; give the state dict of a network.")
    return dict(state)


def load_weights(
    network: nn.Module, path: PathLike, key: str = "model", remedy: str = REMEDY, strict: bool = True
) -> None:
    """Load all weights, or leave the network unchanged.

    Args:
        network: receives the weights, in its own data type; may be wrapped for several GPUs.
        path: as in :func:`read_checkpoint`, also ``key``.
        key: as there.
        remedy: what the user can do about weights of another network, for the error message.
        strict: whether the file and the network must have the same names; if not, the shared ones are loaded.

    Raises:
        FileNotFoundError: when the file does not exist.
        ValueError: when it is no checkpoint, or of another network; the message names the first difference.
    """
    weights, own = read_checkpoint(path, key), get_state_dict(network)
    if not strict:
        weights = {**own, **{name: value for name, value in weights.items() if name in own}}
    difference = first_difference(network, weights)
    if difference:
        raise ValueError(f"{path} holds weights of another network; {remedy}: {difference}.")
    getattr(network, "module", network).load_state_dict(weights)


def first_difference(network: nn.Module, weights: Mapping[str, Tensor]) -> str:
    """Describe the first difference in name or shape between weights and a network; empty when they fit.

    Example:
        >>> first_difference(nn.Linear(3, 5), nn.Linear(3, 4).state_dict())
        'weight has the shape (4, 3) in the file and (5, 3) in the network'
    """
    own = get_state_dict(network)
    for name, value in own.items():
        if name not in weights:
            return f"the file has no {name}"
        if weights[name].shape != value.shape:
            shapes = tuple(weights[name].shape), tuple(value.shape)
            return f"{name} has the shape {shapes[0]} in the file and {shapes[1]} in the network"
    for name in weights:
        if name not in own:
            return f"the network has no {name}"
    return ""
