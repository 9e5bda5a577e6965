from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.blocks import KeyPosition


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
