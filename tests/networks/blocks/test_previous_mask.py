from __future__ import annotations

import torch

from gdkvm_monai.networks.blocks import PreviousMask


def features() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return features at strides 8 and 4 and foreground probabilities of a 32x48 frame."""
    return torch.randn(2, 7, 4, 6), torch.randn(2, 5, 8, 12), torch.rand(2, 3, 32, 48)


def test_features_are_unchanged_at_the_start_of_training():
    f8, f4, foreground = features()
    found = PreviousMask(3, (7, 5))(f8, f4, foreground)
    assert torch.equal(found[0], f8) and torch.equal(found[1], f4)


def test_the_mean_probability_of_each_token_is_added():
    (f8, f4, foreground), mask = features(), PreviousMask(3, (7, 5))
    with torch.no_grad():
        for projection in (mask.project8, mask.project4):
            projection.weight[:, 1, 1, 1] = 1.0  # the second class at the same place
        found = mask(f8, f4, foreground)
    for one, before, stride in zip(found, (f8, f4), (8, 4)):
        tokens = foreground[:, 1].unflatten(2, (-1, stride)).unflatten(1, (-1, stride)).mean(dim=(2, 4))
        torch.testing.assert_close(one - before, tokens[:, None].expand_as(before), atol=1e-5, rtol=1e-4)
