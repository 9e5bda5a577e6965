"""The table of all finished clips and pairs of views in a results folder, ``index.csv``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gdkvm_monai.files import write_csv
from gdkvm_monai.study.biplane_record import BiplaneMeasurements, read_biplane
from gdkvm_monai.study.measurements import Measurements
from gdkvm_monai.study.measurements_file import read_measurements

__all__ = ["INDEX", "write_index"]

INDEX = (
    "id",
    "view",
    "frames",
    "verdict",
    "reasons",
    "ef_percent",
    "edv_ml",
    "esv_ml",
    "heart_rate_bpm",
    "spacing_trust",
    "weights_domain",
    "assumed_views",
    "edited",
)

Row = dict[str, str | int | float | None]
"""One row, by column."""


def write_index(out: Path) -> list[str]:
    """Write ``index.csv`` with one row for every finished clip and one for every pair of views in ``out``.

    Returns:
        A sentence for each ``measurements.json`` or ``biplane.json`` that cannot be read; it has no row.
    """
    rows, problems = [], []
    kinds = (("measurements.json", read_measurements), ("biplane.json", read_biplane))
    for name, read in kinds:
        for path in sorted(out.glob(f"[!.]*/{name}")):  # a hidden folder belongs to an unfinished run
            try:
                found = read(path)
            except (OSError, ValueError):
                problems.append(f"{path} cannot be read, or is of another version; move its folder elsewhere.")
                continue
            if isinstance(found, BiplaneMeasurements):
                rows.append(_biplane_row(found, [row for row in rows if row["id"] in found.views.values()]))
            else:
                rows.append(_row(found))
    write_csv(out / "index.csv", rows, INDEX)
    return problems


def _row(measurements: Measurements) -> Row:
    clip, mean, quality = measurements.clip, measurements.mean, measurements.quality
    return {
        **{name: getattr(clip, name) for name in ("id", "view", "frames", "spacing_trust")},
        **{name: getattr(mean, name) for name in ("ef_percent", "edv_ml", "esv_ml")},
        "heart_rate_bpm": measurements.phases.heart_rate_bpm,
        "verdict": quality.verdict,
        "reasons": " ".join(quality.codes),
        "weights_domain": measurements.training.domain,
        "assumed_views": " ".join(measurements.training.assumed_views),
        "edited": measurements.edited,
    }


def _biplane_row(biplane: BiplaneMeasurements, clips: Sequence[Row]) -> Row:
    """Return the row of a pair of views, whose weights and assumed views are those of its clips' rows."""
    verdicts = [f"{view}_{verdict}" for view, verdict in biplane.quality.items() if verdict != "good"]
    return {
        "id": biplane.id,
        "view": "4CH+2CH",
        **{name: getattr(biplane, name) for name in ("verdict", "ef_percent", "edv_ml", "esv_ml")},
        "reasons": " ".join([*verdicts, *(["foreshortening"] if biplane.foreshortening else [])]),
        **{
            name: " ".join(dict.fromkeys(str(row[name]) for row in clips if row[name]))
            for name in ("weights_domain", "assumed_views")
        },
        "edited": " ".join(f"{view}: {edited}" for view, edited in biplane.edited.items() if edited),
    }
