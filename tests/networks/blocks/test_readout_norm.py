"""The readout has one scale, whatever was written how often."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.blocks import GatedDeltaMemory, ReadoutNorm, make_readout_norm


def test_every_place_has_a_mean_square_of_one_and_its_direction():
    readout = torch.randn(2, 16, 3, 4) * torch.rand(2, 1, 3, 4).add(0.1)
    normalized = ReadoutNorm()(readout)
    torch.testing.assert_close(normalized.square().mean(dim=1), torch.ones(2, 3, 4), rtol=1e-3, atol=0)
    torch.testing.assert_close(normalized.sign(), readout.sign())
    torch.testing.assert_close(torch.cosine_similarity(normalized, readout), torch.ones(2, 3, 4))


def test_an_empty_memory_reads_as_zeros_with_finite_gradients():
    readout = torch.zeros(1, 8, 2, 2, requires_grad=True)
    normalized = ReadoutNorm()(readout)
    normalized.sum().backward()
    assert not normalized.any() and readout.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_neither_overflows_nor_vanishes(dtype):
    for scale in (2e-2, 1.0, 1e3):
        readout = (torch.randn(1, 16, 4, 4) * scale).to(dtype)
        square = ReadoutNorm()(readout).float().square().mean(dim=1)
        assert ReadoutNorm()(readout).dtype == dtype
        torch.testing.assert_close(square, torch.ones_like(square), rtol=0.03, atol=0)


@torch.inference_mode()
def test_the_scale_does_not_grow_with_the_number_of_frames_nor_fall_with_their_size():
    torch.manual_seed(0)
    memory, norm = GatedDeltaMemory(8, 16), ReadoutNorm()
    for side in (4, 16):
        key, value = torch.randn(1, 8, side, side), torch.randn(1, 16, side, side)
        state, raw, normalized = memory.initial_state(1, value), [], []
        for _ in range(20):
            state = memory.write(state, key, value)
            raw.append(float(memory.read(state, key).square().mean()))
            normalized.append(float(norm(memory.read(state, key)).square().mean()))
        assert raw[-1] > 2 * raw[0]
        assert normalized == pytest.approx([1.0] * 20, abs=0.01)


def test_an_unknown_norm_is_refused_with_the_options():
    with pytest.raises(ValueError, match="rms"):
        make_readout_norm("rsm")
