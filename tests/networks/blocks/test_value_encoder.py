"""Value encoders depend on what they name, and on nothing else."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.blocks import ResNetValueEncoder, SharedValueEncoder, make_value_encoder
from tests.networks.blocks.influence import influences


def test_resnet_value_encoder_uses_frame_mask_and_pixel_feature():
    torch.manual_seed(0)
    encoder = ResNetValueEncoder(1, 3, 5, value_channels=7, width=8).eval()
    inputs = [torch.randn(2, c, s, s) for c, s in [(1, 32), (3, 32), (5, 2), (9, 2), (8, 4), (6, 8)]]
    assert encoder(*inputs).shape == (2, 7, 2, 2)
    assert influences(encoder, inputs) == [True, True, True, False, False, False]


def test_shared_value_encoder_uses_the_mask_and_all_features_instead_of_the_frame():
    torch.manual_seed(0)
    encoder = SharedValueEncoder((9, 8, 6), 3, 5, value_channels=7, width=8).eval()
    inputs = [torch.randn(2, c, s, s) for c, s in [(1, 32), (3, 32), (5, 2), (9, 2), (8, 4), (6, 8)]]
    assert encoder(*inputs).shape == (2, 7, 2, 2)
    assert influences(encoder, inputs) == [False, True, True, True, True, True]


def test_a_value_encoder_is_built_by_name_and_an_unknown_name_refused():
    built = {name: type(make_value_encoder(name, 1, (9, 8, 6), (3, 5, 7, 8))) for name in ("resnet18", "shared")}
    assert built == {"resnet18": ResNetValueEncoder, "shared": SharedValueEncoder}
    with pytest.raises(ValueError, match="shraed"):
        make_value_encoder("shraed", 1, (9, 8, 6), (3, 5, 7, 8))
