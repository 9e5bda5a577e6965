"""The recorded gates, gradients, and states are those of the computation, which does not change."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.handlers.memory_watch import MemoryWatch
from gdkvm_monai.networks.blocks import GatedDeltaMemory


def write_twice(memory: GatedDeltaMemory) -> torch.Tensor:
    torch.manual_seed(0)
    state = memory.initial_state(2, torch.zeros(1))
    for _ in range(2):
        key = torch.randn(2, 4, 2, 2)
        state = memory.write(state, key, torch.randn(2, 3, 2, 2))
        memory.read(state, key)
    return state


def small_memory(rule: str = "gated_delta") -> GatedDeltaMemory:
    torch.manual_seed(1)
    return GatedDeltaMemory(4, 3, update_rule=rule)


def test_writes_give_the_same_result_and_every_write_is_recorded_in_order():
    memory = small_memory()
    plain, watch = write_twice(memory), MemoryWatch(memory)
    watch.start()
    watched = write_twice(memory)
    first, second = watch.stop()
    assert torch.equal(plain, watched) and torch.equal(second.state, watched)
    assert torch.equal(second.gates["alpha"], memory.gates(first.state)[0])
    assert torch.equal(second.gates["beta"], memory.gates(first.state)[1])


def test_after_it_stops_the_memory_is_as_before_and_nothing_more_is_recorded():
    memory = small_memory()
    before, watch = dict(memory.__dict__), MemoryWatch(memory)
    watch.start()
    write_twice(memory)
    watch.stop()
    write_twice(memory)
    assert memory.__dict__ == before and len(watch.writes) == 2
    watch.start()
    assert watch.stop() == []


def test_gradients_are_those_of_finite_differences():
    memory = small_memory().double()
    watch = MemoryWatch(memory)
    watch.start()
    state = torch.randn(1, 3, 4, dtype=torch.float64)
    key, value = torch.randn(1, 4, 2, 2, dtype=torch.float64), torch.randn(1, 3, 2, 2, dtype=torch.float64)
    memory.write(state, key, value).square().sum().backward()
    (written,) = watch.stop()

    def loss_with(**changed: torch.Tensor) -> torch.Tensor:
        gates = {**written.gates, **changed}
        memory.gates = lambda state: (gates["alpha"], gates["beta"])
        result = memory.write(state, key, value).square().sum()
        del memory.gates
        return result

    for name, gradient in written.gradients.items():
        step = torch.zeros_like(gradient)
        step[0, 1, 0] = 1e-6
        high, low = (loss_with(**{name: written.gates[name] + sign * step}) for sign in (1, -1))
        torch.testing.assert_close(gradient[0, 1, 0], ((high - low) / 2e-6).detach(), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    ("rule", "gates"),
    [("additive", set()), ("write_gate", {"beta"}), ("decay", {"alpha"}), ("orthogonal", {"alpha", "beta"})],
)
def test_only_gates_that_the_rule_has_are_recorded(rule, gates):
    memory = small_memory(rule)
    watch = MemoryWatch(memory)
    watch.start()
    result = write_twice(memory)
    if gates:
        result.sum().backward()
    assert [set(write.gates) for write in watch.stop()] == [gates, gates]


def test_writes_without_gradients_are_left_out():
    memory = small_memory()
    watch = MemoryWatch(memory)
    watch.start()
    with torch.no_grad():
        write_twice(memory)
    assert watch.stop() == []
