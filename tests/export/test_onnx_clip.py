"""A clip in ONNX, composed of the step, agrees with PyTorch."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai import export as exports
from tests.export.tiny_network import SHAPES, TOLERANCE


@pytest.mark.parametrize("form", exports.FORMS)
def test_onnx_agrees_with_pytorch_for_any_batch_size_and_length(network, onnx_files, form):
    exported = exports.open_export(onnx_files[form], "onnx")
    for shape in SHAPES:
        assert exports.largest_difference(network, exported, form, shape) < TOLERANCE, shape


def test_onnx_refuses_a_size_that_is_not_a_multiple_of_16(onnx_files):
    exported = exports.open_export(onnx_files["clip"], "onnx")
    with pytest.raises(Exception, match="ONNXRuntimeError"):
        exported(torch.rand(1, 1, 40, 32, 2))
