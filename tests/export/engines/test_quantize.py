"""A quantized step keeps depthwise, first, and last convolutions, and gives nearly the masks of the network."""

from __future__ import annotations

import pytest

from gdkvm_monai.export.engines import (
    QUANTIZED,
    CachedStep,
    SteppedNetwork,
    choose_engine,
    compare_steps,
    open_step,
    steps,
)
from gdkvm_monai.export.engines.check import check_clip
from gdkvm_monai.export.engines.quantize import KEPT
from tests.export.engines.conftest import DIGEST, SIZE, request_for, require


@pytest.fixture()
def quantized(network, cache, monkeypatch) -> CachedStep:
    require("onnxruntime")
    monkeypatch.setattr("gdkvm_monai.export.engines.quantize.PHANTOMS", 2)
    step = CachedStep.of(network, DIGEST, SIZE, int8=True)
    step.prepare(network, SIZE)
    return step


def test_dense_convolutions_but_the_first_and_the_last_ones_have_8_bits(quantized):
    import onnx

    nodes = onnx.load(str(quantized.model)).graph.node
    from_int8 = {output for node in nodes if node.op_type == "DequantizeLinear" for output in node.output}
    convolutions = [node for node in nodes if node.op_type == "Conv"]
    grouped = [any(item.name == "group" and item.i > 1 for item in node.attribute) for node in convolutions]
    in_8_bits = [node.input[1] in from_int8 for node in convolutions]
    dense = [bits for bits, groups in zip(in_8_bits, grouped) if not groups]
    assert not any(bits for bits, groups in zip(in_8_bits, grouped) if groups)
    first, last = KEPT
    assert len(dense) > first + last and all(dense[first:-last]) and not any(dense[:first] + dense[-last:])


@pytest.mark.parametrize("name", QUANTIZED)
def test_masks_are_nearly_those_of_the_network(name, quantized, network):
    require(name)
    check = compare_steps(network, SteppedNetwork(network, open_step(name, quantized.model)), check_clip(1, SIZE))
    assert 0.9 < check.agreement and 0 < check.max_abs_difference < 1.5


def test_a_quantized_step_has_a_place_of_its_own(quantized, network):
    assert quantized.folder != CachedStep.of(network, DIGEST, SIZE).folder


def test_a_quantized_engine_with_other_masks_is_refused(network, cache, monkeypatch):
    require("onnxruntime")
    monkeypatch.setattr("gdkvm_monai.export.engines.quantize.PHANTOMS", 1)
    monkeypatch.setattr("gdkvm_monai.export.engines.check.LEAST_AGREEMENT", 1.1)
    with pytest.raises(ValueError, match="onnxruntime_int8 gives the masks of PyTorch in"):
        choose_engine(network, request_for("onnxruntime_int8"))


def test_auto_never_quantizes(tiny, monkeypatch):
    tried = []

    def refuse(network, name, request):
        tried.append(name)
        raise ValueError

    monkeypatch.setattr("gdkvm_monai.export.engines.choice._open_checked", refuse)
    monkeypatch.setattr("gdkvm_monai.export.engines.choice.check_installed", lambda name: None)
    assert choose_engine(tiny, request_for("auto")).name == "eager"
    assert tried == list(steps.EXPORTED)


def test_bfloat16_is_no_precision_of_a_quantized_engine(tiny):
    with pytest.raises(ValueError, match="onnxruntime_int8 cannot be used.*bfloat16"):
        choose_engine(tiny, request_for("onnxruntime_int8", precision="bfloat16"))
