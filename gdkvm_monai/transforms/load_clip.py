"""Loading of clips with a single reader: after an error, MONAI's own transform tries readers that swap axes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from monai.config import KeysCollection
from monai.data import ImageReader
from monai.transforms import LoadImaged

from gdkvm_monai.data import ClipReader

__all__ = ["LoadImageClipd"]


class LoadImageClipd(LoadImaged):
    """``LoadImaged`` with no other readers if the given one refuses a file.

    ``LoadImaged(reader=...)`` falls back to MONAI's readers if the given one raises an error: a Doppler clip or a color
    NIfTI would then be loaded with its axes swapped. MONAI Deploy, which loads images itself, leaves out transforms
    whose class name contains ``LoadImage``.

    Args:
        keys: keys of the files.
        reader: image reader, ``ClipReader()`` by default.
        ensure_channel_first: return ``(1, H, W, T)`` instead of ``(H, W, T)``.
        allow_missing_keys: whether items may lack a key.
    """

    def __init__(
        self,
        keys: KeysCollection,
        reader: ImageReader | None = None,
        ensure_channel_first: bool = True,
        allow_missing_keys: bool = False,
    ) -> None:
        self.reader = reader or ClipReader()
        super().__init__(
            keys, self.reader, ensure_channel_first=ensure_channel_first, allow_missing_keys=allow_missing_keys
        )

    def __call__(self, data: Mapping[Hashable, object], reader: ImageReader | None = None) -> dict:
        """Replace file names with clips."""
        return super().__call__(data, reader or self.reader)
