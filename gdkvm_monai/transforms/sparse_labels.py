"""Labels with only some frames annotated and no record of which, as MONAI Label stores them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from monai.config import KeysCollection
from monai.transforms import MapTransform

from gdkvm_monai.labels import BACKGROUND, UNLABELED

__all__ = ["UnlabelEmptyFramesd"]


class UnlabelEmptyFramesd(MapTransform):
    """Mark label frames without foreground as ``UNLABELED``.

    Annotation tools store a label of the size of the clip. If an annotator drew only end-diastole and end-systole, all
    other frames are background. The left ventricle is visible in every frame of an apical clip, so a frame without any
    structure was not annotated. An item with ``label_frames`` states the annotated frames and passes unchanged.

    Args:
        keys: labels, ``(1, H, W, T)``.
        frames_key: item entry with the numbers of the annotated frames.

    Raises:
        ValueError: if no frame of a label has foreground.

    Example:
        >>> import torch
        >>> label = torch.zeros(1, 2, 2, 3)
        >>> label[0, 0, 0, 1] = 1
        >>> UnlabelEmptyFramesd("label")({"label": label})["label"].amax(dim=(0, 1, 2)).tolist()
        [255.0, 1.0, 255.0]
    """

    def __init__(self, keys: KeysCollection, frames_key: str = "label_frames") -> None:
        super().__init__(keys)
        self.frames_key = frames_key

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        item = dict(data)
        if item.get(self.frames_key) is not None:
            return item
        for key in self.key_iterator(item):
            empty = (item[key] == BACKGROUND).flatten(0, 2).all(dim=0)  # (T,)
            if bool(empty.all()):
                source = getattr(item[key], "meta", {}).get("filename_or_obj", key)
                raise ValueError(
                    f"{source}: no frame of the label has foreground; draw a frame, or leave the clip out."
                )
            if bool(empty.any()):
                item[key] = item[key].clone()
                item[key][..., empty] = UNLABELED
        return item
