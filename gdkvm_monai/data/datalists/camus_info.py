"""Metadata of a CAMUS clip: phases, image quality, volumes, and ejection fraction."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gdkvm_monai.labels import VIEWS

__all__ = ["CamusInfo", "PatientTables", "clip_info", "patient_tables", "read_info"]


@dataclass(frozen=True)
class CamusInfo:
    """What a CAMUS release states about one clip; ``None`` for what it does not state.

    Attributes:
        ed_frame: end-diastolic frame, 0-based.
        es_frame: end-systolic frame, 0-based.
        image_quality: for example ``"Good"``.
        ef_percent: ejection fraction of the patient.
        edv_ml: end-diastolic volume of the patient.
        esv_ml: end-systolic volume of the patient.
        frame_rate_hz: frames per second.
    """

    ed_frame: int | None = None
    es_frame: int | None = None
    image_quality: str | None = None
    ef_percent: float | None = None
    edv_ml: float | None = None
    esv_ml: float | None = None
    frame_rate_hz: float | None = None

    @property
    def stated(self) -> dict[str, int | float | str]:
        """The stated values by name."""
        return {name: value for name, value in vars(self).items() if value is not None}


PatientTables = Mapping[str, Mapping[str, CamusInfo]]
"""Metadata by view and patient."""


def read_info(path: Path) -> CamusInfo:
    """Read an ``Info_*.cfg`` file."""
    entries = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    return _parse_info({key.strip(): value.strip() for key, value in entries.items()}, path)


def _parse_info(entries: Mapping[str, str], source: Path) -> CamusInfo:
    def number(*keys: str) -> float | None:
        return next((float(entries[key]) for key in keys if key in entries), None)

    try:
        return CamusInfo(
            ed_frame=int(entries["ED"]) - 1,
            es_frame=int(entries["ES"]) - 1,
            image_quality=entries.get("ImageQuality", "unknown"),
            ef_percent=number("LVef", "EF"),
            edv_ml=number("LVedv"),
            esv_ml=number("LVesv"),
            frame_rate_hz=number("FrameRate"),
        )
    except (KeyError, ValueError) as error:
        raise ValueError(f"{source}: {error} is missing or not a number; expected lines such as 'ED: 1'.") from error


def patient_tables(root: Path) -> PatientTables:
    """Read ``patients_info_<view>.csv`` by view and patient, for copies of CAMUS without Info files."""
    tables = {}
    for view in VIEWS:
        path = root / f"patients_info_{view}.csv"
        if path.is_file():
            with open(path, newline="") as file:
                tables[view] = {row["Patient"]: _parse_info(row, path) for row in csv.DictReader(file)}
    return tables


def clip_info(folder: Path, view: str, tables: PatientTables) -> CamusInfo:
    """Return metadata from the Info file, else the view's table, else the patient's EF from the other view's table."""
    path = folder / f"Info_{view}.cfg"
    if path.is_file():
        return read_info(path)
    if folder.name in tables.get(view, {}):
        return tables[view][folder.name]
    others = [table[folder.name] for table in tables.values() if folder.name in table]
    return CamusInfo(ef_percent=others[0].ef_percent) if others else CamusInfo()
