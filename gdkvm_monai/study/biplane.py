"""The ejection fraction of two views of one patient by the biplane method of disks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from gdkvm_monai.files import write_json
from gdkvm_monai.labels import NOTICE
from gdkvm_monai.metrics import measure_ejection_fraction
from gdkvm_monai.study.measurements import SCHEMA_VERSION
from gdkvm_monai.study.segmentation import SegmentationResult

__all__ = ["measure_biplane", "write_biplane"]


def measure_biplane(results: Mapping[str, SegmentationResult]) -> dict[str, Any]:
    """Measure the first beat of each view together.

    Args:
        results: of ``"4CH"`` and ``"2CH"``, with ``mask.nii.gz`` in their folders.

    Returns:
        What ``biplane.json`` holds; what is unknown is ``None``, and ``ef_withheld`` says why.

    Raises:
        ValueError: when a view is missing.
    """
    if set(results) != {"4CH", "2CH"}:
        raise ValueError(f"got the views {', '.join(results) or 'none'}, expected 4CH and 2CH.")
    found = {view: result.measurements for view, result in results.items()}
    report: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "views": {view: measurements["clip"]["id"] for view, measurements in found.items()},
        "method": {"id": "biplane-mod-v1", "description": "method of disks, biplane, 20 disks, the longer length"},
        **dict.fromkeys(("edv_ml", "esv_ml", "sv_ml", "ef_percent", "beats")),
        "flags": [],
        "ef_withheld": _why_not(found),
        "quality": {view: measurements["quality"]["verdict"] for view, measurements in found.items()},
        "notice": NOTICE,
    }
    if report["ef_withheld"]:
        return report
    beats = {view: measurements["beats"][0] for view, measurements in found.items()}
    masks = {view: nibabel.load(result.folder / "mask.nii.gz").dataobj for view, result in results.items()}
    ed, es = (
        {view: np.asarray(masks[view][..., beats[view][f"{phase}_frame"]]) for view in results}
        for phase in ("ed", "es")
    )
    spacing_mm = {view: measurements["clip"]["spacing_mm"] for view, measurements in found.items()}
    measured = measure_ejection_fraction(ed, es, spacing_mm)
    found_numbers = {name: getattr(measured, name) for name in ("edv_ml", "esv_ml", "ef_percent")}
    numbers = {name: round(value, 4) if np.isfinite(value) else None for name, value in found_numbers.items()}
    known = None not in (numbers["edv_ml"], numbers["esv_ml"])
    return {
        **report,
        **numbers,
        "sv_ml": round(numbers["edv_ml"] - numbers["esv_ml"], 4) if known else None,
        "flags": list(measured.flags),
        "beats": {view: [beat["ed_frame"], beat["es_frame"]] for view, beat in beats.items()},
        "ef_withheld": measured.reason,
    }


def write_biplane(out: Path, report: Mapping[str, Any]) -> Path:
    """Write ``biplane.json`` into a folder in ``out`` that is named by both clips; returns its path."""
    folder = out / "-".join(report["views"][view][:8] for view in ("4CH", "2CH"))
    write_json(folder / "biplane.json", report)
    return folder / "biplane.json"


def _why_not(found: Mapping[str, Mapping[str, Any]]) -> str:
    for view, measurements in found.items():
        if measurements["clip"]["spacing_mm"] is None:
            trust = measurements["clip"]["spacing_trust"]
            return f"{view}: the pixel size is {trust}, and lengths of two views cannot be compared without it."
        if not measurements["beats"]:
            return f"{view}: {measurements['phases']['reason']}"
    return ""
