"""A bundle as a zip file, and the size limit of the model zoo."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

__all__ = ["too_large_for_the_zoo", "zip_bundle"]

ZOO_FILE_LIMIT = 25 * 2**20  # bytes of a file in a pull request to the model zoo


def zip_bundle(bundle: Path) -> Path:
    """Zip a bundle in the form that MONAI downloads: ``<name>_v<version>.zip`` beside it, with one folder ``<name>``.

    The same files give the same bytes: they are sorted and have a fixed date and mode.
    """
    version = json.loads((bundle / "configs" / "metadata.json").read_text())["version"]
    path = bundle.with_name(f"{bundle.name}_v{version}.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(file for file in bundle.rglob("*") if file.is_file()):
            info = zipfile.ZipInfo(file.relative_to(bundle.parent).as_posix())  # dated 1980
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.read_bytes())
    return path


def too_large_for_the_zoo(bundle: Path) -> list[Path]:
    """Return the files of a bundle that are too large for a pull request to the model zoo."""
    return [file for file in sorted(bundle.rglob("*")) if file.stat().st_size > ZOO_FILE_LIMIT]
