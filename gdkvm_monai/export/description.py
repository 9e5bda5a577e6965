"""Description of an exported file's inputs and outputs, for the JSON file beside it."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Sequence
from dataclasses import dataclass

import torch

import gdkvm_monai
from gdkvm_monai.export.formats import FORMATS, ONNX_OPSET
from gdkvm_monai.export.forms import INPUTS, OUTPUTS
from gdkvm_monai.networks.nets import GDKVM

__all__ = ["ExportDescription", "TensorDescription", "describe_export", "dynamic_lengths"]

NO_CHECK = "other lengths fail without a clear message: check them first"
EMPTY_CLIP = "; onnxruntime 1.31 crashes on a clip without frames"


@dataclass(frozen=True)
class TensorDescription:
    """One input or output; an axis of variable length is named in ``shape``."""

    name: str
    shape: tuple[int | str, ...]
    dtype: str = "float32"


@dataclass(frozen=True)
class ExportDescription:
    """What an exported file takes and returns.

    Attributes:
        format: one of the formats.
        form: one of the forms.
        inputs: inputs in order.
        outputs: outputs in order.
        dynamic: allowed lengths of each dynamic axis, in words.
        value_range: range of the values, in words.
        versions: version of each package.
        initial_state: state before the first frame, in words; ``None`` for a whole clip.
        opset: ONNX opset; ``None`` for other formats.
    """

    format: str
    form: str
    inputs: tuple[TensorDescription, ...]
    outputs: tuple[TensorDescription, ...]
    dynamic: dict[str, str]
    value_range: str
    versions: dict[str, str]
    initial_state: str | None
    opset: int | None


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


def describe_export(network: GDKVM, format: str, form: str, size: tuple[int, int]) -> ExportDescription:
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
    return ExportDescription(
        format=format,
        form=form,
        inputs=_tensors(INPUTS[form], shapes_in),
        outputs=_tensors(OUTPUTS[form], shapes_out),
        dynamic=dynamic_lengths(format, form, size),
        value_range="gray levels of 0 to 255 divided by 255; outputs are logits",
        versions={
            "gdkvm_monai": gdkvm_monai.__version__,
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in packages},
            "torch": str(torch.__version__),
        },
        initial_state="memory and foreground are all zeros before the first frame" if form == "step" else None,
        opset=ONNX_OPSET if format == "onnx" else None,
    )


def _tensors(names: Sequence[str], shapes: Sequence[Sequence[int | str]]) -> tuple[TensorDescription, ...]:
    return tuple(TensorDescription(name, tuple(shape)) for name, shape in zip(names, shapes))
