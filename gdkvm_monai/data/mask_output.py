"""The files to which the bundle writes masks: one per clip, in the clip's folder, with all axes of the clip."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from monai.config import NdarrayOrTensor, PathLike
from monai.data import FolderLayoutBase, NibabelWriter

from gdkvm_monai.data.open import CLIP_SUFFIXES

__all__ = ["MaskLayout", "MaskWriter"]

SUFFIXES = sorted(CLIP_SUFFIXES, key=len, reverse=True)


class MaskLayout(FolderLayoutBase):
    """Names of mask files: ``CLIP_seg.nii.gz``, in the same folder below ``output_dir`` as the clip below ``root_dir``.

    MONAI's own layout removes the end of a DICOM UID as if it were a suffix, and leaves ``output_dir`` for clips that
    are not below ``root_dir``. Here, the masks of such clips, and of a clip that is itself ``root_dir``, are directly
    in ``output_dir``.

    Args:
        output_dir: folder for the masks.
        root_dir: dataset folder, or the path of a single clip.

    Example:
        >>> layout = MaskLayout("/out", "/clips")
        >>> layout.path("/clips/a/clip.nii.gz").as_posix(), layout.path("/elsewhere/1.2.840").as_posix()
        ('/out/a/clip_seg.nii.gz', '/out/1.2.840_seg.nii.gz')
    """

    def __init__(self, output_dir: PathLike, root_dir: PathLike) -> None:
        self.output_dir = Path(output_dir)
        self.root_dir = _absolute(root_dir)

    def path(self, clip: PathLike) -> Path:
        """Return the path of a clip's mask."""
        source = _absolute(clip)
        below = source.parent.is_relative_to(self.root_dir)
        folder = source.parent.relative_to(self.root_dir) if below else Path()
        suffix = next((end for end in SUFFIXES if source.name.lower().endswith(end)), "")
        return self.output_dir / folder / f"{source.name[: len(source.name) - len(suffix)]}_seg.nii.gz"

    def filename(self, subject: PathLike = "subject", **kwargs) -> str:
        """Return the path of a clip's mask, and create its folder; called by ``SaveImaged`` with a clip's file name."""
        path = self.path(subject)
        path.parent.mkdir(parents=True, exist_ok=True)
        return str(path)

    def check(self, items: Sequence[Mapping[str, object]]) -> None:
        """Refuse clips with the same mask file.

        Args:
            items: with ``image``, a path, or a list of paths, of which the first names the mask.

        Raises:
            ValueError: names the first two clips with the same mask file.
        """
        clips: dict[Path, Path] = {}
        for item in items:
            image = item["image"]
            clip = _absolute(image[0] if isinstance(image, (list, tuple)) else image)
            other = clips.setdefault(self.path(clip), clip)
            if other != clip:
                raise ValueError(
                    f"{other} and {clip} would both be written to {self.path(clip)}; rename one, or give each its own "
                    "run, with for example --pattern '**/*.nii.gz' and --output_dir."
                )


class MaskWriter(NibabelWriter):
    """``NibabelWriter`` that keeps the time axis ``(H, W, 1)`` of a clip of one frame, which MONAI's own removes."""

    def set_data_array(self, data_array: NdarrayOrTensor, *args, **kwargs) -> None:
        """Set the mask, ``(1, H, W, T)``, without its channel axis; other arguments have no effect."""
        self.data_obj = data_array[0]


def _absolute(path: PathLike) -> Path:
    return Path(os.path.abspath(path))
