"""Metadata of a CAMUS clip: phases, image quality, volumes, and ejection fraction."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gdkvm_monai.labels import VIEWS

__all__ = ["CamusInfo", "PatientTables", "clip_info", "in_any_case", "patient_tables", "read_info"]


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
    """Read an ``Info_*.cfg`` file, in UTF-8, UTF-16, or Latin-1.

    Raises:
        ValueError: if a frame or a number is missing, malformed, or impossible; the message names the file.
    """
    entries = dict(line.split(":", 1) for line in _decode(path.read_bytes()).splitlines() if ":" in line)
    return _parse_info({key.strip(): value.strip() for key, value in entries.items()}, path)


def _parse_info(entries: Mapping[str, str], source: Path) -> CamusInfo:
    def number(*keys: str) -> float | None:
        key = next((key for key in keys if key in entries), None)
        try:
            return None if key is None else float(entries[key])
        except ValueError as error:
            raise ValueError(f"{source}: {key} is not a number, expected a line such as '{key}: 50.0'.") from error

    count = number("NbFrame")
    return CamusInfo(
        ed_frame=_frame(entries, "ED", count, source),
        es_frame=_frame(entries, "ES", count, source),
        image_quality=entries.get("ImageQuality", "unknown"),
        ef_percent=number("LVef", "EF"),
        edv_ml=number("LVedv"),
        esv_ml=number("LVesv"),
        frame_rate_hz=number("FrameRate"),
    )


def _frame(entries: Mapping[str, str], phase: str, count: float | None, source: Path) -> int:
    """Return a frame, counted from 0; the release counts from 1."""
    stated = entries.get(phase, "")
    if not stated.isdecimal():
        raise ValueError(f"{source}: {phase} is missing or not a frame, expected a line such as '{phase}: 1'.")
    if int(stated) < 1 or (count is not None and int(stated) > count):
        most = "" if count is None else f" to {count:.0f}, the number of frames"
        raise ValueError(f"{source}: {phase} is frame {stated}, expected 1{most}; correct it.")
    return int(stated) - 1


def _decode(content: bytes) -> str:
    """Decode text with or without a byte order mark."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def patient_tables(root: Path) -> PatientTables:
    """Read ``patients_info_<view>.csv`` by view and patient, for copies of CAMUS without Info files."""
    tables = {}
    for view in VIEWS:
        path = root / f"patients_info_{view}.csv"
        if path.is_file():
            rows = csv.DictReader(_decode(path.read_bytes()).splitlines())
            tables[view] = {row["Patient"]: _parse_info(row, path) for row in rows}
    return tables


def clip_info(folder: Path, view: str, tables: PatientTables) -> CamusInfo:
    """Return metadata from the Info file, else from the view's table, else what the other view's table states.

    Image quality and ejection fraction of the other view's acquisition keep that view in their names: the release
    records them by acquisition, and those of one view say little about a clip of the other.
    """
    path = in_any_case(folder / f"Info_{view}.cfg")
    if path.is_file():
        return read_info(path)
    if folder.name in tables.get(view, {}):
        return tables[view][folder.name]
    for other, table in tables.items():
        if folder.name in table:
            row = table[folder.name]
            return CamusInfo(**{f"image_quality_{other}": row.image_quality, f"ef_percent_{other}": row.ef_percent})
    return CamusInfo()


def in_any_case(path: Path) -> Path:
    """Return the path, or that of the same name in other letters, such as ``Patient0001``, if only that exists."""
    if path.exists() or not path.parent.is_dir():
        return path
    return next((other for other in path.parent.iterdir() if other.name.lower() == path.name.lower()), path)
