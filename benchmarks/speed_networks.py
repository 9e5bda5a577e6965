"""The networks that ``speed.py`` compares, as run by an engine."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from monai.networks.nets import DynUNet, SegResNet, SwinUNETR, UNet
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from gdkvm_monai.configs import find_weights, released_weights
from gdkvm_monai.export import export_network
from gdkvm_monai.export.engines import (
    QUANTIZED,
    SteppedNetwork,
    compiled_step,
    open_step,
    quantize_convolutions,
    quantize_step,
)
from gdkvm_monai.networks.card import read_card
from gdkvm_monai.networks.nets import GDKVM, ConvLSTMUNet, FrameByFrame, SpaceTimeMemory

PLANE = {"spatial_dims": 2, "in_channels": 1, "out_channels": 4}
FIVE = {"strides": (2, 2, 2, 2), "num_res_units": 2}
KERNELS = {"kernel_size": [3] * 5, "strides": [1, 2, 2, 2, 2], "upsample_kernel_size": [2] * 4}
REFERENCE = "unet6.5"
FOLDER = tempfile.TemporaryDirectory()  # removed at the end of the process


def light() -> nn.Module:
    """Return the light network of ``light.pt``."""
    return read_card(find_weights("light.pt")).build_network()


def softmax_memory() -> nn.Module:
    """Return the light network with all frames stored and read by softmax matching."""
    options = light().options
    return SpaceTimeMemory(**{**options, "update_rule": None, "key_norm": None})


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "released": lambda: read_card(released_weights()).build_network(),
    "light": light,
    "paper": GDKVM,
    "softmax": softmax_memory,
    "convlstm": ConvLSTMUNet,
    REFERENCE: lambda: FrameByFrame(UNet(**PLANE, channels=(32, 64, 128, 256, 512), **FIVE)),
    "unet1.6": lambda: FrameByFrame(UNet(**PLANE, channels=(16, 32, 64, 128, 256), **FIVE)),
    "segresnet": lambda: FrameByFrame(SegResNet(**PLANE, init_filters=32)),
    "swinunetr": lambda: FrameByFrame(SwinUNETR(**PLANE, feature_size=24)),
    "dynunet": lambda: FrameByFrame(DynUNet(**PLANE, **KERNELS)),
}


EAGER_ONLY = ("softmax", "convlstm")
"""Networks whose step is neither exported nor compiled."""


def build(name: str) -> nn.Module:
    """Return a network with random weights, channels last, in evaluation mode."""
    torch.manual_seed(0)
    return NETWORKS[name]().eval().requires_grad_(False).to(memory_format=torch.channels_last)


def run_by(engine: str, name: str, size: int, batch: int, clip: bool = False) -> nn.Module:
    """Return a network as run by an engine; ``clip`` compiles it for whole clips."""
    network = build(name)
    if engine == "eager":
        return network
    if engine == "compiled" and clip:
        return torch.compile(network, dynamic=False)
    if isinstance(network, GDKVM):
        return SteppedNetwork(
            network, compiled_step(network) if engine == "compiled" else opened(engine, name, size, batch)
        )
    if engine == "compiled":
        return Peer(torch.compile(network.network, dynamic=False))
    step = opened(engine, name, size, batch)
    return Peer(lambda frame: step(frame)[0])


def opened(engine: str, name: str, size: int, batch: int) -> Callable:
    """Open the exported step of a network with an engine."""
    return open_step(engine, (quantized if engine in QUANTIZED else exported)(name, size, batch))


@cache
def quantized(name: str, size: int, batch: int) -> Path:
    """Quantize the exported step of a network; one without state is calibrated with noise, which costs no time."""
    network, model = build(name), exported(name, size, batch)
    path = model.with_suffix(".int8.onnx")
    if isinstance(network, GDKVM):
        quantize_step(model, path, network, (size, size))
    else:
        (frame,) = onnxruntime.InferenceSession(str(model)).get_inputs()
        noise = np.random.default_rng(0).random((4, batch, 1, size, size), dtype=np.float32)
        quantize_convolutions(model, path, iter([{frame.name: image} for image in noise]))
    return path


@cache
def exported(name: str, size: int, batch: int) -> Path:
    """Export one step of a network for all engines."""
    network, path = build(name), Path(FOLDER.name) / f"{name}_{size}_{batch}.onnx"
    if isinstance(network, GDKVM):
        export_network(network, path, "onnx", "step", (size, size))
    else:
        torch.onnx.export(network.network, (torch.rand(batch, 1, size, size),), dynamo=True, verbose=False).save(path)
    return path


class Peer(nn.Module):
    """A network without state, as run by an engine."""

    def __init__(self, run: Callable) -> None:
        super().__init__()
        self.run = run

    def initial_state(self, frame: torch.Tensor) -> tuple[()]:
        """Return no state."""
        return ()

    def step(self, frame: torch.Tensor, state: tuple[()]) -> tuple[torch.Tensor, tuple[()]]:
        """Segment one frame."""
        return self.run(frame), state


def flops_per_frame(name: str, size: int) -> float:
    """Return floating-point operations of one frame, two for each multiplication and addition."""
    network, frame = build(name), torch.rand(1, 1, size, size)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.step(frame, network.initial_state(frame))
    return counter.get_total_flops()
