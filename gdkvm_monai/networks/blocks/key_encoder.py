"""Key encoder (GDKVM, Fig. 2): a backbone whose features at four strides feed the keys and the decoder."""

from __future__ import annotations

from monai.networks.nets import ResNet
from monai.utils import look_up_option
from torch import Tensor, nn

from gdkvm_monai.networks.blocks.efficientnet_lite0 import EfficientNetLite0
from gdkvm_monai.networks.blocks.unet import UNetKeyEncoder
from gdkvm_monai.networks.layers import select_before_pointwise

__all__ = ["BACKBONES", "ResNetKeyEncoder", "make_key_encoder"]

RESNETS = {
    "resnet18": ("basic", 1, (2, 2, 2)),
    "resnet34": ("basic", 1, (3, 4, 6)),
    "resnet50": ("bottleneck", 4, (3, 4, 6)),
}
"""Block type, expansion, and number of blocks in each of the three stages up to stride 16."""

BACKBONES = (*RESNETS, "efficientnet_lite0", "unet")


class ResNetKeyEncoder(nn.Module):
    """MONAI's 2-D ResNet in the ImageNet layout, cut after the third stage.

    Its parameters have torchvision's names, so
    :func:`~gdkvm_monai.networks.blocks.load_imagenet_weights` needs no name mapping.

    Args:
        in_channels: channels of a frame.
        backbone: ``"resnet18"``, ``"resnet34"``, or ``"resnet50"`` (the paper's).
        width: channels of the stem, which scale all stages; 64 is the ImageNet layout.

    Attributes:
        channels: channels of ``f16, f8, f4, f2``.
        stem: name of the first convolution.
        unused: prefixes of the layers after stride 16 in the ImageNet state dict.
    """

    stem = "conv1"
    unused = ("layer4.", "fc.")

    def __init__(self, in_channels: int = 1, backbone: str = "resnet50", width: int = 64) -> None:
        super().__init__()
        block, expansion, blocks = look_up_option(backbone, RESNETS)
        resnet = ResNet(
            block,
            [*blocks, 1],
            [width, 2 * width, 4 * width, 8 * width],
            spatial_dims=2,
            n_input_channels=in_channels,
            conv1_t_stride=2,
            feed_forward=False,
            bias_downsample=False,
        )
        self.conv1, self.bn1, self.act, self.maxpool = resnet.conv1, resnet.bn1, resnet.act, resnet.maxpool
        self.layer1, self.layer2, self.layer3 = resnet.layer1, resnet.layer2, resnet.layer3
        select_before_pointwise(self)
        self.channels = (4 * width * expansion, 2 * width * expansion, width * expansion, width)

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Encode frames ``(B, C, H, W)`` into ``f16, f8, f4, f2``, each named after its stride."""
        f2 = self.act(self.bn1(self.conv1(frame)))
        f4 = self.layer1(self.maxpool(f2))
        f8 = self.layer2(f4)
        f16 = self.layer3(f8)
        return f16, f8, f4, f2


def make_key_encoder(
    backbone: str, in_channels: int = 1, width: int = 64, stochastic_depth: float = 0.0, dropout: float = 0.0
) -> nn.Module:
    """Build a key encoder by name.

    Args:
        backbone: one of :data:`BACKBONES`.
        in_channels: channels of a frame.
        width: 64 is the ImageNet layout; smaller values give a smaller network.
        stochastic_depth: see :class:`EfficientNetLite0`; 0 for all others.
        dropout: see :class:`UNetKeyEncoder`; not used by the others.

    Raises:
        ValueError: if another encoder is to have stochastic depth.
    """
    if look_up_option(backbone, BACKBONES) == "efficientnet_lite0":
        return EfficientNetLite0(in_channels, width, stochastic_depth)
    if stochastic_depth > 0:
        raise ValueError(f"stochastic_depth is {stochastic_depth}, expected 0 for {backbone}; use efficientnet_lite0.")
    if backbone == "unet":
        return UNetKeyEncoder(in_channels, width, dropout)
    return ResNetKeyEncoder(in_channels, backbone, width)
