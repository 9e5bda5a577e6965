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
            assert [value.name for value in values] == [tensor["name"] for tensor in described[side]]
            for value, tensor in zip(values, described[side]):
                fixed = [length if isinstance(length, int) else None for length in value.shape]
                assert fixed == [length if isinstance(length, int) else None for length in tensor["shape"]]
        assert [item.version for item in onnx.load(path).opset_import if not item.domain] == [described["opset"]]
