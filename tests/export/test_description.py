"""A description names what the exported model has."""

from __future__ import annotations

import pytest

from gdkvm_monai import export as exports


def test_the_onnx_models_have_the_names_shapes_and_opset_of_their_description(network, onnx_files):
    onnx = pytest.importorskip("onnx")
    session_of = pytest.importorskip("onnxruntime").InferenceSession
    for form, path in onnx_files.items():
        session, described = session_of(path), exports.describe_export(network, "onnx", form, (32, 48))
        for side, values in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
            assert [value.name for value in values] == [tensor.name for tensor in getattr(described, side)]
            for value, tensor in zip(values, getattr(described, side)):
                fixed = [length if isinstance(length, int) else None for length in value.shape]
                assert fixed == [length if isinstance(length, int) else None for length in tensor.shape]
        assert [item.version for item in onnx.load(path).opset_import if not item.domain] == [described.opset]


def test_a_state_and_an_opset_are_described_only_where_they_exist(network):
    clip, step = (exports.describe_export(network, "torchscript", form, (32, 48)) for form in ("clip", "step"))
    assert clip.opset is None and clip.initial_state is None and "zeros" in step.initial_state
    assert [tensor.shape for tensor in clip.inputs] == [("batch", 1, "height", "width", "frames")]
    fixed = exports.describe_export(network, "torch_export", "clip", (32, 48))
    assert fixed.inputs[0].shape == ("batch", 1, 32, 48, "frames")
