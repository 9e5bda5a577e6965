"""The choice of an engine: what was asked for or an error, and with auto the fastest of those that agree."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gdkvm_monai.export.engines import ENGINES, EXPORTED, Check, SteppedNetwork, choice, choose_engine
from gdkvm_monai.networks.nets import FrameByFrame
from tests.export.engines.conftest import request_for

SAME = {"agreement": 1.0, "max_abs_difference": 1e-5}


@pytest.fixture()
def checks(monkeypatch) -> dict[str, Check | Exception]:
    """Outcomes of the checks by engine, which need no engine to be installed."""
    outcomes: dict[str, Check | Exception] = {}

    def open_checked(network, name, request):
        if isinstance(outcomes[name], Exception):
            raise outcomes[name]
        return SteppedNetwork(network, name), outcomes[name]

    monkeypatch.setattr(choice, "_open_checked", open_checked)
    monkeypatch.setattr(choice, "check_installed", lambda name: None)
    return outcomes


@pytest.mark.parametrize("name", ["tensorrt", "", "Eager"])
def test_an_unknown_engine_is_named_with_all_choices(name, tiny):
    with pytest.raises(ValueError, match=f"engine is {name!r}.*{', '.join(ENGINES)}"):
        choose_engine(tiny, request_for(name))


def test_eager_is_the_network_itself(tiny):
    assert choose_engine(tiny, request_for("eager")).network is tiny


def test_an_installed_engine_passes_the_check(engine_name, network, cache):
    chosen = choose_engine(network, request_for(engine_name))
    assert chosen.name == engine_name and isinstance(chosen.network, SteppedNetwork)
    assert "masks equal in 100.00%" in chosen.reason
    assert choose_engine(network, request_for(engine_name)).reason == chosen.reason  # from the cache


def test_auto_takes_the_fastest_and_says_why(tiny, checks):
    checks |= {"onnxruntime": Check(**SAME, ms=2, eager_ms=4), "openvino": Check(**SAME, ms=1, eager_ms=4)}
    chosen = choose_engine(tiny, request_for("auto"))
    assert chosen.name == "openvino" and "1.0 ms" in chosen.reason and "onnxruntime 2.0 ms" in chosen.reason


def test_auto_stays_with_pytorch_if_that_is_the_fastest(tiny, checks):
    checks |= dict.fromkeys(EXPORTED, Check(**SAME, ms=5, eager_ms=4))
    chosen = choose_engine(tiny, request_for("auto"))
    assert chosen.name == "eager" and chosen.network is tiny and "1.25 times" in chosen.reason


def test_auto_leaves_out_engines_with_other_masks_or_errors_and_names_them(tiny, checks):
    checks |= {"onnxruntime": Check(0.9, 3.0, ms=1, eager_ms=4), "openvino": RuntimeError("no such operator")}
    chosen = choose_engine(tiny, request_for("auto"))
    assert chosen.name == "eager" and "90.00%" in chosen.reason and "openvino left out (RuntimeError)" in chosen.reason


def test_a_requested_engine_with_other_masks_is_an_error(tiny, checks):
    checks["openvino"] = Check(0.9, 3.0, ms=1, eager_ms=4)
    with pytest.raises(ValueError, match="openvino gives the masks of PyTorch in 90.00%"):
        choose_engine(tiny, request_for("openvino"))


@pytest.mark.parametrize(
    ("facts", "text"), [({"precision": "bfloat16"}, "bfloat16"), ({"device": torch.device("mps")}, "mps")]
)
def test_another_precision_or_device_is_an_error_or_keeps_pytorch(facts, text, tiny):
    with pytest.raises(ValueError, match=f"onnxruntime cannot be used.*{text}"):
        choose_engine(tiny, request_for("onnxruntime", **facts))
    chosen = choose_engine(tiny, request_for("auto", **facts))
    assert chosen.name == "eager" and text in chosen.reason


@pytest.mark.parametrize("name", ["compiled", "onnxruntime", "openvino"])
def test_a_network_without_an_exported_step_is_an_error_that_names_it(name):
    with pytest.raises(ValueError, match="FrameByFrame"):
        choose_engine(FrameByFrame(nn.Conv2d(1, 4, 1)), request_for(name))


@pytest.mark.parametrize("error", [PermissionError("cache"), Exception("protobuf")])
def test_auto_leaves_out_an_engine_for_any_error_of_its_library_or_cache(error, tiny, checks):
    checks |= dict.fromkeys(EXPORTED, error)
    chosen = choose_engine(tiny, request_for("auto"))
    assert chosen.name == "eager" and f"onnxruntime left out ({type(error).__name__})" in chosen.reason
