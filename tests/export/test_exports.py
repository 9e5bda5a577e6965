"""Exports agree with PyTorch; the Triton configuration agrees with the exported model."""

from __future__ import annotations

import copy
import re

import pytest
import torch

from gdkvm_monai import export as exports
from gdkvm_monai.networks.nets import GDKVM

TINY = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 32}
SHAPES = [(1, 1, 32, 48, 30), (1, 1, 48, 32, 1), (3, 1, 64, 32, 10), (2, 1, 16, 16, 2)]
TOLERANCE = 1e-4
DTYPES = {"TYPE_FP32": "tensor(float)"}


LIGHT = TINY | {
    "backbone": "efficientnet_lite0",
    "value_encoder": "shared",
    "decoder": "light",
    "deep_supervision": True,
}


def tiny_network(options: dict = TINY) -> GDKVM:
    torch.manual_seed(0)
    return GDKVM(**options).eval()


@pytest.fixture(scope="module", params=[TINY, LIGHT], ids=["paper", "light"])
def network(request) -> GDKVM:
    return tiny_network(request.param)


@pytest.fixture(scope="module")
def onnx_files(network, tmp_path_factory) -> dict:
    """Both forms in ONNX; the clip is composed of the step, so that PyTorch exports once."""
    onnx = pytest.importorskip("onnx")
    root = tmp_path_factory.mktemp("onnx")
    exports.write_triton_repository(network, root, (32, 48))
    files = {"step": root / "gdkvm_step" / "1" / "model.onnx", "clip": root / "clip.onnx"}
    onnx.save(exports.clip_from_step(onnx.load(files["step"])), files["clip"])
    return files


@pytest.mark.parametrize("form", exports.FORMS)
def test_onnx_agrees_with_pytorch_for_any_batch_size_and_length(network, onnx_files, form):
    exported = exports.open_export(onnx_files[form], "onnx")
    for shape in SHAPES:
        assert exports.largest_difference(network, exported, form, shape) < TOLERANCE, shape


def test_a_difference_is_seen(network, onnx_files):
    other = copy.deepcopy(network)
    other.decoder.classify.bias.data += 0.01
    exported = exports.open_export(onnx_files["clip"], "onnx")
    assert exports.largest_difference(other, exported, "clip", (1, 1, 32, 32, 2)) == pytest.approx(0.01, abs=1e-3)


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


def test_onnx_refuses_a_size_that_is_not_a_multiple_of_16(onnx_files):
    exported = exports.open_export(onnx_files["clip"], "onnx")
    with pytest.raises(Exception, match="ONNXRuntimeError"):
        exported(torch.rand(1, 1, 40, 32, 2))


def field(name: str, text: str) -> list[str]:
    return re.findall(rf'{name}: "?([^"\s\]]+)"?', text)


def dims(text: str) -> list[list[int]]:
    return [[int(number) for number in found.split(",")] for found in re.findall(r"dims: \[ ([\d, ]+) \]", text)]


def test_the_triton_configuration_agrees_with_the_model(onnx_files):
    session = pytest.importorskip("onnxruntime").InferenceSession(onnx_files["step"])
    config = onnx_files["step"].parents[1].joinpath("config.pbtxt").read_text()
    plain, states = config.split("sequence_batching")
    frame, logits = field("name", plain)[1:]
    first, second = field("input_name", states), field("output_name", states)
    given = {value.name: value for value in [*session.get_inputs(), *session.get_outputs()]}
    assert [frame, *first] == [value.name for value in session.get_inputs()]
    assert [logits, *second] == [value.name for value in session.get_outputs()]
    assert {DTYPES[dtype] for dtype in field("data_type", config)} == {value.type for value in given.values()}
    listed = dict(zip([frame, logits, "memory", "memory0", "foreground", "foreground0"], dims(config)))
    for name in ("memory", "foreground"):
        assert listed[name] == listed[name + "0"]  # the state and its first value
        listed[f"next_{name}"] = listed[name]
    for name, value in given.items():  # Triton leaves the batch out
        assert len(listed[name]) == len(value.shape) - 1
        assert all(have == length for have, length in zip(value.shape[1:], listed[name]) if isinstance(have, int))
    assert listed[frame][1:] == listed[logits][1:] == listed["foreground"][1:] == [32, 48]


def test_zeros_are_the_initial_state_as_the_triton_configuration_says(network, onnx_files):
    config = onnx_files["step"].parents[1].joinpath("config.pbtxt").read_text()
    assert config.count("zero_data: true") == 2
    assert not any(state.any() for state in network.initial_state(torch.rand(1, 1, 32, 48)))


def test_triton_parses_the_configuration(network):
    schema = pytest.importorskip("tritonclient.grpc.model_config_pb2")
    text_format = pytest.importorskip("google.protobuf.text_format")
    config = text_format.Parse(exports.triton_config(network, (32, 48), clients=4), schema.ModelConfig())
    assert config.max_batch_size == 4 and config.sequence_batching.oldest.max_candidate_sequences == 4
    assert [state.initial_state[0].zero_data for state in config.sequence_batching.state] == [True, True]


@pytest.mark.parametrize("form", exports.FORMS)
def test_torchscript_agrees_checks_the_size_and_leaves_the_network_as_it_was(tmp_path, form):
    network, path = tiny_network().train(), tmp_path / "network.ts"
    exports.export_network(network, path, "torchscript", form)
    assert network.training and all(parameter.requires_grad for parameter in network.parameters())
    exported = exports.open_export(path, "torchscript")
    for shape in SHAPES[1:]:
        assert exports.largest_difference(network, exported, form, shape) < TOLERANCE, shape
    wrong = torch.rand(1, 1, 40, 32), torch.zeros(1, 16, 8), torch.zeros(1, 3, 40, 32)
    with pytest.raises(torch.jit.Error, match="must be a multiple of 16"):
        exported(*(wrong if form == "step" else (wrong[0][..., None],)))


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
        ("torchscript", "clip", (40, 32), "size 40x32 cannot be exported; give multiples of 16, at least 32"),
        ("torch_export", "clip", (32, 32), "give a name that ends in .pt2"),
    ],
)
def test_what_cannot_be_exported_is_refused(network, tmp_path, format, form, size, message):
    with pytest.raises(ValueError, match=message):
        exports.export_network(network, tmp_path / "network.onnx", format, form, size)


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'package onnx, which is missing; pip install "gdkvm-monai\[export\]"'):
        exports.check_packages("onnx")
