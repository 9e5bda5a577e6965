"""The report of one clip: one HTML file with the clip, its contours, curves, and measurements, for offline reading."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

from gdkvm_monai.files import atomic_write
from gdkvm_monai.study.frame_table import FrameTable
from gdkvm_monai.study.measurements import Measurements
from gdkvm_monai.study.report.context import gather
from gdkvm_monai.study.report.environment import load_environment
from gdkvm_monai.study.report.pictures import sample_pictures
from gdkvm_monai.study.run_record import RunRecord

__all__ = ["write_clip_report"]


def write_clip_report(
    path: str | os.PathLike,
    measurements: Measurements,
    frames: FrameTable,
    run: RunRecord,
    picture: Callable[[int], np.ndarray],
    mask: Callable[[int], np.ndarray],
    max_frames: int = 120,
) -> None:
    """Write the results of one clip to an HTML file that needs no network and no server, and sends nothing.

    The file holds at most ``max_frames`` pictures. All frames of ED and ES are among them, or, if there are too many,
    the frames of the beat that is shown. Curves and measurements cover every frame. The write is atomic, with one
    picture in memory at a time.

    Args:
        path: file to write, ``.html``.
        measurements: measurements of the clip.
        frames: values of every frame.
        run: how they were computed.
        picture: gives the frame ``t`` as gray values ``(H, W)``, lateral and depth, uint8.
        mask: gives its class indices ``(H, W)``.
        max_frames: largest number of pictures to embed, at least 3 if there is a beat.

    Raises:
        ValueError: if the table and the clip differ in length, ``max_frames`` is too small, or a picture
            or a mask is not on the clip's grid.
    """
    count = measurements.clip.frames
    if len(frames) != count:
        raise ValueError(f"the table has {len(frames)} frames, the measurements {count}; pass those of one clip.")
    pictures = sample_pictures(measurements, max_frames)
    context = gather(measurements, frames, run, pictures, picture, pictures.contours(mask))
    template = load_environment().get_template("clip_report.html")
    with atomic_write(path) as partial, open(partial, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(template.generate(vars(context)))
