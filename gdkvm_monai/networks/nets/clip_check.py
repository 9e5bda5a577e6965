"""What a network that halves the image four times accepts as a clip."""

# no `from __future__ import annotations`, as in gdkvm.py: TorchScript compiles this function

from torch import Tensor

__all__ = ["check_clip"]


def check_clip(clip: Tensor, in_channels: int, least_places: int = 1) -> None:
    """Refuse anything but a tensor of floats ``(B, C, H, W, T)`` with a frame and sizes that are multiples of 16.

    ``least_places`` is the smallest number of places at stride 16, 2 for a network that normalizes over them.

    Raises:
        TypeError: if the clip is not a tensor of floats.
        ValueError: if the clip has another shape or no frame, or its size is not a multiple of 16
            or has too few places.
    """
    if not isinstance(clip, Tensor) or not clip.is_floating_point():
        kind = str(clip.dtype) if isinstance(clip, Tensor) else type(clip).__name__
        raise TypeError(f"expected a tensor of floats, got {kind}; pass torch.as_tensor(clip).float() / 255.")
    if clip.dim() != 5 or clip.shape[1] != in_channels or clip.shape[-1] == 0:
        raise ValueError(
            f"expected a clip of shape (B, {in_channels}, H, W, T) with T >= 1, got {list(clip.shape)}; "
            "time is the last axis."
        )
    if clip.shape[2] % 16 != 0 or clip.shape[3] % 16 != 0:
        raise ValueError(
            f"image size {clip.shape[2]}x{clip.shape[3]} must be a multiple of 16; "
            "add Resized or DivisiblePadd(k=(16, 16, 1)) to the preprocessing."
        )
    if (clip.shape[2] // 16) * (clip.shape[3] // 16) < least_places:
        raise ValueError(
            f"image size {clip.shape[2]}x{clip.shape[3]} is too small for this network, which normalizes "
            "over places at stride 16; pass frames of more than 16x16, best of 128x128."
        )
