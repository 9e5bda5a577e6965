"""Export the bundle for the model zoo and MONAI Label, which runs without the installed package."""

from __future__ import annotations

from gdkvm_monai.export.bundle.packing import too_large_for_the_zoo, zip_bundle
from gdkvm_monai.export.bundle.writer import NAME, export_bundle

__all__ = ["NAME", "export_bundle", "too_large_for_the_zoo", "zip_bundle"]
