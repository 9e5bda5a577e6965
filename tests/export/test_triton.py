"""The Triton configuration agrees with the exported model."""

from __future__ import annotations

import re

import pytest
import torch

from gdkvm_monai import export as exports

DTYPES = {"TYPE_FP32": "tensor(float)"}


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


def test_the_initial_state_is_zero_as_in_the_triton_configuration(network, onnx_files):
    config = onnx_files["step"].parents[1].joinpath("config.pbtxt").read_text()
    assert config.count("zero_data: true") == 2
    assert not any(state.any() for state in network.initial_state(torch.rand(1, 1, 32, 48)))


def test_triton_parses_the_configuration(network):
    schema = pytest.importorskip("tritonclient.grpc.model_config_pb2")
    text_format = pytest.importorskip("google.protobuf.text_format")
    config = text_format.Parse(exports.triton_config(network, (32, 48), clients=4), schema.ModelConfig())
    assert config.max_batch_size == 4 and config.sequence_batching.oldest.max_candidate_sequences == 4
    assert [state.initial_state[0].zero_data for state in config.sequence_batching.state] == [True, True]
