"""The table of all finished clips in a results folder, ``index.csv``."""

from __future__ import annotations

from pathlib import Path

from gdkvm_monai.files import write_csv
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


def write_index(out: Path) -> None:
    """Write ``index.csv`` with one row for every finished clip in ``out``.

    Raises:
        ValueError: if a ``measurements.json`` in the folder is not valid.
    """
    finished = sorted(out.glob("[!.]*/measurements.json"))  # a hidden folder belongs to an unfinished run
    write_csv(out / "index.csv", [_row(read_measurements(path)) for path in finished], INDEX)


def _row(measurements: Measurements) -> dict[str, str | int | float | None]:
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
