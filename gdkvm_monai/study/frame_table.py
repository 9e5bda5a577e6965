"""The per-frame table of a clip, ``frames.csv``: areas, volume, and confidence over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from monai.config import PathLike
from pydantic.dataclasses import dataclass

from gdkvm_monai.labels import STRUCTURES
from gdkvm_monai.study.missing_values import none_if_unknown
from gdkvm_monai.study.record_types import STRICT
from gdkvm_monai.study.segmented_frame import SegmentedFrame

__all__ = ["FrameTable", "frame_table"]

Column = Sequence[str | int | float | bool | None]

CHAMBER_COLUMNS = ("LV_length_mm", "LV_volume_ml", "LV_volume_relative", "LA_length_mm", "LA_volume_ml")
"""Columns whose attributes have the same name in lower case."""


@dataclass(frozen=True, config=STRICT)
class FrameTable:
    """One value per frame; unknown values are ``None``.

    Attributes:
        clip_id: identifier of the clip.
        time_s: onset of each frame in seconds.
        valid: whether the frame could be segmented.
        confidence: lowest Dice of the left ventricle with perturbed copies of the frame, 0 to 1.
        area_px: number of pixels of each structure, by name.
        area_cm2: area of each structure in cm2, by name.
        lv_length_mm: length of the left ventricle in mm.
        lv_volume_ml: volume of the left ventricle in mL.
        lv_volume_relative: volume of the left ventricle as a share of its maximum, 0 to 1.
        la_length_mm: length of the left atrium in mm.
        la_volume_ml: volume of the left atrium by disks in mL.
        end_systole: whether the frame is end-systolic.

    Raises:
        ValueError: if the columns differ in length, or the structures are not those of ``STRUCTURES``.
    """

    clip_id: str
    time_s: tuple[float | None, ...]
    valid: tuple[bool, ...]
    confidence: tuple[float | None, ...]
    area_px: dict[str, tuple[int, ...]]
    area_cm2: dict[str, tuple[float | None, ...]]
    lv_length_mm: tuple[float | None, ...]
    lv_volume_ml: tuple[float | None, ...]
    lv_volume_relative: tuple[float | None, ...]
    la_length_mm: tuple[float | None, ...]
    la_volume_ml: tuple[float | None, ...]
    end_systole: tuple[bool, ...]

    def __post_init__(self) -> None:
        for areas in (self.area_px, self.area_cm2):
            if set(areas) != set(STRUCTURES):
                raise ValueError(f"there are areas of {', '.join(areas)}, expected those of {', '.join(STRUCTURES)}.")
        lengths = {name: len(column) for name, column in self.columns().items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"the columns have {lengths} rows, expected the same number.")

    def __len__(self) -> int:
        return len(self.valid)

    def columns(self) -> dict[str, Column]:
        """Return the columns of ``frames.csv`` by name.

        ``Filename``, ``Frame``, ``Size``, and ``ComputerSmall`` follow the table of areas of EchoNet-Dynamic: ``Size``
        is the area of the left ventricle in pixels, and ``ComputerSmall`` is 1 at end-systole.
        """
        return {
            "Filename": [self.clip_id] * len(self),
            "Frame": list(range(len(self))),
            "Size": self.area_px["LV"],
            "time_s": self.time_s,
            "valid": self.valid,
            "confidence": self.confidence,
            **{f"{name}_px": self.area_px[name] for name in STRUCTURES},
            **{f"{name}_cm2": self.area_cm2[name] for name in STRUCTURES},
            **{name: getattr(self, name.lower()) for name in CHAMBER_COLUMNS},
            "ComputerSmall": [int(small) for small in self.end_systole],
        }

    def with_end_systole(self, frames: Sequence[int]) -> FrameTable:
        """Return the table with these frames, counted from 0, marked as end-systolic."""
        return replace(self, end_systole=tuple(frame in set(frames) for frame in range(len(self))))

    @classmethod
    def from_columns(cls, columns: Mapping[str, Column]) -> FrameTable:
        """Create a table from the columns of ``frames.csv``.

        Raises:
            KeyError: if a column is missing.
            ValueError: if there is no row, or a value has the wrong type.
        """
        (clip_id,) = set(columns["Filename"])
        return cls(
            clip_id=clip_id,
            area_px={name: tuple(columns[f"{name}_px"]) for name in STRUCTURES},
            area_cm2={name: tuple(columns[f"{name}_cm2"]) for name in STRUCTURES},
            **{name.lower(): tuple(columns[name]) for name in CHAMBER_COLUMNS},
            end_systole=tuple(columns["ComputerSmall"]),
            **{name: tuple(columns[name]) for name in ("time_s", "valid", "confidence")},
        )

    def write_csv(self, path: PathLike) -> None:
        """Write ``frames.csv``; an unknown value becomes an empty cell."""
        pd.DataFrame(self.columns(), dtype=object).to_csv(Path(path), index=False, lineterminator="\r\n")

    @classmethod
    def read_csv(cls, path: PathLike) -> FrameTable:
        """Read ``frames.csv``; the result equals the table that was written.

        Raises:
            FileNotFoundError: if the file does not exist.
            KeyError: if a column is missing.
            ValueError: if a value has the wrong type.
        """
        table = pd.read_csv(path, dtype=object, keep_default_na=False, na_values=[""])  # FrameTable converts the text
        return cls.from_columns(table.where(table.notna(), None).to_dict("list"))


def frame_table(
    clip_id: str, frames: Sequence[SegmentedFrame], time_s: Sequence[float] | None, spacing_known: bool
) -> FrameTable:
    """Tabulate the numbers of every frame.

    Args:
        clip_id: identifier of the clip.
        frames: measurements of each frame.
        time_s: onset of each frame in seconds, or ``None``.
        spacing_known: whether areas and volumes have units.

    Returns:
        The table, without marks of end-systole. An invalid frame has no volume.
    """
    volume = np.array([frame.measured.volume if frame.valid else np.nan for frame in frames])
    atria = [frame.measured.chambers and frame.measured.chambers.left_atrium for frame in frames]
    largest = np.nanmax(volume) if np.isfinite(volume).any() else np.nan
    return FrameTable(
        clip_id=clip_id,
        time_s=(None,) * len(frames) if time_s is None else tuple(round(float(time), 6) for time in time_s),
        valid=tuple(frame.valid for frame in frames),
        confidence=tuple(none_if_unknown(frame.confidence) for frame in frames),
        area_px={name: tuple(frame.measured.areas_px[name] for frame in frames) for name in STRUCTURES},
        area_cm2={
            name: tuple(none_if_unknown(frame.measured.areas_cm2[name]) for frame in frames) for name in STRUCTURES
        },
        lv_length_mm=tuple(none_if_unknown(frame.measured.length) if spacing_known else None for frame in frames),
        lv_volume_ml=tuple(none_if_unknown(value) if spacing_known else None for value in volume),
        lv_volume_relative=tuple(none_if_unknown(value / largest) for value in volume),
        la_length_mm=tuple(none_if_unknown(atrium and atrium.length_mm) for atrium in atria),
        la_volume_ml=tuple(none_if_unknown(atrium and atrium.disks_ml) for atrium in atria),
        end_systole=(False,) * len(frames),
    )
