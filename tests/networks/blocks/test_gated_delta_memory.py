from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.blocks import GatedDeltaMemory
from gdkvm_monai.networks.layers import UPDATE_RULES

FRAMES = 10_000


def run(memory: GatedDeltaMemory, size: int, frames: int, constant: bool) -> torch.Tensor:
    """Return the largest norm of the memory over a clip of random or constant keys and values."""
    generator = torch.Generator().manual_seed(0)
    key = torch.randn(1, memory.key_channels, size, size, generator=generator)
    value = torch.randn(1, memory.value_channels, size, size, generator=generator)
    state, largest = memory.initial_state(1, key), torch.zeros(())
    for _ in range(frames):
        state = memory.write(state, key, value)
        largest = torch.maximum(largest, state.norm())
        if not constant:
            key.normal_(generator=generator)
            value.normal_(generator=generator)
    return largest


@pytest.mark.parametrize("constant", [False, True], ids=["random", "constant"])
@pytest.mark.parametrize("size", [4, 8, 16])
@torch.inference_mode()
def test_memory_is_bounded_over_ten_thousand_frames(size, constant):
    torch.manual_seed(0)
    largest = run(GatedDeltaMemory(key_channels=32, value_channels=16), size, FRAMES, constant)
    assert largest < 100 and largest.isfinite()


@torch.inference_mode()
def test_memory_is_bounded_with_fully_open_gates():
    memory = GatedDeltaMemory(key_channels=32, value_channels=16)
    torch.nn.init.constant_(memory.alpha.bias, 30.0)
    torch.nn.init.constant_(memory.beta.bias, 30.0)
    assert run(memory, 16, 2000, constant=False) < 1000


@torch.inference_mode()
def test_memory_diverges_with_the_papers_literal_keys():
    torch.manual_seed(0)
    memory = GatedDeltaMemory(key_channels=32, value_channels=16, key_norm="none")
    torch.nn.init.constant_(memory.beta.bias, 2.2)  # beta 0.9
    assert not run(memory, 16, 300, constant=False) < 1e10


@torch.inference_mode()
def test_the_orthogonal_rule_bounds_the_memory_even_with_the_papers_literal_keys():
    memory = GatedDeltaMemory(key_channels=32, value_channels=16, update_rule="orthogonal", key_norm="none")
    torch.nn.init.constant_(memory.beta.bias, 2.2)  # beta 0.9
    assert run(memory, 16, 300, constant=False) <= 1.21 * 4  # 16 singular values of at most 1.21


def test_gates_start_at_the_stated_survival_and_one_half():
    memory = GatedDeltaMemory(initial_survival=0.95)
    alpha, beta = memory.gates(memory.initial_state(2, torch.zeros(1)))
    torch.testing.assert_close(alpha, torch.full((2, 256, 64), 0.95))
    torch.testing.assert_close(beta, torch.full((2, 256, 1), 0.5))


@pytest.mark.parametrize("rule", UPDATE_RULES)
def test_each_rule_reads_and_writes_the_right_shapes_with_only_the_gates_it_uses(rule):
    memory = GatedDeltaMemory(8, 6, update_rule=rule)
    state = memory.write(memory.initial_state(2, torch.zeros(1)), torch.randn(2, 8, 3, 4), torch.randn(2, 6, 3, 4))
    assert state.shape == (2, 6, 8)
    assert memory.read(state, torch.randn(2, 8, 3, 4)).shape == (2, 6, 3, 4)
    used = {name.split(".")[0] for name, _ in memory.named_parameters()}
    both = {"alpha", "beta"}
    gates = {"write_gate": {"beta"}, "decay": {"alpha"}, "gated_delta": both, "orthogonal": both}
    assert used == gates.get(rule, set())


def test_unknown_rule_is_refused_with_the_options():
    with pytest.raises(ValueError, match="gated_delta"):
        GatedDeltaMemory(update_rule="gated_dleta")
