"""A bundle that is exported is complete, or not written at all."""

from __future__ import annotations

import pytest

from gdkvm_monai.export.bundle import export_bundle
from tests.export.bundle.tiny_network import NAME, ROOT, names


def test_configs_documents_licenses_and_weights_are_exported(bundle):
    files = names(bundle)
    assert {"LICENSE", "docs/README.md", "docs/data_license.txt", "models/model.pt", "models/model.json"} <= files
    assert {f"configs/{path.name}" for path in (ROOT / "bundle" / "configs").iterdir()} <= files
    assert not [name for name in files if "__pycache__" in name or any(part[0] == "." for part in name.split("/"))]


def test_no_file_contains_a_path_of_the_exporting_machine(bundle):
    for path in sorted(bundle.rglob("*")):
        if path.suffix in (".py", ".json", ".yaml", ".yml", ".md", ".txt", ".conf", ".html", ".css"):
            text = path.read_text()
            assert not [word for word in ("/home/", "/root/", "/Users/", str(ROOT)) if word in text], path


def test_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.pt do not exist; train first"):
        export_bundle(tmp_path, NAME, tmp_path / "none.pt")
    with pytest.raises(FileNotFoundError, match="config none.yaml is neither a file nor in"):
        export_bundle(tmp_path, NAME, overlays=["none.yaml"])
