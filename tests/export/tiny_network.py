"""Small networks to export, and the clips to compare them on."""

from __future__ import annotations

import torch

from gdkvm_monai.networks.nets import GDKVM

TINY = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 32}
LIGHT = TINY | {
    "backbone": "efficientnet_lite0",
    "value_encoder": "shared",
    "decoder": "light",
    "deep_supervision": True,
}
SHAPES = [(1, 1, 32, 48, 30), (1, 1, 48, 32, 1), (3, 1, 64, 32, 10), (2, 1, 16, 16, 2)]
TOLERANCE = 1e-4


def tiny_network(options: dict = TINY) -> GDKVM:
    torch.manual_seed(0)
    return GDKVM(**options).eval()
