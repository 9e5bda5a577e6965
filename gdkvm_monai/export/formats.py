"""Write a network as TorchScript, ONNX, or ``torch.export``, in either form, and open exported files."""

from __future__ import annotations

import copy
import importlib.util
import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from monai.utils import look_up_option
from torch import Tensor
from torch.export import Dim

from gdkvm_monai.export.forms import FORMS, INPUTS, OUTPUTS, ScannedClip, Step, example_inputs
from gdkvm_monai.export.onnx_clip import clip_from_step
from gdkvm_monai.networks.nets import GDKVM

__all__ = ["FORMATS", "ONNX_OPSET", "check_packages", "export_network", "open_export"]

FORMATS = {"torchscript": (), "onnx": ("onnx", "onnxscript", "onnxruntime"), "torch_export": ()}
"""Formats, each with the optional packages needed to write and check it."""

ONNX_OPSET = 20
"""Opset: the default of PyTorch 2.13, supported since onnxruntime 1.17 and by recent servers."""


def check_packages(format: str) -> None:
    """Raise an ``ImportError`` that names the first missing package of a format."""
    for package in FORMATS[look_up_option(format, FORMATS.keys())]:
        if importlib.util.find_spec(package) is None:
            raise ImportError(
                f'format {format} needs the package {package}, which is missing; pip install "gdkvm-monai[export]".'
            )


def export_network(network: GDKVM, path: Path, format: str, form: str, size: tuple[int, int] = (64, 64)) -> None:
    """Write a network to one file.

    Args:
        network: network to export; exported in evaluation mode, on the CPU, in float32.
        path: file to write.
        format: one of :data:`FORMATS`.
        form: one of :data:`~gdkvm_monai.export.FORMS`.
        size: height and width, multiples of 16; fixed for a ``torch_export`` clip, an example otherwise.

    Raises:
        ImportError: if a package is missing.
        ValueError: if format or form is unknown, the size is not a multiple of 16, or a ``torch_export`` file does
            not end in ``.pt2``.
    """
    check_packages(format)
    look_up_option(form, FORMS)
    if any(length < 32 or length % 16 for length in size):
        raise ValueError(f"size {size[0]}x{size[1]} cannot be exported; use multiples of 16, at least 32.")
    if format == "torch_export" and path.suffix != ".pt2":
        raise ValueError(f"file {path.name} cannot hold a torch_export; use a name that ends in .pt2.")
    network = copy.deepcopy(network).cpu().eval().requires_grad_(False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # TorchScript warns at every call
        warnings.filterwarnings("ignore", category=FutureWarning)  # PyTorch warns about its own calls
        if format == "torchscript":
            torch.jit.script(network if form == "clip" else Step(network)).save(str(path))
        elif format == "onnx":
            _save_onnx(network, path, form, size)
        else:
            torch.export.save(_export(network, form, size), path)


def open_export(path: Path, format: str) -> Callable[..., tuple[Tensor, ...]]:
    """Open an exported file as a function of tensors that runs on the CPU and returns a tuple of outputs.

    ONNX Runtime takes as many threads as PyTorch.
    """
    if format == "onnx":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        names = [value.name for value in session.get_inputs()]

        def run(*tensors: Tensor) -> tuple[Tensor, ...]:
            feed = {name: tensor.contiguous().numpy() for name, tensor in zip(names, tensors)}
            return tuple(torch.from_numpy(output) for output in session.run(None, feed))

        return run
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        module = torch.jit.load(str(path)) if format == "torchscript" else torch.export.load(path).module()

    def call(*tensors: Tensor) -> tuple[Tensor, ...]:
        with torch.no_grad():
            outputs = module(*tensors)
        return outputs if isinstance(outputs, tuple) else (outputs,)

    return call


def _export(network: GDKVM, form: str, size: tuple[int, int]) -> torch.export.ExportedProgram:
    batch, frames = Dim("batch", min=1), Dim("frames", min=1)
    if form == "clip":  # the size is fixed: PyTorch 2.13 cannot store a scan whose body computes with sizes
        module, shapes = ScannedClip(network), {"image": {0: batch, 4: frames}}
    else:
        picture = {0: batch, 2: 16 * Dim("rows", min=2), 3: 16 * Dim("columns", min=2)}
        module, shapes = Step(network), {"frame": picture, "memory": {0: batch}, "foreground": picture}
    inputs = example_inputs(network, form, size)
    return torch.export.export(module.eval(), inputs, dynamic_shapes=shapes)


def _save_onnx(network: GDKVM, path: Path, form: str, size: tuple[int, int]) -> None:
    import onnx

    logging.getLogger("torch.onnx").setLevel(
        logging.ERROR
    )  # it reports that torchvision, which is not required, is missing
    step = torch.onnx.export(
        _export(network, "step", size),
        (),
        dynamo=True,
        opset_version=ONNX_OPSET,
        input_names=list(INPUTS["step"]),
        output_names=list(OUTPUTS["step"]),
        verbose=False,
    ).model_proto
    onnx.save(step if form == "step" else clip_from_step(step), path)
