"""Metadata of a CAMUS clip: phases, image quality, volumes, and ejection fraction."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from gdkvm_monai.labels import VIEWS

__all__ = ["clip_info", "patient_tables", "read_info"]


def read_info(path: Path) -> dict:
    """Read an ``Info_*.cfg`` file; frames become 0-based, volumes are in mL, the ejection fraction is in percent."""
    entries = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    return _parse_info({key.strip(): value.strip() for key, value in entries.items()}, path)


def _parse_info(entries: Mapping[str, str], source: Path) -> dict:
    numbers = {
        "ef_percent": ("EF", "LVef"),
        "edv_ml": ("LVedv",),
        "esv_ml": ("LVesv",),
        "frame_rate_hz": ("FrameRate",),
    }
    try:
        info: dict = {"ed_frame": int(entries["ED"]) - 1, "es_frame": int(entries["ES"]) - 1}
        info["image_quality"] = entries.get("ImageQuality", "unknown")
        for name, keys in numbers.items():
            info.update({name: float(entries[key]) for key in keys if key in entries})
    except (KeyError, ValueError) as error:
        raise ValueError(f"{source}: {error} is missing or not a number; expected lines such as 'ED: 1'.") from error
    return info


def patient_tables(root: Path) -> dict[str, dict[str, dict]]:
    """Read ``patients_info_<view>.csv`` by view and patient, for copies of CAMUS without Info files."""
    tables: dict[str, dict[str, dict]] = {}
    for view in VIEWS:
        path = root / f"patients_info_{view}.csv"
        if path.is_file():
            with open(path, newline="") as file:
                tables[view] = {row["Patient"]: _parse_info(row, path) for row in csv.DictReader(file)}
    return tables


def clip_info(folder: Path, view: str, tables: Mapping[str, Mapping[str, dict]]) -> dict:
    """Return metadata from the Info file, else the view's table, else the patient's EF from the other view's table."""
    path = folder / f"Info_{view}.cfg"
    if path.is_file():
        return read_info(path)
    if folder.name in tables.get(view, {}):
        return dict(tables[view][folder.name])
    stated = [table[folder.name] for table in tables.values() if folder.name in table]
    return {"ef_percent": stated[0]["ef_percent"]} if stated and "ef_percent" in stated[0] else {}
