"""The ONNX model of a whole clip: the one-frame graph as the body of ``Scan``, the ONNX operator for loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

__all__ = ["clip_from_step"]

TIME = 4
"""Time axis of a clip ``(B, C, H, W, T)``, along which ``Scan`` slices frames and stacks logits."""


def clip_from_step(step: ModelProto) -> ModelProto:
    """Build the clip model ``image -> pred`` from a step model ``frame, memory, foreground -> logits, next state``.

    The state starts as zeros with the batch and size of the clip, as in :meth:`GDKVM.initial_state`.

    Args:
        step: step model, whose ``foreground`` has one channel fewer than its ``logits``.

    Returns:
        A model of the same opset. Its batch and size are dynamic if those of ``step`` are; its length always is.
    """
    from onnx import TensorProto, checker, helper

    frame, memory, foreground = step.graph.input
    channels = {"memory_channels": _shape(memory)[1:], "foreground_channels": _shape(foreground)[1:2]}
    graph = helper.make_graph(
        _nodes(_body(step)),
        "clip",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [*_shape(frame), "frames"])],
        [helper.make_tensor_value_info("pred", TensorProto.FLOAT, [*_shape(step.graph.output[0]), "frames"])],
        initializer=[helper.make_tensor(name, TensorProto.INT64, [len(n)], n) for name, n in channels.items()],
    )
    clip = helper.make_model(graph, opset_imports=step.opset_import, ir_version=step.ir_version)
    checker.check_model(clip)
    return clip


def _body(step: ModelProto) -> GraphProto:
    """Return the graph of one frame with inputs and outputs in the order of ``Scan``: state first."""
    from onnx import helper

    frame, memory, foreground = step.graph.input
    logits, next_memory, next_foreground = step.graph.output
    return helper.make_graph(
        step.graph.node,
        "one_frame",
        [memory, foreground, frame],
        [next_memory, next_foreground, logits],
        initializer=step.graph.initializer,
        value_info=step.graph.value_info,
    )


def _nodes(body: GraphProto) -> list[NodeProto]:
    """Return the nodes for the initial state, zeros with the batch and size of the clip, and the frame loop."""
    from onnx import TensorProto, helper

    zero = helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0])
    return [
        helper.make_node("Shape", ["image"], ["batch"], start=0, end=1),
        helper.make_node("Shape", ["image"], ["size"], start=2, end=4),
        helper.make_node("Concat", ["batch", "memory_channels"], ["memory_shape"], axis=0),
        helper.make_node("Concat", ["batch", "foreground_channels", "size"], ["foreground_shape"], axis=0),
        helper.make_node("ConstantOfShape", ["memory_shape"], ["first_memory"], value=zero),
        helper.make_node("ConstantOfShape", ["foreground_shape"], ["first_foreground"], value=zero),
        helper.make_node(
            "Scan",
            ["first_memory", "first_foreground", "image"],
            ["last_memory", "last_foreground", "pred"],
            body=body,
            num_scan_inputs=1,
            scan_input_axes=[TIME],
            scan_output_axes=[TIME],
        ),
    ]


def _shape(value) -> list[int | str]:
    """Return the shape of a graph's input or output, with the names of dynamic axes."""
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
