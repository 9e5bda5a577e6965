"""A Triton model repository that serves the one-frame step and keeps each live client's state on the server."""

from __future__ import annotations

from pathlib import Path

from gdkvm_monai.export.formats import export_network
from gdkvm_monai.networks.nets import GDKVM

__all__ = ["MODEL_NAME", "triton_config", "write_triton_repository"]

MODEL_NAME = "gdkvm_step"

CONFIG = """\
# Each sequence is one live clip. Triton keeps its memory and foreground and sets both to zero at the start.
# The model takes no START or END tensor: Triton acts on the flags of the request itself.
name: "{name}"
backend: "onnxruntime"
max_batch_size: {batch}
input [
  {{ name: "frame" data_type: TYPE_FP32 dims: [ {frame} ] }}
]
output [
  {{ name: "logits" data_type: TYPE_FP32 dims: [ {logits} ] }}
]
sequence_batching {{
  max_sequence_idle_microseconds: {idle}
  oldest {{ max_candidate_sequences: {batch} }}
  state [
{states}
  ]
}}
"""

STATE = """\
    {{
      input_name: "{name}"
      output_name: "next_{name}"
      data_type: TYPE_FP32
      dims: [ {dims} ]
      initial_state: {{ name: "empty_{name}" data_type: TYPE_FP32 dims: [ {dims} ] zero_data: true }}
    }}"""


def triton_config(network: GDKVM, size: tuple[int, int], clients: int = 8, idle_s: float = 10.0) -> str:
    """Return the text of ``config.pbtxt`` for a step model.

    Args:
        network: exported network; its initial state must be all zeros.
        size: height and width of the frames, fixed because Triton creates the first foreground itself.
        clients: number of live clips served at once, one frame of each in a batch.
        idle_s: seconds without a frame after which Triton drops a clip.
    """
    picture = f"{size[0]}, {size[1]}"
    states = {
        "memory": f"{network.memory.value_channels}, {network.memory.key_channels}",
        "foreground": f"{network.out_channels - 1}, {picture}",
    }
    return CONFIG.format(
        name=MODEL_NAME,
        batch=clients,
        idle=round(idle_s * 1e6),
        frame=f"{network.in_channels}, {picture}",
        logits=f"{network.out_channels}, {picture}",
        states=",\n".join(STATE.format(name=name, dims=dims) for name, dims in states.items()),
    )


def write_triton_repository(network: GDKVM, root: Path, size: tuple[int, int], clients: int = 8) -> Path:
    """Write ``<root>/gdkvm_step/config.pbtxt`` and ``<root>/gdkvm_step/1/model.onnx``, and return the model's path.

    Args:
        network: network to serve.
        root: model repository, for ``tritonserver --model-repository``.
        size: height and width of the frames, multiples of 16.
        clients: number of live clips served at once.
    """
    model = root / MODEL_NAME / "1" / "model.onnx"
    model.parent.mkdir(parents=True, exist_ok=True)
    export_network(network, model, "onnx", "step", size)
    (root / MODEL_NAME / "config.pbtxt").write_text(triton_config(network, size, clients))
    return model
