"""Exports of the networks: two forms (a clip, one frame) in three formats (TorchScript, ONNX, ``torch.export``)."""

from .description import describe_export, dynamic_lengths
from .formats import FORMATS, ONNX_OPSET, check_packages, export_network, open_export
from .forms import FORMS, INPUTS, OUTPUTS, example_inputs
from .onnx_clip import clip_from_step
from .parity import largest_difference, run_exported
from .triton import triton_config, write_triton_repository

__all__ = [
    "FORMATS",
    "FORMS",
    "INPUTS",
    "ONNX_OPSET",
    "OUTPUTS",
    "check_packages",
    "clip_from_step",
    "describe_export",
    "dynamic_lengths",
    "example_inputs",
    "export_network",
    "largest_difference",
    "open_export",
    "run_exported",
    "triton_config",
    "write_triton_repository",
]
