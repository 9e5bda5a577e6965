"""Settings of a phantom data set, and its ``phantom.json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gdkvm_monai.data.phantom.ultrasound import QUALITIES
from gdkvm_monai.files import plain, write_json
from gdkvm_monai.labels import VIEWS, parse_view

__all__ = ["PHANTOM_VERSION", "PhantomSettings", "check_counts", "claim_folder"]

PHANTOM_VERSION = "1"
"""Changes whenever the same settings give different images or labels."""


@dataclass(frozen=True)
class PhantomSettings:
    """Settings of a phantom data set in the layout of CAMUS.

    Attributes:
        num_patients: patients for training, validation, and testing, numbered in this order from 1.
        size: height and width in pixels; ``None`` with ``spacing_mm``.
        seed: non-negative integer.
        frames: smallest and largest number of frames of a half sequence (end-diastole to end-systole, inclusive), or
            one number; at least 2.
        views: any of "2CH" (A2C) and "4CH" (A4C).
        qualities: any of "good", "medium", and "poor", drawn with equal probability for every view.
        spacing_mm: side of a square pixel instead of ``size``, as in CAMUS (0.308); images then differ in size.
        systole_first: share of the clips that run from end-diastole to end-systole; the others show the filling and
            start at end-systole, so that ED > ES in their ``Info`` file.

    Raises:
        ValueError: if a setting is out of range.
    """

    num_patients: Sequence[int] = (40, 8, 8)
    size: Sequence[int] | None = (256, 256)
    seed: int = 0
    frames: int | Sequence[int] = (14, 20)
    views: Sequence[str] = VIEWS
    qualities: Sequence[str] = tuple(QUALITIES)
    spacing_mm: float | None = None
    systole_first: float = 0.9

    def __post_init__(self) -> None:
        frames = (self.frames, self.frames) if isinstance(self.frames, int) else self.frames
        for name, values in (("num_patients", self.num_patients), ("frames", frames), ("size", self.size)):
            object.__setattr__(self, name, None if values is None else tuple(int(value) for value in values))
        object.__setattr__(self, "seed", int(self.seed))
        check_counts(self.num_patients)
        low, high = self.frames
        if not 2 <= low <= high:
            raise ValueError(
                f"frames = {low, high} must be at least 2, the smaller number first, for example (14, 20)."
            )
        object.__setattr__(self, "views", tuple(map(parse_view, self.views)))
        for name, known in (("views", VIEWS), ("qualities", tuple(QUALITIES))):
            object.__setattr__(self, name, tuple(getattr(self, name)))
            if not getattr(self, name) or not set(getattr(self, name)) <= set(known):
                raise ValueError(f"{name} = {getattr(self, name)} must be one or several of {', '.join(known)}.")
        if (self.size is None) == (self.spacing_mm is None):
            raise ValueError(f"size = {self.size} and spacing_mm = {self.spacing_mm}: give exactly one of them.")
        if not 0 <= self.systole_first <= 1:
            raise ValueError(f"systole_first = {self.systole_first} must be within 0 to 1, for example 0.9.")


def check_counts(num_patients: Sequence[int]) -> None:
    """Check the numbers of patients for training, validation, and testing.

    Raises:
        ValueError: if there are not three, one is negative, or their sum is not within 1 to 9999.
    """
    if len(num_patients) != 3 or min(num_patients) < 0 or not 0 < sum(num_patients) < 10000:
        raise ValueError(
            f"num_patients = {num_patients} must be three counts (training, validation, testing) of 1 to 9999 in all."
        )


def claim_folder(root: Path, settings: PhantomSettings) -> None:
    """Write ``phantom.json``, or check that the existing one holds the same settings.

    Raises:
        ValueError: if the folder holds phantoms of other settings, or other data.
    """
    path, stated = root / "phantom.json", plain({"phantom_version": PHANTOM_VERSION} | asdict(settings))
    if path.is_file():
        found = json.loads(path.read_text())
        changed = sorted(key for key in {*found, *stated} if found.get(key) != stated.get(key))
        if changed:
            raise ValueError(
                f"{root} holds a phantom with another {', '.join(changed)} "
                f"({', '.join(str(found.get(key)) for key in changed)}); remove the folder or choose another root_dir."
            )
    elif (root / "database_nifti").exists():
        raise ValueError(f"{root} holds data that are not a phantom (no phantom.json); choose another root_dir.")
    else:
        write_json(path, stated)
