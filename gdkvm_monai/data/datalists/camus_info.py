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
        ef_percent: ejection fraction recorded for the view.
        edv_ml: end-diastolic volume recorded for the view.
        esv_ml: end-systolic volume recorded for the view.
        frame_rate_hz: frames per second.
        image_quality_2CH: image quality of the two-chamber acquisition, if the clip is of the other view.
        image_quality_4CH: image quality of the four-chamber acquisition, if the clip is of the other view.
        ef_percent_2CH: ejection fraction recorded for the two-chamber acquisition, if the clip is of the other view.
        ef_percent_4CH: ejection fraction recorded for the four-chamber acquisition, if the clip is of the other view.
    """

    ed_frame: int | None = None
    es_frame: int | None = None
    image_quality: str | None = None
    ef_percent: float | None = None
    edv_ml: float | None = None
    esv_ml: float | None = None
    frame_rate_hz: float | None = None
    image_quality_2CH: str | None = None
    image_quality_4CH: str | None = None
    ef_percent_2CH: float | None = None
    ef_percent_4CH: float | None = None

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
    """Return metadata from the Info file, else from the view's table, else what the other view's table states.

    Image quality and ejection fraction of the other view's acquisition keep that view in their names: the release
    records them by acquisition, and those of one view say little about a clip of the other.
    """
    path = folder / f"Info_{view}.cfg"
    if path.is_file():
        return read_info(path)
    if folder.name in tables.get(view, {}):
        return tables[view][folder.name]
    for other, table in tables.items():
        if folder.name in table:
            row = table[folder.name]
            return CamusInfo(**{f"image_quality_{other}": row.image_quality, f"ef_percent_{other}": row.ef_percent})
    return CamusInfo()
