"""The pictures of the clip report: a sample of the frames as JPEG, with contours as SVG paths."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from gdkvm_monai.study.measurements import Beat, Measurements
from gdkvm_monai.visualize.clip_frames import aspect_spacing, contours, picture_size, sample_frames, upright

__all__ = ["Pictures", "first_measured_beat", "sample_pictures"]

QUALITIES = (80, 65, 50, 35, 20)
"""JPEG qualities to try in order until a picture is small enough; the last one is used in any case."""

LARGEST_BYTES, ALL_BYTES = 36_000, 3_300_000
"""Largest size of one picture and of all of them: a report then has at most 5 MB, because Base64 adds a third."""

RandomAccess = Callable[[int], np.ndarray]


@dataclass(frozen=True)
class Pictures:
    """The embedded frames of a clip.

    Attributes:
        frames: their indices in the clip.
        step: interval at which frames of the clip are sampled.
        all_phases: whether every frame of end-diastole and end-systole is embedded.
        size: columns and rows of a picture.
        shape: lateral and depth pixels of the clip.
    """

    frames: list[int]
    step: int
    all_phases: bool
    size: tuple[int, int]
    shape: tuple[int, int]

    def contours(self, mask: RandomAccess) -> list[dict[str, str]]:
        """Return the SVG path of each structure in every embedded frame.

        Raises:
            ValueError: if a mask is not on the clip's grid.
        """
        masks = (self._read(mask, frame) for frame in self.frames)
        return [{name: _path(lines) for name, lines in contours(pixels, self.size).items()} for pixels in masks]

    def data_url(self, picture: RandomAccess, frame: int) -> str:
        """Return the picture of a frame as a ``data:`` URL.

        Raises:
            ValueError: if it is not on the clip's grid.
        """
        largest = min(LARGEST_BYTES, ALL_BYTES // len(self.frames))
        code = base64.b64encode(_jpeg(upright(self._read(picture, frame), self.size), largest)).decode("ascii")
        return f"data:image/jpeg;base64,{code}"

    def data_urls(self, picture: RandomAccess, known: Mapping[int, str] | None = None) -> Iterator[str]:
        """Yield the URLs of all embedded pictures, with one in memory at a time; those in ``known`` are not read."""
        for frame in self.frames:
            yield (known or {}).get(frame) or self.data_url(picture, frame)

    def _read(self, source: RandomAccess, frame: int) -> np.ndarray:
        array = np.asarray(source(frame))
        if array.shape != self.shape:
            raise ValueError(
                f"frame {frame} has {array.shape} pixels, the measurements state {self.shape[0]} x {self.shape[1]} "
                "(lateral x depth); pass pictures and masks on the clip's own grid."
            )
        return array


def sample_pictures(measurements: Measurements, max_frames: int) -> Pictures:
    """Choose the frames to embed: every n-th frame plus all of ED and ES or, if there are too many, those of one beat.

    Raises:
        ValueError: if ``max_frames`` is too small.
    """
    clip, phases, beats = measurements.clip, measurements.phases, measurements.beats
    keep = {*phases.ed_frames, *phases.es_frames, *(f for beat in beats for f in (beat.ed_frame, beat.es_frame))}
    if len({0, *keep}) > max_frames and beats:
        beat = beats[first_measured_beat(beats)]
        keep = {beat.ed_frame, beat.es_frame}
    frames, step = sample_frames(clip.frames, max_frames, sorted(keep))
    shape = (clip.lateral_px, clip.depth_px)
    return Pictures(
        frames=frames,
        step=step,
        all_phases={*phases.ed_frames, *phases.es_frames} <= set(frames),
        size=picture_size(shape, aspect_spacing(clip.spacing_mm, clip.spacing_trust)),
        shape=shape,
    )


def first_measured_beat(beats: Sequence[Beat]) -> int:
    """Return the index of the first beat in the mean that has an ejection fraction, or 0 if there is none."""
    return next((index for index, beat in enumerate(beats) if beat.in_mean and beat.ef_percent is not None), 0)


def _path(polygons: Sequence[np.ndarray]) -> str:
    return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points[:-1]) + "Z" for points in polygons)


def _jpeg(picture: Image.Image, largest_bytes: int) -> bytes:
    for quality in QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= largest_bytes:
            break
    return buffer.getvalue()
