"""Cropping of a DICOM clip to its tissue region, which is all that the network sees."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import Crop, Cropd

from gdkvm_monai.data.geometry import REGION, region_slices
from gdkvm_monai.labels import BACKGROUND

__all__ = ["CERTAIN", "CropToRegiond"]

CERTAIN = 20.0
"""Logit of the background outside the region; minus this for the other classes."""


class CropToRegiond(Cropd):
    """Crop clips and labels to the tissue region in the clip's metadata; without a region, change nothing.

    ``Invertd`` places a prediction on the full grid. Pixels outside the region become background: certain logits, or 0
    in a mask.

    Args:
        keys: clips and labels of one size, ``(C, H, W, T)``.
        image_key: key of the clip whose metadata contain the region.
        allow_missing_keys: whether items may lack a key.
    """

    def __init__(self, keys: KeysCollection, image_key: str = "image", allow_missing_keys: bool = False) -> None:
        super().__init__(keys, Crop(), allow_missing_keys)
        self.image_key = image_key

    def __call__(self, data: Mapping[Hashable, torch.Tensor], lazy: bool | None = None) -> dict[Hashable, torch.Tensor]:
        """Crop, and update the affine."""
        item = dict(data)
        region = getattr(item[self.image_key], "meta", {}).get(REGION)
        for key in self.key_iterator(item):
            item[key] = self.cropper(item[key], region_slices(region, item[key].shape[1:3]))
        return item

    def inverse(self, data: Mapping[Hashable, MetaTensor]) -> dict[Hashable, MetaTensor]:
        """Place cropped data on the full grid."""
        item = dict(data)
        for key in self.key_iterator(item):
            cropped = item[key]
            item[key] = self.cropper.inverse(cropped)
            if item[key].shape != cropped.shape and cropped.shape[0] > 1:
                region = region_slices(cropped.meta.get(REGION), item[key].shape[1:3])
                outside = torch.ones(item[key].shape[1:3], dtype=torch.bool, device=item[key].device)
                outside[region] = False
                item[key][:, outside] = -CERTAIN
                item[key][BACKGROUND, outside] = CERTAIN
        return item
