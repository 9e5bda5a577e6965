"""Clips as pictures for TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from gdkvm_monai.labels import UNLABELED

__all__ = ["ClipsForDisplay"]


class ClipsForDisplay:
    """Select clips as ``from_engine`` does, with depth pointing down and unlabeled pixels black.

    Args:
        keys: entries to select, for example ``["image", "label"]``; a single name gives a single list.

    Example:
        >>> item = {"image": torch.zeros(1, 4, 6, 3), "label": torch.full((1, 4, 6, 3), 255.0)}
        >>> images, labels = ClipsForDisplay(["image", "label"])([item])
        >>> tuple(images[0].shape), labels[0].max().item()
        ((1, 6, 4, 3), 0.0)
    """

    def __init__(self, keys: str | Sequence[str]) -> None:
        self.keys = keys

    def __call__(self, items: Sequence[Mapping]) -> list[Tensor] | tuple[list[Tensor], ...]:
        """Return clips ``(C, H, W, T)`` of decollated items as pictures ``(C, W, H, T)``."""
        if isinstance(self.keys, str):
            return self._of(items, self.keys)
        return tuple(self._of(items, key) for key in self.keys)

    @staticmethod
    def _of(items: Sequence[Mapping], key: str) -> list[Tensor]:
        clips = [torch.as_tensor(item[key]).transpose(1, 2).nan_to_num() for item in items]  # invalid frames are NaN
        return clips if key == "image" else [clip.where(clip != UNLABELED, torch.zeros_like(clip)) for clip in clips]
