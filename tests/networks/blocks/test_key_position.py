from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.blocks import GatedDeltaMemory, KeyPosition
from gdkvm_monai.networks.layers import effective_rank


def test_keys_are_unchanged_at_the_start_of_training():
    key = torch.randn(2, 8, 3, 5)
    assert torch.equal(KeyPosition(8)(key), key)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (16, 16)])
def test_every_place_of_a_constant_picture_gets_a_key_of_its_own(size):
    torch.manual_seed(0)
    position, key = KeyPosition(8), torch.ones(2, 8, *size)
    torch.nn.init.normal_(position.project.weight)
    with torch.no_grad():
        tokens = position(key)[0].flatten(1).T  # (L, K)
    distances = torch.cdist(tokens, tokens) + torch.diag(torch.full((len(tokens),), torch.inf))
    assert distances.min() > 0.01


def test_waves_are_sines_and_cosines_of_the_centers_of_the_tokens():
    waves = KeyPosition(8).waves(torch.zeros(1, 8, 2, 4))
    y, x = torch.tensor([0.25, 0.75]), torch.tensor([0.125, 0.375, 0.625, 0.875])
    for octave in range(4):
        angle_y, angle_x = 2**octave * torch.pi * y[:, None], 2**octave * torch.pi * x[None]
        expected = [angle_y.sin(), angle_y.cos(), angle_x.sin(), angle_x.cos()]
        for found, wave in zip(waves[0, octave::4], expected):
            torch.testing.assert_close(found, wave.expand(2, 4), atol=1e-5, rtol=0)


@torch.inference_mode()
def test_standardized_keys_are_recalled_at_their_place_where_keys_with_much_in_common_are_not():
    torch.manual_seed(0)
    shared = 5 * torch.randn(1, 64, 1, 1)  # as a global feature adds to the key of every place
    key, value = torch.randn(1, 64, 8, 8) + shared, torch.randn(1, 32, 8, 8)
    recalled, ranks = {}, {}
    for standardize in (False, True):
        memory = GatedDeltaMemory(64, 32)
        placed = KeyPosition(64, standardize)(key)
        state = memory.write(memory.initial_state(1, value), placed, value)
        pairs = torch.stack([memory.read(state, placed).flatten(), value.flatten()])
        recalled[standardize], ranks[standardize] = float(torch.corrcoef(pairs)[0, 1]), float(effective_rank(state))
    assert recalled[False] < 0.25 and recalled[True] > 0.35
    assert ranks[True] > 2 * ranks[False]


@torch.inference_mode()
def test_standardized_keys_do_not_depend_on_what_all_places_share_or_on_their_scale():
    torch.manual_seed(0)
    position, key = KeyPosition(8, standardize=True).eval(), torch.randn(2, 8, 4, 6)
    torch.testing.assert_close(position(7 * key + torch.randn(2, 8, 1, 1)), position(key), rtol=1e-3, atol=1e-3)
    bare = position(key) - position.project(position.waves(key))
    torch.testing.assert_close(bare.mean(dim=(2, 3)), torch.zeros(2, 8), atol=1e-5, rtol=0)
    torch.testing.assert_close(bare.var(dim=(2, 3), correction=0), torch.ones(2, 8), atol=1e-3, rtol=0)


@torch.inference_mode()
def test_a_place_of_a_blank_frame_reads_what_was_written_there():
    torch.manual_seed(0)
    memory, position = GatedDeltaMemory(64, 32), KeyPosition(64, standardize=True)
    value = torch.randn(1, 32, 8, 8)
    state = memory.write(memory.initial_state(1, value), position(torch.randn(1, 64, 8, 8)), value)
    recalled = memory.read(state, position(torch.ones(1, 64, 8, 8)))  # no content
    assert float(torch.corrcoef(torch.stack([recalled.flatten(), value.flatten()]))[0, 1]) > 0.3
