"""Load clips by one reader only: after an error MONAI's own transform tries its other readers, which swap axes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from monai.config import KeysCollection
from monai.data import ImageReader
from monai.transforms import LoadImaged

from gdkvm_monai.data import ClipReader

__all__ = ["LoadClipd"]


class LoadClipd(LoadImaged):
    """``LoadImaged`` with a channel in front, in which what the reader refuses stays refused.

    ``LoadImaged(reader=...)`` falls back on MONAI's readers when the given one raises: a Doppler clip or a color NIfTI
    would then be loaded with its axes swapped.

    Args:
        keys: of the files.
        reader: ``ClipReader()`` by default.
        allow_missing_keys: whether items may lack a key.
    """

    def __init__(
        self, keys: KeysCollection, reader: ImageReader | None = None, allow_missing_keys: bool = False
    ) -> None:
        self.reader = reader or ClipReader()
        super().__init__(keys, self.reader, ensure_channel_first=True, allow_missing_keys=allow_missing_keys)

    def __call__(self, data: Mapping[Hashable, object], reader: ImageReader | None = None) -> dict:
        """Replace the names of files by clips ``(1, H, W, T)``."""
        return super().__call__(data, reader or self.reader)
