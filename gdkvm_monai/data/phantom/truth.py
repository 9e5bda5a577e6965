"""The ground truth of phantom clips, and its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from gdkvm_monai.data.phantom.settings import PHANTOM_VERSION
from gdkvm_monai.files import write_json

__all__ = ["ClipTruth", "read_truth", "write_truth"]


@dataclass(frozen=True)
class ClipTruth:
    """The ground truth of a clip; its fields are the keys of ``truth.json``.

    Attributes:
        seed: seed of the patient.
        quality: "good", "medium", or "poor".
        view: "2CH" or "4CH".
        ef_percent: ejection fraction.
        edv_ml, esv_ml: end-diastolic and end-systolic volumes of the left ventricle.
        heart_rate_bpm: beats per minute.
        ed_frames, es_frames: frames nearest to end-diastole and end-systole of every beat, counted from 0.
        frame_rate_hz: frames per second.
        spacing_mm: lateral and axial.
        shape: ``[H, W, T]``: lateral, depth, time.
    """

    seed: int | list[int]
    quality: str
    view: str
    ef_percent: float
    edv_ml: float
    esv_ml: float
    heart_rate_bpm: float
    ed_frames: list[int]
    es_frames: list[int]
    frame_rate_hz: float
    spacing_mm: list[float]
    shape: list[int]


def read_truth(path: Path) -> dict[str, ClipTruth]:
    """Read a ``truth.json``.

    Returns:
        The truth of each clip by its path relative to the file's folder; empty if the file does not exist.

    Raises:
        ValueError: if the file is not a ``truth.json``.
    """
    if not path.is_file():
        return {}
    try:
        return {file: ClipTruth(**told) for file, told in json.loads(path.read_text())["clips"].items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a truth.json of this command; choose another folder.") from error


def write_truth(path: Path, clips: Mapping[str, ClipTruth]) -> None:
    """Write a ``truth.json``; clips are sorted by their paths."""
    told = {file: asdict(clips[file]) for file in sorted(clips)}
    write_json(path, {"phantom_version": PHANTOM_VERSION, "clips": told})
