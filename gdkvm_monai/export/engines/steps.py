"""A network whose step is run by another engine, with the interface of the network itself."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor, nn

from gdkvm_monai.export import forms
from gdkvm_monai.export.formats import FORMATS, open_export
from gdkvm_monai.networks.nets import GDKVM, GDKVMState

__all__ = [
    "ENGINES",
    "EXPORTED",
    "QUANTIZED",
    "SteppedNetwork",
    "check_installed",
    "compiled_step",
    "import_openvino",
    "open_step",
]

EXPORTED = {"onnxruntime": FORMATS["onnx"], "openvino": (*FORMATS["onnx"], "openvino")}
"""Engines that run the exported step on the CPU in float32, each with the packages that it needs."""

QUANTIZED = {f"{name}_int8": packages for name, packages in EXPORTED.items()}
"""The same with 8-bit convolutions, see :func:`~gdkvm_monai.export.engines.quantize_step`."""

ENGINES = ("eager", "compiled", "cuda_graph", *EXPORTED, *QUANTIZED)

Step = Callable[..., tuple[Tensor, ...]]
"""``(frame, memory, foreground) -> (logits, next memory, next foreground)``, for any batch."""


class SteppedNetwork(nn.Module):
    """A network whose ``step`` is a function of tensors; ``forward`` is the loop over the frames of a clip.

    Args:
        network: network, which gives the initial state.
        step: its step as run by an engine.
    """

    def __init__(self, network: GDKVM, step: Step) -> None:
        super().__init__()
        self.network, self._step = network, step

    def initial_state(self, frame: Tensor) -> GDKVMState:
        """Return the state before the first frame ``(B, C, H, W)``."""
        return self.network.initial_state(frame)

    def step(self, frame: Tensor, state: GDKVMState) -> tuple[Tensor, GDKVMState]:
        """Segment one frame ``(B, C, H, W)``; returns logits ``(B, N, H, W)`` and the next state."""
        logits, memory, foreground = self._step(frame, *state)
        return logits, GDKVMState(memory, foreground)

    def forward(self, clip: Tensor) -> Tensor:
        """Segment a clip ``(B, C, H, W, T)``; returns logits ``(B, N, H, W, T)``."""
        frames, logits = clip.movedim(-1, 0), []
        state = self.initial_state(frames[0])
        for frame in frames:
            frame_logits, state = self.step(frame, state)
            logits.append(frame_logits)
        return torch.stack(logits, dim=-1)


def check_installed(name: str) -> None:
    """Raise an ``ImportError`` that names the packages that an engine lacks."""
    missing = [package for package in (EXPORTED | QUANTIZED).get(name, ()) if importlib.util.find_spec(package) is None]
    if missing:
        raise ImportError(
            f'engine {name} needs {", ".join(missing)}, which is not installed; pip install "gdkvm-monai[engines]".'
        )


def compiled_step(network: GDKVM) -> Step:
    """Return the step as compiled by ``torch.compile`` at its first call; this needs a C++ compiler."""
    return torch.compile(forms.Step(network), dynamic=False)


def open_step(name: str, path: Path) -> Step:
    """Open a step with an engine of :data:`EXPORTED` or :data:`QUANTIZED`, with as many threads as PyTorch takes."""
    if name not in EXPORTED | QUANTIZED:
        raise ValueError(f"{name} runs no exported step; choose one of {', '.join(EXPORTED | QUANTIZED)}.")
    return open_export(path, "onnx") if name.startswith("onnxruntime") else _open_openvino(path)


def import_openvino() -> ModuleType:
    """Import OpenVINO without its telemetry package, which would send an event over the network at the import."""
    sys.modules.setdefault("openvino_telemetry", None)  # not importable from now on: OpenVINO takes its own stub
    import openvino

    return openvino


def _open_openvino(path: Path) -> Step:
    """Open an ONNX file with OpenVINO, which compiles it once for each shape of its inputs."""
    openvino = import_openvino()
    core = openvino.Core()
    model = core.read_model(path)
    # without the hint, processors with bf16 instructions would not compute in float32
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    compiled: dict[tuple, openvino.CompiledModel] = {}

    def run(*tensors: Tensor) -> tuple[Tensor, ...]:
        shapes = tuple(tuple(tensor.shape) for tensor in tensors)
        if shapes not in compiled:
            fixed = model.clone()
            fixed.reshape({port: openvino.PartialShape(shape) for port, shape in zip(fixed.inputs, shapes)})
            compiled[shapes] = core.compile_model(fixed, "CPU", options)
        found = compiled[shapes]([tensor.contiguous().numpy() for tensor in tensors], share_outputs=False)
        return tuple(torch.from_numpy(found[port]) for port in compiled[shapes].outputs)

    return run
