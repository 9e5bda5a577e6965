"""A measured clip once more: the clip itself, or what its results keep of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from monai.config import PathLike

from gdkvm_monai.data.geometry import region_slices
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.corrected_folder import ORIGINAL
from gdkvm_monai.study.edited_mask import MaskGrid
from gdkvm_monai.study.outputs import check_formats
from gdkvm_monai.study.report.embedded import EmbeddedPictures, read_pictures
from gdkvm_monai.study.results_folder import ClipResults
from gdkvm_monai.study.stills import Stills

__all__ = ["KeptClip", "OpenedClip"]


class KeptClip:
    """A clip as far as its results stand in for it: pictures of the report, grid of the masks, references in DICOM.

    Args:
        folder: results folder.
        results: results in it.
        grid: grid of its masks.

    Attributes:
        path: DICOM Segmentation that refers to the clip; ``None`` if there is none.
        shape: size of the full frame, ``(H, W)``.
        affine: affine of the full frame, ``(4, 4)``.
        box: part of the frame that was segmented.
        box_shape: size of the box, ``(H, W)``.
        spacing_mm: mm per pixel, lateral and in depth; ``None`` if unknown.
        origin: where the pictures come from.
        echo_level: gray level above which a pixel counts as an echo.

    Raises:
        ValueError: if the results do not keep what is needed to write their files again.
    """

    origin = "the earlier report"
    echo_level = 10.0  # gray level that the noise of JPEG around the sector does not reach

    def __init__(self, folder: Path, results: ClipResults, grid: MaskGrid) -> None:
        clip, run = results.measurements.clip, results.provenance
        self.shape, self.affine = tuple(grid.shape[:2]), grid.affine
        self.box = region_slices(run.region, self.shape)
        columns, rows = self.box
        self.box_shape = columns.stop - columns.start, rows.stop - rows.start
        self.spacing_mm = run.options.spacing_mm
        if self.spacing_mm is None and clip.spacing_trust == "ok":
            self.spacing_mm = tuple(float(length) for length in np.linalg.norm(grid.affine[:3, :2], axis=0))
        first = [folder / ORIGINAL, folder]  # pictures are compressed once, not at each correction
        found = next((path / "report.html" for path in first if (path / "report.html").is_file()), None)
        if found is None:
            raise _missing("they have no report, which would hold its pictures")
        self._pictures: EmbeddedPictures = read_pictures(found)
        if self.box_shape != (clip.lateral_px, clip.depth_px):
            raise _missing("they do not state which part of the frame was segmented")
        if set(self._pictures.urls) != set(range(clip.frames)):
            raise _missing(f"their report holds {len(self._pictures.urls)} of its {clip.frames} frames")
        self.path = next((path / "seg.dcm" for path in first if (path / "seg.dcm").is_file()), None)
        if self.path is None and any(name.startswith("dicom") for name in run.options.formats):
            raise _missing("they have no seg.dcm, which would refer to it")

    def pictures(self) -> Iterator[np.ndarray]:
        """Iterate over the gray levels of the box, ``(H, W)``."""
        return (self._pictures.gray(frame, self.box_shape) for frame in sorted(self._pictures.urls))

    def place(self, mask: np.ndarray) -> np.ndarray:
        """Place a mask of the box on the full grid."""
        placed = np.zeros(self.shape, mask.dtype)
        placed[self.box] = mask
        return placed


class OpenedClip(ClipSource):
    """The clip itself, opened as it was for the results.

    Raises:
        ClipReadError, FileNotFoundError: if it cannot be read.
        ValueError: if it is another clip.
    """

    origin = "the clip"
    echo_level = 2.0

    def __init__(self, clip: PathLike | Stills, results: ClipResults) -> None:
        options = results.provenance.options
        super().__init__(clip, options)
        if self.id != results.clip_id:
            shown = " and ".join(map(str, clip)) if isinstance(clip, Stills) else clip
            raise ValueError(f"{shown} is not the clip that was measured ({results.clip_id}); pass that one.")
        check_formats(self, options)

    def pictures(self) -> Iterator[np.ndarray]:
        """Iterate over the gray levels of the box, ``(H, W)``."""
        scale, box = self.gray_scale, self.box  # measured first, because that reads the frames, too
        return (np.nan_to_num(scale.apply(frame[box])) for frame in self.frames())


def _missing(reason: str) -> ValueError:
    return ValueError(f"the results cannot be written again without the clip, because {reason}; pass it with --clip.")
