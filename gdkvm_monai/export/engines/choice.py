"""The choice of an engine: the one that was asked for, or the fastest that gives the masks of PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

import torch
from torch import nn

from gdkvm_monai.export.engines.cache import CachedStep
from gdkvm_monai.export.engines.check import LEAST_AGREEMENT, Check, check_clip, compare_steps
from gdkvm_monai.export.engines.cuda_graph import CudaGraphStep
from gdkvm_monai.export.engines.steps import (
    ENGINES,
    EXPORTED,
    QUANTIZED,
    SteppedNetwork,
    check_installed,
    compiled_step,
    open_step,
)
from gdkvm_monai.networks.nets import GDKVM

__all__ = ["AUTO", "ChosenEngine", "EngineRequest", "choose_engine"]

AUTO = "auto"


@dataclass(frozen=True)
class EngineRequest:
    """What an engine is chosen for.

    Attributes:
        name: one of :data:`ENGINES`, or ``"auto"``.
        weights_sha256: hash of the weights.
        frame_size: input size of the network, ``(H, W)``.
        precision: precision of the inferer, such as ``"float32"``.
        device: device of the network.
    """

    name: str
    weights_sha256: str
    frame_size: tuple[int, int]
    precision: str = "float32"
    device: torch.device = torch.device("cpu")


@dataclass(frozen=True)
class ChosenEngine:
    """The network as run by an engine.

    Attributes:
        network: network with ``initial_state``, ``step``, and ``forward``.
        name: one of :data:`ENGINES`.
        reason: why it was chosen.
    """

    network: nn.Module
    name: str
    reason: str


def choose_engine(network: nn.Module, request: EngineRequest) -> ChosenEngine:
    """Return the network as run by the requested engine.

    ``"auto"`` takes the fastest of PyTorch and the installed engines of :data:`EXPORTED`, or on CUDA of PyTorch and
    ``cuda_graph``. ``compiled`` is left out, because it compiles for a minute in each process, and so
    are the engines of :data:`QUANTIZED`, whose masks differ a little. The exported model and
    the outcome of its check are cached.

    Args:
        network: network in evaluation mode, with its weights.
        request: name of the engine, and what it is chosen for.

    Raises:
        ImportError: if the engine is not installed.
        OSError: if the cache cannot be written.
        ValueError: if the name is unknown, the engine cannot run this network, or its masks differ.
    """
    name = request.name
    if name not in (AUTO, *ENGINES):
        raise ValueError(f"engine is {name!r}, expected one of {', '.join((AUTO, *ENGINES))}.")
    if name == "eager":
        return ChosenEngine(network, name, "requested")
    obstacle = _obstacle(network, request)
    if name == AUTO:
        return ChosenEngine(network, "eager", obstacle) if obstacle else _fastest(network, request)
    if obstacle:
        raise ValueError(f"engine {name} cannot be used: {obstacle}; use the engine eager.")
    engine, check = _open_checked(network, name, request)
    if not check.agrees:
        raise ValueError(
            f"engine {name} gives the masks of PyTorch in {check.agreement:.2%} of pixels only, expected at least "
            f"{LEAST_AGREEMENT:.1%}; use the engine eager."
        )
    return ChosenEngine(engine, name, f"requested; {check}")


def _obstacle(network: nn.Module, request: EngineRequest) -> str:
    """Return why no other engine than PyTorch can run the network, or an empty text."""
    if not isinstance(network, GDKVM):
        return f"a {type(network).__name__} has no exported step"
    on_cuda = request.device.type == "cuda"
    if request.name == "compiled" or (on_cuda and request.name in (AUTO, "cuda_graph")):
        return ""
    if request.name == "cuda_graph":
        return f"it needs CUDA, and the device is {request.device}"
    if request.device.type != "cpu":
        return f"the exported step runs on the CPU, and the device is {request.device}"
    if request.precision != "float32":
        return f"the exported step computes in float32, and the config asks for {request.precision}"
    return ""


def _fastest(network: GDKVM, request: EngineRequest) -> ChosenEngine:
    """Return the fastest of PyTorch and the exported engines whose masks agree; the reason names all of them."""
    found, reasons = [], []
    for name in ("cuda_graph",) if request.device.type == "cuda" else EXPORTED:
        try:
            check_installed(name)
            engine, check = _open_checked(network, name, request)
            speed = check.ms / check.eager_ms
        except Exception as error:  # whatever an engine's library raises; the reason is in the record of the run
            reasons.append(f"{name} left out ({type(error).__name__})")
            continue
        reasons.append(f"{name}{'' if check.agrees else ' left out,'} {check}, {speed:.2f} times eager's time")
        if check.agrees:
            found.append((speed, ChosenEngine(engine, name, "")))
    speed, best = min(found, key=lambda pair: pair[0], default=(1.0, None))
    chosen = best if best is not None and speed < 1 else ChosenEngine(network, "eager", "")
    return ChosenEngine(chosen.network, chosen.name, f"the fastest on this machine: {'; '.join(reasons)}")


def _open_checked(network: GDKVM, name: str, request: EngineRequest) -> tuple[SteppedNetwork, Check]:
    """Return the network as run by an engine, and its check, from the cache if it holds one."""
    if name in ("compiled", "cuda_graph"):
        engine = SteppedNetwork(network, compiled_step(network) if name == "compiled" else CudaGraphStep(network))
        return engine, compare_steps(network, engine, _clip(network, request))
    check_installed(name)
    cached = CachedStep.of(network, request.weights_sha256, request.frame_size, name in QUANTIZED)
    cached.prepare(network, request.frame_size)
    engine = SteppedNetwork(network, open_step(name, cached.model))
    key = f"{name} {version(name.removesuffix('_int8'))}, {torch.backends.cpu.get_cpu_capability()}"
    check = cached.find_check(key)
    if check is None:
        check = compare_steps(network, engine, _clip(network, request))
        cached.store_check(key, check)
    return engine, check


def _clip(network: GDKVM, request: EngineRequest) -> torch.Tensor:
    return check_clip(network.in_channels, request.frame_size).to(request.device)
