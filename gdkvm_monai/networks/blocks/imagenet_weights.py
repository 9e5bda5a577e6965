"""ImageNet weights for the key encoder, from a state dict with torchvision's names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from gdkvm_monai.networks.blocks.key_encoder import KeyEncoder

__all__ = ["load_imagenet_weights"]

UNUSED = ("layer4.", "fc.")
"""Parts of a ResNet behind stride 16, which the key encoder does not have."""


def load_imagenet_weights(encoder: KeyEncoder, state_dict: Mapping[str, Tensor]) -> None:
    """Load ImageNet weights into a key encoder, all of them or none.

    The names agree; what is behind stride 16 is left out. With another number of input channels than three the first
    convolution's weights are summed over color and shared out, so that a gray picture is seen as it was with three
    equal channels.

    Args:
        encoder: the key encoder, ``width=64``.
        state_dict: torchvision's ``resnet18``, ``resnet34`` or ``resnet50`` of the same depth.

    Raises:
        ValueError: when the state dict is another network's.
    """
    weights = {name: value for name, value in state_dict.items() if not name.startswith(UNUSED)}
    if "conv1.weight" in weights and encoder.conv1.in_channels != 3:
        channels = encoder.conv1.in_channels
        weights["conv1.weight"] = weights["conv1.weight"].sum(dim=1, keepdim=True).repeat(1, channels, 1, 1) / channels
    own = encoder.state_dict()
    odd = sorted({*own} ^ {*weights}) or [name for name in own if own[name].shape != weights[name].shape]
    if odd:
        raise ValueError(
            f"the weights do not fit the key encoder, for example at {odd[0]!r}; "
            "give torchvision's state dict of the same backbone, and width 64."
        )
    encoder.load_state_dict(weights)
