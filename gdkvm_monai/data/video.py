"""AVI and MP4 clips by PyAV, whose decoder returns the first part of a truncated file without a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .clip import INSTALL, Clip, ClipReadError, ReadOptions, check_size, luma, picture_affine

__all__ = ["read_video"]


def read_video(path: Path, options: ReadOptions) -> Clip:
    """Read a video as 8-bit gray, color by :func:`~gdkvm_monai.data.clip.luma`.

    The metadata hold ``fps`` and ``frame_time_ms`` where the container states a rate. A video knows no millimeters.

    Raises:
        ClipReadError: when the file is damaged, holds no video, has fewer frames than its container states
            (``allow_partial`` accepts and flags it), or PyAV is missing.
    """
    try:
        import av
    except ImportError as error:
        raise ClipReadError(f"{path} needs PyAV to be read; install it: {INSTALL.format('video')}.") from error
    try:
        # an edit list of an MP4 hides frames; the container's count includes them
        with av.open(str(path), options={"ignore_editlist": "1"}) as container:
            if not container.streams.video:
                raise ClipReadError(f"{path} holds no video; give an AVI or MP4 file with pictures.")
            stream = container.streams.video[0]
            check_size(path, (stream.width, stream.height, max(stream.frames, 1)), options.max_voxels)
            claimed, rate = stream.frames, stream.average_rate
            frames = _decode(path, container, stream, options, av.FFmpegError)
    except av.FFmpegError as error:
        raise ClipReadError(f"{path} cannot be read as a video; copy it again from its source.") from error
    partial = len(frames) < claimed  # a count of 0 means that the container states none
    if not frames or (partial and not options.allow_partial):
        raise ClipReadError(
            f"{path} states {claimed} frames but {len(frames)} can be decoded; copy it again from its source"
            f"{', or set allow_partial' if frames else ''}."
        )
    meta = {"spacing_trust": "absent", "partial": partial}
    if rate:
        meta.update(fps=float(rate), frame_time_ms=1000 / float(rate), frame_time_source="container")
    return Clip(np.stack(frames, axis=-1), picture_affine(frame_time_s=1 / float(rate) if rate else 1), meta)


def _decode(path: Path, container, stream, options: ReadOptions, failure: type[Exception]) -> list[np.ndarray]:
    """Gray frames, lateral first, up to the first that is damaged."""
    frames: list[np.ndarray] = []
    try:
        for frame in container.decode(stream):
            if frame.is_corrupt:
                break
            if frame.format.name.startswith("gray"):
                pixels = frame.to_ndarray(format="gray")
            else:
                pixels = luma(frame.to_ndarray(format="rgb24"))
            if frames and pixels.T.shape != frames[0].shape:
                raise ClipReadError(f"{path} changes its size at frame {len(frames) + 1}; export it with one size.")
            frames.append(pixels.T)
            check_size(path, (*frames[0].shape, len(frames)), options.max_voxels)
    except failure:
        pass  # the caller compares the count with the container's
    return frames
