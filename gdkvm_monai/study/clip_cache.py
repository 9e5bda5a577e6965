"""Frame cache on disk for the clip being segmented, so that memory use does not depend on its length."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gdkvm_monai.data.frame_cache import FrameCache
from gdkvm_monai.labels import BACKGROUND, STRUCTURES
from gdkvm_monai.study.clip_source import ClipSource

__all__ = ["ClipCache"]


class ClipCache:
    """Images, masks, and probabilities of a clip on disk while it is segmented; deleted at the end.

    Args:
        folder: folder for the cache files.
        source: clip being segmented.
    """

    def __init__(self, folder: Path, source: ClipSource) -> None:
        self.source = source
        self.pictures = FrameCache(folder / ".pictures", source.box_shape)
        self.masks = FrameCache(folder / ".masks", source.shape)
        self.probabilities: FrameCache | None = None
        self._shown: np.ndarray | None = None

    def append(self, picture: np.ndarray, mask: np.ndarray) -> None:
        """Add an image and its mask, both ``(H, W)`` of the box; the mask is stored on the full grid."""
        self.pictures.append(np.rint(picture))
        self.masks.append(self.source.place(mask))

    def append_probabilities(self, probabilities: np.ndarray) -> None:
        """Add probabilities ``(N, H, W)``, NaN if the frame has none; outside the box all is background."""
        placed = np.zeros((len(probabilities), *self.source.shape), np.float16)
        placed[0] = 1
        placed[(slice(None), *self.source.box)] = probabilities
        if self.probabilities is None:
            self.probabilities = FrameCache(self.masks.path.with_name(".probabilities"), placed.shape, np.float16)
        self.probabilities.append(placed)

    def keep(self, structures: Sequence[str]) -> None:
        """Remove all other structures from the masks; call it after the last measurement."""
        wanted = [value for name in structures for value in STRUCTURES[name]]
        for frame, mask in enumerate(self.masks):
            self.masks[frame] = np.where(np.isin(mask, wanted), mask, BACKGROUND)

    def show_only(self, region: np.ndarray | None) -> None:
        """Make pictures black outside a region ``(H, W)`` of the box; ``None`` shows everything."""
        self._shown = region

    def picture(self, frame: int) -> np.ndarray:
        """Return the gray levels ``(H, W)`` of the box, without what is not to be shown."""
        return self.pictures[frame] if self._shown is None else np.where(self._shown, self.pictures[frame], np.uint8(0))

    def mask(self, frame: int) -> np.ndarray:
        """Return the class indices ``(H, W)`` on the grid of the image."""
        return self.masks[frame][self.source.box]

    def __enter__(self) -> ClipCache:
        return self

    def __exit__(self, *error: object) -> None:
        for cache in filter(None, (self.pictures, self.masks, self.probabilities)):
            cache.close()
            cache.path.unlink()
