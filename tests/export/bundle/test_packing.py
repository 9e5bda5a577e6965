"""A bundle as one file."""

from __future__ import annotations

import os
import zipfile

import gdkvm_monai
from gdkvm_monai.export.bundle import too_large_for_the_zoo, zip_bundle
from tests.export.bundle.tiny_network import NAME, names


def test_a_zip_holds_one_folder_and_does_not_depend_on_dates(bundle):
    path = zip_bundle(bundle)
    assert path.name == f"{NAME}_v{gdkvm_monai.__version__}.zip"
    first = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {NAME} and archive.testzip() is None
        assert {name.removeprefix(f"{NAME}/") for name in archive.namelist()} == names(bundle)
    os.utime(bundle / "LICENSE", (1e9, 1e9))
    assert zip_bundle(bundle).read_bytes() == first


def test_files_too_large_for_a_pull_request_are_named(bundle, monkeypatch):
    assert too_large_for_the_zoo(bundle) == []
    monkeypatch.setattr("gdkvm_monai.export.bundle.packing.ZOO_FILE_LIMIT", 200_000)
    assert too_large_for_the_zoo(bundle) == [bundle / "models" / "model.pt"]
