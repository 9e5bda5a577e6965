"""Every format agrees with PyTorch and refuses what it cannot take."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai import export as exports
from gdkvm_monai.networks.nets import GDKVM
from tests.export.tiny_network import SHAPES, TINY, TOLERANCE, tiny_network


@pytest.mark.parametrize("form", exports.FORMS)
def test_torchscript_agrees_checks_the_size_and_leaves_the_network_unchanged(tmp_path, form):
    network, path = tiny_network().train(), tmp_path / "network.ts"
    exports.export_network(network, path, "torchscript", form)
    assert network.training and all(parameter.requires_grad for parameter in network.parameters())
    exported = exports.open_export(path, "torchscript")
    for shape in SHAPES[1:]:
        assert exports.largest_difference(network, exported, form, shape) < TOLERANCE, shape
    wrong = torch.rand(1, 1, 40, 32), torch.zeros(1, 16, 8), torch.zeros(1, 3, 40, 32)
    with pytest.raises(torch.jit.Error, match="must be a multiple of 16"):
        exported(*(wrong if form == "step" else (wrong[0][..., None],)))


def test_the_orthogonal_rule_agrees_in_onnx_up_to_its_amplification_of_rounding(tmp_path):
    network, path = tiny_network(TINY | {"update_rule": "orthogonal"}), tmp_path / "step.onnx"
    exports.export_network(network, path, "onnx", "step")
    exported = exports.open_export(path, "onnx")
    assert exports.largest_difference(network, exported, "step", (3, 1, 64, 32, 1)) < TOLERANCE
    assert exports.largest_difference(network, exported, "step", SHAPES[2]) < 485 * TOLERANCE  # 3.4445 to the fifth


@pytest.mark.slow
def test_a_torch_export_step_takes_any_batch_and_sizes_from_32_on(network, tmp_path):
    path = tmp_path / "step.pt2"
    exports.export_network(network, path, "torch_export", "step", (32, 48))
    exported = exports.open_export(path, "torch_export")
    for shape in SHAPES[:3]:
        assert exports.largest_difference(network, exported, "step", shape) < TOLERANCE, shape
    for size, message in ((16, ">= 32"), (40, "% 16 == 0")):
        frame = torch.rand(1, 1, size, 32)
        with pytest.raises(AssertionError, match=message):
            exported(frame, *network.initial_state(frame))


@pytest.mark.slow
def test_a_torch_export_clip_takes_any_batch_and_length_but_one_size(network, tmp_path):
    path = tmp_path / "clip.pt2"
    exports.export_network(network, path, "torch_export", "clip", (32, 48))
    exported = exports.open_export(path, "torch_export")
    for batch, frames in ((1, 1), (1, 30), (3, 10)):
        assert exports.largest_difference(network, exported, "clip", (batch, 1, 32, 48, frames)) < TOLERANCE
    with pytest.raises(AssertionError, match="Guard failed"):
        exported(torch.rand(1, 1, 48, 48, 2))
    assert exports.dynamic_lengths("torch_export", "clip", (32, 48))["width"] == "fixed, 48"


@pytest.mark.slow
@pytest.mark.parametrize("form", exports.FORMS)
def test_the_default_network_agrees_in_onnx_over_thirty_frames(tmp_path, form):
    torch.manual_seed(0)
    network, path = GDKVM(), tmp_path / "default.onnx"
    exports.export_network(network, path, "onnx", form)
    exported = exports.open_export(path, "onnx")
    for shape in ((1, 1, 128, 128, 30), (2, 1, 64, 96, 10), (1, 1, 64, 64, 1)):
        assert exports.largest_difference(network, exported, form, shape) < TOLERANCE, shape


@pytest.mark.parametrize(
    ("format", "form", "size", "message"),
    [
        ("caffe", "clip", (32, 32), "caffe"),
        ("torchscript", "frame", (32, 32), "frame"),
        ("torchscript", "clip", (40, 32), "size 40x32 cannot be exported; use multiples of 16, at least 32"),
        ("torch_export", "clip", (32, 32), "use a name that ends in .pt2"),
    ],
)
def test_invalid_exports_are_refused(network, tmp_path, format, form, size, message):
    with pytest.raises(ValueError, match=message):
        exports.export_network(network, tmp_path / "network.onnx", format, form, size)


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'package onnx, which is missing; pip install "gdkvm-monai\[export\]"'):
        exports.check_packages("onnx")
