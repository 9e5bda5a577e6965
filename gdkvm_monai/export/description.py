"""Description of an exported file's inputs and outputs, for the JSON file beside it."""

from __future__ import annotations

import importlib.metadata
import platform

import torch

import gdkvm_monai
from gdkvm_monai.export.formats import FORMATS, ONNX_OPSET
from gdkvm_monai.export.forms import INPUTS, OUTPUTS
from gdkvm_monai.networks.nets import GDKVM

__all__ = ["describe_export", "dynamic_lengths"]

NO_CHECK = "other lengths fail without a clear message: check them first"
EMPTY_CLIP = "; onnxruntime 1.31 crashes on a clip without frames"


def dynamic_lengths(format: str, form: str, size: tuple[int, int]) -> dict[str, str]:
    """Return the allowed lengths of each dynamic axis, in words, as confirmed by the tests.

    Example:
        >>> dynamic_lengths("torch_export", "clip", (256, 256))["height"]
        'fixed, 256'
    """
    lengths = {"batch": "1 or more"}
    for name, length in zip(("height", "width"), size):
        if format == "torch_export":
            lengths[name] = f"fixed, {length}" if form == "clip" else "multiples of 16 from 32 on"
        else:
            lengths[name] = "multiples of 16 from 16 on"
            lengths[name] += f"; {NO_CHECK}" if format == "onnx" else ""
    if form == "clip":
        lengths["frames"] = "1 or more" + (EMPTY_CLIP if format == "onnx" else "")
    return lengths


def describe_export(network: GDKVM, format: str, form: str, size: tuple[int, int]) -> dict:
    """Describe the inputs, outputs, shapes, dynamic axes, initial state, and versions of an export.

    Args:
        network: exported network.
        format: one of the formats.
        form: one of the forms.
        size: height and width at export.
    """
    fixed = format == "torch_export" and form == "clip"
    picture = [*size] if fixed else ["height", "width"]
    time = ["frames"] if form == "clip" else []
    memory = ["batch", network.memory.value_channels, network.memory.key_channels]
    foreground = ["batch", network.out_channels - 1, *picture]
    states = [memory, foreground] if form == "step" else []
    shapes_in = [["batch", network.in_channels, *picture, *time], *states]
    shapes_out = [["batch", network.out_channels, *picture, *time], *states]
    packages = ("monai", "torch", *FORMATS[format])
    description = {
        "format": format,
        "form": form,
        "inputs": _tensors(INPUTS[form], shapes_in),
        "outputs": _tensors(OUTPUTS[form], shapes_out),
        "dynamic": dynamic_lengths(format, form, size),
        "value_range": "gray levels of 0 to 255 divided by 255; outputs are logits",
        "versions": {
            "gdkvm_monai": gdkvm_monai.__version__,
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in packages},
            "torch": torch.__version__,
        },
    }
    if form == "step":
        description["initial_state"] = "memory and foreground are all zeros before the first frame"
    if format == "onnx":
        description["opset"] = ONNX_OPSET
    return description


def _tensors(names: tuple[str, ...], shapes: list[list]) -> list[dict]:
    return [{"name": name, "dtype": "float32", "shape": shape} for name, shape in zip(names, shapes)]
