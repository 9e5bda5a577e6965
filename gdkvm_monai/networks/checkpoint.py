"""The only reader of weights, which loads tensors by name and never runs code; and the atomic writer."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from monai.config import PathLike
from monai.networks.utils import get_state_dict
from torch import Tensor, nn

from gdkvm_monai.configs import check_weights_file
from gdkvm_monai.files import atomic_write
from gdkvm_monai.networks.card import read_card
from gdkvm_monai.networks.stored_tensors import fault_of_file, fault_of_tensor

__all__ = ["difference_of_tensors", "first_difference", "load_weights", "read_checkpoint", "write_checkpoint"]

REMEDY = "keep its model.json beside it, or name the overlays used in training, such as small_network.yaml"
CARD_REMEDY = "the model card beside it describes that network; restore the card that training wrote with these weights"


def read_checkpoint(path: PathLike, key: str = "model") -> dict[str, Tensor]:
    """Read the weights of a network.

    Args:
        path: file with a state dict, or with a dictionary that contains one under ``key``.
        key: key of the state dict.

    Returns:
        Tensors by name, on the CPU, with the data types in the file.

    Raises:
        OSError: see :func:`~gdkvm_monai.configs.check_weights_file`.
        ValueError: if the file is damaged, contains anything but tensors and plain data, contains no weights, or its
            weights are compressed, sparse, without values, larger than the file, or not finite.
    """
    path = Path(path)
    check_weights_file(path)
    if fault := fault_of_file(path):
        raise ValueError(f"{path} {fault}; save the state dict with it again.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many types of errors for damaged files
        raise ValueError(
            f"{path} is not a checkpoint that weights_only can read; pass the state dict of a network."
        ) from error
    if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
        state = state[key]
    if not isinstance(state, Mapping) or not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{path} is not a checkpoint: it has no named tensors; pass the state dict of a network.")
    for name, value in state.items():
        fault = fault_of_tensor(value)
        if fault:
            raise ValueError(f"{path} holds no usable weights: {name} {fault}; train again, or choose another file.")
    return dict(state)


def write_checkpoint(
    path: PathLike, state: Mapping, previous: PathLike | None = None, before: Callable[[Path], object] | None = None
) -> None:
    """Write a dictionary of tensors and plain data; a file that exists is replaced when the new one is complete.

    Args:
        path: file to write.
        state: content, for example a state dict.
        previous: where to keep the file that is replaced.
        before: called with the complete temporary file, before it takes its place.

    Raises:
        OSError: if the file cannot be written, for example because the disk is full; the present one is unchanged.
    """
    path = Path(path)
    try:
        with atomic_write(path) as partial:
            with open(partial, "wb") as file:
                torch.save(state, file)
            if before is not None:
                before(partial)
            if previous is not None and path.is_file():
                os.replace(path, previous)
    except (OSError, RuntimeError) as error:
        cause = error if isinstance(error, OSError) else error.__context__  # torch hides why it could not write
        if not isinstance(cause, OSError):
            raise
        raise OSError(cause.errno, cause.strerror, str(path)) from error


def load_weights(
    network: nn.Module, path: PathLike, key: str = "model", remedy: str = REMEDY, strict: bool = True
) -> None:
    """Load all weights into a network, or leave the network unchanged.

    Args:
        network: network to load, in its own data type; may be wrapped for several GPUs.
        path: file to read, see :func:`read_checkpoint`.
        key: key of the state dict.
        remedy: advice in the error message for weights of another network, unless the card beside them is wrong.
        strict: whether the names in the file and the network must agree; if not, only shared names are loaded.

    Raises:
        OSError: see :func:`~gdkvm_monai.configs.check_weights_file`.
        ValueError: if the file is not a checkpoint, or belongs to another network; the message names the first
            difference.
    """
    weights, own = read_checkpoint(path, key), get_state_dict(network)
    if not strict:
        weights = {**own, **{name: value for name, value in weights.items() if name in own}}
    difference = first_difference(network, weights)
    if difference:
        remedy = CARD_REMEDY if difference == _difference_of_card(Path(path), weights) else remedy
        raise ValueError(f"{path} holds weights of another network; {remedy}: {difference}.")
    getattr(network, "module", network).load_state_dict(weights)


def first_difference(network: nn.Module, weights: Mapping[str, Tensor]) -> str:
    """Describe the first difference in name, shape, or type between weights and a network; empty if they match.

    Example:
        >>> first_difference(nn.Linear(3, 5), nn.Linear(3, 4).state_dict())
        'weight has the shape (4, 3) in the file and (5, 3) in the network'
    """
    own = get_state_dict(network)
    for name, value in own.items():
        if name not in weights:
            return f"the file has no {name}"
        if difference := difference_of_tensors(weights[name], value):
            return f"{name} {difference}"
    for name in weights:
        if name not in own:
            return f"the network has no {name}"
    return ""


def difference_of_tensors(weight: Tensor, own: Tensor) -> str:
    """Describe why a weight in a file cannot replace the network's own; empty if it can, in any floating precision."""
    if weight.shape != own.shape:
        return f"has the shape {tuple(weight.shape)} in the file and {tuple(own.shape)} in the network"
    if own.is_floating_point() and not weight.is_floating_point():
        return f"is of type {_kind(weight)} in the file and {_kind(own)} in the network"
    if not own.is_floating_point() and (changed := weight[weight != weight.to(own.dtype)]).numel():
        return f"has the value {changed[0].item()} in the file and is of type {_kind(own)} in the network"
    return ""


def _difference_of_card(path: Path, weights: Mapping[str, Tensor]) -> str:
    """Describe the first difference between weights and the network of the card beside them, if there is one."""
    try:
        card = read_card(path, check_weights=False)
        with torch.device("meta"):
            return first_difference(card.build_network(), weights) if card and card.describes_network else ""
    except ValueError:
        return ""


def _kind(value: Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")
