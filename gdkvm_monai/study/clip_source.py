"""The clip to segment: its frames, its gray scale, and the part of each frame that the network sees."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path

import numpy as np
from monai.config import PathLike

from gdkvm_monai.data.clip import ClipMeta, ClipReadError, ClipStream
from gdkvm_monai.data.decoder_process import open_apart
from gdkvm_monai.data.geometry import REGION, field_trust, picture_affine, region_slices
from gdkvm_monai.data.intensity import GrayScale, measure_gray_scale
from gdkvm_monai.data.open import open_clip
from gdkvm_monai.metrics.marked_phases import PhaseMarks
from gdkvm_monai.study.clip_identity import ClipIdentity
from gdkvm_monai.study.measurements import ClipFacts
from gdkvm_monai.study.open_stills import open_stills
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.stills import Stills

__all__ = ["ClipSource"]


class ClipSource:
    """An open file, folder of frames, pair of stills, or array.

    Args:
        clip: path, two stills, or array ``(H, W, T)``: lateral, depth, time.
        options: how to read it.

    Attributes:
        path: path or paths of the clip; ``None`` for an array.
        sha256: hash of its content. The first 16 digits are its :attr:`id`, which contains no patient data.
        stream: full frames as stored in the file.
        shape: size of the full frame, ``(H, W)``.
        region: tissue region of an ultrasound DICOM, ``(x0, y0, x1, y1)``, which the network sees; ``None`` for all.
        marks: frames of end-diastole and end-systole that the user stated: those of two stills.
        affine: affine of the full frame, ``(4, 4)``.

    Raises:
        ClipReadError, FileNotFoundError: see :func:`~gdkvm_monai.data.open.open_clip`.
    """

    def __init__(self, clip: PathLike | Stills | np.ndarray, options: SegmentOptions) -> None:
        self.options = options
        self.marks = PhaseMarks((0,), (1,)) if isinstance(clip, Stills) else PhaseMarks()
        if isinstance(clip, np.ndarray):
            self._identity, self.path, self.stream, self.format = None, None, _array_stream(clip), "array"
            self.sha256, self.bytes = hashlib.sha256(np.ascontiguousarray(clip)).hexdigest(), clip.nbytes
        else:
            self.path = clip if isinstance(clip, Stills) else Path(clip)
            open_path = open_stills if isinstance(clip, Stills) else open_clip
            self._identity = ClipIdentity(self.path)
            self.stream = open_apart(open_path, self.path, options.read_options())
            self.sha256, self.bytes, self.format = self._identity.hash(), self._identity.bytes, self._identity.format
        self.id = self.sha256[:16]
        self.shape, self.affine = self.stream.shape, self.stream.affine
        self.region = self.stream.meta.get(REGION) if options.crop else None

    def frames(self) -> Iterator[np.ndarray]:
        """Iterate over the full frames ``(H, W)`` as stored in the file.

        Raises:
            ClipReadError: after the last frame, if the clip is no longer the one that was hashed.
        """
        yield from self.stream
        if self._identity is not None:
            self._identity.check()

    @cached_property
    def gray_scale(self) -> GrayScale:
        """Gray scale of the whole clip within the box; reads all frames if they have more than 8 bits."""
        scale = measure_gray_scale(_Cropped(self.stream, self.box))
        if scale.is_scaled:
            self.stream.meta.update(intensity_low=scale.low, intensity_high=scale.high)
        return scale

    def gray(self, frame: np.ndarray) -> np.ndarray:
        """Return what the network sees of a full frame before it is resized: gray levels from 0 to 255."""
        return self.gray_scale.apply(frame[self.box])

    @property
    def box(self) -> tuple[slice, slice]:
        """Position in the full frame of the part that the network sees."""
        return region_slices(self.region, self.shape)

    @property
    def box_shape(self) -> tuple[int, int]:
        """Size of the box, ``(H, W)``."""
        columns, rows = self.box
        return columns.stop - columns.start, rows.stop - rows.start

    def place(self, mask: np.ndarray) -> np.ndarray:
        """Place a mask of the box on the full grid."""
        placed = np.zeros(self.shape, mask.dtype)
        placed[self.box] = mask
        return placed

    @property
    def spacing_trust(self) -> str:
        """Trust in the pixel spacing, see :class:`ClipMeta`; a spacing that the user states must be plausible, too."""
        if self.options.spacing_mm is None:
            return self.stream.meta["spacing_trust"]
        lateral_px, depth_px = self.box_shape
        return field_trust(lateral_px * self.options.spacing_mm[0], depth_px * self.options.spacing_mm[1])

    @property
    def spacing_mm(self) -> tuple[float, float] | None:
        """Pixel spacing in mm per pixel, lateral and in depth; ``None`` if it cannot be trusted."""
        if self.spacing_trust != "ok":
            return None
        if self.options.spacing_mm is not None:
            return self.options.spacing_mm
        lateral, depth = np.linalg.norm(self.affine[:3, :2], axis=0)
        return float(lateral), float(depth)

    def times(self, count: int) -> tuple[list[float] | None, str | None]:
        """Return the onset of each of ``count`` frames in seconds and the source of the times; ``None`` if unknown.

        A source without times states some that no echo has.
        """
        meta = self.stream.meta
        if self.options.fps is not None:
            return [frame / self.options.fps for frame in range(count)], "option"
        if "frame_times_ms" in meta:
            return [float(time) / 1000 for time in meta["frame_times_ms"].split()][:count], meta["frame_time_source"]
        if "frame_time_ms" in meta:
            return [frame * meta["frame_time_ms"] / 1000 for frame in range(count)], meta["frame_time_source"]
        return None, meta.get("frame_time_source")

    def facts(self, valid: Sequence[bool]) -> ClipFacts:
        """Return the facts for ``measurements.json``; they are complete once all frames have been read."""
        meta = self.stream.meta
        count = len(valid)
        times, timing = self.times(count)
        step_s = (times[-1] - times[0]) / (count - 1) if times and count > 1 else None
        return ClipFacts(
            id=self.id,
            view=self.options.view,
            frames=count,
            valid_frames=int(sum(valid)),
            lateral_px=self.box_shape[0],
            depth_px=self.box_shape[1],
            frame_time_ms=None if not step_s else round(1000 * step_s, 4),
            frame_time_source=timing,
            frame_rate_hz=None if not step_s else round(1 / step_s, 4),
            unusable_times=meta.get("unusable_times") if self.options.fps is None else None,
            spacing_trust=self.spacing_trust,
            spacing_mm=None if self.spacing_mm is None else tuple(round(length, 6) for length in self.spacing_mm),
            partial=bool(meta.get("partial", False)),
            mode=meta.get("mode", "unknown"),
            phantom=bool(meta.get("phantom", False)),
            secondary_capture=bool(meta.get("secondary_capture", False)),
            tissue_regions=meta.get("tissue_regions", 0),
            tissue_region=meta.get("tissue_region", 0) if self.options.crop else 0,
            tissue_region_chosen=self.options.region is not None,
        )


class _Cropped:
    """The frames of a stream, cropped to a box; can be iterated more than once."""

    def __init__(self, stream: ClipStream, box: tuple[slice, slice]) -> None:
        self.stream, self.box = stream, box

    def __iter__(self) -> Iterator[np.ndarray]:
        with closing(self.stream) as stream:
            for frame in stream:
                yield frame[self.box]


def _array_stream(clip: np.ndarray) -> ClipStream:
    if clip.ndim != 3 or clip.dtype.kind not in "buif" or 0 in clip.shape:
        raise ClipReadError(f"the array has shape {clip.shape} and type {clip.dtype}, expected a gray clip (H, W, T).")
    meta: ClipMeta = {"spacing_trust": "absent", "partial": False}
    return ClipStream(clip.shape[:2], clip.shape[2], picture_affine(), meta, lambda: iter(np.moveaxis(clip, -1, 0)))
