"""Validation of clips and labels from files before anything is computed with them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import torch
from monai.transforms import Transform

from gdkvm_monai.labels import STRUCTURES, UNLABELED

__all__ = ["CheckClipd"]

LABELS = {value for (value,) in STRUCTURES.values()}
VALUES = ", ".join(f"{name} is {value}" for name, (value,) in STRUCTURES.items())


class CheckClipd(Transform):
    """Refuse a clip or label from which the network or the loss would compute a wrong result.

    Args:
        num_classes: number of classes including background; label values are ``0`` to ``num_classes - 1`` or
            ``UNLABELED`` (255).
        image_key: key of the clip, ``(C, H, W, T)``.
        label_key: key of the label, ``(1, H, W, T)``; may be missing.
        channels: number of channels of the clip.

    Raises:
        ValueError: if dimensions, channels, label values, or shapes are wrong.
    """

    def __init__(
        self, num_classes: int = 4, image_key: str = "image", label_key: str = "label", channels: int = 1
    ) -> None:
        self.num_classes, self.channels = num_classes, channels
        self.image_key, self.label_key = image_key, label_key

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        item = dict(data)
        image = item[self.image_key]
        source = getattr(image, "meta", {}).get("filename_or_obj", self.image_key)
        if image.ndim != 4 or image.shape[0] != self.channels or 0 in image.shape:
            raise ValueError(
                f"{source}: expected a clip of shape ({self.channels}, H, W, T) with T >= 1, got {tuple(image.shape)}; "
                "convert it to one gray clip, time last."
            )
        if self.label_key in item:
            self._check_label(item[self.label_key], image, source)
        return item

    def _check_label(self, label: torch.Tensor, image: torch.Tensor, source: str) -> None:
        if tuple(label.shape) != (1, *image.shape[1:]):
            raise ValueError(
                f"{source}: the clip has shape {tuple(image.shape)}, its label {tuple(label.shape)}; "
                f"expected {(1, *image.shape[1:])}, one label frame per frame, or set label_frames."
            )
        values = torch.unique(torch.as_tensor(label)).tolist()
        wrong = [value for value in values if value not in (*range(self.num_classes), UNLABELED)]
        if wrong:
            known = all(value in LABELS for value in wrong)  # of a larger network; mapped values would change the names
            remedy = f"set num_classes to {int(max(wrong)) + 1}" if known else "map them with MapLabelValued"
            raise ValueError(
                f"{source}: its label has the values {wrong[:5]}, expected 0 to {self.num_classes - 1} "
                f"(or {UNLABELED} for unlabeled; {VALUES}); {remedy}."
            )
