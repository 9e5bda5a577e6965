"""The reader of two stills, which become a clip of two frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gdkvm_monai.data.clip import Clip, ClipMeta, ClipReadError, ClipStream, ReadOptions
from gdkvm_monai.data.formats.png import open_png_frames
from gdkvm_monai.data.geometry import REGION
from gdkvm_monai.data.open import open_clip
from gdkvm_monai.study.stills import Stills

__all__ = ["open_stills"]

CLIP_KEYS = ("frame_time_ms", "frame_times_ms", "frame_time_source", "fps")
"""Metadata of a moving clip, which two stills do not have."""


def open_stills(stills: Stills, options: ReadOptions = ReadOptions()) -> ClipStream:
    """Open two stills as a clip of two frames, end-diastole first.

    Raises:
        ClipReadError: if a file cannot be read or holds several frames, or the two differ in size, pixel spacing,
            pixel type, or ultrasound region.
        FileNotFoundError: if a file is missing.
    """
    ed, es = (_read_still(path, options) for path in stills)
    _refuse_difference("sizes", _size(ed), _size(es))
    _refuse_difference("pixel spacings", _spacing(ed), _spacing(es))
    _refuse_difference("pixel types", ed.pixels.dtype.name, es.pixels.dtype.name)
    _refuse_difference("ultrasound regions", ed.meta.get(REGION), es.meta.get(REGION))
    meta: ClipMeta = {key: value for key, value in ed.meta.items() if key not in CLIP_KEYS}
    pixels = np.concatenate([ed.pixels, es.pixels], axis=-1)
    return ClipStream(pixels.shape[:2], 2, ed.affine, meta, lambda: iter(np.moveaxis(pixels, -1, 0)))


def _read_still(path: Path, options: ReadOptions) -> Clip:
    stream = open_png_frames([path], options) if path.suffix.lower() == ".png" else open_clip(path, options)
    frames = stream.count if stream.count is not None else 2  # a video of unknown length is not a still
    if frames == 1:
        return stream.collect()
    raise ClipReadError(f"{path} is a clip of several frames, expected a still; pass it without --ed and --es.")


def _refuse_difference(name: str, ed: object, es: object) -> None:
    if ed != es:
        raise ClipReadError(
            f"the {name} of the end-diastolic and the end-systolic still differ, {ed} and {es}; pass two stills of "
            "one recording."
        )


def _size(still: Clip) -> str:
    return f"{still.pixels.shape[0]} x {still.pixels.shape[1]} pixels"


def _spacing(still: Clip) -> str:
    """Return the pixel spacing to four digits, lateral and depth, or why it is unknown."""
    if still.meta["spacing_trust"] != "ok":
        return str(still.meta["spacing_trust"])
    lateral, depth = np.linalg.norm(still.affine[:3, :2], axis=0)
    return f"{lateral:.4g} x {depth:.4g} mm"
