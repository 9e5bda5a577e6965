from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.blocks import FrameGate, GatedDeltaMemory


def written() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return a memory, the memory after a frame is written with the paper's update, and the frame's feature."""
    torch.manual_seed(0)
    memory, state = GatedDeltaMemory(8, 6), torch.randn(2, 6, 8)
    with torch.no_grad():
        return state, memory.write(state, torch.randn(2, 8, 4, 4), torch.randn(2, 6, 4, 4)), torch.rand(2, 5, 4, 4)


@pytest.mark.parametrize("logit, which", [(200.0, 1), (-200.0, 0)], ids=["gate 1 updates", "gate 0 keeps"])
@torch.no_grad()
def test_the_limits_of_the_gate_are_the_papers_update_and_the_unchanged_state_bit_for_bit(logit, which):
    state, updated, feature = written()
    gate = FrameGate(5)
    torch.nn.init.constant_(gate.gate.bias, logit)
    assert torch.equal(gate(state, updated, feature), (state, updated)[which])


@torch.no_grad()
def test_a_gate_between_scales_forgetting_and_writing_alike():
    state, updated, feature = written()
    gate = FrameGate(5)
    torch.nn.init.normal_(gate.gate.weight)
    share = torch.sigmoid(gate.gate(feature.mean(dim=(2, 3))))  # (B, 1)
    expected = state + share[..., None] * (updated - state)
    torch.testing.assert_close(gate(state, updated, feature), expected)


@torch.no_grad()
def test_every_frame_is_written_at_the_start_of_training():
    gates = FrameGate(5).gates(100 * torch.randn(3, 5, 2, 2))
    torch.testing.assert_close(gates, torch.full((3, 1, 1), 0.982), atol=1e-3, rtol=0)
