from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.blocks import KeyPixelFeatureFusion


def test_fusion_equals_equation_6():
    torch.manual_seed(0)
    fusion, f16 = KeyPixelFeatureFusion(12, 5), torch.randn(2, 12, 4, 6)
    key, pixel = fusion(f16)
    local, expected_pixel = fusion.key_projection(f16), fusion.pixel_projection(f16)
    global_ = torch.nn.functional.adaptive_avg_pool2d(local, 1).expand_as(local)
    gate = torch.sigmoid(fusion.gate(local + global_))
    torch.testing.assert_close(key, gate * (local + global_) + (1 - gate) * expected_pixel)
    torch.testing.assert_close(pixel, expected_pixel)


def test_an_open_gate_passes_the_key_and_a_closed_one_the_pixel_feature():
    fusion, f16 = KeyPixelFeatureFusion(12, 5), torch.randn(2, 12, 4, 6)
    torch.nn.init.zeros_(fusion.gate.weight)
    torch.nn.init.constant_(fusion.gate.bias, -50.0)
    key, pixel = fusion(f16)
    torch.testing.assert_close(key, pixel)
    torch.nn.init.constant_(fusion.gate.bias, 50.0)
    local = fusion.key_projection(f16)
    torch.testing.assert_close(fusion(f16)[0], local + local.mean((2, 3), keepdim=True))


def test_without_fusion_the_key_is_the_projection_alone():
    fusion, f16 = KeyPixelFeatureFusion(12, 5, fusion="none"), torch.randn(2, 12, 4, 6)
    torch.testing.assert_close(fusion(f16)[0], fusion.key_projection(f16))
    assert not list(fusion.gate.parameters())


def test_with_the_pixel_feature_alone_it_is_the_key_and_nothing_else_is_learned():
    fusion, f16 = KeyPixelFeatureFusion(12, 5, fusion="pixel"), torch.randn(2, 12, 4, 6)
    key, pixel = fusion(f16)
    assert torch.equal(key, pixel) and torch.equal(pixel, fusion.pixel_projection(f16))
    assert {name.split(".")[0] for name in fusion.state_dict()} == {"pixel_projection"}


def test_unknown_fusion_is_refused():
    with pytest.raises(ValueError, match="kpff"):
        KeyPixelFeatureFusion(12, fusion="kpf")
