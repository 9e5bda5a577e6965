"""What tests of written phantom clips share."""

from __future__ import annotations

from pathlib import Path

SEED, RATE_HZ = (0, 3), 12.5
NEEDS_PACKAGE = {"dicom": "pydicom", "avi": "av", "mp4": "av"}


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
