"""8-bit quantization of an exported step, calibrated on generated clips."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip
from gdkvm_monai.networks.nets import GDKVM

__all__ = ["calibration_inputs", "quantize_convolutions", "quantize_step"]

PHANTOMS = 30
"""Calibration clips; for the released weights, as many real pairs gave the same agreement of the masks."""

KEPT = (3, 4)
"""How many of the first and of the last convolutions without groups stay in float32."""


def quantize_step(model: Path, target: Path, network: GDKVM, frame_size: tuple[int, int]) -> None:
    """Write the exported step of a network with 8-bit convolutions, calibrated on generated clips.

    Args:
        model: ONNX file of the step, see :func:`~gdkvm_monai.export.export_network`.
        target: ONNX file to write.
        network: its network, which gives the initial states.
        frame_size: size of the calibration clips, ``(H, W)``.
    """
    quantize_convolutions(model, target, calibration_inputs(model, network, frame_size))


def quantize_convolutions(model: Path, target: Path, inputs: Iterator[dict[str, np.ndarray]]) -> None:
    """Quantize convolutions of an ONNX file by ONNX Runtime's static quantization.

    Weights have one scale per output channel, and activations the range that they take for the given inputs. The
    convolutions of :data:`KEPT` and all depthwise ones stay in float32: with those in 8 bits too, the masks of the
    released network changed in 3 % of the pixels instead of 0.2 % (docs/performance.md).

    Args:
        model: ONNX file.
        target: ONNX file to write.
        inputs: inputs of the model by name, for the calibration.

    Raises:
        ImportError: if ``onnx`` or ``onnxruntime`` is missing.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(inputs, None)

    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
        dense = [node.name for node in onnx.load(str(prepared)).graph.node if _is_dense(node)]
        quantize_static(
            str(prepared),
            str(target),
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv"],
            nodes_to_quantize=dense[KEPT[0] : -KEPT[1]],
        )


def _is_dense(node) -> bool:  # type: ignore[no-untyped-def]
    """Whether a node of the graph is a convolution without groups."""
    return node.op_type == "Conv" and not any(item.name == "group" and item.i > 1 for item in node.attribute)


def calibration_inputs(model: Path, network: GDKVM, frame_size: tuple[int, int]) -> Iterator[dict[str, np.ndarray]]:
    """Yield inputs of an exported step: frames of generated clips, each with the state after the frame before."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    names = [item.name for item in session.get_inputs()]
    height, width = frame_size
    for seed in range(PHANTOMS):
        image = render_phantom_clip(EchoPhantom(seed), beats=0.4, frame_rate_hz=10, size=(width, height)).image
        clip = torch.from_numpy(image).float().movedim(-1, 0) / 255
        frames = clip[:, None, None].expand(-1, 1, network.in_channels, -1, -1)
        state = [part.numpy() for part in network.initial_state(frames[0])]
        for frame in frames:
            inputs = dict(zip(names, [frame.numpy(), *state]))
            yield inputs
            state = session.run(None, inputs)[1:]
