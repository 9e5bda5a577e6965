"""Write phantom patients in the layout of EchoNet-Dynamic: four-chamber videos and traced contours of two frames."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gdkvm_monai.data.phantom.clip import PhantomClip, render_phantom_clip
from gdkvm_monai.data.phantom.echo import EchoPhantom
from gdkvm_monai.data.phantom.formats import check_packages, write_clip
from gdkvm_monai.data.phantom.plane import ViewPlane
from gdkvm_monai.data.phantom.section import LEVELS
from gdkvm_monai.data.phantom.settings import check_counts
from gdkvm_monai.data.phantom.truth import ClipTruth
from gdkvm_monai.folders import atomic_folder

__all__ = ["trace_ventricle", "write_echonet_phantom"]

SIDE = 112
SPLITS = ("TRAIN", "VAL", "TEST")
FILE_LIST = ("FileName", "EF", "ESV", "EDV", "FrameHeight", "FrameWidth", "FPS", "NumberOfFrames", "Split")
TRACINGS = ("FileName", "X1", "Y1", "X2", "Y2", "Frame")


def write_echonet_phantom(
    root_dir: str | os.PathLike,
    num_patients: Sequence[int] = (6, 1, 1),
    seed: int = 0,
    quality: str = "medium",
    beats: float = 2,
    frame_rate_hz: float = 50,
    overwrite: bool = False,
) -> dict[str, ClipTruth]:
    """Write seeded phantom patients in the layout of EchoNet-Dynamic, atomically.

    ``root_dir`` receives ``Videos/PHANTOM0001.avi`` (112 x 112 square pixels, MJPEG), ``FileList.csv`` and
    ``VolumeTracings.csv``. Each video has two traced frames, end-systole first: a row with the long axis, then twenty
    rows with chords. A patient number and a seed give the same heart as in the CAMUS layout.

    Args:
        root_dir: folder to write.
        num_patients: patients for training, validation, and testing, numbered in this order from 1.
        seed: non-negative integer.
        quality: "good", "medium", or "poor".
        beats: duration of each video in beats, at least 1 to include both phases.
        frame_rate_hz: frames per second.
        overwrite: whether to replace the folder.

    Returns:
        The truth of each video by its path in ``root_dir``.

    Raises:
        FileExistsError: if the folder exists and ``overwrite`` is false.
        ImportError: if PyAV is missing.
        ValueError: if an argument is out of range.

    References:
        Ouyang et al., "Video-based AI for beat-to-beat assessment of cardiac function", Nature 580, 2020.
    """
    check_packages(["avi"])
    check_counts(num_patients)
    if beats < 1:
        raise ValueError(f"beats = {beats} must be at least 1, so that a video shows end-diastole and end-systole.")
    splits = np.repeat(SPLITS, num_patients)
    files, tracings, truth = [], [], {}
    with atomic_folder(root_dir, overwrite) as root:
        for number, split in enumerate(splits, start=1):
            name, phantom = f"PHANTOM{number:04d}", EchoPhantom((seed, number), quality)
            clip = _square_clip(phantom, beats, frame_rate_hz)
            write_clip(root / "Videos" / f"{name}.avi", clip, "avi")
            volumes = (f"{value:.4f}" for value in (phantom.ef_percent, phantom.esv_ml, phantom.edv_ml))
            files.append((name, *volumes, SIDE, SIDE, f"{frame_rate_hz:g}", clip.image.shape[-1], split))
            told = truth[f"Videos/{name}.avi"] = clip.truth()
            for frame in (told.es_frames[0], told.ed_frames[0]):
                lines = trace_ventricle(clip, frame).reshape(-1, 4)
                tracings += [(f"{name}.avi", *(f"{value:.4f}" for value in line), frame) for line in lines]
        _write_csv(root / "FileList.csv", FILE_LIST, files)
        _write_csv(root / "VolumeTracings.csv", TRACINGS, tracings)
    return truth


def trace_ventricle(clip: PhantomClip, frame: int, disks: int = 20) -> np.ndarray:
    """Trace the cavity along its true contour.

    Args:
        clip: phantom clip, whose sector begins at the first pixel.
        frame: counted from 0.
        disks: number of chords.

    Returns:
        Ends ``(1 + disks, 2, 2)`` of lines as lateral and depth pixel indices: the long axis from apex to base, then
        the chords parallel to the mitral plane at the middle of each disk, from apex to base, left end first.
    """
    plane = ViewPlane(clip.phantom.heart, clip.view, clip.phantom.seed)
    section = clip.phantom.heart.section(clip.view, [frame / clip.frame_rate_hz])
    levels = 1 - (np.arange(disks) + 0.5) / disks
    half, center = (np.interp(levels, LEVELS, values[0]) for values in (section.cavity_half, section.center))
    z = section.cavity_length[0] * levels
    axis = [[section.center[0, -1], section.cavity_length[0]], [section.center[0, 0], 0.0]]
    chords = np.stack([np.stack([center - half, z], -1), np.stack([center + half, z], -1)], axis=1)
    lines_mm = plane.to_picture(np.concatenate([[axis], chords]), section.wall_length[0])
    lines_mm[..., 0] += plane.depth_mm * np.sin(plane.half_angle)  # from the left border instead of the transducer
    return lines_mm / clip.spacing_mm - 0.5


def _square_clip(phantom: EchoPhantom, beats: float, frame_rate_hz: float) -> PhantomClip:
    """Render square pixels in a square image: the sector is wider than it is deep, and the area below it is black."""
    plane = ViewPlane(phantom.heart, "4CH", phantom.seed)
    depth = round(SIDE / (2 * np.sin(plane.half_angle)))
    clip = render_phantom_clip(phantom, "4CH", beats, frame_rate_hz, (depth, SIDE))
    below = ((0, 0), (0, SIDE - depth), (0, 0))
    return replace(clip, image=np.pad(clip.image, below), label=np.pad(clip.label, below))


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
