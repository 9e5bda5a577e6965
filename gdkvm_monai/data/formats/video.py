"""AVI, MP4, and Matroska clips, decoded with PyAV, which stops silently at the end of a truncated file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gdkvm_monai.data.clip import (
    INSTALL,
    PHANTOM_MARK,
    ClipMeta,
    ClipReadError,
    ClipStream,
    ReadOptions,
    check_size,
    luma,
)
from gdkvm_monai.data.formats.video_container import check_container, ends_early
from gdkvm_monai.data.formats.video_display import (
    AS_STORED,
    DisplayError,
    apply_matrix,
    display_matrix,
    frame_times,
    pixel_aspect,
    square_size,
)
from gdkvm_monai.data.geometry import picture_affine
from gdkvm_monai.data.mode import watch_color

__all__ = ["open_video"]

CONTAINER_OPTIONS = {
    "ignore_editlist": "1"
}  # the edit list of an MP4 hides frames; the container's count includes them


HIDDEN = ("vp8", "vp9", "libvpx", "libvpx-vp9", "av1", "libdav1d", "libaom-av1")
"""Decoders of formats with packets that are never shown."""


Pair = tuple[np.ndarray, np.ndarray | None]


class _Damage(Exception):
    """A frame cannot be decoded."""


def open_video(path: Path, options: ReadOptions) -> ClipStream:
    """Stream a video as 8-bit gray; color is converted by :func:`~gdkvm_monai.data.clip.luma`.

    Pictures are turned as the container's display matrix says, and stretched until their pixels are square, as a player
    shows them. The metadata hold ``fps``, ``frame_time_ms``, and, for
    uneven frames, ``frame_times_ms`` from the presentation times. Edit lists are not followed, because the stated frame
    count includes what they hide. Videos have no physical spacing. A missing end cannot be detected if the container
    states neither a frame count nor its size.

    Raises:
        ClipReadError: if the file is damaged, holds no video, ends before its container does or has fewer frames than
            that states (unless ``allow_partial``, which flags it), changes its frame size, or PyAV is missing.
    """
    try:
        import av
    except ImportError as error:
        raise ClipReadError(f"{path} needs PyAV to be read; install it: {INSTALL.format('video')}.") from error
    try:
        with av.open(str(path), options=CONTAINER_OPTIONS) as container:
            check_container(path, container.format)
            stream = next(iter(container.streams.video), None)
            if stream is None or stream.codec_context is None:
                raise ClipReadError(f"{path} holds no video; choose an AVI or MP4 file with a video track.")
            check_size(path, (stream.width, stream.height, max(stream.frames, 1)), options.max_voxels)
            shape, count, rate = (stream.width, stream.height), stream.frames or None, stream.average_rate
            phantom = container.metadata.get("title") == PHANTOM_MARK
            times = frame_times(_onsets_ms(container, stream), rate and float(rate))
    except av.FFmpegError as error:
        raise ClipReadError(f"{path} cannot be read as a video; copy it again from its source.") from error
    with closing(_decode(path)) as frames, suppress(_Damage):
        shape = next((gray.shape for gray, _ in frames), shape)  # the header may be wrong
    meta: ClipMeta = {"spacing_trust": "absent", "partial": False}
    if phantom:
        meta["phantom"] = True
    meta.update(times)
    affine = picture_affine(frame_time_s=meta.get("frame_time_ms", 1000) / 1000)
    return ClipStream(shape, count, affine, meta, partial(_frames, path, shape, count, options, meta))


def _frames(path: Path, shape: tuple, count: int | None, options: ReadOptions, meta: ClipMeta) -> Iterator[np.ndarray]:
    """Yield frames of one size; after the last one, compare their number with that of the container."""
    read, cause = 0, "ends before its container does" if ends_early(path) else ""
    try:
        with closing(_decode(path)) as frames:
            for frame in watch_color(path, _of_one_size(path, shape, frames, options), None, options, meta):
                read += 1
                yield frame
    except _Damage:
        cause = cause or f"is damaged after {read} frames"
    if read < (count or 1):
        cause = f"states {count or 0} frame{'' if count == 1 else 's'} but {read} can be decoded"
    meta["partial"] = bool(cause)
    if cause and not (read and options.allow_partial):
        raise ClipReadError(f"{path} {cause}; copy it again from its source{', or set allow_partial' if read else ''}.")


def _of_one_size(path: Path, shape: tuple, frames: Iterator[Pair], options: ReadOptions) -> Iterator[Pair]:
    for number, (gray, color) in enumerate(frames, start=1):
        if gray.shape != shape:
            raise ClipReadError(f"{path} changes its size at frame {number}; export it with one size.")
        check_size(path, (*shape, number), options.max_voxels)
        yield gray, color


def _onsets_ms(container: Any, stream: Any) -> list[float]:
    """Return the presentation times of all frames, without decoding them; empty if they are unknown."""
    import av

    times = []
    with suppress(av.FFmpegError):  # damage shows while frames are decoded
        times = [packet.pts for packet in container.demux(stream) if packet.size and not packet.is_discard]
    if stream.codec_context.name in HIDDEN or None in times:
        return []
    return sorted(float(time * stream.time_base * 1000) for time in times)


def _gray(frame: Any, matrix: tuple[float, ...], aspect: float) -> Pair:
    """Return a gray frame as it is shown, lateral axis first, and the RGB frame it was converted from, if any."""
    width, height = square_size(frame.width, frame.height, aspect)
    if (width, height) != (frame.width, frame.height):
        frame = frame.reformat(width, height)
    if frame.format.name.startswith("gray"):
        return apply_matrix(frame.to_ndarray(format="gray"), *matrix).T, None
    rgb = frame.to_ndarray(format="rgb24")
    return apply_matrix(luma(rgb), *matrix).T, rgb


def _decode(path: Path) -> Iterator[Pair]:
    """Yield gray frames, lateral axis first, with the RGB frames they were converted from.

    Raises:
        ClipReadError: if the frames are not shown upright or cannot be shown with square pixels.
        _Damage: at the first damaged frame.
    """
    import av

    try:
        with av.open(str(path), options=CONTAINER_OPTIONS) as container:
            matrix = AS_STORED if container.format.name == "avi" else None  # AVI has no display matrix
            stated = float(container.streams.video[0].sample_aspect_ratio or 1)
            packets, hidden = 0, container.streams.video[0].codec_context.name in HIDDEN
            for packet in container.demux(video=0):
                packets += packet.size > 0 and not packet.is_discard
                for frame in packet.decode():
                    packets -= 1
                    if frame.is_corrupt:
                        raise _Damage
                    matrix = matrix or display_matrix(frame)
                    yield _gray(frame, matrix, pixel_aspect(matrix, stated))
            if packets > 0 and not hidden:  # some decoders skip what they cannot decode
                raise _Damage
    except DisplayError as error:
        raise ClipReadError(f"{path} {error}.") from error
    except av.FFmpegError as error:
        raise _Damage from error
