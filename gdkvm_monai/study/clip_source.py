"""The clip to segment: its frames, its gray scale, and the part of each frame that the network sees."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path

import numpy as np
from monai.config import PathLike

from gdkvm_monai.data.clip import ClipMeta, ClipReadError, ClipStream
from gdkvm_monai.data.geometry import REGION, picture_affine, region_slices
from gdkvm_monai.data.intensity import GrayScale, measure_gray_scale
from gdkvm_monai.data.open import CLIP_SUFFIXES, open_clip
from gdkvm_monai.files import file_sha256
from gdkvm_monai.metrics.marked_phases import PhaseMarks
from gdkvm_monai.study.measurements import ClipFacts
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.stills import Stills, open_stills

__all__ = ["ClipSource", "clip_files"]


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
            self.path, self.stream, self.format = None, _array_stream(clip), "array"
            self.sha256, self.bytes = hashlib.sha256(np.ascontiguousarray(clip)).hexdigest(), clip.nbytes
        else:
            self.path = clip if isinstance(clip, Stills) else Path(clip)
            open_path = open_stills if isinstance(clip, Stills) else open_clip
            self.stream = open_path(self.path, options.read_options())
            self.sha256, self.bytes = _content(self.path)
            self.format = _format(self.path)
        self.id = self.sha256[:16]
        self.shape, self.affine = self.stream.shape, self.stream.affine
        self.region = self.stream.meta.get(REGION) if options.crop else None

    def frames(self) -> Iterator[np.ndarray]:
        """Iterate over the full frames ``(H, W)`` as stored in the file."""
        yield from self.stream

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
    def spacing_mm(self) -> tuple[float, float] | None:
        """Pixel spacing in mm per pixel, lateral and in depth; ``None`` if it cannot be trusted."""
        if self.options.spacing_mm is not None:
            return self.options.spacing_mm
        if self.stream.meta["spacing_trust"] != "ok":
            return None
        lateral, depth = np.linalg.norm(self.affine[:3, :2], axis=0)
        return float(lateral), float(depth)

    def times(self, count: int) -> tuple[list[float] | None, str | None]:
        """Return the onset of each of ``count`` frames in seconds and the source of the times; ``None`` if unknown."""
        meta = self.stream.meta
        if self.options.fps is not None:
            return [frame / self.options.fps for frame in range(count)], "option"
        if "frame_times_ms" in meta:
            return [float(time) / 1000 for time in meta["frame_times_ms"].split()][:count], meta["frame_time_source"]
        if "frame_time_ms" in meta:
            return [frame * meta["frame_time_ms"] / 1000 for frame in range(count)], meta["frame_time_source"]
        return None, None

    def facts(self, valid: Sequence[bool]) -> ClipFacts:
        """Return the facts for ``measurements.json``; they are complete once all frames have been read."""
        meta = self.stream.meta
        count = len(valid)
        times, timing = self.times(count)
        step_s = (times[-1] - times[0]) / (count - 1) if times and count > 1 else None
        trust = meta["spacing_trust"] if self.options.spacing_mm is None else "ok"
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
            spacing_trust=trust,
            spacing_mm=None if self.spacing_mm is None else tuple(round(length, 6) for length in self.spacing_mm),
            partial=bool(meta.get("partial", False)),
            mode=meta.get("mode", "unknown"),
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


def clip_files(path: Path | Stills) -> list[Path]:
    """Return the files of a clip: one file, a folder's files by name, or a MetaImage header and its pixel file."""
    if isinstance(path, Stills):
        return [file for still in path for file in clip_files(still)]
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.is_file())
    if path.suffix.lower() != ".mhd" or not path.is_file():
        return [path]
    with open(path, "rb") as file:
        stated = re.search(rb"^\s*ElementDataFile\s*=\s*(.*?)\s*$", file.read(1 << 16), re.MULTILINE)
    name = stated[1].decode(errors="replace") if stated else "LOCAL"
    if name == "LOCAL":
        return [path]
    pixels = path.parent / name  # otherwise a list or a pattern of names
    return [path, *([pixels] if pixels.is_file() else [file for file in clip_files(path.parent) if file != path])]


def _content(path: Path | Stills) -> tuple[str, int]:
    """Return the SHA-256 and the size in bytes of a clip's files."""
    files = clip_files(path)
    if len(files) == 1:
        return file_sha256(files[0]), files[0].stat().st_size
    hashes = "".join(file_sha256(file) for file in files)
    if isinstance(path, Stills):
        hashes = f"stills {hashes}"  # not the identity of a folder with the same two frames
    return hashlib.sha256(hashes.encode()).hexdigest(), sum(file.stat().st_size for file in files)


def _format(path: Path | Stills) -> str:
    """Return the format as a known suffix, because the rest of a file name may contain a patient's name."""
    if isinstance(path, Stills):
        return "two stills"
    known = [suffix for suffix in CLIP_SUFFIXES if path.name.lower().endswith(suffix)]
    return "folder" if path.is_dir() else max(known, key=len, default="dicom")
