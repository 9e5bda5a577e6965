"""The networks that a model card may name, and how to build them from options that are plain data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from gdkvm_monai.networks.card_checks import check_plain, shorten
from gdkvm_monai.networks.nets import GDKVM, ConvLSTMUNet, FrameByFrame, SpaceTimeMemory, Vivim
from gdkvm_monai.networks.nets.frame_by_frame import FRAME_NETWORKS

__all__ = ["NETWORKS", "Options", "build_network", "network_name"]

Options = Mapping[str, object]
"""Arguments of a network by name: numbers, strings, booleans, ``None``, and lists of these."""

NETWORKS: Mapping[str, type[nn.Module]] = {
    kind.__name__: kind for kind in (GDKVM, FrameByFrame, ConvLSTMUNet, SpaceTimeMemory, Vivim)
}
"""Known networks by name."""

LARGEST_OPTION = 1024
MOST_LEVELS = 16
MOST_PARAMETERS = 500_000_000
KINDS = {bool: (bool,), int: (int,), float: (int, float), str: (str,)}
"""Types of values accepted for each type of option."""

WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
"""What the types of options are called in error messages."""


def network_name(network: str | nn.Module) -> str:
    """Return the known name of a network that is given as a module, a name, or a full dotted path.

    Raises:
        ValueError: if the network is not known.

    Example:
        >>> network_name("gdkvm_monai.networks.nets.gdkvm.GDKVM")
        'GDKVM'
    """
    kind = type(network) if isinstance(network, nn.Module) else None
    path = f"{kind.__module__}.{kind.__name__}" if kind else str(network)
    package, _, name = path.rpartition(".")
    if name not in NETWORKS or package and not f"{package}.".startswith("gdkvm_monai.networks.nets."):
        raise ValueError(f"network is {path!r}, expected one of {', '.join(NETWORKS)}; use one of these.")
    return name


def build_network(name: str, options: Options) -> nn.Module:
    """Build a known network, without weights.

    Args:
        name: name or dotted path, see :func:`network_name`.
        options: arguments of the network by name.

    Raises:
        ValueError: if the name is unknown, an option is unknown, out of range, or of the wrong type, or the network
            would have more than ``MOST_PARAMETERS`` parameters.
    """
    kind = NETWORKS[network_name(name)]
    _check_options(kind, options)
    with torch.device("meta"), _RealLinspace():  # so that an oversized network costs neither memory nor time
        network = _build(kind, options)
    sizes = [parameter.numel() for parameter in network.parameters()]
    count, tables = sum(sizes), sum(buffer.numel() for buffer in network.buffers())
    if 0 in sizes:
        raise ValueError("network_options give layers without channels; increase the numbers that are 0.")
    if count > MOST_PARAMETERS:
        raise ValueError(f"network_options give {count} parameters, expected at most {MOST_PARAMETERS}; reduce them.")
    if tables > MOST_PARAMETERS:
        raise ValueError(
            f"network_options give {tables} numbers in buffers, expected at most {MOST_PARAMETERS}; reduce them."
        )
    return _build(kind, options)


class _RealLinspace(TorchFunctionMode):
    """Give ``torch.linspace`` numbers also where everything else has a size only: ``SwinUNETR`` reads them."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        return func(*args, **{**(kwargs or {}), **({"device": "cpu"} if func is torch.linspace else {})})


def _check_options(kind: type[nn.Module], options: Options) -> None:
    check_plain(options, "network_options")
    known = dict(inspect.signature(GDKVM if kind is SpaceTimeMemory else kind).parameters)
    if kind is FrameByFrame:
        inner = options.get("network")
        if not isinstance(inner, str) or inner not in FRAME_NETWORKS:
            names = ", ".join(FRAME_NETWORKS)
            raise ValueError(f"network_options.network is {shorten(inner)}, expected one of {names}.")
        known = {"network": known["network"], **inspect.signature(FRAME_NETWORKS[inner]).parameters}
    for name, value in options.items():
        if name not in known:
            nearest = get_close_matches(name, known, 1) or sorted(known)
            raise ValueError(f"network_options has no option {name!r}; did you mean {' or '.join(nearest)}?")
        _check_option(name, value, known[name])


def _check_option(name: str, value: object, parameter: inspect.Parameter) -> None:
    """Check the type of an option and its range; where a list is possible, it gives one number per level or axis."""
    annotation = getattr(parameter.annotation, "__name__", parameter.annotation)
    declared = next((kind for kind in KINDS if kind.__name__ == annotation), None)
    kind = declared or (int if "Sequence[int]" in str(annotation) else type(parameter.default))
    entries = value if declared is None and isinstance(value, (list, tuple)) else [value]
    if len(entries) > MOST_LEVELS:
        raise ValueError(
            f"network_options.{name} has {len(entries)} entries, expected at most {MOST_LEVELS}; correct it."
        )
    for entry in entries:
        if kind in KINDS and type(entry) not in KINDS[kind]:
            raise ValueError(f"network_options.{name} is {shorten(value)}, expected {WORDS[kind]}; correct it.")
        if isinstance(entry, (int, float)) and not 0 <= entry <= LARGEST_OPTION:
            raise ValueError(f"network_options.{name} is {entry}, expected 0 to {LARGEST_OPTION}; correct it.")


def _build(kind: Callable[..., nn.Module], options: Options) -> nn.Module:
    try:
        return kind(**options)
    except Exception as error:  # constructors raise many types of errors for wrong arguments
        reason = " ".join(str(error).split())
        raise ValueError(f"network_options do not describe a network that can be built ({reason}).") from error
