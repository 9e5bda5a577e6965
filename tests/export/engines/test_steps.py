"""A network run by another engine behaves as the network: logits, state, batches, and independence of its items."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys

import pytest
import torch

from gdkvm_monai.export.engines import CachedStep, SteppedNetwork, check_installed, compiled_step, open_step
from tests.export.engines.conftest import DIGEST, SIZE, require

TOLERANCE = {"rtol": 0, "atol": 1e-4}


@pytest.fixture()
def engine(engine_name, network, cache) -> SteppedNetwork:
    step = CachedStep.of(network, DIGEST, SIZE)
    step.prepare(network, SIZE)
    return SteppedNetwork(network, open_step(engine_name, step.model))


@torch.inference_mode()
@pytest.mark.parametrize("batch", [1, 3])
def test_logits_equal_those_of_the_network_over_many_frames(engine, network, batch):
    clip = torch.rand(batch, 1, *SIZE, 6, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(engine(clip), network(clip), **TOLERANCE)


@torch.inference_mode()
def test_the_state_goes_in_and_out_and_is_not_overwritten_by_the_next_frame(engine, network):
    first, second = torch.rand(2, 1, 1, *SIZE, generator=torch.Generator().manual_seed(1))
    _, state = engine.step(first, engine.initial_state(first))
    _, expected = network.step(first, network.initial_state(first))
    kept = [part.clone() for part in state]
    with_state, _ = engine.step(second, state)
    without_state, _ = engine.step(second, engine.initial_state(second))
    assert (with_state - without_state).abs().max() > 3e-4
    for part, copy, wanted in zip(state, kept, expected):
        assert torch.equal(part, copy)
        torch.testing.assert_close(part, wanted, **TOLERANCE)


@torch.inference_mode()
def test_a_frame_in_another_layout_of_memory_gives_the_same_logits(engine):
    frame = torch.rand(2, 1, *SIZE)
    other = frame.transpose(2, 3).contiguous().transpose(2, 3)
    state = engine.initial_state(frame)
    torch.testing.assert_close(engine.step(other, state)[0], engine.step(frame, state)[0], rtol=0, atol=0)


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "openvino" else find(name))
    with pytest.raises(ImportError, match=r"openvino needs openvino.*pip install \"gdkvm-monai\[engines\]\""):
        check_installed("openvino")


@pytest.mark.parametrize(
    ("statement", "sent"),
    [
        ("import openvino", True),
        ("from gdkvm_monai.export.engines.steps import import_openvino; import_openvino()", False),
    ],
)
def test_openvino_is_imported_without_its_telemetry(statement, sent, tmp_path):
    """Its telemetry package would send an event at the import; here it writes a file."""
    require("openvino")
    package = tmp_path / "openvino_telemetry"
    package.mkdir()
    (package / "__init__.py").write_text(f"open({str(tmp_path / 'sent')!r}, 'w').close(); raise ImportError")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {statement}"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=120)
    assert (tmp_path / "sent").exists() == sent


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs a C++ compiler")
@torch.inference_mode()
def test_the_compiled_step_gives_the_logits_of_the_network(tiny):
    clip = torch.rand(2, 1, *SIZE, 3)
    torch.testing.assert_close(SteppedNetwork(tiny, compiled_step(tiny))(clip), tiny(clip), **TOLERANCE)
